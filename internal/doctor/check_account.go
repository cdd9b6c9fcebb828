package doctor

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

func checkPlan(in Input, f *findings) {
	r := in.Facts.ZoomPlan
	look := "look at " + menu.ZoomBilling + ": it must be Pro, Business or Enterprise (or Education); " +
		"then go on with --allow-unknown zoom-plan"
	if before := len(f.all); unseen(f, r, "the Zoom plan") {
		if errors.Is(r.Err, tenant.ErrNoPlan) {
			f.all[before].Fix = look
		}
		return
	}
	name := PlanName(r.Value)
	one := Finding{Severity: OK, Saw: "The Zoom plan is " + name, Evidence: evidence(r)}
	switch {
	case name != "":
	case r.Value.Type == "":
		one.Severity, one.Saw, one.Fix = Unknown, "Zoom's answer names no plan", look
	default:
		one.Severity, one.Fix = Unknown, look
		one.Saw = "Zoom calls the plan " + quoted(r.Value.Type) + ", a code that zo365 does not know"
	}
	f.add(one)
}

// What a person does outside of Zoom's Mail & Calendar tab: the targets of its steps.
const (
	ClickZoomDomain  = "zoom-domain"
	ClickEntraDomain = "entra-domain"
	ClickCredential  = "credential"
)

var (
	zoomName  = clickID(ScopeTenant, ClickZoomDomain)
	entraName = clickID(ScopeTenant, ClickEntraDomain)
)

func checkDomains(in Input, f *findings) {
	zoom, entra := in.Facts.ZoomDomains, in.Facts.Domains
	if len(authorizable(in.File)) == 0 {
		f.skip("No profile asks for application permissions")
		return
	}
	associated, basis := AssociatedDomains(zoom, in.File)
	if basis == "" && unseen(f, zoom, "Zoom's associated domains") || unseen(f, entra, "the tenant's domains") {
		return
	}
	m := MatchDomains(associated, entra.Value, nil)
	one := Finding{
		Severity: OK,
		Saw:      strings.Join(m.Matches(), ", "),
		Evidence: append(evidence(zoom), evidence(entra)...),
	}
	if basis == BasisStated {
		one.Saw += ", associated with Zoom as the tenant file states (zoom.associated_domains); Zoom did not show it"
		one.Evidence = append([]Evidence{{Source: "the tenant file", At: in.Now}}, evidence(entra)...)
	}
	if !m.OK() {
		one.Severity, one.Saw, one.Fix = Fail, "No Zoom associated domain matches a verified custom domain in Entra", "zo365 apply"
		if basis == BasisStated {
			one.Saw = "No domain that the tenant file states as associated with Zoom is a verified custom domain in Entra"
		}
		if in.Facts.ZoomPlan.Seen() && OnPro(in.Facts.ZoomPlan.Value) {
			one.Saw += "; whether a Pro account can associate domains is a conflict in Zoom's articles " +
				"(KB0077944: yes; 203395207: Business, Education or Enterprise): where the page is missing, ask Zoom's support"
		}
		one.Steps = domainClicks(m)
	}
	f.add(one)
}

// AnyDomain stands where neither service has a domain that could match.
const AnyDomain = "the domain of your people's email"

// domainClicks make the nearest pair match: the one with the fewest steps, then the
// first by name.
func domainClicks(m DomainMatch) []Step {
	best := DomainPair{}
	fewest := 3 // more than any pair needs
	for _, p := range m.Pairs {
		n := 0
		if p.Zoom != Verified {
			n++
		}
		if p.Microsoft != Verified {
			n++
		}
		if !p.Initial && n < fewest {
			best, fewest = p, n
		}
	}
	name := best.Name
	if name == "" {
		name = AnyDomain
	}
	var steps []Step
	if best.Zoom != Verified {
		control := "+ Add Other Domains, then Add Domains, then Verify"
		if best.Zoom == Pending {
			control = "Verify, then Verify Domain, beside \"(Verifying)\""
		}
		steps = append(steps, Step{
			ID:     zoomName,
			Kind:   Portal,
			Action: Click,
			Scope:  ScopeTenant,
			Target: ClickZoomDomain,
			Before: string(either(best.Zoom, Absent)),
			After:  string(Verified),
			Page: &Page{
				Site:    ZoomPortal,
				Path:    "/account",
				Menu:    menu.ZoomDomains,
				Control: control,
				Choose:  name,
				Proof:   "GET /accounts/me/managed_domains shows " + name + " as verified",
			},
		})
	}
	if best.Microsoft != Verified {
		control := "Add custom domain"
		if best.Microsoft == Unverified {
			control = "Verify"
		}
		steps = append(steps, Step{
			ID:     entraName,
			Kind:   Portal,
			Action: Click,
			Scope:  ScopeTenant,
			Target: ClickEntraDomain,
			Before: string(either(best.Microsoft, Absent)),
			After:  string(Verified),
			Page: &Page{
				Site:    EntraCenter,
				Path:    "/#view/Microsoft_AAD_IAM/DomainsManagementMenuBlade/~/CustomDomainNames",
				Menu:    menu.EntraDomains,
				Control: control,
				Choose:  name,
				Proof:   "GET /domains shows " + name + " as verified",
			},
		})
	}
	return steps
}

func either(state, fallback DomainState) DomainState {
	if state == "" {
		return fallback
	}
	return state
}

func checkGroups(in Input, f *findings) {
	r := in.Facts.ZoomGroups
	if len(in.File.Groups) == 0 {
		f.skip("The tenant file has no group profiles")
		return
	}
	for _, g := range in.File.Groups {
		if unseen(f, r, "Zoom's groups") {
			return
		}
		s := scope{group: g.Name}
		one := Finding{
			Scope:    s.name(),
			Severity: OK,
			Saw:      "Zoom has the group " + g.Name,
			Evidence: evidence(r),
		}
		if _, ok := groupNamed(in, g.Name); !ok {
			one.Severity, one.Saw, one.Fix = Fail, "Zoom has no group "+g.Name, "zo365 apply"
			one.Steps = []Step{
				{
					ID:     groupID(g.Name),
					Kind:   Zoom,
					Action: CreateGroup,
					Scope:  s.name(),
					Target: g.Name,
					Before: "absent",
					After:  "a group without members",
				},
			}
		}
		f.add(one)
	}
}

func checkConflicts(in Input, f *findings) {
	if len(in.File.Groups) < 2 {
		f.skip("Fewer than two groups have a profile")
		return
	}
	r := in.Facts.ZoomMembers
	if unseen(f, r, "the members of Zoom's groups") {
		return
	}
	found := unseenGroups(in, f)
	for _, c := range conflicts(in) {
		found = true
		f.add(Finding{
			Scope:    ScopeTenant,
			Severity: Warn,
			Evidence: evidence(r),
			Fix:      alignCommand(in, c),
			Saw: fmt.Sprintf(
				"%s in %s and in %s, whose profiles differ in %s: %s. Which wins is not known: "+
					"where groups have priorities the higher group's, one product at a time (KB0076377); "+
					"elsewhere the primary group's, and settings locked in the other (204519819)",
				counted(len(c.people), "person", "people"),
				c.a,
				c.b,
				strings.Join(c.keys, ", "),
				some(c.people),
			),
		})
	}
	if !found {
		f.add(Finding{Severity: OK, Saw: "Nobody is in two groups whose profiles differ", Evidence: evidence(r)})
	}
}

// unseenGroups adds a finding for each group with a profile whose people could not be listed,
// and says whether there is one.
func unseenGroups(in Input, f *findings) bool {
	some := false
	for _, g := range in.Facts.ZoomMembers.Value {
		if _, ok := in.File.Find(g.Group); !ok || g.Unseen == "" {
			continue
		}
		some = true
		f.add(Finding{
			Scope:    profile.Scope(g.Group),
			Severity: Unknown,
			Saw:      "Could not see who is in " + g.Group + ": " + g.Unseen,
			Fix:      "zo365 doctor --debug",
			Evidence: evidence(in.Facts.ZoomMembers),
		})
	}
	return some
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some names a few of many.
func some(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
}
