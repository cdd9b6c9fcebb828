package sandbox

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
)

// fault answers a request that a scenario refuses outright, and says whether it
// did.
func (s *Server) fault(rec *recorder, r *http.Request) bool {
	f := s.world.faultOn(r, "throttle", "unavailable", "forbid", "claims", "gone")
	if f == nil {
		return false
	}
	if f.RetryAfter != "" && f.Do != "forbid" {
		rec.header.Set("Retry-After", f.RetryAfter)
	}
	zoom := strings.HasPrefix(r.URL.Path, "/v2/")
	switch {
	case f.Do == "throttle" && zoom:
		// https://developers.zoom.us/docs/api/rate-limits/
		zoomError(
			rec,
			http.StatusTooManyRequests,
			429,
			"You have reached the maximum per-second rate limit for this API. Try again later.",
		)
	case f.Do == "throttle":
		// https://learn.microsoft.com/graph/throttling
		s.graphError(rec, r, http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	case f.Do == "gone":
		// https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
		s.graphError(
			rec,
			r,
			http.StatusGone,
			"syncStateNotFound",
			"The sync state generation is not found; a full synchronization is required.",
		)
	case f.Do == "unavailable" && zoom:
		zoomError(rec, http.StatusServiceUnavailable, 503, "Service Unavailable")
	case f.Do == "unavailable":
		s.graphError(rec, r, http.StatusServiceUnavailable, "serviceNotAvailable", "The service is temporarily unavailable.")
	case f.Do == "claims":
		// https://learn.microsoft.com/entra/identity-platform/claims-challenge
		challenge := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
		s.graphHeaders(rec, r)
		rec.header.Set(
			"WWW-Authenticate",
			`Bearer realm="", authorization_uri="`+s.Origin+`/common/oauth2/authorize", error="insufficient_claims", claims="`+challenge+`"`,
		)
		s.graphError(
			rec,
			r,
			http.StatusUnauthorized,
			"InvalidAuthenticationToken",
			"Continuous access evaluation resulted in challenge with result: InteractionRequired.",
		)
	case zoom:
		zoomError(rec, http.StatusBadRequest, 4711, "Invalid access token, does not contain scopes.")
	default:
		s.denied(rec, r)
	}
	return true
}

// spoil breaks an answer that a scenario wants broken.
func (s *Server) spoil(rec *recorder, r *http.Request) {
	f := s.world.faultOn(r, "truncate", "foreign-next-link")
	switch {
	case f == nil:
	case f.Do == "truncate":
		rec.cut = true
	default:
		text := rec.body.String()
		rec.body = *bytes.NewBufferString(strings.TrimSuffix(text, "}") + `,"@odata.nextLink":"https://graph.example.net/v1.0/stolen"}`)
	}
}

// faultOn finds a fault of one of the kinds for a request and uses it up.
func (w *world) faultOn(r *http.Request, kinds ...string) *Fault {
	line := r.Method + " " + r.URL.Path
	for _, f := range w.faults {
		if f.On != line || f.Times < 0 {
			continue
		}
		for _, kind := range kinds {
			if f.Do != kind {
				continue
			}
			if f.After > 0 {
				f.After--
				break
			}
			if f.Times > 0 {
				if f.Times--; f.Times == 0 {
					f.Times = -1 // used up; zero would mean every request
				}
			}
			return f
		}
	}
	return nil
}
