package graph

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// exchangeReaders and exchangeWriters are roles of Entra of which a person has one beside the
// permission: Exchange decides by its own role groups, which these roles are members of.
//
// https://learn.microsoft.com/exchange/permissions-exo/permissions-exo
var (
	exchangeWriters = []string{"Global Administrator", "Exchange Administrator"}
	exchangeReaders = append([]string{"Global Reader", "Security Reader", "Security Administrator"}, exchangeWriters...)
)

func (s *Service) exchangeAllowed(g *graphCall, roles []string, anyOf ...string) bool {
	if !s.allowed(g, anyOf...) {
		return false
	}
	if u := g.token.User; u != nil &&
		!slices.ContainsFunc(u.Roles, func(r string) bool { return slices.Contains(roles, r) }) {
		s.Denied(g.rec, g.r)
		return false
	}
	return true
}

// exchangeAssignments: assignments name their role and their scope by ID. No recorded
// answer is known; this rests on the documentation.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (s *Service) exchangeAssignments(g *graphCall) {
	var items []world.Entity
	for _, a := range s.World.Held() {
		items = append(items, a.Entity())
	}
	s.exchange(g, "roleAssignments", items)
}

// assignExchangeRole takes exactly one of the two scopes.
//
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignments
func (s *Service) assignExchangeRole(g *graphCall) {
	if !s.exchangeAllowed(g, exchangeWriters, "RoleManagement.ReadWrite.Exchange") {
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
	if sp != nil && s.World.Scenario.Tenant.ExchangePointer && !slices.Contains(s.World.Pointers, sp.ID) {
		s.notFound(g, body.PrincipalID)
		return
	}
	if sp == nil || role == "" || !ok {
		s.badQuery(g, "The principal, the role definition or the scope was not found, or there are two scopes.")
		return
	}
	if slices.ContainsFunc(s.World.Held(), func(a world.ExchangeAssignment) bool {
		return a.Principal == sp.ID && a.Role == role && strings.EqualFold(a.Scope, scope)
	}) {
		// The words are ours: no page shows the refusal of a second assignment.
		s.Error(g.rec, g.r, http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue",
			"A conflicting object with one or more of the specified property values is present in the directory.")
		return
	}
	a := world.ExchangeAssignment{
		ID:        s.World.GUID(),
		Name:      role + "-" + sp.ID,
		Principal: sp.ID,
		Role:      role,
		Scope:     scope,
		CreatedAt: s.World.Now(),
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
		kind, id, _ := strings.Cut(strings.TrimPrefix(*directory, "/"), "/")
		known := strings.EqualFold(kind, "Groups") && s.World.DirectoryGroup(id) != nil ||
			strings.EqualFold(kind, "AdministrativeUnits") && s.World.Unit(id) != nil ||
			strings.EqualFold(kind, "Users") && s.World.Person(id) != nil
		return *directory, known
	}
	return *custom, s.World.Scope(*custom) != nil
}

// removeExchangeRole: https://learn.microsoft.com/graph/api/unifiedroleassignment-delete
func (s *Service) removeExchangeRole(g *graphCall) {
	if !s.exchangeAllowed(g, exchangeWriters, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	for i, a := range s.World.Assignments {
		if a.ID == g.path[3] && a.DeletedAt.IsZero() {
			s.World.Assignments[i].DeletedAt = s.World.Now()
			s.gone(g)
			return
		}
	}
	s.notFound(g, g.path[3])
}

func (s *Service) gone(g *graphCall) {
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

func scopeEntity(one *world.ExchangeScope) world.Entity {
	return world.Entity{
		"id":          one.ID,
		"type":        "RecipientScope",
		"displayName": one.Name,
		"customAttributes": map[string]any{
			"Exclusive":       one.Exclusive,
			"RecipientFilter": one.Filter,
		},
	}
}

// exchangeScopes: https://learn.microsoft.com/graph/api/unifiedrbacapplication-list-customappscopes
func (s *Service) exchangeScopes(g *graphCall) {
	var items []world.Entity
	for _, one := range s.World.Scopes {
		items = append(items, scopeEntity(one))
	}
	s.exchange(g, "customAppScopes", items)
}

// createExchangeScope: https://learn.microsoft.com/graph/api/unifiedrbacapplication-post-customappscope
func (s *Service) createExchangeScope(g *graphCall) {
	if !s.exchangeAllowed(g, exchangeWriters, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	var body struct {
		Type             string `json:"type"`
		DisplayName      string `json:"displayName"`
		CustomAttributes struct {
			Exclusive       bool   `json:"Exclusive"`
			RecipientFilter string `json:"RecipientFilter"`
		} `json:"customAttributes"`
	}
	if json.NewDecoder(g.r.Body).Decode(&body) != nil || body.DisplayName == "" || body.Type != "RecipientScope" ||
		body.CustomAttributes.RecipientFilter == "" {
		s.badQuery(g, "A scope needs a displayName, the type RecipientScope and a RecipientFilter.")
		return
	}
	if slices.ContainsFunc(
		s.World.Scopes,
		func(one *world.ExchangeScope) bool { return strings.EqualFold(one.Name, body.DisplayName) },
	) {
		s.Error(g.rec, g.r, http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue",
			"The scope '"+body.DisplayName+"' is there already.")
		return
	}
	one := &world.ExchangeScope{
		ID:        s.World.GUID(),
		Name:      body.DisplayName,
		Filter:    body.CustomAttributes.RecipientFilter,
		Exclusive: body.CustomAttributes.Exclusive,
	}
	s.World.Scopes = append(s.World.Scopes, one)
	created := map[string]any(scopeEntity(one))
	created["@odata.context"] = s.contextOf(g, "roleManagement/exchange/customAppScopes") + "/$entity"
	g.rec.JSON(http.StatusCreated, created)
}

// removeExchangeScope refuses a scope that an assignment uses, as Remove-ManagementScope does.
//
// https://learn.microsoft.com/graph/api/customappscope-delete
func (s *Service) removeExchangeScope(g *graphCall) {
	if !s.exchangeAllowed(g, exchangeWriters, "RoleManagement.ReadWrite.Exchange") {
		return
	}
	id := g.path[3]
	used := slices.ContainsFunc(s.World.Held(), func(a world.ExchangeAssignment) bool { return a.Scope == id })
	switch {
	case s.World.Scope(id) == nil:
		s.notFound(g, id)
	case used:
		s.badQuery(g, "The scope '"+id+"' is in use by a role assignment.")
	default:
		s.World.Scopes = slices.DeleteFunc(s.World.Scopes, func(one *world.ExchangeScope) bool { return one.ID == id })
		s.gone(g)
	}
}

func (s *Service) exchange(g *graphCall, name string, items []world.Entity) {
	if !s.exchangeAllowed(g, exchangeReaders, "RoleManagement.Read.Exchange", "RoleManagement.ReadWrite.Exchange") {
		return
	}
	s.list(g, collection{
		context: "roleManagement/exchange/" + name,
		kind:    "microsoft.graph.unifiedRoleAssignment",
		items:   items,
		known: []string{
			"id", "displayName", "type", "customAttributes", "principalId", "roleDefinitionId", "directoryScopeId",
			"appScopeId",
		},
		page: 100,
		most: 999,
	})
}
