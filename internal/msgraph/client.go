// Package msgraph reads and changes a tenant through Microsoft Graph v1.0: wire
// JSON in, tenant facts out. It gets an http.Client that is signed in already
// and has no opinion about what it reads.
package msgraph

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

// Client talks to one Graph endpoint.
type Client struct {
	// HTTP carries the sign-in.
	HTTP *http.Client
	// Base is the origin, for example https://graph.microsoft.com.
	Base string
	// Cloud is "global", "gcc-high", "dod" or "china"; empty is the global one.
	Cloud string

	rolesOnce sync.Mutex
	roles     map[string]resource
}

// call is one request: what it is for, and what permission it takes.
type call struct {
	doing  string
	access tenant.Access
	method string
	// path is below /v1.0, percent-encoded, with its query.
	path string
	body any
	// beta is for what v1.0 does not have; Microsoft may change it at any time.
	beta bool
	// eventual asks for the advanced query capabilities,
	// https://learn.microsoft.com/graph/aad-advanced-queries
	eventual bool
}

// notIn are the clouds in which Microsoft's page of a call says that it does not exist.
//
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
// https://learn.microsoft.com/graph/api/directoryaudit-list
var notIn = map[string][]string{
	"SignIns":  {"gcc-high", "dod", "china"},
	"Consents": {"china"},
}

// do sends a call and decodes the answer into out, which may be nil.
func (c *Client) do(ctx context.Context, q call, out any) error {
	return c.send(ctx, q, c.address(q), out)
}

func (c *Client) address(q call) string {
	if q.beta {
		return c.Base + "/beta" + q.path
	}
	return c.Base + "/v1.0" + q.path
}

func (c *Client) send(ctx context.Context, q call, address string, out any) error {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return fmt.Errorf("%s: %w", q.doing, err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return fmt.Errorf("%s: %w", q.doing, err)
	}
	req.Header.Set("client-request-id", requestID())
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.eventual {
		req.Header.Set("ConsistencyLevel", "eventual")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return rest.Unreachable("Microsoft", q.doing, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return q.refused(resp)
	}
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if text, ok := out.(*plain); ok {
		return text.read(resp.Body)
	}
	if err := rest.Decode(resp, out); err != nil {
		id := rest.Named("request-id", resp.Header.Get("request-id"))
		return fmt.Errorf("%s: reading Graph's answer%s: %w", q.doing, id, err)
	}
	return nil
}

// list follows @odata.nextLink to its end and hands every page's items to add.
// A link to another host, or one that came before, ends the listing with an
// error: both have been seen to make clients leak or loop.
//
// https://learn.microsoft.com/graph/paging
func list[T any](ctx context.Context, c *Client, q call, add func([]T)) error {
	address := c.address(q)
	var pages rest.Pages
	for {
		var page struct {
			Value json.RawMessage `json:"value"`
			Next  string          `json:"@odata.nextLink"`
		}
		if err := c.send(ctx, q, address, &page); err != nil {
			return err
		}
		items, err := listed[T](page.Value)
		if err == nil {
			err = pages.Add(page.Value, len(items), page.Next)
		}
		if err == nil && page.Next != "" {
			err = rest.SameHost(c.Base, page.Next)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", q.doing, err)
		}
		add(items)
		if page.Next == "" {
			return nil
		}
		address = page.Next
	}
}

// listed reads the items of a page. One without them is no empty list.
func listed[T any](value json.RawMessage) ([]T, error) {
	var items []T
	if err := json.Unmarshal(value, &items); len(value) > 0 && err != nil {
		return nil, fmt.Errorf("reading Graph's answer: %w", err)
	}
	if items == nil {
		return nil, errors.New("Graph's answer has no \"value\" list")
	}
	return items, nil
}

// Error is Graph's error form, https://learn.microsoft.com/graph/errors
type Error struct {
	Doing  string
	Status int
	// Code is the most specific code of the error and its inner errors.
	Code    string
	Message string
	// RequestID is what Microsoft's support asks for.
	RequestID string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: Graph answered %d %s: %s", e.Doing, e.Status, e.Code, e.Message) +
		rest.Named("request-id", e.RequestID)
}

// NotFound says whether Graph knows no such object.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound }

// Refused says whether Graph said that it did not do what was asked: with a server's
// error nobody knows.
func (e *Error) Refused() bool { return e.Status/100 == 4 && e.Status != http.StatusRequestTimeout }

// IsNotFound says whether an error is Graph's "there is no such object".
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// codeNoLicence says that a report belongs to a larger licence.
//
// https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/errors-sign-in-activity-report
const codeNoLicence = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"

type innerError struct {
	Code  string      `json:"code"`
	Inner *innerError `json:"innerError"`
}

// refused reads an error answer. 401 ends the run: the token is not accepted.
// 403 says which permissions would have helped.
func (q call) refused(resp *http.Response) error {
	var body struct {
		Error struct {
			innerError
			Message string `json:"message"`
		} `json:"error"`
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // a cut answer still has its status
	if json.Unmarshal(text, &body) != nil || body.Error.Code == "" {
		body.Error.Message = "no error in Graph's form"
	}
	e := &Error{
		Doing:     q.doing,
		Status:    resp.StatusCode,
		Code:      body.Error.Code,
		Message:   body.Error.Message,
		RequestID: resp.Header.Get("request-id"),
	}
	for inner := body.Error.Inner; inner != nil; inner = inner.Inner {
		if inner.Code != "" {
			e.Code = inner.Code
		}
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return &tenant.StopError{Reason: tenant.SignedOut, Service: "Microsoft", Err: e}
	case http.StatusForbidden:
		if e.Code == codeNoLicence {
			return &tenant.NeedsError{
				Service: "Microsoft Entra ID",
				AnyOf:   []string{"a Microsoft Entra ID P1 or P2 licence"},
				Doing:   q.doing,
				Err:     e,
			}
		}
		return &tenant.NeedsError{
			Service: "Microsoft Graph",
			AnyOf:   q.access.AnyOf(),
			Doing:   q.doing,
			Roles:   q.access.Roles,
			Instead: q.access.Instead,
			Err:     e,
		}
	}
	return e
}

// requestID is a GUID, as Graph's best practices ask for.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// key writes a value between quotes for a path or a $filter: quotes doubled,
// then percent-encoded.
func quoted(value string) string {
	return url.QueryEscape("'" + strings.ReplaceAll(value, "'", "''") + "'")
}

// userPath addresses a person by ID or UPN. The parenthesised form takes UPNs
// that begin with $ or contain #, which the plain one does not.
func userPath(key string) string {
	return "/users(" + strings.ReplaceAll(quoted(key), "+", "%20") + ")"
}

func query(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		b.WriteString(separator + pairs[i] + "=" + pairs[i+1])
	}
	return b.String()
}
