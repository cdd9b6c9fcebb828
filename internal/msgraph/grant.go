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

// Grant gives a service principal an application permission and returns it with its
// app role's ID; with tenant.ErrAlready where it holds it. A role that is named without an ID
// is looked up at the API's own service principal.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignments
func (c *Client) Grant(ctx context.Context, principalID string, p tenant.Permission) (tenant.Permission, error) {
	api, p, err := c.roleOf(ctx, p)
	if err != nil {
		return p, err
	}
	q := call{
		doing:  "granting " + p.Label(),
		needs:  []string{"AppRoleAssignment.ReadWrite.All"},
		method: http.MethodPost,
		path:   "/servicePrincipals/" + url.PathEscape(principalID) + "/appRoleAssignments",
		body:   map[string]string{"principalId": principalID, "resourceId": api, "appRoleId": p.Role},
	}
	err = c.do(ctx, q, nil)
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		return p, err
	}
	// Graph refuses what is there already; the code does not say so.
	held, listErr := c.Grants(ctx, principalID)
	if listErr == nil && slices.ContainsFunc(held, func(g tenant.Grant) bool { return g.Permission.Same(p) }) {
		return p, tenant.ErrAlready
	}
	return p, err
}

// roleOf finds an API's service principal and the app role of a permission.
func (c *Client) roleOf(
	ctx context.Context,
	p tenant.Permission,
) (apiPrincipal string, found tenant.Permission, err error) {
	api, err := c.api(ctx, p.Resource)
	if err != nil {
		return "", p, err
	}
	for _, role := range api.AppRoles {
		if p.Role != "" && strings.EqualFold(role.ID, p.Role) || p.Role == "" && role.Value == p.Name {
			p.Role, p.Name = role.ID, role.Value
			return api.ID, p, nil
		}
	}
	return "", p, fmt.Errorf("the API %s has no application permission %s in this cloud", p.Resource, p.Name)
}

// EnablePrincipal lets an application sign in, or not any more.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (c *Client) EnablePrincipal(ctx context.Context, principalID string, on bool) error {
	q := call{
		doing:  "switching sign-in to the enterprise application",
		needs:  []string{"Application.ReadWrite.All"},
		method: http.MethodPatch,
		path:   "/servicePrincipals/" + url.PathEscape(principalID),
		body:   map[string]bool{"accountEnabled": on},
	}
	return c.do(ctx, q, nil)
}
