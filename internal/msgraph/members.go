package msgraph

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

var readMembers = tenant.Access{
	Why:         "who is in the groups that limit roles in Exchange",
	Delegated:   []string{"GroupMember.Read.All"},
	Application: []string{"GroupMember.Read.All"},
	Or:          []string{"Directory.Read.All"},
}

var readUnits = tenant.Access{
	Why:         "who is in the administrative units that limit roles in Exchange",
	Delegated:   []string{"AdministrativeUnit.Read.All"},
	Application: []string{"AdministrativeUnit.Read.All"},
	Or:          []string{"Directory.Read.All"},
}

var (
	accessGroupMembers = access("GroupMembers", readMembers)
	accessUnitMembers  = access("UnitMembers", readUnits)
)

// GroupMembers finds a group by its name or object ID and lists its direct members. One that is
// not there, or a name that several have, is said in the answer and is no error.
//
// https://learn.microsoft.com/graph/api/group-list
// https://learn.microsoft.com/graph/api/group-list-members
func (c *Client) GroupMembers(ctx context.Context, key string) (tenant.ScopeMembers, error) {
	return c.membersOf(ctx, accessGroupMembers, tenant.ScopeGroup, "/groups", "group", key)
}

// UnitMembers finds an administrative unit by its name or object ID and lists its members.
//
// https://learn.microsoft.com/graph/api/directory-list-administrativeunits
// https://learn.microsoft.com/graph/api/administrativeunit-list-members
func (c *Client) UnitMembers(ctx context.Context, key string) (tenant.ScopeMembers, error) {
	return c.membersOf(
		ctx,
		accessUnitMembers,
		tenant.ScopeUnit,
		"/directory/administrativeUnits",
		"administrative unit",
		key,
	)
}

func (c *Client) membersOf(
	ctx context.Context,
	needs tenant.Access,
	kind tenant.ScopeKind,
	path, word, key string,
) (tenant.ScopeMembers, error) {
	found := tenant.ScopeMembers{Kind: kind, Name: key, People: []tenant.Member{}}
	type object struct {
		ID   string `json:"id"`
		Name string `json:"displayName"`
	}
	var known []object
	if isObjectID(key) {
		var one object
		q := call{
			doing:  "reading the " + word + " " + key,
			access: needs,
			method: http.MethodGet,
			path:   path + "/" + url.PathEscape(key) + query("$select", "id,displayName"),
		}
		err := c.do(ctx, q, &one)
		if err != nil && !IsNotFound(err) {
			return found, err
		}
		if err == nil {
			known = append(known, one)
		}
	} else {
		q := call{
			doing:  "looking for the " + word + " " + key,
			access: needs,
			method: http.MethodGet,
			path:   path + query("$select", "id,displayName", "$filter", url.QueryEscape("displayName eq "+odata(key))),
		}
		if err := list(ctx, c, q, func(page []object) { known = append(known, page...) }); err != nil {
			return found, err
		}
	}
	switch len(known) {
	case 0:
		found.Absent = true
		found.Unseen = "the tenant has no " + word + " " + key
		return found, nil
	case 1:
		found.ID, found.Name = known[0].ID, known[0].Name
	default:
		found.Several = true
		found.Unseen = "several in the tenant have the name " + key
		return found, nil
	}
	q := call{
		doing:  "listing the members of the " + word + " " + found.Name,
		access: needs,
		method: http.MethodGet,
		path: path + "/" + url.PathEscape(found.ID) + "/members" + query(
			"$select", "id,displayName,userPrincipalName",
			"$top", "999",
		),
	}
	err := list(ctx, c, q, func(page []struct {
		Type string `json:"@odata.type"`
		ID   string `json:"id"`
		UPN  string `json:"userPrincipalName"`
		Name string `json:"displayName"`
	},
	) {
		for _, m := range page {
			switch {
			case strings.HasSuffix(m.Type, ".user") || m.Type == "" && m.UPN != "":
				found.People = append(found.People, tenant.Member{ID: m.ID, UPN: m.UPN})
			case strings.HasSuffix(m.Type, ".group"):
				found.Groups = append(found.Groups, m.Name)
			case m.Type == "": // it may be a group
				found.Groups = append(found.Groups, cmp.Or(m.Name, m.ID))
			}
		}
	})
	return found, err
}

// isObjectID says whether a key has the form of an object's ID.
func isObjectID(key string) bool {
	if len(key) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i, r := range strings.ToLower(key) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdef", r) {
			return false
		}
	}
	return true
}

var readDelegated = tenant.Access{
	Why:         "what applications may do for people who are signed in",
	Delegated:   []string{"Directory.Read.All"},
	Application: []string{"Directory.Read.All"},
	Or:          []string{"DelegatedPermissionGrant.ReadWrite.All"},
}

var accessDelegated = access("Delegated", readDelegated)

// Delegated lists the delegated grants of a service principal.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-list-oauth2permissiongrants
func (c *Client) Delegated(ctx context.Context, principalID string) ([]tenant.DelegatedGrant, error) {
	type grant struct {
		ID         string `json:"id"`
		Consent    string `json:"consentType"`
		PersonID   string `json:"principalId"`
		ResourceID string `json:"resourceId"`
		Scope      string `json:"scope"`
	}
	var found []grant
	q := call{
		doing:  "listing delegated permission grants",
		access: accessDelegated,
		method: http.MethodGet,
		path:   "/servicePrincipals/" + url.PathEscape(principalID) + "/oauth2PermissionGrants",
	}
	if err := list(ctx, c, q, func(page []grant) { found = append(found, page...) }); err != nil {
		return nil, err
	}
	all := make([]tenant.DelegatedGrant, len(found))
	for i, g := range found {
		api, err := c.resource(ctx, g.ResourceID)
		if err != nil {
			return nil, err
		}
		all[i] = tenant.DelegatedGrant{
			ID:          g.ID,
			PrincipalID: principalID,
			Resource:    api.AppID,
			Scopes:      strings.Fields(g.Scope),
			PersonID:    g.PersonID,
		}
	}
	return all, nil
}

var accessDelegatedHolders = access("DelegatedHolders", readDelegated)

// DelegatedHolders are the object IDs of the service principals that hold a delegated permission
// which reaches mailboxes, whoever published them.
//
// https://learn.microsoft.com/graph/api/oauth2permissiongrant-list
func (c *Client) DelegatedHolders(ctx context.Context) ([]string, error) {
	var ids []string
	q := call{
		doing:  "listing delegated permission grants",
		access: accessDelegatedHolders,
		method: http.MethodGet,
		path:   "/oauth2PermissionGrants" + query("$top", "999"),
	}
	err := list(ctx, c, q, func(page []struct {
		ClientID string `json:"clientId"`
		Scope    string `json:"scope"`
	},
	) {
		for _, g := range page {
			reaches := slices.ContainsFunc(strings.Fields(g.Scope), func(name string) bool {
				return tenant.Permission{Name: name}.ReachesMailboxes()
			})
			if reaches && !slices.Contains(ids, g.ClientID) {
				ids = append(ids, g.ClientID)
			}
		}
	})
	return ids, err
}

var accessRevokeDelegated = access("RevokeDelegated", tenant.Same(
	"deletes delegated permission grants",
	"DelegatedPermissionGrant.ReadWrite.All",
))

// RevokeDelegated deletes one delegated grant; tenant.ErrAlready where it is gone.
//
// https://learn.microsoft.com/graph/api/oauth2permissiongrant-delete
func (c *Client) RevokeDelegated(ctx context.Context, id string) error {
	q := call{
		doing:  "deleting a delegated permission grant",
		access: accessRevokeDelegated,
		method: http.MethodDelete,
		path:   "/oauth2PermissionGrants/" + url.PathEscape(id),
	}
	return goneAlready(c.do(ctx, q, nil))
}

var accessDeletePrincipal = access("DeletePrincipal", tenant.Same(
	"deletes the service principal of Zoom's application",
	"Application.ReadWrite.All",
))

// DeletePrincipal takes an application out of the tenant; tenant.ErrAlready where it is gone.
//
// https://learn.microsoft.com/graph/api/serviceprincipal-delete
func (c *Client) DeletePrincipal(ctx context.Context, principalID string) error {
	q := call{
		doing:  "deleting the enterprise application",
		access: accessDeletePrincipal,
		method: http.MethodDelete,
		path:   "/servicePrincipals/" + url.PathEscape(principalID),
	}
	return goneAlready(c.do(ctx, q, nil))
}

var accessMailboxOwner = access("MailboxOwner", readUsers)

// MailboxOwner reads what recipient filters look at; nil when there is nobody.
//
// https://learn.microsoft.com/graph/api/user-get
func (c *Client) MailboxOwner(ctx context.Context, key string) (*tenant.MailboxOwner, error) {
	var u struct {
		user

		Department string `json:"department"`
		City       string `json:"city"`
		Company    string `json:"companyName"`
		Office     string `json:"officeLocation"`
		Title      string `json:"jobTitle"`
	}
	q := call{
		doing:  "reading " + key,
		access: accessMailboxOwner,
		method: http.MethodGet,
		path: userPath(key) + query(
			"$select", userSelect+",department,city,companyName,officeLocation,jobTitle",
		),
	}
	err := c.do(ctx, q, &u)
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &tenant.MailboxOwner{
		User: u.fact(),
		Properties: map[string]string{
			"department":        u.Department,
			"city":              u.City,
			"company":           u.Company,
			"office":            u.Office,
			"title":             u.Title,
			"userprincipalname": u.UPN,
		},
	}, nil
}

var accessRooms = access("Rooms", tenant.Same("the tenant's conference rooms", "Place.Read.All"))

// Rooms lists the conference rooms that are in the address list.
//
// https://learn.microsoft.com/graph/api/place-list
func (c *Client) Rooms(ctx context.Context) ([]tenant.Room, error) {
	if c.Cloud != "" && c.Cloud != "global" {
		return nil, tenant.ErrNotInCloud
	}
	all := []tenant.Room{}
	q := call{
		doing:  "listing conference rooms",
		access: accessRooms,
		method: http.MethodGet,
		path:   "/places/microsoft.graph.room" + query("$select", "id,displayName,emailAddress"),
	}
	err := list(ctx, c, q, func(page []struct {
		Name    string `json:"displayName"`
		Address string `json:"emailAddress"`
	},
	) {
		for _, r := range page {
			all = append(all, tenant.Room{Name: r.Name, Address: r.Address})
		}
	})
	return all, err
}
