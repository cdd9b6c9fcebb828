package reach

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// roleGives are Exchange's application roles and the permissions that each gives.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
var roleGives = map[string][]string{
	"Application Mail.Read":                 {"Mail.Read"},
	"Application Mail.ReadBasic":            {"Mail.ReadBasic"},
	"Application Mail.ReadWrite":            {"Mail.ReadWrite"},
	"Application Mail.Send":                 {"Mail.Send"},
	"Application MailboxSettings.Read":      {"MailboxSettings.Read"},
	"Application MailboxSettings.ReadWrite": {"MailboxSettings.ReadWrite"},
	"Application Calendars.Read":            {"Calendars.Read"},
	"Application Calendars.ReadWrite":       {"Calendars.ReadWrite"},
	"Application Contacts.Read":             {"Contacts.Read"},
	"Application Contacts.ReadWrite":        {"Contacts.ReadWrite"},
	"Application Mail Full Access":          {"Mail.ReadWrite", "Mail.Send"},
	"Application Exchange Full Access": {
		"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite",
	},
	"Application EWS.AccessAsApp": {"exchange:" + EWS},
}

// RoleGives are the permissions that a role of Exchange gives; known is false for a role that is
// none of Microsoft's, which may give anything.
func RoleGives(role string) (permissions []string, known bool) {
	permissions, known = roleGives[strings.TrimSpace(role)]
	return slices.Clone(permissions), known
}

// RoleFor is the role of Exchange that gives one permission and nothing else; empty where there
// is none, such as for Calendars.ReadBasic.All.
func RoleFor(permission string) string {
	for role, gives := range roleGives {
		if len(gives) == 1 && gives[0] == permission {
			return role
		}
	}
	return ""
}

// includes names for a permission those that hold all that it allows.
//
// https://learn.microsoft.com/graph/permissions-reference
var includes = map[string][]string{
	"Calendars.ReadBasic.All": {"Calendars.Read", "Calendars.ReadWrite"},
	"Calendars.Read":          {"Calendars.ReadWrite"},
	"Contacts.Read":           {"Contacts.ReadWrite"},
	"Mail.ReadBasic":          {"Mail.Read", "Mail.ReadWrite"},
	"Mail.ReadBasic.All":      {"Mail.Read", "Mail.ReadWrite"},
	"Mail.Read":               {"Mail.ReadWrite"},
	"MailboxSettings.Read":    {"MailboxSettings.ReadWrite"},
}

// Includes says whether one permission allows all that another does.
func Includes(wider, narrower string) bool {
	return wider == narrower || slices.Contains(includes[narrower], wider)
}

// sentences say in plain words what a permission lets an application do.
//
// https://learn.microsoft.com/graph/permissions-reference
var sentences = map[string]string{
	"Application.ReadWrite.All":         "Change any application and its credentials, and with them reach what it reaches.",
	"AppRoleAssignment.ReadWrite.All":   "Give itself or any application every permission, and with it every mailbox.",
	"RoleManagement.ReadWrite.Exchange": "Give itself or any application roles in Exchange, and with them every mailbox.",
	"Calendars.Read":                    "Read all events in calendars.",
	"Calendars.ReadBasic.All":           "Read events without their bodies, attachments and extensions.",
	"Calendars.ReadWrite":               "Read, create, change and delete events in calendars.",
	"Contacts.Read":                     "Read contacts.",
	"Contacts.ReadWrite":                "Read, create, change and delete contacts.",
	"Mail.Read":                         "Read all mail.",
	"Mail.ReadBasic":                    "Read mail without bodies, previews and attachments.",
	"Mail.ReadBasic.All":                "Read mail without bodies, previews and attachments.",
	"Mail.ReadWrite":                    "Read, create, change and delete mail.",
	"Mail.Send":                         "Send mail as anybody.",
	"MailboxSettings.Read":              "Read mailbox settings such as the time zone and working hours.",
	"MailboxSettings.ReadWrite":         "Read and change mailbox settings such as automatic replies.",
	"User.Read":                         "Sign people in and read their own profile.",
	"User.Read.All":                     "Look up everybody in the directory; opens no mailbox.",
	"User.ReadBasic.All":                "Look up everybody's name and address in the directory; opens no mailbox.",
	"Place.Read.All":                    "Read the list of rooms and buildings; opens no mailbox.",
	"offline_access":                    "Keep access while the person is away.",
	"openid":                            "Sign people in.",
	"profile":                           "Read the basic profile of who signs in.",
	"email":                             "Read the email address of who signs in.",
	EWS:                                 "Do everything in mailboxes through Exchange Web Services, which is being switched off.",
	"EWS.AccessAsUser.All":              "Do everything in the signed-in person's mailbox through Exchange Web Services.",
}

// Allows is one plain sentence about what a permission lets an application do, by its bare name.
func Allows(name string) string {
	if text, ok := sentences[name]; ok {
		return text
	}
	return "See Microsoft's permissions reference."
}

// Explained are the permissions that have a sentence, sorted.
func Explained() []string {
	var names []string
	for name := range sentences {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// SameScope says whether two roles are limited alike.
func SameScope(a, b tenant.ExchangeRole) bool {
	if a.Kind == tenant.ScopeFilter && b.Kind == tenant.ScopeFilter {
		return a.Filter == b.Filter && a.Exclusive == b.Exclusive
	}
	return a.Kind == b.Kind && strings.EqualFold(a.ScopeID, b.ScopeID) && (a.Scope == "") == (b.Scope == "")
}
