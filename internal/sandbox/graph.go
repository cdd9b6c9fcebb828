package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// graphCall is one request to Graph, taken apart.
type graphCall struct {
	rec *recorder
	r   *http.Request
	// path has the segments behind /v1.0, a key in parentheses as a segment of
	// its own: /users('a@b')/calendars is users, a@b, calendars.
	path  []string
	query url.Values
	token *issued
}

// serveGraph answers /v1.0/... Requests and errors have the form of
// https://learn.microsoft.com/graph/use-the-api and
// https://learn.microsoft.com/graph/errors; headers are those of the recordings
// in azure-cli's role tests.
func (s *Server) serveGraph(rec *recorder, r *http.Request) {
	g := &graphCall{rec: rec, r: r}
	s.graphHeaders(rec, r)
	var ok bool
	if g.token, ok = s.bearer(r); !ok {
		s.graphError(
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
		s.graphError(rec, r, http.StatusBadRequest, "BadRequest", "The query could not be read.")
		return
	}
	if g.path, ok = graphPath(r.URL.EscapedPath()); !ok {
		s.graphError(rec, r, http.StatusBadRequest, "BadRequest", "The path could not be read.")
		return
	}
	for _, route := range graphRoutes() {
		if route.method == r.Method && route.matches(g.path) {
			route.serve(s, g)
			return
		}
	}
	s.graphError(
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
	serve           func(*Server, *graphCall)
}

// graphRoutes is a function because a variable would refer to itself through the
// batch.
func graphRoutes() []graphRoute {
	return []graphRoute{
		{"GET", "organization", (*Server).organization},
		{"GET", "domains", (*Server).domains},
		{"GET", "domains/*", (*Server).domain},
		{"GET", "users/$count", (*Server).countUsers},
		{"GET", "users", (*Server).listUsers},
		{"GET", "users/delta", (*Server).usersDelta},
		{"GET", "users/microsoft.graph.delta", (*Server).usersDelta},
		{"GET", "users/*", (*Server).getUser},
		{"PATCH", "users/*", (*Server).updateUser},
		{"DELETE", "users/*", (*Server).deleteUser},
		{"GET", "users/*/calendars", (*Server).calendars},
		{"GET", "users/*/calendar", (*Server).primaryCalendar},
		{"GET", "me", (*Server).me},
		{"POST", "me/revokeSignInSessions", (*Server).revokeSessions},
		{"POST", "applications", (*Server).createApplication},
		{"GET", "me/calendars", (*Server).calendars},
		{"GET", "me/calendar", (*Server).primaryCalendar},
		{"GET", "me/transitiveMemberOf", (*Server).roles},
		{"GET", "me/transitiveMemberOf/microsoft.graph.directoryRole", (*Server).roles},
		{"GET", "directory/deletedItems/microsoft.graph.user", (*Server).deletedUsers},
		{"GET", "servicePrincipals", (*Server).listPrincipals},
		{"POST", "servicePrincipals", (*Server).createPrincipal},
		{"GET", "servicePrincipals/*", (*Server).getPrincipal},
		{"GET", "servicePrincipals/*/appRoleAssignments", (*Server).listAssignments},
		{"GET", "servicePrincipals/*/appRoleAssignedTo", (*Server).listAssignedTo},
		{"POST", "servicePrincipals/*/appRoleAssignments", (*Server).createAssignment},
		{"POST", "servicePrincipals/*/appRoleAssignedTo", (*Server).createAssignment},
		{"DELETE", "servicePrincipals/*/appRoleAssignments/*", (*Server).deleteAssignment},
		{"DELETE", "servicePrincipals/*/appRoleAssignedTo/*", (*Server).deleteAssignment},
		{"PATCH", "servicePrincipals/*", (*Server).updatePrincipal},
		{"GET", "applications/*", (*Server).getApplication},
		{"GET", "auditLogs/directoryAudits", (*Server).directoryAudits},
		{"GET", "reports/servicePrincipalSignInActivities", (*Server).signInActivities},
		{"GET", "roleManagement/exchange/roleAssignments", (*Server).exchangeAssignments},
		{"POST", "roleManagement/exchange/roleAssignments", (*Server).assignExchangeRole},
		{"DELETE", "roleManagement/exchange/roleAssignments/*", (*Server).removeExchangeRole},
		{"GET", "roleManagement/exchange/roleDefinitions", (*Server).exchangeDefinitions},
		{"GET", "roleManagement/exchange/customAppScopes", (*Server).exchangeScopes},
		{"POST", "$batch", (*Server).batch},
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

func (s *Server) graphHeaders(rec *recorder, r *http.Request) {
	h := rec.header
	h.Set(
		"Content-Type",
		"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	)
	h.Set("Odata-Version", "4.0")
	h.Set("Cache-Control", "no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Request-Id", s.world.guid())
	h.Set(
		"X-Ms-Ags-Diagnostic",
		`{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"LOOPBACK"}}`,
	)
	if id := r.Header.Get("client-request-id"); id != "" {
		h.Set("Client-Request-Id", id)
	}
}

// bearer finds what a request's token stands for.
func (s *Server) bearer(r *http.Request) (*issued, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	i := s.entra.accesses[token]
	return i, ok && i != nil && s.world.now().Before(i.expires)
}

// graphError answers in Graph's error form; the inner date has no zone.
func (s *Server) graphError(rec *recorder, r *http.Request, status int, code, message string) {
	if rec.header.Get("Request-Id") == "" {
		s.graphHeaders(rec, r)
	}
	id := rec.header.Get("Request-Id")
	client := or(r.Header.Get("client-request-id"), id)
	rec.json(status, map[string]any{"error": map[string]any{
		"code":    code,
		"message": message,
		"innerError": map[string]any{
			"date":              s.world.now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        id,
			"client-request-id": client,
		},
	}})
}

func (s *Server) denied(rec *recorder, r *http.Request) {
	s.graphError(
		rec,
		r,
		http.StatusForbidden,
		"Authorization_RequestDenied",
		"Insufficient privileges to complete the operation.",
	)
}

// allowed checks that the token carries one of the permissions, and answers 403
// otherwise.
func (s *Server) allowed(g *graphCall, anyOf ...string) bool {
	for _, p := range anyOf {
		if slices.Contains(g.token.permissions, p) {
			return true
		}
	}
	s.denied(g.rec, g.r)
	return false
}

func (s *Server) notFound(g *graphCall, what string) {
	s.graphError(
		g.rec,
		g.r,
		http.StatusNotFound,
		"Request_ResourceNotFound",
		fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", what),
	)
}

func (s *Server) badQuery(g *graphCall, message string) {
	s.graphError(g.rec, g.r, http.StatusBadRequest, "Request_BadRequest", message)
}
