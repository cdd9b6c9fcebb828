package rest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Every form of Retry-After, and what is none.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC().Truncate(time.Second)
		ahead := now.Add(20 * time.Minute)
		for name, test := range map[string]struct {
			value, date string
			least, most time.Duration
		}{
			"seconds":                    {"7", "", 7 * time.Second, 7 * time.Second},
			"with blanks":                {" 7 ", "", 7 * time.Second, 7 * time.Second},
			"a fraction":                 {"2.5", "", 2500 * time.Millisecond, 2500 * time.Millisecond},
			"zero":                       {"0", "", time.Second, time.Second},
			"next to nothing":            {"0.001", "", time.Second, time.Second},
			"below zero":                 {"-3", "", 2 * time.Second, 2500 * time.Millisecond},
			"absurd":                     {"1e300", "", longest, longest},
			"beyond every number":        {"1e999", "", longest, longest},
			"infinite":                   {"Inf", "", longest, longest},
			"no number":                  {"NaN", "", 2 * time.Second, 2500 * time.Millisecond},
			"words":                      {"soon", "", 2 * time.Second, 2500 * time.Millisecond},
			"nothing":                    {"", "", 2 * time.Second, 2500 * time.Millisecond},
			"a date":                     {now.Add(time.Minute).Format(http.TimeFormat), "", time.Minute, time.Minute},
			"a date in the past":         {now.Add(-time.Hour).Format(http.TimeFormat), "", time.Second, time.Second},
			"a time of ISO 8601":         {now.Add(time.Hour).Format(time.RFC3339), "", time.Hour, time.Hour},
			"such a time without a zone": {now.Add(time.Hour).Format("2006-01-02T15:04:05"), "", time.Hour, time.Hour},
			"a date in a thousand years": {"Fri, 01 Jan 3027 00:00:00 GMT", "", longest, longest},
			"by the service's clock": {
				ahead.Add(time.Minute).Format(http.TimeFormat),
				ahead.Format(http.TimeFormat),
				time.Minute,
				time.Minute,
			},
			"by the service's clock, behind": {
				now.Add(time.Minute).Format(http.TimeFormat),
				now.Add(-time.Hour).Format(http.TimeFormat),
				61 * time.Minute,
				61 * time.Minute,
			},
		} {
			resp := &http.Response{Header: http.Header{}}
			resp.Header.Set("Retry-After", test.value)
			resp.Header.Set("Date", test.date)
			if got := retryAfter(resp, 2*time.Second); got < test.least || got > test.most {
				t.Errorf("%s (%q): %s, want %s to %s", name, test.value, got, test.least, test.most)
			}
		}
	})
}

// A service that asks for no pause is asked again as often as the patience has seconds, and
// not as often as it can answer.
func TestZeroIsNoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		always := roundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			r := answer(http.StatusTooManyRequests, "0")
			r.Body = http.NoBody
			return &r, nil
		})
		patience := &Patience{Max: 8 * time.Second}
		ask := func() error {
			req, err := http.NewRequestWithContext(
				context.Background(),
				http.MethodGet,
				"https://graph.microsoft.com/",
				http.NoBody,
			)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Retry(always, patience).RoundTrip(req)
			return err
		}
		var impatient *PatienceError
		if err := ask(); !errors.As(err, &impatient) || sent != 9 {
			t.Fatalf("%d requests, %v", sent, err)
		}
		if impatient.Until.Before(time.Now()) {
			t.Errorf("it does not say when it can go on: %v", impatient)
		}
		// The patience is one for all that share it.
		if err := ask(); !errors.As(err, &impatient) || sent != 10 {
			t.Errorf("%d requests, %v", sent, err)
		}
	})
}
