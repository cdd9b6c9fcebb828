package graph

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/entra"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// graphCall is one request to Graph, taken apart.
type graphCall struct {
	rec *world.Recorder
	r   *http.Request
	// path has the segments behind /v1.0, a key in parentheses as a segment of
	// its own: /users('a@b')/calendars is users, a@b, calendars.
	path  []string
	query url.Values
	token *entra.Issued
}

// Serve answers /v1.0/... Requests and errors have the form of
// https://learn.microsoft.com/graph/use-the-api and
// https://learn.microsoft.com/graph/errors; headers are those of the recordings
// in azure-cli's role tests.
func (s *Service) Serve(rec *world.Recorder, r *http.Request) {
	g := &graphCall{rec: rec, r: r}
	s.Headers(rec, r)
	var ok bool
	if g.token, ok = s.bearer(r); !ok {
		s.Error(
			rec,
			r,
			http.StatusUnauthorized,
			"InvalidAuthenticationToken",
			"Access token is empty, unknown to the sandbox or expired.",
		)
		return
	}
	var err error
	if g.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		s.Error(rec, r, http.StatusBadRequest, "BadRequest", "The query could not be read.")
		return
	}
	if g.path, ok = graphPath(r.URL.EscapedPath()); !ok {
		s.Error(rec, r, http.StatusBadRequest, "BadRequest", "The path could not be read.")
		return
	}
	for _, route := range graphRoutes() {
		if route.method == r.Method && route.matches(g.path) {
			route.serve(s, g)
			return
		}
	}
	s.Error(
		rec,
		r,
		http.StatusBadRequest,
		"BadRequest",
		fmt.Sprintf(
			"Resource not found for the segment '%s': the sandbox does not imitate %s %s.",
			g.path[0],
			r.Method,
			r.URL.Path,
		),
	)
}

// graphRoute is one endpoint; "*" in the pattern is a key.
type graphRoute struct {
	method, pattern string
	serve           func(*Service, *graphCall)
}

// graphRoutes is a function because a variable would refer to itself through the
// batch.
func graphRoutes() []graphRoute {
	return []graphRoute{
		{"GET", "organization", (*Service).organization},
		{"GET", "domains", (*Service).domains},
		{"GET", "domains/*", (*Service).domain},
		{"GET", "users/$count", (*Service).countUsers},
		{"GET", "users", (*Service).listUsers},
		{"GET", "users/delta", (*Service).usersDelta},
		{"GET", "users/microsoft.graph.delta", (*Service).usersDelta},
		{"GET", "users/*", (*Service).getUser},
		{"PATCH", "users/*", (*Service).updateUser},
		{"DELETE", "users/*", (*Service).deleteUser},
		{"GET", "users/*/calendars", (*Service).calendars},
		{"GET", "users/*/calendar", (*Service).primaryCalendar},
		{"GET", "me", (*Service).me},
		{"POST", "me/revokeSignInSessions", (*Service).revokeSessions},
		{"POST", "applications", (*Service).createApplication},
		{"GET", "me/calendars", (*Service).calendars},
		{"GET", "me/calendar", (*Service).primaryCalendar},
		{"GET", "me/transitiveMemberOf", (*Service).roles},
		{"GET", "me/transitiveMemberOf/microsoft.graph.directoryRole", (*Service).roles},
		{"GET", "directory/deletedItems/microsoft.graph.user", (*Service).deletedUsers},
		{"GET", "servicePrincipals", (*Service).listPrincipals},
		{"POST", "servicePrincipals", (*Service).createPrincipal},
		{"GET", "servicePrincipals/*", (*Service).getPrincipal},
		{"GET", "servicePrincipals/*/appRoleAssignments", (*Service).listAssignments},
		{"GET", "servicePrincipals/*/appRoleAssignedTo", (*Service).listAssignedTo},
		{"POST", "servicePrincipals/*/appRoleAssignments", (*Service).createAssignment},
		{"POST", "servicePrincipals/*/appRoleAssignedTo", (*Service).createAssignment},
		{"DELETE", "servicePrincipals/*/appRoleAssignments/*", (*Service).deleteAssignment},
		{"DELETE", "servicePrincipals/*/appRoleAssignedTo/*", (*Service).deleteAssignment},
		{"PATCH", "servicePrincipals/*", (*Service).updatePrincipal},
		{"GET", "applications/*", (*Service).getApplication},
		{"GET", "auditLogs/directoryAudits", (*Service).directoryAudits},
		{"GET", "policies/authorizationPolicy", (*Service).authorizationPolicy},
		{"GET", "reports/servicePrincipalSignInActivities", (*Service).signInActivities},
		{"GET", "roleManagement/exchange/roleAssignments", (*Service).exchangeAssignments},
		{"POST", "roleManagement/exchange/roleAssignments", (*Service).assignExchangeRole},
		{"DELETE", "roleManagement/exchange/roleAssignments/*", (*Service).removeExchangeRole},
		{"GET", "roleManagement/exchange/roleDefinitions", (*Service).exchangeDefinitions},
		{"GET", "roleManagement/exchange/customAppScopes", (*Service).exchangeScopes},
		{"POST", "roleManagement/exchange/customAppScopes", (*Service).createExchangeScope},
		{"DELETE", "roleManagement/exchange/customAppScopes/*", (*Service).removeExchangeScope},
		{"GET", "groups", (*Service).listGroups},
		{"GET", "groups/*", (*Service).getGroup},
		{"GET", "groups/*/members", (*Service).groupMembers},
		{"GET", "directory/administrativeUnits", (*Service).listUnits},
		{"GET", "directory/administrativeUnits/*", (*Service).getUnit},
		{"GET", "directory/administrativeUnits/*/members", (*Service).unitMembers},
		{"GET", "servicePrincipals/*/oauth2PermissionGrants", (*Service).delegated},
		{"GET", "oauth2PermissionGrants", (*Service).everyDelegated},
		{"DELETE", "oauth2PermissionGrants/*", (*Service).removeDelegated},
		{"DELETE", "servicePrincipals/*", (*Service).deletePrincipal},
		{"GET", "places/microsoft.graph.room", (*Service).rooms},
		{"POST", "$batch", (*Service).batch},
	}
}

func (route graphRoute) matches(path []string) bool {
	pattern := strings.Split(route.pattern, "/")
	if len(pattern) != len(path) {
		return false
	}
	for i, segment := range pattern {
		if segment != "*" && !strings.EqualFold(segment, path[i]) {
			return false
		}
	}
	return true
}

// graphPath takes a path apart: both /users/KEY and /users('KEY') are accepted,
// the quotes doubled within, and /servicePrincipals(appId='KEY') becomes the key
// "appId=KEY".
func graphPath(escaped string) ([]string, bool) {
	_, rest, _ := strings.Cut(strings.TrimPrefix(escaped, "/"), "/")
	var path []string
	for _, segment := range strings.Split(strings.TrimSuffix(rest, "/"), "/") {
		text, err := url.PathUnescape(segment)
		if err != nil || text == "" {
			return nil, false
		}
		name, key, found := strings.Cut(text, "(")
		if !found || name == "" {
			path = append(path, text)
			continue
		}
		key, closed := strings.CutSuffix(key, ")")
		if !closed {
			return nil, false
		}
		if key == "" { // a function without parameters: delta()
			path = append(path, name)
			continue
		}
		if property, value, named := strings.Cut(key, "="); named && !strings.HasPrefix(key, "'") {
			key = property + "=" + unquote(value)
		} else {
			key = unquote(key)
		}
		path = append(path, name, key)
	}
	return path, true
}

func unquote(text string) string {
	if len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	}
	return text
}

// Headers sets what every answer of Graph has.
func (s *Service) Headers(rec *world.Recorder, r *http.Request) {
	h := rec.Head
	h.Set(
		"Content-Type",
		"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	)
	h.Set("Odata-Version", "4.0")
	h.Set("Cache-Control", "no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Request-Id", s.World.GUID())
	h.Set(
		"X-Ms-Ags-Diagnostic",
		`{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"LOOPBACK"}}`,
	)
	if id := r.Header.Get("client-request-id"); id != "" {
		h.Set("Client-Request-Id", id)
	}
}

// bearer finds what a request's token stands for.
func (s *Service) bearer(r *http.Request) (*entra.Issued, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	i := s.Entra.Accesses[token]
	return i, ok && i != nil && s.World.Now().Before(i.Expires)
}

// Error answers in Graph's error form; the inner date has no zone.
func (s *Service) Error(rec *world.Recorder, r *http.Request, status int, code, message string) {
	if rec.Head.Get("Request-Id") == "" {
		s.Headers(rec, r)
	}
	id := rec.Head.Get("Request-Id")
	client := cmp.Or(r.Header.Get("client-request-id"), id)
	rec.JSON(status, map[string]any{"error": map[string]any{
		"code":    code,
		"message": message,
		"innerError": map[string]any{
			"date":              s.World.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        id,
			"client-request-id": client,
		},
	}})
}

// Denied answers that a permission is missing.
func (s *Service) Denied(rec *world.Recorder, r *http.Request) {
	s.Error(
		rec,
		r,
		http.StatusForbidden,
		"Authorization_RequestDenied",
		"Insufficient privileges to complete the operation.",
	)
}

// allowed checks that the token carries one of the permissions, and answers 403
// otherwise.
func (s *Service) allowed(g *graphCall, anyOf ...string) bool {
	for _, p := range anyOf {
		if slices.Contains(g.token.Permissions, p) {
			g.rec.Allowed = append(g.rec.Allowed, p)
			return true
		}
	}
	s.Denied(g.rec, g.r)
	return false
}

func (s *Service) notFound(g *graphCall, what string) {
	s.Error(
		g.rec,
		g.r,
		http.StatusNotFound,
		"Request_ResourceNotFound",
		fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", what),
	)
}

func (s *Service) badQuery(g *graphCall, message string) {
	s.Error(g.rec, g.r, http.StatusBadRequest, "Request_BadRequest", message)
}
