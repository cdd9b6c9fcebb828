package apply

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Status is what became of one step of a plan.
type Status string

// The statuses.
const (
	// StepDone: it was done now.
	StepDone Status = "done"
	// StepAlready: what it wants was there already.
	StepAlready Status = "already"
	// StepConfirmed: a person said that a control shows the value; nothing else can
	// show it.
	StepConfirmed Status = "confirmed"
	// StepEvidenced: what the step names as proof was seen.
	StepEvidenced Status = "evidenced"
	// StepSeen: what the step names as proof is there, and nobody gave their word.
	StepSeen Status = "seen"
	// StepWould: a dry run found nothing in the way. StepByHand: a person must do it.
	StepWould  Status = "would do"
	StepByHand Status = "by hand"
	// StepPending: a person has still to do it, or a step that waits for one.
	StepPending Status = "pending"
	// StepFailed: the service refused it, or it did not show in time.
	StepFailed Status = "failed"
	// StepLeft: it was not begun, because a step before it failed.
	StepLeft Status = "not begun"
	// StepBlocked: it was not begun, because a check fails without which it cannot
	// succeed.
	StepBlocked Status = "blocked"
)

// ends says whether a step with this status lets those behind it go on.
func (s Status) ends() bool {
	return s == StepDone || s == StepAlready || s == StepConfirmed || s == StepEvidenced || s == StepSeen
}

// StepResult is a step with its status.
type StepResult struct {
	plan.Step
	Status Status
	// Why says what is in the way.
	Why string
	Err error
}

// Doer does single steps.
type Doer interface {
	// Do carries a step out that a service or zo365 itself can do. already says that
	// nothing was left to do. An *Unfinished error is a step that waits for a person.
	Do(ctx context.Context, s plan.Step) (already bool, err error)
	// Visit leads a person through the controls of one page and looks for the proofs;
	// the results are in the order of the steps.
	Visit(ctx context.Context, steps []plan.Step) ([]StepResult, error)
}

// Unfinished says that a step cannot be done before a person has done something.
type Unfinished struct{ Why string }

func (e *Unfinished) Error() string { return e.Why }

// Steps carries a plan out.
type Steps struct {
	Hands Doer
	// Parallel bounds how many steps run at the same time, beside a person, who does
	// one page after another; 1 is one thing at a time, whoever does it.
	Parallel int
	// Each is told of every step as it ends; it is never called twice at a time.
	Each func(StepResult)
}

// Do carries all steps out that can be: a step begins when all those before it have
// ended well. A failure leaves what depends on it; the other chains go on. What ends
// the whole run, such as a lost network, stops everything; running the rest of the
// plan again goes on.
func (r Steps) Do(ctx context.Context, steps []plan.Step) ([]StepResult, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := &running{
		Steps:   r,
		units:   unitsOf(steps),
		results: map[string]StepResult{},
		person:  make(chan struct{}, 1),
		slots:   make(chan struct{}, max(r.Parallel, 1)),
		stop:    cancel,
	}
	run.ended = sync.NewCond(&run.mu)
	if r.Parallel == 1 {
		run.person = run.slots
	}
	var wait sync.WaitGroup
	var pages []unit
	for _, u := range run.units {
		if u.steps[0].Page != nil {
			pages = append(pages, u)
			continue
		}
		wait.Go(func() { run.unit(ctx, u) })
	}
	// A person does one page after another, in the plan's order: what a page waits for
	// stands before it.
	wait.Go(func() {
		for _, u := range pages {
			run.unit(ctx, u)
		}
	})
	wait.Wait()
	all := make([]StepResult, len(steps))
	for i, s := range steps {
		all[i] = run.results[s.ID]
	}
	if cause := context.Cause(ctx); cause != nil {
		return all, cause
	}
	return all, nil
}

// unit is one step, or the controls of one page of a portal.
type unit struct {
	steps []plan.Step
	// after are the IDs of steps outside of the unit that come first.
	after []string
}

// unitsOf puts portal steps that follow each other on one page together; a blocked one is not
// done with those that are not.
func unitsOf(steps []plan.Step) []unit {
	var all []unit
	for _, s := range steps {
		if n := len(
			all,
		); n > 0 && s.Page != nil && all[n-1].steps[0].Page != nil && all[n-1].steps[0].Page.Address == s.Page.Address &&
			all[n-1].steps[0].Scope == s.Scope && (all[n-1].steps[0].Blocked == nil) == (s.Blocked == nil) {
			all[n-1].steps = append(all[n-1].steps, s)
			continue
		}
		all = append(all, unit{steps: []plan.Step{s}})
	}
	for i, u := range all {
		for _, s := range u.steps {
			for _, d := range s.DependsOn {
				inside := slices.ContainsFunc(u.steps, func(own plan.Step) bool { return own.ID == d })
				if !inside && !slices.Contains(u.after, d) {
					u.after = append(u.after, d)
				}
			}
		}
		all[i] = u
	}
	return all
}

type running struct {
	Steps

	units   []unit
	person  chan struct{}
	slots   chan struct{}
	stop    context.CancelCauseFunc
	mu      sync.Mutex
	ended   *sync.Cond
	results map[string]StepResult
}

// unit waits for what comes first, then does the unit.
func (r *running) unit(ctx context.Context, u unit) {
	if b := u.steps[0].Blocked; b != nil {
		r.close(u, StepBlocked, b.Check+": "+b.Why)
		return
	}
	if status, why := r.before(u); status != "" {
		r.close(u, status, why)
		return
	}
	lane := r.slots
	if u.steps[0].Page != nil {
		lane = r.person
	}
	select {
	case lane <- struct{}{}:
		defer func() { <-lane }()
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		r.close(u, StepLeft, "the run ended before")
		return
	}
	if u.steps[0].Page != nil {
		r.visit(ctx, u)
		return
	}
	s := u.steps[0]
	already, err := r.Hands.Do(ctx, s)
	result := StepResult{Step: s, Status: StepDone, Err: err}
	var waits *Unfinished
	var hand *ByHand
	switch {
	case errors.As(err, new(*WouldDo)):
		result.Status, result.Err = StepWould, nil
	case errors.As(err, &hand):
		result.Status, result.Why, result.Err = StepByHand, hand.Command, nil
	case errors.As(err, &waits):
		result.Status, result.Why, result.Err = StepPending, waits.Why, nil
	case err != nil:
		result.Status, result.Why = StepFailed, err.Error()
		r.stopOn(ctx, err)
	case already:
		result.Status = StepAlready
	}
	r.end(result)
}

func (r *running) visit(ctx context.Context, u unit) {
	results, err := r.Hands.Visit(ctx, u.steps)
	if err != nil {
		r.stopOn(ctx, err)
		for _, s := range u.steps {
			r.end(StepResult{
				Step:   s,
				Status: StepFailed,
				Why:    err.Error(),
				Err:    err,
			})
		}
		return
	}
	for _, one := range results {
		r.end(one)
	}
}

// stopOn ends the run for errors that would meet every other step as well.
func (r *running) stopOn(ctx context.Context, err error) {
	if tenant.Stops(err) || ctx.Err() != nil || errors.As(err, new(*UnrecordedError)) {
		r.stop(err)
	}
}

// before waits for the steps that come first. An empty status is the go-ahead.
func (r *running) before(u unit) (Status, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		left := 0
		for _, id := range u.after {
			result, ok := r.results[id]
			switch {
			case !ok:
				left++
			case result.Status == StepPending:
				return StepPending, "waits for " + id
			case result.Status == StepBlocked:
				return StepBlocked, "waits for " + id
			case !result.Status.ends():
				return StepLeft, id + " " + string(result.Status)
			}
		}
		if left == 0 {
			return "", ""
		}
		r.ended.Wait()
	}
}

func (r *running) close(u unit, status Status, why string) {
	for _, s := range u.steps {
		r.end(StepResult{Step: s, Status: status, Why: why})
	}
}

func (r *running) end(result StepResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[result.ID] = result
	r.Each(result)
	r.ended.Broadcast()
}

// Settle asks until what was written shows, since Entra's readers lag behind its
// writers (hashicorp/terraform-provider-azuread #1035 and others). waiting is told
// once when the first look does not show it.
func Settle(ctx context.Context, limit time.Duration, shows func(context.Context) (bool, error), waiting func()) error {
	pause, start := 200*time.Millisecond, time.Now()
	for first := true; ; first = false {
		ok, err := shows(ctx)
		if ok || err != nil {
			return err
		}
		if first {
			waiting()
		}
		if time.Since(start)+pause > limit {
			return &NotSettled{After: time.Since(start)}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(pause*3/2, 5*time.Second)
	}
}

// NotSettled says that a service took a change and its readers did not show it in
// time.
type NotSettled struct{ After time.Duration }

func (e *NotSettled) Error() string {
	return "the change was taken, and does not show after " + e.After.Round(time.Second).String()
}
