package msgraph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

var readApplications = tenant.Access{
	Why:         "enterprise applications, their permissions and credentials",
	Delegated:   []string{"Application.Read.All"},
	Application: []string{"Application.Read.All"},
	Or:          []string{"Directory.Read.All"},
}

// writeGrants is for granting and revoking alike.
var writeGrants = tenant.Same(
	"grants and deletes app role assignments of Zoom's application",
	"AppRoleAssignment.ReadWrite.All",
)

type servicePrincipal struct {
	ID                string `json:"id"`
	AppID             string `json:"appId"`
	DisplayName       string `json:"displayName"`
	AccountEnabled    bool   `json:"accountEnabled"`
	VerifiedPublisher struct {
		DisplayName string `json:"displayName"`
	} `json:"verifiedPublisher"`
	Passwords []ending `json:"passwordCredentials"`
	Keys      []ending `json:"keyCredentials"`
}

// ending is a credential, of which only its end is read.
type ending struct {
	At time.Time `json:"endDateTime"`
}

const principalSelect = "id,appId,displayName,accountEnabled,verifiedPublisher,passwordCredentials,keyCredentials"

func (s servicePrincipal) fact() tenant.ServicePrincipal {
	f := tenant.ServicePrincipal{
		ID:          s.ID,
		AppID:       s.AppID,
		DisplayName: s.DisplayName,
		Publisher:   s.VerifiedPublisher.DisplayName,
		Enabled:     s.AccountEnabled,
	}
	for _, one := range slices.Concat(s.Passwords, s.Keys) {
		f.Ends = append(f.Ends, one.At)
	}
	return f
}

var accessServicePrincipal = access("ServicePrincipal", readApplications)

// ServicePrincipal reads the tenant's service principal of an application; nil
// when the application is not in the tenant.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-get
func (c *Client) ServicePrincipal(ctx context.Context, appID string) (*tenant.ServicePrincipal, error) {
	var s servicePrincipal
	q := call{
		doing:  "reading the enterprise application " + appID,
		access: accessServicePrincipal,
		method: http.MethodGet,
		path:   "/servicePrincipals(appId=" + quoted(appID) + ")" + query("$select", principalSelect),
	}
	err := c.do(ctx, q, &s)
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := s.fact()
	return &f, nil
}

var accessServicePrincipalsNamed = access("ServicePrincipalsNamed", readApplications)

// ServicePrincipalsNamed lists the service principals whose display name begins
// with a word.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list
func (c *Client) ServicePrincipalsNamed(ctx context.Context, prefix string) ([]tenant.ServicePrincipal, error) {
	var all []tenant.ServicePrincipal
	q := call{
		doing:  "looking for Zoom's enterprise applications",
		access: accessServicePrincipalsNamed,
		method: http.MethodGet,
		path: "/servicePrincipals" + query(
			"$select",
			principalSelect,
			"$filter",
			url.QueryEscape("startswith(displayName,"+odata(prefix)+")"),
		),
	}
	err := list(ctx, c, q, func(page []servicePrincipal) {
		for _, s := range page {
			all = append(all, s.fact())
		}
	})
	return all, err
}

var accessGrants = access("Grants", readApplications)

// Grants lists the application permissions that a service principal holds, by
// name. The names are those of each resource's app roles, which are read once.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments
func (c *Client) Grants(ctx context.Context, principalID string) ([]tenant.Grant, error) {
	type assignment struct {
		ID         string    `json:"id"`
		AppRoleID  string    `json:"appRoleId"`
		ResourceID string    `json:"resourceId"`
		Created    time.Time `json:"createdDateTime"`
	}
	var found []assignment
	q := call{
		doing:  "listing app role assignments",
		access: accessGrants,
		method: http.MethodGet,
		path:   "/servicePrincipals/" + url.PathEscape(principalID) + "/appRoleAssignments",
	}
	if err := list(ctx, c, q, func(page []assignment) { found = append(found, page...) }); err != nil {
		return nil, err
	}
	grants := make([]tenant.Grant, len(found))
	for i, a := range found {
		resource, err := c.resource(ctx, a.ResourceID)
		if err != nil {
			return nil, err
		}
		grants[i] = tenant.Grant{
			ID:         a.ID,
			Permission: tenant.Permission{Resource: resource.AppID, Role: a.AppRoleID, Name: resource.name(a.AppRoleID)},
			At:         a.Created,
		}
	}
	return grants, nil
}

// resource is an API's service principal with its app roles.
type resource struct {
	ID       string `json:"id"`
	AppID    string `json:"appId"`
	AppRoles []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	} `json:"appRoles"`
}

func (r resource) name(roleID string) string {
	for _, role := range r.AppRoles {
		if role.ID == roleID && role.Value != "" {
			return role.Value
		}
	}
	return roleID
}

var accessHolders = access("Holders", readApplications)

// Holders are the service principals that hold a permission of an API which reaches
// mailboxes, whoever published them; none when the tenant does not have the API.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto
func (c *Client) Holders(ctx context.Context, apiAppID string) ([]tenant.ServicePrincipal, error) {
	api, err := c.api(ctx, apiAppID)
	if err != nil || api.ID == "" {
		return nil, err
	}
	var ids []string
	q := call{
		doing:  "listing who holds permissions that reach mailboxes",
		access: accessHolders,
		method: http.MethodGet,
		path:   "/servicePrincipals/" + url.PathEscape(api.ID) + "/appRoleAssignedTo",
	}
	err = list(ctx, c, q, func(page []struct {
		AppRoleID   string `json:"appRoleId"`
		PrincipalID string `json:"principalId"`
		Type        string `json:"principalType"`
	},
	) {
		for _, a := range page {
			p := tenant.Permission{Name: api.name(a.AppRoleID)}
			if a.Type == "ServicePrincipal" && p.ReachesMailboxes() && !slices.Contains(ids, a.PrincipalID) {
				ids = append(ids, a.PrincipalID)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	all := make([]tenant.ServicePrincipal, 0, len(ids))
	for _, id := range ids {
		p, err := c.Principal(ctx, id)
		if err != nil {
			return nil, err
		}
		if p != nil { // else it went away meanwhile
			all = append(all, *p)
		}
	}
	return all, nil
}

var accessPrincipal = access("Principal", readApplications)

// Principal reads a service principal by its object ID; nil when there is none.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-get
func (c *Client) Principal(ctx context.Context, id string) (*tenant.ServicePrincipal, error) {
	var s servicePrincipal
	q := call{
		doing:  "reading an enterprise application",
		access: accessPrincipal,
		method: http.MethodGet,
		path:   "/servicePrincipals/" + url.PathEscape(id) + query("$select", principalSelect),
	}
	err := c.do(ctx, q, &s)
	if IsNotFound(err) {
		return nil, nil
	}
	f := s.fact()
	return &f, err
}

// api reads an API's service principal by its application ID; its ID is empty when the
// tenant does not have it.
func (c *Client) api(ctx context.Context, appID string) (resource, error) {
	var r resource
	q := call{
		doing:  "reading the app roles of an API",
		access: readApplications,
		method: http.MethodGet,
		path:   "/servicePrincipals(appId=" + quoted(appID) + ")" + query("$select", "id,appId,appRoles"),
	}
	err := c.do(ctx, q, &r)
	if IsNotFound(err) {
		return resource{}, nil
	}
	return r, err
}

func (c *Client) resource(ctx context.Context, id string) (resource, error) {
	c.rolesOnce.Lock()
	defer c.rolesOnce.Unlock()
	if r, ok := c.roles[id]; ok {
		return r, nil
	}
	var r resource
	q := call{
		doing:  "reading the app roles of an API",
		access: readApplications,
		method: http.MethodGet,
		path:   "/servicePrincipals/" + url.PathEscape(id) + query("$select", "id,appId,appRoles"),
	}
	if err := c.do(ctx, q, &r); err != nil {
		return resource{}, err
	}
	if c.roles == nil {
		c.roles = map[string]resource{}
	}
	c.roles[id] = r
	return r, nil
}

var accessRevoke = access("Revoke", writeGrants)

// Revoke deletes one app role assignment; tenant.ErrAlready where it is gone.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignments
func (c *Client) Revoke(ctx context.Context, principalID, assignmentID string) error {
	q := call{
		doing:  "deleting an app role assignment",
		access: accessRevoke,
		method: http.MethodDelete,
		path:   "/servicePrincipals/" + url.PathEscape(principalID) + "/appRoleAssignments/" + url.PathEscape(assignmentID),
	}
	err := c.do(ctx, q, nil)
	if IsNotFound(err) {
		return tenant.ErrAlready
	}
	return err
}

var accessConsents = access("Consents", tenant.Access{
	Why:         "who consented and when",
	Delegated:   []string{"AuditLog.Read.All"},
	Application: []string{"AuditLog.Read.All"},
	Roles:       []string{"Reports Reader", "Security Reader", "Security Administrator", "Global Reader"},
})

// Consents lists what the directory audit log says of consents to a service
// principal since a time, newest first as the service sends it.
//
// https://learn.microsoft.com/graph/api/directoryaudit-list
func (c *Client) Consents(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error) {
	type event struct {
		At        time.Time `json:"activityDateTime"`
		Result    string    `json:"result"`
		Reason    string    `json:"resultReason"`
		Initiated struct {
			User *struct {
				UPN string `json:"userPrincipalName"`
			} `json:"user"`
		} `json:"initiatedBy"`
		Targets []struct {
			ID string `json:"id"`
		} `json:"targetResources"`
	}
	if slices.Contains(notIn["Consents"], c.Cloud) {
		return nil, tenant.ErrNotInCloud
	}
	filter := "activityDisplayName eq 'Consent to application' and activityDateTime ge " + since.UTC().Format(time.RFC3339)
	var all []tenant.ConsentEvent
	q := call{
		doing:  "reading the consent events of the audit log",
		access: accessConsents,
		method: http.MethodGet,
		path:   "/auditLogs/directoryAudits" + query("$filter", url.QueryEscape(filter)),
	}
	err := list(ctx, c, q, func(page []event) {
		for _, e := range page {
			one := tenant.ConsentEvent{At: e.At, Failed: e.Result != "success", Reason: e.Reason}
			if e.Initiated.User != nil {
				one.UPN = e.Initiated.User.UPN
			}
			if len(e.Targets) > 0 {
				one.PrincipalID = e.Targets[0].ID
			}
			all = append(all, one)
		}
	})
	return all, err
}

const graphAppID = tenant.GraphAPI

var accessCreateApplication = access(
	"CreateApplication",
	tenant.Same("makes the app registration", "Application.ReadWrite.All"),
)

// CreateApplication makes a registration and its service principal, and returns
// the client ID. The permissions' IDs are read from Graph's own service
// principal, never hard-coded.
//
// https://learn.microsoft.com/graph/api/application-post-applications
// https://learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals
func (c *Client) CreateApplication(ctx context.Context, a tenant.Registration) (string, error) {
	var graph struct {
		Scopes []struct {
			ID    string `json:"id"`
			Value string `json:"value"`
		} `json:"oauth2PermissionScopes"`
	}
	q := call{
		doing:  "reading Microsoft Graph's permissions",
		access: accessCreateApplication,
		method: http.MethodGet,
		path:   "/servicePrincipals(appId=" + quoted(graphAppID) + ")" + query("$select", "id,oauth2PermissionScopes"),
	}
	if err := c.do(ctx, q, &graph); err != nil {
		return "", err
	}
	type access struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	var wanted []access
	for _, name := range a.Scopes {
		i := slices.IndexFunc(graph.Scopes, func(s struct {
			ID    string `json:"id"`
			Value string `json:"value"`
		},
		) bool {
			return s.Value == name
		})
		if i < 0 {
			return "", fmt.Errorf("Microsoft Graph has no delegated permission %s in this cloud", name)
		}
		wanted = append(wanted, access{graph.Scopes[i].ID, "Scope"})
	}
	var made struct {
		AppID string `json:"appId"`
	}
	q = call{
		doing:  "making the app registration",
		access: accessCreateApplication,
		method: http.MethodPost,
		path:   "/applications",
		body: map[string]any{
			"displayName": a.Name, "signInAudience": "AzureADMyOrg", "isFallbackPublicClient": true,
			"publicClient":           map[string]any{"redirectUris": []string{"http://localhost"}},
			"requiredResourceAccess": []any{map[string]any{"resourceAppId": graphAppID, "resourceAccess": wanted}},
		},
	}
	if err := c.do(ctx, q, &made); err != nil {
		return "", err
	}
	q = call{
		doing:  "making the registration's service principal",
		access: accessCreateApplication,
		method: http.MethodPost,
		path:   "/servicePrincipals",
		body:   map[string]any{"appId": made.AppID},
	}
	return made.AppID, c.do(ctx, q, nil)
}
