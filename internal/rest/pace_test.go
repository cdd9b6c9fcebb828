package rest

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// answering gives each request a status and notes when it came.
type answering struct {
	mu       sync.Mutex
	start    time.Time
	came     []time.Duration
	throttle int // how many of the first are refused
}

func (a *answering) RoundTrip(*http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.came = append(a.came, time.Since(a.start))
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if len(a.came) <= a.throttle {
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "5")
	}
	return resp, nil
}

func send(t *testing.T, through http.RoundTripper, n int) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://service.example/", http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := through.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	all.Wait()
}

// No second sees more requests than are allowed, however many senders there are.
func TestPaceKeepsToTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 20
		a := &answering{start: time.Now()}
		send(t, NewPace(limit).Transport(a), 200)
		for i, at := range a.came {
			n := 0
			for _, other := range a.came[i:] {
				if other-at < time.Second {
					n++
				}
			}
			if n > limit+limit/4 {
				t.Fatalf("%d requests in the second from %s", n, at)
			}
		}
		if total := a.came[len(a.came)-1]; total > 11*time.Second {
			t.Errorf("200 requests at 20 a second took %s", total)
		}
	})
}

// When one is throttled nobody sends before the time is up, and all go slower.
func TestOneThrottledIsAllThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answering{start: time.Now(), throttle: 1}
		through := Retry(NewPace(100).Transport(a), &Patience{Max: time.Hour})
		send(t, through, 1)
		send(t, through, 200)
		for _, at := range a.came[1:] {
			if at < 5*time.Second {
				t.Errorf("a request came after %s", at)
			}
		}
		if total := a.came[len(a.came)-1] - 5*time.Second; total < 3*time.Second {
			t.Errorf("200 requests went on at the old pace: %s", total)
		}
	})
}

// Eight who wait for the same minute have waited a minute, not eight.
func TestWaitingTogetherCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w waited
		const limit = 90 * time.Second
		for range 8 {
			if !w.take(time.Minute, limit) {
				t.Fatal("a pause beside another one was refused")
			}
		}
		time.Sleep(30 * time.Second)
		if !w.take(time.Minute, limit) { // half of it lies behind the others
			t.Error("a pause that ends at the limit was refused")
		}
		if w.take(61*time.Second, limit) {
			t.Error("a pause beyond the limit was taken")
		}
	})
}
