package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/tenant"
)

// imagined is a random tenant: grants, roles, scopes, groups and policies. The world evaluates
// what Zoom reaches by its own rules; the facts are made from what the services would show.
type imagined struct {
	w      *world.World
	random *rand.Rand
	now    time.Time
	file   profile.File
	// unseen are parts that nobody could see.
	policiesRead, rolesSeen, scopesSeen bool
}

func (i *imagined) one(of ...string) string { return of[i.random.IntN(len(of))] }

func (i *imagined) chance(p float64) bool { return i.random.Float64() < p }

func (i *imagined) some(of []string, p float64) []string {
	var some []string
	for _, one := range of {
		if i.chance(p) {
			some = append(some, one)
		}
	}
	return some
}

var (
	people = []string{
		"a@contoso.com",
		"b@contoso.com",
		"c@contoso.com",
		"d@contoso.com",
		"e@contoso.com",
		"admin@contoso.com",
	}
	grantsOf = []string{
		"Calendars.Read",
		"Calendars.ReadWrite",
		"Calendars.ReadBasic.All",
		"Contacts.Read",
		"Mail.Read",
		"MailboxSettings.Read",
		"User.Read.All",
		"exchange:full_access_as_app",
		"exchange:Mail.Read",
		"exchange:Calendars.ReadWrite.All",
		"exchange:Calendars.ReadWrite",
	}
	filters = []string{
		"Department -eq 'Sales'", "Department -ne 'Sales'", "City -like 'B*' -and Department -eq 'Sales'",
		"-not (Department -eq 'Sales')", "(City -eq 'Bonn') -or (City -eq 'Berlin')", "MemberOfGroup -eq 'CN=One,DC=x'",
		"Title -like '*lead*'", "RecipientTypeDetails -eq 'UserMailbox'", "broken -eq", "CustomAttribute1 -eq 'x'",
	}
	scopeTexts = []string{"", "", "group:One", "group:Two", "group:Outer", "unit:North", "Named", "Exclusive"}
)

func imagine(seed uint64) *imagined {
	i := &imagined{random: rand.New(rand.NewPCG(seed, 14)), now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	s := world.Scenario{Name: "imagined", Admin: "admin@contoso.com"}
	s.Tenant.Name = "Contoso"
	s.Tenant.Domains = []world.EntraDomain{{Name: "contoso.com", Verified: true, Default: true}}
	s.Tenant.Groups = []world.DirectoryGroupScenario{
		{Name: "One", Members: i.some(people, 0.5)},
		{Name: "Two", Members: i.some(people, 0.3)},
		{Name: "Outer", Members: i.some(people, 0.2), Nested: []string{"Two"}},
	}
	s.Tenant.Units = []world.DirectoryGroupScenario{{Name: "North", Members: i.some(people, 0.4)}}
	s.Tenant.ExchangeScopes = []world.ScopeScenario{{Name: "Named", Filter: i.one(filters...)}}
	if i.chance(0.15) {
		s.Tenant.ExchangeScopes = append(s.Tenant.ExchangeScopes,
			world.ScopeScenario{Name: "Exclusive", Filter: i.one(filters...), Exclusive: true})
	}
	s.Tenant.ZoomApp.Permissions = i.some(grantsOf, i.random.Float64()*0.6)
	s.Tenant.ZoomApp.Present = true
	s.Tenant.ZoomApp.Disabled = i.chance(0.05)
	for range i.random.IntN(4) {
		scope := i.one(scopeTexts...)
		if i.chance(0.2) {
			scope = "filter:" + i.one(filters...)
		}
		s.Tenant.ZoomApp.ExchangeRoles = append(s.Tenant.ZoomApp.ExchangeRoles, world.ExchangeRole{
			Role:  i.one(world.ExchangeRoleNames...),
			Scope: scope,
		})
	}
	for range i.random.IntN(3) {
		s.Tenant.AccessPolicies = append(s.Tenant.AccessPolicies, world.PolicyScenario{
			App:   i.one("zoom", "zoom", "11111111-1111-1111-1111-111111111111"),
			Group: i.one("One", "Two", "Outer"),
			Right: i.one("RestrictAccess", "RestrictAccess", "DenyAccess"),
		})
	}
	s.Tenant.PolicyNesting = i.chance(0.5)
	s.Tenant.ExchangeCache = time.Duration(i.random.IntN(120)) * time.Minute
	for _, upn := range people {
		s.People = append(s.People, world.Person{
			Name:       "Some Body",
			UPN:        upn,
			NoMailbox:  i.chance(0.1),
			Department: i.one("", "Sales", "Support"),
			City:       i.one("", "Berlin", "Bonn", "Oslo"),
			Title:      i.one("", "Team lead", "Agent"),
		})
	}
	i.w = world.New(s, 0, seed, func() time.Time { return i.now })
	i.now = i.now.AddDate(0, 6, 0) // all that is there is older than any cache
	i.policiesRead, i.rolesSeen, i.scopesSeen = i.chance(0.8), i.chance(0.95), i.chance(0.95)
	i.file = profile.File{
		Version:   1,
		Microsoft: profile.Microsoft{ZoomAppID: world.ZoomAppID},
		Account:   profile.Settings{SetupBy: profile.Admin, DefaultService: profile.Office365, AuthorizeWith: profile.Graph},
	}
	i.file.Account.MailboxScope = i.wanted()
	if i.chance(0.3) {
		i.file.Groups = []profile.Group{{Name: "Sales", Settings: profile.Settings{MailboxScope: i.wanted()}}}
	}
	return i
}

func (i *imagined) wanted() profile.MailboxScope {
	switch i.random.IntN(6) {
	case 0:
		return profile.MailboxScope{Unit: "North"}
	case 1:
		return profile.MailboxScope{Filter: i.one(filters...)}
	}
	return profile.MailboxScope{Group: i.one("One", "Two", "Outer")}
}

func seen[T any](at time.Time, value T) tenant.Reading[T] {
	return tenant.Reading[T]{Value: value, Source: "the world", At: at}
}

func unseen[T any](at time.Time) tenant.Reading[T] {
	return tenant.Reading[T]{Err: &tenant.NeedsError{AnyOf: []string{"a permission"}}, At: at}
}

// input is what the services and a person would show of the world.
func (i *imagined) input() doctor.Input {
	in := doctor.Input{File: i.file, Now: i.now}
	zoom := i.w.App(world.ZoomAppID)
	c := tenant.Consent{Principal: &tenant.ServicePrincipal{
		ID:          zoom.ID,
		AppID:       zoom.AppID,
		DisplayName: zoom.Name,
		Enabled:     !zoom.Disabled,
	}}
	for _, g := range zoom.Grants {
		if g.DeletedAt.IsZero() {
			c.Grants = append(c.Grants, tenant.Grant{
				ID:         g.ID,
				Permission: tenant.Permission{Resource: g.Resource, Role: g.Permission.Role, Name: g.Permission.Name},
			})
		}
	}
	in.Facts.Consents = seen(i.now, []tenant.Consent{c})
	in.Facts.Exchange = unseen[[]tenant.ExchangeRole](i.now)
	if i.rolesSeen {
		in.Facts.Exchange = seen(i.now, i.roles(zoom))
	}
	in.Facts.Scopes = unseen[tenant.Scopes](i.now)
	if i.scopesSeen {
		in.Facts.Scopes = seen(i.now, i.scopes())
	}
	if i.policiesRead {
		policies := []tenant.AccessPolicy{}
		for _, p := range i.w.Policies {
			policies = append(policies, tenant.AccessPolicy{
				Identity: p.ID,
				AppIDs:   []string{p.AppID},
				Right:    p.Right,
				Group:    p.Group.Name,
				GroupID:  p.Group.ID,
			})
		}
		in.Record.Exchange = &tenant.ExchangeEvidence{AppID: zoom.AppID, Policies: &policies, At: i.now}
	}
	return in
}

func (i *imagined) roles(zoom *world.ServicePrincipal) []tenant.ExchangeRole {
	all := []tenant.ExchangeRole{}
	for _, a := range i.w.Held() {
		if a.Principal != zoom.ID {
			continue
		}
		r := tenant.ExchangeRole{
			ID:          a.ID,
			PrincipalID: zoom.ID,
			Role:        a.Role,
			Scope:       a.Scope,
		}
		kind, id, _ := strings.Cut(strings.TrimPrefix(a.Scope, "/"), "/")
		switch {
		case a.Scope == "":
		case kind == "Groups":
			r.Kind, r.ScopeID = tenant.ScopeGroup, id
		case kind == "AdministrativeUnits":
			r.Kind, r.ScopeID = tenant.ScopeUnit, id
		default:
			s := i.w.Scope(a.Scope)
			r.Kind, r.ScopeID, r.Scope, r.Filter, r.Exclusive = tenant.ScopeFilter, s.ID, s.Name, s.Filter, s.Exclusive
		}
		all = append(all, r)
	}
	return all
}

func (i *imagined) scopes() tenant.Scopes {
	all := tenant.Scopes{Custom: []tenant.ExchangeScope{}}
	for _, s := range i.w.Scopes {
		all.Custom = append(all.Custom, tenant.ExchangeScope{
			ID:        s.ID,
			Name:      s.Name,
			Filter:    s.Filter,
			Exclusive: s.Exclusive,
		})
	}
	add := func(kind tenant.ScopeKind, groups []*world.DirectoryGroup) {
		for _, g := range groups {
			one := tenant.ScopeMembers{Kind: kind, ID: g.ID, Name: g.Name}
			for _, u := range g.Members {
				one.People = append(one.People, tenant.Member{ID: u.ID, UPN: u.UPN})
			}
			for _, n := range g.Nested {
				one.Groups = append(one.Groups, n.Name)
			}
			all.Members = append(all.Members, one)
		}
	}
	add(tenant.ScopeGroup, i.w.Groups)
	add(tenant.ScopeUnit, i.w.Units)
	return all
}

// box is a mailbox as Graph shows its owner.
func box(u *world.User) reach.Mailbox {
	m := reach.Mailbox{ID: u.ID, UPN: u.UPN, Properties: map[string]string{
		"department": u.Department, "city": u.City, "title": u.Title, "company": u.Company, "office": u.Office,
		"userprincipalname": u.UPN,
	}}
	if u.NoMailbox {
		m.Missing = "no plan with a mailbox"
	}
	return m
}

// TestComputedIsTheWorldsOwn: over random tenants, what is computed of each mailbox and permission
// is what the world evaluates by itself, or unknown.
func TestComputedIsTheWorldsOwn(t *testing.T) {
	known, unknown := map[reach.Answer]int{}, 0
	for seed := range uint64(4000) {
		i := imagine(seed)
		in := i.input()
		app := doctor.ReachOf(in, in.Facts.Consents.Value[0])
		for _, u := range i.w.Users {
			truth := i.w.Reach(i.w.App(world.ZoomAppID), u, false)
			for _, p := range slices.Concat(app.Permissions(), truth) {
				says := app.Permission(box(u), p)
				is := slices.Contains(truth, p)
				switch {
				case says == reach.Unknown:
					unknown++
					continue
				case (says == reach.Yes) != is:
					t.Fatalf("seed %d: %s in the mailbox of %s: computed %s, the world says %v\nways: %+v",
						seed, p, u.UPN, says, is, app.Ways(box(u)))
				}
				known[says]++
			}
			if v := app.Judge(box(u)); v.Any == reach.No && len(truth) > 0 || v.Any == reach.Yes && len(truth) == 0 {
				t.Fatalf("seed %d: %s is judged %s, and the world says %v", seed, u.UPN, v.Any, truth)
			}
		}
	}
	if known[reach.Yes] < 2000 || known[reach.No] < 2000 || unknown > 3*(known[reach.Yes]+known[reach.No]) {
		t.Errorf("the worlds are dull: %v known, %d unknown", known, unknown)
	}
	t.Logf("%v known, %d unknown", known, unknown)
}

// reached is what Zoom reaches, person by person: by now, and as Exchange's cache has it.
func (i *imagined) reached(cached bool) map[string][]string {
	return i.w.Reachable(i.w.App(world.ZoomAppID), cached)
}

// more is what is reached in after and was not before, by the same permission or a wider one.
func more(before, after map[string][]string) string {
	for upn, permissions := range after {
		for _, p := range permissions {
			if !slices.ContainsFunc(before[upn], func(q string) bool { return reach.Includes(q, p) }) {
				return p + " in the mailbox of " + upn
			}
		}
	}
	return ""
}

// inScope says whether the profiles want a person's mailbox, by the world's own rules.
func (i *imagined) inScope(u *world.User) bool {
	for _, m := range doctor.MailboxesWanted(i.file).Scopes {
		scope := ""
		switch {
		case m.Group != "":
			scope = "/Groups/" + i.w.DirectoryGroup(m.Group).ID
		case m.Unit != "":
			scope = "/AdministrativeUnits/" + i.w.Unit(m.Unit).ID
		default:
			for _, s := range i.w.Scopes {
				if s.Filter == m.Filter && !s.Exclusive {
					scope = s.ID
				}
			}
			if scope == "" {
				continue
			}
		}
		if i.w.InScope(world.ExchangeAssignment{Scope: scope}, u) {
			return true
		}
	}
	return false
}

// carry does one step of a plan to the world, as the services would.
func (i *imagined) carry(s doctor.Step) {
	zoom := i.w.App(world.ZoomAppID)
	switch s.Action { //nolint:exhaustive // the others are not of narrowing
	case doctor.CreateScope:
		i.w.Scopes = append(i.w.Scopes, &world.ExchangeScope{ID: i.w.GUID(), Name: s.Target, Filter: s.Role.Filter})
	case doctor.AssignRole:
		scope := ""
		switch s.Role.Kind {
		case tenant.ScopeGroup:
			scope = "/Groups/" + s.Role.ScopeID
		case tenant.ScopeUnit:
			scope = "/AdministrativeUnits/" + s.Role.ScopeID
		default:
			for _, one := range i.w.Scopes {
				if one.Filter == s.Role.Filter && !one.Exclusive {
					scope = one.ID
				}
			}
		}
		i.w.Assignments = append(i.w.Assignments, world.ExchangeAssignment{
			ID:        i.w.GUID(),
			Principal: zoom.ID,
			Role:      s.Role.Role,
			Scope:     scope,
			CreatedAt: i.now,
		})
	case doctor.RemoveRole:
		for k, a := range i.w.Assignments {
			if a.ID == s.Object {
				i.w.Assignments[k].DeletedAt = i.now
			}
		}
	case doctor.RevokePermission:
		for k, g := range zoom.Grants {
			p := tenant.Permission{Resource: g.Resource, Role: g.Permission.Role, Name: g.Permission.Name}
			if g.DeletedAt.IsZero() && p.Same(*s.Permission) {
				zoom.Grants[k].DeletedAt = i.now
			}
		}
	case doctor.Await:
		i.now = i.now.Add(doctor.CacheLimit)
	case doctor.RemovePolicy:
		i.w.Policies = slices.DeleteFunc(i.w.Policies, func(p world.AccessPolicy) bool { return p.ID == s.Object })
	}
	i.now = i.now.Add(time.Second)
}

// TestNarrowingNeverWidens: over random tenants, no step of a plan lets Zoom reach what it did not
// reach before, as Exchange's cache has it or as it is; and none takes away what the profiles want.
func TestNarrowingNeverWidens(t *testing.T) {
	carried, blocked, narrowed := 0, 0, 0
	for seed := range uint64(4000) {
		i := imagine(seed)
		n := doctor.Narrow(i.input(), doctor.NarrowOptions{Cache: doctor.CacheLimit})
		done := map[string]bool{}
		first := i.reached(true)
		var log []string
		for _, s := range n.Steps {
			stopped := s.Stopped != nil || slices.ContainsFunc(s.DependsOn, func(id string) bool { return !done[id] })
			if stopped {
				blocked++
				continue
			}
			if s.Action == doctor.TestScope {
				if missing := doctor.TestMailboxes(i.input()).Missing; len(missing) > 0 {
					t.Fatalf("seed %d: the test finds missing: %v\n%s", seed, missing, strings.Join(log, "\n"))
				}
			}
			log = append(log, fmt.Sprintf("%s %s %s", s.Action, s.Target, s.After))
			before := [2]map[string][]string{i.reached(false), i.reached(true)}
			i.carry(s)
			done[s.ID] = true
			carried++
			after := [2]map[string][]string{i.reached(false), i.reached(true)}
			for k := range after {
				if s.Action == doctor.Await { // time passes: what was assigned comes, and was covered before
					continue
				}
				if wider := more(before[k], after[k]); wider != "" {
					t.Fatalf("seed %d: %s %s reaches more: %s\n%s", seed, s.Action, s.Target, wider, strings.Join(log, "\n"))
				}
			}
			if wider := more(first, after[1]); wider != "" {
				t.Fatalf("seed %d: after %s more is reached than at first: %s\n%s", seed, s.ID, wider, strings.Join(log, "\n"))
			}
			for _, u := range i.w.Users {
				if !i.inScope(u) {
					continue
				}
				for _, p := range first[u.UPN] {
					if reach.RoleFor(p) == "" {
						continue // nothing in Exchange gives it; what covers it is looked at by its own name
					}
					if !slices.ContainsFunc(after[1][u.UPN], func(q string) bool { return reach.Includes(q, p) }) {
						t.Fatalf("seed %d: %s %s takes %s away from %s, who is wanted\n%s",
							seed, s.Action, s.Target, p, u.UPN, strings.Join(log, "\n"))
					}
				}
			}
		}
		if len(n.Steps) > 0 && len(done) == len(n.Steps) {
			narrowed++
			i.carriedOut(t, seed, n, log)
		}
	}
	if carried < 2000 || blocked < 500 || narrowed < 200 {
		t.Errorf("the plans are dull: %d steps carried, %d blocked, %d whole plans", carried, blocked, narrowed)
	}
	t.Logf("%d steps carried out, %d blocked, %d plans whole", carried, blocked, narrowed)
}

// carriedOut looks at the end: nobody out of scope is reached, but for what the plan said that it
// leaves; and nothing is left to do.
func (i *imagined) carriedOut(t *testing.T, seed uint64, n doctor.Narrowing, log []string) {
	t.Helper()
	if len(n.Open) == 0 {
		for _, u := range i.w.Users {
			if left := i.w.Reach(i.w.App(world.ZoomAppID), u, false); len(left) > 0 && !i.inScope(u) {
				t.Fatalf("seed %d: %s is still reached by %v and is not in scope\n%s", seed, u.UPN, left, strings.Join(log, "\n"))
			}
		}
	}
	again := doctor.Narrow(i.input(), doctor.NarrowOptions{Cache: doctor.CacheLimit})
	if len(again.Steps) > 0 {
		t.Fatalf("seed %d: after the plan there is more to do: %s\n%s", seed, again.Steps[0].ID, strings.Join(log, "\n"))
	}
}
