package doctor

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// Purpose is what an application is for.
type Purpose string

// The purposes.
const (
	// ForPeople is Zoom's application for personal calendars.
	ForPeople Purpose = "people"
	// ForRooms are Zoom's two for conference rooms.
	ForRooms Purpose = "rooms"
	// OtherOfZoom is any other of Zoom's, OfOthers of another publisher.
	OtherOfZoom Purpose = "other of zoom"
	OfOthers    Purpose = "other publisher"
)

// The applications of Zoom for conference rooms, by what they are given.
const (
	roomsDelegate    = "a651cfda-cbdd-4a39-bd03-fa829c3c1b29"
	roomsApplication = "f56e91e5-5a82-452f-b435-d4d78aeaf064"
)

var roomsApplications = []string{roomsDelegate, roomsApplication}

// Need says how far the integration needs a permission.
type Need string

// The needs.
const (
	Needed      Need = "needed"
	Optional    Need = "optional"
	Excess      Need = "excess"
	Missing     Need = "missing"
	NeedUnknown Need = "unknown"
)

// HoldingKind says how a permission is held.
type HoldingKind string

// The kinds.
const (
	AsApplication HoldingKind = "application"
	AsDelegated   HoldingKind = "delegated"
	AsRole        HoldingKind = "exchange role"
)

// Held is one permission of an application.
type Held struct {
	Kind HoldingKind
	// ID is the assignment's, the grant's or the role's; empty for what is missing.
	ID string
	// Name is the permission or the role, Resource the API's name.
	Name, Resource string
	// For is whose mailboxes: every one, a scope, or a person who consented.
	For string
	// Allows is a plain sentence.
	Allows string
	// Mailboxes: it leads into mailboxes.
	Mailboxes bool
	Need      Need
	Certainty tenant.Certainty
	Why       string
	At        time.Time
	// Permission, Role and Delegated are what it is, one of them.
	Permission *tenant.Permission
	Role       *tenant.ExchangeRole
	Delegated  *tenant.DelegatedGrant
}

// Holding is an application with all that it holds.
type Holding struct {
	Consent tenant.Consent
	Purpose Purpose
	Basis   string
	// ConsentedBy and ConsentedAt are the newest consent that the audit log knows.
	ConsentedBy string
	ConsentedAt time.Time
	// LastSignIn is zero where the report has none.
	LastSignIn time.Time
	All        []Held
	// Policies are access policies about the application, in words.
	Policies []string
}

// Holdings are the applications that can reach mailboxes: Zoom's first, those of other publishers
// with everybody.
func Holdings(in Input, everybody bool) []Holding {
	chosen := ZoomApplication(in)
	var all []Holding
	for _, c := range in.Facts.Consents.Value {
		if c.Principal == nil {
			continue
		}
		h := Holding{Consent: c, Purpose: purpose(chosen, c)}
		if h.Purpose == OfOthers && !everybody {
			continue
		}
		if h.Purpose == ForPeople {
			h.Basis = string(chosen.Basis)
		}
		h.ConsentedBy, h.ConsentedAt = consentedBy(in, c)
		for _, s := range in.Facts.SignIns.Value {
			if strings.EqualFold(s.AppID, c.Principal.AppID) && s.Last.After(h.LastSignIn) {
				h.LastSignIn = s.Last
			}
		}
		h.All = heldBy(in, h)
		for _, p := range PoliciesOf(in) {
			if p.For(c.Principal.AppID) {
				h.Policies = append(h.Policies, p.Right+" "+p.Group)
			}
		}
		if len(h.All) > 0 || h.Purpose != OfOthers {
			all = append(all, h)
		}
	}
	order := []Purpose{ForPeople, ForRooms, OtherOfZoom, OfOthers}
	slices.SortStableFunc(all, func(a, b Holding) int {
		if d := slices.Index(order, a.Purpose) - slices.Index(order, b.Purpose); d != 0 {
			return d
		}
		return strings.Compare(a.Consent.Principal.DisplayName, b.Consent.Principal.DisplayName)
	})
	return all
}

func purpose(chosen Choice, c tenant.Consent) Purpose {
	id := strings.ToLower(c.Principal.AppID)
	switch {
	case chosen.Principal != nil && chosen.Principal.ID == c.Principal.ID:
		return ForPeople
	case id == roomsDelegate || id == roomsApplication:
		return ForRooms
	case slices.Contains(notForCalendars, id), slices.Contains(zoomPublishers, c.Principal.Publisher):
		return OtherOfZoom
	}
	return OfOthers
}

func heldBy(in Input, h Holding) []Held {
	var all []Held
	c := h.Consent
	for _, g := range c.Grants {
		one := Held{
			Kind:       AsApplication,
			ID:         g.ID,
			Name:       g.Permission.Name,
			Resource:   APIName(g.Permission.Resource),
			For:        "every mailbox",
			Allows:     reach.Allows(g.Permission.Name),
			Mailboxes:  g.Permission.ReachesMailboxes(),
			At:         g.At,
			Permission: &g.Permission,
		}
		if !one.Mailboxes {
			one.For = "the directory"
		}
		one.Need, one.Certainty, one.Why = needOf(in, h, reach.Name(g.Permission))
		all = append(all, one)
	}
	for _, r := range exchangeRoles(in, c) {
		gives, known := reach.RoleGives(r.Role)
		one := Held{
			Kind:      AsRole,
			ID:        r.ID,
			Name:      r.Role,
			Resource:  "Exchange Online",
			For:       strings.TrimPrefix(RoleLabel(in, r), r.Role+" "),
			Mailboxes: true,
			Role:      &r,
			Need:      NeedUnknown,
			Certainty: tenant.Open,
			Why:       "the role is none of Microsoft's",
			Allows:    "What the role's own definition says.",
		}
		one.For = strings.TrimPrefix(strings.TrimPrefix(one.For, "in "), "for ")
		if known {
			sentences := make([]string, len(gives))
			for i, p := range gives {
				sentences[i] = reach.Allows(strings.TrimPrefix(p, "exchange:"))
			}
			one.Allows = strings.Join(sentences, " ")
			one.Need, one.Certainty, one.Why = roleNeed(in, h, gives)
		}
		all = append(all, one)
	}
	for _, d := range in.Facts.Delegated.Value {
		if d.PrincipalID == c.Principal.ID {
			all = append(all, delegatedHeld(in, h, d)...)
		}
	}
	if h.Purpose == ForPeople && in.Facts.Consents.Seen() && len(authorizable(in.File)) > 0 {
		for _, name := range ConsentOf(in).Missing {
			_, certainty, why := needOf(in, h, name)
			all = append(all, Held{
				Kind:      AsApplication,
				Name:      name,
				Resource:  APIName(tenant.GraphAPI),
				For:       "nobody",
				Allows:    reach.Allows(name),
				Mailboxes: true,
				Need:      Missing,
				Certainty: certainty,
				Why:       why,
			})
		}
	}
	return all
}

func delegatedHeld(in Input, h Holding, d tenant.DelegatedGrant) []Held {
	var all []Held
	who := "everybody who is signed in"
	if d.PersonID != "" {
		who = "one person (" + d.PersonID + ")"
	}
	for _, name := range d.Scopes {
		one := Held{
			Kind:      AsDelegated,
			ID:        d.ID,
			Name:      name,
			Resource:  APIName(d.Resource),
			For:       who,
			Allows:    reach.Allows(name),
			Mailboxes: tenant.Permission{Name: name}.ReachesMailboxes(),
			Need:      NeedUnknown,
			Certainty: tenant.Open,
			Why:       "no page names the delegated permissions that Zoom needs",
			Delegated: &d,
		}
		if h.Purpose == ForPeople && len(PeopleConsent(in.File)) > 0 {
			one.Need, one.Certainty, one.Why = Optional, tenant.Inferred, "a profile lets people set it up themselves"
		}
		all = append(all, one)
	}
	return all
}

// APIName names an API for people.
func APIName(appID string) string {
	switch strings.ToLower(appID) {
	case tenant.GraphAPI:
		return "Microsoft Graph"
	case tenant.ExchangeAPI:
		return "Office 365 Exchange Online"
	}
	return appID
}

// roleNeed is the best need among what a role gives.
func roleNeed(in Input, h Holding, gives []string) (Need, tenant.Certainty, string) {
	need, certainty, why := NeedUnknown, tenant.Open, ""
	rank := []Need{Excess, NeedUnknown, Optional, Needed}
	for i, p := range gives {
		n, c, y := needOf(in, h, p)
		if i == 0 || slices.Index(rank, n) > slices.Index(rank, need) {
			need, certainty, why = n, c, y
		}
	}
	return need, certainty, why
}

// needOf says how far the integration needs a permission, how sure that is, and why.
func needOf(in Input, h Holding, name string) (Need, tenant.Certainty, string) {
	switch h.Purpose {
	case ForPeople:
	case ForRooms:
		return NeedUnknown, tenant.Open, "no page that zo365 could read names the permissions of Zoom's applications for rooms"
	case OtherOfZoom, OfOthers:
		if chosen := ZoomApplication(in); slices.ContainsFunc(
			slices.Concat(chosen.Unclear, chosen.Lesser),
			func(c tenant.Consent) bool { return c.Principal.ID == h.Consent.Principal.ID },
		) {
			return NeedUnknown, tenant.Open,
				"it may be Zoom's application for people: zo365 integration use-application says which is"
		}
		return NeedUnknown, tenant.Open, "the application is not part of this integration"
	}
	w := wantedOf(in)
	if len(authorizable(in.File)) == 0 {
		return NeedUnknown, tenant.Open, "no profile asks for application permissions"
	}
	stated := len(w.Required) > 0
	needed := slices.ContainsFunc(w.Permissions(), func(n string) bool { return reach.Includes(name, n) })
	switch {
	case name == mailRead && w.MailRead:
		return Needed, tenant.Documented, "Mail: Read is approved in a profile"
	case name == mailRead && !slices.Contains(w.Required, mailRead):
		return Excess, tenant.Documented, "needed only to connect while the UPN is not the Zoom email"
	case needed && stated:
		return Needed, tenant.Documented, "microsoft.required_permissions names it"
	case needed:
		return Needed, tenant.Reported, "the integration writes meetings into calendars"
	case name == "exchange:"+reach.EWS && usesEWS(in.File):
		return Needed, tenant.Documented, "a profile authorizes with Exchange Web Services, which is being switched off"
	case name == "exchange:"+reach.EWS:
		return Excess, tenant.Documented, "it is for Exchange Web Services, and the profiles authorize with Microsoft Graph"
	case stated:
		return Excess, tenant.Documented, "microsoft.required_permissions does not name it"
	case slices.Contains(companions, name):
		return Optional, tenant.Inferred, "it may serve contacts, time zones or the lookup of people"
	}
	return NeedUnknown, tenant.Open, "Zoom's own list is a picture that zo365 cannot read"
}

func usesEWS(f profile.File) bool {
	return slices.ContainsFunc(scopes(f), func(s scope) bool {
		return s.effective.Enabled && s.effective.AuthorizeWith == profile.EWS
	})
}

// NeedOf says how far the integration needs a permission of Zoom's application for people.
func NeedOf(in Input, name string) (Need, tenant.Certainty, string) {
	return needOf(in, Holding{Purpose: ForPeople}, name)
}

// Ticked are the steps that take what a person named from Zoom's application: permissions of
// Graph by name, of Office 365 Exchange Online with exchange: before it, roles of Exchange, and
// delegated grants as delegated:NAME. unknown are words that name nothing that it holds.
func Ticked(in Input, names []string) (steps []Step, unknown []string) {
	c := ZoomApplication(in)
	if c.Principal == nil {
		return nil, names
	}
	h := Holding{Consent: c.Consent, Purpose: ForPeople}
	var named []Held
	for _, name := range names {
		found := false
		for _, one := range heldBy(in, h) {
			if one.Need != Missing && strings.EqualFold(TickName(one), name) {
				named, found = append(named, one), true
			}
		}
		if !found {
			unknown = append(unknown, name)
		}
	}
	return Taken(in, named), unknown
}

// Taken are the steps that take away exactly what is named.
func Taken(in Input, named []Held) []Step {
	c := ZoomApplication(in)
	var steps []Step
	seen := map[string]bool{}
	for _, one := range named {
		for _, s := range tickedSteps(c, one) {
			if !seen[s.ID] {
				seen[s.ID] = true
				steps = append(steps, s)
			}
		}
	}
	return steps
}

// TickName is what a person writes to name something that an application holds.
func TickName(h Held) string {
	switch {
	case h.Role != nil:
		return h.Name + scopeSuffix(*h.Role)
	case h.Delegated != nil && h.Delegated.PersonID != "":
		return "delegated:" + h.Name + "@" + h.Delegated.PersonID
	case h.Delegated != nil:
		return "delegated:" + h.Name
	case h.Permission != nil:
		return reach.Name(*h.Permission)
	}
	return h.Name
}

func scopeSuffix(r tenant.ExchangeRole) string {
	if r.Unlimited() {
		return ""
	}
	return "@" + r.Scope
}

func tickedSteps(c Choice, one Held) []Step {
	switch {
	case one.Permission != nil:
		return revokes(c.Consent, []tenant.Grant{{ID: one.ID, Permission: *one.Permission}}, nil)
	case one.Role != nil:
		return []Step{{
			ID:          removeID(*one.Role),
			Kind:        Graph,
			Action:      RemoveRole,
			Scope:       ScopeTenant,
			Target:      one.Name,
			Before:      one.For,
			After:       "removed",
			Application: c.Application(),
			Role:        one.Role,
			Object:      one.ID,
		}}
	case one.Delegated != nil:
		return []Step{DelegatedStep(c.Consent, *one.Delegated)}
	}
	return nil
}

// DelegatedStep takes one delegated grant away, with all of its permissions.
func DelegatedStep(c tenant.Consent, d tenant.DelegatedGrant) Step {
	who := "everybody"
	if d.PersonID != "" {
		who = d.PersonID
	}
	return Step{
		ID:          "graph/revoke-delegated/" + d.ID,
		Kind:        Graph,
		Action:      RevokeDelegated,
		Scope:       ScopeTenant,
		Target:      strings.Join(d.Scopes, " "),
		Before:      "granted for " + who,
		After:       "revoked",
		Application: c.Application(),
		Object:      d.ID,
	}
}

// Lacking are the permissions that the profiles need of Zoom's application and that it would not
// have any more because of some steps.
func Lacking(in Input, steps []Step) []string {
	if len(authorizable(in.File)) == 0 {
		return nil
	}
	c := ZoomApplication(in)
	goes := func(r tenant.ExchangeRole) bool {
		return slices.ContainsFunc(steps, func(s Step) bool { return s.Action == RemoveRole && s.Object == r.ID })
	}
	kept := slices.DeleteFunc(slices.Clone(exchangeRoles(in, c.Consent)), goes)
	var grants []tenant.Grant
	for _, g := range c.Grants {
		if !slices.ContainsFunc(steps, func(s Step) bool {
			return s.Action == RevokePermission && s.Permission != nil && s.Permission.Same(g.Permission)
		}) {
			grants = append(grants, g)
		}
	}
	missing := func(grants []tenant.Grant, byRoles []string) []string {
		w := wantedOf(in)
		w.ByExchange = byRoles
		return CheckConsent(tenant.Consent{Principal: c.Principal, Grants: grants}, w).Missing
	}
	now := standIns(in, kept)
	for _, r := range exchangeRoles(in, c.Consent) {
		if goes(r) { // what is taken counts as something that it has
			gives, _ := reach.RoleGives(r.Role)
			now = append(now, gives...)
		}
	}
	before := missing(c.Grants, now)
	return slices.DeleteFunc(
		missing(grants, standIns(in, kept)),
		func(p string) bool { return slices.Contains(before, p) },
	)
}

// standIns are the permissions for which roles can take the place of grants now: in each scope that
// the profiles want, or everywhere where they want everybody, and once Exchange's cache has caught
// up with them.
func standIns(in Input, roles []tenant.ExchangeRole) []string {
	giving := func(fits func(tenant.ExchangeRole) bool) []string {
		var all []string
		for _, r := range roles {
			if fits(r) {
				gives, _ := reach.RoleGives(r.Role)
				all = append(all, gives...)
			}
		}
		return all
	}
	want := MailboxesWanted(in.File)
	if !want.Narrow() {
		return giving(tenant.ExchangeRole.Unlimited)
	}
	since, tested := in.Record.Tested[Fingerprint(ReachOf(in, ZoomApplication(in).Consent).Roles)]
	if !tested || in.Now.Before(since.Add(CacheLimit)) {
		return nil
	}
	var all []string
	for i, m := range want.Scopes {
		wanted, _, problem := wantedRole(in, m)
		one := giving(func(r tenant.ExchangeRole) bool {
			return r.Unlimited() || problem == "" && reach.SameScope(r, wanted)
		})
		if i == 0 {
			all = one
			continue
		}
		all = slices.DeleteFunc(all, func(p string) bool { return !slices.Contains(one, p) })
	}
	return all
}
