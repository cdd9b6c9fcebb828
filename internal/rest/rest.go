// Package rest owns the round trippers under every API client: patience with
// throttling, a redacted trace, the user agent, and the rule that a link to the
// next page never leads to another host. It knows no API's vocabulary.
package rest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Wait is a pause that a service asked for.
type Wait struct {
	Host   string
	Status int
	For    time.Duration
}

// Patience bounds how long one command waits in all because services throttle: for APIs
// and token endpoints together, where they share it.
type Patience struct {
	// Max is the bound; zero means none at all.
	Max time.Duration
	// OnWait is told of every pause before it begins; it may be nil.
	OnWait func(Wait)

	spent waited
}

// PatienceError says that a service asked for more waiting than the run may do.
type PatienceError struct {
	Host string
	// Asked is the pause that would have gone beyond Max, Until when it would end.
	Asked, Max time.Duration
	Until      time.Time
}

func (e *PatienceError) Error() string {
	if e.Asked >= longest {
		return fmt.Sprintf("%s asks to wait without an end, beyond the limit of %s", e.Host, e.Max)
	}
	return fmt.Sprintf(
		"%s asks to wait %s more, until %s, beyond the limit of %s",
		e.Host,
		e.Asked.Round(time.Second),
		e.Until.UTC().Format(time.RFC3339),
		e.Max,
	)
}

// UserAgent sets the User-Agent header.
func UserAgent(next http.RoundTripper, agent string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", agent)
		return next.RoundTrip(req)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Retry waits and asks again where that is right: 429 always, since the request
// was refused; 502, 503 and 504 for methods without side effects. Retry-After
// is honoured in every form (see retryAfter); without one the pause doubles from one
// second.
//
// https://learn.microsoft.com/graph/throttling
// https://developers.zoom.us/docs/api/rate-limits/
func Retry(next http.RoundTripper, p *Patience) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		pause := time.Second
		for {
			resp, err := next.RoundTrip(req)
			if err != nil || !again(req, resp.StatusCode) {
				return resp, err
			}
			wait := retryAfter(resp, pause)
			if err := resp.Body.Close(); err != nil {
				return nil, err
			}
			if !p.spent.take(wait, p.Max) {
				return nil, &PatienceError{
					Host:  req.URL.Host,
					Asked: wait,
					Max:   p.Max,
					Until: time.Now().Add(wait),
				}
			}
			if p.OnWait != nil {
				p.OnWait(Wait{Host: req.URL.Host, Status: resp.StatusCode, For: wait})
			}
			if err := sleep(req, wait); err != nil {
				return nil, err
			}
			pause *= 2
			if req, err = rewind(req); err != nil {
				return nil, err
			}
		}
	})
}

func again(req *http.Request, status int) bool {
	switch status {
	case http.StatusTooManyRequests:
		return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return req.Method == http.MethodGet || req.Method == http.MethodHead
	}
	return false
}

// A pause is never shorter than shortest, or a service that asks for none would be flooded;
// one that is longer than longest has no end.
const (
	shortest = time.Second
	longest  = 365 * 24 * time.Hour
)

// retryAfter reads how long a service asks to wait: seconds, whole or not, a date of HTTP,
// or a time of ISO 8601, as Zoom's daily limit has it. Times are held against the answer's
// own Date, since this machine's clock may be off. What cannot be read is as none.
//
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
// https://developers.zoom.us/docs/api/rate-limits/
func retryAfter(resp *http.Response, fallback time.Duration) time.Duration {
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		switch {
		case seconds >= longest.Seconds():
			return longest
		case seconds >= 0:
			return max(time.Duration(seconds*float64(time.Second)), shortest)
		}
	}
	at, err := http.ParseTime(value)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if err != nil {
			at, err = time.Parse(layout, value)
		}
	}
	if err != nil {
		return fallback + rand.N(fallback/4) // spread out clients that were refused together
	}
	now := time.Now()
	if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(at.Sub(now), shortest), longest)
}

func sleep(req *http.Request, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-req.Context().Done():
		return req.Context().Err()
	}
}

// rewind prepares a request to be sent once more.
func rewind(req *http.Request) (*http.Request, error) {
	fresh := req.Clone(req.Context())
	if req.GetBody == nil {
		return fresh, nil
	}
	body, err := req.GetBody()
	fresh.Body = body
	return fresh, err
}

// HostError says that a link to a next page leads to another host.
type HostError struct{ Want, Got string }

func (e *HostError) Error() string {
	return fmt.Sprintf(
		"the service sent a link to %s instead of %s; it was not followed, because the sign-in would have gone there",
		e.Got,
		e.Want,
	)
}

// SameHost checks that a next link is an absolute URL of the same origin.
func SameHost(base, next string) error {
	b, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("reading the base address: %w", err)
	}
	n, err := url.Parse(next)
	if err != nil {
		return fmt.Errorf("reading a next link: %w", err)
	}
	if n.Scheme != b.Scheme || n.Host != b.Host {
		return &HostError{Want: b.Scheme + "://" + b.Host, Got: n.Scheme + "://" + n.Host}
	}
	return nil
}

// NoRedirects is an http.Client's CheckRedirect for APIs: none of them
// redirects, and a redirect could carry a token to a stranger.
func NoRedirects(req *http.Request, _ []*http.Request) error {
	return fmt.Errorf("the service redirects to %s: %w", req.URL.Host, errRedirect)
}

var errRedirect = errors.New("redirects are not followed with a sign-in")
