package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
)

func newLoginCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in to Microsoft or Zoom",
		Long: `Sign in to Microsoft as a person, or to Zoom with a server-to-server OAuth app.

Credentials are kept in the operating system's keyring. In a pipeline, set
ZO365_CREDENTIAL_STORE=env and give the secrets in ZO365_MICROSOFT_CLIENT_SECRET
and ZO365_ZOOM_CLIENT_SECRET: nothing is kept, and no login is needed.`,
	}
	cmd.AddCommand(newLoginMicrosoftCmd(env), newLoginZoomCmd(env))
	return cmd
}

type loginMicrosoftOptions struct {
	Browser bool
	Open    bool
}

func newLoginMicrosoftCmd(env *Env) *cobra.Command {
	var opts loginMicrosoftOptions
	cmd := &cobra.Command{
		Use:   "microsoft",
		Short: "Sign in to the Microsoft tenant",
		Long: `Sign in to the Microsoft tenant as a person.

By default with a device code: open the address on any device and enter the
code. Where a Conditional Access policy blocks device codes, sign in with the
browser on this machine: --browser.`,
		Example: "  zo365 login microsoft\n  zo365 login microsoft --open\n  zo365 login microsoft --browser",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLoginMicrosoft(cmd.Context(), env, opts) },
	}
	cmd.Flags().BoolVar(&opts.Browser, "browser", false, "sign in with the browser on this machine (authorization code with PKCE)")
	cmd.Flags().BoolVar(&opts.Open, "open", false, "open the device code's address in the browser")
	return cmd
}

func runLoginMicrosoft(ctx context.Context, env *Env, opts loginMicrosoftOptions) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	var found connect.Found
	switch {
	case env.settings.CredentialStore == "env":
		found, err = doors.CheckMicrosoftEnvironment(ctx)
	case opts.Browser:
		found, err = doors.LoginBrowser(ctx, func(address string) error {
			env.say("Sign in at this address:\n\n    %s\n", address)
			return browserHint(env.Open(ctx, address))
		})
	default:
		found, err = doors.LoginDevice(ctx, func(code signin.DeviceCode) { showDeviceCode(ctx, env, code, opts.Open) })
	}
	if err != nil {
		return fmt.Errorf("signing in to Microsoft: %w", err)
	}
	return showSignIn(env, signInOf(found, doors))
}

func showDeviceCode(ctx context.Context, env *Env, code signin.DeviceCode, open bool) {
	env.say("Open %s and enter the code %s\nwaiting until %s (Ctrl-C ends it)", code.Address, code.UserCode, code.Expiry.Local().Format("15:04"))
	if open {
		if err := env.Open(ctx, code.Address); err != nil {
			env.warn(err)
		}
	}
}

// browserHint keeps a browser sign-in going where the address can be opened by
// hand.
func browserHint(err error) error {
	if errors.Is(err, errNoBrowser) {
		return hint(err, "sign in with a device code instead: zo365 login microsoft")
	}
	return err
}

type loginZoomOptions struct{ SecretStdin bool }

func newLoginZoomCmd(env *Env) *cobra.Command {
	var opts loginZoomOptions
	cmd := &cobra.Command{
		Use:   "zoom",
		Short: "Sign in to the Zoom account",
		Long: `Sign in to the Zoom account with the client secret of a server-to-server OAuth
app. The secret comes from ZO365_ZOOM_CLIENT_SECRET (or ZOOM_CLIENT_SECRET), from
standard input with --secret-stdin, or from a prompt without echo; never from a
flag, which other users of the machine could read.`,
		Example: "  zo365 login zoom\n  pass show zoom/zo365 | zo365 login zoom --secret-stdin",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLoginZoom(cmd.Context(), env, opts) },
	}
	cmd.Flags().BoolVar(&opts.SecretStdin, "secret-stdin", false, "read the client secret from standard input")
	return cmd
}

func runLoginZoom(ctx context.Context, env *Env, opts loginZoomOptions) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	clientSecret, err := zoomSecret(env, doors, opts)
	if err != nil {
		return err
	}
	found, err := doors.LoginZoom(ctx, clientSecret)
	if err != nil {
		return fmt.Errorf("signing in to Zoom: %w", err)
	}
	return showSignIn(env, signInOf(found, doors))
}

func zoomSecret(env *Env, doors *connect.Doors, opts loginZoomOptions) (secret.Secret, error) {
	if opts.SecretStdin {
		text, err := bufio.NewReader(env.In).ReadString('\n')
		text = strings.TrimRight(text, "\r\n")
		if text == "" {
			return secret.Secret{}, fmt.Errorf("reading the client secret from standard input: %w", errors.Join(err, errors.New("there is none")))
		}
		return secret.New(text), nil
	}
	if s, _ := doors.ZoomSecretFromEnvironment(); !s.Empty() {
		return s, nil
	}
	if !env.interactive() {
		return secret.Secret{}, usagef("nobody can be asked for the client secret here; set ZO365_ZOOM_CLIENT_SECRET or use --secret-stdin")
	}
	_, _ = fmt.Fprint(env.Err, "Client secret of the server-to-server app: ")
	s, err := env.ReadSecret()
	if err == nil && s.Empty() {
		err = errors.New("it is empty")
	}
	if err != nil {
		return s, fmt.Errorf("reading the client secret: %w", err)
	}
	return s, nil
}

// openDoors prepares the clients for the tenant that the file or the environment
// names.
func (env *Env) openDoors() (*connect.Doors, error) {
	file, err := env.fileIfAny()
	if err != nil {
		return nil, err
	}
	return env.doors(file)
}

// signInOf is a credential as it is shown.
func signInOf(f connect.Found, doors *connect.Doors) render.SignIn {
	s := render.SignIn{Service: strings.ToLower(f.Service), SignedIn: true, As: f.ClientID, Kind: "application", Flow: f.Flow, Store: string(f.Source), Variable: f.Variable, Of: f.Of, Host: doors.Hosts.Login}
	if f.Service == "Zoom" {
		s.Host = doors.Hosts.ZoomLogin
	}
	if f.Person {
		s.As, s.Kind = f.Account.Username, "person"
	}
	if !f.SignedIn.IsZero() {
		at := f.SignedIn.UTC().Truncate(time.Second)
		s.At = &at
	}
	return s
}

func showSignIn(env *Env, s render.SignIn) error {
	where := "kept in the " + s.Store
	if s.Variable != "" {
		where = "taken from " + s.Variable + "; nothing is kept"
	}
	env.say("signed in to %s as %s (%s), %s", s.Service, s.As, s.Of, where)
	return env.show(render.SignInListing(render.SignIns{SignedIn: true, Services: []render.SignIn{s}}))
}

func newLogoutCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:       "logout [microsoft|zoom]",
		Short:     "Erase the credentials on this machine",
		Long:      "Erase the credentials of this tenant and account from the keyring and the token cache of this machine, and say what was erased. Nothing is revoked at Microsoft or Zoom.",
		Example:   "  zo365 logout\n  zo365 logout zoom",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"microsoft", "zoom"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLogout(cmd.Context(), env, strings.Join(args, ""))
		},
	}
}

func runLogout(ctx context.Context, env *Env, only string) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	out := render.Logout{Erased: []render.Erased{}}
	for _, one := range []struct {
		service string
		erase   func(context.Context) (connect.Erased, error)
	}{{"microsoft", doors.LogoutMicrosoft}, {"zoom", doors.LogoutZoom}} {
		if only != "" && only != one.service {
			continue
		}
		e, err := one.erase(ctx)
		if err != nil {
			return fmt.Errorf("signing out of %s: %w", one.service, err)
		}
		out.Erased = append(out.Erased, render.Erased{Service: one.service, Credential: e.Credential, CachedToken: e.Token})
	}
	return env.show(render.LogoutListing(out))
}

func newAuthCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{Use: "auth", Short: "Show how zo365 is signed in", Long: "Show how zo365 is signed in and where each credential lies."}
	cmd.AddCommand(&cobra.Command{
		Use:   "status",
		Short: "Show the credentials that commands would use",
		Long: `Show for each service which credential commands would use, where it lies and
where it came from. No request is made. Exit code 4 when one is missing.`,
		Example: "  zo365 auth status\n  zo365 auth status -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAuthStatus(cmd.Context(), env) },
	})
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
			status.Services = append(status.Services, render.SignIn{Service: one.service, Of: found.Of, Host: one.host, Problem: err.Error()})
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
