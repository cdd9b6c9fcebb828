package cli

import (
	"context"
	"errors"
	"os/user"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

// profileChange is one change of the tenant file as a command wants it.
type profileChange struct {
	workspace.Change

	// Question is asked before the change is made.
	Question string
	Yes      bool
	// Also is done with the change: words about a record that no longer holds.
	Also []plan.Step
}

// change shows a change before and after, asks, makes it, and records it. A
// change that changes nothing asks nothing and writes nothing.
func (env *Env) change(ctx context.Context, c profileChange) (render.Change, error) {
	w, release, err := env.alone(ctx)
	if err != nil {
		return render.Change{}, err
	}
	defer release()
	d, err := w.Trial(c.Change)
	if err != nil {
		return changeOf(d), err
	}
	if !d.Changed && len(c.Also) == 0 {
		env.say("nothing to change: %s is as wanted", d.Scope)
		return changeOf(d), nil
	}
	env.sayChange(changeOf(d))
	if err := env.confirm(ctx, c.Question, c.Yes); err != nil {
		return changeOf(d), err
	}
	if d, err = w.Edit(ctx, c.Change); err != nil {
		return changeOf(d), err
	}
	return changeOf(d), env.local(ctx, w, c.Also)
}

// alone opens the workspace of a change of the tenant file and takes its turn, with what an
// earlier run left open closed.
func (env *Env) alone(ctx context.Context) (*workspace.Workspace, func(), error) {
	w, err := env.workspace(false)
	if err != nil {
		return nil, nil, err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return nil, nil, err
	}
	err = w.Reload() // another run may have written the file meanwhile
	if err == nil {
		err = w.CloseEdits(ctx)
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return w, release, nil
}

// local carries out steps of the journal alone.
func (env *Env) local(ctx context.Context, w *workspace.Workspace, steps []plan.Step) error {
	if len(steps) == 0 {
		return nil
	}
	results, err := w.Apply(
		ctx,
		plan.Of(plan.Confirm, w.Input.Target, steps...),
		workspace.Run{Parallel: 1, Each: func(apply.StepResult) {}},
	)
	if err != nil {
		return err
	}
	return failure(results)
}

func changeOf(d workspace.Difference) render.Change {
	return render.Change{
		Scope:   d.Scope,
		Changed: d.Changed,
		Before:  d.Before,
		After:   d.After,
		Portal:  portalSteps(d.After, nil),
		Revoked: []string{},
	}
}

func (env *Env) sayChange(c render.Change) {
	env.say("%s:", c.Scope)
	before, after := c.Before.Settings(), c.After.Settings()
	for _, key := range profile.Keys {
		if from, to := before.Get(key), after.Get(key); from != to {
			env.say("  %s: %s -> %s", key, from, to)
		}
	}
}

// actor is who runs this command: ZO365_ACTOR, which a pipeline sets, else the
// operating system's user.
func (env *Env) actor() string {
	if named := env.Getenv("ZO365_ACTOR"); named != "" {
		return named
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// portalSteps are the steps of a scope with who confirmed them.
func portalSteps(e profile.Effective, confirmed map[string]journal.Confirmation) []render.PortalStep {
	steps := []render.PortalStep{}
	for _, s := range doctor.PortalSteps(e) {
		step := render.PortalStep{Step: s.Code, Control: s.Control, Choose: s.Choose}
		if c, ok := confirmed[s.Code]; ok && c.Choose == s.Choose {
			step.ConfirmedBy, step.At = &c.By, &c.At
		}
		steps = append(steps, step)
	}
	return steps
}

// errNoProfileChange ends a set without any setting.
var errNoProfileChange = errors.New("nothing to set")
