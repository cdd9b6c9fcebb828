package apply

import (
	"context"
	"encoding/json"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
)

// FileStep is the ID of an edit of a scope's profile in the tenant file.
func FileStep(scope string) string { return "file/" + scope }

// Edit changes the tenant file and records it: the intention before, so that a run that
// is killed between the file and the journal is finished by the next. before and after
// are the scope's own settings as the file has them, encoded.
func (r Recorder) Edit(
	ctx context.Context,
	scope string,
	before, after string,
	edit func() error,
	e journal.Entry,
) error {
	s := plan.Step{
		ID:     FileStep(scope),
		Scope:  scope,
		Action: "edit",
		Target: scope,
		Before: before,
		After:  after,
	}
	if err := r.begin(ctx, s); err != nil {
		return err
	}
	if err := edit(); err != nil {
		left := journal.Entry{Action: journal.StepLeft, Why: err.Error()}
		if noted := r.note(ctx, s, left); noted != nil {
			return noted
		}
		return err
	}
	return r.outcome(ctx, s, e)
}

// CloseEdits ends the edits whose end an earlier run could not record. now is a scope's
// own settings as the file has them now; outcome makes the entry of one that was made.
func (r Recorder) CloseEdits(
	ctx context.Context,
	open []journal.Entry,
	now func(scope string) string,
	outcome func(scope string, s plan.Step) journal.Entry,
) error {
	for _, e := range open {
		if e.Step != FileStep(e.Scope) {
			continue
		}
		var s plan.Step
		if err := json.Unmarshal(e.Evidence, &s); err != nil {
			continue // not of this form
		}
		end := journal.Entry{Action: journal.StepLeft, Why: "the file does not have it"}
		if now(e.Scope) == s.After && s.Before != s.After {
			end = outcome(e.Scope, s)
			end.Why = "found done: the run that changed the file ended before it could record it"
			end.Actor = e.Actor
		}
		if err := r.note(ctx, s, end); err != nil {
			return err
		}
	}
	return nil
}
