package signin

import "slices"

// Permission is one that a command needs, with the reason.
type Permission struct{ Name, Why string }

// Need is what one command needs on both services. It asks for nothing more, so
// that a sign-in grows with what is done with it.
type Need struct {
	// Command is as it is typed, without zo365.
	Command string
	// Delegated are the permissions of a person's sign-in, Application those of an
	// application's.
	Delegated, Application []Permission
	// Zoom are granular scopes of the server-to-server app.
	Zoom []Permission
}

// signedIn is in every person's sign-in.
var signedIn = Permission{"User.Read", "who is signed in"}

var (
	domains      = Permission{"Domain.Read.All", "custom domains and whether they are verified"}
	people       = Permission{"User.Read.All", "people by UPN, mail and alias"}
	organization = Permission{"Organization.Read.All", "the tenant's name and ID"}
	applications = Permission{"Application.Read.All", "Zoom's enterprise application and its permissions"}
	roles        = Permission{"RoleManagement.Read.Directory", "whether the signed-in person may consent"}
	auditLog     = Permission{"AuditLog.Read.All", "who consented and when"}
	directory    = Permission{"Directory.Read.All", "asked for by the audit log beside AuditLog.Read.All"}
	zoomDomains  = Permission{"account:read:list_managed_domains:admin", "the associated domains"}
	zoomUser     = Permission{"user:read:user:admin", "one person by email"}
	zoomUsers    = Permission{"user:read:list_users:admin", "everybody"}
	zoomGroups   = Permission{"group:read:list_groups:admin", "the groups"}
	zoomMembers  = Permission{"group:read:list_members:admin", "the members of a group"}
	writeGrants  = Permission{
		"AppRoleAssignment.ReadWrite.All",
		"grants and deletes app role assignments of Zoom's application",
	}
	writeApps     = Permission{"Application.ReadWrite.All", "makes the app registration"}
	ownCalendars  = Permission{"Calendars.Read", "the signed-in person's own calendars"}
	allCalendars  = Permission{"Calendars.ReadBasic.All", "the names of everybody's calendars"}
	writePeople   = Permission{"User.ReadWrite.All", "changes UPNs"}
	writeEmails   = Permission{"user:update:email:admin", "changes emails"}
	exchangeRoles = Permission{"RoleManagement.Read.Exchange", "the roles in Exchange Online that narrow the consent"}
	zoomPlan      = Permission{"billing:read:plan_usage:admin", "the Zoom plan"}
	zoomRoles     = Permission{"role:read:list_roles:admin", "who is owner or admin in Zoom"}
	makeGroups    = Permission{"group:write:group:admin", "makes the groups of group profiles"}
	deleteGroups  = Permission{"group:delete:group:admin", "takes back a group that zo365 made"}
	revokeSession = Permission{"User.RevokeSessions.All", "ends the person's sign-ins on the service's side"}
)

// Needs lists what each command needs, in the order in which an administrator
// meets the commands. Descriptions:
// https://learn.microsoft.com/graph/permissions-reference and
// https://developers.zoom.us/docs/internal-apps/oauth-scopes-granular/
var Needs = []Need{
	{"verify-domain", []Permission{domains}, []Permission{domains}, []Permission{zoomDomains}},
	{
		"authorize",
		[]Permission{signedIn, organization, domains, roles, applications, auditLog, directory, exchangeRoles},
		[]Permission{organization, domains, applications, auditLog, directory, exchangeRoles},
		[]Permission{zoomDomains, zoomUser, zoomUsers, zoomGroups, zoomPlan, zoomRoles},
	},
	{
		"doctor",
		[]Permission{signedIn, organization, domains, roles, applications, auditLog, directory, people, exchangeRoles},
		[]Permission{organization, domains, applications, auditLog, directory, people, exchangeRoles},
		[]Permission{zoomDomains, zoomUser, zoomUsers, zoomGroups, zoomMembers, zoomPlan, zoomRoles},
	},
	{
		"apply",
		[]Permission{
			signedIn,
			organization,
			domains,
			roles,
			applications,
			auditLog,
			directory,
			people,
			exchangeRoles,
			writeGrants,
		},
		[]Permission{organization, domains, applications, auditLog, directory, people, exchangeRoles, writeGrants},
		[]Permission{zoomDomains, zoomUser, zoomUsers, zoomGroups, zoomMembers, zoomPlan, zoomRoles, makeGroups},
	},
	{
		"undo",
		[]Permission{signedIn, organization, applications, exchangeRoles, writeGrants},
		[]Permission{organization, applications, exchangeRoles, writeGrants},
		[]Permission{zoomUser, zoomGroups, zoomMembers, deleteGroups},
	},
	{
		"integration disable --revoke",
		[]Permission{signedIn, organization, applications, exchangeRoles, writeGrants},
		[]Permission{organization, applications, exchangeRoles, writeGrants},
		[]Permission{zoomUser},
	},
	{"group", nil, nil, []Permission{zoomGroups}},
	{
		"calendar list",
		[]Permission{signedIn, ownCalendars},
		[]Permission{allCalendars},
		[]Permission{zoomGroups, zoomMembers},
	},
	{"upn check", []Permission{domains, people}, []Permission{domains, people}, []Permission{zoomUser}},
	{"upn report", []Permission{domains, people}, []Permission{domains, people}, []Permission{zoomUsers}},
	{"upn watch", []Permission{domains, people}, []Permission{domains, people}, []Permission{zoomUsers}},
	{
		"upn fix",
		[]Permission{signedIn, organization, domains, people, writePeople},
		[]Permission{organization, domains, people, writePeople},
		[]Permission{zoomUsers, zoomDomains, zoomUser, writeEmails},
	},
	{"auth app create", []Permission{writeApps}, nil, nil},
	{"logout --revoke", []Permission{revokeSession}, nil, nil},
}

// NeedOf finds a command's needs.
func NeedOf(command string) (Need, bool) {
	i := slices.IndexFunc(Needs, func(n Need) bool { return n.Command == command })
	if i < 0 {
		return Need{}, false
	}
	return Needs[i], true
}

// Scopes are the delegated permissions of the commands, each once, with
// User.Read, which every sign-in has.
func Scopes(commands ...string) []string {
	scopes := []string{signedIn.Name}
	for _, c := range commands {
		need, _ := NeedOf(c)
		for _, p := range need.Delegated {
			if !slices.Contains(scopes, p.Name) {
				scopes = append(scopes, p.Name)
			}
		}
	}
	return scopes
}

// withOpenID adds what a sign-in asks for beside the permissions: an ID token
// that names the person, and a refresh token.
func withOpenID(scopes []string) []string {
	return append([]string{"openid", "profile", "offline_access"}, scopes...)
}
