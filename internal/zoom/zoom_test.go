package zoom

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
)

type answers struct {
	status int
	bodies []string
	asked  []string
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, req.URL.RequestURI())
	body := a.bodies[0]
	a.bodies = a.bodies[1:]
	status := a.status
	if status == 0 {
		status = 200
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"X-Zm-Trackingid": {"tid"}},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}, nil
}

func client(a *answers) *Client {
	return &Client{HTTP: &http.Client{Transport: a}, Base: "https://api.zoom.us"}
}

func TestListings(t *testing.T) {
	tests := map[string]struct {
		bodies []string
		want   int
		err    string
	}{
		"pages are followed to the empty token": {
			[]string{
				`{"groups":[{"id":"1","name":"A"}],"next_page_token":"t","total_records":2}`,
				`{"groups":[{"id":"2","name":"B"}],"next_page_token":"","total_records":2}`,
			},
			2,
			"",
		},
		"a list without a token is its last page": {[]string{`{"groups":[{"id":"1"}],"total_records":1}`}, 1, ""},
		"fewer than Zoom counts is an error": {
			[]string{`{"groups":[{"id":"1"}],"next_page_token":"","total_records":5}`},
			0,
			"got 1 of the 5 that Zoom counts",
		},
		"the same token twice is no endless loop": {
			[]string{`{"groups":[],"next_page_token":"t"}`, `{"groups":[],"next_page_token":"t"}`},
			0,
			"same link to a next page twice",
		},
		"a count of nobody with a page full is no answer": {
			[]string{`{"groups":[{"id":"1"},{"id":"2"}],"next_page_token":"","total_records":0}`},
			0,
			"got 2 of the 0 that Zoom counts",
		},
		"an answer without the list is no empty list": {[]string{`{}`}, 0, `has no "groups" list`},
		"a cut page is an error":                      {[]string{`{"groups":[{"id":"1"`}, 0, "unexpected EOF"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := client(&answers{bodies: test.bodies}).Groups(t.Context())
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || len(got) != test.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Everybody is three lists, since Zoom lists one status at a time.
func TestUsersAreThreePasses(t *testing.T) {
	a := &answers{bodies: []string{
		`{"users":[{"email":"a@x","status":"active"}],"total_records":1}`,
		`{"users":[],"total_records":0}`,
		`{"users":[{"email":"p@x","status":"pending"}],"total_records":1}`,
	}}
	var got []string
	var err error
	for _, status := range Statuses {
		page, total, failed := client(a).UsersPage(t.Context(), status, 1)
		err = errors.Join(err, failed)
		if total != len(page) {
			t.Errorf("%s: %d of %d", status, len(page), total)
		}
		for _, u := range page {
			got = append(got, u.Email+" "+u.Status)
		}
	}
	if err != nil || strings.Join(got, ",") != "a@x active,p@x pending" {
		t.Errorf("%v, %v", got, err)
	}
	want := "/v2/users?page_size=2000&status=active /v2/users?page_size=2000&status=inactive " +
		"/v2/users?page_size=2000&status=pending"
	if strings.Join(a.asked, " ") != want {
		t.Errorf("asked %v", a.asked)
	}
}

func TestErrorsAreSorted(t *testing.T) {
	ask := func(status int, body string) error {
		_, err := client(&answers{status: status, bodies: []string{body}}).Groups(t.Context())
		return err
	}
	var stop *tenant.StopError
	if err := ask(
		401,
		`{"code":124,"message":"Invalid access token."}`,
	); !errors.As(err, &stop) ||
		stop.Reason != tenant.SignedOut {
		t.Errorf("%v", err)
	}
	var needs *tenant.NeedsError
	if err := ask(
		400,
		`{"code":4711,"message":"Invalid access token, does not contain scopes:[group:read:special:admin, group:master]."}`,
	); !errors.As(err, &needs) ||
		strings.Join(needs.AnyOf, " ") != "group:read:special:admin group:master" {
		t.Errorf("%v", err)
	}
	if err := ask(
		400,
		`{"code":4711,"message":"Invalid access token."}`,
	); !errors.As(err, &needs) ||
		needs.AnyOf[0] != "group:read:list_groups:admin" {
		t.Errorf("%v", err)
	}
	for _, body := range []string{
		`{"code":104,"message":"Invalid access token, does not contain scopes: [group:read:admin]."}`,
		`{"code":4700,"message":"Invalid access token, does not contain scopes:[group:read:admin]."}`,
		`{"code":4711,"message":"Invalid access token, does not contain scopes:[group:read:admin]."}`,
	} {
		for _, status := range []int{400, 401} {
			if err := ask(status, body); !errors.As(err, &needs) || strings.Join(needs.AnyOf, " ") != "group:read:admin" {
				t.Errorf("%d %s: %v", status, body, err)
			}
		}
	}
	// Code 200 has several meanings: Zoom's words, and no guess of a scope or a plan.
	if err := ask(400, `{"code":200,"message":"No permission."}`); err == nil ||
		errors.As(err, new(*tenant.NeedsError)) || !strings.Contains(err.Error(), "No permission.") {
		t.Errorf("%v", err)
	}
	var e *Error
	if err := ask(500, `<html>`); !errors.As(err, &e) || e.TrackingID != "tid" || e.Status != 500 {
		t.Errorf("%v", err)
	}
	z, err := client(
		&answers{status: 404, bodies: []string{`{"code":1001,"message":"User does not exist: a@x."}`}},
	).User(
		t.Context(),
		"a@x",
	)
	if z != nil || err != nil {
		t.Errorf("somebody who is not there: %v, %v", z, err)
	}
}
