package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

func newIntegrationCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "integration",
		Short: "Enable, disable or show the integration",
		Long: `Change or show the integration's profile in the tenant file, for the account or
for one group. This needs no network and no sign-in; what remains to be done in
Zoom's portal is listed.`,
	}
	cmd.AddCommand(
		newIntegrationEnableCmd(env),
		newIntegrationDisableCmd(env),
		newIntegrationStatusCmd(env),
		newUseApplicationCmd(env),
	)
	return cmd
}

type enableOptions struct {
	Group    string
	SetupBy  string
	MailRead string
	Scope    string
	Yes      bool
}

func newIntegrationEnableCmd(env *Env) *cobra.Command {
	var opts enableOptions
	cmd := &cobra.Command{
		Use:   "enable",
		Short: "Enable the integration with Office 365 and Microsoft Graph",
		Long: `Set the profile of the account, or of a group, to: integration on, Office 365,
Microsoft Graph, set up by an Office 365 admin with application permissions.
The change is shown and asked for. Then zo365 authorize gets the consent.`,
		Example: "  zo365 integration enable\n  zo365 integration enable --group Sales --yes",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runIntegrationEnable(cmd.Context(), env, opts) },
	}
	cmd.Flags().StringVar(&opts.Group, "group", "", "change this group's profile instead of the account's")
	cmd.Flags().StringVar(&opts.SetupBy, "setup-by", string(profile.Admin), "who sets it up: admin or users")
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(
		&opts.MailRead,
		"mail-read",
		"",
		"whether Mail: Read is approved in the portal, as it must be while the UPN is not the Zoom email: approved or not-approved",
	)
	cmd.Flags().StringVar(&opts.Scope, "mailbox-scope", "", mailboxScopeUsage)
	completeValues(cmd, "setup-by", profile.SetupBy("").Values())
	completeValues(cmd, "mail-read", profile.Approval("").Values())
	return cmd
}

func runIntegrationEnable(ctx context.Context, env *Env, opts enableOptions) error {
	wanted := []config.Setting{
		{Key: "enabled", Value: "true"},
		{Key: "default_service", Value: string(profile.Office365)},
		{Key: "authorize_with", Value: string(profile.Graph)},
		{Key: "setup_by", Value: opts.SetupBy},
	}
	if opts.MailRead != "" {
		wanted = append(wanted, config.Setting{Key: "mail_read", Value: opts.MailRead})
	}
	if opts.Scope != "" {
		wanted = append(wanted, config.Setting{Key: "mailbox_scope", Value: opts.Scope})
	}
	out, err := env.change(ctx, profileChange{
		Change: workspace.Change{Group: opts.Group, Edit: func(doc *config.Document) error {
			return doc.SetSettings(opts.Group, doc.Differing(opts.Group, wanted))
		}},
		Yes:      opts.Yes,
		Question: "Enable the integration for " + scopeWords(opts.Group) + "?",
	})
	if err != nil {
		return settingError(err)
	}
	if out.After.Authorizable() {
		env.say("next: %s", env.afterEnable(opts))
	}
	return env.show(render.ChangeListing(out))
}

// afterEnable is the next command: a scope that is set beside a consent that is recorded needs no
// other consent, which would bring every grant back.
func (env *Env) afterEnable(opts enableOptions) string {
	if opts.Scope != "" && opts.Scope != profile.NoScope {
		if w, err := env.workspace(false); err == nil && w.Recorded(profile.Scope(opts.Group)) != nil {
			return "zo365 rbac plan"
		}
	}
	return "zo365 authorize" + groupFlag(opts.Group)
}

type disableOptions struct {
	Group  string
	Off    bool
	Revoke bool
	// DeleteApp takes the application out of the tenant, too.
	DeleteApp bool
	Yes       bool
}

func newIntegrationDisableCmd(env *Env) *cobra.Command {
	var opts disableOptions
	cmd := &cobra.Command{
		Use:   "disable",
		Short: "Disable the admin's authorization",
		Long: `Follow the article's "Disable and Delete": the profile says that users set up the
integration themselves, and the recorded authorization is removed. In Zoom's
portal a person selects "Users can set up the integration by using OAuth" and
presses Disable and Delete, which removes the credentials from Zoom's server.

With --off the integration itself is turned off too. With --revoke the consent
is taken back in Entra as well: the app role assignments of Zoom's application
are deleted. With --delete-app beside it its delegated grants, its roles in Exchange
and the enterprise application itself go, too; what remains where is said at the end.`,
		Example: "  zo365 integration disable\n  zo365 integration disable --off --yes\n  zo365 integration disable --revoke",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runIntegrationDisable(cmd.Context(), env, opts) },
	}
	cmd.Flags().StringVar(&opts.Group, "group", "", "change this group's profile instead of the account's")
	cmd.Flags().BoolVar(&opts.Off, "off", false, "turn the integration off as well")
	cmd.Flags().BoolVar(&opts.Revoke, "revoke", false, "delete the app role assignments of Zoom's application in Entra")
	cmd.Flags().BoolVar(
		&opts.DeleteApp,
		"delete-app",
		false,
		"with --revoke: also take away delegated grants and roles in Exchange, and delete the enterprise application",
	)
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	return cmd
}

func runIntegrationDisable(ctx context.Context, env *Env, opts disableOptions) error {
	if opts.DeleteApp && !opts.Revoke {
		return usagef("--delete-app goes with --revoke")
	}
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	wanted := []config.Setting{{Key: "setup_by", Value: string(profile.Users)}}
	if opts.Off {
		wanted = append(wanted, config.Setting{Key: "enabled", Value: "false"})
	}
	scope := profile.Scope(opts.Group)
	c := profileChange{
		Change: workspace.Change{Group: opts.Group, Edit: func(doc *config.Document) error {
			return doc.SetSettings(opts.Group, doc.Differing(opts.Group, wanted))
		}},
		Yes:      opts.Yes,
		Question: "Disable and delete the authorization of " + scopeWords(opts.Group) + "?",
	}
	if _, ok := w.State.Authorizations[scope]; ok {
		c.Also = []plan.Step{
			{
				ID:     "local/forget-consent/" + scope,
				Kind:   string(doctor.Local),
				Action: string(doctor.ForgetConsent),
				Scope:  scope,
				Target: scope,
				Before: "recorded",
				After:  "forgotten",
			},
		}
	}
	if opts.Revoke { // before the file says that nobody wants the consent
		if _, err := lookToRevoke(ctx, w, opts.DeleteApp); err != nil {
			return err
		}
	}
	out, err := env.change(ctx, c)
	if err != nil {
		return settingError(err)
	}
	if opts.Revoke {
		if out.Revoked, err = revoke(ctx, env, opts); err != nil {
			return fmt.Errorf("the profile was changed, but the consent was not revoked whole: %w", err)
		}
	}
	if out.Changed || len(c.Also) > 0 {
		env.sayPortal(opts.Group, out.Portal)
	}
	return env.show(render.ChangeListing(out))
}

// lookToRevoke signs in and finds the application whose consent is taken back.
func lookToRevoke(ctx context.Context, w *workspace.Workspace, whole bool) (doctor.Choice, error) {
	look := workspace.Look{Command: "integration disable --revoke", Facts: doctor.ApplicationFacts}
	if whole {
		look.Command = "integration disable --revoke --delete-app"
		look.Facts = append(slices.Clone(look.Facts), tenant.FactDelegated)
	}
	if err := w.SignIn(ctx, look); err != nil {
		return doctor.Choice{}, err
	}
	if err := w.Input.Facts.Consents.Err; err != nil {
		return doctor.Choice{}, err
	}
	app := doctor.ZoomApplication(w.Input)
	if app.Principal == nil && len(app.Unclear) > 0 {
		return doctor.Choice{}, hint(
			errors.New("it is not known which application is Zoom's"),
			"zo365 integration use-application APP-ID names it in the tenant file; zo365 facts lists them",
		)
	}
	if app.Hidden != nil {
		return doctor.Choice{}, app.Hidden
	}
	if app.Basis == doctor.ByCandidate && len(app.Lesser) > 0 {
		return doctor.Choice{}, hint(
			fmt.Errorf("nothing was changed: %s is taken for Zoom's because it alone holds a calendar permission, "+
				"and what is to be revoked may be another of Zoom's applications", doctor.AppName(app.Consent)),
			"zo365 integration use-application APP-ID says which it is; zo365 permissions list shows them",
		)
	}
	return app, nil
}

// revoke takes the consent back in Entra, unless another scope still needs it: a plan
// whose steps are the grants of Zoom's application.
func revoke(ctx context.Context, env *Env, opts disableOptions) ([]string, error) {
	w, err := env.workspace(false)
	if err != nil {
		return nil, err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := w.Reload(); err != nil { // another run may have ended meanwhile
		return nil, err
	}
	if needed := doctor.StillAuthorized(w.File); len(needed) > 0 {
		return nil, hint(
			fmt.Errorf(
				"the consent was not revoked: it is one for the whole tenant, and %s still uses it",
				strings.Join(needed, ", "),
			),
			"disable those first",
		)
	}
	app, err := lookToRevoke(ctx, w, opts.DeleteApp)
	if err != nil {
		return nil, err
	}
	if opts.DeleteApp {
		if err := workspace.Need(w.Input.Facts.Exchange.Err, w.Input.Facts.Delegated.Err); err != nil {
			return nil, err
		}
	}
	p := plan.Revocation(w.Input, w.Findings(), w.Portals(), opts.DeleteApp)
	if err := w.MayWrite(ctx, p); err != nil {
		return nil, err
	}
	if err := w.CloseOpen(ctx, p, env.settling(settleLimit), madeByAuthorize...); err != nil {
		return nil, err
	}
	revoked := []string{}
	if p.Empty() {
		env.say("there is nothing to revoke: %s", app.Nothing())
		return revoked, nil
	}
	if err := env.sayPlan(p); err != nil {
		return nil, err
	}
	question := "Take these permissions away?"
	if opts.DeleteApp {
		question = "Take these permissions away and delete the application?"
	}
	if err := env.confirm(ctx, question, opts.Yes); err != nil {
		return nil, err
	}
	results, err := w.Apply(ctx, p, workspace.Run{
		Parallel: 1,
		Settle:   settleLimit,
		Each:     env.sayStep,
		Waiting:  env.sayWaiting(0, settleLimit),
	})
	for _, r := range results {
		if r.Status == apply.StepDone {
			revoked = append(revoked, r.Target)
		}
	}
	if err == nil {
		err = failure(results)
	}
	if err != nil {
		return revoked, err
	}
	// Readers lag behind: what was granted just before shows only now.
	if err := w.Reread(); err != nil {
		return revoked, err
	}
	if err := w.Look(ctx); err != nil {
		return revoked, err
	}
	if opts.DeleteApp {
		env.sayRemains(w.Input)
	}
	for _, c := range w.Input.Facts.Consents.Value {
		if c.Principal.ID == app.Principal.ID && len(c.Grants) > 0 {
			return revoked, &hinted{
				err: fmt.Errorf(
					"%s holds permissions that were not there before: %s",
					doctor.AppName(c),
					strings.Join(c.Labels(), ", "),
				),
				code: exitResumable,
				hint: "zo365 integration use-application " + c.Principal.AppID + ", then zo365 integration disable --revoke again",
			}
		}
	}
	return revoked, nil
}

// sayRemains says what no call of zo365 takes away.
func (env *Env) sayRemains(in doctor.Input) {
	env.say("what remains, and where:")
	for _, h := range doctor.Holdings(in, false) {
		if h.Purpose != doctor.ForPeople && slices.ContainsFunc(h.All, func(x doctor.Held) bool { return x.Mailboxes }) {
			env.say("  %s still reaches mailboxes: zo365 permissions list", doctor.AppName(h.Consent))
		}
	}
	env.say("  Zoom keeps its credentials until a person presses Disable and Delete: %s", doctor.PortalPath(""))
	env.say(
		"  Exchange Online keeps its pointer to the application and custom scopes: Get-ServicePrincipal, Get-ManagementScope",
	)
	env.say("  Entra keeps a deleted application for 30 days: %s > Deleted applications", menu.EntraApps)
	env.say("  this machine keeps the sign-ins of zo365: zo365 logout")
}

func newIntegrationStatusCmd(env *Env) *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the profiles, the recorded authorization and the portal steps",
		Long: `Show for the account and each group: the profile, the authorization that was
observed and recorded, and which steps in Zoom's portal a person has confirmed.
This reads the tenant file and the journal beside it; no request is made.`,
		Example: "  zo365 integration status\n  zo365 integration status --group Sales -o json",
		Args:    flagsOnly,
		RunE:    func(*cobra.Command, []string) error { return runIntegrationStatus(env, group) },
	}
	cmd.Flags().StringVar(&group, "group", "", "show this group only beside the account")
	return cmd
}

func runIntegrationStatus(env *Env, only string) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	if _, err := w.File.Effective(only); err != nil {
		return err
	}
	status := render.Status{Groups: []render.GroupStatus{}}
	account, _ := w.File.Effective("")
	status.Account = render.AccountStatus{
		Profile:       account,
		Authorization: w.Recorded(profile.AccountScope),
		Connection:    render.NewConnection(doctor.RecordedConnection(w.Input, profile.AccountScope)),
		Portal:        portalSteps(account, w.State.Portal[profile.AccountScope]),
	}
	for _, g := range w.File.Groups {
		if only != "" && !profile.SameName(only, g.Name) {
			continue
		}
		effective, _ := w.File.Effective(g.Name) // it has a profile
		scope := profile.Scope(g.Name)
		status.Groups = append(status.Groups, render.GroupStatus{
			Name:          g.Name,
			Profile:       g.Settings,
			Effective:     effective,
			Authorization: w.Recorded(scope),
			Connection:    render.NewConnection(doctor.RecordedConnection(w.Input, scope)),
			Portal:        portalSteps(effective, w.State.Portal[scope]),
		})
	}
	if account.Authorizable() && status.Account.Authorization == nil {
		env.say("no consent of the account is recorded yet; next: zo365 authorize")
	}
	return env.show(render.StatusListing(status))
}

func scopeWords(group string) string {
	if group == "" {
		return "the account"
	}
	return "the group " + group
}

func groupFlag(group string) string {
	if group == "" {
		return ""
	}
	return " --group " + shell.Word(group)
}

// sayPortal lists what a person has to do in Zoom's portal.
func (env *Env) sayPortal(group string, steps []render.PortalStep) {
	env.say("in Zoom's portal, %s:", doctor.PortalPath(group))
	for i, s := range steps {
		env.say("  %d. %s: %s", i+1, s.Control, s.Choose)
	}
}
