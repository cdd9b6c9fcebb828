package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

func newRBACCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "Narrow Zoom to some mailboxes (RBAC for Applications in Exchange Online)",
		Long: `Narrow Zoom's application to the mailboxes that the profiles' mailbox_scope names: a
group in Entra (its direct members), an administrative unit, or a recipient filter.

A grant in Entra reaches every mailbox, and a role in Exchange adds to it. So zo365 first
gives Zoom the same permissions as roles within the scope, looks whether they
reach everybody in it, waits for Exchange's cache (30 minutes to 2 hours), and only then
takes the grants in Entra away. Calendars go on working throughout, and at no step does
Zoom reach a mailbox that it did not reach before.

A consent that is given again brings the grants back: zo365 doctor and
zo365 plan --drift say so, and zo365 rbac apply narrows them again.

Conference rooms are read by other applications of Zoom: with --rooms all of this is about
one of them, and the wanted scope is the tenant file's rooms: {mailbox_scope: ...}.`,
	}
	cmd.AddCommand(
		newRBACShowCmd(env),
		newRBACPlanCmd(env),
		newRBACApplyCmd(env),
		newRBACScriptCmd(env),
		newRBACConfirmCmd(env),
		newRBACUndoCmd(env),
	)
	return cmd
}

type rbacOptions struct {
	Wider   bool
	Cache   time.Duration
	Unknown unknownOptions
	Rooms   bool
	App     string
	// Test are mailboxes that must be in scope; script says that a script tests them.
	Test   []string
	script bool
}

func (o *rbacOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Wider, "allow-wider", false, "let Zoom reach mailboxes of the scope that it does not reach now")
	cmd.Flags().DurationVar(
		&o.Cache,
		"cache-wait",
		doctor.CacheLimit,
		"how long Exchange may go by its roles as they were",
	)
	roomsFlags(cmd, &o.Rooms, &o.App)
	cmd.Flags().StringSliceVar(
		&o.Test,
		"test",
		nil,
		"UPN of a mailbox that must be in scope, where a recipient filter names the scope; may be repeated",
	)
	o.Unknown.allowFlag(cmd)
}

func roomsFlags(cmd *cobra.Command, rooms *bool, app *string) {
	cmd.Flags().BoolVar(
		rooms,
		"rooms",
		false,
		"Zoom's application for conference rooms, by the file's rooms: mailbox_scope",
	)
	cmd.Flags().StringVar(app, "application", "", "ID of the application for rooms, where the tenant has two")
}

func (o rbacOptions) narrow(named []tenant.MailboxOwner) doctor.NarrowOptions {
	return doctor.NarrowOptions{
		Wider:  o.Wider,
		Cache:  o.Cache,
		Named:  named,
		Script: o.script,
	}
}

// owners are the mailboxes that somebody named.
func (o rbacOptions) owners(ctx context.Context, w *workspace.Workspace) ([]tenant.MailboxOwner, error) {
	var all []tenant.MailboxOwner
	if o.script { // which tests them itself
		return nil, nil
	}
	for _, upn := range o.Test {
		owner, err := w.Pair.Graph.MailboxOwner(ctx, upn)
		if err != nil {
			return nil, err
		}
		if owner == nil {
			return nil, hint(fmt.Errorf("--test: the tenant has nobody with the UPN %s", upn), "zo365 upn find NAME")
		}
		all = append(all, *owner)
	}
	return all, nil
}

// narrowing signs in and makes the way.
func (env *Env) narrowing(
	ctx context.Context,
	w *workspace.Workspace,
	command string,
	opts rbacOptions,
) (doctor.Narrowing, plan.Plan, error) {
	if err := errors.Join(opts.Unknown.check(), checkWait("--cache-wait", opts.Cache)); err != nil {
		return doctor.Narrowing{}, plan.Plan{}, err
	}
	w.Input.Allowed = opts.Unknown.Allowed
	if err := w.SignIn(ctx, workspace.Look{Command: command, Facts: permissionFacts}); err != nil {
		return doctor.Narrowing{}, plan.Plan{}, err
	}
	if opts.App != "" && !opts.Rooms {
		return doctor.Narrowing{}, plan.Plan{}, usagef("--application chooses one of the applications for rooms: add --rooms")
	}
	if opts.Rooms {
		about, problem, fix := doctor.AboutRooms(w.Input, opts.App)
		if problem != "" {
			return doctor.Narrowing{Problem: problem, Fix: fix}, plan.Plan{}, nil
		}
		w.Input = about
	}
	named, err := opts.owners(ctx, w)
	if err != nil {
		return doctor.Narrowing{}, plan.Plan{}, err
	}
	n := doctor.Narrow(w.Input, opts.narrow(named))
	return n, plan.ForSteps(plan.Narrow, w.Input, w.Findings(), w.Portals(), n.Steps), nil
}

// checkWait refuses a wait that is none.
func checkWait(flag string, wait time.Duration) error {
	if wait < 0 {
		return usagef("%s: %s is less than nothing", flag, wait)
	}
	return nil
}

// problem is why there is no way; nil where there is one.
func problemOf(w *workspace.Workspace, n doctor.Narrowing) error {
	if n.Problem == "" {
		return nil
	}
	code := exitCheckFailed
	f := w.Input.Facts
	for _, err := range []error{f.Consents.Err, f.Exchange.Err, f.Scopes.Err} {
		if err != nil {
			code = exitPermission
		}
	}
	return &hinted{err: errors.New(n.Problem), hint: n.Fix, code: code}
}

func newRBACPlanCmd(env *Env) *cobra.Command {
	var opts rbacOptions
	detailed := false
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would narrow Zoom to the mailboxes of the profiles",
		Long: `Show the steps that zo365 rbac apply takes, in their order. Nothing is changed.

Steps that might let Zoom reach a mailbox that it does not reach now, or that might take
one away that a profile wants, are blocked, with the reason.`,
		Example:     "  zo365 rbac plan\n  zo365 rbac plan -o json\n  zo365 rbac plan --detailed-exitcode",
		Args:        flagsOnly,
		Annotations: map[string]string{moreOutputs: "markdown"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRBACPlan(cmd.Context(), env, opts, detailed)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to do")
	return cmd
}

func runRBACPlan(ctx context.Context, env *Env, opts rbacOptions, detailed bool) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	n, p, err := env.narrowing(ctx, w, "rbac plan", opts)
	if err != nil {
		return err
	}
	env.sayOpen(n)
	env.sayExcess(w, n)
	if err := problemOf(w, n); err != nil {
		return err
	}
	if err := env.show(render.PlanListing(p)); err != nil {
		return err
	}
	if detailed && !p.Empty() {
		return errDiffers
	}
	return nil
}

// sayExcess names what the steps would keep, within the scope, and the integration does not need.
func (env *Env) sayExcess(w *workspace.Workspace, n doctor.Narrowing) {
	if w.Input.About != "" || len(n.Steps) == 0 {
		return
	}
	for _, h := range doctor.Holdings(w.Input, false) {
		for _, one := range h.All {
			if h.Purpose == doctor.ForPeople && one.Need == doctor.Excess && one.Mailboxes && one.Kind == doctor.AsApplication {
				env.say("note: the integration does not need %s; take it away first: zo365 permissions trim %s",
					one.Name, shell.Word(doctor.TickName(one)))
			}
		}
	}
}

// sayOpen says what the steps do not mend.
func (env *Env) sayOpen(n doctor.Narrowing) {
	for _, one := range n.Open {
		env.say("note: %s", one)
	}
}

// roomsFlags are those that name the same application again.
func (o rbacOptions) roomsFlags() string {
	flags := ""
	if o.Rooms {
		flags = " --rooms"
	}
	if o.App != "" {
		flags += " --application " + shell.Word(o.App)
	}
	return flags
}
