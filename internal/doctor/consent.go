package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// What Zoom's application needs. Zoom's own page shows the list as a picture
// only (library.zoom.com, "Validating the Entra ID Permissions and Scopes"), so
// this is inferred from what the integration does, and a tenant file can name
// its own list (microsoft.required_permissions).
var (
	// requiredPermissions: the integration writes meetings into calendars.
	requiredPermissions = []string{"Calendars.ReadWrite"}
	// mailRead is required while Mail: Read is approved in the portal, and
	// unwanted otherwise (KB0077944).
	mailRead = "Mail.Read"
	// companions may stand beside the required ones without a remark: the
	// contacts and mailbox time zone that the portal's "calendar and contact
	// services" read, and the lookup of people.
	companions = []string{"Contacts.Read", "MailboxSettings.Read", "User.Read.All", "User.ReadBasic.All"}
	// covers names permissions that include another.
	covers = map[string]string{"Calendars.Read": "Calendars.ReadWrite", "Calendars.ReadBasic.All": "Calendars.ReadWrite", "Contacts.Read": "Contacts.ReadWrite", "Mail.Read": "Mail.ReadWrite"}
)

// Wanted is what the tenant's profiles need of Zoom's application.
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
	return slices.Contains(w.ByExchange, permission) || covers[permission] != "" && slices.Contains(w.ByExchange, covers[permission])
}

// ConsentCheck is the consent in Entra held against what the integration needs.
type ConsentCheck struct {
	// Present says whether the application is in the tenant at all.
	Present bool
	// Granted are all application permissions it holds, sorted.
	Granted []string
	// Missing are needed and not granted; Unexpected are granted and not needed.
	Missing, Unexpected []string
}

// Complete says whether nothing is missing.
func (c ConsentCheck) Complete() bool { return c.Present && len(c.Missing) == 0 }

// CheckConsent compares.
func CheckConsent(consent tenant.Consent, w Wanted) ConsentCheck {
	needed := w.Permissions()
	c := ConsentCheck{Present: consent.Principal != nil, Granted: []string{}, Missing: []string{}, Unexpected: []string{}}
	for _, g := range consent.Grants {
		c.Granted = append(c.Granted, g.Permission)
	}
	slices.Sort(c.Granted)
	c.Granted = slices.Compact(c.Granted)
	for _, n := range needed {
		if !slices.Contains(c.Granted, n) && !slices.Contains(c.Granted, covers[n]) && !w.byExchange(n) {
			c.Missing = append(c.Missing, n)
		}
	}
	for _, g := range c.Granted {
		if !expected(g, needed) {
			c.Unexpected = append(c.Unexpected, g)
		}
	}
	return c
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

// Zoom's applications for conference rooms: never the one for personal
// calendars.
//
// https://library.zoom.com/admin-corner/third-party-integrations/zoom-calendaring-integration-explainer/provider-specific-details
var roomApplications = []string{"a651cfda-cbdd-4a39-bd03-fa829c3c1b29", "f56e91e5-5a82-452f-b435-d4d78aeaf064"}

// PickZoom chooses Zoom's application for personal calendars among the
// tenant's: published by Zoom, not one of the room applications, and holding
// or about to hold calendar permissions. With several candidates it chooses
// none, since it must not guess; the caller names them.
func PickZoom(candidates []tenant.Consent) (*tenant.Consent, []tenant.Consent) {
	var fit []tenant.Consent
	for _, c := range candidates {
		if c.Principal == nil || slices.Contains(roomApplications, c.Principal.AppID) || !strings.HasPrefix(strings.ToLower(c.Principal.Publisher), "zoom") {
			continue
		}
		for _, g := range c.Grants {
			if strings.HasPrefix(g.Permission, "Calendars.") || strings.HasPrefix(g.Permission, "Contacts.") {
				fit = append(fit, c)
				break
			}
		}
	}
	if len(fit) == 1 {
		return &fit[0], nil
	}
	return nil, fit
}
