package msgraph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/zo365/zo365/internal/tenant"
)

// Grant gives a service principal an application permission of Microsoft Graph. One
// that it holds already is done. The app role's ID is read from Graph's own service
// principal.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignments
func (c *Client) Grant(ctx context.Context, principalID, permission string) error {
	graph, roleID, err := c.graphRole(ctx, permission)
	if err != nil {
		return err
	}
	q := call{
		doing: "granting " + permission, needs: []string{"AppRoleAssignment.ReadWrite.All"}, method: http.MethodPost,
		path: "/servicePrincipals/" + url.PathEscape(principalID) + "/appRoleAssignments",
		body: map[string]string{"principalId": principalID, "resourceId": graph, "appRoleId": roleID},
	}
	err = c.do(ctx, q, nil)
	var refused *Error
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		return err
	}
	// Graph refuses what is there already; the code does not say so.
	held, listErr := c.Grants(ctx, principalID)
	if listErr == nil && slices.ContainsFunc(held, func(g tenant.Grant) bool { return g.Permission == permission }) {
		return nil
	}
	return err
}

// graphRole finds Graph's service principal and one of its app roles by name.
func (c *Client) graphRole(ctx context.Context, permission string) (principal, roleID string, err error) {
	var graph struct {
		ID string `json:"id"`
		resource
	}
	q := call{
		doing: "reading Microsoft Graph's app roles", needs: readApplications, method: http.MethodGet,
		path: "/servicePrincipals(appId=" + quoted(graphAppID) + ")" + query("$select", "id,appId,appRoles"),
	}
	if err := c.do(ctx, q, &graph); err != nil {
		return "", "", err
	}
	for _, role := range graph.AppRoles {
		if role.Value == permission {
			return graph.ID, role.ID, nil
		}
	}
	return "", "", fmt.Errorf("Microsoft Graph has no application permission %s in this cloud", permission)
}

// EnablePrincipal lets an application sign in again.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (c *Client) EnablePrincipal(ctx context.Context, principalID string) error {
	q := call{
		doing: "enabling the enterprise application", needs: []string{"Application.ReadWrite.All"}, method: http.MethodPatch,
		path: "/servicePrincipals/" + url.PathEscape(principalID), body: map[string]bool{"accountEnabled": true},
	}
	return c.do(ctx, q, nil)
}
