package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Entra is what changes of enterprise applications need.
type Entra interface {
	Grant(ctx context.Context, principalID string, p tenant.Permission) (tenant.Grant, error)
	Revoke(ctx context.Context, principalID, assignmentID string) error
	EnablePrincipal(ctx context.Context, principalID string, on bool) error
}

// application is the one that a step is about, as Entra has it now.
func (h Hands) application(ctx context.Context, s plan.Step) (tenant.Consent, error) {
	var app tenant.Application
	if s.Application != nil {
		app = *s.Application
	}
	c, err := h.Consent(ctx, app)
	switch {
	case err != nil:
		return c, err
	case c.Principal == nil && app.Empty():
		return c, &Unfinished{"Zoom's application is not in the tenant: nobody has pressed Authorize and Save and accepted"}
	case c.Principal == nil:
		return c, &GoneError{fmt.Sprintf("the application %s is not in the tenant any more", app.AppID)}
	case app.PrincipalID != "" && c.Principal.ID != app.PrincipalID:
		return c, &GoneError{fmt.Sprintf(
			"the application %s was removed and added again since: it is %s now, not %s",
			app.AppID,
			c.Principal.ID,
			app.PrincipalID,
		)}
	}
	return c, nil
}

// GoneError says that what a step is about is not there any more.
type GoneError struct{ Why string }

func (e *GoneError) Error() string { return e.Why }

// holding finds the grants of one permission: of this API and of this app role.
func holding(c tenant.Consent, p tenant.Permission) []tenant.Grant {
	return slices.DeleteFunc(slices.Clone(c.Grants), func(g tenant.Grant) bool { return !g.Permission.Same(p) })
}

var errNoPermission = errors.New("the step names no permission")

func (h Hands) grant(ctx context.Context, s plan.Step) (bool, error) {
	if s.Permission == nil {
		return false, errNoPermission
	}
	c, err := h.application(ctx, s)
	if err != nil || len(holding(c, *s.Permission)) > 0 {
		return err == nil, err
	}
	s.Application = pointer(c.Application())
	given := tenant.Grant{Permission: *s.Permission}
	return h.write(ctx, s, change{
		do: func(ctx context.Context) (err error) {
			given, err = h.Entra.Grant(ctx, c.Principal.ID, *s.Permission)
			return err
		},
		shows: func(ctx context.Context) (bool, error) {
			held, err := h.held(ctx, s)
			if len(held) > 0 && given.ID == "" { // the answer was lost, or an earlier run's
				given = held[0]
			}
			return len(held) > 0, err
		},
		ours: func(begun time.Time) bool { return h.madeBy(given, begun) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action:     journal.PermissionGranted,
				Permission: &given.Permission,
				Assignment: given.ID,
				Before:     journal.JSON(false),
				After:      journal.JSON(true),
				Evidence:   journal.JSON([]string{given.Permission.Label()}),
			}
		},
	})
}

// lateCall is how long after its intention a call may still be made and answered, by its
// repetitions.
const lateCall = 10 * time.Minute

// skew is how far two clocks may be apart although both are taken for right.
const skew = time.Minute

// madeBy says whether a step that was begun at a time can have made an assignment: one that
// is older, or much younger, is somebody else's.
func (h Hands) madeBy(g tenant.Grant, begun time.Time) bool {
	if h.ServiceTime != nil {
		begun = h.ServiceTime(begun)
	}
	return g.ID != "" && !g.At.Before(begun.Add(-skew)) && g.At.Before(begun.Add(lateCall))
}

// held are the assignments that a step is about, as Entra has them now: those of its
// permission, or the one that it names.
func (h Hands) held(ctx context.Context, s plan.Step) ([]tenant.Grant, error) {
	c, err := h.application(ctx, s)
	if err != nil || s.Permission == nil {
		return nil, err
	}
	return h.meant(holding(c, *s.Permission), s), nil
}

// meant keeps the assignments that a step means: the one that it names, the one that was made
// when it says, or all of the permission.
func (h Hands) meant(all []tenant.Grant, s plan.Step) []tenant.Grant {
	return slices.DeleteFunc(slices.Clone(all), func(g tenant.Grant) bool {
		switch {
		case s.Assignment != "":
			return g.ID != s.Assignment
		case s.Made != nil: // it was recorded when it showed, which is later than its call
			return !h.madeBy(g, s.Made.Add(-lateCall+skew))
		}
		return false
	})
}

func (h Hands) granted(ctx context.Context, s plan.Step) (bool, error) {
	held, err := h.held(ctx, s)
	return len(held) > 0, err
}

// reverseGrant takes away the assignment that was made, and not one that somebody else made
// of the same permission since.
func reverseGrant(e journal.Entry) (plan.Step, error) {
	s, err := permissionStep(e, doctor.RevokePermission, "granted", "revoked")
	if s.Assignment = e.Assignment; s.Assignment == "" { // an older version wrote the entry
		s.Made = pointer(e.At)
	}
	return s, err
}

func (h Hands) revoke(ctx context.Context, s plan.Step) (bool, error) {
	if s.Permission == nil {
		return false, errNoPermission
	}
	c, err := h.application(ctx, s)
	if err != nil {
		return false, err
	}
	all := holding(c, *s.Permission)
	held := h.meant(all, s)
	switch {
	case len(all) == 0:
		return true, nil
	case len(held) == 0:
		return false, &NoWayBack{
			fmt.Sprintf("%s was taken away since and granted again at %s: that grant is another one than the entry's",
				s.Permission.Label(), all[0].At.UTC().Format(time.RFC3339)),
			"to take it away all the same: " + menu.EntraApps + " > Zoom's application > Permissions",
		}
	}
	s.Application, s.Permission = pointer(c.Application()), pointer(held[0].Permission)
	return h.write(ctx, s, change{
		do: func(ctx context.Context) error {
			err := tenant.ErrAlready // readers lag behind: all of them may be gone
			for _, g := range held {
				one := h.Entra.Revoke(ctx, c.Principal.ID, g.ID)
				switch {
				case one == nil:
					err = nil
				case !errors.Is(one, tenant.ErrAlready):
					return one
				}
			}
			return err
		},
		shows: func(ctx context.Context) (bool, error) { return h.revoked(ctx, s) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action:   journal.GrantsRevoked,
				Before:   journal.JSON(true),
				After:    journal.JSON(false),
				Evidence: journal.JSON([]string{s.Permission.Label()}),
			}
		},
	})
}

func (h Hands) revoked(ctx context.Context, s plan.Step) (bool, error) {
	held, err := h.held(ctx, s)
	return err == nil && s.Permission != nil && len(held) == 0, err
}

func reverseRevoke(e journal.Entry) (plan.Step, error) {
	return permissionStep(e, doctor.GrantPermission, "revoked", "granted")
}

// permissionStep grants or revokes exactly what an entry names.
func permissionStep(e journal.Entry, action doctor.Action, before, after string) (plan.Step, error) {
	if e.Permission == nil || e.Application == nil {
		return plan.Step{}, &NoWayBack{
			"the entry does not say which application and which app role it was: an older version wrote it",
			"grant or remove it in Entra: " + menu.EntraApps + " > Zoom's application > Permissions",
		}
	}
	return plan.Step{
		Kind:        string(doctor.Graph),
		Action:      string(action),
		Target:      e.Permission.Label(),
		Before:      before,
		After:       after,
		Application: e.Application,
		Permission:  e.Permission,
	}, nil
}

func (h Hands) enable(ctx context.Context, s plan.Step) (bool, error) { return h.allow(ctx, s, true) }

func (h Hands) disable(ctx context.Context, s plan.Step) (bool, error) { return h.allow(ctx, s, false) }

// allow lets an application sign in, or not any more.
func (h Hands) allow(ctx context.Context, s plan.Step, on bool) (bool, error) {
	c, err := h.application(ctx, s)
	if err != nil || c.Principal.Enabled == on {
		return err == nil, err
	}
	s.Application = pointer(c.Application())
	action := journal.ApplicationDisabled
	if on {
		action = journal.ApplicationEnabled
	}
	return h.write(ctx, s, change{
		do:    func(ctx context.Context) error { return h.Entra.EnablePrincipal(ctx, c.Principal.ID, on) },
		shows: func(ctx context.Context) (bool, error) { return h.allowed(ctx, s, on) },
		entry: func() journal.Entry {
			return journal.Entry{Action: action, Before: journal.JSON(!on), After: journal.JSON(on)}
		},
	})
}

func (h Hands) allowed(ctx context.Context, s plan.Step, on bool) (bool, error) {
	c, err := h.application(ctx, s)
	return err == nil && c.Principal.Enabled == on, err
}

func (h Hands) enabled(ctx context.Context, s plan.Step) (bool, error) {
	return h.allowed(ctx, s, true)
}

func (h Hands) disabled(ctx context.Context, s plan.Step) (bool, error) {
	return h.allowed(ctx, s, false)
}

func reverseEnable(e journal.Entry) (plan.Step, error) {
	return signInStep(e, doctor.DisableApp, "enabled", "disabled")
}

func reverseDisable(e journal.Entry) (plan.Step, error) {
	return signInStep(e, doctor.EnableApp, "disabled", "enabled")
}

func signInStep(e journal.Entry, action doctor.Action, before, after string) (plan.Step, error) {
	if e.Application == nil {
		return plan.Step{}, &NoWayBack{
			"the entry does not say which application it was: an older version wrote it",
			menu.EntraApps + " > Zoom's application > Properties > Enabled for users to sign-in",
		}
	}
	return plan.Step{
		Kind:        string(doctor.Graph),
		Action:      string(action),
		Target:      e.Application.AppID,
		Before:      before,
		After:       after,
		Application: e.Application,
	}, nil
}

// Registrations makes app registrations.
type Registrations interface {
	CreateApplication(ctx context.Context, r tenant.Registration) (clientID string, err error)
}

// register makes an app registration for zo365 and keeps its client ID in the journal.
func (h Hands) register(ctx context.Context, s plan.Step) (bool, error) {
	want := tenant.Registration{Name: s.Target}
	if err := unmarshal([]byte(s.After), &want.Scopes); err != nil {
		return false, err
	}
	made := ""
	return h.write(ctx, s, change{
		do: func(ctx context.Context) (err error) {
			made, err = h.Registrations.CreateApplication(ctx, want)
			return err
		},
		entry: func() journal.Entry {
			return journal.Entry{
				Action: journal.RegistrationCreated,
				After:  journal.JSON(map[string]any{"client_id": made, "name": want.Name, "scopes": want.Scopes}),
			}
		},
	})
}

func pointer[T any](value T) *T { return &value }
