package msgraph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

var accessGrant = access("Grant", writeGrants)

// Grant gives a service principal an application permission and returns the app role
// assignment, whose permission has the role's ID; with tenant.ErrAlready where it holds it, and
// then without an ID while readers do not show it yet. A role that is named without an ID is
// looked up at the API's own service principal.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignments
func (c *Client) Grant(ctx context.Context, principalID string, p tenant.Permission) (tenant.Grant, error) {
	api, p, err := c.roleOf(ctx, p)
	given := tenant.Grant{Permission: p}
	if err != nil {
		return given, err
	}
	var made struct {
		ID      string    `json:"id"`
		Created time.Time `json:"createdDateTime"`
	}
	q := call{
		doing:  "granting " + p.Label(),
		access: accessGrant,
		method: http.MethodPost,
		path:   "/servicePrincipals/" + url.PathEscape(principalID) + "/appRoleAssignments",
		body:   map[string]string{"principalId": principalID, "resourceId": api, "appRoleId": p.Role},
	}
	err = c.do(ctx, q, &made)
	given.ID, given.At = made.ID, made.Created
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		return given, err
	}
	// Graph refuses what is there already. The code is that of every bad request, and the
	// readers may not have the assignment yet: then the text alone says it.
	held, listErr := c.Grants(ctx, principalID)
	if i := slices.IndexFunc(held, func(g tenant.Grant) bool { return g.Permission.Same(p) }); listErr == nil && i >= 0 {
		return held[i], tenant.ErrAlready
	}
	if strings.Contains(refused.Message, assignedAlready) {
		return given, tenant.ErrAlready
	}
	return given, err
}

// assignedAlready is in Graph's refusal of a second assignment of one role: "Permission being
// assigned already exists on the object" (reported, hashicorp/terraform-provider-azuread #1035).
const assignedAlready = "already exists on the object"

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

var accessEnablePrincipal = access(
	"EnablePrincipal",
	tenant.Same("switches the sign-in of Zoom's application on or off", "Application.ReadWrite.All"),
)

// EnablePrincipal lets an application sign in, or not any more.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (c *Client) EnablePrincipal(ctx context.Context, principalID string, on bool) error {
	q := call{
		doing:  "switching sign-in to the enterprise application",
		access: accessEnablePrincipal,
		method: http.MethodPatch,
		path:   "/servicePrincipals/" + url.PathEscape(principalID),
		body:   map[string]bool{"accountEnabled": on},
	}
	return c.do(ctx, q, nil)
}
