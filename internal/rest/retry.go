package rest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Retry waits and asks again where that is right: 429 always, since the request
// was refused; 502, 503 and 504 for requests that only read; a reset, an answer that was cut
// or is no JSON although it says so, and 500 for those, too, but a few times only.
// Retry-After is honoured in every form (see retryAfter); without one the pause doubles from
// one second. All pauses come out of the run's one budget. A request that changes something
// and failed is not sent again: whoever sent it looks up what became of it.
//
// Answers are read whole here, so that a cut one is seen before anybody uses a part of it.
//
// https://learn.microsoft.com/graph/throttling
// https://developers.zoom.us/docs/api/rate-limits/
func Retry(next http.RoundTripper, p *Patience) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		pause := time.Second
		failures := 0
		for {
			resp, err := next.RoundTrip(req)
			if err == nil {
				resp, err = whole(req, resp)
			}
			status := 0
			wait := pause
			switch {
			case err != nil:
				if failures += weight(err); failures > repeats || !reads(req) || !passing(err) {
					return nil, err
				}
			case resp.StatusCode == http.StatusInternalServerError && reads(req):
				if failures++; failures > repeats {
					return resp, nil
				}
				status = resp.StatusCode
			case again(req, resp.StatusCode):
				status, wait = resp.StatusCode, retryAfter(resp, pause)
			default:
				return resp, nil
			}
			if !p.spent.take(wait, p.Max) {
				if status == 0 || status == http.StatusInternalServerError { // nobody asked for the pause
					return resp, err
				}
				return nil, &PatienceError{
					Host:   req.URL.Host,
					Asked:  wait,
					Max:    p.Max,
					Until:  time.Now().Add(wait),
					Status: status,
				}
			}
			if p.OnWait != nil {
				p.OnWait(Wait{
					Host:    req.URL.Host,
					Status:  status,
					Failure: err,
					For:     wait,
				})
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

// repeats is how often a request that failed is sent again.
const repeats = 3

// weight is how many of the repeats a failure uses up: waiting for nothing took long
// already, and what is too large stays so.
func weight(err error) int {
	var stalled *StalledError
	if errors.As(err, &stalled) {
		return repeats - 1
	}
	return 1
}

// passing says whether a failure may have passed when the request is sent again: not a
// service that cannot be reached or trusted at all, nor what other layers said of the run.
func passing(err error) bool {
	var (
		stop     *tenant.StopError
		never    *AuthorityError
		patience *PatienceError
		large    *TooLargeError
		trust    *x509.UnknownAuthorityError
		op       *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &stop), errors.As(err, &never), errors.As(err, &patience), errors.As(err, &large),
		errors.As(err, &trust), strings.Contains(err.Error(), "x509:"):
		return false
	case errors.As(err, &op):
		return op.Op != "dial"
	}
	return true
}

// CutError says that an answer did not arrive whole.
type CutError struct {
	Host string
	Err  error
}

func (e *CutError) Error() string {
	return fmt.Sprintf("the answer of %s did not arrive whole: %v", e.Host, e.Err)
}

func (e *CutError) Unwrap() error { return e.Err }

// whole reads a body to its end. One that says it is JSON and is not was cut by something
// that did not say so.
func whole(req *http.Request, resp *http.Response) (*http.Response, error) {
	text, err := io.ReadAll(resp.Body)
	if closed := resp.Body.Close(); err == nil {
		err = closed
	}
	if err == nil && resp.StatusCode/100 == 2 && len(text) > 0 && isJSON(resp) && !json.Valid(text) {
		err = errors.New("it is no JSON, or a part of it")
	}
	var (
		stalled *StalledError
		large   *TooLargeError
	)
	switch {
	case err == nil:
	case errors.As(err, &stalled), errors.As(err, &large), errors.Is(err, context.Canceled):
		return nil, err
	default:
		return nil, &CutError{Host: req.URL.Host, Err: err}
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return resp, nil
}

func isJSON(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json")
}

type readingKey struct{}

// Reading marks the requests of a context as ones that change nothing, whatever their
// method: Graph reads several things at once with POST.
func Reading(ctx context.Context) context.Context { return context.WithValue(ctx, readingKey{}, true) }

func reads(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead || req.Context().Value(readingKey{}) == true
}

func again(req *http.Request, status int) bool {
	switch status {
	case http.StatusTooManyRequests:
		return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return reads(req)
	}
	return false
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
