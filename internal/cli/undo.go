package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

type undoOptions struct {
	ID     string
	Yes    bool
	Settle time.Duration
}

func newUndoCmd(env *Env) *cobra.Command {
	var opts undoOptions
	cmd := &cobra.Command{
		Use:   "undo ID",
		Short: "Take back one change that the journal knows",
		Long: `Take back the change of one entry of the journal, whose ID zo365 journal show lists,
and record that. The reverse is exactly what the entry says: the same tenant and Zoom
account, the same application, the same API and app role. These can be taken back: a
change of the tenant file (what inherited inherits again), permissions that were
granted or revoked, sign-in to Zoom's application, a group that zo365 made and that
has no members yet, a confirmation of portal steps, and a changed email or UPN. For
the others zo365 says what to do instead.

What somebody changed again since then is not touched.`,
		Example: "  zo365 journal show\n  zo365 undo 3f6c09a1b2d4",
		Args:    one("an entry of the journal, by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			return runUndo(cmd.Context(), env, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().DurationVar(&opts.Settle, "settle", 2*time.Minute, "how long to wait until a change shows")
	return cmd
}

func runUndo(ctx context.Context, env *Env, opts undoOptions) error {
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
	if err := w.CloseEdits(ctx); err != nil {
		return err
	}
	e, entries, err := entryOf(w.Journal(), opts.ID)
	if err != nil {
		return err
	}
	env.say(
		"%s, %s by %s, %s:\n  %s -> %s",
		e.At.UTC().Format(time.RFC3339),
		e.Action,
		e.Actor,
		e.Scope,
		words(e.Before),
		words(e.After),
	)
	if e.Action == journal.ProfileChanged {
		return undoEdit(ctx, env, w, opts, e, entries, release)
	}
	step, err := apply.Reverse(e, entries)
	if err != nil {
		return noWayBack(err)
	}
	if e.Action == journal.GrantsRevoked && workspace.NarrowedBy(entries, e) ||
		e.Action == journal.RoleRemoved && e.Role != nil && e.Role.Unlimited() {
		env.say("warning: this lets Zoom reach every mailbox again; zo365 rbac plan narrows it")
	}
	target := targetOf(e)
	if step.Action != string(doctor.WithdrawWord) { // which needs nobody
		if err := w.SignIn(ctx, workspace.Look{Command: "undo", Facts: doctor.ApplicationFacts}); err != nil {
			return err
		}
	}
	if w.Live {
		// An earlier run may have been ended before it could record that it did this.
		if err := w.CloseOpenOf(
			ctx,
			env.settling(opts.Settle),
			func(string) bool { return true },
			func(s plan.Step) bool { return s.ID == step.ID },
		); err != nil {
			return err
		}
		if err := w.Reread(); err != nil {
			return err
		}
		if _, entries, err = entryOf(w.Journal(), opts.ID); err != nil {
			return err
		}
		if step, err = apply.Reverse(e, entries); err != nil {
			return noWayBack(err)
		}
	}
	p := plan.Of(plan.Undo, target, step)
	if err := w.MayWrite(ctx, p); err != nil {
		return hint(err, otherTarget)
	}
	if err := w.Stands(step, entries, tokenLife); err != nil {
		return noWayBack(err)
	}
	if err := env.sayPlan(p); err != nil {
		return err
	}
	if err := env.confirm(ctx, "Take this back?", opts.Yes); err != nil {
		return err
	}
	results, err := w.Apply(ctx, p, workspace.Run{
		Parallel: 1,
		Settle:   opts.Settle,
		Each:     env.sayStep,
		Waiting:  env.sayWaiting(0, opts.Settle),
	})
	if err != nil {
		return err
	}
	if err := failure(results); err != nil {
		return noWayBack(err)
	}
	if len(results) == 1 && results[0].Status == apply.StepAlready {
		env.say("nothing was changed: it is as it was before the entry already")
		none := render.JournalListing([]render.JournalEntry{})
		none.Empty = "Nothing was changed."
		return env.show(none)
	}
	return env.showLast(w.Journal())
}

// otherTarget is the way out where an entry belongs to another target.
const otherTarget = "sign in to the target of the entry, or name its tenant file with --config"

// targetOf is the target of an entry; an older version wrote the tenant alone.
func targetOf(e journal.Entry) tenant.Target {
	if e.Target != nil {
		return *e.Target
	}
	return tenant.Target{Tenant: e.Tenant}
}

// takenBack says that an entry was taken back already.
func takenBack(e journal.Entry, all []journal.Entry) error {
	for _, other := range all {
		if other.Undoes == e.ID {
			return &apply.NoWayBack{Why: "entry " + e.ID + " was taken back already, by " + other.ID}
		}
	}
	return nil
}

// entryOf finds an entry by the beginning of its ID.
func entryOf(file, id string) (journal.Entry, []journal.Entry, error) {
	entries, _, err := journal.Read(file)
	if err != nil {
		return journal.Entry{}, nil, err
	}
	var found []journal.Entry
	for _, e := range entries {
		if strings.HasPrefix(e.ID, strings.ToLower(id)) {
			found = append(found, e)
		}
	}
	switch {
	case id == "" || len(found) == 0:
		return journal.Entry{}, nil, hint(fmt.Errorf("the journal has no entry %q", id), "zo365 journal show")
	case len(found) > 1:
		return journal.Entry{}, nil, hint(fmt.Errorf("%d entries begin with %q", len(found), id), "write more of it")
	}
	return found[0], entries, nil
}

// noWayBack adds what to do instead.
func noWayBack(err error) error {
	var none *apply.NoWayBack
	if errors.As(err, &none) && none.Next != "" {
		return hint(none, none.Next)
	}
	return err
}

func words(value json.RawMessage) string {
	if len(value) == 0 {
		return "-"
	}
	return string(value)
}

// undoEdit takes a change of the tenant file back.
func undoEdit(
	ctx context.Context,
	env *Env,
	w *workspace.Workspace,
	opts undoOptions,
	e journal.Entry,
	entries []journal.Entry,
	release func(),
) error {
	if err := takenBack(e, entries); err != nil {
		return err
	}
	if err := w.SameTarget(ctx, targetOf(e)); err != nil {
		return hint(err, otherTarget)
	}
	if e.Scope != workspace.ScopeMicrosoft {
		release() // the change of the file takes its own turn
		return undoProfile(ctx, env, w, opts, e)
	}
	if err := env.confirm(ctx, "Take this back?", opts.Yes); err != nil {
		return err
	}
	if err := w.ReverseMicrosoft(ctx, e); err != nil {
		return hint(err, "zo365 facts")
	}
	return env.showLast(w.Journal())
}

// undoProfile gives a scope the settings back that it had, if nobody changed them
// since.
func undoProfile(ctx context.Context, env *Env, w *workspace.Workspace, opts undoOptions, e journal.Entry) error {
	change, err := w.ReverseEdit(e)
	var since *workspace.ChangedSinceError
	if errors.As(err, &since) {
		return hint(err, "zo365 integration status")
	}
	if err != nil {
		return err
	}
	out, err := env.change(ctx, profileChange{Change: change, Yes: opts.Yes, Question: "Take this back?"})
	if err != nil {
		return settingError(err)
	}
	return env.show(render.ChangeListing(out))
}

// showLast shows what was just recorded.
func (env *Env) showLast(file string) error {
	entries, _, err := journal.Read(file)
	if err != nil {
		return err
	}
	last := slices.DeleteFunc(entriesOf(entries), func(e render.JournalEntry) bool { return e.Undoes == "" })
	return env.show(render.JournalListing(last[max(0, len(last)-1):]))
}
