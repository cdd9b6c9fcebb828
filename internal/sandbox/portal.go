package sandbox

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// portalSessions are the signed-in browsers of Zoom's portal, and the
// authorizations on their way through Entra.
type portalSessions struct {
	people  map[string]*zoomUser
	pending map[string]*authorization // by state
}

// authorization is one press of Authorize and Save.
type authorization struct {
	scope    string // "" is the account, else a group's ID
	settings portalSettings
	by       *zoomUser
}

func newPortalSessions() *portalSessions {
	return &portalSessions{people: map[string]*zoomUser{}, pending: map[string]*authorization{}}
}

// mailReadFor says whether the consent that a state belongs to includes
// Mail.Read: that of the press itself, or any that the portal has saved.
func (p *portalSessions) mailReadFor(w *world, state string) bool {
	if a := p.pending[state]; a != nil {
		return a.settings.MailRead
	}
	for _, s := range w.portal {
		if s.MailRead {
			return true
		}
	}
	return false
}

const (
	portalCookie   = "zm_session"
	portalCallback = "/account/mailcalendar/consented"
	portalSigner   = "/account/mailcalendar/signer"
)

// servePortal answers the pages of Zoom's web portal. Labels and steps are those
// of the article; the addresses and the look are the sandbox's own.
//
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
func (s *Server) servePortal(rec *recorder, r *http.Request) {
	if r.URL.Path == "/signin" {
		s.portalSignIn(rec, r)
		return
	}
	person := s.portalPerson(r)
	if person == nil {
		redirect(rec, "/signin?next="+url.QueryEscape(r.URL.RequestURI()))
		return
	}
	if !s.world.scenario.Zoom.seesSettings(person.Role) {
		s.page(
			rec,
			http.StatusForbidden,
			"zoom-error",
			map[string]any{"Title": "No permission", "Text": "Only an account owner or admin can open this page."},
		)
		return
	}
	path := r.URL.Path
	switch {
	case path == "/":
		redirect(rec, "/account/setting")
	case path == "/account":
		s.serveZoomAccount(rec, r)
	case path == "/billing":
		s.serveZoomBilling(rec, r)
	case path == "/account/setting":
		s.mailCalendar(rec, r, person, "")
	case path == "/account/group":
		s.page(rec, http.StatusOK, "zoom-groups", map[string]any{"Person": person.Email, "Groups": s.world.zoomGroups})
	case strings.HasPrefix(path, "/account/group/"):
		id := strings.TrimPrefix(path, "/account/group/")
		if s.world.group(id) == nil {
			s.page(
				rec,
				http.StatusNotFound,
				"zoom-error",
				map[string]any{"Title": "No such group", "Text": "This account has no group with that ID."},
			)
			return
		}
		s.mailCalendar(rec, r, person, id)
	case path == portalCallback:
		s.portalConsented(rec, r, person)
	case path == portalSigner:
		s.portalSigner(rec, r)
	default:
		s.page(
			rec,
			http.StatusNotFound,
			"zoom-error",
			map[string]any{"Title": "Not imitated", "Text": "The sandbox has no page " + path + "."},
		)
	}
}

func (s *Server) portalPerson(r *http.Request) *zoomUser {
	cookie, err := r.Cookie(portalCookie)
	if err != nil {
		return nil
	}
	return s.pages.people[cookie.Value]
}

func (s *Server) portalSignIn(rec *recorder, r *http.Request) {
	next := r.URL.Query().Get("next")
	data := map[string]any{"Next": next}
	var admins []string
	for _, z := range s.world.zoomUsers {
		if s.world.scenario.Zoom.seesSettings(z.Role) {
			admins = append(admins, z.Email)
		}
	}
	data["People"] = admins
	if r.Method != http.MethodPost {
		s.page(rec, http.StatusOK, "zoom-signin", data)
		return
	}
	z := s.world.zoomUser(strings.TrimSpace(formValue(r, "email")))
	if z == nil {
		data["Error"] = "Incorrect email or password"
		s.page(rec, http.StatusOK, "zoom-signin", data)
		return
	}
	session := rand.Text()
	s.pages.people[session] = z
	http.SetCookie(
		rec,
		&http.Cookie{
			Name:     portalCookie,
			Value:    session,
			Path:     "/",
			Secure:   true,
			HttpOnly: true,
			SameSite: http.SameSiteLaxMode,
		},
	)
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		next = "/account/setting"
	}
	redirect(rec, next)
}

// mailCalendar is the Mail & Calendar tab of the account or of one group.
func (s *Server) mailCalendar(rec *recorder, r *http.Request, person *zoomUser, scope string) {
	now := s.world.portalFor(scope)
	if r.Method != http.MethodPost {
		s.showMailCalendar(rec, person, scope, now, "", "")
		return
	}
	wanted := portalSettings{
		Integrate: formValue(
			r,
			"integrate",
		) == "on",
		Service:      formValue(r, "default_service"),
		API:          formValue(r, "authorize_with"),
		SetupBy:      formValue(r, "setup_by"),
		MailRead:     formValue(r, "mail_read") == "on",
		AuthorizedBy: now.AuthorizedBy,
	}
	if question, ok := verification(now, wanted, formValue(r, "verified")); ok {
		s.page(
			rec,
			http.StatusOK,
			"zoom-verify",
			map[string]any{"Form": r.PostForm, "Question": question.text, "Button": question.button, "Back": r.URL.Path},
		)
		return
	}
	switch {
	case !wanted.Integrate, wanted.SetupBy == "users":
		wanted.AuthorizedBy = ""
		s.world.portal[scope] = &wanted
		s.showMailCalendar(rec, person, scope, wanted, "Your settings have been updated.", "")
	case formValue(r, "action") != "authorize":
		s.showMailCalendar(
			rec,
			person,
			scope,
			wanted,
			"",
			"Press Authorize and Save to set up the integration with Application Permissions.",
		)
	case wanted.Service != "office365" || wanted.API != "graph":
		s.showMailCalendar(rec, person, scope, wanted, "", "Application Permissions need Office 365 and Graph API.")
	case !s.world.domainMatches():
		s.showMailCalendar(
			rec,
			person,
			scope,
			wanted,
			"",
			"None of your account's associated domains is verified in Office 365.",
		)
	default:
		state := rand.Text()
		s.pages.pending[state] = &authorization{scope: scope, settings: wanted, by: person}
		redirect(rec, "/organizations/v2.0/adminconsent?"+url.Values{
			"client_id": {
				zoomAppID,
			},
			"scope":        {"https://graph.microsoft.com/.default"},
			"redirect_uri": {s.Origin + portalCallback},
			"state":        {state},
		}.Encode())
	}
}

// question is one of the article's verification dialogs.
type question struct{ text, button string }

// verification asks once before the toggle moves and before credentials are
// removed.
func verification(now, wanted portalSettings, answered string) (question, bool) {
	var q question
	switch {
	case now.Integrate && !wanted.Integrate:
		q = question{"Disable \"Integrate third-party mail and calendar services\"?", "Disable"}
	case !now.Integrate && wanted.Integrate:
		q = question{"Enable \"Integrate third-party mail and calendar services\"?", "Enable"}
	case now.AuthorizedBy != "" && wanted.SetupBy == "users":
		q = question{"This removes the credentials that are stored for the integration.", "Disable and Delete"}
	default:
		return question{}, false
	}
	return q, answered != q.button
}

func (s *Server) showMailCalendar(
	rec *recorder,
	person *zoomUser,
	scope string,
	settings portalSettings,
	saved, problem string,
) {
	data := map[string]any{
		"Person":   person.Email,
		"Settings": settings,
		"Saved":    saved,
		"Problem":  problem,
		"Path":     "/account/setting",
		"Where":    "Account Management › Account Settings",
	}
	if g := s.world.group(scope); g != nil {
		data["Path"], data["Where"], data["Group"] = "/account/group/"+scope, "User Management › Groups › "+g.Name, g.Name
	}
	s.page(rec, http.StatusOK, "zoom-mail-calendar", data)
}

// portalConsented is where Entra leads back to; what it says is not believed
// (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent), so the
// portal asks who signed in before it saves.
func (s *Server) portalConsented(rec *recorder, r *http.Request, person *zoomUser) {
	q := r.URL.Query()
	a := s.pages.pending[q.Get("state")]
	switch {
	case a == nil || a.by != person:
		s.page(
			rec,
			http.StatusBadRequest,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": "This answer belongs to no authorization."},
		)
	case q.Get("error") != "":
		delete(s.pages.pending, q.Get("state"))
		s.page(
			rec,
			http.StatusOK,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": q.Get("error_description")},
		)
	default:
		redirect(rec, "/organizations/oauth2/v2.0/authorize?"+url.Values{
			"client_id": {
				zoomAppID,
			},
			"response_type": {"code"},
			"scope":         {"openid profile"},
			"redirect_uri":  {s.Origin + portalSigner},
			"state":         {q.Get("state")},
		}.Encode())
	}
}

// portalSigner applies the article's rule: the UPN of the authorizing user must
// match their Zoom email, or Mail: Read must be approved.
func (s *Server) portalSigner(rec *recorder, r *http.Request) {
	q := r.URL.Query()
	a, c := s.pages.pending[q.Get("state")], s.entra.codes[q.Get("code")]
	if a == nil || c == nil || c.client != zoomAppID {
		s.page(
			rec,
			http.StatusBadRequest,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": "This answer belongs to no authorization."},
		)
		return
	}
	delete(s.pages.pending, q.Get("state"))
	delete(s.entra.codes, q.Get("code"))
	if !strings.EqualFold(c.user.UPN, a.by.Email) && !a.settings.MailRead {
		s.page(
			rec,
			http.StatusOK,
			"zoom-error",
			map[string]any{
				"Title": "Authorization failed",
				"Text": fmt.Sprintf(
					"The Office 365 user %s does not match the Zoom user %s. Approve Mail: Read access to connect.",
					c.user.UPN,
					a.by.Email,
				),
			},
		)
		return
	}
	a.settings.AuthorizedBy = c.user.UPN
	if sp := s.world.app(zoomAppID); sp != nil {
		sp.signedIn = s.world.now() // only now: Zoom uses what it got once it is connected
	}
	saved := a.settings
	s.world.portal[a.scope] = &saved
	s.showMailCalendar(rec, a.by, a.scope, saved, "Authorized. Your settings have been updated.", "")
}

// portalFor returns the settings of a scope; a group that was never changed has
// the account's.
func (w *world) portalFor(scope string) portalSettings {
	if s := w.portal[scope]; s != nil {
		return *s
	}
	inherited := *w.portal[""]
	inherited.AuthorizedBy = ""
	return inherited
}

func (w *world) group(id string) *zoomGroup {
	for _, g := range w.zoomGroups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// domainMatches is the article's requirement on domains.
func (w *world) domainMatches() bool {
	for _, z := range w.scenario.Zoom.Domains {
		for _, d := range w.scenario.Tenant.Domains {
			if strings.EqualFold(z.Name, d.Name) && z.Status == "verified" && d.Verified && !d.Initial {
				return true
			}
		}
	}
	return false
}

func redirect(rec *recorder, to string) {
	rec.header.Set("Location", to)
	rec.status = http.StatusFound
}
