package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Recorder writes every change down: that it is about to be made, synced, before; what
// became of it, synced, after. Nothing else writes to a journal or lets a door change
// something.
type Recorder struct {
	// Note appends to the journal and syncs it.
	Note func(ctx context.Context, entries ...journal.Entry) error
	// Actor, Plan, Target and Basis stand in every entry.
	Actor, Plan string
	Target      tenant.Target
	Basis       map[string]tenant.Half
	// Open says whether an earlier run began a step and recorded no end of it, and when.
	Open func(step string) (begun time.Time, open bool)
	// Limit bounds the wait for a write to show; Waiting is told that it begins.
	Limit   time.Duration
	Waiting func(s plan.Step)
}

// NewRecorder records in the journal at path. memory is where this machine remembers how
// far it wrote.
func NewRecorder(path, memory, actor string) Recorder {
	return Recorder{
		Actor:   actor,
		Waiting: func(plan.Step) {},
		Note: func(ctx context.Context, entries ...journal.Entry) error {
			return journal.Append(ctx, path, memory, entries...)
		},
	}
}

// change is one effect on a service.
type change struct {
	do func(ctx context.Context) error
	// shows says whether the service's readers have it; nil where the answer of the
	// service is all there is.
	shows func(ctx context.Context) (bool, error)
	// ours says whether what is there can come from a step that was begun at a time; nil
	// where nothing shows when it was made.
	ours func(begun time.Time) bool
	// entry is what is recorded of it.
	entry func() journal.Entry
}

// write makes one change: intention, call, wait until it shows, outcome. A call whose
// answer was lost is looked up afterwards; what was made is recorded although the run
// was interrupted. Of two runs one makes a change: what a service had already is waited
// for and recorded as no change.
func (r Recorder) write(ctx context.Context, s plan.Step, c change) (already bool, err error) {
	if err := r.begin(ctx, s); err != nil {
		return false, err
	}
	err = c.do(ctx)
	switch {
	case errors.Is(err, tenant.ErrAlready):
		return true, r.there(ctx, s, c, err)
	case err != nil && refused(err):
		// The service said no: the step has an end, and nothing changed.
		left := journal.Entry{Action: journal.StepRefused, Why: err.Error()}
		return false, errors.Join(err, r.note(ctx, s, left))
	case err != nil:
		return false, r.lookUp(ctx, s, c, err)
	}
	settled := r.settle(ctx, s, c)
	var slow *NotSettled
	if settled != nil && !errors.As(settled, &slow) && ctx.Err() == nil && tenant.Stops(settled) {
		// The service took the change; only looking at it failed.
		settled = fmt.Errorf("the change was made, and whether it shows could not be seen: %w", settled)
	}
	return false, errors.Join(r.outcome(ctx, s, c.entry()), settled)
}

// there records that a service had already what a step asks for: the change of an earlier
// run that could not record it, or somebody else's. While that does not show, the step stays
// open, and the next run looks again.
func (r Recorder) there(ctx context.Context, s plan.Step, c change, already error) error {
	settled := r.settle(ctx, s, c)
	begun, open := time.Time{}, false
	if r.Open != nil {
		begun, open = r.Open(s.ID)
	}
	if open && settled != nil {
		return settled
	}
	if open && (c.ours == nil || c.ours(begun)) {
		e := c.entry()
		e.Why = "found done: an earlier run ended before it could record it"
		return r.outcome(ctx, s, e)
	}
	return errors.Join(r.note(ctx, s, journal.Entry{Action: journal.StepLeft, Why: already.Error()}), settled)
}

func (r Recorder) settle(ctx context.Context, s plan.Step, c change) error {
	if c.shows == nil {
		return nil
	}
	return Settle(ctx, r.Limit, c.shows, func() { r.Waiting(s) })
}

// lookUpLimit bounds the look for a change whose answer was lost.
const lookUpLimit = 10 * time.Second

// lookUp finds out whether a change was made whose answer never came: the connection
// broke, the run was interrupted, or the service failed in the middle.
func (r Recorder) lookUp(ctx context.Context, s plan.Step, c change, lost error) error {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUpLimit)
	defer cancel()
	if c.shows != nil && Settle(late, min(r.Limit, lookUpLimit), c.shows, func() {}) == nil {
		e := c.entry()
		e.Why = "the answer was lost; looked up afterwards"
		if err := r.outcome(ctx, s, e); err != nil || ctx.Err() == nil {
			return err
		}
		return ctx.Err()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &LostError{Step: s.ID, Err: lost}
}

// LostError says that nobody knows whether a change was made. The step stays open in the
// journal, and the next run looks again.
type LostError struct {
	Step string
	Err  error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%v; whether the change was made is not known, and it does not show", e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// refused says whether a service itself said that it did not make a change.
func refused(err error) bool {
	var answer interface{ Refused() bool }
	var stop *tenant.StopError
	switch {
	case errors.As(err, &answer):
		return answer.Refused()
	case errors.As(err, &stop):
		return stop.Reason != tenant.Offline
	}
	return errors.As(err, new(*tenant.NeedsError)) || errors.As(err, new(*NoWayBack)) || errors.As(err, new(*Unfinished))
}

// begin writes the intention down, with all that a later run needs to finish it.
func (r Recorder) begin(ctx context.Context, s plan.Step) error {
	e := r.fill(s, journal.Entry{Action: journal.StepStarted, Evidence: journal.JSON(s)})
	if err := r.Note(ctx, e); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &UnrecordedError{Err: err}
	}
	return nil
}

// outcome writes down what was done, also when the run was just interrupted.
func (r Recorder) outcome(ctx context.Context, s plan.Step, e journal.Entry) error {
	if err := r.note(ctx, s, e); err != nil {
		var unwritten *UnrecordedError
		if errors.As(err, &unwritten) {
			unwritten.Made = s.ID
		}
		return err
	}
	return nil
}

// note writes an entry of a step.
func (r Recorder) note(ctx context.Context, s plan.Step, e journal.Entry) error {
	if err := r.Note(context.WithoutCancel(ctx), r.fill(s, e)); err != nil {
		return &UnrecordedError{Err: err}
	}
	return nil
}

// Entry writes an entry that belongs to no step of a service: an observed state.
func (r Recorder) Entry(ctx context.Context, e journal.Entry) error {
	return r.note(ctx, plan.Step{Scope: e.Scope}, e)
}

func (r Recorder) fill(s plan.Step, e journal.Entry) journal.Entry {
	e.At, e.Scope, e.Plan, e.Step = time.Now(), s.Scope, r.Plan, s.ID
	if s.ID == "" {
		e.Plan = ""
	}
	if e.Actor == "" {
		e.Actor = r.Actor
	}
	if !r.Target.Empty() {
		target := r.Target
		e.Target, e.Basis, e.Tenant = &target, r.Basis, target.Tenant
	}
	if e.Application == nil {
		e.Application = s.Application
	}
	if e.Permission == nil {
		e.Permission = s.Permission
	}
	if e.Undoes == "" && e.Action != journal.StepStarted {
		e.Undoes = s.Undoes
	}
	return e
}

// UnrecordedError says that the journal could not be written. Made is the step that was
// made all the same; empty when nothing was.
type UnrecordedError struct {
	Made string
	Err  error
}

func (e *UnrecordedError) Error() string {
	if e.Made == "" {
		return fmt.Sprintf("this could not be recorded, so it was not done: %v", e.Err)
	}
	return fmt.Sprintf("the change was made and could not be recorded (%s): %v", e.Made, e.Err)
}

func (e *UnrecordedError) Unwrap() error { return e.Err }

// Lines are what is to be appended to the journal by hand, and where.
func (e *UnrecordedError) Lines() (path string, lines []byte) {
	var failed *journal.AppendError
	if e.Made == "" || !errors.As(e.Err, &failed) {
		return "", nil
	}
	return failed.Path, failed.Lines
}
