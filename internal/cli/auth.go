package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/need"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newAuthCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Show how zo365 is signed in",
		Long:  "Show how zo365 is signed in and where each credential lies.",
	}
	status := &cobra.Command{
		Use:   "status",
		Short: "Show the credentials that commands would use",
		Long: `Show for each service which credential commands would use, where it lies and
where it came from. No request is made. Exit code 4 when one is missing.`,
		Example: "  zo365 auth status\n  zo365 auth status -o json",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAuthStatus(cmd.Context(), env) },
	}
	cmd.AddCommand(status, newAuthListCmd(env), newAuthSwitchCmd(env), newAuthPermissionsCmd(env), newAuthAppCmd(env))
	return cmd
}

func runAuthStatus(ctx context.Context, env *Env) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	status := render.SignIns{SignedIn: true}
	var first error
	for _, one := range []struct {
		service, host string
		find          func(context.Context) (connect.Found, error)
	}{{"microsoft", doors.Hosts.Login, doors.MicrosoftCredential}, {"zoom", doors.Hosts.ZoomLogin, doors.ZoomCredential}} {
		found, err := one.find(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			status.SignedIn = false
			status.Services = append(
				status.Services,
				render.SignIn{
					Service: one.service,
					Of:      found.Of,
					Host:    one.host,
					Problem: err.Error(),
				},
			)
			if first == nil {
				first = err
			}
		default:
			status.Services = append(status.Services, signInOf(found, doors))
		}
	}
	if err := env.show(render.SignInListing(status)); err != nil {
		return err
	}
	if first != nil {
		return &hinted{err: first, code: exitSignIn}
	}
	return nil
}

func newAuthListCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the sign-ins of this machine",
		Long:    "List the sign-ins of this machine, of every tenant and Zoom account. The current one of each service is used when neither the tenant file, the environment nor --tenant names another.",
		Example: "  zo365 auth list\n  zo365 auth list -o json",
		Args:    flagsOnly,
		RunE: func(*cobra.Command, []string) error {
			all, err := connect.Accounts()
			if err != nil {
				return err
			}
			return env.show(render.AccountListing(accountsOf(all)))
		},
	}
}

func accountsOf(all []connect.Account) render.Accounts {
	out := render.Accounts{Accounts: []render.Account{}}
	for _, a := range all {
		out.Accounts = append(out.Accounts, render.Account{
			Service: strings.ToLower(
				a.Service,
			),
			Of:       a.Of,
			As:       a.As,
			ClientID: a.ClientID,
			Store:    string(a.Store),
			Host:     a.Host,
			At:       a.SignedIn,
			Current:  a.Current,
		})
	}
	return out
}

func newAuthSwitchCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "switch TENANT|ACCOUNT",
		Short:   "Choose the sign-in to use",
		Long:    "Make the sign-in of a tenant, or of a Zoom account, the current one of its service,\ntogether with the sign-in of the other service that was used with it.",
		Example: "  zo365 auth switch contoso.onmicrosoft.com",
		Args:    one("a tenant or a Zoom account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := connect.Switch(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, one := range chosen {
				env.say("%s: %s as %s is the current sign-in", strings.ToLower(one.Service), one.Of, one.As)
			}
			if len(chosen) == 1 {
				env.say("note: no sign-in of the other service was used with it yet")
			}
			return env.show(render.AccountListing(accountsOf(chosen)))
		},
	}
}

func newAuthPermissionsCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "permissions [COMMAND...]",
		Short:   "List what each command needs, and why",
		Long:    "List the permissions that each command needs: delegated ones of a person's sign-in, application permissions for pipelines, scopes of the Zoom server-to-server app. An app registration can be prepared from this.",
		Example: "  zo365 auth permissions\n  zo365 auth permissions 'upn report' -o csv",
		RunE:    func(_ *cobra.Command, args []string) error { return runAuthPermissions(env, args) },
	}
}

func runAuthPermissions(env *Env, only []string) error {
	wanted := need.All()
	if len(only) > 0 {
		wanted = nil
		for _, c := range only {
			one, ok := need.Of(c)
			if !ok {
				return usagef("%q asks no service, or is none of: %s", c, strings.Join(commandsWithNeeds(), ", "))
			}
			wanted = append(wanted, one)
		}
	}
	out := render.Permissions{Commands: []render.CommandPermissions{}}
	for _, n := range wanted {
		out.Commands = append(out.Commands, render.CommandPermissions{
			Command:     n.Command,
			Delegated:   permissionsOf(n.Delegated),
			Application: permissionsOf(n.Application),
			Zoom:        permissionsOf(n.Zoom),
		})
	}
	return env.show(render.PermissionListing(out))
}

func permissionsOf(all []need.Permission) []render.Permission {
	out := []render.Permission{}
	for _, p := range all {
		out = append(out, render.Permission(p))
	}
	return out
}

func commandsWithNeeds() []string {
	var names []string
	for _, n := range need.All() {
		names = append(names, n.Command)
	}
	return names
}

// readingCommands are those that change nothing at Microsoft.
func readingCommands() []string {
	return []string{"verify-domain", "authorize", "doctor", "calendar list", "upn check", "upn report"}
}

type appCreateOptions struct {
	Name string
	For  []string
	Yes  bool
}

func newAuthAppCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "app",
		Short: "The tenant's own app registration",
		Long:  "Make an app registration of the tenant's own for zo365, instead of the shared Microsoft Graph Command Line Tools.",
	}
	var opts appCreateOptions
	create := &cobra.Command{
		Use:   "create",
		Short: "Make the app registration",
		Long: `Make an app registration in the tenant: a public client with a redirect on
loopback and the delegated permissions of the chosen commands. What it will make
is shown first. Its client ID is written to the tenant file.

It needs a sign-in with Application.ReadWrite.All:
zo365 login microsoft --for 'auth app create'`,
		Example: "  zo365 auth app create\n  zo365 auth app create --for verify-domain,authorize,'upn report' --yes",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAuthAppCreate(cmd.Context(), env, opts) },
	}
	create.Flags().StringVar(&opts.Name, "name", "zo365", "display name")
	create.Flags().StringSliceVar(&opts.For, "for", readingCommands(), "commands whose permissions it gets")
	create.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	cmd.AddCommand(create)
	return cmd
}

func runAuthAppCreate(ctx context.Context, env *Env, opts appCreateOptions) error {
	for _, c := range opts.For {
		if _, ok := need.Of(c); !ok {
			return usagef("%q asks no service, or is none of: %s", c, strings.Join(commandsWithNeeds(), ", "))
		}
	}
	w, release, err := env.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := w.SignInMicrosoft(ctx, "auth app create"); err != nil {
		return err
	}
	scopes, err := json.Marshal(need.Scopes(opts.For...))
	if err != nil {
		return fmt.Errorf("encoding the permissions: %w", err)
	}
	env.say(
		"an app registration %q in %s:\n  public client, redirect http://localhost, this tenant only",
		opts.Name,
		w.File.Microsoft.Tenant,
	)
	for _, s := range need.Scopes(opts.For...) {
		env.say("  %s (delegated)", s)
	}
	p := plan.Of(plan.Register, w.Input.Target, plan.Step{
		ID:     "graph/create-registration/" + opts.Name,
		Kind:   string(doctor.Graph),
		Action: string(doctor.RegisterClient),
		Scope:  doctor.ScopeTenant,
		Target: opts.Name,
		Before: "absent",
		After:  string(scopes),
	})
	if err := w.MayWrite(ctx, p); err != nil {
		return err
	}
	if err := env.confirm(ctx, "Make it?", opts.Yes); err != nil {
		return err
	}
	results, err := w.Apply(ctx, p, workspace.Run{Parallel: 1, Settle: settleLimit, Each: func(apply.StepResult) {}})
	if err != nil {
		return err
	}
	if err := failure(results); err != nil {
		return err
	}
	clientID, err := w.Registered()
	if err != nil {
		return err
	}
	if err := w.SetMicrosoft(ctx, "client_id", clientID, ""); err != nil {
		return fmt.Errorf("the registration %s was made, but not written to %s: %w", clientID, w.Path, err)
	}
	env.say("wrote microsoft.client_id to %s\nnext: zo365 login microsoft", w.Path)
	return env.show(
		render.AppListing(render.App{ClientID: clientID, DisplayName: opts.Name, Permissions: need.Scopes(opts.For...)}),
	)
}
