package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// script answers requests in turn.
type script struct {
	answers []http.Response
	bodies  []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		s.bodies = append(s.bodies, string(body))
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	next.Body = io.NopCloser(strings.NewReader("body"))
	return &next, nil
}

func answer(status int, retryAfter string) http.Response {
	h := http.Header{}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return http.Response{StatusCode: status, Header: h}
}

func TestRetry(t *testing.T) {
	tests := map[string]struct {
		method, body string
		answers      []http.Response
		max          time.Duration
		status       int
		least, most  time.Duration
		impatient    bool
	}{
		"a throttled request waits as long as it is told": {
			"GET",
			"",
			[]http.Response{answer(429, "3"), answer(200, "")},
			time.Minute,
			200,
			3 * time.Second,
			3 * time.Second,
			false,
		},
		"fractions of seconds count": {
			"GET",
			"",
			[]http.Response{answer(429, "2.5"), answer(200, "")},
			time.Minute,
			200,
			2500 * time.Millisecond,
			2500 * time.Millisecond,
			false,
		},
		"without an answer the pause doubles": {
			"GET",
			"",
			[]http.Response{answer(503, ""), answer(503, ""), answer(200, "")},
			time.Minute,
			200,
			3 * time.Second,
			3750 * time.Millisecond,
			false,
		},
		"a throttled POST is sent again with its body": {
			"POST",
			"payload",
			[]http.Response{answer(429, "1"), answer(200, "")},
			time.Minute,
			200,
			time.Second,
			time.Second,
			false,
		},
		"a POST that may have had its effect is not repeated": {
			"POST",
			"payload",
			[]http.Response{answer(503, "")},
			time.Minute,
			503,
			0,
			0,
			false,
		},
		"a refusal is not repeated": {
			"GET",
			"",
			[]http.Response{answer(403, "")},
			time.Minute,
			403,
			0,
			0,
			false,
		},
		"more patience than the run has ends it": {
			"GET",
			"",
			[]http.Response{answer(429, "61")},
			time.Minute,
			0,
			0,
			0,
			true,
		},
		"the patience is for all pauses together": {
			"GET",
			"",
			[]http.Response{answer(429, "40"), answer(429, "40")},
			time.Minute,
			0,
			40 * time.Second,
			40 * time.Second,
			true,
		},
		"an unreadable Retry-After is as none": {
			"GET",
			"",
			[]http.Response{answer(429, "soon"), answer(200, "")},
			time.Minute,
			200,
			time.Second,
			1250 * time.Millisecond,
			false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: test.answers}
				var body io.Reader = http.NoBody
				if test.body != "" {
					body = strings.NewReader(test.body)
				}
				req, err := http.NewRequestWithContext(
					context.Background(),
					test.method,
					"https://graph.microsoft.com/v1.0/me",
					body,
				)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp, err := Retry(s, &Patience{Max: test.max}).RoundTrip(req)
				took := time.Since(start)
				var impatient *PatienceError
				if errors.As(err, &impatient) != test.impatient {
					t.Fatalf("error %v", err)
				}
				if err == nil && resp.StatusCode != test.status {
					t.Errorf("status %d, want %d", resp.StatusCode, test.status)
				}
				if took < test.least || took > test.most {
					t.Errorf("took %s, want %s to %s", took, test.least, test.most)
				}
				for _, sent := range s.bodies {
					if sent != test.body {
						t.Errorf("sent %q, want %q", sent, test.body)
					}
				}
			})
		})
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.microsoft.com/", http.NoBody)
		_, err := Retry(&script{answers: []http.Response{answer(429, "30")}}, &Patience{Max: time.Minute}).RoundTrip(req)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTraceShowsNoSecret(t *testing.T) {
	var out bytes.Buffer
	req, _ := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		"https://login.microsoftonline.com/t/oauth2/v2.0/token?code=hush&state=hush2&client_id=id",
		strings.NewReader("client_secret=hush3"),
	)
	req.Header.Set("Authorization", "Bearer hush4")
	req.URL.User = url.UserPassword("u", "hush5")
	if _, err := Trace(&script{answers: []http.Response{answer(200, "")}}, &out).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hush") || !strings.Contains(out.String(), "client_id=id") {
		t.Errorf("the trace says:\n%s", out.String())
	}
}

func TestSameHost(t *testing.T) {
	for next, ok := range map[string]bool{
		"https://graph.microsoft.com/v1.0/users?$skiptoken=x":      true,
		"https://graph.microsoft.com.evil.example/v1.0":            false,
		"http://graph.microsoft.com/v1.0":                          false,
		"/v1.0/users":                                              false,
		"https://graph.microsoft.com:8443/v1.0":                    false,
		"https://user@graph.microsoft.com/v1.0/users?$skiptoken=x": true,
	} {
		if err := SameHost("https://graph.microsoft.com", next); (err == nil) != ok {
			t.Errorf("%s: %v", next, err)
		}
	}
}
