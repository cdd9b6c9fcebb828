package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/workspace"
)

// tokenLife is how long Zoom's tokens may hold permissions as they were: 60 to 90 minutes.
//
// https://learn.microsoft.com/entra/identity-platform/access-tokens
const tokenLife = 90 * time.Minute

func newRBACUndoCmd(env *Env) *cobra.Command {
	var how rbacApplyOptions
	var wait workspace.UndoWait
	rooms := false
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Take back what zo365 rbac apply narrowed",
		Long: `Take a scope back in the safe order: first the grants in Entra that rbac apply took
away are given again (from then on Zoom reaches every mailbox, as before), then, once
Zoom's tokens hold them, the roles and scopes that it made are removed.`,
		Example: "  zo365 rbac undo\n  zo365 rbac undo --auto-approve",
		Args:    flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRBACUndo(cmd.Context(), env, how, wait, rooms)
		},
	}
	how.flags(cmd)
	cmd.Flags().BoolVar(&rooms, "rooms", false, "of Zoom's applications for conference rooms")
	cmd.Flags().BoolVar(
		&wait.Wider,
		"allow-wider",
		false,
		"give grants back although the access policy that limited them is gone",
	)
	cmd.Flags().DurationVar(&wait.Tokens, "token-wait", tokenLife, "how long tokens may hold the old permissions")
	cmd.Flags().DurationVar(
		&wait.Cache,
		"cache-wait",
		doctor.CacheLimit,
		"how long Exchange may go by its roles as they were, where a wide role is given back",
	)
	return cmd
}

func runRBACUndo(ctx context.Context, env *Env, how rbacApplyOptions, wait workspace.UndoWait, rooms bool) error {
	if err := errors.Join(checkWait("--token-wait", wait.Tokens), checkWait("--cache-wait", wait.Cache)); err != nil {
		return err
	}
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return err
	}
	defer release()
	if err := w.Reload(); err != nil {
		return err
	}
	if err := w.SignIn(ctx, workspace.Look{Command: "rbac undo", Facts: permissionFacts}); err != nil {
		return err
	}
	steps, err := w.ReverseNarrowing(wait, rooms)
	if err != nil {
		return noWayBack(err)
	}
	p := plan.Of(plan.Undo, w.Input.Target, steps...)
	if !p.Empty() &&
		slices.ContainsFunc(steps, func(s plan.Step) bool { return s.Action == string(doctor.GrantPermission) }) {
		env.say("warning: Zoom will reach every mailbox again by the permissions that are given back")
	}
	how.command = "zo365 rbac undo"
	if rooms {
		how.command += " --rooms"
	}
	how.script = how.command
	if err := env.carryOutRBAC(ctx, w, p, how, "take this back?"); err != nil {
		return err
	}
	return env.baseline(ctx, w, p)
}
