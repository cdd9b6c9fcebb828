package rest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Trace writes one line before and one after each exchange: method, address,
// status, request ID, time. No body and no header value but the request IDs is
// written; query values that can be secrets are replaced.
func Trace(next http.RoundTripper, w io.Writer) http.RoundTripper {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(w, format+"\n", args...) // a trace that cannot be written must not stop the work
	}
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		address := Redact(req.URL)
		say("debug: > %s %s", req.Method, address)
		start := time.Now()
		resp, err := next.RoundTrip(req)
		took := time.Since(start).Round(time.Millisecond)
		if err != nil {
			say("debug: < %s %s failed after %s: %v", req.Method, address, took, err)
			return resp, err
		}
		say("debug: < %d %s %s in %s%s", resp.StatusCode, req.Method, address, took, requestID(resp.Header))
		return resp, nil
	})
}

func requestID(h http.Header) string {
	for _, name := range []string{"request-id", "x-ms-request-id", "x-zm-trackingid"} {
		if id := h.Get(name); id != "" {
			return fmt.Sprintf(" (%s %s)", name, id)
		}
	}
	return ""
}

// secretQuery are the query keys whose values can open something.
var secretQuery = []string{
	"code",
	"state",
	"client_secret",
	"client_assertion",
	"access_token",
	"refresh_token",
	"id_token",
	"device_code",
	"code_verifier",
	"session_state",
	"nonce",
}

// Redact returns a URL that can be shown.
func Redact(u *url.URL) string {
	shown := *u
	shown.User = nil
	query := shown.Query()
	for _, key := range secretQuery {
		if query.Has(key) {
			query.Set(key, "[redacted]")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.String()
}
