package zoom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Page sizes: the largest that Zoom's description of the API allows.
const (
	userPage  = 2000
	groupPage = 300
)

// The granular scope can be given only to an app of an account with master APIs, by its
// owner; a classic-scope app needs account:read:admin.
var accessDomains = access("Domains", tenant.Access{
	Why:     "the associated domains",
	Scopes:  []string{"account:read:managed_domains:master"},
	Or:      []string{"account:read:admin"},
	Instead: "state them in the tenant file: zoom.associated_domains: [DOMAIN]",
})

// Domains lists the account's managed (associated) domains. Zoom's reference
// types the status as free text; "verified" and "approved" are taken as
// verified, everything else as pending.
//
// https://developers.zoom.us/docs/api/accounts/#tag/accounts/get/accounts/{accountId}/managed_domains
func (c *Client) Domains(ctx context.Context) ([]tenant.ZoomDomain, error) {
	var domains []struct {
		Domain string `json:"domain"`
		Status string `json:"status"`
	}
	q := call{
		doing:  "listing associated domains",
		access: accessDomains,
		path:   "/accounts/me/managed_domains",
	}
	if err := c.all(ctx, q, "domains", &domains); err != nil {
		return nil, err
	}
	all := make([]tenant.ZoomDomain, len(domains))
	for i, d := range domains {
		verified := strings.EqualFold(d.Status, "verified") || strings.EqualFold(d.Status, "approved")
		all[i] = tenant.ZoomDomain{Name: strings.ToLower(d.Domain), Verified: verified, Status: d.Status}
	}
	return all, nil
}

type user struct {
	ID          string   `json:"id"`
	Email       string   `json:"email"`
	DisplayName string   `json:"display_name"`
	Status      string   `json:"status"`
	RoleName    string   `json:"role_name"`
	GroupIDs    []string `json:"group_ids"`
}

func (u user) fact() tenant.ZoomUser {
	return tenant.ZoomUser{
		ID:          u.ID,
		Email:       u.Email,
		DisplayName: u.DisplayName,
		Status:      u.Status,
		Role:        u.RoleName,
		GroupIDs:    u.GroupIDs,
	}
}

// ErrElsewhere says that a user is one of another Zoom account. Reported:
// https://github.com/jrchamp/moodle-mod_zoom/issues/64
var ErrElsewhere = errors.New("the user belongs to another Zoom account")

var accessUser = access("User", tenant.Access{
	Why:    "one person by email",
	Scopes: []string{"user:read:user:admin"},
})

// User reads one person by email or ID; nil when the account has none.
//
// https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}
func (c *Client) User(ctx context.Context, key string) (*tenant.ZoomUser, error) {
	var u user
	q := call{
		doing:  "reading the Zoom user " + key,
		access: accessUser,
		path:   "/users/" + url.PathEscape(key),
	}
	err := c.get(ctx, q, &u)
	var refused *Error
	switch {
	case !errors.As(err, &refused):
	case refused.Code == codeNoUser:
		return nil, nil
	case refused.Code == codeElsewhere:
		return nil, fmt.Errorf("%w (%w)", ErrElsewhere, err)
	}
	if err != nil {
		return nil, err
	}
	if u.ID == "" || u.Email == "" {
		return nil, fmt.Errorf("%s: Zoom's answer names nobody", q.doing)
	}
	f := u.fact()
	return &f, nil
}

// Statuses are the three lists that make up everybody: Zoom lists one status at
// a time.
var Statuses = []string{"active", "inactive", "pending"}

// PageSize is how many people a page of a listing has, but for the last.
const PageSize = userPage

func usersCall(status string) call {
	return call{
		doing:  "listing " + status + " Zoom users",
		access: accessUsersPage,
		path:   "/users",
		query:  url.Values{"status": {status}},
	}
}

func usersIn(items json.RawMessage) ([]tenant.ZoomUser, error) {
	var users []user
	if err := json.Unmarshal(items, &users); err != nil {
		return nil, err
	}
	facts := make([]tenant.ZoomUser, len(users))
	for i, u := range users {
		facts[i] = u.fact()
	}
	return facts, nil
}

var accessUsersPage = access("UsersPage", tenant.Access{
	Why:    "everybody",
	Scopes: []string{"user:read:list_users:admin"},
})

// UsersPage reads one page of a status by its number, from 1, and how many there
// are in all. Pages by number can be read at the same time, but a change between
// them can move people from one to another: whoever joins them counts.
//
// https://developers.zoom.us/docs/api/users/#tag/users/get/users
func (c *Client) UsersPage(
	ctx context.Context,
	status string,
	number int,
) (people []tenant.ZoomUser, total int, err error) {
	q := usersCall(status)
	q.query.Set("page_size", strconv.Itoa(userPage))
	if number > 1 {
		q.query.Set("page_number", strconv.Itoa(number))
	}
	p, err := c.page(ctx, q, "users")
	if err != nil {
		return nil, 0, err
	}
	if people, err = usersIn(p.items); err != nil {
		return nil, 0, fmt.Errorf("%s: reading Zoom's answer: %w", q.doing, err)
	}
	switch {
	case p.total == nil:
		return nil, 0, fmt.Errorf("%s: Zoom's answer has no count", q.doing)
	case *p.total == 0 && len(people) > 0:
		return nil, 0, &ShortError{Doing: q.doing, Got: len(people)}
	case c.Pace != nil && *p.total > proUsers:
		c.Pace.Allow(businessMedium)
	}
	return people, *p.total, nil
}

// What plans bear of requests labelled Medium, and how many people tell a larger
// plan: Pro is sold for up to 99 licences, so ten times as many users are not on
// it (inferred).
//
// https://developers.zoom.us/docs/api/rate-limits/
const (
	businessMedium = 60
	proUsers       = 1000
)

// ProMedium is what the smallest paid plan bears of requests labelled Medium, a
// second.
const ProMedium = 20

var _ = access("UsersOf", tenant.Access{
	Why:    "everybody",
	Scopes: []string{"user:read:list_users:admin"},
})

// UsersOf lists everybody of a status by next_page_token, which misses nobody but
// cannot be hurried.
//
// https://developers.zoom.us/docs/api/using-zoom-apis/#pagination
func (c *Client) UsersOf(ctx context.Context, status string, each func([]tenant.ZoomUser)) error {
	return c.list(ctx, usersCall(status), "users", userPage, func(items json.RawMessage) (int, error) {
		users, err := usersIn(items)
		each(users)
		return len(users), err
	})
}

var accessChangeEmail = access("ChangeEmail", tenant.Access{
	Why:    "changes emails",
	Scopes: []string{"user:update:email:admin"},
})

// ChangeEmail gives a user another email. Zoom refuses it outside the managed
// domains, for an administrator, and more than three times in 24 hours. It sends
// the person a message; PATCH /users/{id} with an email changes nothing.
//
// https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email
func (c *Client) ChangeEmail(ctx context.Context, from, to string) error {
	q := call{
		doing:  "changing the Zoom email of " + from,
		access: accessChangeEmail,
		method: http.MethodPut,
		path:   "/users/" + url.PathEscape(from) + "/email",
		body:   map[string]string{"email": to},
	}
	return c.get(ctx, q, nil)
}

var accessGroups = access("Groups", tenant.Access{
	Why:    "the groups",
	Scopes: []string{"group:read:list_groups:admin"},
})

// Groups lists the account's groups.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/get/groups
func (c *Client) Groups(ctx context.Context) ([]tenant.ZoomGroup, error) {
	var all []tenant.ZoomGroup
	q := call{doing: "listing Zoom groups", access: accessGroups, path: "/groups"}
	err := c.list(ctx, q, "groups", groupPage, func(items json.RawMessage) (int, error) {
		var groups []struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Members int    `json:"total_members"`
		}
		if err := json.Unmarshal(items, &groups); err != nil {
			return 0, err
		}
		for _, g := range groups {
			all = append(all, tenant.ZoomGroup(g))
		}
		return len(groups), nil
	})
	return all, err
}

var accessMembers = access("Members", tenant.Access{
	Why:    "the members of a group",
	Scopes: []string{"group:read:list_members:admin"},
})

// Members lists the people of one group.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/get/groups/{groupId}/members
func (c *Client) Members(ctx context.Context, groupID string) ([]tenant.ZoomUser, error) {
	var all []tenant.ZoomUser
	q := call{
		doing:  "listing the members of a Zoom group",
		access: accessMembers,
		path:   "/groups/" + url.PathEscape(groupID) + "/members",
	}
	err := c.list(ctx, q, "members", userPage, func(items json.RawMessage) (int, error) {
		members, err := usersIn(items)
		all = append(all, members...)
		return len(members), err
	})
	return all, err
}

var accessAccount = access("Account", tenant.Access{
	Why:    "the account's own ID",
	Scopes: []string{"user:read:user:admin"},
})

// Account reads which account the app belongs to. That "me" is the account's owner for
// a server-to-server app is inferred: the page speaks of apps of one user.
//
// https://developers.zoom.us/docs/api/using-zoom-apis/#the-me-keyword
// https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}
func (c *Client) Account(ctx context.Context) (tenant.ZoomAccount, error) {
	var me struct {
		AccountID string `json:"account_id"`
		Email     string `json:"email"`
	}
	q := call{doing: "reading the Zoom account", access: accessAccount, path: "/users/me"}
	err := c.get(ctx, q, &me)
	if err == nil && me.AccountID == "" {
		err = fmt.Errorf("%s: Zoom's answer names no account", q.doing)
	}
	return tenant.ZoomAccount{ID: me.AccountID, Owner: me.Email}, err
}

var accessPlan = access("Plan", tenant.Access{
	Why:    "the Zoom plan",
	Scopes: []string{"billing:read:plan_usage:admin"},
	// Whether a standard account can have it is said both ways.
	Certainty: tenant.Conflict,
})

// Plan reads what the account pays for, by the codes of Zoom's billing. Whether a standard
// account may read it is a conflict in Zoom's own pages; a free one answers 400 with code 200.
//
// https://developers.zoom.us/docs/api/billing/#tag/billing/get/accounts/{accountId}/plans/usage
// https://developers.zoom.us/changelog/billing/november-17-2023/
func (c *Client) Plan(ctx context.Context) (tenant.ZoomPlan, error) {
	type use struct {
		Type  string `json:"type"`
		Hosts int    `json:"hosts"`
		Usage int    `json:"usage"`
	}
	var body map[string]json.RawMessage
	q := call{
		doing:  "reading the Zoom plan",
		access: accessPlan,
		path:   "/accounts/me/plans/usage",
	}
	err := c.get(ctx, q, &body)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusBadRequest && refused.Code == codeSeveral {
		return tenant.ZoomPlan{}, fmt.Errorf("%w: %w", tenant.ErrNoPlan, err)
	}
	if err != nil {
		return tenant.ZoomPlan{}, err
	}
	var base use
	if text, ok := body["plan_base"]; ok && json.Unmarshal(text, &base) != nil {
		return tenant.ZoomPlan{}, fmt.Errorf("%s: Zoom's answer has a base plan of another form", q.doing)
	}
	p := tenant.ZoomPlan{Type: base.Type, Hosts: base.Hosts, Usage: base.Usage}
	for _, field := range slices.Sorted(maps.Keys(body)) {
		if field != "plan_united" && !strings.HasPrefix(field, "plan_zoom_one") {
			continue
		}
		var one use
		var several []use
		if json.Unmarshal(body[field], &several) != nil && json.Unmarshal(body[field], &one) == nil {
			several = []use{one}
		}
		for _, b := range several {
			if b.Type != "" {
				p.Bundles = append(p.Bundles, b.Type)
			}
		}
	}
	return p, nil
}

var accessAccountRoles = access("AccountRoles", tenant.Access{
	Why:    "who is owner or admin in Zoom",
	Scopes: []string{"role:read:list_roles:admin"},
})

// AccountRoles lists the roles of the account.
//
// https://developers.zoom.us/docs/api/accounts/#tag/roles/get/roles
func (c *Client) AccountRoles(ctx context.Context) ([]tenant.ZoomRole, error) {
	var roles []struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Members int    `json:"total_members"`
	}
	q := call{doing: "listing Zoom roles", access: accessAccountRoles, path: "/roles"}
	err := c.all(ctx, q, "roles", &roles)
	all := make([]tenant.ZoomRole, len(roles))
	for i, r := range roles {
		all[i] = tenant.ZoomRole(r)
	}
	return all, err
}

var accessCreateGroup = access("CreateGroup", tenant.Access{
	Why:    "makes the groups of group profiles",
	Scopes: []string{"group:write:group:admin"},
})

// CreateGroup makes a group without members.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/post/groups
func (c *Client) CreateGroup(ctx context.Context, name string) (tenant.ZoomGroup, error) {
	var made struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Members int    `json:"total_members"`
	}
	q := call{
		doing:  "making the Zoom group " + name,
		access: accessCreateGroup,
		method: http.MethodPost,
		path:   "/groups",
		body:   map[string]string{"name": name},
	}
	err := c.get(ctx, q, &made)
	return tenant.ZoomGroup(made), err
}

var accessDeleteGroup = access("DeleteGroup", tenant.Access{
	Why:    "takes back a group that zo365 made",
	Scopes: []string{"group:delete:group:admin"},
})

// DeleteGroup deletes a group; its members stay in the account.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/delete/groups/{groupId}
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	q := call{
		doing:  "deleting a Zoom group",
		access: accessDeleteGroup,
		method: http.MethodDelete,
		path:   "/groups/" + url.PathEscape(id),
	}
	return c.get(ctx, q, nil)
}
