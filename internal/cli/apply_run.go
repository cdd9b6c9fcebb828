package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

// settleLimit is how long a change may take to show.
const settleLimit = 2 * time.Minute

// how says how apply carries a plan out.
func (o applyOptions) how(env *Env, w *workspace.Workspace, absent bool) workspace.Run {
	return workspace.Run{
		Parallel: o.Steps,
		Timeout:  o.Timeout,
		Settle:   o.Settle,
		Absent:   absent,
		Each:     env.sayStep,
		Waiting:  env.sayWaiting(o.Timeout, o.Settle),
		Show:     func(ctx context.Context, steps []plan.Step) error { return showPage(ctx, env, o.NoBrowser, steps) },
		Ask: func(ctx context.Context, steps []plan.Step) (apply.Answer, error) {
			if o.By != "" {
				return w.Answer(ctx, o.By, apply.ByFlag)
			}
			by := ""
			if me := w.Input.Facts.Me; me.Seen() {
				by = me.Value.UPN
			}
			return ask(ctx, env, w, by, steps)
		},
	}
}

// sayStep tells what became of a step.
func (env *Env) sayStep(r apply.StepResult) {
	text := fmt.Sprintf("%s: %s %s", r.Status, r.Kind, render.StepWords(r.Step))
	if r.Why != "" {
		text += ": " + r.Why
	}
	env.say("%s", text)
}

// sayWaiting tells that a wait begins, for what and for how long.
func (env *Env) sayWaiting(timeout, settle time.Duration) func(plan.Step) {
	return func(s plan.Step) {
		if s.Page != nil {
			if timeout > 0 {
				env.say("Watching for %s (up to %s, Ctrl-C ends it)", s.Page.Proof, timeout)
			}
			return
		}
		where := "Entra"
		if s.Kind == string(doctor.Zoom) {
			where = "Zoom"
		}
		env.say("Waiting for %s to show it (up to %s): %s %s", where, settle, render.StepWords(s), s.After)
	}
}

// settling waits for what an earlier run began, and says so.
func (env *Env) settling(limit time.Duration) workspace.Run {
	return workspace.Run{Settle: limit, Waiting: env.sayWaiting(0, limit)}
}

// showPage opens a page and lists its controls.
func showPage(ctx context.Context, env *Env, noBrowser bool, steps []plan.Step) error {
	page := steps[0].Page
	env.say("\n%s\nopen %s (%s)", page.Menu, page.Address, render.MenuDecides)
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

// finish looks again when everything was done: what the services show now must need
// nothing more.
func finish(ctx context.Context, env *Env, w *workspace.Workspace, o applyOptions) error {
	if err := w.Reread(); err != nil {
		return err
	}
	if err := w.Look(ctx); err != nil {
		return err
	}
	again := w.Plan()
	held := o.heldBack(again)
	if held != nil {
		again = again.Without(again.Revokes())
	}
	if !again.Empty() {
		if err := env.sayPlan(again); err != nil {
			return err
		}
		return hint(errors.New("everything was done, and what is there now needs more"), "zo365 apply")
	}
	if held != nil {
		return held
	}
	return w.Observe(ctx)
}
