package entra

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// pageRequest is a request that waits for a person: to sign in, then to answer.
type pageRequest struct {
	kind pageKind
	// query is the original request.
	query  url.Values
	device string // device code, with deviceKind
	// v2 is the newer of the two admin consent endpoints.
	v2   bool
	user *world.User
}

type pageKind int

const (
	authorizeKind pageKind = iota
	adminConsentKind
	deviceKind
)

// authorize begins the authorization code flow: sign in, consent, and back with
// a code.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
func (e *Service) authorize(rec *world.Recorder, r *http.Request) {
	q := r.URL.Query()
	if !e.redirectAllowed(q.Get("client_id"), q.Get("redirect_uri")) {
		e.errorPage(
			rec,
			http.StatusBadRequest,
			"AADSTS50011",
			"The redirect URI '"+q.Get(
				"redirect_uri",
			)+"' specified in the request does not match the redirect URIs configured for the application '"+q.Get(
				"client_id",
			)+"'.",
		)
		return
	}
	trial := world.NewRecorder()
	if _, ok := e.scopes(trial, q.Get("scope")); !ok {
		e.sendBack(
			rec,
			q,
			url.Values{
				"error":             {"invalid_scope"},
				"error_description": {"AADSTS70011: The provided value for the input parameter 'scope' is not valid."},
			},
		)
		return
	}
	ours := q.Get("client_id") == world.ZoomAppID // a confidential client: its code is redeemed by the portal itself
	if q.Get("response_type") != "code" ||
		!ours && (q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256") {
		e.sendBack(
			rec,
			q,
			url.Values{
				"error":             {"invalid_request"},
				"error_description": {"AADSTS900144: The sandbox takes response_type=code with a code_challenge of method S256."},
			},
		)
		return
	}
	e.signIn(rec, r, &pageRequest{kind: authorizeKind, query: q})
}

// redirectAllowed knows the registered redirect URIs: loopback with any port
// for native clients, the portal's own address for Zoom.
//
// https://learn.microsoft.com/entra/identity-platform/reply-url
func (e *Service) redirectAllowed(client, redirect string) bool {
	if client == world.ZoomAppID {
		return redirect == e.Server.Origin+world.PortalCallback || redirect == e.Server.Origin+world.PortalSigner
	}
	u, err := url.Parse(redirect)
	if err != nil || client != world.OwnAppID && client != world.GraphToolsID && !e.Server.World.Registered(client) {
		return false
	}
	return u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1") &&
		(u.Path == "" || u.Path == "/")
}

// adminConsent begins the consent of an administrator for the organization.
// Real answers were not recorded anywhere we know; this follows the pages.
//
// https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
// https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
func (e *Service) adminConsent(rec *world.Recorder, r *http.Request, v2 bool) {
	q := r.URL.Query()
	switch {
	case q.Get("client_id") != world.ZoomAppID:
		e.errorPage(
			rec,
			http.StatusBadRequest,
			"AADSTS700016",
			"Application with identifier '"+q.Get("client_id")+"' was not found in the directory.",
		)
	case v2 && (q.Get("redirect_uri") == "" || q.Get("scope") == ""):
		e.errorPage(
			rec,
			http.StatusBadRequest,
			"AADSTS900144",
			"The request must contain the parameters 'redirect_uri' and 'scope'.",
		)
	case q.Get("redirect_uri") != "" && !e.redirectAllowed(world.ZoomAppID, q.Get("redirect_uri")):
		e.errorPage(
			rec,
			http.StatusBadRequest,
			"AADSTS50011",
			"The redirect URI '"+q.Get(
				"redirect_uri",
			)+"' specified in the request does not match the redirect URIs configured for the application.",
		)
	default:
		e.signIn(rec, r, &pageRequest{kind: adminConsentKind, query: q, v2: v2})
	}
}

// devicePage is where the code of a device sign-in is entered.
func (e *Service) devicePage(rec *world.Recorder, r *http.Request) {
	if r.Method != http.MethodPost {
		e.show(rec, http.StatusOK, "device", map[string]any{})
		return
	}
	entered := strings.ToUpper(strings.TrimSpace(world.FormValue(r, "otc")))
	for key, d := range e.devices {
		if d.userCode == entered && d.user == nil && !d.declined && e.Server.World.Now().Before(d.expires) {
			e.signIn(rec, r, &pageRequest{kind: deviceKind, device: key, query: url.Values{"client_id": {d.client}}})
			return
		}
	}
	e.show(rec, http.StatusOK, "device", map[string]any{"Error": "That code didn't work. Check the code and try again."})
}

// signIn shows the sign-in page, or goes on where the browser is signed in
// already and nobody asked for a choice.
func (e *Service) signIn(rec *world.Recorder, r *http.Request, p *pageRequest) {
	if cookie, err := r.Cookie(
		entraCookie,
	); err == nil && p.kind == authorizeKind &&
		!slices.Contains([]string{"login", "select_account"}, p.query.Get("prompt")) {
		if u := e.sessions[cookie.Value]; u != nil {
			p.user = u
			e.proceed(rec, p)
			return
		}
	}
	e.show(
		rec,
		http.StatusOK,
		"signin",
		map[string]any{"Ctx": e.keep(p), "People": e.people(), "Hint": p.query.Get("login_hint")},
	)
}

func (e *Service) keep(p *pageRequest) string {
	ctx := rand.Text()
	e.pages[ctx] = p
	return ctx
}

// people are those offered on the sign-in page; anybody else can be typed.
func (e *Service) people() []string {
	var upns []string
	for _, u := range e.Server.World.Users {
		if u.DeletedAt.IsZero() && len(upns) < 20 {
			upns = append(upns, u.UPN)
		}
	}
	return upns
}

const entraCookie = "ESTSAUTH"

// login takes the name from the sign-in page.
func (e *Service) login(rec *world.Recorder, r *http.Request) {
	ctx := world.FormValue(r, "ctx")
	p, ok := e.pages[ctx]
	if !ok {
		e.errorPage(
			rec,
			http.StatusBadRequest,
			"AADSTS165000",
			"This sign-in was answered already, or the sandbox was started again. Begin anew.",
		)
		return
	}
	u := e.Server.World.Person(strings.TrimSpace(world.FormValue(r, "loginfmt")))
	if u == nil || u.Disabled {
		message := "This username may be incorrect. Make sure you typed it correctly."
		if u != nil {
			message = "AADSTS50057: The user account is disabled."
		}
		e.show(rec, http.StatusOK, "signin", map[string]any{"Ctx": ctx, "People": e.people(), "Error": message})
		return
	}
	delete(e.pages, ctx)
	session := rand.Text()
	e.sessions[session] = u
	http.SetCookie(
		rec,
		&http.Cookie{
			Name:     entraCookie,
			Value:    session,
			Path:     "/",
			Secure:   true,
			HttpOnly: true,
			SameSite: http.SameSiteLaxMode,
		},
	)
	p.user = u
	e.proceed(rec, p)
}

// logout ends the browser's session.
func (e *Service) logout(rec *world.Recorder, r *http.Request) {
	if cookie, err := r.Cookie(entraCookie); err == nil {
		delete(e.sessions, cookie.Value)
	}
	e.show(
		rec,
		http.StatusOK,
		"done",
		map[string]any{"Title": "You signed out of your account", "Text": "It's a good idea to close all browser windows."},
	)
}

// proceed shows the question that a request has for a signed-in person.
func (e *Service) proceed(rec *world.Recorder, p *pageRequest) {
	switch {
	case p.kind == adminConsentKind && !world.MayConsent(p.user.Roles):
		e.errorPage(
			rec,
			http.StatusForbidden,
			"AADSTS90094",
			"Need admin approval. "+world.ZoomAppName+" needs permission to access resources in your organization that only an administrator with the role Global Administrator or Privileged Role Administrator can grant.",
		)
	case p.kind == adminConsentKind:
		e.show(rec, http.StatusOK, "consent", map[string]any{
			"Ctx": e.keep(
				p,
			),
			"User":         p.user.UPN,
			"App":          world.ZoomAppName,
			"Publisher":    world.ZoomAppOwner,
			"Organization": e.Server.World.Org,
			"Permissions": e.Server.World.Declared(
				e.MailReadFor(p.query.Get("state")),
			),
			"Admin": true,
		})
	case p.kind == deviceKind:
		e.show(
			rec,
			http.StatusOK,
			"confirm",
			map[string]any{"Ctx": e.keep(p), "User": p.user.UPN, "App": appName(p.query.Get("client_id"))},
		)
	case p.query.Get("client_id") == world.ZoomAppID: // consented as an administrator a moment ago
		e.finish(rec, p, true)
	default:
		e.show(rec, http.StatusOK, "consent", map[string]any{
			"Ctx": e.keep(
				p,
			),
			"User":         p.user.UPN,
			"App":          appName(p.query.Get("client_id")),
			"Publisher":    e.Server.World.Org,
			"Organization": e.Server.World.Org,
			"Permissions":  delegated(strings.Fields(p.query.Get("scope"))),
		})
	}
}

func appName(client string) string {
	if client == world.GraphToolsID {
		return "Microsoft Graph Command Line Tools"
	}
	return "zo365"
}

// answered takes Accept or Cancel.
func (e *Service) answered(rec *world.Recorder, r *http.Request) {
	p, ok := e.pages[world.FormValue(r, "ctx")]
	if !ok || p.user == nil {
		e.errorPage(rec, http.StatusBadRequest, "AADSTS165000", "This question was answered already. Begin anew.")
		return
	}
	delete(e.pages, world.FormValue(r, "ctx"))
	e.finish(rec, p, world.FormValue(r, "answer") == "accept")
}

func (e *Service) finish(rec *world.Recorder, p *pageRequest, accepted bool) {
	switch p.kind {
	case deviceKind:
		e.finishDevice(rec, p, accepted)
	case adminConsentKind:
		e.finishConsent(rec, p, accepted)
	case authorizeKind:
		if !accepted {
			e.sendBack(
				rec,
				p.query,
				url.Values{
					"error":             {"access_denied"},
					"error_description": {"AADSTS65004: User declined to consent to access the app."},
				},
			)
			return
		}
		e.remember(p.user, p.query.Get("client_id"), strings.Fields(p.query.Get("scope")))
		key := rand.Text() + rand.Text()
		e.Codes[key] = &code{
			User:      p.user,
			Client:    p.query.Get("client_id"),
			redirect:  p.query.Get("redirect_uri"),
			challenge: p.query.Get("code_challenge"),
			nonce: p.query.Get(
				"nonce",
			),
			scopes:  strings.Fields(p.query.Get("scope")),
			expires: e.Server.World.Now().Add(10 * time.Minute),
		}
		e.sendBack(rec, p.query, url.Values{"code": {key}, "session_state": {e.Server.World.GUID()}})
	}
}

func (e *Service) finishDevice(rec *world.Recorder, p *pageRequest, accepted bool) {
	d, ok := e.devices[p.device]
	switch {
	case !ok || d.user != nil:
		e.errorPage(rec, http.StatusBadRequest, "AADSTS90120", "This code was used already.")
	case !accepted:
		d.declined = true
		e.show(
			rec,
			http.StatusOK,
			"done",
			map[string]any{"Title": "You have cancelled the sign-in", "Text": "You can close this window."},
		)
	case e.Server.World.Scenario.Tenant.Device == world.DeviceBlocked:
		d.user = p.user // the policy speaks at the token endpoint, too
		e.errorPage(
			rec,
			http.StatusForbidden,
			"AADSTS53003",
			"You cannot access this right now. Your sign-in was successful but does not meet the criteria to access this resource: device code flow is blocked by your organization.",
		)
	default:
		d.user = p.user
		e.remember(d.user, d.client, d.scopes)
		e.show(
			rec,
			http.StatusOK,
			"done",
			map[string]any{
				"Title": "You have signed in to " + appName(d.client) + " on your device",
				"Text":  "You may now close this window.",
			},
		)
	}
}

// finishConsent goes back with admin_consent=True even on an error, as the page
// on the v2.0 endpoint shows; v1 has words of its own.
func (e *Service) finishConsent(rec *world.Recorder, p *pageRequest, accepted bool) {
	w := e.Server.World
	if accepted {
		w.Consent(p.user, e.MailReadFor(p.query.Get("state")))
	}
	answer := url.Values{"admin_consent": {"True"}, "tenant": {w.TenantID}}
	switch {
	case accepted && p.v2:
		answer.Set("scope", p.query.Get("scope"))
	case !accepted && p.v2:
		answer = url.Values{
			"admin_consent":     {"True"},
			"error":             {"consent_required"},
			"error_description": {"AADSTS65004: The resource owner or authorization server denied the request."},
		}
	case !accepted:
		answer = url.Values{"error": {"permission_denied"}, "error_description": {"The admin canceled the request"}}
	}
	if p.query.Get("redirect_uri") == "" {
		title := "Consent was granted for " + w.Org
		if !accepted {
			title = "Consent was declined"
		}
		e.show(rec, http.StatusOK, "done", map[string]any{"Title": title, "Text": "You can close this window."})
		return
	}
	e.sendBack(rec, p.query, answer)
}

// sendBack redirects to the client with its state.
func (e *Service) sendBack(rec *world.Recorder, q, answer url.Values) {
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	target, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		e.errorPage(rec, http.StatusBadRequest, "AADSTS50011", "The redirect URI is not an address.")
		return
	}
	if target.Path == "" {
		target.Path = "/"
	}
	if q.Get("response_mode") == "form_post" {
		// https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html
		e.show(rec, http.StatusOK, "formpost", map[string]any{"Action": target.String(), "Answer": answer})
		return
	}
	target.RawQuery = answer.Encode()
	rec.Head.Set("Location", target.String())
	rec.Status = http.StatusFound
}

func (e *Service) errorPage(rec *world.Recorder, status int, code, text string) {
	e.show(
		rec,
		status,
		"error",
		map[string]any{"Title": "Sorry, but we're having trouble signing you in.", "Code": code, "Text": text},
	)
}

// show renders one of Entra's pages.
func (e *Service) show(rec *world.Recorder, status int, page string, data map[string]any) {
	data["Tenant"] = e.Server.World.TenantID
	e.Server.Page(rec, status, "entra-"+page, data)
}
