package rest

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

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
