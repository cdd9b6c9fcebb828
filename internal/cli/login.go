package cli

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/need"
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
	Browser    bool
	DeviceCode bool
	Open       bool
	For        []string
	Claims     string
	Optional   bool
}

func newLoginMicrosoftCmd(env *Env) *cobra.Command {
	var opts loginMicrosoftOptions
	cmd := &cobra.Command{
		Use:   "microsoft",
		Short: "Sign in to the Microsoft tenant",
		Long: `Sign in to the Microsoft tenant as a person.

By default with a device code: open the address on any device and enter the
code. Where a Conditional Access policy blocks device codes the browser on this
machine is offered; --browser takes it at once.

Only the permissions of the commands named with --for are asked for (by default
verify-domain and authorize); a command that needs more says so, and asks for it
on a terminal. With --optional those that are needed for some options or rare steps
only are asked for as well. zo365 auth permissions lists them all.`,
		Example: "  zo365 login microsoft\n  zo365 login microsoft --browser --for 'upn check','upn report'\n  zo365 login microsoft --for all",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runLoginMicrosoft(cmd.Context(), env, opts) },
	}
	cmd.Flags().BoolVar(
		&opts.Browser,
		"browser",
		false,
		"sign in with the browser on this machine (authorization code with PKCE)",
	)
	cmd.Flags().BoolVar(&opts.DeviceCode, "device-code", false, "sign in with a device code and offer nothing else")
	cmd.Flags().BoolVar(&opts.Open, "open", false, "open the device code's address in the browser")
	cmd.Flags().StringSliceVar(
		&opts.For,
		"for",
		[]string{"verify-domain", "authorize"},
		"commands whose permissions to ask for, or all (those that only read)",
	)
	cmd.Flags().BoolVar(&opts.Optional, "optional", false, "ask for their optional permissions, too")
	cmd.Flags().StringVar(&opts.Claims, "claims", "", "claims challenge to answer, as an error message gave it")
	completeValues(cmd, "for", append([]string{"all"}, commandsWithNeeds()...))
	return cmd
}

func runLoginMicrosoft(ctx context.Context, env *Env, opts loginMicrosoftOptions) error {
	login, err := newLogin(ctx, env, opts)
	if err != nil {
		return err
	}
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	if env.settings.CredentialStore == "env" {
		found, err := doors.CheckMicrosoft(ctx)
		if err != nil {
			return fmt.Errorf("signing in to Microsoft: %w", err)
		}
		return showSignIn(env, signInOf(found, doors))
	}
	found, err := doors.LoginMicrosoft(ctx, login)
	if err != nil {
		if !login.Browser && !opts.DeviceCode && blocksDeviceCode(err) && env.mayTryBrowser(ctx, err) {
			login.Browser = true
			found, err = doors.LoginMicrosoft(ctx, login)
		}
	}
	if err != nil {
		return fmt.Errorf("signing in to Microsoft: %w", err)
	}
	return showSignIn(env, signInOf(found, doors))
}

// newLogin checks the options and says how to show what a person must see.
func newLogin(ctx context.Context, env *Env, opts loginMicrosoftOptions) (connect.Login, error) {
	login := connect.Login{
		Browser: opts.Browser,
		Show:    func(code signin.DeviceCode) { showDeviceCode(ctx, env, code, opts.Open) },
		Open: func(address string) error {
			env.say("Sign in at this address:\n\n    %s\n", address)
			return browserHint(env.Open(ctx, address))
		},
	}
	if opts.Browser && opts.DeviceCode {
		return login, usagef("--browser and --device-code exclude each other")
	}
	for _, c := range opts.For {
		switch _, known := need.Of(c); {
		case c == "all":
			login.For = append(login.For, readingCommands()...)
		case known:
			login.For = append(login.For, c)
		default:
			return login, usagef("%q has no permissions of its own; use all, %s", c, strings.Join(commandsWithNeeds(), ", "))
		}
	}
	if opts.Optional {
		login.Also = need.Optional(login.For...)
	}
	if opts.Claims != "" {
		text, err := base64.StdEncoding.DecodeString(opts.Claims)
		if err != nil {
			return login, usagef("--claims is not what an error message gave: %v", err)
		}
		login.Claims = string(text)
	}
	return login, nil
}

func blocksDeviceCode(err error) bool {
	var entra *signin.EntraError
	return errors.As(err, &entra) && entra.BlocksDeviceCode()
}

// mayTryBrowser offers the browser where a policy blocks the device code; with
// --auth auto in the environment or on the command line it is taken.
func (env *Env) mayTryBrowser(ctx context.Context, err error) bool {
	env.say("the device code was refused: %v", err)
	if env.autoChosen {
		env.say("signing in with the browser instead, as --auth auto allows")
		return true
	}
	return env.interactive() && env.confirm(ctx, "Sign in with the browser on this machine instead?", false) == nil
}

// signInAgain asks a person for the one new sign-in that mends an error.
func (env *Env) signInAgain(ctx context.Context, e *connect.InteractionError) error {
	env.say("Microsoft asks for a new sign-in: %v", e)
	if err := env.confirm(ctx, "Sign in now?", false); err != nil {
		return err
	}
	opts := loginMicrosoftOptions{For: []string{e.Command}}
	if e.Claims != "" {
		opts.Claims = base64.StdEncoding.EncodeToString([]byte(e.Claims))
	}
	return runLoginMicrosoft(ctx, env, opts)
}

func showDeviceCode(ctx context.Context, env *Env, code signin.DeviceCode, open bool) {
	env.say(
		"Open %s and enter the code %s\nwaiting until %s (Ctrl-C ends it)",
		code.Address,
		code.UserCode,
		code.Expiry.Local().Format("15:04"),
	)
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
		Args:    flagsOnly,
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
			return secret.Secret{}, fmt.Errorf(
				"reading the client secret from standard input: %w",
				errors.Join(err, errors.New("there is none")),
			)
		}
		return secret.New(text), nil
	}
	if s, _ := doors.ZoomSecretFromEnvironment(); !s.Empty() {
		return s, nil
	}
	if !env.interactive() {
		return secret.Secret{}, usagef(
			"nobody can be asked for the client secret here; set ZO365_ZOOM_CLIENT_SECRET or use --secret-stdin",
		)
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
	s := render.SignIn{
		Service:  strings.ToLower(f.Service),
		SignedIn: true,
		As:       f.ClientID,
		Kind:     "application",
		Method:   string(f.Method),
		Why:      f.Why,
		Flow:     f.Flow,
		Store:    string(f.Source),
		Variable: f.Variable,
		Of:       f.Of,
		Host:     doors.Hosts.Login,
	}
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
	if s.Store == string(connect.InEnvironment) {
		where = "by " + s.Method
		if s.Why != "" {
			where += ", because " + s.Why
		}
		where += "; nothing is kept"
	}
	env.say("signed in to %s as %s (%s), %s", s.Service, s.As, s.Of, where)
	return env.show(render.SignInListing(render.SignIns{SignedIn: true, Services: []render.SignIn{s}}))
}

func newLogoutCmd(env *Env) *cobra.Command {
	revoke := false
	cmd := &cobra.Command{
		Use:   "logout [microsoft|zoom]",
		Short: "Erase the credentials on this machine",
		Long: `Erase the credentials of this tenant and account from the stores and the token
cache of this machine, and say what was erased.

With --revoke the sign-in is first ended on the service's side: Microsoft ends
every session of the signed-in person, on all their devices; Zoom ends the access
token.`,
		Example:   "  zo365 logout\n  zo365 logout zoom --revoke",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"microsoft", "zoom"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLogout(cmd.Context(), env, strings.Join(args, ""), revoke)
		},
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "end the sign-in on the service's side as well")
	return cmd
}

func runLogout(ctx context.Context, env *Env, only string, revoke bool) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	out := render.Logout{Erased: []render.Erased{}}
	for _, one := range []struct {
		service string
		erase   func(context.Context, bool) (connect.Erased, error)
	}{{"microsoft", doors.LogoutMicrosoft}, {"zoom", doors.LogoutZoom}} {
		if only != "" && only != one.service {
			continue
		}
		e, err := one.erase(ctx, revoke)
		if err != nil {
			return fmt.Errorf("signing out of %s: %w", one.service, err)
		}
		erased := render.Erased{
			Service:     one.service,
			Credential:  len(e.From) > 0,
			From:        []string{},
			CachedToken: e.Token,
			Revoked:     e.Revoked,
		}
		for _, s := range e.From {
			erased.From = append(erased.From, string(s))
		}
		out.Erased = append(out.Erased, erased)
	}
	return env.show(render.LogoutListing(out))
}
