package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newRBACApplyCmd(env *Env) *cobra.Command {
	var opts rbacOptions
	var how rbacApplyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Narrow Zoom to the mailboxes of the profiles",
		Long: `Carry out what zo365 rbac plan shows. It stops where it has to wait for Exchange's
cache, says until when, and exits with 6; running it again goes on. What can only be
done in Exchange Online PowerShell is left for zo365 rbac script.

Exit codes: 0 done, 3 blocked, 5 something that matters could not be seen, 6 waiting for
Exchange's cache (run it again), 7 a step remains for Exchange Online PowerShell.`,
		Example: "  zo365 rbac apply\n  zo365 rbac apply --auto-approve",
		Args:    flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRBACApply(cmd.Context(), env, opts, how)
		},
	}
	opts.flags(cmd)
	how.flags(cmd)
	return cmd
}

// takes says whether a step takes away what reaches too much.
func takes(n doctor.Narrowing) bool {
	return slices.ContainsFunc(n.Steps, func(s doctor.Step) bool {
		return s.Action == doctor.RevokePermission || s.Action == doctor.RemoveRole
	})
}

// baseline records what was narrowed, or taken back, as the state that drift is measured against.
func (env *Env) baseline(ctx context.Context, w *workspace.Workspace, p plan.Plan) error {
	if p.Empty() {
		return nil
	}
	if err := w.Reread(); err != nil {
		return err
	}
	if err := w.Look(ctx); err != nil {
		return err
	}
	if w.Input.About != "" { // the baseline is of the application for people
		w.Input.About, w.Input.File = "", w.File
	}
	return w.Observe(ctx)
}

type rbacApplyOptions struct {
	AutoApprove bool
	Settle      time.Duration
	// command is the one to run again, script the one that writes the plan; as they were given.
	command, script string
}

func (o *rbacApplyOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.AutoApprove, "auto-approve", false, "do not ask")
	cmd.Flags().DurationVar(&o.Settle, "settle", settleLimit, "how long to wait until a change shows")
}

// madeByRBAC are the kinds of change whose open steps rbac settles.
var madeByRBAC = []doctor.Action{
	doctor.AssignRole, doctor.RemoveRole, doctor.CreateScope, doctor.DeleteScope, doctor.RevokePermission,
	doctor.GrantPermission,
}

func runRBACApply(ctx context.Context, env *Env, opts rbacOptions, how rbacApplyOptions) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return err
	}
	defer release()
	if err := w.Reload(); err != nil { // another run may have ended meanwhile
		return err
	}
	n, p, err := env.narrowing(ctx, w, "rbac apply", opts)
	if err != nil {
		return err
	}
	env.sayOpen(n)
	env.sayExcess(w, n)
	if err := problemOf(w, n); err != nil {
		return err
	}
	if opts.Cache < doctor.CacheLimit && takes(n) {
		env.say("warning: Exchange's cache takes up to %s; with --cache-wait %s calendars may stop until it has caught up",
			doctor.CacheLimit, opts.Cache)
	}
	how.command = "zo365 rbac apply" + opts.roomsFlags()
	how.script = "zo365 rbac script" + opts.roomsFlags()
	if err := env.carryOutRBAC(ctx, w, p, how, "narrow Zoom to these mailboxes?"); err != nil {
		return err
	}
	if err := env.baseline(ctx, w, p); err != nil {
		return err
	}
	if len(n.Wide) > 0 {
		return &hinted{
			err:  errors.New("Zoom is not narrowed: " + strings.Join(n.Wide, "; ")),
			hint: "zo365 permissions list shows what it holds",
			code: exitCheckFailed,
		}
	}
	return nil
}

// carryOutRBAC shows a plan, asks, does it, and looks again.
func (env *Env) carryOutRBAC(
	ctx context.Context,
	w *workspace.Workspace,
	p plan.Plan,
	how rbacApplyOptions,
	question string,
) error {
	out := render.Apply{
		Plan:   p.ID,
		Status: "nothing",
		Steps:  []render.Done{},
		Open:   []plan.Open{},
		Unseen: []string{},
	}
	if p.Empty() {
		return env.show(render.ApplyListing(out))
	}
	if err := w.MayWrite(ctx, p); err != nil {
		return err
	}
	if err := w.CloseOpen(ctx, p, env.settling(how.Settle), madeByRBAC...); err != nil {
		return err
	}
	if err := env.sayPlan(p); err != nil {
		return err
	}
	if !how.AutoApprove {
		if !env.interactive() {
			return usagef("nobody can be asked here whether to do this; --auto-approve answers it")
		}
		if err := env.confirm(ctx, strings.ToUpper(question[:1])+question[1:], false); err != nil {
			return err
		}
		if err := w.Unchanged(); err != nil {
			return hint(err, how.command)
		}
	}
	results, err := w.Apply(ctx, p, workspace.Run{
		Parallel: 1,
		Settle:   how.Settle,
		Each:     env.sayStep,
		Waiting:  env.sayWaiting(0, how.Settle),
	})
	out.Status = "applied"
	for _, r := range results {
		out.Steps = append(out.Steps, render.Done{
			ID:     r.ID,
			Kind:   r.Kind,
			Scope:  r.Scope,
			What:   render.StepWords(r.Step),
			Status: string(r.Status),
			Why:    r.Why,
		})
	}
	if failed := rbacOutcome(results, how); err == nil {
		err = failed
	}
	if err != nil {
		out.Status = "failed"
		var h *hinted
		if errors.As(err, &h) {
			switch h.code {
			case exitResumable:
				out.Status = "waiting"
			case exitPerson:
				out.Status = "pending"
			case exitCheckFailed:
				out.Status = "blocked"
			}
		}
	}
	return errors.Join(env.show(render.ApplyListing(out)), err)
}

// rbacOutcome is the error that a run ends with: what is blocked, what failed, what must be waited
// for, what is left for PowerShell.
func rbacOutcome(results []apply.StepResult, how rbacApplyOptions) error {
	for _, r := range results {
		if r.Blocked != nil {
			code := exitCheckFailed
			if r.Blocked.Check == "access-policies" {
				code = exitPermission
			}
			return &hinted{err: &blockedError{*r.Blocked}, hint: r.Blocked.Fix, code: code}
		}
	}
	var waiting, byHand error
	for _, r := range results {
		var slow *apply.NotSettled
		var pointer *apply.NoPointerError
		switch {
		case errors.As(r.Err, &slow):
			return &hinted{err: fmt.Errorf("%s: %w", r.ID, r.Err), hint: how.command + " again, later", code: exitResumable}
		case errors.As(r.Err, &pointer):
			return &hinted{
				err:  r.Err,
				hint: how.script + " --out narrow.ps1, run it in Exchange Online PowerShell, then " + how.command + " again",
				code: exitPerson,
			}
		case r.Err != nil:
			return hint(fmt.Errorf("%s: %w", r.ID, r.Err), how.command+" again does the rest")
		case r.Status == apply.StepPending && r.Action == string(doctor.Await):
			waiting = &hinted{err: errors.New(r.Why), hint: "run the same command again then", code: exitResumable}
		case r.Status == apply.StepByHand:
			byHand = &hinted{
				err:  errors.New("steps remain for Exchange Online PowerShell: " + render.StepWords(r.Step)),
				hint: how.script + " --out rest.ps1 writes them, zo365 rbac confirm --from FILE takes the result",
				code: exitPerson,
			}
		}
	}
	if waiting != nil {
		return waiting
	}
	return byHand
}
