package sandbox

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/sandbox/zoom"
)

// fault answers a request that a scenario refuses outright, and says whether it
// did.
func (s *Server) fault(rec *world.Recorder, r *http.Request) bool {
	f := s.world.FaultOn(r, "throttle", "unavailable", "forbid", "claims", "gone")
	if f == nil {
		return false
	}
	if f.RetryAfter != "" && f.Do != "forbid" {
		rec.Head.Set("Retry-After", f.RetryAfter)
	}
	isZoom := strings.HasPrefix(r.URL.Path, "/v2/")
	switch {
	case f.Do == "throttle" && isZoom:
		// https://developers.zoom.us/docs/api/rate-limits/
		zoom.Error(
			rec,
			http.StatusTooManyRequests,
			429,
			"You have reached the maximum per-second rate limit for this API. Try again later.",
		)
	case f.Do == "throttle":
		// https://learn.microsoft.com/graph/throttling
		s.graph.Error(rec, r, http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	case f.Do == "gone":
		// https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
		s.graph.Error(
			rec,
			r,
			http.StatusGone,
			"syncStateNotFound",
			"The sync state generation is not found; a full synchronization is required.",
		)
	case f.Do == "unavailable" && isZoom:
		zoom.Error(rec, http.StatusServiceUnavailable, 503, "Service Unavailable")
	case f.Do == "unavailable":
		s.graph.Error(rec, r, http.StatusServiceUnavailable, "serviceNotAvailable", "The service is temporarily unavailable.")
	case f.Do == "claims":
		// https://learn.microsoft.com/entra/identity-platform/claims-challenge
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
	case isZoom:
		zoom.Error(rec, http.StatusBadRequest, 4711, "Invalid access token, does not contain scopes.")
	default:
		s.graph.Denied(rec, r)
	}
	return true
}

// spoil breaks an answer that a scenario wants broken.
func (s *Server) spoil(rec *world.Recorder, r *http.Request) {
	f := s.world.FaultOn(r, "truncate", "foreign-next-link")
	switch {
	case f == nil:
	case f.Do == "truncate":
		rec.Cut = true
	default:
		text := rec.Body.String()
		rec.Body = *bytes.NewBufferString(strings.TrimSuffix(text, "}") + `,"@odata.nextLink":"https://graph.example.net/v1.0/stolen"}`)
	}
}
