package doctor

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Basis says why an application is taken for Zoom's.
type Basis string

// The bases, in the order of trust.
const (
	// ByFile: the tenant file names it.
	ByFile Basis = "the tenant file names it"
	// ByPin: a person confirmed the consent that it got, or the run is about it.
	ByPin Basis = "its consent was confirmed"
	// ByCandidate: it is the only one that bears Zoom's verified publisher and reaches
	// calendars. The person who reads the plan agrees to it.
	ByCandidate Basis = "the only application of Zoom's verified publisher with calendar permissions"
	// ByAbout: the run is about it, for example one of the two for conference rooms.
	ByAbout Basis = "the run is about it"
)

// Choice is Zoom's application for personal calendars in a tenant.
type Choice struct {
	// Consent has a nil Principal when there is none, or it is not clear which.
	tenant.Consent

	Basis Basis
	// Unclear are those that it may be, when nothing says which.
	Unclear []tenant.Consent
	// Gone is the application ID that should be there and is not.
	Gone string
	// Lesser bear Zoom's verified publisher and reach no calendars: they may be what is
	// left of Zoom's application, and nothing is changed on that guess.
	Lesser []tenant.Consent
	// Hidden says why it could not be seen whether a role in Exchange gives one of the
	// Lesser its calendars: then it may be Zoom's application, and nothing is absent.
	Hidden error
}

// ApplicationFacts are what the choice rests on: whoever chooses reads them.
var ApplicationFacts = []tenant.Fact{tenant.FactConsents, tenant.FactExchange}

// zoomPublishers are the exact names of Zoom's verified publisher, before and after the
// company's change of name. A name that merely begins with Zoom is another company's.
// Inferred: no page names the publisher of this application.
var zoomPublishers = []string{"Zoom Video Communications, Inc.", "Zoom Communications, Inc."}

// notForCalendars are Zoom's applications that are never the one for personal
// calendars: two for conference rooms, Zoom for Outlook, and single sign-on.
//
// https://library.zoom.com/admin-corner/third-party-integrations/zoom-calendaring-integration-explainer/provider-specific-details
var notForCalendars = []string{
	"a651cfda-cbdd-4a39-bd03-fa829c3c1b29",
	"f56e91e5-5a82-452f-b435-d4d78aeaf064",
	"e48b7efb-a618-4297-ad12-f45c73a0ff4c",
	"38b0a378-009d-47a8-9aa5-aaf5191a9736",
}

// ZoomApplication chooses Zoom's application: the one that the tenant file names, the
// one whose consent a person confirmed, else the only candidate. Everything that judges
// or changes the application chooses by this function; it never guesses.
func ZoomApplication(in Input) Choice {
	all := in.Facts.Consents.Value
	if in.About != "" {
		return named(all, in.About, ByAbout)
	}
	if id := in.File.Microsoft.ZoomAppID; id != "" {
		return named(all, id, ByFile)
	}
	candidates := candidates(in)
	if pin := in.Record.Pinned; !pin.Empty() {
		c := pinned(all, pin)
		if c.Principal == nil {
			c.Unclear = candidates
		}
		return c
	}
	c := Choice{Unclear: candidates, Lesser: lesser(in)}
	blind := len(c.Lesser) > 0 && !in.Facts.Exchange.Seen()
	if len(candidates) == 1 && !blind {
		return Choice{Consent: candidates[0], Basis: ByCandidate, Lesser: c.Lesser}
	}
	if len(candidates) == 1 { // a role in Exchange may make another the one
		c.Unclear = append(c.Unclear, c.Lesser...)
	}
	if len(candidates) == 0 && blind {
		c.Hidden = cmp.Or(in.Facts.Exchange.Err, errors.New("the roles in Exchange were not read"))
	}
	return c
}

func named(all []tenant.Consent, appID string, basis Basis) Choice {
	for _, c := range all {
		if c.Principal != nil && strings.EqualFold(c.Principal.AppID, appID) {
			return Choice{Consent: c, Basis: basis}
		}
	}
	return Choice{Gone: appID}
}

// pinned finds the application of a record; old records have its object ID only.
func pinned(all []tenant.Consent, pin tenant.Application) Choice {
	if pin.AppID != "" {
		return named(all, pin.AppID, ByPin)
	}
	for _, c := range all {
		if c.Principal != nil && c.Principal.ID == pin.PrincipalID {
			return Choice{Consent: c, Basis: ByPin}
		}
	}
	return Choice{Gone: pin.PrincipalID}
}

// candidates bear Zoom's verified publisher and reach calendars, by Entra or by a role
// in Exchange.
func candidates(in Input) []tenant.Consent {
	return ofZoom(in, func(c tenant.Consent) bool { return calendars(in, c) })
}

func lesser(in Input) []tenant.Consent {
	return ofZoom(in, func(c tenant.Consent) bool { return !calendars(in, c) })
}

// ofZoom are the applications of Zoom's verified publisher that are not known to be for
// something else.
func ofZoom(in Input, fits func(tenant.Consent) bool) []tenant.Consent {
	var some []tenant.Consent
	for _, c := range in.Facts.Consents.Value {
		switch {
		case c.Principal == nil, slices.Contains(notForCalendars, strings.ToLower(c.Principal.AppID)):
		case slices.Contains(zoomPublishers, c.Principal.Publisher) && fits(c):
			some = append(some, c)
		}
	}
	return some
}

// Absence says in words that Zoom's application is not there, and what is instead.
func (c Choice) Absence() string {
	const absent = "Zoom's application is not in the tenant"
	switch {
	case c.Gone != "":
		return absent + ": the tenant has none with the ID " + c.Gone
	case len(c.Lesser) > 0:
		held := make([]string, len(c.Lesser))
		for i, one := range c.Lesser {
			held[i] = AppName(one) + " with " + cmp.Or(strings.Join(labelsOf(one.Grants), ", "), "no permission")
		}
		return "No application of Zoom holds a calendar permission; there is " + strings.Join(held, "; ") +
			" (if you know that it is Zoom's for calendars: zo365 integration use-application APP-ID)"
	}
	return absent + "; Zoom publishes no ID of it that zo365 knows (if you know which it is: " +
		"zo365 integration use-application APP-ID)"
}

func calendars(in Input, c tenant.Consent) bool {
	isCalendar := func(name string) bool { return strings.HasPrefix(name, "Calendars.") }
	return slices.ContainsFunc(c.Grants, func(g tenant.Grant) bool {
		return g.Permission.OfGraph() && isCalendar(g.Permission.Name)
	}) || slices.ContainsFunc(
		exchangeRoles(in, c),
		func(r tenant.ExchangeRole) bool { return slices.ContainsFunc(permissionsOf(r), isCalendar) },
	)
}

// Others are the applications beside Zoom's that reach mailboxes.
func Others(in Input) []tenant.Consent {
	chosen := ZoomApplication(in)
	var all []tenant.Consent
	for _, c := range in.Facts.Consents.Value {
		if c.Principal != nil && (chosen.Principal == nil || c.Principal.ID != chosen.Principal.ID) && c.Reach() {
			all = append(all, c)
		}
	}
	return all
}

// Nothing says in words why there is nothing to revoke.
func (c Choice) Nothing() string {
	if c.Principal == nil {
		return c.Absence()
	}
	return AppName(c.Consent) + " holds no permission"
}

func appNames(all []tenant.Consent) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = AppName(c)
	}
	return strings.Join(names, ", ")
}

// AppName names an application so that nobody takes it for another.
func AppName(c tenant.Consent) string {
	return c.Principal.DisplayName + " (" + c.Principal.AppID + ")"
}
