package zoom

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/rest"
)

// Daily ends a run at once when the day's requests are used up: no pause that anybody
// would wait through helps. Zoom says so with X-RateLimit-Type and a Retry-After of ISO 8601
// (documented), or in its text alone (reported), and counts its days in GMT.
//
// https://developers.zoom.us/docs/api/rate-limits/
// https://devforum.zoom.us/t/18928
// https://github.com/jrchamp/moodle-mod_zoom/issues/246
func Daily(next http.RoundTripper) http.RoundTripper { return daily{next} }

type daily struct{ next http.RoundTripper }

func (d daily) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusForbidden {
		return resp, err
	}
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	if !strings.EqualFold(resp.Header.Get("X-RateLimit-Type"), "Daily-limit") && !usedUp.Match(text) {
		resp.Body = io.NopCloser(bytes.NewReader(text))
		return resp, nil
	}
	return nil, &rest.PatienceError{
		Host:   req.URL.Host,
		Daily:  true,
		Until:  goesOn(resp),
		Status: resp.StatusCode,
	}
}

var usedUp = regexp.MustCompile(`(?i)daily rate limit|maximum number of api requests`)

// goesOn is when a new day begins: as Zoom says, else the next midnight in GMT by Zoom's
// own clock.
func goesOn(resp *http.Response) time.Time {
	if at, err := time.Parse(time.RFC3339, strings.TrimSpace(resp.Header.Get("Retry-After"))); err == nil {
		return at
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	const day = 24 * time.Hour
	return now.UTC().Truncate(day).Add(day)
}
