package msgraph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// exchangeReaders are roles of Entra one of which a person needs beside the permission, since
// Exchange decides by its own role groups, which these are members of.
//
// https://learn.microsoft.com/exchange/permissions-exo/permissions-exo
var (
	exchangeReaders = []string{"Exchange Administrator", "Global Reader", "Security Reader"}
	exchangeWriters = []string{"Exchange Administrator"}
)

func exchangeAccess(why, permission string, roles []string) tenant.Access {
	a := tenant.Same(why, permission)
	a.Roles = roles
	return a
}

var readExchange = exchangeAccess(
	"the roles in Exchange Online that narrow the consent",
	"RoleManagement.Read.Exchange",
	exchangeReaders,
)

var writeExchange = exchangeAccess(
	"gives and takes roles and scopes in Exchange Online",
	"RoleManagement.ReadWrite.Exchange",
	exchangeWriters,
)

var accessExchangeRoles = access("ExchangeRoles", readExchange)

// ExchangeRoles lists the roles that a service principal holds in Exchange Online
// (RBAC for Applications), with the names of roles and scopes.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
// https://learn.microsoft.com/graph/api/unifiedrbacapplication-list-customappscopes
func (c *Client) ExchangeRoles(ctx context.Context, principalID string) ([]tenant.ExchangeRole, error) {
	type assignment struct {
		ID          string  `json:"id"`
		PrincipalID string  `json:"principalId"`
		RoleID      string  `json:"roleDefinitionId"`
		DirectoryAt *string `json:"directoryScopeId"`
		CustomScope *string `json:"appScopeId"`
	}
	var held []assignment
	principal := exchangePrincipal(principalID)
	q := call{
		doing:  "listing the Exchange roles of applications",
		access: accessExchangeRoles,
		method: http.MethodGet,
		beta:   true,
		path: "/roleManagement/exchange/roleAssignments" + query(
			"$filter",
			url.QueryEscape("principalId eq "+odata(principal)),
		),
	}
	if err := list(ctx, c, q, func(page []assignment) { held = append(held, page...) }); err != nil || len(held) == 0 {
		return nil, err
	}
	roles, err := c.roleNames(ctx)
	if err != nil {
		return nil, err
	}
	scopes, err := c.ExchangeScopes(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]tenant.ExchangeRole, 0, len(held))
	for _, a := range held {
		if !strings.EqualFold(a.PrincipalID, principal) {
			continue // a filter that was not applied must not invent a role
		}
		r := tenant.ExchangeRole{ID: a.ID, PrincipalID: principalID, Role: named(roles, a.RoleID)}
		switch {
		case a.CustomScope != nil && *a.CustomScope != "":
			r = customScope(r, scopes, *a.CustomScope)
		case a.DirectoryAt != nil && *a.DirectoryAt != "/" && *a.DirectoryAt != "":
			r.Scope = *a.DirectoryAt
			r.Kind, r.ScopeID = directoryScope(*a.DirectoryAt)
		}
		all = append(all, r)
	}
	return all, nil
}

var accessExchangeHolders = access("ExchangeHolders", readExchange)

// ExchangeHolders are the object IDs of the service principals that hold a role in Exchange
// Online, whoever published them.
//
// https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
func (c *Client) ExchangeHolders(ctx context.Context) ([]string, error) {
	var ids []string
	q := call{
		doing:  "listing the Exchange roles of applications",
		access: accessExchangeHolders,
		method: http.MethodGet,
		beta:   true,
		path:   "/roleManagement/exchange/roleAssignments",
	}
	err := list(ctx, c, q, func(page []struct {
		PrincipalID string `json:"principalId"`
	},
	) {
		for _, a := range page {
			id, application := strings.CutPrefix(a.PrincipalID, exchangePrincipal("")) // others are people and groups
			if application && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	})
	return ids, err
}

func exchangePrincipal(id string) string { return "/ServicePrincipals/" + id }

func customScope(r tenant.ExchangeRole, scopes []tenant.ExchangeScope, id string) tenant.ExchangeRole {
	r.Scope, r.ScopeID, r.Kind = id, id, tenant.ScopeOther
	for _, s := range scopes {
		if s.ID == id {
			r.Scope, r.Filter, r.Exclusive = s.Name, s.Filter, s.Exclusive
			if s.Filter != "" {
				r.Kind = tenant.ScopeFilter
			}
		}
	}
	return r
}

// directoryScope reads "/Groups/ID" and its like; letter case differs between examples.
func directoryScope(text string) (tenant.ScopeKind, string) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(text, "/"), "/")
	switch strings.ToLower(kind) {
	case "groups":
		return tenant.ScopeGroup, id
	case "administrativeunits":
		return tenant.ScopeUnit, id
	case "users":
		return tenant.ScopeUser, id
	}
	return tenant.ScopeOther, text
}

// roleNames are the names of Exchange's roles by their IDs, which differ between tenants.
func (c *Client) roleNames(ctx context.Context) (map[string]string, error) {
	names := map[string]string{}
	q := call{
		doing:  "reading Exchange's roles",
		access: readExchange,
		method: http.MethodGet,
		beta:   true,
		path:   "/roleManagement/exchange/roleDefinitions",
	}
	err := list(ctx, c, q, func(page []struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
	},
	) {
		for _, one := range page {
			names[one.ID] = one.DisplayName
		}
	})
	return names, err
}

func named(names map[string]string, id string) string {
	if name := names[id]; name != "" {
		return name
	}
	return id
}

type wireScope struct {
	ID         string `json:"id"`
	Name       string `json:"displayName"`
	Attributes struct {
		Exclusive bool   `json:"Exclusive"`
		Filter    string `json:"RecipientFilter"`
	} `json:"customAttributes"`
}

func (s wireScope) fact() tenant.ExchangeScope {
	return tenant.ExchangeScope{
		ID:        s.ID,
		Name:      s.Name,
		Filter:    s.Attributes.Filter,
		Exclusive: s.Attributes.Exclusive,
	}
}

var accessExchangeScopes = access("ExchangeScopes", readExchange)

// ExchangeScopes lists the custom scopes of Exchange Online.
//
// https://learn.microsoft.com/graph/api/unifiedrbacapplication-list-customappscopes
func (c *Client) ExchangeScopes(ctx context.Context) ([]tenant.ExchangeScope, error) {
	all := []tenant.ExchangeScope{}
	q := call{
		doing:  "reading Exchange's scopes",
		access: accessExchangeScopes,
		method: http.MethodGet,
		beta:   true,
		path:   "/roleManagement/exchange/customAppScopes",
	}
	err := list(ctx, c, q, func(page []wireScope) {
		for _, one := range page {
			all = append(all, one.fact())
		}
	})
	return all, err
}

var accessAssignRole = access("AssignRole", writeExchange)

// AssignRole gives a service principal a role in Exchange Online, in one scope, and returns the
// assignment's ID; tenant.ErrAlready where it is there.
//
// https://learn.microsoft.com/graph/api/rbacapplication-post-roleassignments
func (c *Client) AssignRole(ctx context.Context, r tenant.ExchangeRole) (string, error) {
	names, err := c.roleNames(ctx)
	if err != nil {
		return "", err
	}
	body := map[string]any{"principalId": exchangePrincipal(r.PrincipalID), "directoryScopeId": nil, "appScopeId": nil}
	for id, name := range names {
		if name == r.Role {
			body["roleDefinitionId"] = id
		}
	}
	if body["roleDefinitionId"] == nil {
		return "", fmt.Errorf("Exchange Online has no role %q in this tenant", r.Role)
	}
	switch r.Kind {
	case tenant.ScopeGroup:
		body["directoryScopeId"] = "/Groups/" + r.ScopeID
	case tenant.ScopeUnit:
		body["directoryScopeId"] = "/AdministrativeUnits/" + r.ScopeID
	case tenant.ScopeUser:
		body["directoryScopeId"] = "/Users/" + r.ScopeID
	case tenant.ScopeFilter:
		body["appScopeId"] = r.ScopeID
	case "":
		body["directoryScopeId"] = "/"
	case tenant.ScopeOther:
		return "", fmt.Errorf("the scope %q is of a kind that zo365 does not know", r.Scope)
	}
	var made struct {
		ID string `json:"id"`
	}
	q := call{
		doing:  "giving the role " + r.Role + " in Exchange Online",
		access: accessAssignRole,
		method: http.MethodPost,
		beta:   true,
		path:   "/roleManagement/exchange/roleAssignments",
		body:   body,
	}
	return made.ID, already(c.do(ctx, q, &made))
}

// already turns a conflict into tenant.ErrAlready.
func already(err error) error {
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return tenant.ErrAlready
	}
	return err
}

var accessRemoveRole = access("RemoveRole", writeExchange)

// RemoveRole takes one role assignment in Exchange Online away; tenant.ErrAlready where it is gone.
//
// https://learn.microsoft.com/graph/api/unifiedroleassignment-delete
func (c *Client) RemoveRole(ctx context.Context, assignmentID string) error {
	q := call{
		doing:  "taking a role in Exchange Online away",
		access: accessRemoveRole,
		method: http.MethodDelete,
		beta:   true,
		path:   "/roleManagement/exchange/roleAssignments/" + url.PathEscape(assignmentID),
	}
	return goneAlready(c.do(ctx, q, nil))
}

func goneAlready(err error) error {
	if IsNotFound(err) {
		return tenant.ErrAlready
	}
	return err
}

var accessCreateScope = access("CreateScope", writeExchange)

// CreateScope makes a custom scope of a recipient filter and returns its ID.
//
// https://learn.microsoft.com/graph/api/unifiedrbacapplication-post-customappscope
func (c *Client) CreateScope(ctx context.Context, s tenant.ExchangeScope) (string, error) {
	var made wireScope
	q := call{
		doing:  "making a scope in Exchange Online",
		access: accessCreateScope,
		method: http.MethodPost,
		beta:   true,
		path:   "/roleManagement/exchange/customAppScopes",
		body: map[string]any{
			"type":             "RecipientScope",
			"displayName":      s.Name,
			"customAttributes": map[string]any{"Exclusive": s.Exclusive, "RecipientFilter": s.Filter},
		},
	}
	return made.ID, already(c.do(ctx, q, &made))
}

var accessRemoveScope = access("RemoveScope", writeExchange)

// RemoveScope deletes a custom scope, which no role may use any more.
//
// https://learn.microsoft.com/graph/api/customappscope-delete
func (c *Client) RemoveScope(ctx context.Context, id string) error {
	q := call{
		doing:  "deleting a scope in Exchange Online",
		access: accessRemoveScope,
		method: http.MethodDelete,
		beta:   true,
		path:   "/roleManagement/exchange/customAppScopes/" + url.PathEscape(id),
	}
	return goneAlready(c.do(ctx, q, nil))
}
