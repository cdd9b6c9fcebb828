package world

import (
	"fmt"
	"slices"
	"strings"
)

// ExchangeAssignment is a role of RBAC for Applications that an application holds; an
// empty scope is every mailbox.
type ExchangeAssignment struct{ ID, Principal, Role, Scope string }

// ExchangeRoleNames are Exchange's built-in application roles. Their IDs here are made
// up: they differ between tenants, and are read, never written into a program.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
var ExchangeRoleNames = []string{
	"Application Mail.Read",
	"Application Mail.ReadBasic",
	"Application Mail.ReadWrite",
	"Application Mail.Send",
	"Application MailboxSettings.Read",
	"Application MailboxSettings.ReadWrite",
	"Application Calendars.Read",
	"Application Calendars.ReadWrite",
	"Application Contacts.Read",
	"Application Contacts.ReadWrite",
	"Application Mail Full Access",
	"Application Exchange Full Access",
	"Application EWS.AccessAsApp",
}

// ExchangeRoleID is the ID of a role, made of its name.
func ExchangeRoleID(name string) string {
	return fmt.Sprintf("7a6f3336-e000-4000-8000-%012d", slices.Index(ExchangeRoleNames, name)+1)
}

// addExchangeRoles gives Zoom's application the roles of the scenario.
func (w *World) addExchangeRoles() {
	sp := w.App(ZoomAppID)
	if sp == nil {
		return
	}
	for _, r := range w.Scenario.Tenant.ZoomApp.ExchangeRoles {
		w.Assignments = append(w.Assignments, ExchangeAssignment{w.GUID(), sp.ID, r.Role, r.Scope})
	}
}

// Entity is the assignment as Graph shows it.
func (a ExchangeAssignment) Entity() Entity {
	item := Entity{
		"id":               a.ID,
		"principalId":      "/ServicePrincipals/" + a.Principal,
		"roleDefinitionId": ExchangeRoleID(a.Role),
		"directoryScopeId": "/",
		"appScopeId":       nil,
	}
	switch {
	case strings.HasPrefix(a.Scope, "/"):
		item["directoryScopeId"] = a.Scope
	case a.Scope != "":
		item["directoryScopeId"], item["appScopeId"] = nil, ScopeID(a.Scope)
	}
	return item
}

// ScopeID is the ID of a scope, made of its name.
func ScopeID(name string) string { return "scope " + name }

// ExchangeScopes are the custom scopes of the world, by name.
func (w *World) ExchangeScopes() []string {
	var names []string
	for _, r := range w.Scenario.Tenant.ZoomApp.ExchangeRoles {
		if r.Scope != "" && !slices.Contains(names, r.Scope) {
			names = append(names, r.Scope)
		}
	}
	return names
}
