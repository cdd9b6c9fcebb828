// Package need says which permissions each command takes. It follows what a command can
// call: the facts that it reads, the kinds of change that it makes, and what it asks of the
// services beside them. What a call takes stands beside the call, in msgraph and zoom.
package need

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// Permission is one that a command needs, with the reason.
type Permission struct {
	Name, Why string
	// Optional ones are needed only for what the reason says: without one that part is
	// unknown or refused, and the rest goes on.
	Optional bool
}

// Need is what one command needs on both services. It asks for nothing more, so that a
// sign-in grows with what is done with it.
type Need struct {
	// Command is as it is typed, without zo365.
	Command string
	// Delegated are the permissions of a person's sign-in, Application those of an
	// application's.
	Delegated, Application []Permission
	// Zoom are granular scopes of the server-to-server app.
	Zoom []Permission
}

// use is what one command can call.
type use struct {
	command string
	// facts are those that it reads, actions the changes that it makes, calls what it asks
	// of the doors beside them, as "door.Call".
	facts   []tenant.Fact
	actions []doctor.Action
	calls   []string
	// sometimes are calls for an option or a rare step; the reason is the door's.
	sometimes []string
	// people, when set, says that no application can be signed in for it.
	people bool
}

// Everything are all facts.
var everything = []tenant.Fact{
	tenant.FactOrganization, tenant.FactDomains, tenant.FactMe, tenant.FactRoles, tenant.FactCredentials,
	tenant.FactConsents, tenant.FactSignIns, tenant.FactEvents, tenant.FactExchange, tenant.FactMailless,
	tenant.FactZoomAccount, tenant.FactZoomPlan, tenant.FactZoomRoles, tenant.FactZoomDomains,
	tenant.FactZoomGroups, tenant.FactZoomMembers, tenant.FactZoomPeople, tenant.FactMyZoom,
}

// target are the facts that say whose services they are.
var target = []tenant.Fact{tenant.FactOrganization, tenant.FactZoomAccount}

// AuthorizeFacts are those that decide about a consent.
var AuthorizeFacts = append([]tenant.Fact{
	tenant.FactDomains,
	tenant.FactMe,
	tenant.FactRoles,
	tenant.FactEvents,
	tenant.FactSignIns,
	tenant.FactZoomDomains,
	tenant.FactMyZoom,
	tenant.FactZoomGroups,
	tenant.FactZoomPlan,
	tenant.FactZoomRoles,
	tenant.FactZoomPeople,
}, doctor.ApplicationFacts...)

// DomainFacts are those that decide about the associated domain.
var DomainFacts = []tenant.Fact{tenant.FactDomains, tenant.FactZoomDomains}

// scoped are the questions about who is in the scopes of roles: which of them is asked depends on
// what the roles and the tenant file name.
var scoped = []string{"msgraph.ExchangeScopes", "msgraph.GroupMembers", "msgraph.UnitMembers"}

// lookedUp are the questions about one person of the tenant.
var lookedUp = []string{
	"msgraph.UsersByAddress",
	"msgraph.UsersByLocalPart",
	"msgraph.UsersNear",
	"msgraph.DeletedUsers",
}

// everybody are the questions about everybody of both services.
var everybody = []string{
	"msgraph.Domains",
	"msgraph.CountUsers",
	"msgraph.UsersPage",
	"msgraph.DeltaLatest",
	"msgraph.Changes",
	"msgraph.DeletedUsers",
	"zoom.UsersPage",
	"zoom.UsersOf",
}

// ofGroup are the questions about the members of one Zoom group.
var ofGroup = []string{"zoom.Groups", "zoom.Members"}

// uses says what each command can call, in the order in which an administrator meets the
// commands. Descriptions:
// https://learn.microsoft.com/graph/permissions-reference and
// https://developers.zoom.us/docs/internal-apps/oauth-scopes-granular/
func uses() []use {
	return []use{
		{
			command:   "verify-domain",
			facts:     DomainFacts,
			sometimes: callsOf(target),
		},
		{
			command:   "authorize",
			facts:     slices.Concat(target, AuthorizeFacts),
			sometimes: named(AuthorizeFacts),
		},
		{
			command:   "doctor",
			facts:     everything,
			sometimes: slices.Concat(named(everything), callsOf([]tenant.Fact{tenant.FactUserConsent}), scoped),
		},
		{
			command:   "apply",
			facts:     everything,
			actions:   []doctor.Action{doctor.GrantPermission, doctor.RevokePermission, doctor.CreateGroup},
			sometimes: slices.Concat(named(everything), apply.Calls(doctor.EnableApp)),
		},
		{
			command: "undo",
			facts:   slices.Concat(target, doctor.ApplicationFacts),
			actions: []doctor.Action{doctor.GrantPermission, doctor.RevokePermission},
			sometimes: slices.Concat(
				apply.Calls(doctor.DeleteGroup),
				apply.Calls(doctor.EnableApp),
				apply.Calls(doctor.ChangeEmail),
				apply.Calls(doctor.ChangeUPN),
			),
		},
		{
			command: "integration disable --revoke",
			facts:   slices.Concat(target, doctor.ApplicationFacts),
			actions: []doctor.Action{doctor.RevokePermission},
		},
		{
			command: "integration disable --revoke --delete-app",
			facts:   slices.Concat(target, doctor.ApplicationFacts, []tenant.Fact{tenant.FactDelegated}),
			actions: []doctor.Action{doctor.RevokePermission, doctor.DeleteApp},
			sometimes: slices.Concat(
				apply.Calls(doctor.RevokeDelegated),
				apply.Calls(doctor.RemoveRole),
			),
		},
		{
			command: "permissions list",
			facts:   slices.Concat(target, doctor.ApplicationFacts, []tenant.Fact{tenant.FactDelegated}),
			sometimes: slices.Concat(
				scoped,
				callsOf([]tenant.Fact{tenant.FactEvents, tenant.FactSignIns}),
				[]string{"msgraph.ExchangeHolders", "msgraph.DelegatedHolders", "msgraph.Principal"}, // --all
			),
		},
		{
			command: "permissions test",
			facts:   slices.Concat(target, doctor.ApplicationFacts),
			calls:   []string{"msgraph.MailboxOwner", "msgraph.ExchangeScopes"},
			sometimes: slices.Concat(scoped, ofGroup, []string{
				"msgraph.Calendars", "msgraph.ServicePrincipal", "msgraph.Grants",
			}),
		},
		{
			command: "permissions trim",
			facts:   slices.Concat(target, doctor.ApplicationFacts, []tenant.Fact{tenant.FactDelegated}),
			actions: []doctor.Action{doctor.RevokePermission},
			sometimes: slices.Concat(
				scoped,
				apply.Calls(doctor.RemoveRole),
				apply.Calls(doctor.RevokeDelegated),
			),
		},
		{
			command:   "rbac plan",
			facts:     slices.Concat(target, doctor.ApplicationFacts),
			calls:     []string{"msgraph.ExchangeScopes"},
			sometimes: slices.Concat(scoped, []string{"msgraph.MailboxOwner"}), // --test
		},
		{
			command:   "rbac apply",
			facts:     slices.Concat(target, doctor.ApplicationFacts),
			calls:     []string{"msgraph.ExchangeScopes"},
			actions:   []doctor.Action{doctor.AssignRole, doctor.RemoveRole, doctor.CreateScope, doctor.RevokePermission},
			sometimes: slices.Concat(scoped, []string{"msgraph.MailboxOwner"}), // --test
		},
		{
			command: "rbac undo",
			facts:   slices.Concat(target, doctor.ApplicationFacts),
			calls:   []string{"msgraph.ExchangeScopes"},
			actions: []doctor.Action{
				doctor.AssignRole, doctor.RemoveRole, doctor.DeleteScope, doctor.GrantPermission,
			},
			sometimes: scoped,
		},
		{
			command:   "migrate ews",
			facts:     slices.Concat(target, doctor.ApplicationFacts, []tenant.Fact{tenant.FactDelegated}),
			sometimes: scoped,
		},
		{
			command:   "rooms list",
			facts:     slices.Concat(target, doctor.ApplicationFacts),
			calls:     []string{"zoom.RoomServices", "msgraph.Rooms", "msgraph.MailboxOwner"},
			sometimes: scoped,
		},
		{command: "group", calls: []string{"zoom.Groups"}},
		{
			command:   "calendar list",
			calls:     []string{"msgraph.Calendars", "msgraph.Me"},
			sometimes: ofGroup,
		},
		{
			command:   "upn check",
			calls:     slices.Concat([]string{"msgraph.Domains", "zoom.User"}, lookedUp),
			sometimes: []string{"zoom.Domains"},
		},
		{command: "upn find", calls: []string{"msgraph.UsersWith", "zoom.UsersOf"}},
		{command: "upn report", calls: everybody, sometimes: slices.Concat(ofGroup, []string{"zoom.Domains"})},
		{command: "upn watch", calls: everybody, sometimes: slices.Concat(ofGroup, []string{"zoom.Domains"})},
		{
			command:   "upn fix",
			facts:     target,
			actions:   []doctor.Action{doctor.ChangeEmail, doctor.ChangeUPN},
			calls:     slices.Concat(everybody, []string{"zoom.Domains"}),
			sometimes: ofGroup,
		},
		{
			command: "auth app create",
			facts:   []tenant.Fact{tenant.FactOrganization},
			actions: []doctor.Action{doctor.RegisterClient},
			people:  true,
		},
		{command: "logout --revoke", calls: []string{"msgraph.RevokeSessions"}, people: true},
	}
}

// callsOf are the calls by which facts are read.
func callsOf(facts []tenant.Fact) []string {
	var all []string
	for _, f := range facts {
		always, _ := survey.Calls(f)
		all = append(all, always...)
	}
	return all
}

// named are the calls for an authorizing person who is named.
func named(facts []tenant.Fact) []string {
	var all []string
	for _, f := range facts {
		_, more := survey.Calls(f)
		all = append(all, more...)
	}
	return all
}

// Calls are the calls of the doors that a command can make, and those that it makes only
// for an option or a rare step.
func (u use) all() (always, sometimes []string) {
	always = slices.Concat(callsOf(u.facts), u.calls)
	for _, a := range u.actions {
		always = append(always, apply.Calls(a)...)
	}
	return always, u.sometimes
}

// signedIn is in every person's sign-in.
const signedIn = "User.Read"

// All lists what each command needs.
func All() []Need {
	var all []Need
	for _, u := range uses() {
		all = append(all, u.need())
	}
	return all
}

func (u use) need() Need {
	n := Need{Command: u.command}
	always, sometimes := u.all()
	for _, call := range always {
		n.add(access(call), false)
	}
	for _, call := range sometimes {
		n.add(access(call), true)
	}
	if u.people {
		n.Application = nil
	}
	return n
}

// access is what a call needs; one that no door has is a mistake in the tables.
func access(call string) tenant.Access {
	door, name, _ := strings.Cut(call, ".")
	calls := msgraph.Calls()
	if door == "zoom" {
		calls = zoom.Calls()
	}
	a, ok := calls[name]
	if !ok {
		panic("no door has the call " + call)
	}
	return a
}

func (n *Need) add(a tenant.Access, optional bool) {
	if a.Instead != "" { // most cannot have it, and need not
		optional, a.Why = true, a.Why+"; where it cannot be given, "+a.Instead
	}
	if len(a.Roles) > 0 {
		a.Why += " (a person also needs one of the roles " + strings.Join(a.Roles, ", ") + ")"
	}
	n.Delegated = merge(n.Delegated, a.Delegated, a.Why, optional)
	n.Application = merge(n.Application, a.Application, a.Why, optional)
	n.Zoom = merge(n.Zoom, a.Scopes, a.Why, optional)
}

// merge keeps each permission once, with every reason.
func merge(have []Permission, names []string, why string, optional bool) []Permission {
	for _, name := range names {
		optional := optional && name != signedIn // which every person's sign-in has
		i := slices.IndexFunc(have, func(p Permission) bool { return p.Name == name })
		switch {
		case i < 0:
			have = append(have, Permission{Name: name, Why: why, Optional: optional})
		case have[i].Optional == optional && !slices.Contains(strings.Split(have[i].Why, "; "), why):
			have[i].Why += "; " + why
		}
	}
	return have
}

// sameAs are commands whose lists are those of others.
var sameAs = map[string]string{
	"plan": "doctor", "facts": "doctor", "status": "doctor", "integration disable": "integration disable --revoke",
	"group list": "group", "group set": "group", "group unset": "group", "group show": "group",
	"rooms": "rooms list", "migrate": "migrate ews",
	"rbac": "rbac plan", "rbac show": "rbac plan", "rbac script": "rbac plan", "permissions": "permissions list",
	"calendar": "calendar list", "logout": "logout --revoke", "upn": "upn check",
}

// Of finds a command's needs.
func Of(command string) (Need, bool) {
	if other, ok := sameAs[command]; ok {
		command = other
	}
	all := All()
	i := slices.IndexFunc(all, func(n Need) bool { return n.Command == command })
	if i < 0 {
		return Need{}, false
	}
	return all[i], true
}

// For finds a command whose list has one of some permissions of a person: the one that was
// run, if its list has it, and whether it is optional there.
func For(run string, anyOf []string) (command string, optional, ok bool) {
	for _, n := range All() {
		i := slices.IndexFunc(n.Delegated, func(p Permission) bool { return slices.Contains(anyOf, p.Name) })
		if i >= 0 && (!ok || n.Command == run) {
			command, optional, ok = n.Command, n.Delegated[i].Optional, true
		}
	}
	return command, optional, ok
}

// Optional are the optional delegated permissions of the commands, each once.
func Optional(commands ...string) []string {
	var names []string
	for _, c := range commands {
		n, _ := Of(c)
		for _, p := range n.Delegated {
			if p.Optional && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// Scopes are the delegated permissions of the commands, each once, with User.Read, which
// every sign-in has. What is optional is not asked for.
func Scopes(commands ...string) []string {
	scopes := []string{signedIn}
	for _, c := range commands {
		n, _ := Of(c)
		for _, p := range n.Delegated {
			if !p.Optional && !slices.Contains(scopes, p.Name) {
				scopes = append(scopes, p.Name)
			}
		}
	}
	return scopes
}
