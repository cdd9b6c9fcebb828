package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
)

// Run says how a plan is carried out.
type Run struct {
	// Parallel is how many steps at the same time.
	Parallel int
	// Timeout bounds the look for what a person does, Settle the wait until a change
	// shows.
	Timeout, Settle time.Duration
	// Absent: nobody is there to click. Watch: nobody's word is taken, but the proof is
	// looked for, so that what follows from it can go on.
	Absent, Watch bool
	// Again asks for a consent that is newer than the run.
	Again bool
	// Show opens a page and lists its controls; Ask takes the person's word.
	Show func(ctx context.Context, steps []plan.Step) error
	Ask  func(ctx context.Context, steps []plan.Step) (apply.Answer, error)
	// Each is told of every step as it ends, Waiting that a wait begins.
	Each    func(r apply.StepResult)
	Waiting func(s plan.Step)
	// People are the rules of changes of addresses.
	People apply.People
}

// Apply carries a plan out, after it was held against the target.
func (w *Workspace) Apply(ctx context.Context, p plan.Plan, run Run) ([]apply.StepResult, error) {
	if err := w.MayWrite(ctx, p); err != nil {
		return nil, err
	}
	w.pin()
	hands := w.hands(p.ID, run)
	page := hands.Recorder
	page.Limit = run.Timeout
	person := apply.Person{
		Absent:   run.Absent,
		Watch:    run.Watch,
		Show:     run.Show,
		Ask:      run.Ask,
		Recorder: page,
		Application: func(ctx context.Context) (tenant.Application, error) {
			c, err := w.consent(ctx, tenant.Application{})
			return c.Application(), err
		},
	}
	if w.Live {
		person.Proof = w.eyes(run.Again).Look
	}
	steps := apply.Steps{Hands: both{hands, person}, Parallel: run.Parallel, Each: run.Each}
	return steps.Do(ctx, p.Steps)
}

// both are the hands of the services and of a person.
type both struct {
	apply.Hands
	apply.Person
}

func (b both) Do(ctx context.Context, s plan.Step) (bool, error) { return b.Hands.Do(ctx, s) }

// pin keeps to the application that the plan is about: while its permissions go, it
// could not be told from others any more.
func (w *Workspace) pin() {
	if c := doctor.ZoomApplication(w.Input); c.Principal != nil {
		w.Input.Record.Pinned = c.Application()
	}
}

func (w *Workspace) hands(planID string, run Run) apply.Hands {
	r := w.Recorder()
	r.Plan, r.Limit = planID, run.Settle
	if run.Waiting != nil {
		r.Waiting = run.Waiting
	}
	h := apply.Hands{
		Recorder:      r,
		People:        run.People,
		Consent:       w.consent,
		Authorization: w.authorization,
	}
	h.ServiceTime, h.ScopeTest = w.serviceTime, w.scopeTest
	h.Tested = func(fingerprint string) (time.Time, bool) {
		at, known := w.freshState().Tested[fingerprint]
		return at, known
	}
	h.GrantedAt = func() time.Time { return w.freshState().GrantedAt }
	if w.Pair.Graph != nil {
		h.Entra, h.Graph, h.Registrations = w.Pair.Graph, w.Pair.Graph, w.Pair.Graph
		h.Exchange, h.Leftovers = w.Pair.Graph, w.Pair.Graph
	}
	if w.Pair.Zoom != nil {
		h.Groups, h.Zoom = w.Pair.Zoom, w.Pair.Zoom
	}
	return h
}

func (w *Workspace) eyes(again bool) apply.Eyes {
	return apply.Eyes{
		Consent:     func(ctx context.Context) (tenant.Consent, error) { return w.consent(ctx, tenant.Application{}) },
		Events:      w.Pair.Graph.Consents,
		ZoomDomains: w.Pair.Zoom.Domains,
		Domains:     w.Pair.Graph.Domains,
		Credentials: func(ctx context.Context) ([]tenant.AppCredential, error) {
			return w.Pair.Graph.AppCredentials(ctx, w.Pair.Microsoft.ClientID, w.Pair.Microsoft.InUse)
		},
		Before:   doctor.ZoomApplication(w.Input).Principal != nil,
		Complete: func(c tenant.Consent) bool { return doctor.CompleteConsent(w.Input, c) },
		Again:    again,
		Since:    w.serviceTime,
	}
}

// serviceTime is a time of this machine as Microsoft's clock has it.
func (w *Workspace) serviceTime(at time.Time) time.Time { return at.Add(w.Doors.MicrosoftAhead()) }

// consent reads one application as Entra has it now; a zero one is Zoom's, chosen as
// doctor chooses it.
func (w *Workspace) consent(ctx context.Context, app tenant.Application) (tenant.Consent, error) {
	if app.AppID != "" {
		p, err := w.Pair.Graph.ServicePrincipal(ctx, app.AppID)
		if err != nil || p == nil {
			return tenant.Consent{}, err
		}
		grants, err := w.Pair.Graph.Grants(ctx, p.ID)
		return tenant.Consent{Principal: p, Grants: grants}, err
	}
	in, err := w.again(ctx, doctor.ApplicationFacts...)
	if err == nil {
		err = in.Facts.Consents.Err
	}
	return doctor.ZoomApplication(in).Consent, err
}

// again reads some facts once more, beside those of the plan.
func (w *Workspace) again(ctx context.Context, facts ...tenant.Fact) (doctor.Input, error) {
	in := w.Input
	want := w.wanted(nil)
	want.Facts = facts
	if !in.Facts.Exchange.Seen() { // it was not seen, and is not asked again at every look
		want.Facts = []tenant.Fact{}
		for _, f := range facts {
			if f != tenant.FactExchange {
				want.Facts = append(want.Facts, f)
			}
		}
	}
	err := survey.Again(ctx, w.sources(), want, &in.Facts)
	return in, err
}

// authorization is the journal entry of a complete consent.
func (w *Workspace) authorization(ctx context.Context, scope string) (journal.Entry, error) {
	in, err := w.again(ctx, tenant.FactConsents, tenant.FactEvents)
	if err != nil {
		return journal.Entry{}, err
	}
	if err := in.Facts.Consents.Err; err != nil {
		return journal.Entry{}, err
	}
	c, check := doctor.ZoomApplication(in), doctor.ConsentOf(in)
	switch {
	case c.Principal == nil:
		return journal.Entry{}, &apply.Unfinished{
			Why: "Zoom's application is not in the tenant: nobody has accepted the consent yet",
		}
	case !check.Complete():
		return journal.Entry{}, &apply.Unfinished{
			Why: "the consent is not complete: missing " + strings.Join(check.Missing, ", "),
		}
	}
	app := c.Application()
	record := ConsentRecord(in, scope, string(doctor.StateConsented))
	text, err := json.Marshal(record)
	e := journal.Entry{Action: journal.Authorized, Application: &app, Evidence: text}
	if record.AuthorizedBy.UPN != nil {
		e.Actor = *record.AuthorizedBy.UPN
	}
	return e, err
}

// CloseOpenOf settles the open steps of some kinds that a command makes. asked says which of
// them it does again; one that its plan has is done again whatever shows.
func (w *Workspace) CloseOpenOf(
	ctx context.Context,
	run Run,
	asked func(step string) bool,
	own func(plan.Step) bool,
) error {
	return w.hands("", run).CloseOpen(ctx, w.State.Open, apply.Closing{
		Skip:  func(s plan.Step) bool { return !own(s) },
		Asked: asked,
		Said:  w.saidClosed,
	})
}

// CloseOpenPeople settles the open changes of addresses of the services that are open.
func (w *Workspace) CloseOpenPeople(ctx context.Context, p plan.Plan, run Run) error {
	return w.CloseOpenOf(ctx, run, p.Has, func(s plan.Step) bool {
		if !strings.HasPrefix(s.ID, "people/") {
			return false
		}
		return w.Pair.Zoom != nil && s.Action == string(doctor.ChangeEmail) ||
			w.Pair.Graph != nil && s.Action == string(doctor.ChangeUPN)
	})
}

// CloseOpen settles the steps whose end an earlier run could not record, of the kinds of
// change that a command makes itself. Those that the plan has again are done again.
func (w *Workspace) CloseOpen(ctx context.Context, now plan.Plan, run Run, kinds ...doctor.Action) error {
	none := func(string) bool { return false }
	return w.CloseOpenOf(ctx, run, none, func(s plan.Step) bool {
		return !now.Has(s.ID) && slices.Contains(kinds, doctor.Action(s.Action))
	})
}

// Observe records what is there as the state that drift is measured against, if it is
// another than the recorded one. What could not be seen stays as it was.
func (w *Workspace) Observe(ctx context.Context) error {
	old, err := w.Baseline()
	if err != nil {
		return err
	}
	for _, f := range w.Findings() {
		if f.Severity == doctor.Fail && f.Muted == nil && slices.Contains(scopeChecks, f.Code) {
			w.settings.Say("The current state was not recorded as the one that drift is measured against: %s", f.Saw)
			return nil
		}
	}
	now := plan.Observe(w.Input)
	if old != nil {
		now = now.Over(*old)
		if now.Same(*old) {
			return nil
		}
	}
	text, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("encoding the observed state: %w", err)
	}
	app := doctor.ZoomApplication(w.Input).Application()
	e := journal.Entry{Action: journal.Observed, Scope: doctor.ScopeTenant, After: text}
	if !app.Empty() {
		e.Application = &app
	}
	if err := w.Recorder().Entry(ctx, e); err != nil {
		return err
	}
	w.settings.Say("Recorded the current state. Check for drift with: zo365 plan --drift")
	return nil
}

// scopeChecks say that an application reaches more than the file wants: such a state is no
// baseline.
var scopeChecks = []string{"mailbox-scope", "rooms-scope"}

// Baseline is the recorded state; nil when there is none.
func (w *Workspace) Baseline() (*plan.Baseline, error) {
	if len(w.State.Baseline) == 0 {
		return nil, nil
	}
	var b plan.Baseline
	if err := json.Unmarshal(w.State.Baseline, &b); err != nil {
		return nil, fmt.Errorf("reading the recorded state: %w", err)
	}
	return &b, nil
}

// Answer is the word of somebody who is named; a UPN that the tenant does not have is a
// warning, since partner administrators exist.
func (w *Workspace) Answer(ctx context.Context, by, how string) (apply.Answer, error) {
	a := apply.Answer{By: by, How: how, Yes: true}
	if !strings.Contains(by, "@") || !w.Live {
		return a, nil
	}
	known, unknown, err := w.Knows(ctx, by)
	if err != nil {
		return apply.Answer{}, err
	}
	if !known && !unknown {
		a.Stranger = true
		w.settings.Say(
			"warning: the tenant has nobody with the UPN %s; the word is recorded as of somebody who is not in the tenant",
			by,
		)
	}
	return a, nil
}

// Approve judges this run as though the scope's profile had Mail: Read approved.
func (w *Workspace) Approve(group string) {
	w.File = w.File.Clone()
	if group == "" {
		w.File.Account.MailRead = profile.Approved
	}
	for i := range w.File.Groups {
		if profile.SameName(w.File.Groups[i].Name, group) {
			w.File.Groups[i].MailRead = profile.Approved
		}
	}
	w.Input.File = w.File
}

// Knows says whether the tenant has somebody with a UPN; unknown is true when that could
// not be seen.
func (w *Workspace) Knows(ctx context.Context, upn string) (known, unknown bool, err error) {
	u, err := w.Pair.Graph.User(ctx, upn)
	var needs *tenant.NeedsError
	if errors.As(err, &needs) {
		return false, true, nil
	}
	return u != nil, false, err
}

func (w *Workspace) saidClosed(e journal.Entry, done bool, unseen error) {
	at := e.At.UTC().Format(time.RFC3339)
	switch {
	case unseen != nil:
		w.settings.Say("note: %s was begun at %s, and whether it was done could not be seen: %v", e.Step, at, unseen)
	case done:
		w.settings.Say("%s was begun at %s and is done; its end was not recorded", e.Step, at)
	}
}

// scopeTest looks at the roles in Exchange as they are now.
func (w *Workspace) scopeTest(ctx context.Context) (doctor.ScopeTest, error) {
	in, err := w.again(ctx, tenant.FactConsents, tenant.FactExchange, tenant.FactScopes)
	if err == nil {
		err = Need(in.Facts.Consents.Err, in.Facts.Exchange.Err, in.Facts.Scopes.Err)
	}
	if err != nil {
		return doctor.ScopeTest{}, err
	}
	return doctor.TestMailboxes(in), nil
}

// freshState is what the journal says by now: this run writes to it, too.
func (w *Workspace) freshState() journal.State {
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return w.State
	}
	return journal.Fold(entries)
}
