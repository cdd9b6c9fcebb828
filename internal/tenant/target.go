package tenant

import (
	"strings"
)

// Target is the one tenant and the one Zoom account that a run works on. Whatever can
// change something carries it: a plan, a list of people, a snapshot, a file of facts, an
// entry of the journal. An empty field is not known.
type Target struct {
	// Tenant is the organization's ID, Cloud the Microsoft cloud.
	Tenant string `json:"tenant"`
	Cloud  string `json:"cloud"`
	// ZoomAccount is the account's ID, ZoomCloud Zoom's platform.
	ZoomAccount string `json:"zoom_account"`
	ZoomCloud   string `json:"zoom_cloud"`
}

// Empty says whether neither half is known.
func (t Target) Empty() bool { return t.Tenant == "" && t.ZoomAccount == "" }

// Differs names the halves in which two targets are not the same, as "A, not B"; empty
// when they agree in all that both of them know.
func (t Target) Differs(from Target) string {
	var all []string
	for _, one := range []struct{ what, is, was string }{
		{"the Microsoft tenant", t.Tenant, from.Tenant},
		{"the Microsoft cloud", t.Cloud, from.Cloud},
		{"the Zoom account", t.ZoomAccount, from.ZoomAccount},
		{"the Zoom cloud", t.ZoomCloud, from.ZoomCloud},
	} {
		if one.is != "" && one.was != "" && !strings.EqualFold(one.is, one.was) {
			all = append(all, one.what+" is "+one.is+", not "+one.was)
		}
	}
	return strings.Join(all, "; ")
}

// Half says how one half of a target is known.
type Half string

// The halves: seen in the service's own answer, stated in the tenant file, or unknown.
const (
	HalfSeen    Half = "seen"
	HalfStated  Half = "stated"
	HalfUnknown Half = "unknown"
)

// Application is an application as one tenant has it.
type Application struct {
	// AppID is the same in every tenant, PrincipalID this tenant's own.
	AppID       string `json:"app_id"`
	PrincipalID string `json:"principal_id"`
}

// Empty says whether nothing names an application.
func (a Application) Empty() bool { return a.AppID == "" && a.PrincipalID == "" }

// The APIs whose application permissions reach mailboxes, by their application ID.
//
// https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
const (
	GraphAPI    = "00000003-0000-0000-c000-000000000000"
	ExchangeAPI = "00000002-0000-0ff1-ce00-000000000000"
)

// Permission is an application permission: a resource and one of its app roles. Two
// APIs have permissions of the same name, so the name alone says nothing.
type Permission struct {
	// Resource is the API's application ID, Role the app role's ID; an empty role is
	// looked up by its name.
	Resource string `json:"resource"`
	Role     string `json:"role"`
	Name     string `json:"name"`
}

// GraphPermission is Microsoft Graph's permission of a name.
func GraphPermission(name string) Permission { return Permission{Resource: GraphAPI, Name: name} }

// Same says whether two permissions are one.
func (p Permission) Same(q Permission) bool {
	if !strings.EqualFold(p.Resource, q.Resource) {
		return false
	}
	if p.Role != "" && q.Role != "" {
		return strings.EqualFold(p.Role, q.Role)
	}
	return p.Name == q.Name
}

// Label is how a permission is written for people: Graph's by its name alone.
func (p Permission) Label() string {
	switch p.Resource {
	case GraphAPI:
		return p.Name
	case ExchangeAPI:
		return p.Name + " of Office 365 Exchange Online"
	}
	return p.Name + " of " + p.Resource
}

// OfGraph says whether the permission is Microsoft Graph's.
func (p Permission) OfGraph() bool { return strings.EqualFold(p.Resource, GraphAPI) }

// mailboxWords begin the names of permissions that reach what is in mailboxes.
var mailboxWords = []string{
	"Calendars.", "Contacts.", "Mail.", "MailboxSettings.", "MailboxFolder.", "MailboxItem.", "EWS.", "full_access_as_app",
}

// ReachesMailboxes says whether the permission lets an application into calendars,
// mail, contacts or mailbox settings.
//
// https://learn.microsoft.com/graph/permissions-reference
func (p Permission) ReachesMailboxes() bool {
	for _, word := range mailboxWords {
		if strings.HasPrefix(p.Name, word) {
			return true
		}
	}
	return false
}
