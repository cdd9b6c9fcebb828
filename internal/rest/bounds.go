package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Bounds keep every answer within time and size, headers and body alike.
type Bounds struct {
	// Stall is how long nothing may come; as a whole an answer may take wholeStalls times
	// that.
	Stall time.Duration
	// Most is the largest body, in bytes, as it is after decompression.
	Most int64
}

const wholeStalls = 10

// MostBody is far more than any page of the services has: 999 people of Graph with all their
// addresses take about a megabyte.
const MostBody = 64 << 20

// StalledError says that a service stopped sending.
type StalledError struct {
	Host string
	// For is how long nothing came, or how long it all took when Whole is true.
	For   time.Duration
	Whole bool
}

func (e *StalledError) Error() string {
	if e.Whole {
		return fmt.Sprintf("%s had not sent its whole answer after %s", e.Host, e.For)
	}
	return fmt.Sprintf("%s sent nothing for %s", e.Host, e.For)
}

// TooLargeError says that an answer has no end.
type TooLargeError struct {
	Host string
	Most int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer of %s is larger than %d MiB; the rest was not read", e.Host, e.Most>>20)
}

// Transport bounds the answers of next.
func (b Bounds) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		host := req.URL.Host
		ctx, cancel := context.WithCancelCause(req.Context())
		stalled := time.AfterFunc(b.Stall, func() { cancel(&StalledError{Host: host, For: b.Stall}) })
		whole := time.AfterFunc(wholeStalls*b.Stall, func() {
			cancel(&StalledError{Host: host, For: wholeStalls * b.Stall, Whole: true})
		})
		end := func() {
			stalled.Stop()
			whole.Stop()
			cancel(nil)
		}
		resp, err := next.RoundTrip(req.WithContext(ctx))
		if err != nil {
			end()
			return nil, because(ctx, err)
		}
		stalled.Reset(b.Stall)
		resp.Body = &bounded{
			body:  resp.Body,
			left:  b.Most,
			end:   end,
			moved: func() { stalled.Reset(b.Stall) },
			sort: func(err error) error {
				if errors.Is(err, errTooLarge) {
					return &TooLargeError{Host: host, Most: b.Most}
				}
				return because(ctx, err)
			},
		}
		return resp, nil
	})
}

// because is why a request ended: its own error, or that the service stalled.
func because(ctx context.Context, err error) error {
	var stalled *StalledError
	if errors.As(context.Cause(ctx), &stalled) {
		return stalled
	}
	return err
}

var errTooLarge = errors.New("too large")

// bounded is a body that is counted and watched.
type bounded struct {
	body io.ReadCloser
	// left is how many bytes may still come.
	left  int64
	moved func()
	end   func()
	sort  func(error) error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if n > 0 {
		b.moved()
	}
	if b.left -= int64(n); b.left < 0 {
		return n, b.sort(errTooLarge)
	}
	if err != nil && err != io.EOF {
		return n, b.sort(err)
	}
	return n, err
}

func (b *bounded) Close() error {
	b.end()
	return b.body.Close()
}
