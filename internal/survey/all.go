package survey

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/tenant"
)

// Activity is what the survey asks of Graph about what happened and what holds.
type Activity interface {
	Consents(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error)
	SignIns(ctx context.Context, appID string) ([]tenant.AppSignIn, error)
	ExchangeRoles(ctx context.Context, principalID string) ([]tenant.ExchangeRole, error)
	AppCredentials(ctx context.Context, appID string) ([]tenant.AppCredential, error)
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
}

// Groups is what the survey asks of Zoom about groups.
type Groups interface {
	Groups(ctx context.Context) ([]tenant.ZoomGroup, error)
	Members(ctx context.Context, groupID string) ([]tenant.ZoomUser, error)
}

// ZoomPages lists Zoom's people.
type ZoomPages interface {
	UsersPage(ctx context.Context, status string, number int) (people []tenant.ZoomUser, total int, err error)
}

// Sources are all that one gathering asks.
type Sources struct {
	Microsoft    Microsoft
	Applications Applications
	Activity     Activity
	Mailboxes    Mailboxes
	Zoom         Zoom
	Account      Account
	Groups       Groups
	ZoomPages    ZoomPages
	// Clocks says what the answers showed of the services' clocks.
	Clocks func() []tenant.Clock
}

// Want is what a gathering is told.
type Want struct {
	SignedIn tenant.SignIn
	// OwnAppID is the application that zo365 signs in with.
	OwnAppID string
	// ZoomAppID names Zoom's application; empty looks for those named Zoom.
	ZoomAppID string
	// ZoomEmail names the signed-in person's Zoom account; empty looks for their
	// UPN, then their mail address.
	ZoomEmail string
	// MembersOf are the groups whose members are read; nil is every group.
	MembersOf func(group string) bool
}

// auditDays is how long Entra keeps its audit log with a licence for it.
//
// https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention
const auditDays = 30

// All gathers everything observable, at the same time where one question does not
// need another's answer.
func All(ctx context.Context, s Sources, w Want) (tenant.Facts, error) {
	f := tenant.Facts{SignedIn: tenant.Reading[tenant.SignIn]{Value: w.SignedIn, Source: "the sign-in", At: time.Now().UTC()}}
	tasks := []func(context.Context) error{
		read(&f.Organization, "GET /organization", s.Microsoft.Organization),
		read(&f.Domains, "GET /domains", s.Microsoft.Domains),
		read(&f.Credentials, "GET /applications(appId)", func(ctx context.Context) ([]tenant.AppCredential, error) {
			return s.Activity.AppCredentials(ctx, w.OwnAppID)
		}),
		read(&f.Consents, consentSource, func(ctx context.Context) ([]tenant.Consent, error) {
			return consents(ctx, s.Applications, w.ZoomAppID)
		}),
		read(&f.Events, eventSource, func(ctx context.Context) ([]tenant.ConsentEvent, error) {
			return s.Activity.Consents(ctx, time.Now().AddDate(0, 0, -auditDays))
		}),
		read(&f.Mailless, "GET /users?$filter=not(assignedPlans/any(...))", s.Mailboxes.WithoutMailbox),
		read(&f.ZoomAccount, "GET /users/me", s.Account.Account),
		read(&f.ZoomPlan, "GET /accounts/me/plans/usage", s.Account.Plan),
		read(&f.ZoomRoles, "GET /roles", s.Account.AccountRoles),
		read(&f.ZoomDomains, "GET /accounts/me/managed_domains", s.Zoom.Domains),
		read(&f.ZoomGroups, "GET /groups", s.Groups.Groups),
		read(&f.ZoomPeople, "GET /users?status=active", func(ctx context.Context) (tenant.ZoomPeople, error) { return people(ctx, s.ZoomPages) }),
	}
	if w.SignedIn.Person {
		tasks = append(tasks,
			read(&f.Me, "GET /me", s.Microsoft.Me),
			read(&f.Roles, "GET /me/transitiveMemberOf/microsoft.graph.directoryRole", s.Microsoft.DirectoryRoles))
	}
	if err := together(ctx, tasks...); err != nil {
		return f, err
	}
	if err := together(ctx, dependent(&f, s, w)...); err != nil {
		return f, err
	}
	f.Clocks = tenant.Reading[[]tenant.Clock]{Value: s.Clocks(), Source: "the Date headers of the answers", At: time.Now().UTC()}
	return f, nil
}

// dependent are the questions that need an answer first.
func dependent(f *tenant.Facts, s Sources, w Want) []func(context.Context) error {
	tasks := []func(context.Context) error{
		read(&f.SignIns, "GET /beta/reports/servicePrincipalSignInActivities", each(f.Consents, func(ctx context.Context, c tenant.Consent) ([]tenant.AppSignIn, error) {
			return s.Activity.SignIns(ctx, c.Principal.AppID)
		})),
		read(&f.Exchange, "GET /beta/roleManagement/exchange/roleAssignments", each(f.Consents, func(ctx context.Context, c tenant.Consent) ([]tenant.ExchangeRole, error) {
			return s.Activity.ExchangeRoles(ctx, c.Principal.ID)
		})),
		read(&f.ZoomMembers, "GET /groups/{groupId}/members", each(f.ZoomGroups, func(ctx context.Context, g tenant.ZoomGroup) ([]tenant.GroupMembers, error) {
			if w.MembersOf != nil && !w.MembersOf(g.Name) {
				return nil, nil
			}
			return members(ctx, s.Groups, g)
		})),
	}
	if f.Me.Seen() || w.ZoomEmail != "" {
		tasks = append(tasks, read(&f.MyZoom, "GET /users/{userId}", func(ctx context.Context) (*tenant.ZoomUser, error) {
			return ZoomSide(ctx, s.Zoom, f.Me.Value, w.ZoomEmail)
		}))
	}
	return tasks
}

// each asks for every item of a list that was read; where the list could not be
// read, neither can what depends on it.
func each[A, B any](list tenant.Reading[[]A], ask func(context.Context, A) ([]B, error)) func(context.Context) ([]B, error) {
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

// consents are those of the named application, or of all whose names begin with
// Zoom.
func consents(ctx context.Context, apps Applications, appID string) ([]tenant.Consent, error) {
	if appID == "" {
		all, err := ZoomConsents(ctx, apps)
		return append([]tenant.Consent{}, all...), err
	}
	one, err := Consent(ctx, apps, appID)
	if err != nil || one.Principal == nil {
		return []tenant.Consent{}, err
	}
	return []tenant.Consent{one}, nil
}

// people is the first page of Zoom's active people: everybody in most accounts, and
// enough to say "some of" in the others.
func people(ctx context.Context, pages ZoomPages) (tenant.ZoomPeople, error) {
	page, total, err := pages.UsersPage(ctx, "active", 1)
	found := tenant.ZoomPeople{Total: total, Emails: make([]string, len(page))}
	for i, u := range page {
		found.Emails[i] = u.Email
	}
	return found, err
}

func members(ctx context.Context, groups Groups, g tenant.ZoomGroup) ([]tenant.GroupMembers, error) {
	all, err := groups.Members(ctx, g.ID)
	one := tenant.GroupMembers{Group: g.Name, Emails: make([]string, len(all))}
	for i, u := range all {
		one.Emails[i] = u.Email
	}
	return []tenant.GroupMembers{one}, err
}
