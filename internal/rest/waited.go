package rest

import (
	"sync"
	"time"
)

// waited adds up the pauses of one command; requests run concurrently.
type waited struct {
	mu    sync.Mutex
	total time.Duration
}

// take books a pause and says whether it stays within the limit.
func (w *waited) take(d, limit time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.total+d > limit {
		return false
	}
	w.total += d
	return true
}
