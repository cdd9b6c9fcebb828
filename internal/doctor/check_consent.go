package doctor

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// applies is the beginning of every check of the consent: something wants it, and
// it could be read.
func applies(in Input, f *findings) bool {
	if len(authorizable(in.File)) == 0 {
		f.skip("No profile asks for application permissions")
		return false
	}
	return !unseen(f, in.Facts.Consents, "Zoom's application")
}

// appliesToApp is the beginning of the checks of what the application holds.
func appliesToApp(in Input, f *findings) (Choice, bool) {
	if !applies(in, f) {
		return Choice{}, false
	}
	c := ZoomApplication(in)
	switch {
	case c.Principal != nil:
		return c, true
	case len(c.Unclear) > 0:
		f.skip(notClear)
	case c.Hidden == nil || !unseen(f, in.Facts.Exchange, whichByExchange):
		f.skip("Zoom's application is not in the tenant yet")
	}
	return c, false
}

const (
	notClear        = "It is not known which application is Zoom's"
	whichByExchange = "whether a role in Exchange makes one of Zoom's applications the one for calendars"
)

func checkEnabled(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok {
		return
	}
	one := Finding{Severity: OK, Saw: c.Principal.DisplayName + " may sign in", Evidence: evidence(in.Facts.Consents)}
	if !c.Principal.Enabled {
		one.Severity, one.Saw, one.Fix = Fail, c.Principal.DisplayName+" is disabled", "zo365 apply"
		one.Steps = []Step{{
			ID:          enableID,
			Kind:        Graph,
			Action:      EnableApp,
			Scope:       ScopeTenant,
			Target:      c.Principal.DisplayName,
			Before:      "disabled",
			After:       "enabled",
			Application: c.Application(),
		}}
	}
	f.add(one)
}

func checkPresent(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	c := ZoomApplication(in)
	if c.Hidden != nil && unseen(f, in.Facts.Exchange, whichByExchange) {
		return
	}
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.Consents)}
	choose := "zo365 integration use-application APP-ID"
	switch {
	case c.Gone != "" && len(c.Unclear) > 0:
		one.Severity, one.Fix = Fail, choose
		one.Saw = "The application " + c.Gone + ", whose consent was confirmed, is not in the tenant; these may be Zoom's: " + appNames(
			c.Unclear,
		)
	case len(c.Unclear) > 1:
		one.Severity, one.Saw = Fail, "Several applications of Zoom hold calendar permissions: "+appNames(c.Unclear)
		one.Fix = choose
	case c.Principal == nil:
		one.Severity, one.Absent, one.Fix = Fail, true, "zo365 apply"
		one.Saw = c.Absence()
	default:
		one.Saw = AppName(c.Consent) + " is in the tenant (" + string(c.Basis) + ")"
		if by, at := consentedBy(in, c.Consent); by != "" {
			one.Saw += "; " + by + " consented on " + at.UTC().Format(time.DateOnly)
			one.Evidence = append(one.Evidence, evidence(in.Facts.Events)...)
		}
	}
	f.add(one)
}

// unclear says whether it is not known which application is Zoom's.
func unclear(in Input) bool {
	c := ZoomApplication(in)
	return c.Principal == nil && len(c.Unclear) > 0
}

// saves are the IDs of the steps that ask for the consent.
func saves(in Input) []string {
	var ids []string
	for _, s := range authorizable(in.File) {
		ids = append(ids, clickID(s.name(), StepSave))
	}
	return ids
}

func checkComplete(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	if unclear(in) {
		f.skip(notClear)
		return
	}
	c, w := ConsentOf(in), wantedOf(in)
	one := Finding{
		Severity: OK,
		Saw:      "Zoom's application holds " + heldWords(c, w),
		Evidence: evidence(in.Facts.Consents),
	}
	app := ZoomApplication(in)
	if len(c.Missing) > 0 && (app.Principal != nil || app.Hidden != nil) && !in.Facts.Exchange.Seen() &&
		!slices.Contains(in.Allowed, "consent-complete") {
		// A role in Exchange may give it, to some mailboxes only: granting it in Entra
		// would reach all of them.
		unseen(f, in.Facts.Exchange, "whether a role in Exchange gives "+strings.Join(c.Missing, ", "))
		return
	}
	if len(c.Missing) > 0 {
		one.Severity, one.Saw, one.Fix = Fail, "Missing: "+strings.Join(c.Missing, ", "), "zo365 apply"
		if !c.Present {
			one.Saw = "Nothing is granted yet; needed: " + strings.Join(w.Permissions(), ", ")
		}
		if len(w.Required) == 0 {
			one.Saw += " (as reported: Zoom's own list is a picture; microsoft.required_permissions says otherwise)"
		}
		if reason, at := failedConsent(in, app.Consent); reason != "" {
			one.Saw += "; a consent to it failed on " + at.UTC().Format(time.DateOnly) + ": " + reason
			one.Evidence = append(one.Evidence, evidence(in.Facts.Events)...)
		}
		app := app.Application()
		for _, p := range c.Missing {
			permission := tenant.GraphPermission(p)
			one.Steps = append(one.Steps, Step{
				ID:          grantID(permission),
				Kind:        Graph,
				Action:      GrantPermission,
				Scope:       ScopeTenant,
				Target:      p,
				Before:      "missing",
				After:       "granted",
				Application: app,
				Permission:  &permission,
				DependsOn:   saves(in),
			})
		}
	}
	f.add(one)
}

// heldWords are the permissions that the application has, and those that it has by a role
// in Exchange.
func heldWords(c ConsentCheck, w Wanted) string {
	held := strings.Join(c.Granted, ", ")
	if len(w.ByExchange) == 0 {
		return held
	}
	if held == "" {
		held = "nothing in Entra"
	}
	return held + "; a role in Exchange gives " + strings.Join(w.ByExchange, ", ")
}

func checkExcess(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok {
		return
	}
	more := slices.DeleteFunc(ConsentOf(in).Unexpected, func(g tenant.Grant) bool {
		return g.Permission.OfGraph() && g.Permission.Name == mailRead
	})
	one := Finding{Severity: OK, Saw: "Zoom's application holds nothing else", Evidence: evidence(in.Facts.Consents)}
	if len(more) > 0 {
		labels := labelsOf(more)
		one.Severity, one.Saw = Warn, "Not known to be needed: "+strings.Join(
			labels,
			", ",
		)+" (Zoom's list is a picture; this is inferred)"
		one.Fix = "say what the integration needs with microsoft.required_permissions in the tenant file, then: zo365 apply --allow-revoke"
		if len(in.File.Microsoft.RequiredPermissions) > 0 {
			// The file's own words, not a list that we inferred.
			one.Saw, one.Fix = "Not in microsoft.required_permissions: "+strings.Join(labels, ", "), "zo365 apply --allow-revoke"
			one.Steps = revokes(c.Consent, more, saves(in))
		}
	}
	f.add(one)
}

func labelsOf(grants []tenant.Grant) []string {
	var all []string
	for _, g := range grants {
		all = append(all, g.Permission.Label())
	}
	return all
}

// revokes are the steps that take grants away, each by the API and the role that it is.
func revokes(c tenant.Consent, grants []tenant.Grant, after []string) []Step {
	var steps []Step
	for _, g := range grants {
		permission := g.Permission
		steps = append(steps, Step{
			ID:          revokeID(permission),
			Kind:        Graph,
			Action:      RevokePermission,
			Scope:       ScopeTenant,
			Target:      permission.Label(),
			Before:      "granted",
			After:       "revoked",
			Application: c.Application(),
			Permission:  &permission,
			DependsOn:   after,
		})
	}
	return steps
}

// Revocation are the steps that take every grant of Zoom's application away, as a
// person asked: zo365 integration disable --revoke. whole takes the application itself, too.
func Revocation(in Input, whole bool) []Step {
	c := ZoomApplication(in)
	if c.Principal == nil {
		return nil
	}
	steps := revokes(c.Consent, c.Grants, nil)
	if !whole {
		return steps
	}
	for _, d := range in.Facts.Delegated.Value {
		if d.PrincipalID == c.Principal.ID {
			steps = append(steps, DelegatedStep(c.Consent, d))
		}
	}
	for _, r := range exchangeRoles(in, c.Consent) {
		steps = append(steps, tickedSteps(c, Held{
			ID:   r.ID,
			Name: r.Role,
			For:  RoleLabel(in, r),
			Role: &r,
		})...)
	}
	return append(steps, Step{
		ID:          "graph/delete-application",
		Kind:        Graph,
		Action:      DeleteApp,
		Scope:       ScopeTenant,
		Target:      AppName(c.Consent),
		Before:      "in the tenant",
		After:       "deleted",
		Application: c.Application(),
		DependsOn:   idsOf(steps),
	})
}

func checkMailRead(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok {
		return
	}
	w := wantedOf(in)
	left := slices.DeleteFunc(slices.Clone(c.Grants), func(g tenant.Grant) bool {
		return !g.Permission.OfGraph() || g.Permission.Name != mailRead
	})
	one := Finding{Severity: OK, Saw: "Mail.Read is not granted", Evidence: evidence(in.Facts.Consents)}
	switch {
	case w.MailRead:
		one.Severity, one.Saw = Info, "Mail: Read is approved in the profile; set mail_read: not-approved once Zoom is connected"
	case slices.Contains(w.Permissions(), mailRead):
		one.Saw = "microsoft.required_permissions names Mail.Read"
	case len(left) > 0:
		one.Severity, one.Saw = Warn, "Mail.Read is still granted and reaches every mailbox"
		one.Fix = "zo365 apply --allow-revoke"
		one.Steps = revokes(c.Consent, left, saves(in))
	}
	f.add(one)
}

func checkUnneeded(in Input, f *findings) {
	if len(authorizable(in.File)) > 0 {
		f.skip("A profile needs the consent")
		return
	}
	if unseen(f, in.Facts.Consents, "Zoom's application") {
		return
	}
	c := ZoomApplication(in)
	one := Finding{Severity: OK, Saw: "Zoom's application holds nothing", Evidence: evidence(in.Facts.Consents)}
	granted := ConsentOf(in).Granted
	switch {
	case c.Principal == nil && len(c.Unclear) > 0:
		one.Severity, one.Saw = Info, "These may be Zoom's application, and no profile needs it: "+appNames(c.Unclear)
	case c.Hidden != nil && unseen(f, in.Facts.Exchange, whichByExchange):
		return
	case c.Principal == nil:
		f.skip("Zoom's application is not in the tenant")
		return
	case len(scopes(in.File)) == 0 && len(granted) > 0:
		one.Severity = Info
		one.Saw = c.Principal.DisplayName + " holds permissions, and the tenant file has no settings that say whether it should"
	case len(granted) > 0:
		one.Severity, one.Saw = Warn, c.Principal.DisplayName+" holds "+strings.Join(granted, ", ")
		one.Fix = "zo365 integration disable --revoke"
	}
	f.add(one)
}

// checkOthers names every other application that reaches mailboxes.
func checkOthers(in Input, f *findings) {
	if unseen(f, in.Facts.Consents, "the tenant's applications") {
		return
	}
	others := Others(in)
	if len(others) == 0 {
		f.add(Finding{Severity: OK, Saw: "No other application reaches mailboxes", Evidence: evidence(in.Facts.Consents)})
		return
	}
	var said []string
	for _, c := range others {
		var reach []string
		for _, g := range c.Grants {
			if g.Permission.ReachesMailboxes() {
				reach = append(reach, g.Permission.Label())
			}
		}
		slices.Sort(reach)
		said = append(said, AppName(c)+": "+strings.Join(reach, ", "))
	}
	f.add(
		Finding{
			Severity: Info,
			Saw:      "Others that reach mailboxes: " + strings.Join(said, "; "),
			Evidence: evidence(in.Facts.Consents),
		},
	)
}

// zoomSwitch is Zoom's own switch for user consent, as its article calls it.
//
// https://support.zoom.us/hc/en-us/articles/360032224571-Account-Level-Calendar-and-Contacts-Integration-for-Office-365
const zoomSwitch = `"Office 365 users can consent to enterprise applications accessing company data on their behalf"`

// PeopleConsent are the scopes, in words, whose people set it up themselves by a consent of
// their own.
func PeopleConsent(f profile.File) []string {
	var who []string
	for _, s := range scopes(f) {
		e := s.effective
		if e.Enabled && e.SetupBy == profile.Users && e.AuthorizeWith == profile.Graph &&
			e.DefaultService == profile.Office365 {
			who = append(who, s.words())
		}
	}
	return who
}

// checkUserConsent judges Entra's side of setup_by: users; Zoom's own switch is in no answer
// of its API.
func checkUserConsent(in Input, f *findings) {
	who := PeopleConsent(in.File)
	if len(who) == 0 {
		f.skip("No profile lets people set it up themselves")
		return
	}
	if unseen(f, in.Facts.UserConsent, "what people may consent to") {
		return
	}
	one := Finding{
		Severity: Info,
		Evidence: evidence(in.Facts.UserConsent),
		Saw: "Entra lets people consent by " + strings.Join(in.Facts.UserConsent.Value.Policies, ", ") +
			"; Zoom's own switch (" + zoomSwitch + "), which no API shows, must say the same",
	}
	if len(in.Facts.UserConsent.Value.Policies) == 0 {
		one.Severity = Warn
		one.Saw = "Entra lets nobody consent, and " + strings.Join(who, ", ") + " asks people to: " +
			"without an administrator's consent for everybody they go round between the consent pages"
		one.Fix = "set " + menu.EntraUserConsent + ", and in " + menu.ZoomSettings + " " + zoomSwitch +
			" to the same; or zo365 integration enable" +
			", so that an administrator consents once"
	}
	f.add(one)
}
