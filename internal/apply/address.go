package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Zoom is what changes of Zoom emails need.
type Zoom interface {
	User(ctx context.Context, key string) (*tenant.ZoomUser, error)
	ChangeEmail(ctx context.Context, from, to string) error
}

// Graph is what changes of UPNs need.
type Graph interface {
	User(ctx context.Context, key string) (*tenant.User, error)
	UsersByAddress(ctx context.Context, address string) ([]tenant.User, error)
	SetUPN(ctx context.Context, id, upn string) error
}

// People are the rules and memories of changes of addresses.
type People struct {
	// ManagedDomains are Zoom's; nil is not known, and Zoom decides.
	ManagedDomains map[string]bool
	// Recent is how often each Zoom user's email was changed in the last 24 hours, as
	// far as the journal knows, by the address it has now.
	Recent map[upn.Address]int
	// Dry changes nothing.
	Dry bool
	// Before writes the way back of a change down before it is made.
	Before func(f upn.Fix) error
	// Fingerprint is that of the list.
	Fingerprint string
	// Back says that the list takes another one's changes back: whoever matches now may
	// get their old address again.
	Back bool
}

// WouldDo says that a dry run found nothing in the way of a step.
type WouldDo struct{}

func (*WouldDo) Error() string { return "nothing is in the way" }

// ByHand says that a person must make a change, and how.
type ByHand struct{ Command string }

func (e *ByHand) Error() string { return e.Command }

// mostChanges is how often Zoom lets an email change in 24 hours.
//
// https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email
const (
	mostChanges  = 3
	recentWindow = 24 * time.Hour
)

// Peoples are the steps of a list of changes, in its order.
func Peoples(fixes []upn.Fix) []plan.Step {
	steps := make([]plan.Step, len(fixes))
	for i, f := range fixes {
		steps[i] = personStep(f)
	}
	return steps
}

func personStep(f upn.Fix) plan.Step {
	action, kind := doctor.ChangeEmail, doctor.Zoom
	switch f.Kind {
	case upn.EntraUPN:
		action, kind = doctor.ChangeUPN, doctor.Graph
	case upn.OnPremises:
		action, kind = doctor.ChangeOnPrem, doctor.Graph
	case upn.ZoomEmail:
	}
	return plan.Step{
		ID:     "people/" + f.Key(),
		Kind:   string(kind),
		Action: string(action),
		Scope:  doctor.ScopeTenant,
		Target: f.From,
		Before: f.From,
		After:  f.To,
		Person: &f,
	}
}

// address makes one change of an address, after its rules were asked.
func (h Hands) address(
	ctx context.Context,
	s plan.Step,
	action journal.Action,
	do func(ctx context.Context) error,
	shows func(ctx context.Context) (bool, error),
) (bool, error) {
	f := *s.Person
	if h.People.Dry {
		return false, &WouldDo{}
	}
	if h.People.Before != nil {
		if err := h.People.Before(f); err != nil {
			return false, &UnrecordedError{Err: err}
		}
	}
	return h.write(ctx, s, change{
		do:    do,
		shows: shows,
		entry: func() journal.Entry {
			return journal.Entry{
				Action: action,
				Before: journal.JSON(f.From),
				After:  journal.JSON(f.To),
				Evidence: journal.JSON(
					map[string]string{
						"list":       h.People.Fingerprint,
						"class":      string(f.Class),
						"zoom_email": f.ZoomEmail,
						"entra_id":   f.EntraID,
					},
				),
			}
		},
	})
}

// changeEmail compares a change with Zoom's rules as far as they can be seen.
func (h Hands) changeEmail(ctx context.Context, s plan.Step) (bool, error) {
	f := *s.Person
	now, err := h.Zoom.User(ctx, f.From)
	if err != nil {
		return false, err
	}
	wanted, err := h.Zoom.User(ctx, f.To)
	if err != nil {
		return false, err
	}
	domain := upn.Normal(f.To).Domain()
	switch {
	case wanted != nil && (now == nil || now.ID == wanted.ID):
		return true, nil
	case now == nil:
		return false, fmt.Errorf("the Zoom account has nobody with the email %s any more", f.From)
	case wanted != nil:
		return false, fmt.Errorf("somebody else has the email %s in Zoom", f.To)
	case now.Role != "" && now.Role != "Member":
		return false, fmt.Errorf(
			"Zoom lets nobody change the email of an administrator (%s) but themselves: Profile > Sign-In Email",
			now.Role,
		)
	case h.People.ManagedDomains != nil && !h.People.ManagedDomains[domain]:
		return false, fmt.Errorf("%s is not a managed domain of the Zoom account", domain)
	case h.People.Recent[upn.Normal(f.From)] >= mostChanges:
		return false, fmt.Errorf(
			"this email was changed %d times within 24 hours, and Zoom lets it change no more",
			mostChanges,
		)
	}
	if err := h.matches(ctx, f, h.People.Back || s.Undoes != ""); err != nil {
		return false, err
	}
	return h.address(ctx, s, journal.ZoomEmailChanged,
		func(ctx context.Context) error { return h.Zoom.ChangeEmail(ctx, f.From, f.To) },
		func(ctx context.Context) (bool, error) { return h.emailChanged(ctx, s) })
}

// matches refuses to rename a Zoom user whose email is somebody's UPN: that one is right
// as it is. Where Graph cannot be asked, the list's own comparison stands.
func (h Hands) matches(ctx context.Context, f upn.Fix, back bool) error {
	if h.Graph == nil || back {
		return nil
	}
	people, err := h.Graph.UsersByAddress(ctx, f.From)
	if err != nil {
		return err
	}
	for _, u := range people {
		if upn.Normal(u.UPN) == upn.Normal(f.From) {
			return fmt.Errorf("%s is a UPN in the tenant: this person matches, and is not renamed; make the list again", f.From)
		}
	}
	return nil
}

func (h Hands) emailChanged(ctx context.Context, s plan.Step) (bool, error) {
	if s.Person == nil || h.Zoom == nil {
		return false, nil
	}
	old, err := h.Zoom.User(ctx, s.Person.From)
	if err != nil || old != nil && upn.Normal(old.Email) == upn.Normal(s.Person.From) {
		return false, err
	}
	now, err := h.Zoom.User(ctx, s.Person.To)
	return now != nil, err
}

func reverseEmail(e journal.Entry) (plan.Step, error) { return addressBack(e, upn.ZoomEmail) }

func (h Hands) changeUPN(ctx context.Context, s plan.Step) (bool, error) {
	f := *s.Person
	now, err := h.Graph.User(ctx, keyOf(f))
	if err != nil {
		return false, err
	}
	switch {
	case now == nil && f.EntraID == "":
		if done, err := h.Graph.User(ctx, f.To); err != nil || done != nil {
			return err == nil, err
		}
		return false, fmt.Errorf("the tenant has nobody with the UPN %s any more", f.From)
	case now == nil:
		return false, fmt.Errorf("the tenant has nobody with the ID %s any more", f.EntraID)
	case upn.Normal(now.UPN) == upn.Normal(f.To):
		return true, nil
	case upn.Normal(now.UPN) != upn.Normal(f.From):
		return false, fmt.Errorf("the UPN is %s now, not %s as in the list; make the list again", now.UPN, f.From)
	case now.OnPremises():
		return false, errors.New("the account comes from an on-premises directory; change it there")
	}
	if err := h.free(ctx, f, now.ID, h.People.Back || s.Undoes != ""); err != nil {
		return false, err
	}
	return h.address(ctx, s, journal.UPNChanged,
		func(ctx context.Context) error { return h.Graph.SetUPN(ctx, now.ID, f.To) },
		func(ctx context.Context) (bool, error) { return h.upnChanged(ctx, s) })
}

// free refuses an address that somebody else has, and the change of somebody who is the
// answer for another Zoom user: whoever matches is not renamed.
func (h Hands) free(ctx context.Context, f upn.Fix, id string, back bool) error {
	people, err := h.Graph.UsersByAddress(ctx, f.To)
	if err != nil {
		return err
	}
	for _, u := range people {
		if u.ID != id {
			return fmt.Errorf("%s has the address %s", u.UPN, f.To)
		}
	}
	if h.Zoom == nil || back {
		return nil
	}
	zoom, err := h.Zoom.User(ctx, f.From)
	if err != nil {
		return err
	}
	if zoom != nil && strings.EqualFold(strings.TrimSpace(zoom.Email), f.From) {
		return fmt.Errorf("%s matches the Zoom user %s, and is not renamed; make the list again", f.From, zoom.Email)
	}
	return nil
}

func keyOf(f upn.Fix) string {
	if f.EntraID != "" {
		return f.EntraID
	}
	return f.From
}

func (h Hands) upnChanged(ctx context.Context, s plan.Step) (bool, error) {
	if s.Person == nil || h.Graph == nil {
		return false, nil
	}
	key := s.Person.EntraID
	if key == "" {
		key = s.Person.To
	}
	now, err := h.Graph.User(ctx, key)
	return now != nil && upn.Normal(now.UPN) == upn.Normal(s.Person.To), err
}

// byHand is what a person does on premises.
func (h Hands) byHand(_ context.Context, s plan.Step) (bool, error) {
	return false, &ByHand{Command: s.Person.Command}
}

func reverseUPN(e journal.Entry) (plan.Step, error) { return addressBack(e, upn.EntraUPN) }

// addressBack gives a person the address back that they had, by the same rules as any
// change of one.
func addressBack(e journal.Entry, kind upn.FixKind) (plan.Step, error) {
	var from, to string
	if err := errors.Join(json.Unmarshal(e.After, &from), json.Unmarshal(e.Before, &to)); err != nil {
		return plan.Step{}, fmt.Errorf("the entry's addresses: %w", err)
	}
	var evidence struct {
		EntraID string `json:"entra_id"`
	}
	_ = json.Unmarshal(e.Evidence, &evidence) // an older version has none
	f := upn.Fix{
		Kind:      kind,
		Listed:    true,
		ZoomEmail: from,
		From:      from,
		To:        to,
	}
	if kind == upn.EntraUPN {
		f.EntraID = evidence.EntraID
	}
	return personStep(f), nil
}

// RecentEmailChanges counts from the journal how often each Zoom user's email was
// changed within Zoom's 24 hours, by the email that the user has now.
func RecentEmailChanges(entries []journal.Entry, now time.Time) map[upn.Address]int {
	recent := map[upn.Address]int{}
	for _, e := range entries {
		var from, to string
		if e.Action != journal.ZoomEmailChanged || now.Sub(e.At) > recentWindow || json.Unmarshal(e.Before, &from) != nil ||
			json.Unmarshal(e.After, &to) != nil {
			continue
		}
		n := recent[upn.Normal(from)] + 1
		delete(recent, upn.Normal(from))
		recent[upn.Normal(to)] = n
	}
	return recent
}
