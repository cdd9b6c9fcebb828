package portal

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// Sessions are the signed-in browsers of Zoom's portal, and the
// authorizations on their way through Entra.
type Sessions struct {
	people  map[string]*world.ZoomUser
	pending map[string]*authorization // by state
}

// authorization is one press of Authorize and Save.
type authorization struct {
	scope    string // "" is the account, else a group's ID
	settings world.PortalSettings
	by       *world.ZoomUser
}

// NewSessions is a portal that nobody is signed in to.
func NewSessions() *Sessions {
	return &Sessions{people: map[string]*world.ZoomUser{}, pending: map[string]*authorization{}}
}

// MailReadFor says whether the consent that a state belongs to includes
// Mail.Read: that of the press itself, or any that the portal has saved.
func (p *Sessions) MailReadFor(w *world.World, state string) bool {
	if a := p.pending[state]; a != nil {
		return a.settings.MailRead
	}
	for _, s := range w.Portal {
		if s.MailRead {
			return true
		}
	}
	return false
}

const (
	portalCookie = "zm_session"
)

// Serve answers the pages of Zoom's web portal. Labels and steps are those
// of the article; the addresses and the look are the sandbox's own.
//
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
func (s *Service) Serve(rec *world.Recorder, r *http.Request) {
	if r.URL.Path == "/signin" {
		s.portalSignIn(rec, r)
		return
	}
	person := s.portalPerson(r)
	if person == nil {
		redirect(rec, "/signin?next="+url.QueryEscape(r.URL.RequestURI()))
		return
	}
	if !s.World.Scenario.Zoom.SeesSettings(person.Role) {
		s.Page(
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
		s.Page(rec, http.StatusOK, "zoom-groups", map[string]any{"Person": person.Email, "Groups": s.World.ZoomGroups})
	case strings.HasPrefix(path, "/account/group/"):
		id := strings.TrimPrefix(path, "/account/group/")
		if s.World.Group(id) == nil {
			s.Page(
				rec,
				http.StatusNotFound,
				"zoom-error",
				map[string]any{"Title": "No such group", "Text": "This account has no group with that ID."},
			)
			return
		}
		s.mailCalendar(rec, r, person, id)
	case path == world.PortalCallback:
		s.portalConsented(rec, r, person)
	case path == world.PortalSigner:
		s.portalSigner(rec, r)
	default:
		s.Page(
			rec,
			http.StatusNotFound,
			"zoom-error",
			map[string]any{"Title": "Not imitated", "Text": "The sandbox has no page " + path + "."},
		)
	}
}

func (s *Service) portalPerson(r *http.Request) *world.ZoomUser {
	cookie, err := r.Cookie(portalCookie)
	if err != nil {
		return nil
	}
	return s.Pages.people[cookie.Value]
}

func (s *Service) portalSignIn(rec *world.Recorder, r *http.Request) {
	next := r.URL.Query().Get("next")
	data := map[string]any{"Next": next}
	var admins []string
	for _, z := range s.World.ZoomUsers {
		if s.World.Scenario.Zoom.SeesSettings(z.Role) {
			admins = append(admins, z.Email)
		}
	}
	data["People"] = admins
	if r.Method != http.MethodPost {
		s.Page(rec, http.StatusOK, "zoom-signin", data)
		return
	}
	z := s.World.ZoomUser(strings.TrimSpace(world.FormValue(r, "email")))
	if z == nil {
		data["Error"] = "Incorrect email or password"
		s.Page(rec, http.StatusOK, "zoom-signin", data)
		return
	}
	session := rand.Text()
	s.Pages.people[session] = z
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
func (s *Service) mailCalendar(rec *world.Recorder, r *http.Request, person *world.ZoomUser, scope string) {
	now := s.World.PortalFor(scope)
	if r.Method != http.MethodPost {
		s.showMailCalendar(rec, person, scope, now, "", "")
		return
	}
	wanted := world.PortalSettings{
		Integrate: world.FormValue(
			r,
			"integrate",
		) == "on",
		Service:      world.FormValue(r, "default_service"),
		API:          world.FormValue(r, "authorize_with"),
		SetupBy:      world.FormValue(r, "setup_by"),
		MailRead:     world.FormValue(r, "mail_read") == "on",
		AuthorizedBy: now.AuthorizedBy,
	}
	if question, ok := verification(now, wanted, world.FormValue(r, "verified")); ok {
		s.Page(
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
		s.World.Portal[scope] = &wanted
		s.showMailCalendar(rec, person, scope, wanted, "Your settings have been updated.", "")
	case world.FormValue(r, "action") != "authorize":
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
	case !s.World.DomainMatches():
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
		s.Pages.pending[state] = &authorization{scope: scope, settings: wanted, by: person}
		redirect(rec, "/organizations/v2.0/adminconsent?"+url.Values{
			"client_id": {
				world.ZoomAppID,
			},
			"scope":        {"https://graph.microsoft.com/.default"},
			"redirect_uri": {s.Origin + world.PortalCallback},
			"state":        {state},
		}.Encode())
	}
}

// question is one of the article's verification dialogs.
type question struct{ text, button string }

// verification asks once before the toggle moves and before credentials are
// removed.
func verification(now, wanted world.PortalSettings, answered string) (question, bool) {
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

func (s *Service) showMailCalendar(
	rec *world.Recorder,
	person *world.ZoomUser,
	scope string,
	settings world.PortalSettings,
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
	if g := s.World.Group(scope); g != nil {
		data["Path"], data["Where"], data["Group"] = "/account/group/"+scope, "User Management › Groups › "+g.Name, g.Name
	}
	s.Page(rec, http.StatusOK, "zoom-mail-calendar", data)
}

// portalConsented is where Entra leads back to; what it says is not believed
// (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent), so the
// portal asks who signed in before it saves.
func (s *Service) portalConsented(rec *world.Recorder, r *http.Request, person *world.ZoomUser) {
	q := r.URL.Query()
	a := s.Pages.pending[q.Get("state")]
	switch {
	case a == nil || a.by != person:
		s.Page(
			rec,
			http.StatusBadRequest,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": "This answer belongs to no authorization."},
		)
	case q.Get("error") != "":
		delete(s.Pages.pending, q.Get("state"))
		s.Page(
			rec,
			http.StatusOK,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": q.Get("error_description")},
		)
	default:
		redirect(rec, "/organizations/oauth2/v2.0/authorize?"+url.Values{
			"client_id": {
				world.ZoomAppID,
			},
			"response_type": {"code"},
			"scope":         {"openid profile"},
			"redirect_uri":  {s.Origin + world.PortalSigner},
			"state":         {q.Get("state")},
		}.Encode())
	}
}

// portalSigner applies the article's rule: the UPN of the authorizing user must
// match their Zoom email, or Mail: Read must be approved.
func (s *Service) portalSigner(rec *world.Recorder, r *http.Request) {
	q := r.URL.Query()
	a, c := s.Pages.pending[q.Get("state")], s.Entra.Codes[q.Get("code")]
	if a == nil || c == nil || c.Client != world.ZoomAppID {
		s.Page(
			rec,
			http.StatusBadRequest,
			"zoom-error",
			map[string]any{"Title": "Authorization failed", "Text": "This answer belongs to no authorization."},
		)
		return
	}
	delete(s.Pages.pending, q.Get("state"))
	delete(s.Entra.Codes, q.Get("code"))
	if !strings.EqualFold(c.User.UPN, a.by.Email) && !a.settings.MailRead {
		s.Page(
			rec,
			http.StatusOK,
			"zoom-error",
			map[string]any{
				"Title": "Authorization failed",
				"Text": fmt.Sprintf(
					"The Office 365 user %s does not match the Zoom user %s. Approve Mail: Read access to connect.",
					c.User.UPN,
					a.by.Email,
				),
			},
		)
		return
	}
	a.settings.AuthorizedBy = c.User.UPN
	if sp := s.World.App(world.ZoomAppID); sp != nil {
		sp.SignedIn = s.World.Now() // only now: Zoom uses what it got once it is connected
	}
	saved := a.settings
	s.World.Portal[a.scope] = &saved
	s.showMailCalendar(rec, a.by, a.scope, saved, "Authorized. Your settings have been updated.", "")
}

func redirect(rec *world.Recorder, to string) {
	rec.Head.Set("Location", to)
	rec.Status = http.StatusFound
}
