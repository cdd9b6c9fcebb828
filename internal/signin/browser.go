package signin

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/zo365/zo365/internal/secret"
)

// browserPatience is how long the listener waits for the person, as long as a
// device code lives.
const browserPatience = 15 * time.Minute

// ErrBrowserUnanswered says that nobody finished the sign-in in the browser.
var ErrBrowserUnanswered = fmt.Errorf("nobody finished the sign-in in the browser within %s", browserPatience)

// Browser runs the authorization code grant with PKCE (RFC 7636, RFC 8252): the
// person signs in on Entra's page, which leads back to a listener on loopback.
// open is given the address.
//
// The redirect says localhost, which is what can be registered in the portal,
// with whatever port is free; Entra ignores the port of a loopback redirect
// (https://learn.microsoft.com/entra/identity-platform/reply-url).
func (e Entra) Browser(ctx context.Context, scopes []string, open func(address string) error) (Access, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Access{}, fmt.Errorf("listening for the browser's answer: %w", err)
	}
	config := e.config(withOpenID(scopes))
	config.RedirectURL = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	answers := make(chan answer, 1)
	server := &http.Server{Handler: e.callback(state, answers), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // http.ErrServerClosed, or the person's browser says that nothing listens
	}()
	defer func() {
		_ = server.Shutdown(context.WithoutCancel(ctx)) // the answer is in, or nobody waits for it
		<-served
	}()

	if err := open(config.AuthCodeURL(state, append(e.extra(), oauth2.S256ChallengeOption(verifier))...)); err != nil {
		return Access{}, err
	}
	patience := time.NewTimer(browserPatience)
	defer patience.Stop()
	select {
	case <-patience.C:
		return Access{}, ErrBrowserUnanswered
	case a := <-answers:
		if a.err != nil {
			return Access{}, a.err
		}
		token, err := config.Exchange(e.context(ctx), a.code.Reveal(), oauth2.VerifierOption(verifier))
		if err != nil {
			return Access{}, e.failed(err, ByBrowser)
		}
		return access(token), nil
	case <-ctx.Done():
		return Access{}, ctx.Err()
	}
}

type answer struct {
	code secret.Secret
	err  error
}

// callback takes the first request that carries our state and tells every
// other one that it came too late or from elsewhere.
func (e Entra) callback(state string, answers chan<- answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != "/" || query.Get("state") != state {
			http.Error(
				w,
				"This address is waiting for the answer of a zo365 sign-in, and this is not it.",
				http.StatusBadRequest,
			)
			return
		}
		a := answer{code: secret.New(query.Get("code"))}
		message := "You are signed in. Close this tab and go back to the terminal."
		if code := query.Get("error"); code != "" {
			refused := describeEntra(code, query.Get("error_description"), nil, "", "", "")
			refused.Flow, refused.Login = ByBrowser, e.Login
			a.err = refused
			message = "The sign-in did not succeed. The terminal says why; you can close this tab."
		}
		select {
		case answers <- a:
		default:
			message = "This sign-in has been answered already. You can close this tab."
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintf(w, closingPage, message) // the person closes the tab either way
	})
}

const closingPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>zo365</title>
<style>:root{color-scheme:light dark}body{
	font:16px/1.5 system-ui,
	sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem,
}</style>
<h1>zo365</h1><p>%s</p></html>
`
