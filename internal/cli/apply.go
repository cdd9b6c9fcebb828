package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

type applyOptions struct {
	Facts       factsOptions
	Fleet       fleetOptions
	Unknown     unknownOptions
	Plan        string
	AutoApprove bool
	AllowRevoke bool
	NoPortal    bool
	By          string
	NoBrowser   bool
	Steps       int
	Timeout     time.Duration
	Settle      time.Duration
}

func newApplyCmd(env *Env) *cobra.Command {
	var opts applyOptions
	cmd := &cobra.Command{
		Use:   "apply [PLAN.json | FILE...]",
		Short: "Do what the plan says",
		Long: `Make a plan, show it, ask, and do it; or do exactly a plan that zo365 plan --out
saved, if nothing that it rests on has moved since.

Steps that do not depend on each other are done at the same time. A step that fails
leaves those behind it; the others go on. After a change in Entra zo365 reads until
the change shows. Every step stands in the journal before the next begins, so that a
run that was killed is simply run again.

For what only a person can do, zo365 opens each page, lists the controls, takes the
person's word and looks for evidence: a step is then "confirmed" (a word), "evidenced"
(seen) or "pending". --no-portal, and a pipeline, leave these steps pending; zo365
portal checklist makes a list for a ticket. Steps that cannot succeed, because a check
fails without which Zoom or Entra refuses them, are "blocked" and not begun.

When nothing is left, what is there is recorded as the state that zo365 plan --drift
measures against.

Under CI=true nothing is ever asked: --auto-approve says yes to the plan, but takes
no permission away; that also takes --allow-revoke.

Exit codes: 0 nothing remains; 3 steps are blocked by a failing check; 5 a check that
blocks steps could not look (--allow-unknown accepts it); 7 a person's steps remain;
6 a change does not show yet; otherwise the code of the first failure.`,
		Example: strings.TrimPrefix(`
  zo365 apply
  zo365 plan --out plan.json && zo365 apply plan.json --auto-approve
  zo365 apply --auto-approve --no-portal -o json
  zo365 apply -f 'tenants/*.yaml' --auto-approve --log-dir logs`, "\n"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.arguments(args); err != nil {
				return err
			}
			return runApply(cmd.Context(), env, opts)
		},
	}
	opts.Fleet.flags(cmd)
	f := cmd.Flags()
	f.BoolVarP(&opts.AutoApprove, "auto-approve", "y", false, "do not ask whether to do the plan")
	f.BoolVar(
		&opts.AllowRevoke,
		"allow-revoke",
		false,
		"with --auto-approve: also take away the permissions that the plan lists",
	)
	f.BoolVar(&opts.NoPortal, "no-portal", false, "leave what only a person can do pending")
	f.StringVar(
		&opts.By,
		"by",
		"",
		"UPN of who does the portal steps as listed: their word is taken without a question, once the evidence is seen",
	)
	f.BoolVar(&opts.NoBrowser, "no-browser", false, "print the portals' addresses instead of opening them")
	f.IntVar(&opts.Steps, "step-parallel", 4, "how many steps of one tenant at the same time")
	f.DurationVar(&opts.Timeout, "timeout", 10*time.Minute, "how long to look for the evidence of a portal step")
	f.DurationVar(&opts.Settle, "settle", 2*time.Minute, "how long to wait until a change shows")
	opts.Facts.emailFlag(cmd)
	opts.Unknown.allowFlag(cmd)
	return cmd
}

// arguments are a saved plan, or tenant files.
func (o *applyOptions) arguments(args []string) error {
	for _, a := range args {
		switch {
		case !strings.EqualFold(filepath.Ext(a), ".json"):
			o.Fleet.Files = append(o.Fleet.Files, a)
		case o.Plan != "":
			return usagef("one saved plan at a time: %s or %s", o.Plan, a)
		default:
			o.Plan = a
		}
	}
	return nil
}

func runApply(ctx context.Context, env *Env, opts applyOptions) error {
	if err := opts.Unknown.check(); err != nil {
		return err
	}
	files, err := opts.Fleet.several(env)
	switch {
	case err != nil:
		return err
	case files != nil && opts.Plan != "":
		return usagef("a saved plan is for one tenant; name one tenant file beside it, or none")
	case files != nil && !opts.AutoApprove:
		return usagef("a fleet is applied without questions; --auto-approve says that this is meant")
	case files != nil:
		return env.fleet(ctx, opts.Fleet, files, func(ctx context.Context, env *Env) (fleetResult, error) {
			out, err := applyOne(ctx, env, opts)
			return fleetResult{Words: applyWords(out), Full: out}, err
		})
	}
	env = opts.Fleet.only(env)
	out, err := applyOne(ctx, env, opts)
	if out.Status == "" { // it did not come to doing anything
		return err
	}
	if shown := env.show(render.ApplyListing(out)); shown != nil {
		return errors.Join(err, shown)
	}
	return err
}

func applyWords(a render.Apply) string {
	n := map[string]int{}
	for _, s := range a.Steps {
		n[s.Status]++
	}
	words := a.Status
	for _, status := range []apply.Status{
		apply.StepDone,
		apply.StepAlready,
		apply.StepConfirmed,
		apply.StepEvidenced,
		apply.StepPending,
		apply.StepBlocked,
		apply.StepFailed,
		apply.StepLeft,
	} {
		if n[string(status)] > 0 {
			words += fmt.Sprintf(", %d %s", n[string(status)], status)
		}
	}
	return words
}

// applyOne plans or reads a plan, asks, and does it for one tenant.
func applyOne(ctx context.Context, env *Env, opts applyOptions) (render.Apply, error) {
	var saved *plan.Plan
	if opts.Plan != "" {
		p, err := readPlan(opts.Plan)
		if err != nil {
			return render.Apply{}, err
		}
		saved = &p
	}
	w, err := env.workspace(false)
	if err != nil {
		return render.Apply{}, err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return render.Apply{}, err
	}
	defer release()
	if err := w.Reload(); err != nil { // another run may have ended meanwhile
		return render.Apply{}, err
	}
	w.Input.Allowed = opts.Unknown.Allowed
	if err := w.SignIn(ctx, workspace.Look{Command: "apply", ZoomEmail: opts.Facts.ZoomEmail, By: opts.By}); err != nil {
		return render.Apply{}, err
	}
	p, err := toDo(ctx, w, saved, env.settling(opts.Settle))
	if err != nil {
		return render.Apply{}, err
	}
	return carryOut(ctx, env, w, opts, opts.withoutRevokes(env, p))
}

// carryOut shows a plan, asks, does it, and says what is known afterwards.
func carryOut(
	ctx context.Context,
	env *Env,
	w *workspace.Workspace,
	opts applyOptions,
	p plan.Plan,
) (render.Apply, error) {
	all := w.Findings()
	unseen := blind(all, doctor.Blind(all, opts.Unknown.Allowed))
	env.sayUnseen(p)
	out := render.Apply{Plan: p.ID, Status: "nothing", Steps: []render.Done{}}
	ended := func(err error) (render.Apply, error) {
		now := w.Findings()
		out.Open, out.Unseen = append([]plan.Open{}, w.Plan().Open...), append([]string{}, doctor.Unseen(now)...)
		out.Connections = render.NewConnections(doctor.Connections(w.Input))
		return out, err
	}
	if p.Empty() {
		if unseen != nil {
			out.Status = "unknown"
			return ended(unseen)
		}
		if err := opts.heldBack(w.Plan()); err != nil {
			out.Status = "pending"
			return ended(err)
		}
		return ended(w.Observe(ctx))
	}
	if err := w.MayWrite(ctx, p); err != nil {
		return render.Apply{}, err
	}
	if err := approve(ctx, env, opts, p); err != nil {
		return render.Apply{}, err
	}
	// Behind a check that could not look a person is asked; a pipeline opens no page.
	absent := opts.NoPortal || opts.By == "" && !env.interactive() || unseen != nil && !env.interactive()
	results, err := w.Apply(ctx, p, opts.how(env, w, absent))
	out.Status = "applied"
	for _, r := range results {
		out.Steps = append(
			out.Steps,
			render.Done{
				ID:     r.ID,
				Kind:   r.Kind,
				Scope:  r.Scope,
				What:   render.StepWords(r.Step),
				Status: string(r.Status),
				Why:    r.Why,
			},
		)
	}
	if failed := outcome(results); err == nil {
		err = failed
	}
	if err == nil {
		if err := finish(ctx, env, w, opts); err != nil {
			return ended(err)
		}
		if unseen != nil {
			out.Status = "unknown"
		}
		return ended(unseen)
	}
	var person *pendingError
	var blocked *blockedError
	switch {
	case errors.As(err, &blocked):
		out.Status = "blocked"
	case errors.As(err, &person):
		out.Status = "pending"
		if unseen != nil {
			err = unseen
		}
	default:
		out.Status = "failed"
	}
	return ended(err)
}

// withoutRevokes leaves out what takes permissions away, unless somebody asks or is
// asked for exactly that.
func (o applyOptions) withoutRevokes(env *Env, p plan.Plan) plan.Plan {
	revokes := p.Revokes()
	if len(revokes) == 0 || !o.AutoApprove || o.AllowRevoke {
		return p
	}
	for _, s := range revokes {
		env.say("not done without --allow-revoke: %s", render.StepWords(s))
	}
	return p.Without(revokes)
}

// heldBack is the error of a run that was not allowed to take permissions away, while
// the plan still has such steps.
func (o applyOptions) heldBack(p plan.Plan) error {
	revokes := p.Revokes()
	if len(revokes) == 0 || !o.AutoApprove || o.AllowRevoke {
		return nil
	}
	return &hinted{
		err:  fmt.Errorf("permissions that are to be taken away stay: %d", len(revokes)),
		hint: "read zo365 plan; if all of them should go: zo365 apply --auto-approve --allow-revoke",
		code: exitPerson,
	}
}

// readPlan reads a saved plan.
func readPlan(file string) (plan.Plan, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("reading the plan: %w", err)
	}
	p, err := plan.Decode(file, text)
	if err != nil {
		return p, hint(err, "make a new one: zo365 plan --out "+shell.Word(file))
	}
	return p, nil
}

// The kinds of change whose open steps a command settles: those that it makes itself, or
// that its look shows.
var (
	madeByAuthorize = []doctor.Action{
		doctor.GrantPermission, doctor.RevokePermission, doctor.EnableApp, doctor.DisableApp, doctor.RecordConsent,
		doctor.ForgetConsent, doctor.ConfirmPortal, doctor.WithdrawWord,
	}
	madeByApply = append([]doctor.Action{doctor.CreateGroup, doctor.DeleteGroup}, madeByAuthorize...)
)

// toDo is the plan of now, or what remains of a saved one. Steps of an earlier run
// whose end was never written are settled first.
func toDo(ctx context.Context, w *workspace.Workspace, saved *plan.Plan, settling workspace.Run) (plan.Plan, error) {
	now := w.Plan()
	if len(w.State.Open) > 0 {
		if err := w.MayWrite(ctx, now); err != nil {
			return now, err
		}
		if err := w.CloseOpen(ctx, now, settling, madeByApply...); err != nil {
			return now, err
		}
	}
	if saved == nil {
		return now, nil
	}
	left, err := saved.Remaining(now, w.State.StepsOf(saved.ID))
	if err != nil {
		return left, hint(err, "look at the new plan: zo365 plan")
	}
	return left, nil
}

// approve shows the plan and asks.
func approve(ctx context.Context, env *Env, opts applyOptions, p plan.Plan) error {
	if err := env.sayPlan(p); err != nil {
		return err
	}
	if opts.AutoApprove {
		return nil
	}
	if !env.interactive() {
		return usagef("nobody can be asked here whether to do this; --auto-approve answers it")
	}
	if err := env.confirm(ctx, "Do this?", false); err != nil {
		return err
	}
	revokes := p.Revokes()
	if len(revokes) == 0 || opts.AllowRevoke {
		return nil
	}
	for _, s := range revokes {
		env.say("  takes away: %s", render.StepWords(s))
	}
	return env.confirm(ctx, "Take these permissions away?", false)
}

// blockedError says that steps cannot succeed before a check passes.
type blockedError struct{ by plan.Blocked }

func (e *blockedError) Error() string {
	return "steps are blocked by " + e.by.Check + ": " + e.by.Why
}

// pendingError says that steps remain that only a person can do.
type pendingError struct{ person, behind int }

func (e *pendingError) Error() string {
	if e.behind == 0 {
		return fmt.Sprintf("steps that only a person can do remain: %d", e.person)
	}
	return fmt.Sprintf("steps that only a person can do remain: %d, and %d wait for them", e.person, e.behind)
}

// outcome is the error that a run ends with: the first failure, else what is
// pending.
func outcome(results []apply.StepResult) error {
	var left pendingError
	for _, r := range results {
		if r.Blocked != nil {
			return &hinted{err: &blockedError{*r.Blocked}, hint: r.Blocked.Fix, code: exitCheckFailed}
		}
	}
	for _, r := range results {
		var slow *apply.NotSettled
		switch {
		case errors.As(r.Err, &slow):
			return &hinted{err: fmt.Errorf("%s: %w", r.ID, r.Err), hint: "zo365 apply again, later", code: exitResumable}
		case r.Err != nil:
			return hint(fmt.Errorf("%s: %w", r.ID, r.Err), "zo365 apply again does the rest")
		case r.Status == apply.StepPending && r.Page != nil:
			left.person++
		case r.Status == apply.StepPending:
			left.behind++
		}
	}
	if left.person+left.behind > 0 {
		return &hinted{
			err:  &left,
			hint: "zo365 portal checklist lists them for a ticket; zo365 apply leads through them",
			code: exitPerson,
		}
	}
	return nil
}
