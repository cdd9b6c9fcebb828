package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/need"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

type authorizeOptions struct {
	Group           string
	ApproveMailRead bool
	By              string
	ZoomEmail       string
	NoBrowser       bool
	Again           bool
	Timeout         time.Duration
	Yes             bool
	Unknown         unknownOptions
}

func newAuthorizeCmd(env *Env) *cobra.Command {
	var opts authorizeOptions
	cmd := &cobra.Command{
		Use:   "authorize",
		Short: "Get the administrator's consent and record it",
		Long: `Make the plan that brings the consent of the account or of one group, and carry it
out: check whether you can authorize (your role, your UPN and Zoom email, the
domain), open the portal's "Authorize and Save", watch Entra until Zoom's
application and its permissions are there, and record what Entra shows.

A consent in Entra is no connection: Zoom refuses one whose signer or domain does not
fit, after Entra has recorded it. So three facts are told apart: consented (Entra
shows it), confirmed (a named person says that Zoom's portal shows it saved) and in
use (Zoom's application has signed in since). The status is authorized when it is in
use, or when it is consented and confirmed and every rule passed; consented when
Entra shows it and that is all that is known.

In a pipeline an application is signed in: the authorizing person is named with
--authorized-by. --yes confirms the portal's settings only in the name of that
person, or of the person who is signed in. --no-browser prints the portal's address;
--timeout 0 looks once.

Exit codes: 3 a requirement is not met; 5 a role or permission is missing; 7 the
consent has not been given yet, or nobody has confirmed it.`,
		Example: strings.TrimPrefix(`
  zo365 authorize
  zo365 authorize --group Sales
  zo365 authorize --authorized-by megan@contoso.com --yes --no-browser --timeout 0 -o json`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuthorize(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.Group, "group", "", "authorize for this group instead of the account")
	f.BoolVar(
		&opts.ApproveMailRead,
		"approve-mail-read",
		false,
		"go on although UPN and Zoom email differ: Mail: Read is approved in the portal",
	)
	f.StringVar(&opts.By, "authorized-by", "", "UPN of the authorizing person, when it is not who is signed in")
	f.StringVar(
		&opts.ZoomEmail,
		"zoom-email",
		"",
		"the authorizing person's Zoom email, when it is neither their UPN nor their mail address",
	)
	f.BoolVar(&opts.NoBrowser, "no-browser", false, "print the portal's address instead of opening it")
	f.BoolVar(&opts.Again, "again", false, "authorize once more although a complete consent is recorded")
	f.DurationVar(&opts.Timeout, "timeout", 10*time.Minute, "how long to watch for the consent; 0 looks once")
	f.BoolVarP(
		&opts.Yes,
		"yes",
		"y",
		false,
		"do not ask: the person who is named or signed in says that the portal shows the settings as listed",
	)
	opts.Unknown.allowFlag(cmd)
	return cmd
}

func runAuthorize(ctx context.Context, env *Env, opts authorizeOptions) error {
	if err := opts.Unknown.check(); err != nil {
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
	if err := w.Reload(); err != nil { // another run may have ended meanwhile
		return err
	}
	effective, err := wantsConsent(w.File, opts.Group)
	if err != nil {
		return err
	}
	if opts.ApproveMailRead && effective.MailRead != profile.Approved {
		w.Approve(opts.Group)
	}
	w.Input.Allowed = opts.Unknown.Allowed
	err = w.SignIn(
		ctx,
		workspace.Look{
			Command:   "authorize",
			Facts:     need.AuthorizeFacts,
			ZoomEmail: opts.ZoomEmail,
			By:        opts.By,
		},
	)
	if err != nil {
		return err
	}
	if err := hasGroup(w.Input.Facts.ZoomGroups, opts.Group); err != nil {
		return err
	}
	j := journey{
		env:   env,
		opts:  opts,
		w:     w,
		scope: profile.Scope(opts.Group),
	}
	return j.run(ctx)
}

// wantsConsent checks that the profile asks for an administrator's consent.
func wantsConsent(f profile.File, group string) (profile.Effective, error) {
	e, _ := f.Effective(group) // a group without a profile has the account's settings
	if !e.Authorizable() {
		what := "setup_by is " + string(e.SetupBy)
		if !e.Enabled {
			what = "the integration is off"
		}
		return e, hint(
			fmt.Errorf("there is nothing to authorize for %s: %s", scopeWords(group), what),
			"zo365 integration enable"+groupFlag(group),
		)
	}
	return e, nil
}

// hasGroup checks that Zoom has a group; the account is no group.
func hasGroup(groups tenant.Reading[[]tenant.ZoomGroup], name string) error {
	if name == "" {
		return nil
	}
	if groups.Err != nil {
		return groups.Err
	}
	_, err := groupNamed(groups.Value, name)
	return err
}

// journey is one run of authorize.
type journey struct {
	env   *Env
	opts  authorizeOptions
	w     *workspace.Workspace
	scope string
}

// questions are the checks that are asked before the browser opens, as a person reads
// them.
var questions = []string{"consent-role", "signer-upn", "domain-match", "zoom-role"}

func (j *journey) run(ctx context.Context) error {
	all := j.w.Findings()
	for _, f := range all {
		if slices.Contains(questions, f.Code) && f.Severity != doctor.Skipped {
			j.env.say("%s: %s: %s", f.Severity, f.Title, f.Saw)
		}
	}
	if j.opts.Again && doctor.Narrowed(j.w.Input) {
		j.env.say("warning: Zoom is narrowed by roles in Exchange; this consent lets it reach every mailbox again, " +
			"until zo365 rbac apply narrows it")
	}
	p := plan.ForScope(j.w.Input, all, j.w.Portals(), j.scope, j.opts.Again)
	if err := j.w.MayWrite(ctx, p); err != nil {
		return err
	}
	if err := j.w.CloseOpen(ctx, p, j.env.settling(settleLimit), madeByAuthorize...); err != nil {
		return err
	}
	if p.Blocked() == nil {
		if codes := doctor.Blind(all, j.opts.Unknown.Allowed); len(codes) > 0 && !j.env.interactive() {
			return j.ended(p, blind(all, codes))
		}
	}
	if p.Empty() {
		j.env.say("Nothing to do: the consent is recorded and confirmed; --again authorizes once more")
		return j.ended(p, nil)
	}
	results, err := j.w.Apply(ctx, p, j.how())
	if err != nil {
		return err
	}
	if err := j.w.Reread(); err != nil {
		return err
	}
	if err := j.w.Look(ctx); err != nil {
		return err
	}
	return j.ended(p, failure(results))
}

// how says how the plan is carried out: with whom, and for how long.
func (j *journey) how() workspace.Run {
	opts, env := j.opts, j.env
	by := opts.By
	if by == "" && j.w.Input.Facts.Me.Seen() {
		by = j.w.Input.Facts.Me.Value.UPN
	}
	run := workspace.Run{
		Parallel: 1,
		Timeout:  opts.Timeout,
		Settle:   settleLimit,
		Again:    opts.Again,
		Each:     env.sayStep,
		Waiting:  env.sayWaiting(opts.Timeout, settleLimit),
		Show: func(ctx context.Context, steps []plan.Step) error {
			return showPage(ctx, env, opts.NoBrowser || opts.Timeout == 0, steps)
		},
		Ask: func(ctx context.Context, steps []plan.Step) (apply.Answer, error) {
			if opts.Yes && by != "" {
				return j.w.Answer(ctx, by, apply.ByFlag)
			}
			if !env.interactive() {
				return apply.Answer{}, nil
			}
			return ask(ctx, env, j.w, by, steps)
		},
	}
	if !opts.Yes && !env.interactive() || opts.Yes && by == "" {
		// Nobody is here whose word could be taken; Entra is watched all the same.
		run.Watch = true
		if opts.Yes {
			env.say(
				"note: --yes says that a person saw the portal's settings, and nobody is named: nothing is confirmed; --authorized-by names the person",
			)
		}
	}
	return run
}

// failure is the first step that failed.
func failure(results []apply.StepResult) error {
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("%s: %w", r.ID, r.Err)
		}
	}
	return nil
}

// connectionError ends a run whose scope is not authorized; the output has said it.
type connectionError struct {
	state doctor.State
	why   string
	code  int
	next  string
}

func (e *connectionError) Error() string { return e.why }

// ended shows what is known of the scope, and says what remains.
func (j *journey) ended(p plan.Plan, failed error) error {
	all := j.w.Findings()
	c := doctor.ConnectionOf(j.w.Input, all, j.scope)
	record := workspace.ConsentRecord(j.w.Input, j.scope, string(c.State))
	a := render.NewAuthorization(record, c, p.Blocked())
	for _, unneeded := range a.Unexpected {
		j.env.say("warning: Zoom's application also holds %s, which is not known to be needed", unneeded)
	}
	if err := j.env.show(render.AuthorizationListing(a)); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if b := p.Blocked(); b != nil {
		e := &connectionError{
			state: doctor.StateBlocked,
			why:   a.Why,
			code:  exitCheckFailed,
			next:  b.Fix,
		}
		if b.Check == "consent-role" {
			e.code = exitPermission
		}
		return e
	}
	next := "zo365 authorize" + groupFlag(j.opts.Group)
	switch doctor.State(a.Status) {
	case doctor.StateAuthorized:
		return nil
	case doctor.StateBlocked:
		return &connectionError{state: doctor.StateBlocked, why: a.Why, code: exitCheckFailed}
	case doctor.StateConsented:
		return &connectionError{
			state: doctor.StateConsented,
			why:   "Entra shows the consent, and nothing shows yet that Zoom is connected: " + a.Why,
			code:  exitPerson,
			next:  j.toConfirm(next),
		}
	case doctor.StatePending:
	}
	return &connectionError{
		state: doctor.StatePending,
		why:   a.Why,
		code:  exitPerson,
		next:  "press Authorize and Save in Zoom's portal, accept Microsoft's page, and run the command again: " + next,
	}
}

// ask takes a person's word on one page.
func ask(ctx context.Context, env *Env, w *workspace.Workspace, by string, steps []plan.Step) (apply.Answer, error) {
	who := by
	if who == "" {
		who = env.actor()
	}
	err := env.confirm(
		ctx,
		fmt.Sprintf("Does the page show all %d as listed, saved? (%s says so; no leaves them for later)", len(steps), who),
		false,
	)
	if errors.Is(err, errDeclined) {
		return apply.Answer{}, nil
	}
	if err != nil {
		return apply.Answer{}, err
	}
	return w.Answer(ctx, who, apply.Asked)
}

// toConfirm is how a person confirms a consent that is there. A flag's word counts for a new
// consent only, so that it is not offered to who gave it already.
func (j *journey) toConfirm(again string) string {
	step := shell.Word(j.scope + "/" + doctor.StepSave)
	confirm := "zo365 portal confirm " + step + " --by UPN, once the portal shows it saved"
	if j.opts.By != "" {
		return confirm + "; or press Authorize and Save again, accept Microsoft's page, and: " + again + " --again"
	}
	return confirm + "; or " + again + " --authorized-by UPN --yes, with a new consent of that person"
}
