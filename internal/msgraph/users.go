package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

var accessCountUsers = access("CountUsers", readUsers)

// CountUsers asks how many people the directory has, without the deleted. The
// count comes from an index that may be some minutes behind.
//
// https://learn.microsoft.com/graph/aad-advanced-queries
func (c *Client) CountUsers(ctx context.Context) (int, error) {
	var text plain
	q := call{
		doing:    "counting users",
		access:   accessCountUsers,
		method:   http.MethodGet,
		path:     "/users/$count",
		eventual: true,
	}
	if err := c.do(ctx, q, &text); err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")))
	if err != nil {
		return 0, fmt.Errorf("counting users: Graph answered %q", string(text))
	}
	return n, nil
}

// plain takes an answer that is not JSON.
type plain string

func (p *plain) read(body io.Reader) error {
	const most = 100
	text, err := io.ReadAll(io.LimitReader(body, most))
	*p = plain(text)
	return err
}

// Range is a part of the directory by UPN, both ends included; an empty end is
// open. Ranges that meet hold the people at their common end twice.
type Range struct{ From, To string }

func (r Range) filter() string {
	var parts []string
	if r.From != "" {
		parts = append(parts, "userPrincipalName ge "+odata(r.From))
	}
	if r.To != "" {
		parts = append(parts, "userPrincipalName le "+odata(r.To))
	}
	return strings.Join(parts, " and ")
}

// codeUnsupported is Graph's for a filter that it does not take.
//
// https://learn.microsoft.com/graph/errors
const codeUnsupported = "Request_UnsupportedQuery"

// IsRangeRefused says whether Graph takes no ranges of UPNs: the page of the user says that
// ge and le work, the page of filters leaves them out, and people report a 400.
//
// https://learn.microsoft.com/graph/aad-advanced-queries#user-properties
// https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/5774
func IsRangeRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest &&
		(e.Code == codeUnsupported || e.Code == "Request_BadRequest" || e.Code == "BadRequest")
}

var accessUsersPage = access("UsersPage", readUsers)

// UsersPage reads a page of at most 999 people: the first of a range, or the one
// at a next link. The link is empty on the last page.
//
// https://learn.microsoft.com/graph/api/user-list
// https://learn.microsoft.com/graph/api/resources/user#properties (ge and le)
func (c *Client) UsersPage(ctx context.Context, r Range, next string) (people []tenant.User, link string, err error) {
	q := call{doing: "listing users", access: accessUsersPage, method: http.MethodGet}
	address := next
	if next == "" {
		options := []string{"$select", userSelect, "$top", "999"}
		if filter := r.filter(); filter != "" {
			options = append(options, "$filter", url.QueryEscape(filter))
		}
		address = c.Base + "/v1.0/users" + query(options...)
	} else if err := rest.SameHost(c.Base, next); err != nil {
		return nil, "", fmt.Errorf("%s: %w", q.doing, err)
	}
	var page struct {
		Value *[]user `json:"value"`
		Next  string  `json:"@odata.nextLink"`
	}
	if err := c.send(ctx, q, address, &page); err != nil {
		return nil, "", err
	}
	if page.Value == nil {
		return nil, "", fmt.Errorf("%s: Graph's answer has no \"value\" list", q.doing)
	}
	people = make([]tenant.User, len(*page.Value))
	for i, u := range *page.Value {
		people[i] = u.fact()
	}
	return people, page.Next, nil
}

// deltaSelect are the properties a delta link watches.
const deltaSelect = userSelect

var _ = access("DeltaLatest", readUsers)

// DeltaLatest asks for a link from which changes will be told, without reading
// anybody. It holds for seven days.
//
// https://learn.microsoft.com/graph/delta-query-overview
func (c *Client) DeltaLatest(ctx context.Context) (string, error) {
	address := c.Base + "/v1.0/users/delta" + query("$select", deltaSelect, "$deltaToken", "latest")
	_, link, err := c.Changes(ctx, address)
	return link, err
}

var accessChanges = access("Changes", readUsers)

// Changes reads all that changed since a delta link was given, and returns the
// link for the next time. A change may come twice.
//
// https://learn.microsoft.com/graph/api/user-delta
func (c *Client) Changes(ctx context.Context, link string) (all []tenant.UserChange, newLink string, err error) {
	q := call{doing: "reading what changed among the users", access: accessChanges, method: http.MethodGet}
	var pages rest.Pages
	for {
		if err := rest.SameHost(c.Base, link); err != nil {
			return nil, "", fmt.Errorf("%s: %w", q.doing, err)
		}
		var page struct {
			Value json.RawMessage `json:"value"`
			Next  string          `json:"@odata.nextLink"`
			Delta string          `json:"@odata.deltaLink"`
		}
		if err := c.send(ctx, q, link, &page); err != nil {
			return nil, "", err
		}
		items, err := listed[json.RawMessage](page.Value)
		if err == nil {
			err = pages.Add(page.Value, len(items), page.Next)
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", q.doing, err)
		}
		for _, raw := range items {
			change, err := changeOf(raw)
			if err != nil {
				return nil, "", fmt.Errorf("%s: %w", q.doing, err)
			}
			all = append(all, change)
		}
		if page.Delta != "" {
			return all, page.Delta, nil
		}
		if page.Next == "" {
			return nil, "", fmt.Errorf("%s: Graph's answer has neither a next link nor a delta link", q.doing)
		}
		link = page.Next
	}
}

// changeOf reads a change: a property that is not there did not change, one that
// is null is empty now.
func changeOf(raw json.RawMessage) (tenant.UserChange, error) {
	var there map[string]json.RawMessage
	var u user
	if err := json.Unmarshal(raw, &there); err != nil {
		return tenant.UserChange{}, err
	}
	if err := json.Unmarshal(raw, &u); err != nil {
		return tenant.UserChange{}, err
	}
	f := u.fact()
	has := func(name string) bool { _, ok := there[name]; return ok }
	c := tenant.UserChange{
		ID:              u.ID,
		Removed:         has("@removed"),
		MailPlanChanged: has("assignedPlans"),
		MailPlan:        f.MailPlan,
		Enabled:         f.Enabled,
	}
	if has("userPrincipalName") {
		c.UPN = &f.UPN
	}
	if has("mail") {
		c.Mail = &f.Mail
	}
	if has("proxyAddresses") {
		c.Proxies = &f.Proxies
	}
	if has("userType") {
		c.Guest = &f.Guest
	}
	if has("onPremisesSyncEnabled") {
		c.Synced = f.Synced
	}
	if c.ID == "" {
		return c, errors.New("a change has no id")
	}
	return c, nil
}

// IsGone says whether Graph no longer knows a delta link or a next link, so that
// everything has to be read again.
//
// https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset
func IsGone(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusGone || e.Status == http.StatusBadRequest)
}

var accessSetUPN = access("SetUPN", tenant.Same("changes UPNs", "User.ReadWrite.All"))

// SetUPN gives a person another UPN.
//
// https://learn.microsoft.com/graph/api/user-update
func (c *Client) SetUPN(ctx context.Context, id, upn string) error {
	q := call{
		doing:  "changing the UPN of " + id,
		access: accessSetUPN,
		method: http.MethodPatch,
		path:   userPath(id),
		body:   map[string]string{"userPrincipalName": upn},
	}
	return c.do(ctx, q, nil)
}
