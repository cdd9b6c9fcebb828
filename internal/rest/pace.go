package rest

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace keeps requests to a service within so many a second, whoever sends them,
// and lets all of them wait when one is throttled: the others would be refused
// too, and refused requests count.
type Pace struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time
}

// NewPace allows so many requests a second.
func NewPace(perSecond int) *Pace {
	return &Pace{limiter: rate.NewLimiter(rate.Limit(perSecond), max(perSecond/4, 1))}
}

// Allow sets another limit, for when the service says or shows what it bears.
func (p *Pace) Allow(perSecond int) {
	p.limiter.SetLimit(rate.Limit(perSecond))
	p.limiter.SetBurst(max(perSecond/4, 1))
}

// Transport sends requests at this pace.
func (p *Pace) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if err := p.wait(req); err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(req)
		if err == nil && resp.StatusCode == http.StatusTooManyRequests {
			p.throttled(retryAfter(resp, time.Second))
		}
		return resp, err
	})
}

func (p *Pace) wait(req *http.Request) error {
	for {
		if err := p.limiter.Wait(req.Context()); err != nil {
			return err
		}
		p.mu.Lock()
		pause := time.Until(p.until)
		p.mu.Unlock()
		if pause <= 0 {
			return nil
		}
		if err := sleep(req, pause); err != nil {
			return err
		}
	}
}

// throttled halves the limit, down to one a second, and stops everybody for as
// long as the service asks, up to a minute: the rest is Retry's to decide.
func (p *Pace) throttled(pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(min(pause, time.Minute)); until.After(p.until) {
		p.until = until
		p.Allow(max(int(p.limiter.Limit())/2, 1))
	}
}
