package msgraph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

var accessOrganization = access("Organization", tenant.Access{
	Why:         "the tenant's name and ID",
	Delegated:   []string{"User.Read"},
	Application: []string{"Organization.Read.All"},
})

// Organization reads the tenant's ID and name.
//
// https://learn.microsoft.com/graph/api/organization-list
func (c *Client) Organization(ctx context.Context) (tenant.Organization, error) {
	var found tenant.Organization
	q := call{
		doing:  "reading the organization",
		access: accessOrganization,
		method: http.MethodGet,
		path:   "/organization" + query("$select", "id,displayName"),
	}
	err := list(ctx, c, q, func(page []struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
	},
	) {
		for _, o := range page {
			found = tenant.Organization(o)
		}
	})
	if err == nil && found.ID == "" {
		err = fmt.Errorf("%s: Graph's answer names no organization", q.doing)
	}
	return found, err
}

var accessDomains = access("Domains", tenant.Access{
	Why:         "custom domains and whether they are verified",
	Delegated:   []string{"Domain.Read.All"},
	Application: []string{"Domain.Read.All"},
	Or:          []string{"Directory.Read.All"},
})

// Domains lists the tenant's domains, the unverified ones too.
//
// https://learn.microsoft.com/graph/api/domain-list
func (c *Client) Domains(ctx context.Context) ([]tenant.Domain, error) {
	var all []tenant.Domain
	q := call{
		doing:  "listing domains",
		access: accessDomains,
		method: http.MethodGet,
		path:   "/domains" + query("$select", "id,isVerified,isInitial,isDefault"),
	}
	err := list(ctx, c, q, func(page []struct {
		ID         string `json:"id"`
		IsVerified bool   `json:"isVerified"`
		IsInitial  bool   `json:"isInitial"`
		IsDefault  bool   `json:"isDefault"`
	},
	) {
		for _, d := range page {
			all = append(
				all,
				tenant.Domain{
					Name:     strings.ToLower(d.ID),
					Verified: d.IsVerified,
					Initial:  d.IsInitial,
					Default:  d.IsDefault,
				},
			)
		}
	})
	return all, err
}

// user is Graph's user with the properties that identify a person. All but the
// first four are returned only when selected.
type user struct {
	ID                string   `json:"id"`
	UPN               string   `json:"userPrincipalName"`
	Mail              string   `json:"mail"`
	DisplayName       string   `json:"displayName"`
	ProxyAddresses    []string `json:"proxyAddresses"`
	AccountEnabled    *bool    `json:"accountEnabled"`
	UserType          string   `json:"userType"`
	OnPremisesSync    *bool    `json:"onPremisesSyncEnabled"`
	DeletedDateTime   string   `json:"deletedDateTime"`
	AssignedPlansList *[]plan  `json:"assignedPlans"`
}

type plan struct {
	Service          string `json:"service"`
	CapabilityStatus string `json:"capabilityStatus"`
}

const userSelect = "id,userPrincipalName,mail,displayName,proxyAddresses,accountEnabled,userType,onPremisesSyncEnabled,assignedPlans"

// fact keeps what zo365 uses. A mail plan says that a person should have a
// mailbox, not that there is one.
func (u user) fact() tenant.User {
	synced := u.OnPremisesSync != nil && *u.OnPremisesSync // null is an account of the cloud
	f := tenant.User{
		ID:          u.ID,
		UPN:         u.UPN,
		Mail:        u.Mail,
		DisplayName: u.DisplayName,
		Proxies:     u.ProxyAddresses,
		Guest:       strings.EqualFold(u.UserType, "Guest"),
		Enabled:     u.AccountEnabled,
		Synced:      &synced,
		Deleted:     u.DeletedDateTime != "",
	}
	if u.AssignedPlansList != nil {
		has := false
		for _, p := range *u.AssignedPlansList {
			has = has || tenant.IsMailPlan(p.Service, p.CapabilityStatus)
		}
		f.MailPlan = &has
	}
	return f
}

var readUsers = tenant.Access{
	Why:         "people by UPN, mail and alias",
	Delegated:   []string{"User.Read.All"},
	Application: []string{"User.Read.All"},
	Or:          []string{"Directory.Read.All"},
}

var accessMe = access("Me", tenant.Access{
	Why:       "who is signed in",
	Delegated: []string{"User.Read"},
})

// Me reads the signed-in person.
//
// https://learn.microsoft.com/graph/api/user-get
func (c *Client) Me(ctx context.Context) (tenant.User, error) {
	var u user
	q := call{
		doing:  "reading the signed-in person",
		access: accessMe,
		method: http.MethodGet,
		path:   "/me" + query("$select", "id,userPrincipalName,mail,displayName"),
	}
	err := c.do(ctx, q, &u)
	return u.fact(), err
}

var accessUser = access("User", readUsers)

// User reads one person by object ID or UPN; nil when there is none.
//
// https://learn.microsoft.com/graph/api/user-get
func (c *Client) User(ctx context.Context, key string) (*tenant.User, error) {
	var u user
	q := call{
		doing:  "reading the user " + key,
		access: accessUser,
		method: http.MethodGet,
		path:   userPath(key) + query("$select", userSelect),
	}
	err := c.do(ctx, q, &u)
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := u.fact()
	return &f, nil
}

var _ = access("UsersByAddress", readUsers)

// UsersByAddress finds the people who have the address as UPN, as mail or as a
// proxy address: one request, and the prefixes of both kinds of SMTP address,
// since Graph compares proxyAddresses with their prefix.
//
// https://learn.microsoft.com/graph/api/user-list
func (c *Client) UsersByAddress(ctx context.Context, address string) ([]tenant.User, error) {
	filter := "userPrincipalName eq " + odata(address) + " or mail eq " + odata(address) +
		" or proxyAddresses/any(p:p eq " + odata("smtp:"+address) + ")"
	return c.users(ctx, "looking up "+address, filter)
}

var _ = access("UsersByLocalPart", readUsers)

// UsersByLocalPart finds the people whose UPN has the given part before the @.
//
// https://learn.microsoft.com/graph/api/user-list
func (c *Client) UsersByLocalPart(ctx context.Context, local string) ([]tenant.User, error) {
	return c.users(ctx, "looking up "+local+"@", "startswith(userPrincipalName,"+odata(local+"@")+")")
}

var accessUsersWith = access("UsersWith", readUsers)

// UsersWith finds the people who have each of some words at the beginning of a name or of an
// address. all is false when there are more than one page of them.
//
// https://learn.microsoft.com/graph/api/resources/user (startsWith)
func (c *Client) UsersWith(ctx context.Context, words []string) (people []tenant.User, all bool, err error) {
	filters := make([]string, len(words))
	for i, word := range words {
		var ways []string
		for _, property := range []string{"displayName", "givenName", "surname", "userPrincipalName", "mail"} {
			ways = append(ways, "startswith("+property+","+odata(word)+")")
		}
		ways = append(ways, "proxyAddresses/any(p:startswith(p,"+odata("smtp:"+word)+"))")
		filters[i] = "(" + strings.Join(ways, " or ") + ")"
	}
	q := call{
		doing:    "looking for " + strings.Join(words, " "),
		access:   accessUsersWith,
		method:   http.MethodGet,
		eventual: true,
		path: "/users" + query(
			"$select",
			userSelect,
			"$count",
			"true",
			"$top",
			"999",
			"$filter",
			url.QueryEscape(strings.Join(filters, " and ")),
		),
	}
	var page struct {
		Value []user `json:"value"`
		Next  string `json:"@odata.nextLink"`
	}
	if err := c.do(ctx, q, &page); err != nil {
		return nil, false, err
	}
	for _, u := range page.Value {
		people = append(people, u.fact())
	}
	return people, page.Next == "", nil
}

var accessUsersNear = access("UsersNear", readUsers)

// UsersNear finds people of a domain whose UPN begins or ends nearly like the
// given local part: of two mistakes at most two thirds of a name are touched,
// mostly not its first and its last. all is false when there are more than one
// page of them.
//
// https://learn.microsoft.com/graph/aad-advanced-queries (endsWith)
func (c *Client) UsersNear(ctx context.Context, local, domain string) (people []tenant.User, all bool, err error) {
	letters := []rune(local)
	const shortest = 6
	if len(letters) < shortest {
		return nil, true, nil // nearly everything is near to a short name
	}
	third := len(letters) / 3
	for _, filter := range []string{
		"startswith(userPrincipalName," + odata(string(letters[:third])) + ")",
		"endswith(userPrincipalName," + odata(string(letters[len(letters)-third:])+"@"+domain) + ")",
	} {
		q := call{
			doing:    "looking for names like " + local,
			access:   accessUsersNear,
			method:   http.MethodGet,
			eventual: true,
			path: "/users" + query(
				"$select",
				userSelect,
				"$count",
				"true",
				"$top",
				"999",
				"$filter",
				url.QueryEscape(filter),
			),
		}
		var page struct {
			Value []user `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := c.do(ctx, q, &page); err != nil {
			return nil, false, err
		}
		if page.Next != "" {
			return nil, false, nil
		}
		for _, u := range page.Value {
			people = append(people, u.fact())
		}
	}
	return people, true, nil
}

func (c *Client) users(ctx context.Context, doing, filter string) ([]tenant.User, error) {
	var all []tenant.User
	q := call{
		doing:  doing,
		access: readUsers,
		method: http.MethodGet,
		path:   "/users" + query("$select", userSelect, "$filter", url.QueryEscape(filter)),
	}
	err := list(ctx, c, q, func(page []user) {
		for _, u := range page {
			all = append(all, u.fact())
		}
	})
	return all, err
}

var accessDeletedUsers = access("DeletedUsers", readUsers)

// DeletedUsers finds soft-deleted people by mail; an empty address lists all of
// them. Entra prefixes their UPN with their ID.
//
// https://learn.microsoft.com/graph/api/directory-deleteditems-list
func (c *Client) DeletedUsers(ctx context.Context, address string) ([]tenant.User, error) {
	options := []string{"$select", "id,userPrincipalName,mail,displayName,proxyAddresses,deletedDateTime", "$top", "999"}
	doing := "listing deleted users"
	if address != "" {
		doing = "looking for " + address + " among deleted users"
		options = append(options, "$filter", url.QueryEscape("mail eq "+odata(address)))
	}
	var all []tenant.User
	q := call{
		doing:  doing,
		access: accessDeletedUsers,
		method: http.MethodGet,
		path:   "/directory/deletedItems/microsoft.graph.user" + query(options...),
	}
	err := list(ctx, c, q, func(page []user) {
		for _, u := range page {
			f := u.fact()
			f.Deleted = true
			all = append(all, f)
		}
	})
	return all, err
}

// odata quotes a string literal of a $filter.
func odata(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

var accessDirectoryRoles = access("DirectoryRoles", tenant.Access{
	Why:       "whether the signed-in person may consent",
	Delegated: []string{"RoleManagement.Read.Directory"},
	Or:        []string{"Directory.Read.All"},
})

// DirectoryRoles lists the signed-in person's active directory roles, those
// held through groups too.
//
// https://learn.microsoft.com/graph/api/user-list-transitivememberof
func (c *Client) DirectoryRoles(ctx context.Context) ([]tenant.DirectoryRole, error) {
	var all []tenant.DirectoryRole
	q := call{
		doing:  "reading the signed-in person's roles",
		access: accessDirectoryRoles,
		method: http.MethodGet,
		path: "/me/transitiveMemberOf/microsoft.graph.directoryRole" +
			query("$select", "id,displayName,roleTemplateId", "$count", "true"),
		eventual: true, // a cast is an advanced query: https://learn.microsoft.com/graph/aad-advanced-queries
	}
	err := list(ctx, c, q, func(page []struct {
		TemplateID  string `json:"roleTemplateId"`
		DisplayName string `json:"displayName"`
	},
	) {
		for _, r := range page {
			all = append(all, tenant.DirectoryRole{TemplateID: r.TemplateID, Name: r.DisplayName})
		}
	})
	return all, err
}

var accessRevokeSessions = access("RevokeSessions", tenant.Access{
	Why:       "ends the person's sign-ins on the service's side",
	Delegated: []string{"User.RevokeSessions.All"},
})

// RevokeSessions ends all sign-ins of the signed-in person: every refresh token
// and browser session becomes invalid.
//
// https://learn.microsoft.com/graph/api/user-revokesigninsessions
func (c *Client) RevokeSessions(ctx context.Context) error {
	q := call{
		doing:  "revoking the sign-ins",
		access: accessRevokeSessions,
		method: http.MethodPost,
		path:   "/me/revokeSignInSessions",
	}
	return c.do(ctx, q, nil)
}
