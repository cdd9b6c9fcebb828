package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	SetUPN(ctx context.Context, id, upn string) error
}

// Outcome is what became of one change.
type Outcome string

// The outcomes.
const (
	// Done: the change was made now.
	Done Outcome = "done"
	// Already: what is wanted was there already.
	Already Outcome = "already"
	// WouldDo: a dry run found nothing in the way.
	WouldDo Outcome = "would do"
	// ByHand: a person must do it, on premises.
	ByHand Outcome = "by hand"
	// Refused: a rule or the service is in the way; Why says it.
	Refused Outcome = "refused"
)

// Result is a change with its outcome.
type Result struct {
	upn.Fix
	Outcome Outcome
	Why     string
}

// Run carries changes out.
type Run struct {
	Zoom  Zoom
	Graph Graph
	// ManagedDomains are Zoom's; nil is not known, and Zoom decides.
	ManagedDomains map[string]bool
	// RecentChanges is how often each Zoom user's email was changed in the last 24
	// hours, as far as the journal knows, by the address it has now.
	RecentChanges map[upn.Address]int
	// Dry changes nothing.
	Dry bool
	// Before is called before a change is made, After when it was: they write the
	// way back and the record down.
	Before, After func(upn.Fix) error
	// Each is told of every outcome.
	Each func(Result)
}

// mostChanges is how often Zoom lets an email change in 24 hours.
//
// https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email
const (
	mostChanges  = 3
	recentWindow = 24 * time.Hour
)

// Do goes through the changes. A change that is refused does not stop the others;
// what ends the run does, and running it again goes on.
func (r Run) Do(ctx context.Context, fixes []upn.Fix) error {
	for _, f := range fixes {
		result := Result{Fix: f, Outcome: WouldDo}
		err := r.one(ctx, &result)
		if err != nil {
			if tenant.Stops(err) || ctx.Err() != nil || errors.As(err, new(*recordError)) {
				return err
			}
			result.Outcome, result.Why = Refused, err.Error()
		}
		r.Each(result)
	}
	return nil
}

// recordError says that a change could not be written down: then no other is
// made.
type recordError struct{ err error }

func (e *recordError) Error() string { return e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

func (r Run) one(ctx context.Context, to *Result) error {
	var change func() error
	var err error
	switch to.Kind {
	case upn.ZoomEmail:
		change, err = r.zoomEmail(ctx, to)
	case upn.EntraUPN:
		change, err = r.entraUPN(ctx, to)
	case upn.OnPremises:
		to.Outcome, to.Why = ByHand, to.Command
	}
	if err != nil || change == nil || r.Dry {
		return err
	}
	if err := r.Before(to.Fix); err != nil {
		return &recordError{err}
	}
	if err := change(); err != nil {
		return err
	}
	to.Outcome = Done
	if err := r.After(to.Fix); err != nil {
		return &recordError{err}
	}
	return nil
}

// zoomEmail holds a change against Zoom's rules as far as they can be seen; nil
// is nothing to do.
func (r Run) zoomEmail(ctx context.Context, to *Result) (func() error, error) {
	f := to.Fix
	now, err := r.Zoom.User(ctx, f.From)
	if err != nil {
		return nil, err
	}
	wanted, err := r.Zoom.User(ctx, f.To)
	if err != nil {
		return nil, err
	}
	domain := upn.Normal(f.To).Domain()
	switch {
	case wanted != nil && (now == nil || now.ID == wanted.ID):
		to.Outcome = Already
		return nil, nil
	case now == nil:
		return nil, fmt.Errorf("the Zoom account has nobody with the email %s any more", f.From)
	case wanted != nil:
		return nil, fmt.Errorf("somebody else has the email %s in Zoom", f.To)
	case now.Role != "" && now.Role != "Member":
		return nil, fmt.Errorf("Zoom lets nobody change the email of an administrator (%s) but themselves: Profile > Sign-In Email", now.Role)
	case r.ManagedDomains != nil && !r.ManagedDomains[domain]:
		return nil, fmt.Errorf("%s is not a managed domain of the Zoom account", domain)
	case r.RecentChanges[upn.Normal(f.From)] >= mostChanges:
		return nil, fmt.Errorf("this email was changed %d times within 24 hours, and Zoom lets it change no more", mostChanges)
	}
	return func() error { return r.Zoom.ChangeEmail(ctx, f.From, f.To) }, nil
}

func (r Run) entraUPN(ctx context.Context, to *Result) (func() error, error) {
	f := to.Fix
	key := f.EntraID
	if key == "" {
		key = f.From
	}
	now, err := r.Graph.User(ctx, key)
	if err != nil {
		return nil, err
	}
	switch {
	case now == nil && f.EntraID == "":
		if done, err := r.Graph.User(ctx, f.To); err != nil || done != nil {
			to.Outcome = Already
			return nil, err
		}
		return nil, fmt.Errorf("the tenant has nobody with the UPN %s any more", f.From)
	case now == nil:
		return nil, fmt.Errorf("the tenant has nobody with the ID %s any more", f.EntraID)
	case upn.Normal(now.UPN) == upn.Normal(f.To):
		to.Outcome = Already
		return nil, nil
	case upn.Normal(now.UPN) != upn.Normal(f.From):
		return nil, fmt.Errorf("the UPN is %s now, not %s as in the list; make the list again", now.UPN, f.From)
	case now.Synced:
		return nil, fmt.Errorf("the account comes from an on-premises directory; change it there")
	}
	return func() error { return r.Graph.SetUPN(ctx, now.ID, f.To) }, nil
}
