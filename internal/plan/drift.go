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
// keeps it; drift is measured against it. What could not be seen then is null.
type Baseline struct {
	At time.Time `json:"at"`
	// PrincipalID is empty when Zoom's application was not in the tenant.
	PrincipalID string   `json:"principal_id"`
	AppID       string   `json:"app_id"`
	Enabled     bool     `json:"enabled"`
	Granted     []string `json:"granted"`
	Exchange    []string `json:"exchange_roles"`
	// Others are the other applications that reach mailboxes, with their permissions.
	Others []string `json:"other_applications"`
	// Domains are those that matched.
	Domains  []string `json:"domains"`
	ZoomPlan *string  `json:"zoom_plan"`
	// Groups are those of the profiles that Zoom had.
	Groups []string `json:"groups"`
}

// Observe is the baseline of now.
func Observe(in doctor.Input) Baseline {
	f := in.Facts
	b := Baseline{At: newest(in)}
	c := doctor.ZoomApplication(in)
	if f.Consents.Seen() {
		b.Granted, b.Others = c.Labels(), []string{}
		for _, other := range doctor.Others(in) {
			b.Others = append(b.Others, doctor.AppName(other)+": "+strings.Join(other.Labels(), ", "))
		}
		slices.Sort(b.Others)
	}
	if c.Principal != nil {
		b.PrincipalID, b.AppID, b.Enabled = c.Principal.ID, c.Principal.AppID, c.Principal.Enabled
	}
	if f.Exchange.Seen() {
		b.Exchange = []string{}
		for _, r := range f.Exchange.Value {
			if c.Principal != nil && r.PrincipalID == c.Principal.ID {
				b.Exchange = append(b.Exchange, strings.TrimSpace(r.Role+" "+r.Scope))
			}
		}
		slices.Sort(b.Exchange)
	}
	if f.Domains.Seen() && f.ZoomDomains.Seen() {
		b.Domains = doctor.MatchDomains(f.ZoomDomains.Value, f.Domains.Value, nil).Matches()
	}
	if f.ZoomPlan.Seen() {
		b.ZoomPlan = &f.ZoomPlan.Value.Type
	}
	if f.ZoomGroups.Seen() {
		b.Groups = []string{}
		for _, g := range in.File.Groups {
			if slices.ContainsFunc(
				f.ZoomGroups.Value,
				func(z tenant.ZoomGroup) bool { return profile.SameName(z.Name, g.Name) },
			) {
				b.Groups = append(b.Groups, g.Name)
			}
		}
	}
	return b
}

// Same says whether two baselines differ in nothing but their time.
func (b Baseline) Same(c Baseline) bool {
	b.At, c.At = time.Time{}, time.Time{}
	return of(b) == of(c)
}

// Over is this baseline with what could not be seen now as it was before: what was known
// is never lost because somebody could not look.
func (b Baseline) Over(old Baseline) Baseline {
	if b.Granted == nil && old.Granted != nil {
		b.Granted, b.Others = old.Granted, old.Others
		b.PrincipalID, b.AppID, b.Enabled = old.PrincipalID, old.AppID, old.Enabled
	}
	if b.Exchange == nil {
		b.Exchange = old.Exchange
	}
	if b.Domains == nil {
		b.Domains = old.Domains
	}
	if b.ZoomPlan == nil {
		b.ZoomPlan = old.ZoomPlan
	}
	if b.Groups == nil {
		b.Groups = old.Groups
	}
	return b
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

// Drift is what moved since the baseline. What could not be seen, then or now, is
// unseen, by the fact's name: it is neither moved nor still there.
func Drift(b Baseline, in doctor.Input) (moved []Moved, unseen []string) {
	now := Observe(in)
	both := func(what string, then, now bool) bool {
		if !then || !now {
			unseen = append(unseen, what)
		}
		return then && now
	}
	if both("the consent", b.Granted != nil, now.Granted != nil) {
		moved = append(moved, consentMoved(b, now)...)
	}
	if both("the other applications", b.Others != nil, now.Others != nil) {
		moved = append(
			moved,
			lists("other-application", b.Others, now.Others, "reaches mailboxes", "does not reach mailboxes")...)
	}
	if both("the exchange roles", b.Exchange != nil, now.Exchange != nil) {
		moved = append(moved, lists("exchange", b.Exchange, now.Exchange, "assigned", "not assigned")...)
	}
	if both("the domains", b.Domains != nil, now.Domains != nil) {
		moved = append(moved, lists("domain", b.Domains, now.Domains, "verified on both sides", "does not match")...)
	}
	if both("the zoom plan", b.ZoomPlan != nil, now.ZoomPlan != nil) && *b.ZoomPlan != *now.ZoomPlan {
		moved = append(moved, Moved{
			What: "plan",
			Name: "Zoom",
			Was:  *b.ZoomPlan,
			Is:   *now.ZoomPlan,
		})
	}
	if both("zoom's groups", b.Groups != nil, now.Groups != nil) {
		moved = append(moved, groupsMoved(b, now, in)...)
	}
	return moved, unseen
}

func consentMoved(b, now Baseline) []Moved {
	switch {
	case b.PrincipalID != "" && now.PrincipalID == "":
		return []Moved{{
			What: "consent",
			Name: "Zoom's application",
			Was:  "in the tenant",
			Is:   "gone",
		}}
	case b.PrincipalID == "" && now.PrincipalID != "":
		return []Moved{
			{
				What: "consent",
				Name: "Zoom's application",
				Was:  "not in the tenant",
				Is:   "there, with " + strings.Join(now.Granted, ", "),
			},
		}
	case b.PrincipalID != now.PrincipalID:
		return []Moved{{
			What: "consent",
			Name: "Zoom's application",
			Was:  b.PrincipalID,
			Is:   now.PrincipalID,
		}}
	}
	var moved []Moved
	if b.Enabled != now.Enabled {
		moved = append(
			moved,
			Moved{
				What: "application",
				Name: "Zoom's application",
				Was:  enabled(b.Enabled),
				Is:   enabled(now.Enabled),
			},
		)
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
			moved = append(moved, Moved{
				What: what,
				Name: name,
				Was:  there,
				Is:   not,
			})
		}
	}
	for _, name := range is {
		if !slices.Contains(was, name) {
			moved = append(moved, Moved{
				What: what,
				Name: name,
				Was:  not,
				Is:   there,
			})
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
			moved = append(
				moved,
				Moved{
					What: "group",
					Name: g.Name,
					Was:  "in Zoom",
					Is:   "gone, and the tenant file has a profile for it",
				},
			)
		}
	}
	return moved
}
