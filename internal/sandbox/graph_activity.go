package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// updatePrincipal switches sign-in to an application on or off:
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (s *Server) updatePrincipal(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	var body map[string]bool
	enabled, ok := false, false
	if json.NewDecoder(g.r.Body).Decode(&body) == nil {
		enabled, ok = body["accountEnabled"]
	}
	if !ok || len(body) != 1 {
		s.badQuery(g, "The sandbox changes accountEnabled only.")
		return
	}
	sp.disabled = !enabled
	g.rec.header.Del("Content-Type")
	g.rec.status = http.StatusNoContent
}

// getApplication shows the registration that zo365 signs in with; all others are
// registered elsewhere: https://learn.microsoft.com/graph/api/application-get
func (s *Server) getApplication(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if !strings.EqualFold(g.path[1], "appId="+ownAppID) {
		s.notFound(g, strings.TrimPrefix(g.path[1], "appId="))
		return
	}
	item := entity{
		"id": s.world.registrationID, "appId": ownAppID, "displayName": "zo365", "keyCredentials": []any{},
		"passwordCredentials": []any{map[string]any{
			"customKeyIdentifier": nil, "displayName": "pipeline", "endDateTime": stamp(s.world.secretEnds), "hint": "zo3", "keyId": s.world.registrationID,
			"secretText": nil, "startDateTime": stamp(s.world.secretEnds.AddDate(-1, 0, 0)),
		}},
	}
	s.one(g, collection{context: "applications", kind: "microsoft.graph.application", items: []entity{item}, known: []string{"id", "appId", "displayName", "passwordCredentials", "keyCredentials"}})
}

// signInActivities is a report of the larger licences:
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
func (s *Server) signInActivities(g *graphCall) {
	if !s.allowed(g, "AuditLog.Read.All") {
		return
	}
	if s.world.scenario.Tenant.Licence == "free" {
		s.graphError(g.rec, g.r, http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
		return
	}
	var items []entity
	if ago := s.world.scenario.Tenant.ZoomApp.LastSignIn; ago > 0 && s.world.app(zoomAppID) != nil {
		last := map[string]any{"lastSignInDateTime": stamp(s.world.now().Add(-ago)), "lastSignInRequestId": s.world.registrationID}
		items = append(items, entity{"id": "em9vbQ", "appId": zoomAppID, "applicationAuthenticationClientSignInActivity": last, "lastSignInActivity": last})
	}
	s.list(g, collection{
		context: "reports/servicePrincipalSignInActivities", kind: "microsoft.graph.servicePrincipalSignInActivity", items: items, page: 100, most: 999,
		known: []string{"id", "appId", "applicationAuthenticationClientSignInActivity", "lastSignInActivity"},
	})
}

// The roles of RBAC for Applications: assignments name their role and their scope
// by ID. No recorded answer is known; this rests on the documentation.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (s *Server) exchangeAssignments(g *graphCall) {
	var items []entity
	if sp := s.world.app(zoomAppID); sp != nil {
		for i, r := range s.world.scenario.Tenant.ZoomApp.ExchangeRoles {
			item := entity{
				"id": "assignment-" + strconv.Itoa(i), "principalId": "/ServicePrincipals/" + sp.ID, "roleDefinitionId": "role-" + strconv.Itoa(i),
				"directoryScopeId": "/", "appScopeId": nil,
			}
			if r.Scope != "" {
				item["directoryScopeId"], item["appScopeId"] = nil, "scope-"+strconv.Itoa(i)
			}
			items = append(items, item)
		}
	}
	s.exchange(g, "roleAssignments", items)
}

func (s *Server) exchangeDefinitions(g *graphCall) {
	var items []entity
	for i, r := range s.world.scenario.Tenant.ZoomApp.ExchangeRoles {
		items = append(items, entity{"id": "role-" + strconv.Itoa(i), "displayName": r.Role})
	}
	s.exchange(g, "roleDefinitions", items)
}

func (s *Server) exchangeScopes(g *graphCall) {
	var items []entity
	for i, r := range s.world.scenario.Tenant.ZoomApp.ExchangeRoles {
		if r.Scope != "" {
			items = append(items, entity{"id": "scope-" + strconv.Itoa(i), "displayName": r.Scope})
		}
	}
	s.exchange(g, "customAppScopes", items)
}

func (s *Server) exchange(g *graphCall, name string, items []entity) {
	if s.allowed(g, "RoleManagement.Read.Exchange") {
		s.list(g, collection{context: "roleManagement/exchange/" + name, kind: "microsoft.graph.unifiedRoleAssignment", items: items, known: []string{"id", "displayName", "principalId", "roleDefinitionId", "directoryScopeId", "appScopeId"}, page: 100, most: 999})
	}
}

// daysLeft are those of the pipeline's client secret.
func (w *world) daysLeft() int { return int(w.secretEnds.Sub(w.now()) / (24 * time.Hour)) }
