package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// row is one kind of change: who does it, what shows that it is done, and what takes it
// back. A new kind of change is a new row.
type row struct {
	// do carries a step out; already says that nothing was left to do.
	do func(h Hands, ctx context.Context, s plan.Step) (already bool, err error)
	// shows says whether the services show that a step is done; nil where no fact can.
	shows func(h Hands, ctx context.Context, s plan.Step) (bool, error)
	// recorded is the action that the journal has of a step that is done.
	recorded journal.Action
	// reverse is the step that takes a recorded change back; nil where none can, and
	// instead says what to do.
	reverse func(e journal.Entry) (plan.Step, error)
	instead NoWayBack
}

// table has every kind of change that zo365 makes.
func table() map[doctor.Action]row {
	return map[doctor.Action]row{
		doctor.GrantPermission:  {Hands.grant, Hands.granted, journal.PermissionGranted, reverseGrant, NoWayBack{}},
		doctor.RevokePermission: {Hands.revoke, Hands.revoked, journal.GrantsRevoked, reverseRevoke, NoWayBack{}},
		doctor.EnableApp:        {Hands.enable, Hands.enabled, journal.ApplicationEnabled, reverseEnable, NoWayBack{}},
		doctor.DisableApp:       {Hands.disable, Hands.disabled, journal.ApplicationDisabled, reverseDisable, NoWayBack{}},
		doctor.CreateGroup:      {Hands.createGroup, Hands.hasGroup, journal.GroupCreated, reverseCreateGroup, NoWayBack{}},
		doctor.DeleteGroup: {
			Hands.deleteGroup,
			Hands.groupGone,
			journal.GroupDeleted,
			nil,
			NoWayBack{
				"a deleted group's members are not known any more",
				"zo365 apply makes the group of a profile again, without members",
			},
		},
		doctor.RecordConsent: {
			Hands.recordConsent,
			nil,
			journal.Authorized,
			nil,
			NoWayBack{
				"a consent is given and taken by a person, in Zoom's portal",
				"zo365 authorize, or zo365 integration disable --revoke",
			},
		},
		doctor.ForgetConsent: {Hands.forgetConsent, nil, journal.AuthorizationRemoved, nil, NoWayBack{
			"a consent is given and taken by a person, in Zoom's portal", "zo365 authorize",
		}},
		doctor.ConfirmPortal: {Hands.confirmControl, nil, journal.PortalConfirmed, reverseConfirm, NoWayBack{}},
		doctor.WithdrawWord: {Hands.withdrawWord, nil, journal.PortalWithdrawn, nil, NoWayBack{
			"a withdrawn word is given again", "zo365 portal confirm",
		}},
		doctor.ChangeEmail:  {Hands.changeEmail, Hands.emailChanged, journal.ZoomEmailChanged, reverseEmail, NoWayBack{}},
		doctor.ChangeOnPrem: {Hands.byHand, nil, "", nil, NoWayBack{}},
		doctor.ChangeUPN:    {Hands.changeUPN, Hands.upnChanged, journal.UPNChanged, reverseUPN, NoWayBack{}},
		doctor.RegisterClient: {Hands.register, nil, journal.RegistrationCreated, nil, NoWayBack{
			"zo365 deletes no app registration", menu.EntraRegistrations + " > (the registration) > Delete",
		}},
		doctor.AssignRole:  {Hands.assignRole, Hands.roleAssigned, journal.RoleAssigned, reverseAssign, NoWayBack{}},
		doctor.RemoveRole:  {Hands.removeRole, Hands.roleRemoved, journal.RoleRemoved, reverseRemove, NoWayBack{}},
		doctor.CreateScope: {Hands.createScope, Hands.scopeThere, journal.ScopeCreated, reverseScope, NoWayBack{}},
		doctor.DeleteScope: {Hands.deleteScope, Hands.scopeGone, journal.ScopeRemoved, nil, NoWayBack{
			"a deleted scope is made again by zo365 rbac apply, where a profile wants it", "zo365 rbac plan",
		}},
		doctor.TestScope: {Hands.testScope, nil, journal.ScopeTested, nil, NoWayBack{
			"a look changes nothing", "zo365 rbac show",
		}},
		doctor.Await: {Hands.await, nil, journal.Waited, nil, NoWayBack{
			"a wait changes nothing", "zo365 rbac show",
		}},
		doctor.RemovePolicy:  {Hands.byScript, nil, "", nil, NoWayBack{}},
		doctor.CreatePointer: {Hands.byScript, nil, "", nil, NoWayBack{}},
		doctor.RevokeDelegated: {Hands.revokeDelegated, Hands.delegatedGone, journal.DelegatedRevoked, nil, NoWayBack{
			"a delegated grant is given by a person's consent, or an administrator's for everybody",
			menu.EntraApps + " > Zoom's application > Permissions > Grant admin consent",
		}},
		doctor.DeleteApp: {Hands.deleteApp, Hands.appGone, journal.ApplicationDeleted, nil, NoWayBack{
			"a deleted application comes back by a new consent, or within 30 days from Entra's deleted applications",
			menu.EntraApps + " > Deleted applications",
		}},
	}
}

// calls are the calls of the doors that each kind of change makes, as "door.Call"; a kind
// without a line asks no service.
var calls = map[doctor.Action][]string{
	doctor.GrantPermission:  {"msgraph.Grant"},
	doctor.RevokePermission: {"msgraph.Revoke"},
	doctor.EnableApp:        {"msgraph.EnablePrincipal"},
	doctor.DisableApp:       {"msgraph.EnablePrincipal"},
	doctor.CreateGroup:      {"zoom.CreateGroup", "zoom.Groups"},
	doctor.DeleteGroup:      {"zoom.DeleteGroup", "zoom.Groups", "zoom.Members"},
	doctor.ChangeEmail:      {"msgraph.UsersByAddress", "zoom.ChangeEmail", "zoom.User"},
	doctor.ChangeUPN:        {"msgraph.SetUPN", "msgraph.User", "msgraph.UsersByAddress", "zoom.User"},
	doctor.RegisterClient:   {"msgraph.CreateApplication"},
	doctor.AssignRole:       {"msgraph.AssignRole", "msgraph.ExchangeRoles", "msgraph.ExchangeScopes"},
	doctor.RemoveRole:       {"msgraph.RemoveRole", "msgraph.ExchangeRoles"},
	doctor.CreateScope:      {"msgraph.CreateScope", "msgraph.ExchangeScopes"},
	doctor.DeleteScope:      {"msgraph.RemoveScope", "msgraph.ExchangeScopes"},
	doctor.RevokeDelegated:  {"msgraph.RevokeDelegated", "msgraph.Delegated"},
	doctor.DeleteApp:        {"msgraph.DeletePrincipal"},
}

// rests are the beliefs by their IDs that each kind of change of a service rests on.
var rests = map[doctor.Action][]string{
	doctor.GrantPermission:  {"integration.calendars", "integration.mail-read", "integration.upn-rule"},
	doctor.RevokePermission: {"integration.mail-read", "exchange.adds-up"},
	doctor.EnableApp:        {"entra.disabled-app"},
	doctor.DisableApp:       {"entra.disabled-app"},
	doctor.CreateGroup:      {"zoom.groups"},
	doctor.DeleteGroup:      {"zoom.groups"},
	doctor.ChangeEmail:      {"zoom.change-email", "integration.upn-rule"},
	doctor.ChangeUPN:        {"entra.upn-characters", "integration.upn-rule"},
	doctor.RegisterClient:   {"graph.public-client"},
	doctor.AssignRole:       {"exchange.adds-up", "exchange.roles", "exchange.direct-members"},
	doctor.RemoveRole:       {"exchange.adds-up", "exchange.roles"},
	doctor.CreateScope:      {"exchange.roles"},
	doctor.DeleteScope:      {"exchange.roles"},
	doctor.RevokeDelegated:  {"exchange.app-only"},
	doctor.DeleteApp:        {"entra.deleted-app"},
}

// takesAway are the kinds of change that take something from somebody.
var takesAway = []doctor.Action{
	doctor.RevokePermission, doctor.DisableApp, doctor.DeleteGroup, doctor.RemoveRole, doctor.DeleteScope,
	doctor.RevokeDelegated, doctor.DeleteApp,
}

// RestsOn are the beliefs that a kind of change rests on, and whether it takes something
// away, for which more is asked of them.
func RestsOn(action doctor.Action) (beliefs []string, takes bool) {
	return rests[action], slices.Contains(takesAway, action)
}

// Asking are the kinds of change that ask a service.
func Asking() []doctor.Action { return slices.Sorted(maps.Keys(calls)) }

// Calls are the calls of the doors that a kind of change makes.
func Calls(action doctor.Action) []string { return calls[action] }

// Hands carry out what services and zo365 itself can do.
type Hands struct {
	Recorder

	Entra         Entra
	Groups        Groups
	Zoom          Zoom
	Graph         Graph
	Registrations Registrations
	Exchange      Exchange
	Leftovers     Leftovers
	// ScopeTest looks at the roles in Exchange; Tested is when a set of them was first seen to be
	// as wanted, GrantedAt when zo365 last granted a permission.
	ScopeTest func(ctx context.Context) (doctor.ScopeTest, error)
	Tested    func(fingerprint string) (time.Time, bool)
	GrantedAt func() time.Time
	// Consent reads an application as Entra has it now; a zero application is Zoom's, as
	// it is chosen.
	Consent func(ctx context.Context, app tenant.Application) (tenant.Consent, error)
	// Authorization is the entry that records the consent of a scope, once it is
	// complete; an *Unfinished error says that it is not.
	Authorization func(ctx context.Context, scope string) (journal.Entry, error)
	// People are the rules and memories of changes of addresses.
	People People
	// ServiceTime is a time of this machine as Microsoft's clock has it; nil where they agree.
	ServiceTime func(time.Time) time.Time
}

// Do carries one step out.
func (h Hands) Do(ctx context.Context, s plan.Step) (already bool, err error) {
	one, ok := table()[doctor.Action(s.Action)]
	if !ok {
		return false, fmt.Errorf("nobody knows how to do %q", s.Action)
	}
	return one.do(h, ctx, s)
}

// NoWayBack says that an entry cannot be taken back, and what to do instead.
type NoWayBack struct{ Why, Next string }

func (e *NoWayBack) Error() string { return e.Why }

// Reverse is the step that takes an entry of the journal back: the same target, the same
// application, the same API and app role.
func Reverse(e journal.Entry, all []journal.Entry) (plan.Step, error) {
	for _, other := range all {
		if other.Undoes == e.ID && other.Action != journal.StepRefused && other.Action != journal.StepLeft {
			return plan.Step{}, &NoWayBack{Why: "entry " + e.ID + " was taken back already, by " + other.ID}
		}
	}
	for action, one := range table() {
		if one.recorded != e.Action {
			continue
		}
		if one.reverse == nil {
			none := one.instead
			return plan.Step{}, &none
		}
		s, err := one.reverse(e)
		if err != nil {
			return s, fmt.Errorf("reading the entry of %s: %w", action, err)
		}
		s.ID, s.Undoes = "undo/"+e.ID+"/"+s.Target, e.ID
		s.Scope = e.Scope
		return s, nil
	}
	return plan.Step{}, &NoWayBack{
		"the entry is a note of " + string(e.Action) + "; it changed nothing",
		"zo365 journal show",
	}
}

// Closing says how open steps are ended.
type Closing struct {
	// Skip keeps a step open without a look: it is another command's, or this run's plan
	// has it again.
	Skip func(s plan.Step) bool
	// Asked says that this run does a step again where it does not show as done.
	Asked func(step string) bool
	// Said is told what became of a step; unseen, why nobody could look.
	Said func(e journal.Entry, done bool, unseen error)
}

// CloseOpen ends the steps whose end an earlier run could not record: it was killed, or
// the disk was full. What shows as done is recorded as what it is; what nothing shows, and
// could show by now, is left.
func (h Hands) CloseOpen(ctx context.Context, open []journal.Entry, how Closing) error {
	for _, e := range open {
		var s plan.Step
		_ = json.Unmarshal(e.Evidence, &s) // an older version wrote none
		s.ID, s.Scope = e.Step, e.Scope
		if how.Skip(s) {
			continue
		}
		one, known := table()[doctor.Action(s.Action)]
		done := false
		end := journal.Entry{
			Action: journal.StepLeft,
			Why:    "nothing shows that it was done, and nothing asks for it any more",
		}
		if known && one.shows != nil {
			var err error
			var gone *GoneError
			asked := how.Asked(e.Step)
			done, err = h.showsYet(ctx, e, s, one, asked)
			switch {
			case err == nil && !done && asked:
				continue // done again, and closed by that
			case errors.As(err, new(*tenant.NeedsError)): // it stays open, for somebody who may look
				how.Said(e, false, err)
				continue
			case errors.As(err, &gone): // nobody can know any more
				end.Why = gone.Why
			case err != nil:
				return err
			}
		}
		if done && s.Action == string(doctor.GrantPermission) {
			var err error
			if end, done, err = h.foundGrant(ctx, s, e); err != nil {
				return err
			}
		} else if done {
			end = outcomeOf(s, one.recorded)
			end.Why = foundDone(e)
		}
		closing := h.Recorder
		closing.Plan = e.Plan
		if err := closing.note(ctx, s, end); err != nil {
			return err
		}
		how.Said(e, done, nil)
	}
	return nil
}

// foundGrant is the outcome of a grant that shows: the open step's, or somebody else's.
func (h Hands) foundGrant(ctx context.Context, s plan.Step, e journal.Entry) (end journal.Entry, done bool, err error) {
	held, err := h.held(ctx, s)
	if err != nil {
		return end, false, err
	}
	for _, g := range held {
		if h.madeBy(g, e.At) {
			end = outcomeOf(s, journal.PermissionGranted)
			end.Assignment, end.Permission = g.ID, &g.Permission
			end.Why = foundDone(e)
			return end, true, nil
		}
	}
	return journal.Entry{
		Action: journal.StepLeft,
		Why:    "it is granted, and not by this step: the grant is of another time",
	}, false, nil
}

func foundDone(e journal.Entry) string {
	return "found done: the run of " + e.At.UTC().Format(time.RFC3339) + " ended before it could record it"
}

// showsYet says whether an open step shows as done. Readers lag behind: a step that nobody
// does again is waited for until what was begun then would show.
func (h Hands) showsYet(ctx context.Context, e journal.Entry, s plan.Step, one row, asked bool) (bool, error) {
	left := min(h.Limit, h.Limit-time.Since(e.At)) // that clock may have been ahead
	if asked || left < 0 {
		return one.shows(h, ctx, s)
	}
	err := Settle(
		ctx,
		left,
		func(ctx context.Context) (bool, error) { return one.shows(h, ctx, s) },
		func() { h.Waiting(s) },
	)
	if errors.As(err, new(*NotSettled)) {
		return false, nil
	}
	return err == nil, err
}

// outcomeOf is what is recorded of a step that was found done.
func outcomeOf(s plan.Step, action journal.Action) journal.Entry {
	e := journal.Entry{Action: action, Before: journal.JSON(s.Before), After: journal.JSON(s.After)}
	if s.Person != nil {
		e.Before, e.After = journal.JSON(s.Person.From), journal.JSON(s.Person.To)
	}
	if s.Action == string(doctor.CreateGroup) {
		e.After = journal.JSON(map[string]string{"name": s.Target})
	}
	return e
}
