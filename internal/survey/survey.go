// Package survey gathers facts from both services at once. It knows no wishes
// and no verdicts: what could not be read becomes a Reading that says why; only
// what makes every further question pointless ends the gathering.
package survey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/tenant"
)

// Microsoft is what the survey asks of Graph about the tenant and the person.
type Microsoft interface {
	Organization(ctx context.Context) (tenant.Organization, error)
	Domains(ctx context.Context) ([]tenant.Domain, error)
	Me(ctx context.Context) (tenant.User, error)
	User(ctx context.Context, upn string) (*tenant.User, error)
	DirectoryRoles(ctx context.Context) ([]tenant.DirectoryRole, error)
}

// Applications is what the survey asks of Graph about applications.
type Applications interface {
	ServicePrincipal(ctx context.Context, appID string) (*tenant.ServicePrincipal, error)
	ServicePrincipalsNamed(ctx context.Context, prefix string) ([]tenant.ServicePrincipal, error)
	Holders(ctx context.Context, apiAppID string) ([]tenant.ServicePrincipal, error)
	Grants(ctx context.Context, principalID string) ([]tenant.Grant, error)
}

// Activity is what the survey asks of Graph about what happened and what holds.
type Activity interface {
	Consents(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error)
	SignIns(ctx context.Context, appID string) ([]tenant.AppSignIn, error)
	ExchangeRoles(ctx context.Context, principalID string) ([]tenant.ExchangeRole, error)
	AppCredentials(ctx context.Context, appID string, inUse func(kind, mark string) *bool) ([]tenant.AppCredential, error)
	UserConsent(ctx context.Context) (tenant.UserConsent, error)
}

// Scoping is what the survey asks of Graph about limits of what applications reach.
type Scoping interface {
	ExchangeScopes(ctx context.Context) ([]tenant.ExchangeScope, error)
	GroupMembers(ctx context.Context, key string) (tenant.ScopeMembers, error)
	UnitMembers(ctx context.Context, key string) (tenant.ScopeMembers, error)
	Delegated(ctx context.Context, principalID string) ([]tenant.DelegatedGrant, error)
}

// Elsewhere is what the survey asks of Graph about applications that hold no application
// permission, and reach mailboxes by other ways.
type Elsewhere interface {
	ExchangeHolders(ctx context.Context) ([]string, error)
	DelegatedHolders(ctx context.Context) ([]string, error)
	Principal(ctx context.Context, id string) (*tenant.ServicePrincipal, error)
}

// Mailboxes is what the survey asks of Graph about people.
type Mailboxes interface {
	WithoutMailbox(ctx context.Context) (tenant.Mailless, error)
}

// Account is what the survey asks of Zoom about the account.
type Account interface {
	Account(ctx context.Context) (tenant.ZoomAccount, error)
	Plan(ctx context.Context) (tenant.ZoomPlan, error)
	AccountRoles(ctx context.Context) ([]tenant.ZoomRole, error)
	Domains(ctx context.Context) ([]tenant.ZoomDomain, error)
}

// People is what the survey asks of Zoom about people.
type People interface {
	User(ctx context.Context, key string) (*tenant.ZoomUser, error)
	UsersPage(ctx context.Context, status string, number int) (people []tenant.ZoomUser, total int, err error)
}

// Groups is what the survey asks of Zoom about groups.
type Groups interface {
	Groups(ctx context.Context) ([]tenant.ZoomGroup, error)
	Members(ctx context.Context, groupID string) ([]tenant.ZoomUser, error)
}

// Sources are all that one gathering asks.
type Sources struct {
	Microsoft    Microsoft
	Applications Applications
	Activity     Activity
	Mailboxes    Mailboxes
	Scoping      Scoping
	Elsewhere    Elsewhere
	Account      Account
	People       People
	Groups       Groups
	// Clocks says what the answers showed of the services' clocks.
	Clocks func() []tenant.Clock
}

// Want is what a gathering is told.
type Want struct {
	// Facts are those to read; nil is all.
	Facts    []tenant.Fact
	SignedIn tenant.SignIn
	// OwnAppID is the application that zo365 signs in with; InUse says of a credential's
	// mark whether it is the one in use.
	OwnAppID string
	InUse    func(kind, mark string) *bool
	// AppIDs are applications to look for beside those named Zoom and those that reach
	// mailboxes.
	AppIDs []string
	// By is the UPN of the person who authorizes, when it is not who is signed in.
	By string
	// ZoomEmail names the authorizing person's Zoom account; empty looks for their
	// UPN, then their mail address.
	ZoomEmail string
	// PeopleConsent: a profile lets people set it up themselves, so that what they may
	// consent to matters.
	PeopleConsent bool
	// MembersOf are the groups whose members are read; nil is every group.
	MembersOf func(group string) bool
	// Scopes are groups and administrative units, by name or ID, whose members matter beside
	// those of the roles in Exchange. Narrowed: a profile wants some mailboxes only, so that scopes
	// are read although nobody named them.
	Scopes   []ScopeKey
	Narrowed bool
}

// ScopeKey names a group or an administrative unit.
type ScopeKey struct {
	Kind tenant.ScopeKind
	Key  string
}

// onDemand are facts that are read where they are named, or where a profile needs them.
var onDemand = []tenant.Fact{tenant.FactScopes, tenant.FactDelegated}

func (w Want) wants(f tenant.Fact) bool {
	if w.Facts == nil {
		return !slices.Contains(onDemand, f) || f == tenant.FactScopes && w.Narrowed
	}
	return slices.Contains(w.Facts, f)
}

// auditDays is how long Entra keeps its audit log with a licence for it.
//
// https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention
const auditDays = 30

// asks are the calls of the doors by which each fact is read, as "door.Call".
var asks = map[tenant.Fact][]string{
	tenant.FactOrganization: {"msgraph.Organization"},
	tenant.FactDomains:      {"msgraph.Domains"},
	tenant.FactCredentials:  {"msgraph.AppCredentials"},
	tenant.FactConsents: {
		"msgraph.ServicePrincipalsNamed",
		"msgraph.ServicePrincipal",
		"msgraph.Holders",
		"msgraph.Grants",
	},
	tenant.FactEvents:      {"msgraph.Consents"},
	tenant.FactMailless:    {"msgraph.WithoutMailbox"},
	tenant.FactUserConsent: {"msgraph.UserConsent"},
	tenant.FactMe:          {"msgraph.Me"},
	tenant.FactRoles:       {"msgraph.DirectoryRoles"},
	tenant.FactSignIns:     {"msgraph.SignIns"},
	tenant.FactExchange:    {"msgraph.ExchangeRoles"},
	tenant.FactScopes:      {"msgraph.ExchangeScopes", "msgraph.GroupMembers", "msgraph.UnitMembers"},
	tenant.FactDelegated:   {"msgraph.Delegated"},
	tenant.FactZoomAccount: {"zoom.Account"},
	tenant.FactZoomPlan:    {"zoom.Plan"},
	tenant.FactZoomRoles:   {"zoom.AccountRoles"},
	tenant.FactZoomDomains: {"zoom.Domains"},
	tenant.FactZoomGroups:  {"zoom.Groups"},
	tenant.FactZoomMembers: {"zoom.Members"},
	tenant.FactZoomPeople:  {"zoom.UsersPage"},
	tenant.FactMyZoom:      {"zoom.User"},
}

// asksNamed are asked beside them for a person who is named and is not signed in.
var asksNamed = map[tenant.Fact][]string{tenant.FactMyZoom: {"msgraph.User"}}

// Calls are the calls of the doors by which a fact is read; named are asked beside them
// for an authorizing person who is named and is not signed in.
func Calls(f tenant.Fact) (always, named []string) { return asks[f], asksNamed[f] }

// task reads one fact.
type task struct {
	fact tenant.Fact
	run  func(context.Context) error
}

// Gather reads the facts that are wanted, at the same time where one question does not
// need another's answer.
func Gather(ctx context.Context, s Sources, w Want) (tenant.Facts, error) {
	f := tenant.Facts{
		SignedIn: tenant.Reading[tenant.SignIn]{Value: w.SignedIn, Source: "the sign-in", At: time.Now().UTC()},
	}
	err := Again(ctx, s, w, &f)
	if err == nil {
		f.Clocks = tenant.Reading[[]tenant.Clock]{
			Value:  s.Clocks(),
			Source: "the Date headers of the answers",
			At:     time.Now().UTC(),
		}
	}
	return f, err
}

// Again reads the facts that are wanted once more, into what was gathered before.
func Again(ctx context.Context, s Sources, w Want, f *tenant.Facts) error {
	if err := together(ctx, w, first(f, s, w)); err != nil {
		return err
	}
	if err := together(ctx, w, dependent(f, s, w)); err != nil {
		return err
	}
	return together(ctx, w, last(f, s, w))
}

// first are the questions that need no other's answer.
func first(f *tenant.Facts, s Sources, w Want) []task {
	tasks := []task{
		read(tenant.FactOrganization, &f.Organization, "GET /organization", s.Microsoft.Organization),
		read(tenant.FactDomains, &f.Domains, "GET /domains", s.Microsoft.Domains),
		read(
			tenant.FactCredentials,
			&f.Credentials,
			"GET /applications(appId)",
			func(ctx context.Context) ([]tenant.AppCredential, error) {
				return s.Activity.AppCredentials(ctx, w.OwnAppID, w.InUse)
			},
		),
		read(
			tenant.FactConsents,
			&f.Consents,
			"GET /servicePrincipals, /appRoleAssignments",
			func(ctx context.Context) ([]tenant.Consent, error) {
				return consents(ctx, s.Applications, w.AppIDs)
			},
		),
		read(
			tenant.FactEvents,
			&f.Events,
			"GET /auditLogs/directoryAudits",
			func(ctx context.Context) ([]tenant.ConsentEvent, error) {
				return s.Activity.Consents(ctx, time.Now().AddDate(0, 0, -auditDays))
			},
		),
		read(tenant.FactMailless, &f.Mailless, "GET /users?$filter=not(assignedPlans/any(...))", s.Mailboxes.WithoutMailbox),
		read(tenant.FactZoomAccount, &f.ZoomAccount, "GET /users/me", s.Account.Account),
		read(tenant.FactZoomPlan, &f.ZoomPlan, "GET /accounts/me/plans/usage", s.Account.Plan),
		read(tenant.FactZoomRoles, &f.ZoomRoles, "GET /roles", s.Account.AccountRoles),
		read(tenant.FactZoomDomains, &f.ZoomDomains, "GET /accounts/me/managed_domains", s.Account.Domains),
		read(tenant.FactZoomGroups, &f.ZoomGroups, "GET /groups", s.Groups.Groups),
		read(
			tenant.FactZoomPeople,
			&f.ZoomPeople,
			"GET /users?status=active",
			func(ctx context.Context) (tenant.ZoomPeople, error) {
				return people(ctx, s.People)
			},
		),
	}
	if w.PeopleConsent {
		tasks = append(tasks, read(tenant.FactUserConsent, &f.UserConsent, "GET /policies/authorizationPolicy",
			func(ctx context.Context) (tenant.UserConsent, error) { return s.Activity.UserConsent(ctx) }))
	}
	if w.SignedIn.Person {
		tasks = append(
			tasks,
			read(tenant.FactMe, &f.Me, "GET /me", s.Microsoft.Me),
			read(
				tenant.FactRoles,
				&f.Roles,
				"GET /me/transitiveMemberOf/microsoft.graph.directoryRole",
				s.Microsoft.DirectoryRoles,
			),
		)
	}
	return tasks
}

// dependent are the questions that need an answer first.
func dependent(f *tenant.Facts, s Sources, w Want) []task {
	tasks := []task{
		read(tenant.FactSignIns, &f.SignIns, "GET /beta/reports/servicePrincipalSignInActivities",
			each(f.Consents, func(ctx context.Context, c tenant.Consent) ([]tenant.AppSignIn, error) {
				return s.Activity.SignIns(ctx, c.Principal.AppID)
			})),
		read(tenant.FactExchange, &f.Exchange, "GET /beta/roleManagement/exchange/roleAssignments",
			each(f.Consents, func(ctx context.Context, c tenant.Consent) ([]tenant.ExchangeRole, error) {
				return s.Activity.ExchangeRoles(ctx, c.Principal.ID)
			})),
		read(tenant.FactZoomMembers, &f.ZoomMembers, "GET /groups/{groupId}/members",
			each(f.ZoomGroups, func(ctx context.Context, g tenant.ZoomGroup) ([]tenant.GroupMembers, error) {
				if w.MembersOf != nil && !w.MembersOf(g.Name) {
					return nil, nil
				}
				return members(ctx, s.Groups, g)
			})),
	}
	if f.Me.Seen() || w.By != "" || w.ZoomEmail != "" {
		tasks = append(
			tasks,
			read(tenant.FactMyZoom, &f.MyZoom, "GET /users/{userId}", func(ctx context.Context) (*tenant.ZoomUser, error) {
				return authorizing(ctx, s, f.Me.Value, w)
			}),
		)
	}
	return tasks
}

// last are the questions that need the answers of dependent.
func last(f *tenant.Facts, s Sources, w Want) []task {
	return []task{
		read(tenant.FactScopes, &f.Scopes, "GET /beta/roleManagement/exchange/customAppScopes, /groups/{id}/members",
			func(ctx context.Context) (tenant.Scopes, error) {
				return scopes(ctx, s.Scoping, f.Exchange.Value, w.Scopes)
			}),
		read(tenant.FactDelegated, &f.Delegated, "GET /servicePrincipals/{id}/oauth2PermissionGrants",
			each(f.Consents, func(ctx context.Context, c tenant.Consent) ([]tenant.DelegatedGrant, error) {
				return s.Scoping.Delegated(ctx, c.Principal.ID)
			})),
	}
}

// scopes reads what the scopes of roles are made of. A group that could not be read says so, and
// the others are read all the same.
func scopes(ctx context.Context, s Scoping, roles []tenant.ExchangeRole, more []ScopeKey) (tenant.Scopes, error) {
	found := tenant.Scopes{Members: []tenant.ScopeMembers{}}
	keys := slices.Clone(more)
	for _, r := range roles {
		if r.Kind == tenant.ScopeGroup || r.Kind == tenant.ScopeUnit {
			keys = append(keys, ScopeKey{r.Kind, r.ScopeID})
		}
	}
	var err error
	if found.Custom, err = s.ExchangeScopes(ctx); err != nil {
		return found, err
	}
	seen := map[ScopeKey]bool{}
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		ask := s.GroupMembers
		if k.Kind == tenant.ScopeUnit {
			ask = s.UnitMembers
		}
		one, err := ask(ctx, k.Key)
		switch {
		case tenant.Stops(err) || ctx.Err() != nil:
			return found, errors.Join(err, ctx.Err())
		case err != nil:
			one = tenant.ScopeMembers{
				Kind:   k.Kind,
				ID:     k.Key,
				Name:   k.Key,
				Unseen: err.Error(),
			}
		}
		if one.ID == "" {
			one.Name = k.Key
		}
		found.Members = append(found.Members, one)
	}
	return found, nil
}

// authorizing finds the Zoom account of who authorizes: the person who is named, else
// the one who is signed in.
func authorizing(ctx context.Context, s Sources, me tenant.User, w Want) (*tenant.ZoomUser, error) {
	if w.By == "" || w.ZoomEmail != "" || strings.EqualFold(w.By, me.UPN) {
		return ZoomSide(ctx, s.People, me, w.ZoomEmail)
	}
	z, err := s.People.User(ctx, w.By)
	if z != nil || err != nil {
		return z, err
	}
	person, err := s.Microsoft.User(ctx, w.By)
	if person == nil || err != nil {
		return nil, err
	}
	return ZoomSide(ctx, s.People, *person, "")
}

// ZoomSide finds a person's Zoom account; nil when there is none.
func ZoomSide(ctx context.Context, zm People, u tenant.User, zoomEmail string) (*tenant.ZoomUser, error) {
	keys := []string{u.UPN, u.Mail}
	if zoomEmail != "" {
		keys = []string{zoomEmail}
	}
	for _, key := range keys {
		if key == "" {
			continue
		}
		if z, err := zm.User(ctx, key); z != nil || err != nil {
			return z, err
		}
	}
	return nil, nil
}

// consents reads every application that is named Zoom, is named by ID, or reaches
// mailboxes, each once, in the order of their object IDs.
func consents(ctx context.Context, apps Applications, appIDs []string) ([]tenant.Consent, error) {
	found, err := apps.ServicePrincipalsNamed(ctx, "Zoom")
	if err != nil {
		return nil, err
	}
	for _, id := range appIDs {
		one, err := apps.ServicePrincipal(ctx, id)
		if err != nil {
			return nil, err
		}
		if one != nil {
			found = append(found, *one)
		}
	}
	for _, api := range []string{tenant.GraphAPI, tenant.ExchangeAPI} {
		holders, err := apps.Holders(ctx, api)
		if err != nil {
			return nil, err
		}
		found = append(found, holders...)
	}
	slices.SortFunc(found, func(a, b tenant.ServicePrincipal) int { return strings.Compare(a.ID, b.ID) })
	found = slices.CompactFunc(found, func(a, b tenant.ServicePrincipal) bool { return a.ID == b.ID })
	all := make([]tenant.Consent, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range found {
		group.Go(func() error {
			grants, err := apps.Grants(ctx, found[i].ID)
			all[i] = tenant.Consent{Principal: &found[i], Grants: grants}
			return err
		})
	}
	return all, group.Wait()
}

// people is the first page of Zoom's active people: everybody in most accounts, and
// enough to say "some of" in the others.
func people(ctx context.Context, zm People) (tenant.ZoomPeople, error) {
	page, total, err := zm.UsersPage(ctx, "active", 1)
	found := tenant.ZoomPeople{Total: total, Emails: make([]string, len(page))}
	for i, u := range page {
		found.Emails[i] = u.Email
	}
	return found, err
}

func members(ctx context.Context, groups Groups, g tenant.ZoomGroup) ([]tenant.GroupMembers, error) {
	all, err := groups.Members(ctx, g.ID)
	if err != nil && !tenant.Stops(err) && !errors.As(err, new(*tenant.NeedsError)) && ctx.Err() == nil {
		// One group's trouble is that group's: the others are listed.
		return []tenant.GroupMembers{{Group: g.Name, Emails: []string{}, Unseen: err.Error()}}, nil
	}
	one := tenant.GroupMembers{Group: g.Name, Emails: make([]string, len(all))}
	for i, u := range all {
		one.Emails[i] = u.Email
	}
	return []tenant.GroupMembers{one}, err
}

// each asks for every item of a list that was read; where the list could not be
// read, neither can what depends on it.
func each[A, B any](
	list tenant.Reading[[]A],
	ask func(context.Context, A) ([]B, error),
) func(context.Context) ([]B, error) {
	return func(ctx context.Context) ([]B, error) {
		if list.Err != nil {
			return nil, list.Err
		}
		answers := make([][]B, len(list.Value))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for i, item := range list.Value {
			group.Go(func() error {
				some, err := ask(ctx, item)
				answers[i] = some
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		return append([]B{}, slices.Concat(answers...)...), nil
	}
}

// atOnce is how many questions of one kind are asked at the same time; the doors keep
// the services' pace.
const atOnce = 8

// read makes a task that fills one Reading. The task's error is one that ends
// the whole gathering.
func read[T any](fact tenant.Fact, into *tenant.Reading[T], source string, ask func(context.Context) (T, error)) task {
	return task{fact, func(ctx context.Context) error {
		value, err := ask(ctx)
		if tenant.Stops(err) || errors.Is(err, context.Canceled) {
			return err
		}
		*into = tenant.Reading[T]{
			Value:  value,
			Err:    err,
			Source: source,
			At:     time.Now().UTC(),
		}
		return nil
	}}
}

// together runs the wanted tasks at once. The first error that ends the gathering
// cancels the others.
func together(ctx context.Context, w Want, tasks []task) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for _, one := range tasks {
		if !w.wants(one.fact) {
			continue
		}
		wait.Go(func() {
			if err := one.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
