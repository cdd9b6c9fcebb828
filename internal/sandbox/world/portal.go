package world

import (
	"strings"
)

// PortalFor returns the settings of a scope; a group that was never changed has
// the account's.
func (w *World) PortalFor(scope string) PortalSettings {
	if s := w.Portal[scope]; s != nil {
		return *s
	}
	inherited := *w.Portal[""]
	inherited.AuthorizedBy = ""
	return inherited
}

// Group finds a group of the Zoom account by its ID.
func (w *World) Group(id string) *AccountGroup {
	for _, g := range w.ZoomGroups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// DomainMatches is the article's requirement on domains.
func (w *World) DomainMatches() bool {
	for _, z := range w.Scenario.Zoom.Domains {
		for _, d := range w.Scenario.Tenant.Domains {
			if strings.EqualFold(z.Name, d.Name) && z.Status == "verified" && d.Verified && !d.Initial {
				return true
			}
		}
	}
	return false
}

// Where Zoom's portal is come back to from Microsoft's pages.
const (
	PortalCallback = "/account/mailcalendar/consented"
	PortalSigner   = "/account/mailcalendar/signer"
)
