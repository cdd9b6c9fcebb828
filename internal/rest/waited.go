package rest

import (
	"sync"
	"time"
)

// waited adds up the pauses of one command. Requests run concurrently: time that
// several of them wait through counts once.
type waited struct {
	mu    sync.Mutex
	total time.Duration
	until time.Time
}

// take books a pause that begins now, and says whether all of them stay within the
// limit.
func (w *waited) take(d, limit time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	end, from := now.Add(d), now
	if w.until.After(from) {
		from = w.until
	}
	more := max(end.Sub(from), 0)
	if more > limit-w.total {
		return false
	}
	w.total += more
	if end.After(w.until) {
		w.until = end
	}
	return true
}
