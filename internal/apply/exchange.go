package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Exchange is what changes of roles and scopes in Exchange Online need.
type Exchange interface {
	ExchangeRoles(ctx context.Context, principalID string) ([]tenant.ExchangeRole, error)
	ExchangeScopes(ctx context.Context) ([]tenant.ExchangeScope, error)
	AssignRole(ctx context.Context, r tenant.ExchangeRole) (string, error)
	RemoveRole(ctx context.Context, assignmentID string) error
	CreateScope(ctx context.Context, s tenant.ExchangeScope) (string, error)
	RemoveScope(ctx context.Context, id string) error
}

// Leftovers is what takes an application's last traces out of a tenant.
type Leftovers interface {
	Delegated(ctx context.Context, principalID string) ([]tenant.DelegatedGrant, error)
	RevokeDelegated(ctx context.Context, id string) error
	DeletePrincipal(ctx context.Context, principalID string) error
}

var errNoRole = errors.New("the step names no role in Exchange Online")

// alikeRoles are assignments of one role with one scope.
func alikeRoles(all []tenant.ExchangeRole, r tenant.ExchangeRole) []tenant.ExchangeRole {
	return slices.DeleteFunc(slices.Clone(all), func(has tenant.ExchangeRole) bool {
		same := has.Kind == r.Kind && strings.EqualFold(has.ScopeID, r.ScopeID)
		if r.Kind == tenant.ScopeFilter {
			same = has.Kind == r.Kind && has.Filter == r.Filter
		}
		return has.Role != r.Role || !same
	})
}

func (h Hands) assignRole(ctx context.Context, s plan.Step) (bool, error) {
	if s.Role == nil {
		return false, errNoRole
	}
	c, err := h.application(ctx, s)
	if err != nil {
		return false, err
	}
	r := *s.Role
	r.PrincipalID = c.Principal.ID
	held, err := h.Exchange.ExchangeRoles(ctx, r.PrincipalID)
	if err != nil || len(alikeRoles(held, r)) > 0 {
		return err == nil, err
	}
	if r.Kind == tenant.ScopeFilter {
		if r.ScopeID, err = h.scopeOf(ctx, r); err != nil {
			return false, err
		}
	}
	s.Application, s.Role = pointer(c.Application()), &r
	already, err := h.write(ctx, s, change{
		do: func(ctx context.Context) (err error) {
			r.ID, err = h.Exchange.AssignRole(ctx, r)
			return err
		},
		shows: func(ctx context.Context) (bool, error) {
			held, err := h.rolesLike(ctx, s)
			if len(held) > 0 && r.ID == "" { // the answer was lost, or an earlier run's
				r.ID = held[0].ID
			}
			return len(held) > 0, err
		},
		entry: func() journal.Entry {
			return journal.Entry{
				Action: journal.RoleAssigned,
				Role:   &r,
				Before: journal.JSON(false),
				After:  journal.JSON(r.Role + " in " + scopeWord(r)),
			}
		},
	})
	return already, notKnownThere(err, c)
}

func scopeWord(r tenant.ExchangeRole) string {
	if r.Unlimited() {
		return "every mailbox"
	}
	return r.Scope
}

// notKnownThere explains Exchange's refusal of an application that it does not know: the pointer
// to a service principal is made by New-ServicePrincipal alone, and whether Graph makes it by
// itself is told nowhere.
//
// https://learn.microsoft.com/powershell/module/exchange/new-serviceprincipal
func notKnownThere(err error, c tenant.Consent) error {
	var missing interface{ NotFound() bool }
	if !errors.As(err, &missing) || !missing.NotFound() {
		return err
	}
	return &NoPointerError{App: c.Principal.DisplayName, Err: err}
}

// NoPointerError says that Exchange does not know the application.
type NoPointerError struct {
	App string
	Err error
}

// Error leaves out Graph's words, which say only that something was not found.
func (e *NoPointerError) Error() string {
	return "Exchange Online does not know " + e.App + " yet: New-ServicePrincipal makes it known"
}

// scopeOf finds the custom scope of a filter.
func (h Hands) scopeOf(ctx context.Context, r tenant.ExchangeRole) (string, error) {
	all, err := h.Exchange.ExchangeScopes(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if s.Filter == r.Filter && !s.Exclusive && (r.ScopeID == "" || r.ScopeID == s.ID) {
			return s.ID, nil
		}
	}
	return "", &Unfinished{"Exchange has no scope with the filter " + r.Filter + " yet"}
}

// rolesLike are the assignments that a step is about, as Exchange has them now: the one that it
// names, or those of the same role and scope.
func (h Hands) rolesLike(ctx context.Context, s plan.Step) ([]tenant.ExchangeRole, error) {
	if s.Role == nil {
		return nil, errNoRole
	}
	c, err := h.application(ctx, s)
	if err != nil {
		return nil, err
	}
	held, err := h.Exchange.ExchangeRoles(ctx, c.Principal.ID)
	if err != nil {
		return nil, err
	}
	if s.Object != "" {
		return slices.DeleteFunc(held, func(r tenant.ExchangeRole) bool { return r.ID != s.Object }), nil
	}
	return alikeRoles(held, *s.Role), nil
}

func (h Hands) roleAssigned(ctx context.Context, s plan.Step) (bool, error) {
	s.Object = ""
	held, err := h.rolesLike(ctx, s)
	return len(held) > 0, err
}

func (h Hands) roleRemoved(ctx context.Context, s plan.Step) (bool, error) {
	held, err := h.rolesLike(ctx, s)
	return err == nil && len(held) == 0, err
}

func (h Hands) removeRole(ctx context.Context, s plan.Step) (bool, error) {
	held, err := h.rolesLike(ctx, s)
	if err != nil || len(held) == 0 {
		return err == nil, err
	}
	return h.write(ctx, s, change{
		do: func(ctx context.Context) error {
			err := tenant.ErrAlready
			for _, r := range held {
				one := h.Exchange.RemoveRole(ctx, r.ID)
				switch {
				case one == nil:
					err = nil
				case !errors.Is(one, tenant.ErrAlready):
					return one
				}
			}
			return err
		},
		shows: func(ctx context.Context) (bool, error) { return h.roleRemoved(ctx, s) },
		entry: func() journal.Entry {
			r := held[0]
			return journal.Entry{
				Action: journal.RoleRemoved,
				Role:   &r,
				Before: journal.JSON(r.Role + " in " + scopeWord(r)),
				After:  journal.JSON(false),
			}
		},
	})
}

func reverseAssign(e journal.Entry) (plan.Step, error) {
	s, err := roleStep(e, doctor.RemoveRole)
	if e.Role != nil {
		s.Object, s.Before, s.After = e.Role.ID, "in "+scopeWord(*e.Role), "removed"
	}
	return s, err
}

func reverseRemove(e journal.Entry) (plan.Step, error) {
	s, err := roleStep(e, doctor.AssignRole)
	if e.Role != nil {
		s.Before, s.After = "removed", "in "+scopeWord(*e.Role)
	}
	return s, err
}

func roleStep(e journal.Entry, action doctor.Action) (plan.Step, error) {
	if e.Role == nil || e.Application == nil {
		return plan.Step{}, &NoWayBack{Why: "the entry does not say which role it was"}
	}
	r := *e.Role
	if action == doctor.AssignRole {
		r.ID = ""
	}
	return plan.Step{
		Kind:        string(doctor.Graph),
		Action:      string(action),
		Target:      r.Role,
		Application: e.Application,
		Role:        &r,
	}, nil
}

func (h Hands) createScope(ctx context.Context, s plan.Step) (bool, error) {
	if s.Role == nil {
		return false, errNoRole
	}
	if there, err := h.scopeThere(ctx, s); there || err != nil {
		return there, err
	}
	all, err := h.Exchange.ExchangeScopes(ctx)
	if err != nil {
		return false, err
	}
	for _, other := range all {
		if strings.EqualFold(other.Name, s.Target) {
			return false, fmt.Errorf("Exchange has a scope %q with another filter (%s): rename or remove it in "+
				"Exchange Online PowerShell, Set-ManagementScope or Remove-ManagementScope", other.Name, other.Filter)
		}
	}
	made := tenant.ExchangeScope{Name: s.Target, Filter: s.Role.Filter}
	return h.write(ctx, s, change{
		do: func(ctx context.Context) (err error) {
			made.ID, err = h.Exchange.CreateScope(ctx, made)
			return err
		},
		shows: func(ctx context.Context) (bool, error) {
			id, err := h.scopeOf(ctx, *s.Role)
			if made.ID == "" {
				made.ID = id
			}
			if errors.As(err, new(*Unfinished)) {
				return false, nil
			}
			return err == nil, err
		},
		entry: func() journal.Entry {
			r := *s.Role
			r.ScopeID = made.ID
			return journal.Entry{
				Action: journal.ScopeCreated,
				Role:   &r,
				Before: journal.JSON(false),
				After:  journal.JSON(map[string]string{"name": made.Name, "filter": made.Filter}),
			}
		},
	})
}

func (h Hands) scopeThere(ctx context.Context, s plan.Step) (bool, error) {
	_, err := h.scopeOf(ctx, *s.Role)
	if errors.As(err, new(*Unfinished)) {
		return false, nil
	}
	return err == nil, err
}

func (h Hands) deleteScope(ctx context.Context, s plan.Step) (bool, error) {
	if gone, err := h.scopeGone(ctx, s); gone || err != nil {
		return gone, err
	}
	return h.write(ctx, s, change{
		do:    func(ctx context.Context) error { return h.Exchange.RemoveScope(ctx, s.Object) },
		shows: func(ctx context.Context) (bool, error) { return h.scopeGone(ctx, s) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action: journal.ScopeRemoved,
				Role:   s.Role,
				Before: journal.JSON(s.Target),
				After:  journal.JSON(false),
			}
		},
	})
}

func (h Hands) scopeGone(ctx context.Context, s plan.Step) (bool, error) {
	all, err := h.Exchange.ExchangeScopes(ctx)
	return err == nil && !slices.ContainsFunc(all, func(one tenant.ExchangeScope) bool { return one.ID == s.Object }), err
}

func reverseScope(e journal.Entry) (plan.Step, error) {
	if e.Role == nil || e.Role.ScopeID == "" {
		return plan.Step{}, &NoWayBack{Why: "the entry does not say which scope it was"}
	}
	return plan.Step{
		Kind:   string(doctor.Graph),
		Action: string(doctor.DeleteScope),
		Target: e.Role.Scope,
		Before: e.Role.Filter,
		After:  "deleted",
		Role:   e.Role,
		Object: e.Role.ScopeID,
	}, nil
}

// testScope looks whether the roles alone reach whom the tenant file wants, and records it.
func (h Hands) testScope(ctx context.Context, s plan.Step) (bool, error) {
	t, err := h.ScopeTest(ctx)
	if err != nil {
		return false, err
	}
	if len(t.Missing) > 0 {
		return false, fmt.Errorf("the roles in Exchange do not reach all that the tenant file wants: %s",
			strings.Join(t.Missing, ", "))
	}
	if _, known := h.Tested(t.Fingerprint); known {
		return true, nil
	}
	return false, h.note(ctx, s, journal.Entry{Action: journal.ScopeTested, Evidence: journal.JSON(t)})
}

// await waits for what no answer shows: Exchange goes by its roles as they were for up to two
// hours, and tokens hold what was granted when they were given. It is a state and no failure.
func (h Hands) await(ctx context.Context, s plan.Step) (bool, error) {
	limit, err := time.ParseDuration(s.After)
	if err != nil {
		return false, fmt.Errorf("the step does not say how long to wait: %w", err)
	}
	since, what := h.GrantedAt(), "Tokens that were given before hold the old permissions"
	if s.Made != nil && s.Made.After(since) { // somebody else gave it
		since = *s.Made
	}
	if s.Target == doctor.AwaitCache {
		t, err := h.ScopeTest(ctx)
		if err != nil {
			return false, err
		}
		var known bool
		if since, known = h.Tested(t.Fingerprint); !known {
			return false, &Unfinished{"the roles were not tested yet"}
		}
		what = "Exchange may go by the roles as they were"
	}
	left := time.Until(since.Add(limit))
	if left <= 0 {
		// The entry says that what follows in the plan was waited for: it is how the way back is found.
		return false, h.note(ctx, s, journal.Entry{
			Action: journal.Waited,
			Before: journal.JSON(since.UTC().Truncate(time.Second)),
			After:  journal.JSON(s.Target),
		})
	}
	return false, &WaitingError{
		What:  what,
		Since: since.UTC().Truncate(time.Second),
		Until: since.Add(limit).UTC().Truncate(time.Second),
	}
}

// WaitingError says that time must pass before a step.
type WaitingError struct {
	What         string
	Since, Until time.Time
}

func (e *WaitingError) Error() string {
	return e.What + " until " + e.Until.Format(time.RFC3339) + " (waiting since " + e.Since.Format(time.RFC3339) + ")"
}

func (e *WaitingError) Unwrap() error { return &Unfinished{e.Error()} }

func (h Hands) byScript(_ context.Context, _ plan.Step) (bool, error) {
	return false, &ByHand{
		Command: "zo365 rbac script writes it for Exchange Online PowerShell; zo365 rbac confirm takes the result",
	}
}

// delegatedGrant is the grant that a step is about; nil where it is gone.
func (h Hands) delegatedGrant(ctx context.Context, s plan.Step) (*tenant.DelegatedGrant, error) {
	c, err := h.application(ctx, s)
	if err != nil {
		return nil, err
	}
	all, err := h.Leftovers.Delegated(ctx, c.Principal.ID)
	i := slices.IndexFunc(all, func(g tenant.DelegatedGrant) bool { return g.ID == s.Object })
	if err != nil || i < 0 {
		return nil, err
	}
	return &all[i], nil
}

func (h Hands) revokeDelegated(ctx context.Context, s plan.Step) (bool, error) {
	g, err := h.delegatedGrant(ctx, s)
	if err != nil || g == nil {
		return err == nil, err
	}
	return h.write(ctx, s, change{
		do:    func(ctx context.Context) error { return h.Leftovers.RevokeDelegated(ctx, g.ID) },
		shows: func(ctx context.Context) (bool, error) { return h.delegatedGone(ctx, s) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action:   journal.DelegatedRevoked,
				Before:   journal.JSON(g.Scopes),
				After:    journal.JSON(false),
				Evidence: journal.JSON(g),
			}
		},
	})
}

func (h Hands) delegatedGone(ctx context.Context, s plan.Step) (bool, error) {
	g, err := h.delegatedGrant(ctx, s)
	return err == nil && g == nil, err
}

// deleteApp takes the application out of the tenant.
func (h Hands) deleteApp(ctx context.Context, s plan.Step) (bool, error) {
	c, err := h.application(ctx, s)
	var gone *GoneError
	if errors.As(err, &gone) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return h.write(ctx, s, change{
		do:    func(ctx context.Context) error { return h.Leftovers.DeletePrincipal(ctx, c.Principal.ID) },
		shows: func(ctx context.Context) (bool, error) { return h.appGone(ctx, s) },
		entry: func() journal.Entry {
			return journal.Entry{
				Action:   journal.ApplicationDeleted,
				Before:   journal.JSON(c.Principal.DisplayName),
				After:    journal.JSON(false),
				Evidence: journal.JSON(c.Labels()),
			}
		},
	})
}

func (h Hands) appGone(ctx context.Context, s plan.Step) (bool, error) {
	_, err := h.application(ctx, s)
	var gone *GoneError
	if errors.As(err, &gone) {
		return true, nil
	}
	return false, err
}

// EvidenceEntry is the entry of what somebody read in Exchange Online PowerShell.
func EvidenceEntry(e tenant.ExchangeEvidence) (journal.Entry, error) {
	text, err := json.Marshal(e)
	return journal.Entry{
		Action:   journal.ExchangeRead,
		Scope:    doctor.ScopeTenant,
		Evidence: text,
		Actor:    e.By,
	}, err
}
