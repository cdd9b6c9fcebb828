package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// serveExchange carries one cmdlet of Exchange Online PowerShell out, for tests that play the
// administrator who runs a script: {"cmdlet": "New-ServicePrincipal", "parameters": {...}}. It
// answers with the cmdlet's objects, as ConvertTo-Json writes them. zo365 itself never asks.
func (s *Server) serveExchange(rec *world.Recorder, r *http.Request) {
	var call struct {
		Cmdlet     string            `json:"cmdlet"`
		Parameters map[string]string `json:"parameters"`
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(rec, err.Error(), http.StatusBadRequest)
		return
	}
	run, ok := cmdlets()[call.Cmdlet]
	if !ok {
		http.Error(rec, "the sandbox has no cmdlet "+call.Cmdlet, http.StatusBadRequest)
		return
	}
	out, err := run(s.world, call.Parameters)
	if err != nil {
		http.Error(rec, err.Error(), http.StatusConflict)
		return
	}
	if out == nil {
		out = []map[string]any{}
	}
	rec.JSON(http.StatusOK, out)
}

type cmdlet func(w *world.World, p map[string]string) ([]map[string]any, error)

func cmdlets() map[string]cmdlet {
	return map[string]cmdlet{
		"Get-ServicePrincipal":               getPointers,
		"New-ServicePrincipal":               newPointer,
		"Get-ManagementScope":                getScopes,
		"New-ManagementScope":                newScope,
		"Remove-ManagementScope":             removeScope,
		"Get-ManagementRoleAssignment":       getRoles,
		"New-ManagementRoleAssignment":       newRole,
		"Remove-ManagementRoleAssignment":    removeRole,
		"Test-ServicePrincipalAuthorization": testAuthorization,
		"Get-ApplicationAccessPolicy":        getPolicies,
		"Remove-ApplicationAccessPolicy":     removePolicy,
		"Get-OrganizationConfig":             getOrganization,
	}
}

func getPointers(w *world.World, p map[string]string) ([]map[string]any, error) {
	var all []map[string]any
	for _, sp := range w.Apps {
		if slices.Contains(w.Pointers, sp.ID) &&
			(p["Identity"] == "" || p["Identity"] == sp.AppID || p["Identity"] == sp.ID) {
			all = append(all, map[string]any{"AppId": sp.AppID, "ObjectId": sp.ID, "DisplayName": sp.Name})
		}
	}
	return all, nil
}

// newPointer: https://learn.microsoft.com/powershell/module/exchange/new-serviceprincipal
func newPointer(w *world.World, p map[string]string) ([]map[string]any, error) {
	sp := w.Principal(p["ObjectId"])
	if sp == nil || !strings.EqualFold(sp.AppID, p["AppId"]) {
		return nil, fmt.Errorf("no service principal of Entra has this AppId and ObjectId")
	}
	if slices.Contains(w.Pointers, sp.ID) {
		return nil, fmt.Errorf("the service principal is there already")
	}
	w.Pointers = append(w.Pointers, sp.ID)
	return getPointers(w, map[string]string{"Identity": sp.ID})
}

func getScopes(w *world.World, p map[string]string) ([]map[string]any, error) {
	var all []map[string]any
	for _, one := range w.Scopes {
		if p["Identity"] == "" || strings.EqualFold(one.Name, p["Identity"]) {
			all = append(all, map[string]any{"Name": one.Name, "RecipientFilter": one.Filter, "Exclusive": one.Exclusive})
		}
	}
	return all, nil
}

// newScope: https://learn.microsoft.com/powershell/module/exchange/new-managementscope
func newScope(w *world.World, p map[string]string) ([]map[string]any, error) {
	if p["Name"] == "" || p["RecipientRestrictionFilter"] == "" {
		return nil, fmt.Errorf("New-ManagementScope needs a name and a filter")
	}
	if have, _ := getScopes(w, map[string]string{"Identity": p["Name"]}); len(have) > 0 {
		return nil, fmt.Errorf("the scope %q is there already", p["Name"])
	}
	one := &world.ExchangeScope{ID: w.GUID(), Name: p["Name"], Filter: p["RecipientRestrictionFilter"]}
	w.Scopes = append(w.Scopes, one)
	return getScopes(w, map[string]string{"Identity": one.Name})
}

func removeScope(w *world.World, p map[string]string) ([]map[string]any, error) {
	for i, one := range w.Scopes {
		if strings.EqualFold(one.Name, p["Identity"]) {
			w.Scopes = slices.Delete(w.Scopes, i, i+1)
			return nil, nil
		}
	}
	return nil, fmt.Errorf("no scope %q", p["Identity"])
}

func getRoles(w *world.World, p map[string]string) ([]map[string]any, error) {
	var all []map[string]any
	for _, a := range w.Held() {
		if p["Identity"] != "" && p["Identity"] != a.Name || p["RoleAssignee"] != "" && p["RoleAssignee"] != a.Principal {
			continue
		}
		kind, scope := scopeWords(w, a.Scope)
		all = append(all, map[string]any{
			"Name":                a.Name,
			"Role":                a.Role,
			"RoleAssignee":        a.Principal,
			"RecipientWriteScope": kind,
			"CustomResourceScope": scope,
		})
	}
	return all, nil
}

// scopeWords are the type and the name of a scope as Exchange's cmdlets show it.
func scopeWords(w *world.World, scope string) (kind, name string) {
	first, id, _ := strings.Cut(strings.TrimPrefix(scope, "/"), "/")
	switch {
	case scope == "" || scope == "/":
		return "Organization", ""
	case strings.EqualFold(first, "AdministrativeUnits"):
		return "AdministrativeUnit", id
	case strings.EqualFold(first, "Groups"):
		return "GroupScope", id
	}
	if one := w.Scope(scope); one != nil {
		return "CustomRecipientScope", one.Name
	}
	return "CustomRecipientScope", scope
}

// newRole: https://learn.microsoft.com/powershell/module/exchange/new-managementroleassignment
func newRole(w *world.World, p map[string]string) ([]map[string]any, error) {
	if !slices.Contains(w.Pointers, p["App"]) {
		return nil, fmt.Errorf("Exchange knows no service principal %q", p["App"])
	}
	if !slices.Contains(world.ExchangeRoleNames, p["Role"]) {
		return nil, fmt.Errorf("there is no role %q", p["Role"])
	}
	const longest = 64
	if len(p["Name"]) > longest || p["Name"] == "" {
		return nil, fmt.Errorf("the name %q is too long or empty", p["Name"])
	}
	if have, _ := getRoles(w, map[string]string{"Identity": p["Name"]}); len(have) > 0 {
		return nil, fmt.Errorf("the assignment %q is there already", p["Name"])
	}
	scope := ""
	switch {
	case p["RecipientGroupScope"] != "":
		g := w.DirectoryGroup(p["RecipientGroupScope"])
		if g == nil {
			return nil, fmt.Errorf("no group %q", p["RecipientGroupScope"])
		}
		scope = "/Groups/" + g.ID
	case p["RecipientAdministrativeUnitScope"] != "":
		u := w.Unit(p["RecipientAdministrativeUnitScope"])
		if u == nil {
			return nil, fmt.Errorf("no administrative unit %q", p["RecipientAdministrativeUnitScope"])
		}
		scope = "/AdministrativeUnits/" + u.ID
	case p["CustomResourceScope"] != "":
		for _, one := range w.Scopes {
			if strings.EqualFold(one.Name, p["CustomResourceScope"]) {
				scope = one.ID
			}
		}
		if scope == "" {
			return nil, fmt.Errorf("no scope %q", p["CustomResourceScope"])
		}
	}
	w.Assignments = append(w.Assignments, world.ExchangeAssignment{
		ID:        w.GUID(),
		Name:      p["Name"],
		Principal: p["App"],
		Role:      p["Role"],
		Scope:     scope,
		CreatedAt: w.Now(),
	})
	return getRoles(w, map[string]string{"Identity": p["Name"]})
}

func removeRole(w *world.World, p map[string]string) ([]map[string]any, error) {
	for i, a := range w.Assignments {
		if a.Name == p["Identity"] && a.DeletedAt.IsZero() {
			w.Assignments[i].DeletedAt = w.Now()
			return nil, nil
		}
	}
	return nil, fmt.Errorf("no assignment %q", p["Identity"])
}

// testAuthorization passes by the cache: https://learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization
func testAuthorization(w *world.World, p map[string]string) ([]map[string]any, error) {
	sp := w.Principal(p["Identity"])
	if sp == nil {
		sp = w.App(p["Identity"])
	}
	if sp == nil {
		return nil, fmt.Errorf("no service principal %q", p["Identity"])
	}
	var all []map[string]any
	for _, a := range w.Held() {
		if a.Principal != sp.ID {
			continue
		}
		kind, scope := scopeWords(w, a.Scope)
		row := map[string]any{
			"RoleName":             a.Role,
			"GrantedPermissions":   strings.Join(world.RoleGives(a.Role), ", "),
			"AllowedResourceScope": scope,
			"ScopeType":            kind,
			"InScope":              "Not Run",
		}
		if resource := p["Resource"]; resource != "" {
			u := w.Person(resource)
			if u == nil {
				return nil, fmt.Errorf("no mailbox %q", resource)
			}
			row["InScope"] = w.InScope(a, u)
		}
		all = append(all, row)
	}
	return all, nil
}

func getPolicies(w *world.World, _ map[string]string) ([]map[string]any, error) {
	var all []map[string]any
	for _, p := range w.Policies {
		all = append(all, map[string]any{
			"Identity":         w.TenantID + `\` + p.AppID + ":" + p.ID,
			"AppId":            p.AppID,
			"AccessRight":      p.Right,
			"ScopeName":        p.Group.Name,
			"ScopeIdentity":    p.Group.Name,
			"ScopeIdentityRaw": "S-1-5-21-1;" + p.Group.ID,
		})
	}
	return all, nil
}

func removePolicy(w *world.World, p map[string]string) ([]map[string]any, error) {
	for i, one := range w.Policies {
		if strings.HasSuffix(p["Identity"], ":"+one.ID) {
			w.Policies = slices.Delete(w.Policies, i, i+1)
			return nil, nil
		}
	}
	return nil, fmt.Errorf("no policy %q", p["Identity"])
}

func getOrganization(w *world.World, _ map[string]string) ([]map[string]any, error) {
	t := w.Scenario.Tenant
	var enabled any
	if t.EWS != nil {
		enabled = *t.EWS
	}
	return []map[string]any{{
		"EwsEnabled":       enabled,
		"EwsAllowedAppIDs": strings.Join(t.AllowedEWS, ","),
	}}, nil
}

// serveRooms does what the portals do when conference rooms are authorized with Microsoft Graph:
// Zoom's application for rooms gets a permission of Graph, and that of Exchange Web Services goes.
func (s *Server) serveRooms(rec *world.Recorder) {
	for _, sp := range s.world.Apps {
		if sp.AppID != "f56e91e5-5a82-452f-b435-d4d78aeaf064" {
			continue
		}
		for i := range sp.Grants {
			sp.Grants[i].DeletedAt = s.world.Now()
		}
		s.world.Grant(sp, "Calendars.ReadWrite")
	}
	rec.JSON(http.StatusOK, map[string]any{})
}
