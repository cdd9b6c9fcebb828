package rest

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Clocks notes how far the clocks of the services are from this machine's, by the
// Date header of their answers, which counts whole seconds. An answer may have come
// from a cache on the way, so of several answers the one from furthest ahead counts.
//
// RFC 9110, section 6.6.1
type Clocks struct {
	mu    sync.Mutex
	ahead map[string]time.Duration
}

// Ahead is one host's clock.
type Ahead struct {
	Host string
	// By is negative when this machine is ahead.
	By time.Duration
}

// Transport looks at every answer.
func (c *Clocks) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		sent := time.Now()
		resp, err := next.RoundTrip(req)
		if err == nil {
			if date, bad := http.ParseTime(resp.Header.Get("Date")); bad == nil {
				c.note(req.URL.Host, date.Sub(sent.Add(time.Since(sent)/2)))
			}
		}
		return resp, err
	})
}

func (c *Clocks) note(host string, by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead == nil {
		c.ahead = map[string]time.Duration{}
	}
	if before, ok := c.ahead[host]; !ok || by > before {
		c.ahead[host] = by
	}
}

// Seen lists the clocks that were seen, by host.
func (c *Clocks) Seen() []Ahead {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Ahead, 0, len(c.ahead))
	for host, by := range c.ahead {
		all = append(all, Ahead{Host: host, By: by})
	}
	slices.SortFunc(all, func(a, b Ahead) int { return cmp.Compare(a.Host, b.Host) })
	return all
}
