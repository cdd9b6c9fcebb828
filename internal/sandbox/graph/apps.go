package graph

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
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
	"passwordCredentials",
	"keyCredentials",
}

func (s *Service) principalEntity(sp *world.ServicePrincipal) world.Entity {
	roles, scopes := []any{}, []any{}
	if all := world.AppRolesOf(sp.AppID); all != nil {
		for _, p := range all {
			if p.Role != "" {
				roles = append(
					roles,
					map[string]any{
						"allowedMemberTypes": []any{"Application"},
						"description":        p.Name,
						"displayName":        p.Name,
						"id":                 p.Role,
						"isEnabled":          true,
						"origin":             "Application",
						"value":              p.Name,
					},
				)
			}
			if p.Scope != "" {
				scopes = append(
					scopes,
					map[string]any{
						"adminConsentDescription": p.Name,
						"adminConsentDisplayName": p.Name,
						"id":                      p.Scope,
						"isEnabled":               true,
						"type":                    "Admin",
						"userConsentDescription":  nil,
						"userConsentDisplayName":  nil,
						"value":                   p.Name,
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
	secrets := []any{}
	for i, ends := range sp.Secrets {
		secrets = append(secrets, password("secret "+itoa(i+1), "abc", sp.ID, ends))
	}
	assignments := []any{}
	for _, a := range s.assignments(sp) {
		assignments = append(assignments, map[string]any(a))
	}
	return world.Entity{
		"id":                        sp.ID,
		"deletedDateTime":           nil,
		"accountEnabled":            !sp.Disabled,
		"appDisplayName":            sp.Name,
		"appId":                     sp.AppID,
		"appOwnerOrganizationId":    s.World.TenantID,
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
		"passwordCredentials":       secrets,
		"keyCredentials":            []any{},
	}
}

var applicationReaders = []string{"Application.Read.All", "Directory.Read.All", "Application.ReadWrite.All"}

// listPrincipals: https://learn.microsoft.com/graph/api/serviceprincipal-list
func (s *Service) listPrincipals(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if e := g.query.Get("$expand"); e != "" && e != "appRoleAssignments" {
		s.badQuery(g, "The sandbox expands appRoleAssignments only.")
		return
	}
	var items []world.Entity
	for _, sp := range s.World.Apps {
		if s.World.Visible(sp.CreatedAt) {
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
func (s *Service) findPrincipal(g *graphCall) *world.ServicePrincipal {
	key := g.path[1]
	sp := s.World.Principal(key)
	if appID, ok := strings.CutPrefix(key, "appId="); ok {
		sp = s.World.App(appID)
	}
	if sp == nil || !s.World.Visible(sp.CreatedAt) {
		s.notFound(g, strings.TrimPrefix(key, "appId="))
		return nil
	}
	return sp
}

// getPrincipal: https://learn.microsoft.com/graph/api/serviceprincipal-get
func (s *Service) getPrincipal(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if sp := s.findPrincipal(g); sp != nil {
		s.one(
			g,
			collection{
				context: "servicePrincipals",
				kind:    "microsoft.graph.servicePrincipal",
				items:   []world.Entity{s.principalEntity(sp)},
				known:   principalProperties,
			},
		)
	}
}

// createPrincipal brings a multi-tenant application into the tenant; it grants
// nothing: https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals
func (s *Service) createPrincipal(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	var body struct {
		AppID string `json:"appId"`
	}
	switch {
	case json.NewDecoder(g.r.Body).Decode(&body) != nil || body.AppID == "":
		s.badQuery(g, "The property 'appId' is required.")
	case s.World.App(body.AppID) != nil:
		s.Error(
			g.rec,
			g.r,
			http.StatusConflict,
			"Request_MultipleObjectsWithSameKeyValue",
			"The service principal cannot be created because the service principal name "+body.AppID+" is already in use.",
		)
	case s.World.Registered(body.AppID):
		sp := &world.ServicePrincipal{
			ID:        s.World.GUID(),
			AppID:     body.AppID,
			Name:      s.World.Names[body.AppID],
			CreatedAt: s.World.Now(),
		}
		s.World.Apps = append(s.World.Apps, sp)
		created := s.principalEntity(sp).Only(principalProperties)
		created["@odata.context"] = s.contextOf(g, "servicePrincipals") + "/$entity"
		g.rec.JSON(http.StatusCreated, created)
	case !strings.EqualFold(body.AppID, world.ZoomAppID):
		s.badQuery(g, "The appId '"+body.AppID+"' of the service principal does not reference a valid application object.")
	default:
		sp := s.World.Instantiate()
		g.rec.Head.Set("Location", s.Origin+"/v1.0/servicePrincipals/"+sp.ID)
		created := s.principalEntity(sp).Only(principalProperties)
		created["@odata.context"] = s.contextOf(g, "servicePrincipals") + "/$entity"
		g.rec.JSON(http.StatusCreated, created)
	}
}

// assignments are what an application holds, as far as readers see it. Created
// times have seven decimals, as in the documented example.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments
func (s *Service) assignments(sp *world.ServicePrincipal) []world.Entity {
	items := []world.Entity{}
	for _, one := range sp.Grants {
		if s.World.Visible(one.CreatedAt) && !s.World.Gone(one.DeletedAt) {
			items = append(items, assignmentEntity(sp, s.World.App(one.Resource), one))
		}
	}
	return items
}

func assignmentEntity(sp, resource *world.ServicePrincipal, one world.Grant) world.Entity {
	return world.Entity{
		"id":                   one.ID,
		"deletedDateTime":      nil,
		"appRoleId":            one.Permission.Role,
		"createdDateTime":      one.CreatedAt.UTC().Format("2006-01-02T15:04:05.0000000Z"),
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

func (s *Service) listAssignments(g *graphCall) {
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
func (s *Service) listAssignedTo(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	var items []world.Entity
	for _, other := range s.World.Apps {
		if !s.World.Visible(other.CreatedAt) {
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
func (s *Service) createAssignment(g *graphCall) {
	if !s.allowed(g, "AppRoleAssignment.ReadWrite.All") {
		return
	}
	if u := g.token.User; u != nil && !world.MayConsent(u.Roles) {
		s.Denied(g.rec, g.r)
		return
	}
	var body struct{ PrincipalID, ResourceID, AppRoleID string }
	if json.NewDecoder(g.r.Body).Decode(&body) != nil {
		s.badQuery(g, "The body is not valid JSON.")
		return
	}
	sp, resource := s.World.Principal(body.PrincipalID), s.World.Principal(body.ResourceID)
	name := ""
	if resource != nil {
		for _, p := range world.AppRolesOf(resource.AppID) {
			if p.Role != "" && strings.EqualFold(p.Role, body.AppRoleID) {
				name = world.Grant{Resource: resource.AppID, Permission: p}.Written()
			}
		}
	}
	if sp == nil || resource == nil || name == "" {
		s.badQuery(g, "Permission being assigned was not found on application.")
		return
	}
	one, added := s.World.Grant(sp, name)
	if !added {
		s.badQuery(g, "Permission being assigned already exists on the object.")
		return
	}
	created := assignmentEntity(sp, resource, one).Only(assignmentProperties)
	created["@odata.context"] = s.contextOf(g, "appRoleAssignments") + "/$entity"
	g.rec.JSON(http.StatusCreated, created)
}

// deleteAssignment: https://learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignments
func (s *Service) deleteAssignment(g *graphCall) {
	if !s.allowed(g, "AppRoleAssignment.ReadWrite.All") {
		return
	}
	if u := g.token.User; u != nil && !world.MayConsent(u.Roles) {
		s.Denied(g.rec, g.r)
		return
	}
	for _, sp := range s.World.Apps {
		for i, one := range sp.Grants {
			if one.ID == g.path[3] && one.DeletedAt.IsZero() {
				sp.Grants[i].DeletedAt = s.World.Now()
				g.rec.Head.Del("Content-Type")
				g.rec.Status = http.StatusNoContent
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

// auditReaders are roles whose holders may read the audit log: the first four are those that
// the page of the licences names, the others have it among their own permissions.
//
// https://learn.microsoft.com/entra/identity/monitoring-health/overview-monitoring-health
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
var auditReaders = []string{
	"Reports Reader", "Security Reader", "Security Administrator", "Global Reader",
	"Global Administrator", "Application Administrator", "Cloud Application Administrator",
}

// directoryAudits needs both permissions of its page:
// https://learn.microsoft.com/graph/api/directoryaudit-list
func (s *Service) directoryAudits(g *graphCall) {
	if !s.Cloud.DirectoryAudits {
		s.notHere(g)
		return
	}
	if !s.allowed(g, "AuditLog.Read.All") {
		return
	}
	if u := g.token.User; u != nil &&
		!slices.ContainsFunc(u.Roles, func(r string) bool { return slices.Contains(auditReaders, r) }) {
		s.Denied(g.rec, g.r)
		return
	}
	var items []world.Entity
	for i := len(s.World.Audit) - 1; i >= 0; i-- { // newest first
		a := s.World.Audit[i]
		if s.World.Visible(a.At) {
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

func auditEntity(a world.AuditEvent) world.Entity {
	result := "success"
	if !a.OK {
		result = "failure"
	}
	target := map[string]any{
		"id":                nil,
		"displayName":       a.AppName,
		"type":              "ServicePrincipal",
		"userPrincipalName": nil,
		"groupType":         nil,
		"modifiedProperties": []any{
			map[string]any{"displayName": "ConsentContext.IsAdminConsent", "oldValue": nil, "newValue": "\"True\""},
		},
	}
	if a.Target != nil {
		target["id"] = a.Target.ID
	}
	return world.Entity{
		"id":                  "Directory_" + a.ID,
		"category":            "ApplicationManagement",
		"correlationId":       a.ID,
		"result":              result,
		"resultReason":        a.Reason,
		"activityDisplayName": "Consent to application",
		"activityDateTime":    a.At.UTC().Format(time.RFC3339Nano),
		"loggedByService":     "Core Directory",
		"operationType":       "Assign",
		"initiatedBy": map[string]any{
			"app":  nil,
			"user": map[string]any{"id": a.By.ID, "displayName": nil, "userPrincipalName": a.By.UPN, "ipAddress": "127.0.0.1"},
		},
		"targetResources":   []any{target},
		"additionalDetails": []any{},
	}
}

// createApplication makes an app registration. Scopes must be ones that Graph
// has: https://learn.microsoft.com/graph/api/application-post-applications
func (s *Service) createApplication(g *graphCall) {
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
	appID := s.World.GUID()
	s.World.Registrations = append(s.World.Registrations, appID)
	s.World.Names[appID] = body.DisplayName
	access := []any{}
	for _, r := range body.RequiredResourceAccess {
		access = append(access, map[string]any{"resourceAppId": r.ResourceAppID, "resourceAccess": r.ResourceAccess})
	}
	g.rec.JSON(http.StatusCreated, map[string]any{
		"@odata.context": s.contextOf(
			g,
			"applications",
		) + "/$entity",
		"id":          s.World.GUID(),
		"appId":       appID,
		"displayName": body.DisplayName,
		"createdDateTime": world.Stamp(
			s.World.Now(),
		),
		"signInAudience":         body.SignInAudience,
		"isFallbackPublicClient": body.IsFallbackPublicClient,
		"publicClient":           map[string]any{"redirectUris": body.PublicClient.RedirectURIs},
		"requiredResourceAccess": access,
	})
}

// revokeSessions ends every sign-in of the person:
// https://learn.microsoft.com/graph/api/user-revokesigninsessions
func (s *Service) revokeSessions(g *graphCall) {
	if !s.signedIn(g) || !s.allowed(g, "User.RevokeSessions.All") {
		return
	}
	for token, i := range s.Entra.Refreshes {
		if i.User == g.token.User {
			delete(s.Entra.Refreshes, token)
		}
	}
	g.rec.JSON(http.StatusOK, map[string]any{"@odata.context": s.contextOf(g, "Edm.Boolean"), "value": true})
}
