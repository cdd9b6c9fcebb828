package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/workspace"
)

// applyFixes makes the changes of a list.
func applyFixes(ctx context.Context, env *Env, opts upnFixOptions) error {
	list, err := apply.Read(opts.Apply)
	if errors.Is(err, os.ErrNotExist) {
		return hint(err, "make one: zo365 upn fix --plan "+opts.Apply)
	}
	if err != nil {
		return err
	}
	if !list.NamesTarget() {
		return hint(
			fmt.Errorf("%s does not say whose people they are: nobody was signed in when it was made", opts.Apply),
			"make it again beside the tenant file, or signed in: zo365 upn fix --plan "+shell.Word(opts.Apply),
		)
	}
	if len(list.Fixes) > opts.MaxChanges {
		return hint(
			fmt.Errorf(
				"%s has %d changes, more than --max-changes %d; nothing was changed",
				opts.Apply,
				len(list.Fixes),
				opts.MaxChanges,
			),
			fmt.Sprintf("if that many are meant: zo365 upn fix --apply %s --max-changes %d", opts.Apply, len(list.Fixes)),
		)
	}
	w, release, err := fixWorkspace(ctx, env, opts, list)
	if err != nil {
		return err
	}
	defer release()
	p := plan.Of(plan.People, list.Header.Target, apply.Peoples(list.Fixes)...)
	if err := w.MayWrite(ctx, p); err != nil {
		if errors.As(err, new(*plan.WrongTargetError)) {
			return hint(err, "sign in to the target of the list, or make the list again")
		}
		return err
	}
	if opts.Yes {
		if err := w.CloseOpenPeople(ctx, p, env.settling(settleLimit)); err != nil {
			return err
		}
	}
	people, finish, err := peopleOf(ctx, w, opts, list)
	if err != nil {
		return err
	}
	results, err := w.Apply(ctx, p, workspace.Run{
		Parallel: 1,
		Settle:   settleLimit,
		Each:     func(apply.StepResult) {},
		Waiting:  env.sayWaiting(0, settleLimit),
		People:   people,
	})
	stopped := errors.Join(err, finish())
	outcomes := map[string]int{}
	shown := render.Applied{DryRun: people.Dry, Changes: []render.AppliedChange{}}
	for _, r := range results {
		if r.Person == nil || r.Status == apply.StepLeft || r.Status == "" || r.Err != nil && stopped != nil {
			continue // it did not come to it
		}
		c := render.AppliedChange{
			Kind:    string(r.Person.Kind),
			From:    r.Person.From,
			To:      r.Person.To,
			Outcome: outcomeWord(r.Status),
			Why:     r.Why,
		}
		outcomes[c.Outcome]++
		shown.Changes = append(shown.Changes, c)
	}
	if stopped != nil && len(shown.Changes) == 0 {
		return stopped // before the first: there is nothing to show, and nothing to go on with
	}
	if err := env.show(render.AppliedListing(shown)); err != nil {
		return err
	}
	return env.sayApplied(opts, len(shown.Changes), outcomes, stopped)
}

// outcomeWord is the word of the JSON for what became of a change.
func outcomeWord(s apply.Status) string {
	if s == apply.StepFailed {
		return "refused"
	}
	return string(s)
}

func (env *Env) sayApplied(opts upnFixOptions, all int, count map[string]int, stopped error) error {
	back := "the way back of what was done: zo365 upn fix --apply " + shell.Word(opts.Apply+".undo")
	if stopped != nil {
		env.say("changes made before this happened: %d; run the same command to go on", count["done"])
		if code, _ := judge(stopped); code == exitInterrupted {
			return stopped
		}
		return &hinted{err: stopped, code: exitResumable, hint: back}
	}
	said := fmt.Sprintf(
		"already there: %d, refused: %d, to be made by hand: %d",
		count["already"],
		count["refused"],
		count["by hand"],
	)
	if !opts.Yes {
		env.say("nothing was changed; would be done: %d, %s", count["would do"], said)
		if count["would do"] > 0 {
			env.say("to do it: zo365 upn fix --apply %s --yes", shell.Word(opts.Apply))
		}
		return nil
	}
	env.say("done: %d, %s", count["done"], said)
	switch {
	case count["refused"] > 0:
		return hint(
			fmt.Errorf("refused: %d of %d changes", count["refused"], all),
			"the list above says why; after mending it, run the same command",
		)
	case count["by hand"] > 0:
		return &hinted{
			err:  fmt.Errorf("changes that a person must make on premises: %d", count["by hand"]),
			code: exitPerson,
			hint: "run the PowerShell above, or the file that --plan wrote, where the ActiveDirectory module is",
		}
	}
	return nil
}

// fixWorkspace signs in to the services that the changes need.
func fixWorkspace(
	ctx context.Context,
	env *Env,
	opts upnFixOptions,
	list apply.List,
) (*workspace.Workspace, func(), error) {
	nothing := func() {}
	w, err := env.workspace(true)
	if err != nil {
		return nil, nothing, err
	}
	w.RecordBeside(opts.Apply)
	release := nothing
	if opts.Yes {
		if release, err = workspace.Alone(ctx, cmp.Or(w.Path, w.Journal()), env.say); err != nil {
			return nil, nothing, err
		}
	}
	needs := func(kind upn.FixKind) bool {
		return slices.ContainsFunc(list.Fixes, func(f upn.Fix) bool { return f.Kind == kind })
	}
	if needs(upn.EntraUPN) || list.Header.Target.Tenant != "" && needs(upn.ZoomEmail) {
		err = w.SignInMicrosoft(ctx, "upn fix")
		if err != nil && !needs(upn.EntraUPN) && mayLater(err) {
			err = nil // the list changes Zoom alone
		}
	}
	if err == nil && (needs(upn.ZoomEmail) || list.Header.Target.ZoomAccount != "" && needs(upn.EntraUPN)) {
		err = w.SignInZoom(ctx)
		if err != nil && !needs(upn.ZoomEmail) && mayLater(err) {
			err = nil
		}
	}
	if err == nil {
		err = w.Reread()
	}
	if err != nil {
		release()
		return nil, nothing, err
	}
	return w, release, nil
}

// peopleOf are the rules and memories that changes of addresses need, and the file that
// their way back is written to. finish closes it.
func peopleOf(
	ctx context.Context,
	w *workspace.Workspace,
	opts upnFixOptions,
	list apply.List,
) (apply.People, func() error, error) {
	people := apply.People{Dry: !opts.Yes, Fingerprint: list.Fingerprint, Back: list.Header.Undoes != ""}
	finish := func() error { return nil }
	if w.Pair.Zoom != nil {
		managed, err := managedDomains(ctx, w)
		if err != nil {
			return people, finish, err
		}
		people.ManagedDomains = managed
	}
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return people, finish, err
	}
	people.Recent = apply.RecentEmailChanges(entries, time.Now())
	if people.Dry {
		return people, finish, nil
	}
	undo, err := apply.OpenUndo(opts.Apply, list)
	if err != nil {
		return people, finish, hint(err, "it is the way back of another run: keep it, and give this list another name")
	}
	people.Before = undo.Add
	return people, undo.Close, nil
}
