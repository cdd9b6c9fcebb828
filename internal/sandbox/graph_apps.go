package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

var principalProperties = []string{
	"id",
	"deletedDateTime",
	"accountEnabled",
	"appDisplayName",
	"appId",
	"appOwnerOrganizationId",
	"appRoleAssignmentRequired",
	"displayName",
	"servicePrincipalNames",
	"servicePrincipalType",
	"signInAudience",
	"tags",
	"appRoles",
	"oauth2PermissionScopes",
	"verifiedPublisher",
}

func (s *Server) principalEntity(sp *servicePrincipal) entity {
	roles, scopes := []any{}, []any{}
	if all := appRolesOf(sp.AppID); all != nil {
		for _, p := range all {
			if p.role != "" {
				roles = append(
					roles,
					map[string]any{
						"allowedMemberTypes": []any{"Application"},
						"description":        p.name,
						"displayName":        p.name,
						"id":                 p.role,
						"isEnabled":          true,
						"origin":             "Application",
						"value":              p.name,
					},
				)
			}
			if p.scope != "" {
				scopes = append(
					scopes,
					map[string]any{
						"adminConsentDescription": p.name,
						"adminConsentDisplayName": p.name,
						"id":                      p.scope,
						"isEnabled":               true,
						"type":                    "Admin",
						"userConsentDescription":  nil,
						"userConsentDisplayName":  nil,
						"value":                   p.name,
					},
				)
			}
		}
	}
	publisher := map[string]any{"displayName": nil, "verifiedPublisherId": nil, "addedDateTime": nil}
	if sp.Publisher != "" {
		publisher = map[string]any{
			"displayName":         sp.Publisher,
			"verifiedPublisherId": "5211126",
			"addedDateTime":       "2021-06-01T00:00:00Z",
		}
	}
	assignments := []any{}
	for _, a := range s.assignments(sp) {
		assignments = append(assignments, map[string]any(a))
	}
	return entity{
		"id":                        sp.ID,
		"deletedDateTime":           nil,
		"accountEnabled":            !sp.disabled,
		"appDisplayName":            sp.Name,
		"appId":                     sp.AppID,
		"appOwnerOrganizationId":    s.world.tenantID,
		"appRoleAssignmentRequired": false,
		"displayName":               sp.Name,
		"servicePrincipalNames":     []any{sp.AppID},
		"servicePrincipalType":      "Application",
		"signInAudience":            "AzureADMultipleOrgs",
		"tags":                      []any{"WindowsAzureActiveDirectoryIntegratedApp"},
		"appRoles":                  roles,
		"oauth2PermissionScopes":    scopes,
		"verifiedPublisher":         publisher,
		"appRoleAssignments":        assignments,
	}
}

var applicationReaders = []string{"Application.Read.All", "Directory.Read.All", "Application.ReadWrite.All"}

// listPrincipals: https://learn.microsoft.com/graph/api/serviceprincipal-list
func (s *Server) listPrincipals(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if e := g.query.Get("$expand"); e != "" && e != "appRoleAssignments" {
		s.badQuery(g, "The sandbox expands appRoleAssignments only.")
		return
	}
	var items []entity
	for _, sp := range s.world.apps {
		if s.world.visible(sp.created) {
			items = append(items, s.principalEntity(sp))
		}
	}
	c := collection{
		context: "servicePrincipals",
		kind:    "microsoft.graph.servicePrincipal",
		items:   items,
		known:   principalProperties,
		page:    100,
		most:    999,
	}
	if g.query.Get("$expand") != "" {
		c.defaults = append([]string{"appRoleAssignments"}, principalProperties...)
	}
	s.list(g, c)
}

// findPrincipal takes an object ID or the alternate key appId.
func (s *Server) findPrincipal(g *graphCall) *servicePrincipal {
	key := g.path[1]
	sp := s.world.principal(key)
	if appID, ok := strings.CutPrefix(key, "appId="); ok {
		sp = s.world.app(appID)
	}
	if sp == nil || !s.world.visible(sp.created) {
		s.notFound(g, strings.TrimPrefix(key, "appId="))
		return nil
	}
	return sp
}

// getPrincipal: https://learn.microsoft.com/graph/api/serviceprincipal-get
func (s *Server) getPrincipal(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if sp := s.findPrincipal(g); sp != nil {
		s.one(
			g,
			collection{
				context: "servicePrincipals",
				kind:    "microsoft.graph.servicePrincipal",
				items:   []entity{s.principalEntity(sp)},
				known:   principalProperties,
			},
		)
	}
}

// createPrincipal brings a multi-tenant application into the tenant; it grants
// nothing: https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals
func (s *Server) createPrincipal(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	var body struct {
		AppID string `json:"appId"`
	}
	switch {
	case json.NewDecoder(g.r.Body).Decode(&body) != nil || body.AppID == "":
		s.badQuery(g, "The property 'appId' is required.")
	case s.world.app(body.AppID) != nil:
		s.graphError(
			g.rec,
			g.r,
			http.StatusConflict,
			"Request_MultipleObjectsWithSameKeyValue",
			"The service principal cannot be created because the service principal name "+body.AppID+" is already in use.",
		)
	case s.world.registered(body.AppID):
		sp := &servicePrincipal{
			ID:      s.world.guid(),
			AppID:   body.AppID,
			Name:    s.world.names[body.AppID],
			created: s.world.now(),
		}
		s.world.apps = append(s.world.apps, sp)
		created := s.principalEntity(sp).only(principalProperties)
		created["@odata.context"] = s.contextOf(g, "servicePrincipals") + "/$entity"
		g.rec.json(http.StatusCreated, created)
	case !strings.EqualFold(body.AppID, zoomAppID):
		s.badQuery(g, "The appId '"+body.AppID+"' of the service principal does not reference a valid application object.")
	default:
		sp := s.world.instantiate()
		g.rec.header.Set("Location", s.Origin+"/v1.0/servicePrincipals/"+sp.ID)
		created := s.principalEntity(sp).only(principalProperties)
		created["@odata.context"] = s.contextOf(g, "servicePrincipals") + "/$entity"
		g.rec.json(http.StatusCreated, created)
	}
}

// assignments are what an application holds, as far as readers see it. Created
// times have seven decimals, as in the documented example.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments
func (s *Server) assignments(sp *servicePrincipal) []entity {
	items := []entity{}
	for _, one := range sp.grants {
		if s.world.visible(one.created) && !s.world.gone(one.deleted) {
			items = append(items, assignmentEntity(sp, s.world.app(one.resource), one))
		}
	}
	return items
}

func assignmentEntity(sp, resource *servicePrincipal, one grant) entity {
	return entity{
		"id":                   one.ID,
		"deletedDateTime":      nil,
		"appRoleId":            one.permission.role,
		"createdDateTime":      one.created.UTC().Format("2006-01-02T15:04:05.0000000Z"),
		"principalDisplayName": sp.Name,
		"principalId":          sp.ID,
		"principalType":        "ServicePrincipal",
		"resourceDisplayName":  resource.Name,
		"resourceId":           resource.ID,
	}
}

var assignmentProperties = []string{
	"id",
	"deletedDateTime",
	"appRoleId",
	"createdDateTime",
	"principalDisplayName",
	"principalId",
	"principalType",
	"resourceDisplayName",
	"resourceId",
}

func (s *Server) listAssignments(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if sp := s.findPrincipal(g); sp != nil {
		s.list(
			g,
			collection{
				context: "appRoleAssignments",
				kind:    "microsoft.graph.appRoleAssignment",
				items:   s.assignments(sp),
				known:   assignmentProperties,
				page:    100,
				most:    999,
			},
		)
	}
}

// listAssignedTo lists who holds roles on an API:
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto
func (s *Server) listAssignedTo(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	var items []entity
	for _, other := range s.world.apps {
		if !s.world.visible(other.created) {
			continue
		}
		for _, one := range s.assignments(other) {
			if one["resourceId"] == sp.ID {
				items = append(items, one)
			}
		}
	}
	s.list(
		g,
		collection{
			context: "appRoleAssignments",
			kind:    "microsoft.graph.appRoleAssignment",
			items:   items,
			known:   assignmentProperties,
			page:    100,
			most:    999,
		},
	)
}

// createAssignment grants an application permission:
// https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignments
func (s *Server) createAssignment(g *graphCall) {
	if !s.allowed(g, "AppRoleAssignment.ReadWrite.All") {
		return
	}
	if u := g.token.user; u != nil && !mayConsent(u.Roles) {
		s.denied(g.rec, g.r)
		return
	}
	var body struct{ PrincipalID, ResourceID, AppRoleID string }
	if json.NewDecoder(g.r.Body).Decode(&body) != nil {
		s.badQuery(g, "The body is not valid JSON.")
		return
	}
	sp, resource := s.world.principal(body.PrincipalID), s.world.principal(body.ResourceID)
	name := ""
	if resource != nil {
		for _, p := range appRolesOf(resource.AppID) {
			if p.role != "" && strings.EqualFold(p.role, body.AppRoleID) {
				name = grant{resource: resource.AppID, permission: p}.written()
			}
		}
	}
	if sp == nil || resource == nil || name == "" {
		s.badQuery(g, "Permission being assigned was not found on application.")
		return
	}
	one, added := s.world.grant(sp, name)
	if !added {
		s.badQuery(g, "Permission being assigned already exists on the object.")
		return
	}
	created := assignmentEntity(sp, resource, one).only(assignmentProperties)
	created["@odata.context"] = s.contextOf(g, "appRoleAssignments") + "/$entity"
	g.rec.json(http.StatusCreated, created)
}

// deleteAssignment: https://learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignments
func (s *Server) deleteAssignment(g *graphCall) {
	if !s.allowed(g, "AppRoleAssignment.ReadWrite.All") {
		return
	}
	if u := g.token.user; u != nil && !mayConsent(u.Roles) {
		s.denied(g.rec, g.r)
		return
	}
	for _, sp := range s.world.apps {
		for i, one := range sp.grants {
			if one.ID == g.path[3] && one.deleted.IsZero() {
				sp.grants[i].deleted = s.world.now()
				g.rec.header.Del("Content-Type")
				g.rec.status = http.StatusNoContent
				return
			}
		}
	}
	s.notFound(g, g.path[3])
}

var auditProperties = []string{
	"id",
	"category",
	"correlationId",
	"result",
	"resultReason",
	"activityDisplayName",
	"activityDateTime",
	"loggedByService",
	"operationType",
	"initiatedBy",
	"targetResources",
	"additionalDetails",
}

// directoryAudits needs both permissions of its page:
// https://learn.microsoft.com/graph/api/directoryaudit-list
func (s *Server) directoryAudits(g *graphCall) {
	if !s.allowed(g, "AuditLog.Read.All") || !s.allowed(g, "Directory.Read.All") {
		return
	}
	var items []entity
	for i := len(s.world.audit) - 1; i >= 0; i-- { // newest first
		a := s.world.audit[i]
		if s.world.visible(a.at) {
			items = append(items, auditEntity(a))
		}
	}
	s.list(
		g,
		collection{
			context: "auditLogs/directoryAudits",
			kind:    "microsoft.graph.directoryAudit",
			items:   items,
			known:   auditProperties,
			page:    100,
			most:    999,
		},
	)
}

func auditEntity(a auditEvent) entity {
	result := "success"
	if !a.ok {
		result = "failure"
	}
	target := map[string]any{
		"id":                nil,
		"displayName":       a.appName,
		"type":              "ServicePrincipal",
		"userPrincipalName": nil,
		"groupType":         nil,
		"modifiedProperties": []any{
			map[string]any{"displayName": "ConsentContext.IsAdminConsent", "oldValue": nil, "newValue": "\"True\""},
		},
	}
	if a.target != nil {
		target["id"] = a.target.ID
	}
	return entity{
		"id":                  "Directory_" + a.ID,
		"category":            "ApplicationManagement",
		"correlationId":       a.ID,
		"result":              result,
		"resultReason":        a.reason,
		"activityDisplayName": "Consent to application",
		"activityDateTime":    a.at.UTC().Format(time.RFC3339Nano),
		"loggedByService":     "Core Directory",
		"operationType":       "Assign",
		"initiatedBy": map[string]any{
			"app":  nil,
			"user": map[string]any{"id": a.by.ID, "displayName": nil, "userPrincipalName": a.by.UPN, "ipAddress": "127.0.0.1"},
		},
		"targetResources":   []any{target},
		"additionalDetails": []any{},
	}
}

// createApplication makes an app registration. Scopes must be ones that Graph
// has: https://learn.microsoft.com/graph/api/application-post-applications
func (s *Server) createApplication(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	var body struct {
		DisplayName            string `json:"displayName"`
		SignInAudience         string `json:"signInAudience"`
		IsFallbackPublicClient bool   `json:"isFallbackPublicClient"`
		PublicClient           struct {
			RedirectURIs []string `json:"redirectUris"`
		} `json:"publicClient"`
		RequiredResourceAccess []struct {
			ResourceAppID  string           `json:"resourceAppId"`
			ResourceAccess []map[string]any `json:"resourceAccess"`
		} `json:"requiredResourceAccess"`
	}
	if json.NewDecoder(g.r.Body).Decode(&body) != nil || body.DisplayName == "" {
		s.badQuery(g, "The property 'displayName' is required.")
		return
	}
	appID := s.world.guid()
	s.world.registrations = append(s.world.registrations, appID)
	s.world.names[appID] = body.DisplayName
	access := []any{}
	for _, r := range body.RequiredResourceAccess {
		access = append(access, map[string]any{"resourceAppId": r.ResourceAppID, "resourceAccess": r.ResourceAccess})
	}
	g.rec.json(http.StatusCreated, map[string]any{
		"@odata.context": s.contextOf(
			g,
			"applications",
		) + "/$entity",
		"id":          s.world.guid(),
		"appId":       appID,
		"displayName": body.DisplayName,
		"createdDateTime": stamp(
			s.world.now(),
		),
		"signInAudience":         body.SignInAudience,
		"isFallbackPublicClient": body.IsFallbackPublicClient,
		"publicClient":           map[string]any{"redirectUris": body.PublicClient.RedirectURIs},
		"requiredResourceAccess": access,
	})
}

// revokeSessions ends every sign-in of the person:
// https://learn.microsoft.com/graph/api/user-revokesigninsessions
func (s *Server) revokeSessions(g *graphCall) {
	if !s.signedIn(g) || !s.allowed(g, "User.RevokeSessions.All") {
		return
	}
	for token, i := range s.entra.refreshes {
		if i.user == g.token.user {
			delete(s.entra.refreshes, token)
		}
	}
	g.rec.json(http.StatusOK, map[string]any{"@odata.context": s.contextOf(g, "Edm.Boolean"), "value": true})
}
