package graph

import (
	"net/http"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// nullable is JSON's null for an empty text.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// organization: https://learn.microsoft.com/graph/api/organization-list
func (s *Service) organization(g *graphCall) {
	if !s.allowed(g, "Organization.Read.All", "User.Read", "Directory.Read.All") {
		return
	}
	var verified []any
	for _, d := range s.World.Scenario.Tenant.Domains {
		if d.Verified {
			verified = append(
				verified,
				map[string]any{
					"capabilities": "Email, OfficeCommunicationsOnline",
					"isDefault":    d.Default,
					"isInitial":    d.Initial,
					"name":         d.Name,
					"type":         "Managed",
				},
			)
		}
	}
	item := world.Entity{
		"id":                    s.World.TenantID,
		"displayName":           s.World.Org,
		"countryLetterCode":     "US",
		"tenantType":            "AAD",
		"onPremisesSyncEnabled": nil,
		"createdDateTime":       "2026-01-05T09:00:00Z",
		"verifiedDomains":       verified,
	}
	s.list(g, collection{
		context: "organization",
		kind:    "microsoft.graph.organization",
		items:   []world.Entity{item},
		page:    100,
		most:    999,
		known: []string{
			"id",
			"displayName",
			"countryLetterCode",
			"tenantType",
			"onPremisesSyncEnabled",
			"createdDateTime",
			"verifiedDomains",
		},
	})
}

var domainProperties = []string{
	"id",
	"authenticationType",
	"availabilityStatus",
	"isAdminManaged",
	"isDefault",
	"isInitial",
	"isRoot",
	"isVerified",
	"supportedServices",
	"state",
	"passwordValidityPeriodInDays",
	"passwordNotificationWindowInDays",
}

func domainEntity(d world.EntraDomain) world.Entity {
	services := []any{}
	if d.Verified {
		services = []any{"Email", "OfficeCommunicationsOnline"}
	}
	return world.Entity{
		"id":                               d.Name,
		"authenticationType":               "Managed",
		"availabilityStatus":               nil,
		"isAdminManaged":                   true,
		"isDefault":                        d.Default,
		"isInitial":                        d.Initial,
		"isRoot":                           true,
		"isVerified":                       d.Verified,
		"supportedServices":                services,
		"state":                            nil,
		"passwordValidityPeriodInDays":     2147483647,
		"passwordNotificationWindowInDays": 14,
	}
}

// domains lists the unverified ones too:
// https://learn.microsoft.com/graph/api/domain-list
func (s *Service) domains(g *graphCall) {
	if !s.allowed(g, "Domain.Read.All", "Directory.Read.All") {
		return
	}
	var items []world.Entity
	for _, d := range s.World.Scenario.Tenant.Domains {
		items = append(items, domainEntity(d))
	}
	s.list(
		g,
		collection{
			context: "domains",
			kind:    "microsoft.graph.domain",
			items:   items,
			known:   domainProperties,
			page:    100,
			most:    999,
		},
	)
}

// domain: https://learn.microsoft.com/graph/api/domain-get
func (s *Service) domain(g *graphCall) {
	if !s.allowed(g, "Domain.Read.All", "Directory.Read.All") {
		return
	}
	for _, d := range s.World.Scenario.Tenant.Domains {
		if strings.EqualFold(d.Name, g.path[1]) {
			s.one(
				g,
				collection{
					context: "domains",
					kind:    "microsoft.graph.domain",
					items:   []world.Entity{domainEntity(d)},
					known:   domainProperties,
				},
			)
			return
		}
	}
	s.notFound(g, g.path[1])
}

// userDefaults are exactly the 11 properties of a recorded real answer
// (azure-cli, role tests); everything else needs $select.
//
// https://learn.microsoft.com/graph/api/user-list
var userDefaults = []string{
	"businessPhones",
	"displayName",
	"givenName",
	"jobTitle",
	"mail",
	"mobilePhone",
	"officeLocation",
	"preferredLanguage",
	"surname",
	"userPrincipalName",
	"id",
}

var userProperties = append([]string{
	"accountEnabled",
	"userType",
	"proxyAddresses",
	"otherMails",
	"mailNickname",
	"createdDateTime",
	"deletedDateTime",
	"creationType",
	"externalUserState",
	"onPremisesSyncEnabled",
	"onPremisesUserPrincipalName",
	"assignedPlans",
	"assignedLicenses",
	"employeeId",
	"department",
	"city",
	"companyName",
}, userDefaults...)

func userEntity(u *world.User) world.Entity {
	local, _, _ := strings.Cut(u.UPN, "@")
	e := world.Entity{
		"id":                          u.ID,
		"userPrincipalName":           u.UPN,
		"displayName":                 u.Name,
		"givenName":                   nullable(u.Given),
		"surname":                     nullable(u.Surname),
		"mail":                        nullable(u.Mail),
		"businessPhones":              []any{},
		"jobTitle":                    nullable(u.Title),
		"department":                  nullable(u.Department),
		"city":                        nullable(u.City),
		"companyName":                 nullable(u.Company),
		"mobilePhone":                 nil,
		"officeLocation":              nullable(u.Office),
		"preferredLanguage":           nil,
		"accountEnabled":              !u.Disabled,
		"userType":                    "Member",
		"otherMails":                  []any{},
		"mailNickname":                local,
		"createdDateTime":             world.Stamp(u.CreatedAt),
		"deletedDateTime":             nil,
		"creationType":                nil,
		"externalUserState":           nil,
		"onPremisesSyncEnabled":       nil,
		"onPremisesUserPrincipalName": nil,
		"assignedPlans":               []any{},
		"assignedLicenses":            []any{},
		"employeeId":                  nil,
	}
	proxies := []any{}
	for _, p := range u.Proxies {
		proxies = append(proxies, p)
	}
	e["proxyAddresses"] = proxies
	if u.Guest {
		e["userType"], e["creationType"], e["externalUserState"] = "Guest", "Invitation", "Accepted"
	}
	if u.Synced {
		e["onPremisesSyncEnabled"], e["onPremisesUserPrincipalName"] = true, u.UPN
	}
	if !u.NoMailbox {
		// The plan of Exchange Online (Plan 2) in Microsoft's list of service plans,
		// https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
		e["assignedPlans"] = []any{
			map[string]any{
				"assignedDateTime": world.Stamp(u.CreatedAt),
				"capabilityStatus": "Enabled",
				"service":          "exchange",
				"servicePlanId":    "efb87545-963c-4e0d-99df-69c6916d9eb0",
			},
		}
	}
	if !u.DeletedAt.IsZero() {
		e["deletedDateTime"] = world.Stamp(u.DeletedAt)
	}
	return e
}

func (s *Service) users(deleted bool) collection {
	l := s.Listed()
	items, ok := l.Users[deleted]
	if !ok {
		for _, u := range s.World.Users {
			if u.DeletedAt.IsZero() != deleted {
				items = append(items, userEntity(u))
			}
		}
		l.Users[deleted] = items
	}
	return collection{
		context:  "users",
		kind:     "microsoft.graph.user",
		items:    items,
		defaults: userDefaults,
		known:    userProperties,
		page:     100,
		most:     999,
	}
}

var usersReaders = []string{"User.Read.All", "Directory.Read.All", "User.ReadBasic.All"}

// listUsers: https://learn.microsoft.com/graph/api/user-list
func (s *Service) listUsers(g *graphCall) {
	if !s.allowed(g, usersReaders...) {
		return
	}
	filter := g.query.Get("$filter")
	if s.World.Scenario.Tenant.RefuseRanges &&
		(strings.Contains(filter, "userPrincipalName ge ") || strings.Contains(filter, "userPrincipalName le ")) {
		s.Error(
			g.rec,
			g.r,
			http.StatusBadRequest,
			"Request_UnsupportedQuery",
			"Unsupported or invalid query filter clause specified for property 'userPrincipalName' of resource 'User'.",
		)
		return
	}
	s.list(g, s.users(false))
}

// countUsers answers plain text and needs the advanced query header.
func (s *Service) countUsers(g *graphCall) {
	if !s.allowed(g, usersReaders...) {
		return
	}
	if !strings.EqualFold(g.r.Header.Get("ConsistencyLevel"), "eventual") {
		s.Error(
			g.rec,
			g.r,
			http.StatusBadRequest,
			"Request_UnsupportedQuery",
			"$count is not currently supported without the header 'ConsistencyLevel: eventual'.",
		)
		return
	}
	g.rec.Head.Set("Content-Type", "text/plain")
	n := 0
	for _, u := range s.World.Users {
		if u.DeletedAt.IsZero() {
			n++
		}
	}
	_, _ = g.rec.Write([]byte(itoa(n)))
}

// getUser: https://learn.microsoft.com/graph/api/user-get
func (s *Service) getUser(g *graphCall) {
	if !s.allowed(g, usersReaders...) {
		return
	}
	u := s.World.Person(g.path[1])
	if u == nil {
		s.notFound(g, g.path[1])
		return
	}
	c := s.users(false)
	c.items = []world.Entity{userEntity(u)}
	s.one(g, c)
}

// me refuses an application, as Graph does.
//
// https://learn.microsoft.com/graph/api/user-get
func (s *Service) me(g *graphCall) {
	if !s.signedIn(g) || !s.allowed(g, append([]string{"User.Read"}, usersReaders...)...) {
		return
	}
	c := s.users(false)
	c.items = []world.Entity{userEntity(g.token.User)}
	s.one(g, c)
}

func (s *Service) signedIn(g *graphCall) bool {
	if g.token.User != nil {
		return true
	}
	s.Error(
		g.rec,
		g.r,
		http.StatusBadRequest,
		"BadRequest",
		"/me request is only valid with delegated authentication flow.",
	)
	return false
}

// roles lists the person's directory roles:
// https://learn.microsoft.com/graph/api/user-list-transitivememberof
func (s *Service) roles(g *graphCall) {
	if !s.signedIn(g) || !s.allowed(g, "RoleManagement.Read.Directory", "Directory.Read.All") {
		return
	}
	cast := len(g.path) == 3
	if cast && (g.query.Get("$count") != "true" || !strings.EqualFold(g.r.Header.Get("ConsistencyLevel"), "eventual")) {
		// The page wants both; whether Graph insists is open, and a client that sends
		// neither must not pass here.
		// https://learn.microsoft.com/graph/aad-advanced-queries
		s.badQuery(g, "An OData cast needs $count=true and the header 'ConsistencyLevel: eventual'.")
		return
	}
	var items []world.Entity
	for _, name := range g.token.User.Roles {
		role := world.Entity{
			"id":              s.World.TenantID[:8] + world.RoleTemplates[name][8:],
			"displayName":     name,
			"description":     name,
			"roleTemplateId":  world.RoleTemplates[name],
			"deletedDateTime": nil,
		}
		known := role
		if !cast {
			known["@odata.type"] = "#microsoft.graph.directoryRole"
		}
		items = append(items, known)
	}
	c := collection{
		context: "directoryObjects",
		kind:    "microsoft.graph.directoryRole",
		items:   items,
		page:    100,
		most:    999,
		known:   []string{"id", "displayName", "description", "roleTemplateId", "deletedDateTime", "@odata.type"},
	}
	if cast {
		c.context = "directoryRoles"
	}
	s.list(g, c)
}

// deletedUsers: https://learn.microsoft.com/graph/api/directory-deleteditems-list
func (s *Service) deletedUsers(g *graphCall) {
	if s.allowed(g, usersReaders...) {
		s.list(g, s.users(true))
	}
}
