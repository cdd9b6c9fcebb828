package graph

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

func itoa(n int) string { return strconv.Itoa(n) }

// batch answers up to 20 requests, in another order than they came. Each item is
// throttled by itself; the whole answers 200.
//
// https://learn.microsoft.com/graph/json-batching
func (s *Service) batch(g *graphCall) {
	var body struct {
		Requests []struct {
			ID      string            `json:"id"`
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"requests"`
	}
	if err := json.NewDecoder(g.r.Body).Decode(&body); err != nil || len(body.Requests) == 0 {
		s.badQuery(g, "The batch needs a list 'requests'.")
		return
	}
	if len(body.Requests) > 20 {
		s.badQuery(g, "The number of maximum requests (20) in the batch was exceeded.")
		return
	}
	seen := map[string]bool{}
	responses := []any{}
	for _, item := range body.Requests {
		if id := strings.ToLower(item.ID); id == "" || seen[id] {
			s.badQuery(g, "Request Ids should be unique and not empty: '"+item.ID+"'.")
			return
		}
		seen[strings.ToLower(item.ID)] = true
		r, err := http.NewRequestWithContext(
			g.r.Context(),
			item.Method,
			s.Origin+"/v1.0/"+strings.TrimPrefix(item.URL, "/"),
			bytes.NewReader(item.Body),
		)
		if err != nil {
			s.badQuery(g, "The url of request '"+item.ID+"' could not be read.")
			return
		}
		r.Header.Set("Authorization", g.r.Header.Get("Authorization"))
		for name, value := range item.Headers {
			r.Header.Set(name, value)
		}
		responses = append(responses, s.batchItem(g.rec, item.ID, r))
	}
	slices.Reverse(responses)
	g.rec.JSON(http.StatusOK, map[string]any{"responses": responses})
}

func (s *Service) batchItem(whole *world.Recorder, id string, r *http.Request) map[string]any {
	rec := world.NewRecorder()
	if !s.Fault(rec, r) {
		s.Serve(rec, r)
	}
	whole.Allowed = append(whole.Allowed, rec.Allowed...)
	headers := map[string]string{}
	for _, name := range []string{"Content-Type", "Retry-After", "Location", "Cache-Control"} {
		if value := rec.Head.Get(name); value != "" {
			headers[name] = value
		}
	}
	answer := map[string]any{"id": id, "status": rec.Status, "headers": headers}
	if rec.Body.Len() > 0 {
		answer["body"] = json.RawMessage(rec.Body.Bytes())
	}
	return answer
}
