package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/export"
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

func newRBACShowCmd(env *Env) *cobra.Command {
	var opts rbacOptions
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show which mailboxes Zoom is narrowed to, and what is still to do",
		Long: `Show what the profiles want, which grants and roles Zoom's application holds, who is in
the scopes, when the roles were tested and until when Exchange's cache has to be waited
for, and what somebody read in Exchange Online PowerShell. Nothing is changed.`,
		Example: "  zo365 rbac show\n  zo365 rbac show -o json",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACShow(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	return cmd
}

func runRBACShow(ctx context.Context, env *Env, opts rbacOptions) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	n, p, err := env.narrowing(ctx, w, "rbac show", opts)
	if err != nil {
		return err
	}
	return env.show(render.NarrowingListing(narrowingShown(w, n, p, opts)))
}

func narrowingShown(w *workspace.Workspace, n doctor.Narrowing, p plan.Plan, opts rbacOptions) render.Narrowing {
	in := w.Input
	c := doctor.ZoomApplication(in)
	if opts.Rooms && in.About == "" { // none was chosen
		c = doctor.Choice{}
	}
	out := render.Narrowing{
		State:    "narrowed",
		Wanted:   []render.WantedScope{},
		Grants:   []string{},
		Roles:    []string{},
		Policies: []string{},
		Open:     append([]string{}, n.Open...),
		Problem:  n.Problem,
		Next:     n.Fix,
	}
	for i, m := range n.Wanted.Scopes {
		one := render.WantedScope{Scope: m.String()}
		if i < len(n.Members) && n.Members[i] != nil {
			people := len(n.Members[i].People)
			one.Mailboxes, one.Nested = &people, append([]string{}, n.Members[i].Groups...)
		}
		out.Wanted = append(out.Wanted, one)
	}
	if c.Principal != nil {
		out.Application, out.AppID = c.Principal.DisplayName, c.Principal.AppID
		for _, g := range c.Grants {
			if g.Permission.ReachesMailboxes() {
				out.Grants = append(out.Grants, g.Permission.Label())
			}
		}
		app := doctor.ReachOf(in, c.Consent)
		for _, r := range app.Roles {
			out.Roles = append(out.Roles, doctor.RoleLabel(in, r))
		}
		out.PoliciesKnown = app.PoliciesUnseen == "" && in.Record.Exchange != nil
		for _, p := range app.Policies {
			if p.For(c.Principal.AppID) {
				out.Policies = append(out.Policies, p.Right+" "+p.Group)
			}
		}
		if since, ok := in.Record.Tested[doctor.Fingerprint(app.Roles)]; ok {
			until := since.Add(opts.Cache)
			out.TestedAt, out.CacheUntil = &since, &until
		}
	}
	if e := in.Record.Exchange; e != nil {
		out.ReadBy, out.ReadAt = e.By, &e.At
	}
	blocked := p.Blocked()
	switch {
	case len(n.Wanted.Scopes) == 0:
		out.State = "not wanted"
	case n.Problem != "":
		out.State = "not possible"
	case blocked != nil:
		out.State, out.Problem, out.Next = "blocked", blocked.Why, blocked.Fix
	case out.CacheUntil != nil && takes(n) && time.Now().Before(*out.CacheUntil):
		out.State, out.Next = "waiting", "zo365 rbac apply"+opts.roomsFlags()+" after "+out.CacheUntil.UTC().Format(
			time.RFC3339,
		)
	case len(n.Wide) > 0:
		out.State, out.Problem, out.Next = "wider", strings.Join(n.Wide, "; "), "zo365 permissions list"
	case !p.Empty():
		out.State, out.Next = "to do", "zo365 rbac plan"+opts.roomsFlags()
	}
	return out
}

type rbacScriptOptions struct {
	rbac      rbacOptions
	Inventory bool
	Out       string
}

func newRBACScriptCmd(env *Env) *cobra.Command {
	var opts rbacScriptOptions
	cmd := &cobra.Command{
		Use:   "script",
		Short: "Write the plan as a script for Exchange Online PowerShell",
		Long: `Write the plan as a PowerShell script, for those who want to read it and run it
themselves, and for what no API can do: making Exchange know the application
(New-ServicePrincipal), and reading and removing application access policies. It can be
run again, knows -WhatIf, refuses another tenant, and tests mailboxes in and out of scope
at its end. Its result is a JSON file that zo365 rbac confirm takes as evidence.

--inventory writes a script that only reads.`,
		Example: strings.TrimPrefix(`
  zo365 rbac script --inventory --out inventory.ps1
  zo365 rbac script --out narrow.ps1`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRBACScript(cmd.Context(), env, opts) },
	}
	opts.rbac.flags(cmd)
	cmd.Flags().BoolVar(
		&opts.Inventory,
		"inventory",
		false,
		"read only: roles, scopes, access policies, the setting for EWS",
	)
	cmd.Flags().StringVar(&opts.Out, "out", "", "write to this file instead of standard output")
	return cmd
}

func runRBACScript(ctx context.Context, env *Env, opts rbacScriptOptions) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	opts.rbac.script = true
	n, p, err := env.narrowing(ctx, w, "rbac script", opts.rbac)
	if err != nil {
		return err
	}
	if opts.rbac.Rooms && w.Input.About == "" { // none was chosen
		return problemOf(w, n)
	}
	c := doctor.ZoomApplication(w.Input)
	switch {
	case c.Principal == nil:
		return noApplication(c)
	case w.Basis["microsoft"] != tenant.HalfSeen:
		return errors.New("the tenant was not seen, so that no script can be made for it")
	}
	s := render.Script{
		Plan:      p,
		App:       c.Application(),
		Name:      c.Principal.DisplayName,
		Inventory: opts.Inventory,
	}
	s.Plan.Target = w.Input.Target
	if !opts.Inventory {
		env.sayOpen(n)
		if err := problemOf(w, n); err != nil {
			return err
		}
		if b := p.Blocked(); b != nil {
			return hint(&blockedError{*b}, b.Fix)
		}
		s.In, s.Out = samples(w, n, opts.rbac.Test)
		if len(s.In) == 0 && takes(n) {
			s.Plan = s.Plan.Without(slices.DeleteFunc(slices.Clone(s.Plan.Steps), func(one plan.Step) bool {
				taking := []doctor.Action{doctor.RevokePermission, doctor.RemoveRole, doctor.RemovePolicy}
				return !slices.Contains(taking, doctor.Action(one.Action))
			}))
			env.say("note: the script removes nothing, since it tests no mailbox in scope; name one with --test UPN")
		}
		if len(s.Out) == 0 && len(s.In) > 0 {
			env.say("note: the script tests no mailbox that is out of scope; name one with --test UPN")
		}
	}
	text, err := s.PowerShell()
	if err != nil {
		return err
	}
	if opts.Out == "" {
		_, err := env.Out.Write(text)
		return err
	}
	if !strings.EqualFold(filepath.Ext(opts.Out), ".ps1") {
		return usagef("--out %s: name a file that ends in .ps1", opts.Out)
	}
	if err := atomicfile.Write(opts.Out, text, 0o600); err != nil {
		return err
	}
	env.say(
		"saved as %s; run it in Exchange Online PowerShell, then: zo365 rbac confirm --from zo365-exchange-result.json",
		opts.Out,
	)
	return nil
}

// samples are a few mailboxes in scope and those out of it that are known, to test; named are
// those that somebody named.
func samples(w *workspace.Workspace, n doctor.Narrowing, named []string) (in, out []string) {
	const most = 5
	inScope := map[string]bool{}
	for _, m := range n.Members {
		if m == nil {
			return named, nil // whom a filter matches is for Exchange to say
		}
		for _, p := range m.People {
			inScope[strings.ToLower(p.UPN)] = true
			if len(in) < most {
				in = append(in, p.UPN)
			}
		}
	}
	if me := w.Input.Facts.Me; me.Seen() && me.Value.UPN != "" {
		named = append(slices.Clone(named), me.Value.UPN)
	}
	for _, upn := range distinct(named) {
		switch {
		case !inScope[strings.ToLower(upn)]:
			out = append(out, upn)
		case !slices.ContainsFunc(in, func(one string) bool { return strings.EqualFold(one, upn) }):
			in = append(in, upn)
		}
	}
	return in, out
}

type rbacConfirmOptions struct {
	From, By string
}

func newRBACConfirmCmd(env *Env) *cobra.Command {
	var opts rbacConfirmOptions
	cmd := &cobra.Command{
		Use:   "confirm",
		Short: "Take the result of a script as evidence",
		Long: `Read the result of a script of zo365 rbac script and keep it in the journal, with who
handed it over and when the script ran: roles and scopes, access policies (which no API
shows), tests of mailboxes, and the organization's setting for Exchange Web Services.`,
		Example: "  zo365 rbac confirm --from zo365-exchange-result.json --by admin@contoso.com",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACConfirm(cmd.Context(), env, opts) },
	}
	cmd.Flags().StringVar(&opts.From, "from", "", "the result (- is standard input)")
	cmd.Flags().StringVar(&opts.By, "by", "", "UPN of who ran the script; default: who runs zo365")
	return cmd
}

func runRBACConfirm(ctx context.Context, env *Env, opts rbacConfirmOptions) error {
	if opts.From == "" {
		return usagef("name the result with --from FILE")
	}
	text, err := env.readInput(opts.From)
	if err != nil {
		return fmt.Errorf("reading the result: %w", err)
	}
	e, tenantID, err := export.ExchangeResult(text)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", opts.From, err), "zo365 rbac script --inventory writes the script that makes it")
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
	if err := w.SameTarget(ctx, tenant.Target{Tenant: tenantID}); err != nil {
		return hint(err, otherTarget)
	}
	if e.At.After(time.Now().Add(time.Hour)) {
		return fmt.Errorf("%s: at: %s is in the future", opts.From, e.At.Format(time.RFC3339))
	}
	if old := w.State.Exchange; old != nil && old.At.After(e.At) {
		return hint(fmt.Errorf("%s is of %s, and the journal knows a newer one of %s",
			opts.From, e.At.Format(time.RFC3339), old.At.Format(time.RFC3339)), "run the script again")
	}
	e.By = opts.By
	if e.By == "" {
		e.By = env.actor()
	}
	entry, err := apply.EvidenceEntry(e)
	if err != nil {
		return err
	}
	if err := w.Recorder().Entry(ctx, entry); err != nil {
		return err
	}
	env.say("recorded; next: zo365 rbac show")
	return env.show(render.EvidenceListing(e))
}

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
