package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// Baseline is reality as it was when everything was last as wanted. The journal
// keeps it; drift is measured against it.
type Baseline struct {
	At          time.Time `json:"at"`
	PrincipalID string    `json:"principal_id"`
	Enabled     bool      `json:"enabled"`
	Granted     []string  `json:"granted"`
	Exchange    []string  `json:"exchange_roles"`
	// Domains are those that matched.
	Domains  []string `json:"domains"`
	ZoomPlan string   `json:"zoom_plan"`
	// Groups are those of the profiles that Zoom had.
	Groups []string `json:"groups"`
}

// Observe is the baseline of now.
func Observe(in doctor.Input) Baseline {
	b := Baseline{
		At: newest(in), Granted: []string{}, Exchange: []string{}, Groups: []string{},
		Domains: doctor.MatchDomains(in.Facts.ZoomDomains.Value, in.Facts.Domains.Value, nil).Matches(), ZoomPlan: in.Facts.ZoomPlan.Value.Type,
	}
	c := doctor.ZoomConsent(in)
	if c.Principal != nil {
		b.PrincipalID, b.Enabled = c.Principal.ID, c.Principal.Enabled
		for _, g := range c.Grants {
			b.Granted = append(b.Granted, g.Permission)
		}
		for _, r := range in.Facts.Exchange.Value {
			if r.PrincipalID == c.Principal.ID {
				b.Exchange = append(b.Exchange, strings.TrimSpace(r.Role+" "+r.Scope))
			}
		}
	}
	for _, g := range in.File.Groups {
		if slices.ContainsFunc(in.Facts.ZoomGroups.Value, func(z tenant.ZoomGroup) bool { return profile.SameName(z.Name, g.Name) }) {
			b.Groups = append(b.Groups, g.Name)
		}
	}
	slices.Sort(b.Granted)
	slices.Sort(b.Exchange)
	return b
}

// Same says whether two baselines differ in nothing but their time.
func (b Baseline) Same(c Baseline) bool {
	b.At, c.At = time.Time{}, time.Time{}
	return of(b) == of(c)
}

// Moved is one thing that is not as it was.
type Moved struct {
	// What is consent, permission, domain, group, plan, application or exchange.
	What string
	// Name is the permission, the domain, the group.
	Name string
	// Was and Is are the two states.
	Was, Is string
}

// Drift is what moved since the baseline. What could not be seen is unseen, by the
// fact's name: it is neither moved nor still there.
func Drift(b Baseline, in doctor.Input) (moved []Moved, unseen []string) {
	now := Observe(in)
	f := in.Facts
	if look("the consent", f.Consents.Seen(), &unseen) {
		moved = append(moved, consentMoved(b, now)...)
	}
	if look("the exchange roles", f.Exchange.Seen(), &unseen) {
		moved = append(moved, lists("exchange", b.Exchange, now.Exchange, "assigned", "not assigned")...)
	}
	if look("the domains", f.Domains.Seen() && f.ZoomDomains.Seen(), &unseen) {
		moved = append(moved, lists("domain", b.Domains, now.Domains, "verified on both sides", "does not match")...)
	}
	if look("the zoom plan", f.ZoomPlan.Seen(), &unseen) && b.ZoomPlan != now.ZoomPlan {
		moved = append(moved, Moved{What: "plan", Name: "Zoom", Was: b.ZoomPlan, Is: now.ZoomPlan})
	}
	if look("zoom's groups", f.ZoomGroups.Seen(), &unseen) {
		moved = append(moved, groupsMoved(b, now, in)...)
	}
	return moved, unseen
}

func look(what string, seen bool, unseen *[]string) bool {
	if !seen {
		*unseen = append(*unseen, what)
	}
	return seen
}

func consentMoved(b, now Baseline) []Moved {
	switch {
	case b.PrincipalID != "" && now.PrincipalID == "":
		return []Moved{{What: "consent", Name: "Zoom's application", Was: "in the tenant", Is: "gone"}}
	case b.PrincipalID == "" && now.PrincipalID != "":
		return []Moved{{What: "consent", Name: "Zoom's application", Was: "not in the tenant", Is: "there, with " + strings.Join(now.Granted, ", ")}}
	case b.PrincipalID != now.PrincipalID:
		return []Moved{{What: "consent", Name: "Zoom's application", Was: b.PrincipalID, Is: now.PrincipalID}}
	}
	var moved []Moved
	if b.Enabled != now.Enabled {
		moved = append(moved, Moved{What: "application", Name: "Zoom's application", Was: enabled(b.Enabled), Is: enabled(now.Enabled)})
	}
	return append(moved, lists("permission", b.Granted, now.Granted, "granted", "not granted")...)
}

func enabled(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

func lists(what string, was, is []string, there, not string) []Moved {
	var moved []Moved
	for _, name := range was {
		if !slices.Contains(is, name) {
			moved = append(moved, Moved{What: what, Name: name, Was: there, Is: not})
		}
	}
	for _, name := range is {
		if !slices.Contains(was, name) {
			moved = append(moved, Moved{What: what, Name: name, Was: not, Is: there})
		}
	}
	return moved
}

// groupsMoved looks at the groups that have a profile: those that Zoom had and has
// no more. One that was never there is the plan's matter.
func groupsMoved(b, now Baseline, in doctor.Input) []Moved {
	var moved []Moved
	for _, g := range in.File.Groups {
		had := slices.ContainsFunc(b.Groups, func(n string) bool { return profile.SameName(n, g.Name) })
		if has := slices.Contains(now.Groups, g.Name); had && !has {
			moved = append(moved, Moved{What: "group", Name: g.Name, Was: "in Zoom", Is: "gone, and the tenant file has a profile for it"})
		}
	}
	return moved
}
