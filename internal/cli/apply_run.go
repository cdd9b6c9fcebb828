package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
)

// do carries a plan out.
func (s *subject) do(ctx context.Context, env *Env, opts applyOptions, p plan.Plan) ([]apply.StepResult, error) {
	s.pin()
	note := func(ctx context.Context, entries ...journal.Entry) error {
		return journal.Append(ctx, journal.Path(s.path), entries...)
	}
	waiting := func(step plan.Step) {
		if step.Page != nil {
			env.say("looking for %s, %s at the most (Ctrl-C ends it)", step.Page.Proof, opts.Timeout)
			return
		}
		where := "Entra"
		if step.Kind == string(doctor.Zoom) {
			where = "Zoom"
		}
		env.say("waiting until %s shows it, %s at the most: %s %s", where, opts.Settle, render.StepWords(step), step.After)
	}
	services := apply.Services{
		Entra: s.both.graph, Groups: s.both.zoom, Consent: s.consent, Record: s.authorization, Note: note,
		Plan: p.ID, Actor: env.actor(), Limit: opts.Settle, Waiting: waiting,
	}
	person := apply.Person{
		Absent: opts.NoPortal || opts.By == "" && !env.interactive(), Note: note, Plan: p.ID, Actor: env.actor(), Limit: opts.Timeout, Waiting: waiting,
		Show: func(ctx context.Context, steps []plan.Step) error { return showPage(ctx, env, opts.NoBrowser, steps) },
		Ask: func(ctx context.Context, steps []plan.Step) (apply.Answer, error) {
			return s.ask(ctx, env, opts.By, steps)
		},
		Proof: apply.Eyes{
			Consent: s.consent, Events: s.both.graph.Consents, ZoomPlan: s.both.zoom.Plan, ZoomDomains: s.both.zoom.Domains, Domains: s.both.graph.Domains,
			Credentials: func(ctx context.Context) ([]tenant.AppCredential, error) {
				return s.both.graph.AppCredentials(ctx, s.both.as.ClientID)
			},
			Before: doctor.ZoomConsent(s.input).Principal != nil,
		}.Look,
	}
	run := apply.Steps{Hands: hands{services, person}, Parallel: opts.Steps, Each: func(r apply.StepResult) {
		text := fmt.Sprintf("%s: %s %s", r.Status, r.Kind, render.StepWords(r.Step))
		if r.Why != "" {
			text += ": " + r.Why
		}
		env.say("%s", text)
	}}
	return run.Do(ctx, p.Steps)
}

// hands are those of the services and of a person.
type hands struct {
	apply.Services
	apply.Person
}

func (h hands) Do(ctx context.Context, s plan.Step) (bool, error) { return h.Services.Do(ctx, s) }

// consent is Zoom's application as Entra has it now, chosen as doctor chooses it.
func (s *subject) consent(ctx context.Context) (tenant.Consent, error) {
	in := s.input
	var err error
	if in.Facts, err = survey.Again(ctx, s.both.graph, in.File.Microsoft.ZoomAppID, in.Facts); err == nil {
		err = in.Facts.Consents.Err
	}
	return doctor.ZoomConsent(in), err
}

// authorization is the journal entry of a complete consent.
func (s *subject) authorization(ctx context.Context, scope string) (journal.Entry, error) {
	fresh, err := survey.Consented(ctx, s.both.graph, s.both.graph, s.input.File.Microsoft.ZoomAppID, s.input.Facts)
	if err != nil {
		return journal.Entry{}, err
	}
	in := s.input
	in.Facts = fresh
	consent, check := doctor.ZoomConsent(in), doctor.ConsentOf(in)
	if !check.Complete() {
		return journal.Entry{}, &apply.Unfinished{Why: "the consent is not complete: missing " + strings.Join(check.Missing, ", ")}
	}
	a := render.NewAuthorization("authorized", scope, in.Facts.Organization.Value.ID, doctor.SignerOf(in), consent, check, in.Facts.Consents.At)
	e := journal.Entry{Action: journal.Authorized, Tenant: a.TenantID, Evidence: asJSON(a)}
	if a.AuthorizedBy.UPN != nil {
		e.Actor = *a.AuthorizedBy.UPN
	}
	return e, nil
}

// showPage opens a page and lists its controls.
func showPage(ctx context.Context, env *Env, noBrowser bool, steps []plan.Step) error {
	page := steps[0].Page
	env.say("\n%s\nopen %s", page.Menu, page.Address)
	for i, s := range steps {
		env.say("  %d. %s: %s", i+1, s.Page.Control, s.Page.Choose)
	}
	if noBrowser {
		return nil
	}
	if err := env.Open(ctx, page.Address); err != nil && !errors.Is(err, errNoBrowser) {
		return err
	}
	return nil
}

// ask takes a person's word on one page.
func (s *subject) ask(ctx context.Context, env *Env, by string, steps []plan.Step) (apply.Answer, error) {
	if by != "" {
		return apply.Answer{By: by, How: apply.ByFlag, Yes: true}, nil
	}
	who := env.actor()
	if me := s.input.Facts.Me; me.Seen() {
		who = me.Value.UPN
	}
	err := env.confirm(ctx, fmt.Sprintf("Are these %d done as listed? (%s says so; no leaves them for later)", len(steps), who), false)
	if errors.Is(err, errDeclined) {
		return apply.Answer{}, nil
	}
	return apply.Answer{By: who, How: apply.Asked, Yes: true}, err
}

// finish looks again when everything was done: what the services show now must need
// nothing more.
func (s *subject) finish(ctx context.Context, env *Env) error {
	if err := s.reread(env); err != nil {
		return err
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	if again := s.plan(); !again.Empty() {
		if err := env.sayPlan(again); err != nil {
			return err
		}
		return hint(errors.New("everything was done, and what is there now needs more"), "zo365 apply")
	}
	return s.observe(ctx, env)
}

// observe records what is there as the state that drift is measured against, if it
// is another than the recorded one.
func (s *subject) observe(ctx context.Context, env *Env) error {
	now := plan.Observe(s.input)
	if same, err := sameBaseline(s.state.Baseline, now); same || err != nil {
		return err
	}
	env.say("what is there now is recorded; zo365 plan --drift measures against it")
	return journal.Append(ctx, journal.Path(s.path), journal.Entry{At: time.Now(), Actor: env.actor(), Action: journal.Observed, Scope: doctor.ScopeTenant, Tenant: s.input.Facts.Organization.Value.ID, Principal: now.PrincipalID, After: asJSON(now)})
}
