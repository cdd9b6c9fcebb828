package apply

import (
	"context"
	"errors"
	"fmt"
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
	// Stranger says that the tenant has nobody with that UPN.
	Stranger bool
}

// Person leads somebody through portals and looks for proofs.
type Person struct {
	// Absent: nobody is there; everything stays pending. Watch: nobody's word is taken,
	// but what can be proved is looked for.
	Absent, Watch bool
	// Show opens the page and says what is to be done there.
	Show func(ctx context.Context, steps []plan.Step) error
	// Ask takes the person's word.
	Ask func(ctx context.Context, steps []plan.Step) (Answer, error)
	// Proof looks for what a step names as proof, as of a time.
	Proof func(ctx context.Context, s plan.Step, since time.Time, answer Answer) (Seen, error)
	// Recorder writes the person's word down; its Limit bounds the wait for proofs.
	Recorder Recorder
	// Application is Zoom's as it is chosen now; it is pinned when a person confirms its
	// consent.
	Application func(ctx context.Context) (tenant.Application, error)
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
		return all(steps, StepPending, fmt.Sprintf(
			"a person does this, at %s (%s); zo365 portal checklist has what nobody confirmed yet",
			steps[0].Page.Address,
			steps[0].Page.Menu,
		)), nil
	}
	since := time.Now().UTC()
	// The page is in the journal before anything is clicked: a run that is killed now
	// goes on with its plan, whatever the person has done already.
	if err := p.Recorder.begin(ctx, steps[0]); err != nil {
		return nil, err
	}
	results, err := p.led(ctx, steps, since)
	if err != nil && ctx.Err() != nil {
		// What was begun has an end in the journal, also when the run is interrupted.
		return nil, errors.Join(
			err,
			p.Recorder.note(ctx, steps[0], journal.Entry{Action: journal.StepLeft, Why: "interrupted"}),
		)
	}
	return results, err
}

// led shows the page, takes the person's word and looks for the proofs.
func (p Person) led(ctx context.Context, steps []plan.Step, since time.Time) ([]StepResult, error) {
	if err := p.Show(ctx, steps); err != nil {
		return nil, err
	}
	if p.Watch {
		return p.watched(ctx, steps, since)
	}
	answer, err := p.Ask(ctx, steps)
	if err != nil {
		return nil, err
	}
	if !answer.Yes {
		return all(
				steps,
				StepPending,
				"left for later",
			), p.Recorder.note(
				ctx,
				steps[0],
				journal.Entry{Action: journal.StepLeft, Why: "left for later"},
			)
	}
	results := all(steps, StepConfirmed, "")
	proved := true
	for i, s := range steps {
		if s.Page.Proof == "" {
			continue
		}
		if results[i].Status, err = p.prove(ctx, s, since, answer); err != nil {
			return nil, err
		}
		if results[i].Status == StepPending {
			proved = false
			results[i].Why = "not seen yet: " + s.Page.Proof
			if s.Target == doctor.StepSave && answer.How != Asked { // a flag's word is about a new consent
				results[i].Why += ", newly consented by " + answer.By
			}
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

// watched looks for the proofs without anybody's word: a step is then at most "consented",
// which the connection says, and stays pending in the portal.
func (p Person) watched(ctx context.Context, steps []plan.Step, since time.Time) ([]StepResult, error) {
	results := all(steps, StepPending, "nobody has confirmed it")
	for i, s := range steps {
		if s.Page.Proof == "" {
			continue
		}
		status, err := p.prove(ctx, s, since, Answer{How: Asked})
		if err != nil {
			return nil, err
		}
		if results[i].Why = "not seen yet: " + s.Page.Proof; status != StepPending {
			results[i].Status, results[i].Why = StepSeen, "Entra shows it, and nobody has confirmed that the portal does"
		}
	}
	return results, p.Recorder.note(ctx, steps[0], journal.Entry{Action: journal.StepLeft, Why: "nobody confirmed it"})
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

// prove looks for what a step names as proof. That Entra shows the consent is none for
// the button that saves it in Zoom's portal: with a person's word it makes the step
// confirmed, never evidenced.
func (p Person) prove(ctx context.Context, s plan.Step, since time.Time, answer Answer) (Status, error) {
	status := StepEvidenced
	if s.Target == doctor.StepSave {
		status = StepConfirmed
	}
	err := Settle(ctx, p.Recorder.Limit, func(ctx context.Context) (bool, error) {
		seen, err := p.Proof(ctx, s, since, answer)
		if seen == ProofImpossible {
			status = StepConfirmed
			if answer.How != Asked { // a flag's word alone is none
				status = StepPending
			}
		}
		return seen != ProofNotSeen, err
	}, func() { p.Recorder.Waiting(s) })
	var late *NotSettled
	if errors.As(err, &late) {
		return StepPending, nil
	}
	return status, err
}

// confirm writes the person's word down, one control a line. Controls outside of the
// Mail & Calendar tab are seen in the facts and need no record.
func (p Person) confirm(ctx context.Context, answer Answer, results []StepResult) error {
	written := false
	for _, r := range results {
		if r.Status == StepPending || r.Scope == doctor.ScopeTenant {
			continue
		}
		e := journal.Entry{
			Action:   journal.PortalConfirmed,
			Actor:    answer.By,
			Steps:    []string{r.Target},
			Answer:   answer.How,
			After:    journal.JSON(map[string]string{r.Target: r.After}),
			Evidence: journal.JSON(map[string]any{"status": string(r.Status), "not_in_tenant": answer.Stranger}),
		}
		if r.Target == doctor.StepSave {
			app, err := p.Application(ctx)
			if err != nil {
				return err
			}
			if !app.Empty() {
				e.Application = &app
			}
		}
		written = written || r.ID == results[0].ID
		if err := p.Recorder.note(ctx, r.Step, e); err != nil {
			return err
		}
	}
	if written {
		return nil
	}
	return p.Recorder.note(ctx, results[0].Step, journal.Entry{Action: journal.StepLeft, Why: results[0].Why})
}

// Eyes look for proofs.
type Eyes struct {
	Consent     func(ctx context.Context) (tenant.Consent, error)
	Events      func(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error)
	ZoomDomains func(ctx context.Context) ([]tenant.ZoomDomain, error)
	Domains     func(ctx context.Context) ([]tenant.Domain, error)
	Credentials func(ctx context.Context) ([]tenant.AppCredential, error)
	// Before says whether Zoom's application was in the tenant when the plan was
	// made: then only a newer consent is proof of a flag's word. Again asks for a newer
	// one whoever says so.
	Before, Again bool
	// Complete says whether a consent has all that the profiles need.
	Complete func(tenant.Consent) bool
	// Since corrects a time of this machine to the service's clock.
	Since func(time.Time) time.Time
}

// Look looks for one step's proof.
func (e Eyes) Look(ctx context.Context, s plan.Step, since time.Time, answer Answer) (Seen, error) {
	switch s.Target {
	case doctor.StepSave:
		return e.consent(ctx, since, answer)
	case doctor.ClickZoomDomain:
		all, err := e.ZoomDomains(ctx)
		return found(slices.ContainsFunc(all, func(d tenant.ZoomDomain) bool { return d.Verified && named(s, d.Name) }), err)
	case doctor.ClickEntraDomain:
		all, err := e.Domains(ctx)
		return found(
			slices.ContainsFunc(all, func(d tenant.Domain) bool { return d.Verified && !d.Initial && named(s, d.Name) }),
			err,
		)
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
	if errors.As(err, new(*tenant.NeedsError)) {
		return ProofImpossible, nil
	}
	if seen && err == nil {
		return ProofSeen, nil
	}
	return ProofNotSeen, err
}

// consent is seen when Zoom's application came into the tenant, or when the audit
// log has a consent since then. A person who was asked may confirm an earlier consent.
// Where it was there already and the log cannot be read, nothing can tell.
func (e Eyes) consent(ctx context.Context, since time.Time, answer Answer) (Seen, error) {
	c, err := e.Consent(ctx)
	if err != nil || c.Principal == nil || !e.Complete(c) {
		return ProofNotSeen, err
	}
	if !e.Before || answer.How == Asked && !e.Again {
		return ProofSeen, nil
	}
	if e.Since != nil {
		since = e.Since(since)
	}
	events, err := e.Events(ctx, since)
	var needs *tenant.NeedsError
	if errors.As(err, &needs) || errors.Is(err, tenant.ErrNotInCloud) {
		return ProofImpossible, nil
	}
	for _, one := range events {
		// A flag's word is about the consent of who is named, not of somebody else.
		theirs := answer.How == Asked || one.UPN == "" || strings.EqualFold(one.UPN, answer.By)
		if !one.Failed && theirs && one.PrincipalID == c.Principal.ID && !one.At.Before(since.Truncate(time.Second)) {
			return ProofSeen, err
		}
	}
	return ProofNotSeen, err
}
