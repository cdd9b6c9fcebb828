package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ExchangeAssignment is a role of RBAC for Applications that an application holds. Its scope is
// empty for every mailbox, a directory object such as "/Groups/ID", or the ID of a custom scope.
type ExchangeAssignment struct {
	ID, Name, Principal, Role, Scope string
	CreatedAt, DeletedAt             time.Time
}

// ExchangeScope is a custom scope: the recipients that a filter matches.
type ExchangeScope struct {
	ID, Name, Filter string
	Exclusive        bool
}

// AccessPolicy is an application access policy, which RBAC for Applications replaces.
//
// https://learn.microsoft.com/powershell/module/exchange/new-applicationaccesspolicy
type AccessPolicy struct {
	ID, AppID, Right string
	Group            *DirectoryGroup
}

// DirectoryGroup is a group or an administrative unit of the tenant.
type DirectoryGroup struct {
	ID, Name string
	Members  []*User
	Nested   []*DirectoryGroup
}

// Delegated is a delegated permission grant: of everybody, or of one person.
type Delegated struct {
	ID, Client, Resource, Scope string
	Person                      *User
	CreatedAt                   time.Time
}

// ExchangeRoleNames are Exchange's built-in application roles. Their IDs here are made
// up: they differ between tenants, and are read, never written into a program.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
var ExchangeRoleNames = []string{
	"Application Mail.Read",
	"Application Mail.ReadBasic",
	"Application Mail.ReadWrite",
	"Application Mail.Send",
	"Application MailboxSettings.Read",
	"Application MailboxSettings.ReadWrite",
	"Application Calendars.Read",
	"Application Calendars.ReadWrite",
	"Application Contacts.Read",
	"Application Contacts.ReadWrite",
	"Application Mail Full Access",
	"Application Exchange Full Access",
	"Application EWS.AccessAsApp",
}

// composites are the roles that give more than the permission in their name.
var composites = map[string][]string{
	"Application Mail Full Access": {"Mail.ReadWrite", "Mail.Send"},
	"Application Exchange Full Access": {
		"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite",
	},
	"Application EWS.AccessAsApp": {EWS},
}

// EWS is what full_access_as_app gives in a mailbox: everything, by Exchange Web Services.
const EWS = "full_access_as_app"

// ExchangeRoleID is the ID of a role, made of its name.
func ExchangeRoleID(name string) string {
	return fmt.Sprintf("7a6f3336-e000-4000-8000-%012d", slices.Index(ExchangeRoleNames, name)+1)
}

// addExchange makes the groups, scopes, roles and policies of the scenario.
func (w *World) addExchange() {
	t := w.Scenario.Tenant
	for _, s := range t.ExchangeScopes {
		w.Scopes = append(
			w.Scopes,
			&ExchangeScope{
				ID:        ScopeID(s.Name),
				Name:      s.Name,
				Filter:    s.Filter,
				Exclusive: s.Exclusive,
			},
		)
	}
	w.addRoles(ZoomAppID, t.ZoomApp.ExchangeRoles)
	w.addRoles(OwnAppID, t.App.ExchangeRoles)
	for _, other := range t.OtherZoomApps {
		w.addRoles(other.AppID, other.ExchangeRoles)
	}
	for _, p := range t.AccessPolicies {
		appID := p.App
		if appID == "zoom" {
			appID = ZoomAppID
		}
		w.Policies = append(w.Policies, AccessPolicy{
			ID:    w.GUID(),
			AppID: appID,
			Right: p.Right,
			Group: w.DirectoryGroup(p.Group),
		})
	}
}

// addPrincipals makes the groups and units, whose members are there by now.
func (w *World) addPrincipals() {
	make1 := func(all []DirectoryGroupScenario) []*DirectoryGroup {
		var made []*DirectoryGroup
		for _, g := range all {
			one := &DirectoryGroup{ID: w.GUID(), Name: g.Name}
			for _, upn := range g.Members {
				if u := w.Person(upn); u != nil {
					one.Members = append(one.Members, u)
				}
			}
			made = append(made, one)
		}
		for i, g := range all {
			for _, name := range append(slices.Clone(g.Nested), g.Members...) {
				for _, other := range made {
					if other.Name == name {
						made[i].Nested = append(made[i].Nested, other)
					}
				}
			}
		}
		return made
	}
	w.Groups = make1(w.Scenario.Tenant.Groups)
	w.Units = make1(w.Scenario.Tenant.Units)
	w.addDelegated()
}

func (w *World) addDelegated() {
	add := func(sp *ServicePrincipal, all []DelegatedScenario) {
		if sp == nil {
			return
		}
		for _, d := range all {
			one := Delegated{
				ID:        w.Base64ID(32),
				Client:    sp.ID,
				Resource:  w.App(GraphAppID).ID,
				Scope:     d.Scope,
				CreatedAt: w.longAgo(),
			}
			if d.Person != "" {
				one.Person = w.Person(d.Person)
			}
			w.Delegations = append(w.Delegations, one)
		}
	}
	add(w.App(ZoomAppID), w.Scenario.Tenant.ZoomApp.Delegated)
	for _, other := range w.Scenario.Tenant.OtherZoomApps {
		add(w.App(other.AppID), other.Delegated)
	}
}

// addRoles gives an application the roles of the scenario.
func (w *World) addRoles(appID string, roles []ExchangeRole) {
	sp := w.App(appID)
	if sp == nil {
		return
	}
	for _, r := range roles {
		scope := w.writtenScope(r.Scope)
		w.Assignments = append(w.Assignments, ExchangeAssignment{
			ID:        w.GUID(),
			Name:      "zo365 " + r.Role,
			Principal: sp.ID,
			Role:      r.Role,
			Scope:     scope,
			CreatedAt: w.longAgo(),
		})
		w.Pointers = append(w.Pointers, sp.ID)
	}
}

// writtenScope reads a scope as a scenario writes it: group:NAME, unit:NAME, filter:EXPRESSION,
// or the name of a custom scope; one that no list describes has the members of a group of its name.
func (w *World) writtenScope(written string) string {
	kind, name, _ := strings.Cut(written, ":")
	switch kind {
	case "":
		return ""
	case "group":
		if g := w.DirectoryGroup(name); g != nil {
			return "/Groups/" + g.ID
		}
		return "/Groups/" + w.GUID()
	case "unit":
		if u := w.Unit(name); u != nil {
			return "/AdministrativeUnits/" + u.ID
		}
		return "/AdministrativeUnits/" + w.GUID()
	case "filter":
		s := &ExchangeScope{ID: w.GUID(), Name: "filter " + name, Filter: name}
		w.Scopes = append(w.Scopes, s)
		return s.ID
	}
	if w.Scope(ScopeID(written)) == nil {
		w.Scopes = append(w.Scopes, &ExchangeScope{
			ID:     ScopeID(written),
			Name:   written,
			Filter: "MemberOfGroup -eq 'CN=" + written + ",OU=contoso.onmicrosoft.com,DC=PROD,DC=OUTLOOK,DC=COM'",
		})
	}
	return ScopeID(written)
}

// DirectoryGroup finds a group by name or ID.
func (w *World) DirectoryGroup(key string) *DirectoryGroup { return groupIn(w.Groups, key) }

// Unit finds an administrative unit by name or ID.
func (w *World) Unit(key string) *DirectoryGroup { return groupIn(w.Units, key) }

func groupIn(all []*DirectoryGroup, key string) *DirectoryGroup {
	for _, g := range all {
		if strings.EqualFold(g.ID, key) || strings.EqualFold(g.Name, key) {
			return g
		}
	}
	return nil
}

// Scope finds a custom scope by its ID.
func (w *World) Scope(id string) *ExchangeScope {
	for _, s := range w.Scopes {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Entity is the assignment as Graph shows it.
func (a ExchangeAssignment) Entity() Entity {
	item := Entity{
		"id":               a.ID,
		"principalId":      "/ServicePrincipals/" + a.Principal,
		"roleDefinitionId": ExchangeRoleID(a.Role),
		"directoryScopeId": "/",
		"appScopeId":       nil,
	}
	switch {
	case strings.HasPrefix(a.Scope, "/"):
		item["directoryScopeId"] = a.Scope
	case a.Scope != "":
		item["directoryScopeId"], item["appScopeId"] = nil, a.Scope
	}
	return item
}

// ScopeID is the ID of a scope of a scenario, made of its name.
func ScopeID(name string) string { return "scope " + name }

// Held are the assignments that readers see.
func (w *World) Held() []ExchangeAssignment {
	return slices.DeleteFunc(
		slices.Clone(w.Assignments),
		func(a ExchangeAssignment) bool { return !a.DeletedAt.IsZero() },
	)
}
