package graph

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// exchangeAssignments: assignments name their role and their scope by ID. No recorded
// answer is known; this rests on the documentation.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (s *Service) exchangeAssignments(g *graphCall) {
	var items []world.Entity
	for _, a := range s.World.Assignments {
		items = append(items, a.Entity())
	}
	s.exchange(g, "roleAssignments", items)
}

// assignExchangeRole takes exactly one of the two scopes.
//
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignments
func (s *Service) assignExchangeRole(g *graphCall) {
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
	sp := s.World.Principal(strings.TrimPrefix(body.PrincipalID, "/ServicePrincipals/"))
	role := ""
	for _, name := range world.ExchangeRoleNames {
		if world.ExchangeRoleID(name) == body.RoleDefinitionID {
			role = name
		}
	}
	scope, ok := s.exchangeScope(body.DirectoryScopeID, body.AppScopeID)
	if sp == nil || role == "" || !ok {
		s.badQuery(g, "The principal, the role definition or the scope was not found, or there are two scopes.")
		return
	}
	a := world.ExchangeAssignment{
		ID:        s.World.GUID(),
		Principal: sp.ID,
		Role:      role,
		Scope:     scope,
	}
	s.World.Assignments = append(s.World.Assignments, a)
	created := map[string]any(a.Entity())
	created["@odata.context"] = s.contextOf(g, "roleManagement/exchange/roleAssignments") + "/$entity"
	g.rec.JSON(http.StatusCreated, created)
}

// exchangeScope reads the two scopes of an assignment.
func (s *Service) exchangeScope(directory, custom *string) (scope string, ok bool) {
	switch {
	case (directory == nil || *directory == "") == (custom == nil || *custom == ""):
		return "", false
	case directory != nil && *directory == "/":
		return "", true
	case directory != nil && *directory != "":
		return *directory, true
	}
	for _, name := range s.World.ExchangeScopes() {
		if world.ScopeID(name) == *custom {
			return name, true
		}
	}
	return "", false
}

// removeExchangeRole: https://learn.microsoft.com/graph/api/unifiedroleassignment-delete
func (s *Service) removeExchangeRole(g *graphCall) {
	if !s.allowed(g, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	before := len(s.World.Assignments)
	s.World.Assignments = slices.DeleteFunc(
		s.World.Assignments,
		func(a world.ExchangeAssignment) bool { return a.ID == g.path[3] },
	)
	if len(s.World.Assignments) == before {
		s.notFound(g, g.path[3])
		return
	}
	g.rec.Head.Del("Content-Type")
	g.rec.Status = http.StatusNoContent
}

func (s *Service) exchangeDefinitions(g *graphCall) {
	var items []world.Entity
	for _, name := range world.ExchangeRoleNames {
		items = append(items, world.Entity{"id": world.ExchangeRoleID(name), "displayName": name})
	}
	s.exchange(g, "roleDefinitions", items)
}

func (s *Service) exchangeScopes(g *graphCall) {
	var items []world.Entity
	for _, name := range s.World.ExchangeScopes() {
		items = append(items, world.Entity{"id": world.ScopeID(name), "displayName": name})
	}
	s.exchange(g, "customAppScopes", items)
}

func (s *Service) exchange(g *graphCall, name string, items []world.Entity) {
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
