package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/sandbox/zoom"
)

// refusal answers a request with an error of the service that it went to.
type refusal func(s *Server, rec *world.Recorder, r *http.Request, f *world.Fault)

// refusals are the faults that take an answer's place, by kind.
var refusals = map[string]refusal{
	"throttle":          throttle,
	"daily-limit":       dailyLimit,
	"daily-limit-plain": dailyLimitPlain,
	"daily-limit-old":   dailyLimitOld,
	"unavailable":       unavailable,
	"error":             serverError,
	"forbid":            forbid,
	"unauthorized":      unauthorized,
	"claims":            claims,
	"gone":              gone,
	"no-permission":     noPermission,
	"no-scope":          noScope,
	"invalid-client":    invalidClient,
	"redirect":          redirect,
}

// breakages are the faults by which an answer does not arrive whole, by kind.
var breakages = map[string]world.Breakage{
	"reset":  world.Reset,
	"cut":    world.Cut,
	"silent": world.Silent,
	"stall":  world.Stall,
	"huge":   world.Huge,
	"bomb":   world.Bomb,
}

// spoilers change the text of an answer, by kind.
var spoilers = map[string]func(s *Server, rec *world.Recorder, r *http.Request){
	"truncate":          truncate,
	"page":              captivePage,
	"empty":             emptyObject,
	"foreign-next-link": foreignNextLink,
	"same-next-link":    sameNextLink,
	"endless":           endless,
	"short":             short,
}

// fault answers a request that a scenario refuses outright, and says whether it
// did.
func (s *Server) fault(rec *world.Recorder, r *http.Request) bool {
	f := s.world.FaultOn(r, keys(refusals)...)
	if f == nil {
		return false
	}
	if f.RetryAfter != "" && f.Do != "forbid" {
		rec.Head.Set("Retry-After", s.pause(f.RetryAfter))
	}
	refusals[f.Do](s, rec, r, f)
	return true
}

// pause is what Retry-After says. A duration such as 12h is a time of ISO 8601, as Zoom
// writes it.
//
// https://developers.zoom.us/docs/api/rate-limits/
func (s *Server) pause(text string) string {
	if ahead, err := time.ParseDuration(text); err == nil && ahead != 0 {
		return s.world.Now().UTC().Add(ahead).Truncate(time.Second).Format(time.RFC3339)
	}
	return text
}

// spoil breaks an answer that a scenario wants broken.
func (s *Server) spoil(rec *world.Recorder, r *http.Request) {
	if f := s.world.FaultOn(r, keys(breakages)...); f != nil {
		rec.Broken = breakages[f.Do]
	}
	if f := s.world.FaultOn(r, keys(spoilers)...); f != nil {
		rec.Spoiled = true
		spoilers[f.Do](s, rec, r)
	}
}

func keys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}

// The services that a request can be for.
func isZoom(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v2/") }

func isToken(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/oauth/") || strings.Contains(r.URL.Path, "/oauth2/")
}

// refuse answers in the form of the service.
func (s *Server) refuse(rec *world.Recorder, r *http.Request, status, zoomCode int, graphCode, text string) {
	switch {
	case isZoom(r):
		zoom.Error(rec, status, zoomCode, text)
	case isToken(r): // what the gateways before the token endpoints answer with is no OAuth error
		rec.Head.Set("Content-Type", "text/html")
		rec.Status = status
		_, _ = fmt.Fprintf(rec, "<html><body>%s</body></html>", text)
	default:
		s.graph.Error(rec, r, status, graphCode, text)
	}
}

// throttle: https://developers.zoom.us/docs/api/rate-limits/ and
// https://learn.microsoft.com/graph/throttling
func throttle(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	text := "Please retry again later."
	if isZoom(r) {
		text = "You have reached the maximum per-second rate limit for this API. Try again later."
	}
	s.refuse(rec, r, http.StatusTooManyRequests, 429, "TooManyRequests", text)
}

// dailyLimit: https://developers.zoom.us/docs/api/rate-limits/
func dailyLimit(s *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	rec.Head.Set("X-RateLimit-Category", "Heavy")
	rec.Head.Set("X-RateLimit-Type", "Daily-limit")
	rec.Head.Set("X-RateLimit-Limit", "60000")
	rec.Head.Set("X-RateLimit-Remaining", "0")
	rec.Head.Set("Retry-After", midnight(s).Format(time.RFC3339))
	zoom.Error(rec, http.StatusTooManyRequests, 429, "You have reached the maximum daily rate limit for this API.")
}

func midnight(s *Server) time.Time {
	const day = 24 * time.Hour
	return s.world.Now().UTC().Truncate(day).Add(day)
}

// dailyLimitPlain was reported: https://devforum.zoom.us/t/18928
func dailyLimitPlain(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	zoom.Error(
		rec,
		http.StatusTooManyRequests,
		429,
		"You have exceeded the daily rate limit (100) of requests permitted for this API. "+
			"You may resume these requests at GMT 00:00:00.",
	)
}

// dailyLimitOld was reported: https://github.com/jrchamp/moodle-mod_zoom/issues/246
func dailyLimitOld(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	zoom.Error(
		rec,
		http.StatusForbidden,
		403,
		"You have reached the maximum number of api requests allowed for today.",
	)
}

func unavailable(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	text := "The service is temporarily unavailable."
	s.refuse(rec, r, http.StatusServiceUnavailable, 503, "serviceNotAvailable", text)
}

func serverError(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	text := "Unexpected error occurred while processing your request."
	s.refuse(rec, r, http.StatusInternalServerError, 500, "generalException", text)
}

func forbid(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	if isZoom(r) {
		zoom.Error(rec, http.StatusBadRequest, 4711, "Invalid access token, does not contain scopes.")
		return
	}
	s.graph.Denied(rec, r)
}

// unauthorized is what a token gets that the service does not take any more; Zoom takes
// none but the newest.
//
// https://devforum.zoom.us/t/72070
func unauthorized(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	if isZoom(r) {
		delete(s.zoom.OAuth.Tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}
	s.refuse(rec, r, http.StatusUnauthorized, 124, "InvalidAuthenticationToken", "Invalid access token.")
}

// claims: https://learn.microsoft.com/entra/identity-platform/claims-challenge
func claims(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	s.graph.Headers(rec, r)
	rec.Head.Set(
		"WWW-Authenticate",
		`Bearer realm="", authorization_uri="`+s.Origin+`/common/oauth2/authorize", error="insufficient_claims", claims="`+challenge+`"`,
	)
	s.graph.Error(
		rec,
		r,
		http.StatusUnauthorized,
		"InvalidAuthenticationToken",
		"Continuous access evaluation resulted in challenge with result: InteractionRequired.",
	)
}

// gone: https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
func gone(s *Server, rec *world.Recorder, r *http.Request, _ *world.Fault) {
	s.graph.Error(
		rec,
		r,
		http.StatusGone,
		"syncStateNotFound",
		"The sync state generation is not found; a full synchronization is required.",
	)
}

// noPermission was reported of many causes: https://github.com/FireFart/ZoomAPIWrapper/issues/4
func noPermission(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	zoom.Error(rec, http.StatusBadRequest, 200, "No permission.")
}

// noScope was reported: https://devforum.zoom.us/t/101088
func noScope(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	zoom.Error(
		rec,
		http.StatusBadRequest,
		4700,
		"Invalid access token, does not contain scopes: [group:read:list_groups:admin].",
	)
}

// invalidClient is an OAuth error where the API's own is expected. Its form was reported of
// the token endpoint: https://github.com/JubaerHossain/zoom-laravel/issues/3
func invalidClient(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	rec.JSON(
		http.StatusUnauthorized,
		map[string]any{"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
	)
}

func redirect(_ *Server, rec *world.Recorder, _ *http.Request, _ *world.Fault) {
	rec.Head.Set("Location", "https://login.example.net/")
	rec.Status = http.StatusFound
}

func truncate(_ *Server, rec *world.Recorder, _ *http.Request) {
	rec.Body.Truncate(rec.Body.Len() / 2)
}

// captivePage is what networks answer with that want a sign-in of their own.
func captivePage(_ *Server, rec *world.Recorder, _ *http.Request) {
	rec.Head.Set("Content-Type", "text/html; charset=utf-8")
	rec.Status = http.StatusOK
	rec.Body.Reset()
	rec.Body.WriteString("<!DOCTYPE html><title>Welcome</title><p>Accept the terms to use this network.")
}

func emptyObject(_ *Server, rec *world.Recorder, _ *http.Request) {
	if rec.Status/100 == 2 {
		rec.Body.Reset()
		rec.Body.WriteString("{}")
	}
}

func foreignNextLink(_ *Server, rec *world.Recorder, _ *http.Request) {
	amend(rec, func(object map[string]any) {
		object["@odata.nextLink"] = "https://graph.example.net/v1.0/stolen"
	})
}

func sameNextLink(s *Server, rec *world.Recorder, r *http.Request) {
	amend(rec, func(object map[string]any) {
		s.goesOn(object, r, "again")
	})
}

func endless(s *Server, rec *world.Recorder, r *http.Request) {
	token := s.world.GUID()
	amend(rec, func(object map[string]any) {
		s.goesOn(object, r, token)
	})
}

// goesOn gives a list a next page, as its service does.
func (s *Server) goesOn(object map[string]any, r *http.Request, token string) {
	if isZoom(r) {
		object["next_page_token"] = token
		return
	}
	object["@odata.nextLink"] = s.originOf(r) + r.URL.Path + "?$skiptoken=" + token
}

// short leaves out the first of each list and keeps the counts.
func short(_ *Server, rec *world.Recorder, _ *http.Request) {
	amend(rec, func(object map[string]any) {
		for name, value := range object {
			if items, ok := value.([]any); ok && len(items) > 0 {
				object[name] = items[1:]
			}
		}
	})
}

// amend changes an answer that is an object with a list in it.
func amend(rec *world.Recorder, change func(map[string]any)) {
	var object map[string]any
	if json.Unmarshal(rec.Body.Bytes(), &object) != nil || rec.Status != http.StatusOK {
		return
	}
	change(object)
	rec.Body.Reset()
	rec.JSON(rec.Status, object)
}

// firstPage takes from a request what says where the listing goes on.
func firstPage(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	query := r.URL.Query()
	query.Del("$skiptoken")
	query.Del("next_page_token")
	r.URL.RawQuery = query.Encode()
	return r
}
