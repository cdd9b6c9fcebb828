// Package zoom reads a Zoom account through REST v2: wire JSON in, tenant facts
// out. It gets an http.Client that is signed in already and has no opinion
// about what it reads.
package zoom

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

// Client talks to one Zoom account.
type Client struct {
	// HTTP carries the sign-in.
	HTTP *http.Client
	// Base is the origin, for example https://api.zoom.us.
	Base string
	// Pace is told what the account's plan bears; it may be nil.
	Pace *rest.Pace
}

// Error is Zoom's error form, https://developers.zoom.us/docs/api/errors/
type Error struct {
	Doing   string
	Status  int
	Code    int
	Message string
	// TrackingID is what Zoom's support asks for.
	TrackingID string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: Zoom answered %d, code %d: %s", e.Doing, e.Status, e.Code, e.Message) +
		rest.Named("tracking ID", e.TrackingID)
}

// Refused says whether Zoom said that it did not do what was asked: with a server's
// error nobody knows.
func (e *Error) Refused() bool { return e.Status/100 == 4 && e.Status != http.StatusRequestTimeout }

// Codes that mean something to us.
const (
	codeNoUser       = 1001
	codeElsewhere    = 1010
	codeInvalidToken = 124
	codeSeveral      = 200
)

// missingScopes are the codes by which Zoom says that the app lacks a scope. Reported:
// https://devforum.zoom.us/t/111305 and https://devforum.zoom.us/t/101088
var missingScopes = []int{4711, 4700, 104}

// call is one request: what it is for and which granular scopes allow it.
type call struct {
	doing  string
	access tenant.Access
	path   string
	query  url.Values
	// method, empty for GET, and body are for what is not only read.
	method string
	body   any
}

func (c *Client) get(ctx context.Context, q call, out any) error {
	address := c.Base + "/v2" + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	req, err := q.request(ctx, address)
	if err != nil {
		return fmt.Errorf("%s: %w", q.doing, err)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return rest.Unreachable("Zoom", q.doing, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return q.refused(resp)
	}
	if out == nil {
		return nil
	}
	if err := rest.Decode(resp, out); err != nil {
		id := rest.Named("tracking ID", resp.Header.Get("x-zm-trackingid"))
		return fmt.Errorf("%s: reading Zoom's answer%s: %w", q.doing, id, err)
	}
	return nil
}

func (q call) request(ctx context.Context, address string) (*http.Request, error) {
	if q.body == nil {
		return http.NewRequestWithContext(ctx, cmp.Or(q.method, http.MethodGet), address, http.NoBody)
	}
	text, err := json.Marshal(q.body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, bytes.NewReader(text))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

func (q call) refused(resp *http.Response) error {
	var body struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		// Reason and OAuth stand in the errors of the token endpoint, which the API has been
		// seen to answer too.
		Reason string `json:"reason"`
		OAuth  string `json:"error"`
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // a cut answer still has its status
	if json.Unmarshal(text, &body) != nil {
		body.Message = ""
	}
	if body.Message == "" && body.OAuth != "" {
		body.Message = strings.TrimSuffix(body.OAuth+": "+body.Reason, ": ")
	}
	body.Message = cmp.Or(body.Message, "no error in Zoom's form")
	e := &Error{
		Doing:      q.doing,
		Status:     resp.StatusCode,
		Code:       body.Code,
		Message:    body.Message,
		TrackingID: resp.Header.Get("x-zm-trackingid"),
	}
	switch {
	case slices.Contains(missingScopes, body.Code):
		return &tenant.NeedsError{
			Service: "Zoom",
			AnyOf:   namedScopes(body.Message, q.access.AnyOf()),
			Doing:   q.doing,
			Instead: q.access.Instead,
			Err:     e,
		}
	case body.Code == codeInvalidToken, resp.StatusCode == http.StatusUnauthorized:
		return &tenant.StopError{Reason: tenant.SignedOut, Service: "Zoom", Err: e}
	}
	return e
}

var scopeList = regexp.MustCompile(`scopes:?\s*\[([^\]]+)\]`)

// namedScopes are the scopes that Zoom's message names, any one of which is
// enough; without a name in it those of our own table.
func namedScopes(message string, table []string) []string {
	m := scopeList.FindStringSubmatch(message)
	if m == nil {
		return table
	}
	return strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })
}

// ShortError says that a listing ended before it had as many items as Zoom
// itself counted. A token that a newer one made invalid has been seen to cut
// listings short, so this is never reported as a complete answer.
type ShortError struct {
	Doing     string
	Got, Want int
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("%s: got %d of the %d that Zoom counts; the listing is not complete", e.Doing, e.Got, e.Want)
}

// list follows next_page_token, which lives 15 minutes, and checks the count at
// the end. The items are under a key that differs by list; read decodes those of one page
// and returns how many they are.
//
// https://developers.zoom.us/docs/api/using-zoom-apis/#pagination
func (c *Client) list(
	ctx context.Context,
	q call,
	key string,
	size int,
	read func(json.RawMessage) (int, error),
) error {
	if q.query == nil {
		q.query = url.Values{}
	}
	q.query.Set("page_size", strconv.Itoa(size))
	got := 0
	var pages rest.Pages
	for {
		p, err := c.page(ctx, q, key)
		if err != nil {
			return err
		}
		n, err := read(p.items)
		if err != nil {
			return fmt.Errorf("%s: reading Zoom's answer: %w", q.doing, err)
		}
		got += n
		if err := pages.Add(p.items, n, p.next); err != nil {
			return fmt.Errorf("%s: %w", q.doing, err)
		}
		if p.next == "" {
			return p.counted(q, got)
		}
		q.query.Set("next_page_token", p.next)
	}
}

// page is one page of a list.
type page struct {
	items json.RawMessage
	next  string
	// total is what Zoom counts in all pages; nil when it does not say.
	total *int
}

// page reads a page. An answer without the list is no empty list.
func (c *Client) page(ctx context.Context, q call, key string) (page, error) {
	var object map[string]json.RawMessage
	if err := c.get(ctx, q, &object); err != nil {
		return page{}, err
	}
	var p page
	var ok bool
	if p.items, ok = object[key]; !ok || string(p.items) == "null" {
		return page{}, fmt.Errorf("%s: Zoom's answer has no %q list", q.doing, key)
	}
	for name, into := range map[string]any{"next_page_token": &p.next, "total_records": &p.total} {
		if raw, ok := object[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return page{}, fmt.Errorf("%s: reading %s of Zoom's answer: %w", q.doing, name, err)
			}
		}
	}
	return p, nil
}

// counted compares what was read with Zoom's own count. More may have come meanwhile, but
// not out of nothing.
func (p page) counted(q call, got int) error {
	if p.total != nil && (got < *p.total || *p.total == 0 && got > 0) {
		return &ShortError{Doing: q.doing, Got: got, Want: *p.total}
	}
	return nil
}

// all reads a list that has one page; out is a pointer to a slice.
func (c *Client) all(ctx context.Context, q call, key string, out any) error {
	p, err := c.page(ctx, q, key)
	if err != nil {
		return err
	}
	var items []json.RawMessage
	if err := errors.Join(json.Unmarshal(p.items, &items), json.Unmarshal(p.items, out)); err != nil {
		return fmt.Errorf("%s: reading Zoom's answer: %w", q.doing, err)
	}
	return p.counted(q, len(items))
}
