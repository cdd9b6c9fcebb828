// Package rest owns the round trippers under every API client: patience with
// throttling, a redacted trace, the user agent, and the rule that a link to the
// next page never leads to another host. It knows no API's vocabulary.
package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Wait is a pause before a request is sent again: after a status by which a service asked
// for it, or after a failure.
type Wait struct {
	Host   string
	Status int
	// Failure is why there was no whole answer; nil with a status.
	Failure error
	For     time.Duration
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
	// Status is the answer that asked for it.
	Status int
	// Daily is true when the requests of a day are used up: then no limit of ours helps.
	Daily bool
}

func (e *PatienceError) Error() string {
	if e.Daily {
		return fmt.Sprintf(
			"the requests that %s allows in a day are used up until %s",
			e.Host,
			e.Until.UTC().Format(time.RFC3339),
		)
	}
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
