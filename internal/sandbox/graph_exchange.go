package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// exchangeAssignment is a role of RBAC for Applications that an application holds; an
// empty scope is every mailbox.
type exchangeAssignment struct{ id, principal, role, scope string }

// exchangeRoleNames are Exchange's built-in application roles. Their IDs here are made
// up: they differ between tenants, and are read, never written into a program.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
var exchangeRoleNames = []string{
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

func exchangeRoleID(name string) string {
	return fmt.Sprintf("7a6f3336-e000-4000-8000-%012d", slices.Index(exchangeRoleNames, name)+1)
}

// addExchangeRoles gives Zoom's application the roles of the scenario.
func (w *world) addExchangeRoles() {
	sp := w.app(zoomAppID)
	if sp == nil {
		return
	}
	for _, r := range w.scenario.Tenant.ZoomApp.ExchangeRoles {
		w.assignments = append(w.assignments, exchangeAssignment{w.guid(), sp.ID, r.Role, r.Scope})
	}
}

func (a exchangeAssignment) entity() entity {
	item := entity{
		"id":               a.id,
		"principalId":      "/ServicePrincipals/" + a.principal,
		"roleDefinitionId": exchangeRoleID(a.role),
		"directoryScopeId": "/",
		"appScopeId":       nil,
	}
	switch {
	case strings.HasPrefix(a.scope, "/"):
		item["directoryScopeId"] = a.scope
	case a.scope != "":
		item["directoryScopeId"], item["appScopeId"] = nil, scopeID(a.scope)
	}
	return item
}

func scopeID(name string) string { return "scope " + name }

// exchangeAssignments: assignments name their role and their scope by ID. No recorded
// answer is known; this rests on the documentation.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (s *Server) exchangeAssignments(g *graphCall) {
	var items []entity
	for _, a := range s.world.assignments {
		items = append(items, a.entity())
	}
	s.exchange(g, "roleAssignments", items)
}

// assignExchangeRole takes exactly one of the two scopes.
//
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignments
func (s *Server) assignExchangeRole(g *graphCall) {
	if !s.allowed(g, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	var body struct {
		PrincipalID      string  `json:"principalId"`
		RoleDefinitionID string  `json:"roleDefinitionId"`
		DirectoryScopeID *string `json:"directoryScopeId"`
		AppScopeID       *string `json:"appScopeId"`
	}
	if json.NewDecoder(g.r.Body).Decode(&body) != nil {
		s.badQuery(g, "The body is not valid JSON.")
		return
	}
	sp := s.world.principal(strings.TrimPrefix(body.PrincipalID, "/ServicePrincipals/"))
	role := ""
	for _, name := range exchangeRoleNames {
		if exchangeRoleID(name) == body.RoleDefinitionID {
			role = name
		}
	}
	scope, ok := s.exchangeScope(body.DirectoryScopeID, body.AppScopeID)
	if sp == nil || role == "" || !ok {
		s.badQuery(g, "The principal, the role definition or the scope was not found, or there are two scopes.")
		return
	}
	a := exchangeAssignment{s.world.guid(), sp.ID, role, scope}
	s.world.assignments = append(s.world.assignments, a)
	created := map[string]any(a.entity())
	created["@odata.context"] = s.contextOf(g, "roleManagement/exchange/roleAssignments") + "/$entity"
	g.rec.json(http.StatusCreated, created)
}

// exchangeScope reads the two scopes of an assignment.
func (s *Server) exchangeScope(directory, custom *string) (scope string, ok bool) {
	switch {
	case (directory == nil || *directory == "") == (custom == nil || *custom == ""):
		return "", false
	case directory != nil && *directory == "/":
		return "", true
	case directory != nil && *directory != "":
		return *directory, true
	}
	for _, name := range s.world.exchangeScopes() {
		if scopeID(name) == *custom {
			return name, true
		}
	}
	return "", false
}

// removeExchangeRole: https://learn.microsoft.com/graph/api/unifiedroleassignment-delete
func (s *Server) removeExchangeRole(g *graphCall) {
	if !s.allowed(g, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	before := len(s.world.assignments)
	s.world.assignments = slices.DeleteFunc(
		s.world.assignments,
		func(a exchangeAssignment) bool { return a.id == g.path[3] },
	)
	if len(s.world.assignments) == before {
		s.notFound(g, g.path[3])
		return
	}
	g.rec.header.Del("Content-Type")
	g.rec.status = http.StatusNoContent
}

func (s *Server) exchangeDefinitions(g *graphCall) {
	var items []entity
	for _, name := range exchangeRoleNames {
		items = append(items, entity{"id": exchangeRoleID(name), "displayName": name})
	}
	s.exchange(g, "roleDefinitions", items)
}

// exchangeScopes are the custom scopes of the world, by name.
func (w *world) exchangeScopes() []string {
	var names []string
	for _, r := range w.scenario.Tenant.ZoomApp.ExchangeRoles {
		if r.Scope != "" && !slices.Contains(names, r.Scope) {
			names = append(names, r.Scope)
		}
	}
	return names
}

func (s *Server) exchangeScopes(g *graphCall) {
	var items []entity
	for _, name := range s.world.exchangeScopes() {
		items = append(items, entity{"id": scopeID(name), "displayName": name})
	}
	s.exchange(g, "customAppScopes", items)
}

func (s *Server) exchange(g *graphCall, name string, items []entity) {
	if !s.allowed(g, "RoleManagement.Read.Exchange", "RoleManagement.ReadWrite.Exchange") {
		return
	}
	s.list(g, collection{
		context: "roleManagement/exchange/" + name,
		kind:    "microsoft.graph.unifiedRoleAssignment",
		items:   items,
		known:   []string{"id", "displayName", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"},
		page:    100,
		most:    999,
	})
}
