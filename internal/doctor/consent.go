package doctor

import (
	"slices"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// What Zoom's application needs. Zoom's own page shows the list as a picture
// only (library.zoom.com, "Validating the Entra ID Permissions and Scopes"), so
// this is inferred from what the integration does, and a tenant file can name
// its own list (microsoft.required_permissions). A list that is inferred takes nothing
// away.
var (
	// requiredPermissions: the integration writes meetings into calendars.
	requiredPermissions = []string{"Calendars.ReadWrite"}
	// mailRead is required while Mail: Read is approved in the portal, and
	// unwanted otherwise (KB0077944).
	mailRead = "Mail.Read"
	// companions may stand beside the required ones without a remark: the
	// contacts and mailbox time zone that the portal's "calendar and contact
	// services" use, and the lookup of people.
	companions = []string{
		"Contacts.Read",
		"Contacts.ReadWrite",
		"MailboxSettings.Read",
		"User.Read.All",
		"User.ReadBasic.All",
	}
	// covers names permissions that include another.
	covers = map[string]string{
		"Calendars.Read":          "Calendars.ReadWrite",
		"Calendars.ReadBasic.All": "Calendars.ReadWrite",
		"Contacts.Read":           "Contacts.ReadWrite",
		"Mail.Read":               "Mail.ReadWrite",
	}
)

// Wanted is what the tenant's profiles need of Zoom's application: permissions of
// Microsoft Graph, by name.
type Wanted struct {
	// Required replaces the built-in list when not empty.
	Required []string
	// MailRead says that Mail: Read is approved.
	MailRead bool
	// ByExchange are permissions that a role of Exchange Online gives instead.
	ByExchange []string
}

// Permissions are all that must be granted, in order.
func (w Wanted) Permissions() []string {
	needed := requiredPermissions
	if len(w.Required) > 0 {
		needed = w.Required
	}
	if w.MailRead && !slices.Contains(needed, mailRead) {
		needed = append(slices.Clone(needed), mailRead)
	}
	return needed
}

// byExchange says whether a role in Exchange gives a permission.
func (w Wanted) byExchange(permission string) bool {
	return slices.Contains(w.ByExchange, permission) ||
		covers[permission] != "" && slices.Contains(w.ByExchange, covers[permission])
}

// ConsentCheck is the consent in Entra compared with what the integration needs.
type ConsentCheck struct {
	// Present says whether the application is in the tenant at all.
	Present bool
	// Granted are all application permissions it holds, for people, sorted.
	Granted []string
	// Missing are needed and not granted: names of Graph's permissions.
	Missing []string
	// Unexpected are granted and not needed.
	Unexpected []tenant.Grant
}

// Complete says whether nothing is missing.
func (c ConsentCheck) Complete() bool { return c.Present && len(c.Missing) == 0 }

// CheckConsent compares. Only Graph's permissions count as what is needed: a permission
// of the same name of another API is another one.
func CheckConsent(consent tenant.Consent, w Wanted) ConsentCheck {
	needed := w.Permissions()
	c := ConsentCheck{Present: consent.Principal != nil, Granted: consent.Labels(), Missing: []string{}}
	held := graphNames(consent)
	for _, n := range needed {
		if !slices.Contains(held, n) && !slices.Contains(held, covers[n]) && !w.byExchange(n) {
			c.Missing = append(c.Missing, n)
		}
	}
	for _, g := range consent.Grants {
		if !g.Permission.OfGraph() || !expected(g.Permission.Name, needed) {
			c.Unexpected = append(c.Unexpected, g)
		}
	}
	slices.SortFunc(c.Unexpected, func(a, b tenant.Grant) int {
		if a.Permission.Label() < b.Permission.Label() {
			return -1
		}
		return 1
	})
	return c
}

// graphNames are the names of Graph's permissions among the grants, sorted.
func graphNames(c tenant.Consent) []string {
	names := []string{}
	for _, g := range c.Grants {
		if g.Permission.OfGraph() {
			names = append(names, g.Permission.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func expected(granted string, needed []string) bool {
	if slices.Contains(needed, granted) || slices.Contains(companions, granted) {
		return true
	}
	for _, n := range needed {
		if covers[n] == granted {
			return true
		}
	}
	return false
}

// wantedOf is what the profiles need of the application.
func wantedOf(in Input) Wanted {
	w := Wanted{Required: in.File.Microsoft.RequiredPermissions}
	for _, s := range authorizable(in.File) {
		w.MailRead = w.MailRead || s.effective.MailRead == profile.Approved
	}
	for _, r := range exchangeRoles(in, ZoomApplication(in).Consent) {
		w.ByExchange = append(w.ByExchange, permissionsOf(r)...)
	}
	return w
}

// ConsentOf compares Zoom's application with what the profiles need.
func ConsentOf(in Input) ConsentCheck { return CheckConsent(ZoomApplication(in).Consent, wantedOf(in)) }

// CompleteConsent says whether an application as it is now has all that the profiles need.
func CompleteConsent(in Input, c tenant.Consent) bool {
	return CheckConsent(c, wantedOf(in)).Complete()
}

func consentComplete(in Input) bool { return in.Facts.Consents.Seen() && ConsentOf(in).Complete() }

// ConsentedBy finds the person of the newest successful consent to a service
// principal, and when; empty when the audit log does not say.
func ConsentedBy(events []tenant.ConsentEvent, principalID string) (upn string, at time.Time) {
	for _, e := range events {
		if !e.Failed && e.UPN != "" && e.PrincipalID == principalID && e.At.After(at) {
			upn, at = e.UPN, e.At
		}
	}
	return upn, at
}

// failedConsent is the newest consent to an application that failed after it last succeeded:
// what blocked it, never that a person refused, which the log does not show.
//
// https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities
func failedConsent(in Input, c tenant.Consent) (reason string, at time.Time) {
	if !in.Facts.Events.Seen() || c.Principal == nil {
		return "", at
	}
	var done time.Time
	for _, e := range in.Facts.Events.Value {
		if !e.Failed && e.PrincipalID == c.Principal.ID && e.At.After(done) {
			done = e.At
		}
	}
	for _, e := range in.Facts.Events.Value {
		if e.Failed && e.PrincipalID == c.Principal.ID && e.At.After(done) && e.At.After(at) && e.Reason != "" {
			reason, at = e.Reason, e.At
		}
	}
	return reason, at
}

func consentedBy(in Input, c tenant.Consent) (upn string, at time.Time) {
	if !in.Facts.Events.Seen() || c.Principal == nil {
		return "", at
	}
	return ConsentedBy(in.Facts.Events.Value, c.Principal.ID)
}
