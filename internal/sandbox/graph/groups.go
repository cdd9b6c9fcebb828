package graph

import (
	"net/http"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

var (
	groupReaders = []string{"GroupMember.Read.All", "Directory.Read.All"}
	unitReaders  = []string{"AdministrativeUnit.Read.All", "Directory.Read.All"}
)

// listGroups: https://learn.microsoft.com/graph/api/group-list
func (s *Service) listGroups(g *graphCall) {
	if s.allowed(g, groupReaders...) {
		s.listGroupsOf(g, "groups", s.World.Groups)
	}
}

// listUnits: https://learn.microsoft.com/graph/api/directory-list-administrativeunits
func (s *Service) listUnits(g *graphCall) {
	if s.allowed(g, unitReaders...) {
		s.listGroupsOf(g, "directory/administrativeUnits", s.World.Units)
	}
}

func (s *Service) listGroupsOf(g *graphCall, context string, all []*world.DirectoryGroup) {
	var items []world.Entity
	for _, one := range all {
		items = append(items, groupEntity(one))
	}
	s.list(g, collection{
		context: context,
		kind:    "microsoft.graph.group",
		items:   items,
		known:   []string{"id", "displayName"},
		page:    100,
		most:    999,
	})
}

func groupEntity(one *world.DirectoryGroup) world.Entity {
	return world.Entity{"id": one.ID, "displayName": one.Name}
}

// getGroup: https://learn.microsoft.com/graph/api/group-get
func (s *Service) getGroup(g *graphCall) {
	if s.allowed(g, groupReaders...) {
		s.oneGroup(g, "groups", s.World.DirectoryGroup(g.path[1]), g.path[1])
	}
}

// getUnit: https://learn.microsoft.com/graph/api/administrativeunit-get
func (s *Service) getUnit(g *graphCall) {
	if s.allowed(g, unitReaders...) {
		s.oneGroup(g, "directory/administrativeUnits", s.World.Unit(g.path[2]), g.path[2])
	}
}

func (s *Service) oneGroup(g *graphCall, context string, one *world.DirectoryGroup, key string) {
	if one == nil || !strings.EqualFold(one.ID, key) {
		s.notFound(g, key)
		return
	}
	s.one(g, collection{
		context: context,
		kind:    "microsoft.graph.group",
		items:   []world.Entity{groupEntity(one)},
		known:   []string{"id", "displayName"},
	})
}

// groupMembers are the direct members, of all kinds:
// https://learn.microsoft.com/graph/api/group-list-members
func (s *Service) groupMembers(g *graphCall) {
	if s.allowed(g, groupReaders...) {
		s.members(g, s.World.DirectoryGroup(g.path[1]), g.path[1])
	}
}

// unitMembers: https://learn.microsoft.com/graph/api/administrativeunit-list-members
func (s *Service) unitMembers(g *graphCall) {
	if s.allowed(g, unitReaders...) {
		s.members(g, s.World.Unit(g.path[2]), g.path[2])
	}
}

func (s *Service) members(g *graphCall, of *world.DirectoryGroup, key string) {
	if of == nil || !strings.EqualFold(of.ID, key) {
		s.notFound(g, key)
		return
	}
	var items []world.Entity
	for _, u := range of.Members {
		if u.DeletedAt.IsZero() {
			e := userEntity(u)
			e["@odata.type"] = "#microsoft.graph.user"
			items = append(items, e)
		}
	}
	for _, inner := range of.Nested {
		e := groupEntity(inner)
		e["@odata.type"] = "#microsoft.graph.group"
		items = append(items, e)
	}
	s.list(g, collection{
		context:  "directoryObjects",
		kind:     "microsoft.graph.directoryObject",
		items:    items,
		known:    append([]string{"@odata.type"}, userProperties...),
		defaults: append([]string{"@odata.type"}, userDefaults...),
		page:     100,
		most:     999,
	})
}

// delegated are the delegated grants of an application:
// https://learn.microsoft.com/graph/api/serviceprincipal-list-oauth2permissiongrants
func (s *Service) delegated(g *graphCall) {
	if !s.allowed(g, "Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All") {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	s.delegations(g, sp.ID)
}

// everyDelegated: https://learn.microsoft.com/graph/api/oauth2permissiongrant-list
func (s *Service) everyDelegated(g *graphCall) {
	if s.allowed(g, "Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All") {
		s.delegations(g, "")
	}
}

// delegations are those of one service principal, or all.
func (s *Service) delegations(g *graphCall, client string) {
	var items []world.Entity
	for _, d := range s.World.Delegations {
		if client != "" && d.Client != client {
			continue
		}
		e := world.Entity{
			"id":          d.ID,
			"clientId":    d.Client,
			"consentType": "AllPrincipals",
			"principalId": nil,
			"resourceId":  d.Resource,
			"scope":       d.Scope,
		}
		if d.Person != nil {
			e["consentType"], e["principalId"] = "Principal", d.Person.ID
		}
		items = append(items, e)
	}
	s.list(g, collection{
		context: "oauth2PermissionGrants",
		kind:    "microsoft.graph.oAuth2PermissionGrant",
		items:   items,
		known:   []string{"id", "clientId", "consentType", "principalId", "resourceId", "scope"},
		page:    100,
		most:    999,
	})
}

// removeDelegated: https://learn.microsoft.com/graph/api/oauth2permissiongrant-delete
func (s *Service) removeDelegated(g *graphCall) {
	if !s.allowed(g, "DelegatedPermissionGrant.ReadWrite.All") {
		return
	}
	for i, d := range s.World.Delegations {
		if d.ID == g.path[1] {
			s.World.Delegations = append(s.World.Delegations[:i:i], s.World.Delegations[i+1:]...)
			s.gone(g)
			return
		}
	}
	s.notFound(g, g.path[1])
}

// rooms: https://learn.microsoft.com/graph/api/place-list
func (s *Service) rooms(g *graphCall) {
	if !s.Cloud.SignInReport { // the page has the global cloud only
		s.notHere(g)
		return
	}
	if !s.allowed(g, "Place.Read.All") {
		return
	}
	var items []world.Entity
	for _, u := range s.World.Users {
		if u.Room && u.DeletedAt.IsZero() {
			items = append(items, world.Entity{"id": u.ID, "displayName": u.Name, "emailAddress": u.Mail})
		}
	}
	s.list(g, collection{
		context: "places/microsoft.graph.room",
		kind:    "microsoft.graph.room",
		items:   items,
		known:   []string{"id", "displayName", "emailAddress"},
		page:    100,
		most:    999,
	})
}

// deletePrincipal takes an application out of the tenant, with its grants:
// https://learn.microsoft.com/graph/api/serviceprincipal-delete
func (s *Service) deletePrincipal(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	for i, one := range s.World.Apps {
		if one == sp {
			s.World.Apps = append(s.World.Apps[:i:i], s.World.Apps[i+1:]...)
			break
		}
	}
	left := s.World.Delegations[:0:0]
	for _, d := range s.World.Delegations {
		if d.Client != sp.ID {
			left = append(left, d)
		}
	}
	s.World.Delegations = left
	g.rec.Head.Del("Content-Type")
	g.rec.Status = http.StatusNoContent
}
