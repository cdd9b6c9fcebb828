package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// NoWayBack says that an entry cannot be taken back, and what to do instead.
type NoWayBack struct{ Why, Next string }

func (e *NoWayBack) Error() string { return e.Why }

// ZoomGroups is what taking back a group needs.
type ZoomGroups interface {
	Members(ctx context.Context, groupID string) ([]tenant.ZoomUser, error)
	DeleteGroup(ctx context.Context, id string) error
}

// Back takes single entries of the journal back.
type Back struct {
	Services Services
	Groups   ZoomGroups
	Zoom     Zoom
	Graph    Graph
}

// Can says why an entry cannot be taken back; nil when it can.
func Can(e journal.Entry, all []journal.Entry) error {
	for _, other := range all {
		if other.Undoes == e.ID {
			return &NoWayBack{Why: "entry " + e.ID + " was taken back already, by " + other.ID}
		}
	}
	switch e.Action {
	case journal.ProfileChanged, journal.GrantsRevoked, journal.PermissionGranted, journal.GroupCreated, journal.PortalConfirmed, journal.ZoomEmailChanged, journal.UPNChanged:
		return nil
	case journal.Authorized, journal.AuthorizationRemoved:
		return &NoWayBack{"a consent is given and taken by a person, in Zoom's portal", "zo365 authorize, or zo365 integration disable --revoke"}
	case journal.ApplicationEnabled:
		return &NoWayBack{"zo365 does not disable applications", "Entra admin center > Enterprise apps > Zoom's application > Properties > Enabled for users to sign-in"}
	case journal.GroupDeleted:
		return &NoWayBack{"a deleted group's members are not known any more", "zo365 apply makes the group of a profile again, without members"}
	case journal.PortalWithdrawn:
		return &NoWayBack{"a withdrawn word is given again", "zo365 portal confirm"}
	case journal.StepStarted, journal.StepFound, journal.StepLeft, journal.Observed: // notes, which changed nothing
	}
	return &NoWayBack{"the entry is a note of " + string(e.Action) + "; it changed nothing", "zo365 journal show"}
}

// Do takes one entry back and writes that down. Changes of the tenant file are the
// caller's.
func (b Back) Do(ctx context.Context, e journal.Entry) error {
	switch e.Action {
	case journal.GrantsRevoked, journal.PermissionGranted:
		return b.permissions(ctx, e)
	case journal.GroupCreated:
		return b.group(ctx, e)
	case journal.PortalConfirmed:
		return b.note(ctx, e, journal.Entry{Action: journal.PortalWithdrawn, Scope: e.Scope, Steps: e.Steps, Before: e.After})
	case journal.ZoomEmailChanged, journal.UPNChanged:
		return b.address(ctx, e)
	default:
		return fmt.Errorf("nobody knows how to take %s back", e.Action)
	}
}

func (b Back) note(ctx context.Context, undone, e journal.Entry) error {
	e.At, e.Actor, e.Undoes = time.Now(), b.Services.Actor, undone.ID
	return b.Services.Note(context.WithoutCancel(ctx), e)
}

// permissions grants what was revoked, or revokes what was granted.
func (b Back) permissions(ctx context.Context, e journal.Entry) error {
	var names []string
	if err := json.Unmarshal(e.Evidence, &names); err != nil {
		return fmt.Errorf("reading the entry's permissions: %w", err)
	}
	grant := e.Action == journal.GrantsRevoked
	h := b.Services
	h.Note = func(ctx context.Context, entries ...journal.Entry) error {
		for i := range entries {
			if entries[i].Action != journal.StepStarted {
				entries[i].Undoes = e.ID
			}
		}
		return b.Services.Note(ctx, entries...)
	}
	for _, name := range names {
		s := plan.Step{ID: "undo/" + e.ID + "/" + name, Scope: e.Scope, Target: name, After: "revoked"}
		do := h.revoke
		if grant {
			do, s.After = h.grant, "granted"
		}
		already, err := do(ctx, s)
		if err == nil && already {
			err = b.note(ctx, e, journal.Entry{Action: journal.StepFound, Scope: e.Scope, Evidence: asJSON([]string{name})})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// group deletes a group that zo365 made, unless somebody is in it by now.
func (b Back) group(ctx context.Context, e journal.Entry) error {
	var made struct{ ID, Name string }
	if err := json.Unmarshal(e.After, &made); err != nil || made.ID == "" {
		return errors.Join(errors.New("the entry does not name the group's ID"), err)
	}
	people, err := b.Groups.Members(ctx, made.ID)
	if err != nil {
		return err
	}
	if len(people) > 0 {
		return &NoWayBack{fmt.Sprintf("the group %s has %d members by now", made.Name, len(people)), "take them out first, in Zoom's portal"}
	}
	if err := b.Groups.DeleteGroup(ctx, made.ID); err != nil {
		return err
	}
	return b.note(ctx, e, journal.Entry{Action: journal.GroupDeleted, Scope: e.Scope, Before: e.After})
}

// address gives a person the address back that they had, by the same rules as any
// change of one.
func (b Back) address(ctx context.Context, e journal.Entry) error {
	var from, to string
	if err := errors.Join(json.Unmarshal(e.After, &from), json.Unmarshal(e.Before, &to)); err != nil {
		return fmt.Errorf("reading the entry's addresses: %w", err)
	}
	f := upn.Fix{Kind: upn.ZoomEmail, Listed: true, ZoomEmail: from, From: from, To: to}
	if e.Action == journal.UPNChanged {
		f.Kind = upn.EntraUPN
	}
	var result Result
	run := Run{
		Zoom: b.Zoom, Graph: b.Graph, Each: func(r Result) { result = r }, Before: func(upn.Fix) error { return nil },
		After: func(upn.Fix) error {
			return b.note(ctx, e, journal.Entry{Action: e.Action, Scope: e.Scope, Tenant: e.Tenant, Before: e.After, After: e.Before})
		},
	}
	if err := run.Do(ctx, []upn.Fix{f}); err != nil {
		return err
	}
	if result.Outcome == Refused {
		return &NoWayBack{Why: result.Why}
	}
	if result.Outcome == Already {
		return b.note(ctx, e, journal.Entry{Action: journal.StepFound, Scope: e.Scope})
	}
	return nil
}
