package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Answer is a person's word on the controls of one page.
type Answer struct {
	// By is who gave it.
	By string
	// How is "asked" for an answer to the question, "--by" for the flag.
	How string
	// Yes is false when the person leaves the page for later.
	Yes bool
}

// Person leads somebody through portals and looks for proofs.
type Person struct {
	// Absent: nobody is there; everything stays pending.
	Absent bool
	// Show opens the page and says what is to be done there.
	Show func(ctx context.Context, steps []plan.Step) error
	// Ask takes the person's word.
	Ask func(ctx context.Context, steps []plan.Step) (Answer, error)
	// Proof looks for what a step names as proof, as of a time.
	Proof func(ctx context.Context, s plan.Step, since time.Time) (Seen, error)
	// Note, Plan and Actor are as in Services.
	Note        func(ctx context.Context, entries ...journal.Entry) error
	Plan, Actor string
	// Limit bounds the wait for proofs; Waiting is told that it begins.
	Limit   time.Duration
	Waiting func(s plan.Step)
}

// Seen is what a look for a proof found.
type Seen string

// What a look can find.
const (
	ProofSeen    Seen = "seen"
	ProofNotSeen Seen = "not seen"
	// ProofImpossible: the fact cannot be read here; a person's word has to do.
	ProofImpossible Seen = "cannot be seen"
)

// Visit leads through one page. Controls without a proof are confirmed by the
// person's word; one with a proof is evidenced, or stays pending. A word that was
// given by a flag, before anything was done, counts only once the proof is there.
func (p Person) Visit(ctx context.Context, steps []plan.Step) ([]StepResult, error) {
	if p.Absent {
		return all(steps, StepPending, "a person does this: zo365 portal checklist"), nil
	}
	since := time.Now().UTC()
	// The page is in the journal before anything is clicked: a run that is killed now
	// goes on with its plan, whatever the person has done already.
	if err := p.page(ctx, journal.StepStarted, steps[0]); err != nil {
		return nil, err
	}
	if err := p.Show(ctx, steps); err != nil {
		return nil, err
	}
	answer, err := p.Ask(ctx, steps)
	if err != nil {
		return nil, err
	}
	if !answer.Yes {
		return all(steps, StepPending, "left for later"), p.page(ctx, journal.StepLeft, steps[0])
	}
	results := all(steps, StepConfirmed, "")
	proved := true
	for i, s := range steps {
		if s.Page.Proof == "" {
			continue
		}
		if results[i].Status, err = p.prove(ctx, s, since); err != nil {
			return nil, err
		}
		if results[i].Status == StepPending {
			proved = false
			results[i].Why = "not seen yet: " + s.Page.Proof
		}
	}
	if !proved && answer.How != Asked {
		for i := range results {
			if results[i].Status != StepPending {
				results[i].Status, results[i].Why = StepPending, "not confirmed before the proof is seen"
			}
		}
	}
	return results, p.confirm(ctx, answer, results)
}

// Asked is the answer to the question; ByFlag the word of --by.
const (
	Asked  = "asked"
	ByFlag = "--by"
)

func all(steps []plan.Step, status Status, why string) []StepResult {
	results := make([]StepResult, len(steps))
	for i, s := range steps {
		results[i] = StepResult{Step: s, Status: status, Why: why}
	}
	return results
}

func (p Person) prove(ctx context.Context, s plan.Step, since time.Time) (Status, error) {
	status := StepEvidenced
	err := Settle(ctx, p.Limit, func(ctx context.Context) (bool, error) {
		seen, err := p.Proof(ctx, s, since)
		if seen == ProofImpossible {
			status = StepConfirmed
		}
		return seen != ProofNotSeen, err
	}, func() { p.Waiting(s) })
	var late *NotSettled
	if errors.As(err, &late) {
		return StepPending, nil
	}
	return status, err
}

// confirm writes the person's word down, one control a line. Controls outside of the
// Mail & Calendar tab are seen in the facts and need no record.
func (p Person) confirm(ctx context.Context, answer Answer, results []StepResult) error {
	var entries []journal.Entry
	for _, r := range results {
		if r.Status == StepPending || r.Scope == doctor.ScopeTenant {
			continue
		}
		entries = append(entries, journal.Entry{
			At: time.Now(), Actor: answer.By, Action: journal.PortalConfirmed, Scope: r.Scope, Steps: []string{r.Target}, Answer: answer.How,
			After: asJSON(map[string]string{r.Target: r.After}), Evidence: asJSON(map[string]string{"status": string(r.Status)}), Plan: p.Plan, Step: r.ID,
		})
	}
	if len(entries) == 0 || entries[0].Step != results[0].ID {
		if err := p.page(ctx, journal.StepLeft, results[0].Step); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return p.note(ctx, entries...)
}

// page notes that a page was opened, or left.
func (p Person) page(ctx context.Context, action journal.Action, first plan.Step) error {
	return p.note(ctx, journal.Entry{At: time.Now(), Actor: p.Actor, Action: action, Scope: first.Scope, Plan: p.Plan, Step: first.ID})
}

func (p Person) note(ctx context.Context, entries ...journal.Entry) error {
	if err := p.Note(context.WithoutCancel(ctx), entries...); err != nil {
		return &recordError{err}
	}
	return nil
}

// Eyes look for proofs.
type Eyes struct {
	Consent     func(ctx context.Context) (tenant.Consent, error)
	Events      func(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error)
	ZoomPlan    func(ctx context.Context) (tenant.ZoomPlan, error)
	ZoomDomains func(ctx context.Context) ([]tenant.ZoomDomain, error)
	Domains     func(ctx context.Context) ([]tenant.Domain, error)
	Credentials func(ctx context.Context) ([]tenant.AppCredential, error)
	// Before says whether Zoom's application was in the tenant when the plan was
	// made: then only a newer consent is proof.
	Before bool
}

// Look looks for one step's proof.
func (e Eyes) Look(ctx context.Context, s plan.Step, since time.Time) (Seen, error) {
	switch s.Target {
	case doctor.StepSave:
		return e.consent(ctx, since)
	case doctor.ClickPlan:
		p, err := e.ZoomPlan(ctx)
		return found(!doctor.PlanTooSmall(p), err)
	case doctor.ClickZoomDomain:
		all, err := e.ZoomDomains(ctx)
		return found(slices.ContainsFunc(all, func(d tenant.ZoomDomain) bool { return d.Verified && named(s, d.Name) }), err)
	case doctor.ClickEntraDomain:
		all, err := e.Domains(ctx)
		return found(slices.ContainsFunc(all, func(d tenant.Domain) bool { return d.Verified && !d.Initial && named(s, d.Name) }), err)
	case doctor.ClickCredential:
		all, err := e.Credentials(ctx)
		return found(doctor.Renewed(s.Before, s.After, all), err)
	}
	return ProofImpossible, nil
}

// named says whether a domain is the one that a step is about.
func named(s plan.Step, domain string) bool {
	return s.Page.Choose == doctor.AnyDomain || strings.EqualFold(domain, s.Page.Choose)
}

func found(seen bool, err error) (Seen, error) {
	if seen && err == nil {
		return ProofSeen, nil
	}
	return ProofNotSeen, err
}

// consent is seen when Zoom's application came into the tenant, or when the audit
// log has a consent since then. Where it was there already and the log cannot be
// read, nothing can tell.
func (e Eyes) consent(ctx context.Context, since time.Time) (Seen, error) {
	c, err := e.Consent(ctx)
	if err != nil || c.Principal == nil || len(c.Grants) == 0 {
		return ProofNotSeen, err
	}
	if !e.Before {
		return ProofSeen, nil
	}
	events, err := e.Events(ctx, since)
	var needs *tenant.NeedsError
	if errors.As(err, &needs) {
		return ProofImpossible, nil
	}
	for _, one := range events {
		if !one.Failed && (one.PrincipalID == "" || one.PrincipalID == c.Principal.ID) && !one.At.Before(since.Truncate(time.Second)) {
			return ProofSeen, err
		}
	}
	return ProofNotSeen, err
}
