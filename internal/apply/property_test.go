package apply

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// world is a tenant, an account and a journal in memory: what apply changes and
// what facts show of it.
type world struct {
	file     profile.File
	facts    tenant.Facts
	app      *tenant.ServicePrincipal
	granted  []string
	groups   []string
	zoom     map[string]bool // verified, by associated domain
	entra    map[string]bool // verified, by custom domain
	plan     string
	expires  time.Time
	events   []tenant.ConsentEvent
	exchange []tenant.ExchangeRole
	log      []journal.Entry
	// fuse is how many effects are left before the power goes; negative is never.
	fuse int
	// pinned is the application that a run is about.
	pinned tenant.Application
}

var (
	now      = time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	errPower = &tenant.StopError{Reason: tenant.Offline, Service: "the world", Err: errors.New("the power is gone")}
)

// effect counts what lasts: each may be the last.
func (w *world) effect() error {
	if w.fuse == 0 {
		return errPower
	}
	w.fuse--
	return nil
}

func seen[T any](v T) tenant.Reading[T] {
	return tenant.Reading[T]{Value: v, Source: "the world", At: now}
}

// input is the world as doctor sees it.
func (w *world) input() doctor.Input {
	f := w.facts
	f.Consents = seen(w.consents())
	f.Events, f.Exchange = seen(w.events), seen(w.exchange)
	var groups []tenant.ZoomGroup
	for _, g := range w.groups {
		groups = append(groups, tenant.ZoomGroup{ID: "id " + g, Name: g})
	}
	f.ZoomGroups, f.ZoomPlan = seen(groups), seen(tenant.ZoomPlan{Type: w.plan})
	f.ZoomDomains, f.Domains = seen(w.zoomDomains()), seen(w.entraDomains())
	f.Credentials = seen([]tenant.AppCredential{{Kind: "secret", Expires: w.expires}})
	return doctor.Input{
		File:   w.file,
		Facts:  f,
		Record: w.record(),
		Now:    now,
	}
}

func (w *world) consents() []tenant.Consent {
	if w.app == nil {
		return nil
	}
	app := *w.app
	c := tenant.Consent{Principal: &app}
	for _, p := range w.granted {
		c.Grants = append(c.Grants, tenant.Grant{ID: "id " + p, Permission: tenant.GraphPermission(p)})
	}
	return []tenant.Consent{c}
}

func (w *world) zoomDomains() []tenant.ZoomDomain {
	var all []tenant.ZoomDomain
	for _, name := range []string{"a.com", "b.com", "c.com"} {
		if verified, ok := w.zoom[name]; ok {
			all = append(all, tenant.ZoomDomain{Name: name, Verified: verified})
		}
	}
	return all
}

func (w *world) entraDomains() []tenant.Domain {
	all := []tenant.Domain{{Name: "a.onmicrosoft.com", Verified: true, Initial: true}}
	for _, name := range []string{"a.com", "b.com", "c.com"} {
		if verified, ok := w.entra[name]; ok {
			all = append(all, tenant.Domain{Name: name, Verified: verified})
		}
	}
	return all
}

// recorded is what the test keeps of a consent.
type recorded struct {
	PrincipalID string
	Granted     []string
}

func (w *world) record() doctor.Record {
	r := doctor.Record{Portal: map[string]map[string]doctor.Confirmed{}, Authorized: map[string]doctor.Authorized{}}
	s := journal.Fold(w.log)
	r.Pinned = cmp.Or(w.pinned, s.Pinned)
	r.Granted = s.Granted
	for _, open := range s.Open {
		if r.Pinned.Empty() && open.Application != nil {
			r.Pinned = *open.Application
		}
	}
	for scope, steps := range s.Portal {
		r.Portal[scope] = map[string]doctor.Confirmed{}
		for step, c := range steps {
			r.Portal[scope][step] = doctor.Confirmed{
				Choose: c.Choose,
				By:     c.By,
				At:     c.At,
				Proved: c.Proved,
			}
		}
	}
	for scope, a := range s.Authorizations {
		var kept recorded
		if err := json.Unmarshal(a.Evidence, &kept); err != nil {
			panic(err)
		}
		r.Authorized[scope] = doctor.Authorized{
			Application: tenant.Application{AppID: "zoom", PrincipalID: kept.PrincipalID},
			Granted:     kept.Granted,
			At:          a.At,
			UPN:         "admin@a.com",
			Match:       true,
		}
	}
	return r
}

func (w *world) make() plan.Plan {
	in := w.input()
	return plan.Make(in, doctor.Examine(in), plan.Portals{Zoom: "https://zoom", Entra: "https://entra"})
}

func (w *world) Grant(_ context.Context, _ string, p tenant.Permission) (tenant.Grant, error) {
	if err := w.effect(); err != nil {
		return tenant.Grant{}, err
	}
	if !slices.Contains(w.granted, p.Name) {
		w.granted = append(w.granted, p.Name)
	}
	return tenant.Grant{ID: p.Name, Permission: p}, nil
}

func (w *world) Revoke(_ context.Context, _, assignment string) error {
	if err := w.effect(); err != nil {
		return err
	}
	w.granted = slices.DeleteFunc(w.granted, func(p string) bool { return "id "+p == assignment })
	return nil
}

func (w *world) EnablePrincipal(_ context.Context, _ string, on bool) error {
	if err := w.effect(); err != nil {
		return err
	}
	w.app.Enabled = on
	return nil
}

func (w *world) Members(context.Context, string) ([]tenant.ZoomUser, error) { return nil, nil }

func (w *world) DeleteGroup(context.Context, string) error { return w.effect() }

func (w *world) Groups(context.Context) ([]tenant.ZoomGroup, error) {
	return w.input().Facts.ZoomGroups.Value, nil
}

func (w *world) CreateGroup(_ context.Context, name string) (tenant.ZoomGroup, error) {
	if err := w.effect(); err != nil {
		return tenant.ZoomGroup{}, err
	}
	w.groups = append(w.groups, name)
	return tenant.ZoomGroup{ID: "id " + name, Name: name}, nil
}

func (w *world) consent(context.Context, tenant.Application) (tenant.Consent, error) {
	return doctor.ZoomApplication(w.input()).Consent, nil
}

func (w *world) note(_ context.Context, entries ...journal.Entry) error {
	if err := w.effect(); err != nil {
		return err
	}
	w.log = append(w.log, entries...)
	return nil
}

func (w *world) authorization(context.Context, string) (journal.Entry, error) {
	in := w.input()
	check := doctor.ConsentOf(in)
	if !check.Complete() {
		return journal.Entry{}, &Unfinished{"not complete: " + strings.Join(check.Missing, ", ")}
	}
	app := doctor.ZoomApplication(in).Application()
	return journal.Entry{
		Action:      journal.Authorized,
		Application: &app,
		Evidence:    journal.JSON(recorded{app.PrincipalID, check.Granted}),
	}, nil
}

// click is what a person does on a page.
func (w *world) click(_ context.Context, steps []plan.Step) error {
	for _, s := range steps {
		if err := w.effect(); err != nil {
			return err
		}
		switch s.Target {
		case doctor.StepSave:
			if w.app == nil {
				w.app = &tenant.ServicePrincipal{
					ID:          "sp",
					AppID:       "zoom",
					DisplayName: "Zoom",
					Publisher:   "Zoom Video Communications, Inc.",
					Enabled:     true,
				}
			}
			for _, p := range []string{"Calendars.ReadWrite", "Contacts.Read", "MailboxSettings.Read", "User.Read.All"} {
				if !slices.Contains(w.granted, p) {
					w.granted = append(w.granted, p)
				}
			}
			w.events = append(
				w.events,
				tenant.ConsentEvent{At: time.Now().Add(time.Second), UPN: "admin@a.com", PrincipalID: "sp"},
			)
		case doctor.ClickZoomDomain:
			w.zoom[strings.Replace(s.Page.Choose, doctor.AnyDomain, "a.com", 1)] = true
		case doctor.ClickEntraDomain:
			w.entra[strings.Replace(s.Page.Choose, doctor.AnyDomain, "a.com", 1)] = true
		case doctor.ClickCredential:
			w.expires = now.AddDate(1, 0, 0)
		}
	}
	return nil
}

// apply does a plan as the program does.
func (w *world) apply(t *testing.T, p plan.Plan) ([]StepResult, error) {
	t.Helper()
	recorder := Recorder{
		Note:    w.note,
		Plan:    p.ID,
		Actor:   "tester",
		Waiting: func(plan.Step) {},
	}
	hands := Hands{
		Recorder:      recorder,
		Entra:         w,
		Groups:        w,
		Consent:       w.consent,
		Authorization: w.authorization,
	}
	in := w.input()
	if c := doctor.ZoomApplication(in); c.Principal != nil {
		w.pinned = c.Application()
	}
	defer func() { w.pinned = tenant.Application{} }()
	person := Person{
		Show:     w.click,
		Recorder: recorder,
		Ask: func(context.Context, []plan.Step) (Answer, error) {
			return Answer{By: "admin@a.com", How: Asked, Yes: true}, nil
		},
		Application: func(context.Context) (tenant.Application, error) {
			return doctor.ZoomApplication(w.input()).Application(), nil
		},
		Proof: Eyes{
			Consent:     func(context.Context) (tenant.Consent, error) { return doctor.ZoomApplication(w.input()).Consent, nil },
			Complete:    func(c tenant.Consent) bool { return len(c.Grants) > 0 },
			Before:      doctor.ZoomApplication(in).Principal != nil,
			Events:      func(context.Context, time.Time) ([]tenant.ConsentEvent, error) { return w.events, nil },
			ZoomDomains: func(context.Context) ([]tenant.ZoomDomain, error) { return w.zoomDomains(), nil },
			Domains:     func(context.Context) ([]tenant.Domain, error) { return w.entraDomains(), nil },
			Credentials: func(context.Context) ([]tenant.AppCredential, error) {
				return []tenant.AppCredential{{Kind: "secret", Expires: w.expires}}, nil
			},
		}.Look,
	}
	// One at a time: the world has no lock.
	return Steps{Hands: both{hands, person}, Parallel: 1, Each: func(StepResult) {}}.Do(t.Context(), p.Steps)
}

type both struct {
	Hands
	Person
}

func (b both) Do(ctx context.Context, s plan.Step) (bool, error) { return b.Hands.Do(ctx, s) }

// pick chooses one of several.
func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// random is any profile in any world.
func random(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 5))
	w := &world{
		fuse:    -1,
		zoom:    map[string]bool{},
		entra:   map[string]bool{},
		plan:    pick(r, "business_monthly", "business_monthly", "strange"),
		expires: now.AddDate(0, 0, pick(r, 400, 10)),
	}
	w.file.Version = 1
	w.file.Account = settings(r)
	for _, name := range []string{"Sales", "Engineering", "Front Desk"} {
		if r.IntN(2) == 0 {
			w.file.Groups = append(w.file.Groups, profile.Group{Name: name, Settings: settings(r)})
		}
		if r.IntN(2) == 0 {
			w.groups = append(w.groups, name)
		}
	}
	if r.IntN(3) == 0 {
		w.file.Microsoft.RequiredPermissions = pick(
			r,
			[]string{"Calendars.ReadWrite", "Contacts.ReadWrite"},
			[]string{"Calendars.ReadWrite", "Mail.Read"},
		)
	}
	for _, name := range []string{"a.com", "b.com", "c.com"} {
		if r.IntN(2) == 0 {
			w.zoom[name] = r.IntN(2) == 0
		}
		if r.IntN(2) == 0 {
			w.entra[name] = r.IntN(2) == 0
		}
	}
	if r.IntN(3) > 0 {
		w.app = &tenant.ServicePrincipal{
			ID:          "sp",
			AppID:       "zoom",
			DisplayName: "Zoom",
			Publisher:   "Zoom Video Communications, Inc.",
			Enabled:     r.IntN(4) > 0,
		}
		for _, p := range []string{
			"Calendars.ReadWrite",
			"Calendars.Read",
			"Contacts.Read",
			"MailboxSettings.Read",
			"User.Read.All",
			"Mail.Read",
			"Mail.ReadWrite",
			"Files.Read.All",
		} {
			if r.IntN(2) == 0 {
				w.granted = append(w.granted, p)
			}
		}
		if !slices.ContainsFunc(w.granted, func(p string) bool { return strings.HasPrefix(p, "Calendars.") }) {
			// Zoom's application is known by such a permission, and never guessed.
			w.granted = append(w.granted, "Calendars.Read")
		}
		if r.IntN(4) == 0 {
			w.exchange = []tenant.ExchangeRole{
				{
					ID:          "1",
					PrincipalID: "sp",
					Role:        pick(r, "Application Calendars.ReadWrite", "Application Contacts.Read"),
					Scope:       "Zoom users",
				},
			}
		}
	}
	w.facts = tenant.Facts{
		SignedIn: seen(
			tenant.SignIn{Name: "client", By: pick(r, "secret", "federated")},
		),
		Organization: seen(tenant.Organization{ID: "tenant"}),
		SignIns: seen(
			[]tenant.AppSignIn{},
		),
		Mailless:  seen(tenant.Mailless{}),
		ZoomRoles: seen([]tenant.ZoomRole{{Name: "Owner", Members: 1}}),
		ZoomPeople: seen(
			tenant.ZoomPeople{Total: 1, Emails: []string{"admin@a.com"}},
		),
		ZoomMembers: seen([]tenant.GroupMembers{}),
		Clocks:      seen([]tenant.Clock{}),
	}
	w.remember(r)
	return w
}

// settings are any that the tenant file accepts.
func settings(r *rand.Rand) profile.Settings {
	on := r.IntN(4) > 0
	s := profile.Settings{}
	if r.IntN(4) > 0 {
		s.Enabled = &on
	}
	switch r.IntN(4) {
	case 0:
		s.SetupBy, s.DefaultService, s.AuthorizeWith = profile.Admin, profile.Office365, profile.Graph
		s.MailRead = pick(r, "", profile.Approved, profile.NotApproved)
	case 1:
		s.SetupBy, s.DefaultService, s.AuthorizeWith = profile.Users, pick(
			r,
			profile.Office365,
			profile.Google,
		), pick(
			r,
			profile.Graph,
			profile.EWS,
		)
	case 2:
		s.SetupBy = profile.Users
	}
	return s
}

// remember puts earlier words and consents into the journal, of this profile or of
// another.
func (w *world) remember(r *rand.Rand) {
	for _, scope := range []string{"account", "group:Sales", "group:Gone"} {
		if r.IntN(3) == 0 {
			steps := doctor.PortalSteps(
				profile.Effective{
					Enabled:        true,
					DefaultService: profile.Office365,
					AuthorizeWith:  profile.Graph,
					SetupBy:        pick(r, profile.Admin, profile.Users),
				},
			)
			for _, s := range steps[:1+r.IntN(len(steps))] {
				w.log = append(
					w.log,
					journal.Entry{
						At:     now,
						Actor:  "earlier",
						Action: journal.PortalConfirmed,
						Scope:  scope,
						Steps:  []string{s.Code},
						After:  journal.JSON(map[string]string{s.Code: s.Choose}),
					},
				)
			}
		}
		if r.IntN(4) == 0 {
			w.log = append(
				w.log,
				journal.Entry{
					At:       now,
					Actor:    "earlier",
					Action:   journal.Authorized,
					Scope:    scope,
					Evidence: journal.JSON(recorded{pick(r, "sp", "another"), slices.Sorted(slices.Values(w.granted))}),
				},
			)
		}
	}
}

const worlds = 3000

func TestPlanAfterApplyIsEmpty(t *testing.T) {
	for seed := range uint64(worlds) {
		w := random(seed)
		p := w.make()
		results, err := w.apply(t, p)
		if err != nil {
			t.Fatalf("world %d: %v", seed, err)
		}
		for _, r := range results {
			if !r.Status.ends() {
				t.Errorf("world %d: %s is %s: %s", seed, r.ID, r.Status, r.Why)
			}
		}
		if again := w.make(); !again.Empty() {
			t.Errorf(
				"world %d: after apply there is still %s\nbefore: %s\ngranted %v\n%+v",
				seed,
				ids(again),
				ids(p),
				w.granted,
				w.file,
			)
		}
		if t.Failed() {
			return
		}
	}
}

func ids(p plan.Plan) string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, s.ID)
	}
	return strings.Join(all, " ")
}

// The power goes at any moment; the runs after it end where one run would have.
func TestAKilledApplyEndsInTheSameState(t *testing.T) {
	cuts := 0
	for seed := range uint64(worlds / 20) {
		whole := random(seed)
		if _, err := whole.apply(t, whole.make()); err != nil {
			t.Fatal(err)
		}
		want := state(whole)
		for cut := 0; ; cut++ {
			w := random(seed)
			saved := w.make()
			w.fuse = cut
			_, err := w.apply(t, saved)
			if err == nil {
				break // the fuse was longer than the run
			}
			cuts++
			w.fuse = -1
			// Run the saved plan again, as a pipeline does.
			left, stale := saved.Remaining(w.make(), journal.Fold(w.log).StepsOf(saved.ID))
			if stale != nil {
				t.Fatalf("world %d, cut at %d: %v", seed, cut, stale)
			}
			if _, err := w.apply(t, left); err != nil {
				t.Fatalf("world %d, cut at %d, again: %v", seed, cut, err)
			}
			if got := state(w); got != want {
				t.Fatalf("world %d, cut at %d:\n got %s\nwant %s\nplan %s\nleft %s", seed, cut, got, want, ids(saved), ids(left))
			}
			if again := w.make(); !again.Empty() {
				t.Fatalf("world %d, cut at %d: there is still %s", seed, cut, ids(again))
			}
		}
	}
	if cuts < worlds/20 {
		t.Errorf("only %d cuts", cuts)
	}
}

// state is what lasts, without times.
func state(w *world) string {
	slices.Sort(w.granted)
	slices.Sort(w.groups)
	r := w.record()
	text, err := json.Marshal([]any{w.granted, w.groups, w.zoom, w.entra, w.plan, w.app, len(r.Authorized), confirmed(r)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func confirmed(r doctor.Record) []string {
	var all []string
	for scope, steps := range r.Portal {
		for step, c := range steps {
			all = append(all, fmt.Sprintf("%s/%s=%s", scope, step, c.Choose))
		}
	}
	slices.Sort(all)
	return all
}
