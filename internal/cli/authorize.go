package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/authorize"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
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
}

func newAuthorizeCmd(env *Env) *cobra.Command {
	var opts authorizeOptions
	cmd := &cobra.Command{
		Use:   "authorize",
		Short: "Get the administrator's consent and record it",
		Long: `Check whether you can authorize (your role, your UPN and Zoom email, the domain),
open the portal's "Authorize and Save", and watch Entra until Zoom's application
and its permissions are there. What Entra shows is compared with what the
integration needs and recorded in the journal beside the tenant file.

In a pipeline an application is signed in: the authorizing person is named with
--authorized-by, or found in the tenant's audit log. --no-browser prints the
portal's address; --timeout 0 looks once.

Nothing is recorded before Entra shows a complete consent. Run again at any
time: an authorization that was recorded and still stands is left as it is.

Exit codes: 3 a requirement is not met; 5 a role or permission is missing; 7 the
consent has not been given yet.`,
		Example: strings.TrimPrefix(`
  zo365 authorize
  zo365 authorize --group Sales
  zo365 authorize --yes --no-browser --timeout 0 -o json`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuthorize(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.Group, "group", "", "authorize for this group instead of the account")
	f.BoolVar(&opts.ApproveMailRead, "approve-mail-read", false, "go on although UPN and Zoom email differ: Mail: Read is approved in the portal")
	f.StringVar(&opts.By, "authorized-by", "", "UPN of the authorizing person, when an application is signed in")
	f.StringVar(&opts.ZoomEmail, "zoom-email", "", "the authorizing person's Zoom email, when it is neither their UPN nor their mail address")
	f.BoolVar(&opts.NoBrowser, "no-browser", false, "print the portal's address instead of opening it")
	f.BoolVar(&opts.Again, "again", false, "authorize once more although a complete consent is recorded")
	f.DurationVar(&opts.Timeout, "timeout", 10*time.Minute, "how long to watch for the consent; 0 looks once")
	f.BoolVarP(&opts.Yes, "yes", "y", false, "do not ask: the portal steps are done as listed")
	return cmd
}

func runAuthorize(ctx context.Context, env *Env, opts authorizeOptions) error {
	doc, err := env.document()
	if err != nil {
		return err
	}
	effective, err := authorizable(doc.File, opts.Group)
	if err != nil {
		return err
	}
	both, err := env.signedIn(ctx, "authorize")
	if err != nil {
		return err
	}
	if err := both.hasGroup(ctx, opts.Group); err != nil {
		return err
	}
	j := journey{
		env: env, opts: opts, both: both, path: doc.Path, scope: profile.Scope(opts.Group), effective: effective, start: time.Now(),
		want: authorize.Want{Required: doc.File.Microsoft.RequiredPermissions, MailRead: opts.ApproveMailRead || effective.MailRead == profile.Approved, By: opts.By},
	}
	return j.run(ctx)
}

// authorizable checks that the profile asks for an administrator's consent.
func authorizable(f profile.File, group string) (profile.Effective, error) {
	e, _ := f.Effective(group) // a group without a profile has the account's settings
	if !e.Authorizable() {
		what := "setup_by is " + string(e.SetupBy)
		if !e.Enabled {
			what = "the integration is off"
		}
		return e, hint(fmt.Errorf("there is nothing to authorize for %s: %s", scopeWords(group), what), "zo365 integration enable"+groupFlag(group))
	}
	return e, nil
}

// finder looks for Zoom's application in the tenant.
func (c clients) finder() authorize.Finder {
	return authorize.Finder{
		AppID: c.file.Microsoft.ZoomAppID,
		One: func(ctx context.Context, appID string) (tenant.Consent, error) {
			return survey.Consent(ctx, c.graph, appID)
		},
		All: func(ctx context.Context) ([]tenant.Consent, error) { return survey.ZoomConsents(ctx, c.graph) },
	}
}

// journey is one run of authorize.
type journey struct {
	env       *Env
	opts      authorizeOptions
	both      clients
	path      string
	scope     string
	effective profile.Effective
	want      authorize.Want
	start     time.Time
	facts     tenant.Facts
	signer    doctor.Signer
}

func (j *journey) run(ctx context.Context) error {
	if err := j.check(ctx); err != nil {
		return err
	}
	consent, err := j.both.finder().Look(ctx)
	if err != nil {
		return severalHint(err)
	}
	now := doctor.CheckConsent(consent, doctor.Wanted{Required: j.want.Required, MailRead: j.want.MailRead})
	recorded, err := j.recorded(consent)
	if err != nil {
		return err
	}
	if now.Complete() && recorded != nil && !j.opts.Again {
		j.env.say("authorized already, and Entra still shows it; --again authorizes once more")
		return j.finish(ctx, consent, now, recorded)
	}
	if now.Complete() && j.opts.NoBrowser && !j.opts.Again {
		j.env.say("Entra shows a complete consent; the portal was not opened")
		return j.finish(ctx, consent, now, nil)
	}
	return j.authorize(ctx, now)
}

// check asks the questions that can be answered before the browser opens.
func (j *journey) check(ctx context.Context) error {
	zoomEmail := j.opts.ZoomEmail
	if zoomEmail == "" {
		zoomEmail = j.opts.By
	}
	var err error
	if j.facts, err = survey.Signer(ctx, j.both.graph, j.both.zoom, zoomEmail); err != nil {
		return err
	}
	if err := unread(j.facts.Organization.Err); err != nil {
		return err
	}
	checked := authorize.Check(j.facts, j.want)
	for _, v := range checked.Verdicts {
		j.env.say("%s? %s", v.Question, v.Answer)
	}
	j.signer = checked.Signer
	return checked.Refused()
}

// recorded is the authorization in the journal, if it is of this service
// principal.
func (j *journey) recorded(consent tenant.Consent) (*render.Authorization, error) {
	state, err := j.env.state(j.path)
	if err != nil {
		return nil, err
	}
	a, err := authorizationOf(state, j.scope)
	if err != nil || a == nil || consent.Principal == nil || a.ServicePrincipal == nil || a.ServicePrincipal.ID != consent.Principal.ID {
		return nil, err
	}
	return a, nil
}

// authorize leads through the portal and watches Entra.
func (j *journey) authorize(ctx context.Context, before doctor.ConsentCheck) error {
	steps := j.effective
	if j.want.MailRead {
		steps.MailRead = profile.Approved
	}
	j.env.sayPortal(j.opts.Group, portalSteps(steps, nil))
	if j.opts.Timeout > 0 {
		if err := j.open(ctx); err != nil {
			return err
		}
		j.env.say("watching Entra for the consent, %s at the most (Ctrl-C ends it)", j.opts.Timeout)
	}
	watch := authorize.Watch{
		Look: j.both.finder().Look, Events: j.both.graph.Consents, Want: j.want, Start: j.start, Limit: j.opts.Timeout, Progress: j.progress(),
	}
	// A consent that is complete already shows a second one in the audit log
	// only. Where that cannot be read, the person's word has to do.
	if before.Complete() {
		_, err := j.both.graph.Consents(ctx, j.start)
		watch.Fresh = err == nil
		if err != nil {
			j.env.warn(fmt.Errorf("a renewed consent cannot be seen: %w", err))
		}
	}
	consent, check, err := watch.Run(ctx)
	if err != nil {
		return j.pending(consent, check, severalHint(err))
	}
	return j.finish(ctx, consent, check, nil)
}

// open shows the portal's page, or its address.
func (j *journey) open(ctx context.Context) error {
	address := j.both.doors.Hosts.ZoomPortal + doctor.PortalPage(j.opts.Group)
	j.env.say("open %s", address)
	if j.opts.NoBrowser {
		return nil
	}
	if err := j.env.Open(ctx, address); err != nil && !errors.Is(err, errNoBrowser) {
		return err
	}
	return nil
}

// progress says a state when it changes.
func (j *journey) progress() func(doctor.ConsentCheck, time.Duration) {
	last := ""
	return func(c doctor.ConsentCheck, _ time.Duration) {
		text := "Zoom's application is not in the tenant yet"
		switch {
		case c.Present && len(c.Missing) > 0:
			text = "Zoom's application is there; still missing: " + strings.Join(c.Missing, ", ")
		case c.Present:
			text = "the earlier consent is complete; waiting for the new one"
		}
		if text != last {
			j.env.say("%s", text)
			last = text
		}
	}
}

// pending shows what Entra has when the consent did not come in time.
func (j *journey) pending(consent tenant.Consent, check doctor.ConsentCheck, err error) error {
	var late *authorize.PendingError
	if !errors.As(err, &late) {
		return err
	}
	a := render.NewAuthorization("pending", j.scope, j.facts.Organization.Value.ID, j.signer, consent, check, time.Now())
	if shown := j.env.show(render.AuthorizationListing(a)); shown != nil {
		return shown
	}
	return err
}

// finish finds out who consented, records what is new and shows it.
func (j *journey) finish(ctx context.Context, consent tenant.Consent, check doctor.ConsentCheck, recorded *render.Authorization) error {
	if err := j.findSigner(ctx, consent); err != nil {
		return err
	}
	a := render.NewAuthorization("authorized", j.scope, j.facts.Organization.Value.ID, j.signer, consent, check, time.Now())
	if recorded != nil {
		a.AuthorizedBy = recorded.AuthorizedBy
	}
	for _, p := range a.Unexpected {
		j.env.say("warning: Zoom's application also holds %s, which the integration does not need", p)
	}
	if recorded == nil {
		if err := j.record(ctx, a); err != nil {
			return err
		}
	}
	if err := j.env.show(render.AuthorizationListing(a)); err != nil {
		return err
	}
	if a.AuthorizedBy.UPN != nil && !a.AuthorizedBy.Match && !j.want.MailRead {
		j.env.say("%s consented, whose UPN is not their Zoom email: Zoom connects only with Mail: Read approved", *a.AuthorizedBy.UPN)
		return errCheckFailed
	}
	return nil
}

// findSigner looks in the audit log for who consented, when nobody is signed in
// and nobody was named.
func (j *journey) findSigner(ctx context.Context, consent tenant.Consent) error {
	if j.signer.UPN != "" || consent.Principal == nil {
		return nil
	}
	const retention = 30 * 24 * time.Hour // https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention
	events, err := j.both.graph.Consents(ctx, j.start.Add(-retention))
	if err != nil {
		var needs *tenant.NeedsError
		if !errors.As(err, &needs) {
			return err
		}
		j.env.warn(fmt.Errorf("who consented is not known: %w; --authorized-by names the person", err))
		return nil
	}
	upn, _ := doctor.ConsentedBy(events, consent.Principal.ID)
	if upn == "" {
		j.env.say("warning: who consented is not known: the audit log has no record of it; --authorized-by names the person")
		return nil
	}
	account, err := survey.ZoomSide(ctx, j.both.zoom, tenant.User{UPN: upn}, j.opts.ZoomEmail)
	if err != nil {
		return err
	}
	j.signer = doctor.CheckSigner(upn, account)
	return nil
}

// record writes the observed consent, and the person's word on the portal steps
// when it can be had.
func (j *journey) record(ctx context.Context, a render.Authorization) error {
	by := j.signer.UPN
	if by == "" {
		by = j.env.actor()
	}
	entries := []journal.Entry{{At: time.Now(), Actor: by, Action: journal.Authorized, Scope: j.scope, Tenant: a.TenantID, Evidence: asJSON(a), Voids: doctor.VoidedByConsent}}
	if j.confirmed(ctx) {
		steps, chosen := []string{}, map[string]string{}
		for _, s := range doctor.PortalSteps(j.effective) {
			steps = append(steps, s.Code)
			chosen[s.Code] = s.Choose
		}
		answer := "asked"
		if j.opts.Yes {
			answer = "--yes"
		}
		entries = append(entries, journal.Entry{At: time.Now(), Actor: by, Action: journal.PortalConfirmed, Scope: j.scope, Steps: steps, After: asJSON(chosen), Answer: answer})
	} else {
		j.env.say("the steps in Zoom's portal are not confirmed by anybody yet")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return j.env.record(ctx, j.path, entries...)
}

func (j *journey) confirmed(ctx context.Context) bool {
	if j.opts.Yes {
		return true
	}
	return j.env.interactive() && j.env.confirm(ctx, "Does Zoom's portal show the settings above as saved?", false) == nil
}

func severalHint(err error) error {
	var several *authorize.SeveralError
	if errors.As(err, &several) {
		return hint(err, "zo365 integration use-application APP-ID names the right one in the tenant file")
	}
	return err
}
