package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/need"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// The exit codes, a promise to scripts.
const (
	exitDone        = 0
	exitError       = 1
	exitDiffers     = 2
	exitCheckFailed = 3
	exitSignIn      = 4
	exitPermission  = 5
	exitResumable   = 6
	exitPerson      = 7
	exitUsage       = 64
	exitInterrupted = 130
)

// errCheckFailed ends a command whose output has said everything already.
var errCheckFailed = errors.New("the check did not pass")

// usageError is a command line that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// hinted adds to an error what to do next.
type hinted struct {
	err  error
	hint string
	// code replaces the error's own exit code when it is not zero.
	code int
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

func hint(err error, next string) error { return &hinted{err: err, hint: next} }

// report says what went wrong and returns the exit code.
func report(env *Env, err error) int {
	code, hints := judge(err)
	var needs *tenant.NeedsError
	if errors.As(err, &needs) && code == exitPermission {
		hints = append(hints, env.wayTo(needs))
	}
	if err == nil || errors.Is(err, errCheckFailed) || errors.Is(err, errDiffers) || errors.Is(err, errFleet) {
		return code
	}
	hints = slices.DeleteFunc(hints, func(h string) bool { return h == "" })
	switch {
	case env.answersJSON():
		env.sayJSON(failureOf(err, code, hints))
	case code == exitInterrupted:
		env.say("interrupted")
	default:
		env.say("error: %v", err)
		for _, h := range hints {
			env.say("hint: %s", h)
		}
	}
	return code
}

// wayTo says how who is signed in gets a permission.
func (env *Env) wayTo(needs *tenant.NeedsError) string {
	all := strings.Join(needs.AnyOf, " or ")
	if needs.Instead != "" {
		return needs.Instead + "; an app that can be given " + all + " sees them itself"
	}
	if needs.Service == "Zoom" {
		return "add " + all + " to the server-to-server app, at " + menu.ZoomApps
	}
	application := "grant " + all + " to the application that zo365 signs in with"
	command, optional, ok := need.For(env.command, needs.AnyOf)
	if !ok {
		return application
	}
	person := "zo365 login microsoft --for " + shell.Word(command)
	if optional {
		person += " --optional"
	}
	if len(needs.Roles) > 0 {
		person += ", with one of the roles " + strings.Join(needs.Roles, ", ")
	}
	return "a person: " + person + "; a pipeline: " + application
}

// judge is the one place where errors become codes and hints.
func judge(err error) (code int, hints []string) {
	var h *hinted
	if errors.As(err, &h) {
		code, hints = judge(h.err)
		if h.code != 0 {
			code = h.code
		}
		return code, append([]string{h.hint}, hints...)
	}
	var (
		usage      *usageError
		connection *connectionError
		unseen     *blindError
		needs      *tenant.NeedsError
		stop       *tenant.StopError
		setting    *config.SettingError
		missing    *connect.MissingError
		twice      *connect.NamedTwiceError
		mixed      *connect.MixedError
		unwritten  *apply.UnrecordedError
		target     *plan.WrongTargetError
		variable   *connect.VariableError
	)
	switch {
	case err == nil:
		return exitDone, nil
	case errors.As(err, &unwritten):
		return exitError, unwrittenAdvice(unwritten)
	case errors.Is(err, context.Canceled):
		return exitInterrupted, nil
	case errors.Is(err, errCheckFailed):
		return exitCheckFailed, nil
	case errors.Is(err, errDiffers):
		return exitDiffers, nil
	case errors.As(err, &usage), errors.As(err, &setting), errors.As(err, &variable):
		return exitUsage, nil
	case errors.As(err, &missing):
		return exitUsage, adviceFor(err)
	case errors.As(err, &twice):
		return exitUsage, []string{
			"unset " + twice.Variable + ", or correct " + twice.Key + " in the tenant file; --tenant names another tenant for reading alone",
		}
	case errors.As(err, &mixed):
		return exitUsage, []string{
			"zo365 auth switch " + shell.Word(
				mixed.Tenant,
			) + " chooses a pair; zo365 init makes a tenant file that names both",
		}
	case errors.As(err, &target):
		return exitError, []string{
			"zo365 auth status shows the sign-ins; sign in to the tenant and the Zoom account that are meant",
		}
	case errors.As(err, &connection):
		return connection.code, []string{connection.next}
	case errors.As(err, &unseen):
		return exitPermission, append(unseen.needs, "or accept it: --allow-unknown "+strings.Join(unseen.codes, ","))
	case errors.As(err, &needs):
		return exitPermission, nil
	case errors.As(err, &stop):
		return judgeStop(stop)
	}
	return exitOf(err), adviceFor(err)
}

// unwrittenAdvice gives a person what could not be recorded.
func unwrittenAdvice(e *apply.UnrecordedError) []string {
	path, lines := e.Lines()
	if path == "" {
		return []string{"free some space or mend the folder of the journal, and run the command again"}
	}
	return []string{
		"the change was made; append this to " + path + " once it can be written, so that it is on record:",
		strings.TrimSpace(string(lines)),
	}
}

func judgeStop(stop *tenant.StopError) (int, []string) {
	service := strings.ToLower(stop.Service)
	switch stop.Reason {
	case tenant.SignedOut:
		hints := adviceFor(stop.Err)
		if refused := (*zoom.Error)(nil); errors.As(stop.Err, &refused) {
			hints = []string{
				"check that the server-to-server app is activated: " + menu.ZoomApps +
					" > your app; if its secret is a new one: zo365 login zoom",
			}
		}
		if refused := (*msgraph.Error)(nil); errors.As(stop.Err, &refused) {
			hints = []string{
				"zo365 auth status shows who is signed in; a person signs in again: zo365 login microsoft",
				"an application takes a new token with every run: check that it is still in the tenant, under " + menu.EntraApps,
			}
		}
		if len(hints) == 0 {
			hints = []string{"zo365 login " + service}
		}
		return exitSignIn, hints
	case tenant.OutOfPatience:
		if used := (*rest.PatienceError)(nil); errors.As(stop, &used) && used.Daily {
			return exitResumable, []string{"run the command again after that"}
		}
		return exitResumable, []string{"run the command again later, or allow longer pauses with --max-wait"}
	case tenant.Offline:
	}
	if stalled := (*rest.StalledError)(nil); errors.As(stop, &stalled) {
		return exitError, []string{"run the command again; --request-timeout waits longer for an answer"}
	}
	var authority *rest.AuthorityError
	if errors.As(stop, &authority) {
		what := "a file with the authority"
		if authority.Variable == "SSL_CERT_DIR" {
			what = "a folder of authorities"
		}
		return exitError, []string{"name " + what + " in PEM form in " + authority.Variable + ", or unset it"}
	}
	if strings.Contains(stop.Error(), "certificate") {
		return exitError, []string{
			"the server's certificate is not trusted; behind an inspecting proxy, or with a sandbox, SSL_CERT_FILE must name a file with its authority in PEM form",
		}
	}
	return exitError, []string{"check the network and the proxy variables; --debug shows each request"}
}

func exitOf(err error) int {
	var entra *signin.EntraError
	var zoom *signin.ZoomTokenError
	var unavailable *secret.UnavailableError
	if errors.As(err, &entra) || errors.As(err, &zoom) || errors.As(err, &unavailable) ||
		errors.Is(err, signin.ErrCodeExpired) ||
		errors.Is(err, signin.ErrBrowserUnanswered) {
		return exitSignIn
	}
	return exitError
}

// adviceFor finds the next step for the errors that carry facts.
func adviceFor(err error) []string {
	var (
		entra       *signin.EntraError
		zoom        *signin.ZoomTokenError
		unavailable *secret.UnavailableError
		missing     *connect.MissingError
		notFound    *config.NotFoundError
		exists      *config.ExistsError
		invalid     *config.InvalidError
		noGroup     *profile.NoGroupError
		format      *export.FormatError
		nobody      *connect.NotSignedInError
		interaction *connect.InteractionError
		noAccount   *connect.NoAccountError
		policy      *connect.PolicyError
		answer      interface{ Failure() tenant.Failure }
	)
	switch {
	case errors.As(err, &interaction):
		return interactionAdvice(interaction)
	case errors.As(err, &noAccount):
		return []string{"zo365 auth list shows them: " + strings.Join(noAccount.Known, ", ")}
	case errors.As(err, &policy):
		return []string{signin.PolicyAdvice}
	case errors.Is(err, connect.ErrKeepsNone):
		return []string{
			"unset ZO365_CREDENTIAL_STORE, or set it to keyring or file, to keep a person's sign-in",
			"a pipeline needs no login: it sets " + applicationVariables,
		}
	case errors.Is(err, signin.ErrCodeExpired), errors.Is(err, signin.ErrBrowserUnanswered):
		return []string{"sign in again: zo365 login microsoft"}
	case errors.As(err, &entra):
		return entraAdvice(entra)
	case errors.As(err, &zoom):
		return []string{
			"check zoom.account_id and zoom.client_id, and that the secret is the server-to-server app's Client Secret (" + menu.ZoomApps + " > your app > App Credentials); then zo365 login zoom",
		}
	case errors.As(err, &unavailable) && unavailable.File != "":
		return []string{
			"ZO365_CREDENTIAL_PASSPHRASE, or ZO365_CREDENTIAL_KEY_FILE with a key of age-keygen, opens it; if both are lost, remove the file and sign in again",
		}
	case errors.As(err, &unavailable):
		return []string{
			"on a desktop: unlock or install the keyring (Debian: apt install gnome-keyring), then sign in again",
			"on a machine without one: ZO365_CREDENTIAL_STORE=file with ZO365_CREDENTIAL_PASSPHRASE, or with ZO365_CREDENTIAL_KEY_FILE and a key of age-keygen, keeps them in an encrypted file",
			"in a pipeline: set ZO365_CREDENTIAL_STORE=env with ZO365_MICROSOFT_CLIENT_SECRET and ZO365_ZOOM_CLIENT_SECRET; zo365 never keeps a secret in a plain file",
		}
	case errors.As(err, &nobody):
		return nobodyAdvice(nobody)
	case errors.As(err, &missing):
		if missing.Path != "" {
			return []string{"set " + missing.What + " in " + missing.Path + ", or " + missing.Variable}
		}
		return []string{"zo365 init, or set " + missing.Variable}
	case errors.As(err, &notFound):
		return []string{"zo365 init makes one; --config or ZO365_CONFIG names one that lies elsewhere"}
	case errors.As(err, &exists):
		return []string{"--force replaces it"}
	case errors.As(err, &invalid):
		return []string{"docs/zo365.schema.json describes the file; editors complete it"}
	case errors.As(err, &noGroup):
		return []string{"zo365 group list shows the groups; zo365 group set makes a profile"}
	case errors.As(err, &format):
		return []string{format.Hint}
	case errors.As(err, &answer):
		return codeAdvice(answer.Failure())
	}
	return nil
}

// codeAdvice is what zo365 knows of the code of a service's answer, or the page that does.
func codeAdvice(f tenant.Failure) []string {
	if f.Code == "" || f.Code == "0" {
		return nil
	}
	for _, m := range meaningsOf(f.Code) {
		ofZoom := strings.HasPrefix(m.Kind, "Zoom")
		if ofZoom != (f.Service == "Zoom") || m.Next == "" {
			continue
		}
		return []string{m.Next, "see " + m.Source}
	}
	return nil
}

// applicationVariables are what an application signs in to Microsoft with.
const applicationVariables = "ZO365_MICROSOFT_CLIENT_ID with ZO365_MICROSOFT_CLIENT_SECRET, ZO365_MICROSOFT_CLIENT_CERTIFICATE or a federated token"

// nobodyAdvice says how to sign in by the method that was asked for.
func nobodyAdvice(e *connect.NotSignedInError) []string {
	switch e.Method {
	case connect.BySecret:
		return []string{"set ZO365_MICROSOFT_CLIENT_SECRET and ZO365_MICROSOFT_CLIENT_ID"}
	case connect.ByCertificate:
		return []string{"set ZO365_MICROSOFT_CLIENT_CERTIFICATE to a PEM or PFX file, and ZO365_MICROSOFT_CLIENT_ID"}
	case connect.ByFederation:
		return []string{
			"GitHub Actions needs \"permissions: id-token: write\", Azure Pipelines SYSTEM_ACCESSTOKEN, others ZO365_MICROSOFT_FEDERATED_TOKEN or ZO365_MICROSOFT_FEDERATED_TOKEN_FILE",
		}
	case connect.ByPerson, connect.ByManaged: // a managed identity is always tried
	}
	switch {
	case e.KeepsNone && e.Method == connect.ByPerson:
		return []string{
			"a person's sign-in is kept nowhere while ZO365_CREDENTIAL_STORE is env; unset it, or set it to keyring or file, then: zo365 login microsoft",
		}
	case e.KeepsNone && e.Service == "Zoom":
		return []string{"set ZO365_ZOOM_CLIENT_SECRET: ZO365_CREDENTIAL_STORE is env, which keeps no sign-in"}
	case e.KeepsNone:
		return []string{"set " + applicationVariables + ": ZO365_CREDENTIAL_STORE is env, which keeps no sign-in"}
	}
	return []string{"zo365 login " + strings.ToLower(e.Service)}
}

// interactionAdvice names the sign-in that mends an error, after its meaning.
func interactionAdvice(e *connect.InteractionError) []string {
	again := "zo365 login microsoft"
	if e.Command != "" {
		again += " --for " + shell.Word(e.Command)
	}
	if e.Claims != "" {
		again += " --claims " + base64.StdEncoding.EncodeToString([]byte(e.Claims))
	}
	var entra *signin.EntraError
	if errors.As(e, &entra) && entra.BlocksDeviceCode() {
		again += " --browser"
	}
	hints := []string{again}
	if entra != nil {
		if x, ok := entra.Explanation(); ok {
			hints[0] = x.Meaning + "; sign in again: " + again
		}
		if page := entra.Page(); page != "" {
			hints = append(hints, "see "+page)
		}
		if support := entra.Support(); support != "" {
			hints = append(hints, "for Microsoft's support: "+support)
		}
	}
	return hints
}

// entraAdvice explains Entra's error, and gives the line for Microsoft's
// support.
func entraAdvice(e *signin.EntraError) []string {
	var hints []string
	if x, ok := e.Explanation(); ok {
		hints = append(hints, x.Meaning+"; "+x.Next)
	}
	if page := e.Page(); page != "" {
		hints = append(hints, "see "+page)
	}
	if support := e.Support(); support != "" {
		hints = append(hints, "for Microsoft's support: "+support)
	}
	return hints
}
