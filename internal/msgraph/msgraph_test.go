package msgraph

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

// pages answers by path and query; what is not there fails the test.
type pages struct {
	t       *testing.T
	status  int
	answers map[string]string
	asked   []string
}

func (p *pages) RoundTrip(req *http.Request) (*http.Response, error) {
	key := req.Method + " " + req.URL.RequestURI()
	p.asked = append(p.asked, key)
	body, ok := p.answers[key]
	if !ok {
		p.t.Errorf("unexpected request %s", key)
	}
	status := p.status
	if status == 0 {
		status = 200
	}
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Request-Id": {"rid"}},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}, nil
}

func client(p *pages) *Client {
	return &Client{HTTP: &http.Client{Transport: p}, Base: "https://graph.microsoft.com"}
}

const domainsPath = "GET /v1.0/domains?$select=id,isVerified,isInitial,isDefault"

func TestPaging(t *testing.T) {
	next := `{"value":[{"id":"a.com","isVerified":true}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/domains?$skiptoken=2"}`
	tests := map[string]struct {
		answers map[string]string
		want    int
		err     string
	}{
		"pages are followed to the end": {
			map[string]string{domainsPath: next, "GET /v1.0/domains?$skiptoken=2": `{"value":[{"id":"B.com"}]}`},
			2,
			"",
		},
		"an empty page may have a next one": {
			map[string]string{
				domainsPath:                      strings.Replace(next, `{"id":"a.com","isVerified":true}`, "", 1),
				"GET /v1.0/domains?$skiptoken=2": `{"value":[{"id":"b.com"}]}`,
			},
			1,
			"",
		},
		"the same link twice is no endless loop": {
			map[string]string{domainsPath: next, "GET /v1.0/domains?$skiptoken=2": next},
			0,
			"the same link to a next page twice",
		},
		"another host gets no token": {
			map[string]string{
				domainsPath: strings.Replace(next, "https://graph.microsoft.com/", "https://graph.evil.example/", 1),
			},
			0,
			"was not followed",
		},
		"a relative link is refused": {
			map[string]string{domainsPath: strings.Replace(next, "https://graph.microsoft.com/", "/", 1)},
			0,
			"was not followed",
		},
		"a page without value is no empty list": {map[string]string{domainsPath: `{"values":[]}`}, 0, `no "value" list`},
		"a cut page is an error":                {map[string]string{domainsPath: next[:40]}, 0, "unexpected EOF"},
		"a wrong type is an error": {
			map[string]string{domainsPath: `{"value":[{"id":"a.com","isVerified":"true"}]}`},
			0,
			"cannot unmarshal string",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := client(&pages{t: t, answers: test.answers}).Domains(t.Context())
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

func TestErrorsAreSorted(t *testing.T) {
	body := `{"error":{"code":"outer","message":"why","innerError":{"code":"inner","innerError":{"code":"innermost"}}}}`
	for status, check := range map[int]func(error) bool{
		401: func(err error) bool {
			var e *tenant.StopError
			return errors.As(err, &e) && e.Reason == tenant.SignedOut
		},
		403: func(err error) bool {
			var e *tenant.NeedsError
			return errors.As(err, &e) && e.AnyOf[0] == "Domain.Read.All"
		},
		404: IsNotFound,
		500: func(err error) bool {
			var e *Error
			return errors.As(err, &e) && e.Code == "innermost" && e.RequestID == "rid" && e.Message == "why"
		},
	} {
		_, err := client(&pages{t: t, status: status, answers: map[string]string{domainsPath: body}}).Domains(t.Context())
		if !check(err) {
			t.Errorf("%d: %v", status, err)
		}
	}
	impatient := roundTrip(func(*http.Request) (*http.Response, error) { return nil, &rest.PatienceError{} })
	_, err := (&Client{HTTP: &http.Client{Transport: impatient}, Base: "https://g"}).Domains(t.Context())
	var stop *tenant.StopError
	if !errors.As(err, &stop) || stop.Reason != tenant.OutOfPatience {
		t.Errorf("impatient: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// UPNs may hold what paths and filters give a meaning to.
func TestOddUPNs(t *testing.T) {
	for upn, path := range map[string]string{
		"a@contoso.com":                    "/users('a@contoso.com')",
		"$x#y@d.com":                       "/users('%24x%23y@d.com')",
		"o'neil@d.com":                     "/users('o''neil@d.com')",
		"pat_f.com#EXT#@c.onmicrosoft.com": "/users('pat_f.com%23EXT%23@c.onmicrosoft.com')",
		"a/b?c%d@d.com":                    "/users('a%2Fb%3Fc%25d@d.com')",
	} {
		got := strings.NewReplacer("%27", "'", "%40", "@").Replace(userPath(upn))
		if got != path {
			t.Errorf("%s: %s, want %s", upn, got, path)
		}
	}
}
