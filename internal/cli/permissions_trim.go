package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

type trimOptions struct {
	Names   []string
	Yes     bool
	Lacking bool
	how     rbacApplyOptions
}

func newPermissionsTrimCmd(env *Env) *cobra.Command {
	var opts trimOptions
	cmd := &cobra.Command{
		Use:   "trim [NAME...]",
		Short: "Take away permissions of Zoom's application that you name",
		Long: `Take away exactly the permissions that you name, or tick when asked: what zo365 merely
infers to be too much is never taken. Names are those of the column TRIM NAME of
zo365 permissions list -o json: a permission of Microsoft Graph by its name, one of Office
365 Exchange Online as exchange:NAME, a role in Exchange as its name (with @SCOPE where it
has one), a delegated grant as delegated:NAME (which takes the whole grant).

It shows what is there before and after, refuses to take what the profiles need,
records each change, and zo365 undo takes it back (a delegated grant cannot be given back: people
consent again).`,
		Example: strings.TrimPrefix(`
  zo365 permissions trim
  zo365 permissions trim Mail.Read exchange:full_access_as_app --yes`, "\n"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Names = args
			return runTrim(cmd.Context(), env, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&opts.Lacking, "even-if-needed", false, "take away what the profiles need, too")
	cmd.Flags().DurationVar(&opts.how.Settle, "settle", settleLimit, "how long to wait until a change shows")
	return cmd
}

func runTrim(ctx context.Context, env *Env, opts trimOptions) error {
	if len(opts.Names) == 0 && !env.interactive() {
		return usagef("name what is to go, as zo365 permissions list -o json shows it")
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
	if err := w.Reload(); err != nil { // another run may have ended meanwhile
		return err
	}
	facts := append(slices.Clone(permissionFacts), tenant.FactDelegated)
	if err := w.SignIn(ctx, workspace.Look{Command: "permissions trim", Facts: facts}); err != nil {
		return err
	}
	if err := w.Input.Facts.Consents.Err; err != nil {
		return err
	}
	c := doctor.ZoomApplication(w.Input)
	if c.Principal == nil {
		return noApplication(c)
	}
	var steps []doctor.Step
	if len(opts.Names) == 0 {
		ticked, err := env.tick(ctx, w)
		if err != nil || len(ticked) == 0 {
			return err
		}
		for _, one := range ticked {
			opts.Names = append(opts.Names, doctor.TickName(one))
		}
		steps = doctor.Taken(w.Input, ticked)
	} else {
		var unknown []string
		if steps, unknown = doctor.Ticked(w.Input, opts.Names); len(unknown) > 0 {
			return hint(usagef("%s holds no %s", doctor.AppName(c.Consent), strings.Join(unknown, ", ")),
				"zo365 permissions list -o json shows the names, as trim_name")
		}
	}
	if lacking := doctor.Lacking(w.Input, steps); len(lacking) > 0 && !opts.Lacking {
		return &hinted{
			err:  fmt.Errorf("the integration needs %s, and would not have it any more", strings.Join(lacking, ", ")),
			hint: "disable the integration first: zo365 integration disable; or, if that is meant: --even-if-needed",
			code: exitCheckFailed,
		}
	}
	p := plan.ForSteps(plan.Trim, w.Input, w.Findings(), w.Portals(), steps)
	opts.how.AutoApprove = opts.Yes
	opts.how.command = "zo365 permissions trim " + shell.Words(opts.Names)
	opts.how.script = "zo365 rbac script"
	return env.carryOutRBAC(ctx, w, p, opts.how, "take these away?")
}

// tick asks of each permission in turn; what is needed is not offered, and a delegated grant, which
// goes whole, is asked for once with all that it holds.
func (env *Env) tick(ctx context.Context, w *workspace.Workspace) ([]doctor.Held, error) {
	var ticked []doctor.Held
	grants := map[string]bool{}
	for _, h := range doctor.Holdings(w.Input, false) {
		if h.Purpose != doctor.ForPeople {
			continue
		}
		for _, one := range h.All {
			if one.Need == doctor.Needed || one.Need == doctor.Missing || one.Delegated != nil && grants[one.Delegated.ID] {
				continue
			}
			what := doctor.TickName(one)
			if one.Delegated != nil {
				grants[one.Delegated.ID] = true
				what = "the delegated grant " + strings.Join(one.Delegated.Scopes, " ")
			}
			env.say("%s, for %s: %s (%s, %s: %s)", what, one.For, one.Allows, one.Need, one.Certainty, one.Why)
			answer, err := env.ask(ctx, "Take it away? y/N", "")
			if err != nil {
				return nil, err
			}
			if strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes") {
				ticked = append(ticked, one)
			}
		}
	}
	if len(ticked) == 0 {
		env.say("nothing was ticked; nothing was changed")
	}
	return ticked, nil
}
