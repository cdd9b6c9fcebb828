// Package doctor judges: what was observed, held against what is wanted and
// against the rules of Zoom's article. It is pure: the same input gives the
// same answer in the same order.
package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// DomainState is one side of a domain.
type DomainState string

// The states.
const (
	Verified   DomainState = "verified"
	Pending    DomainState = "pending"
	Unverified DomainState = "unverified"
	Absent     DomainState = "absent"
)

// DomainPair is one domain on both sides.
type DomainPair struct {
	Name string
	// Zoom is verified, pending or absent.
	Zoom DomainState
	// Microsoft is verified, unverified or absent.
	Microsoft DomainState
	// Initial marks the tenant's own onmicrosoft.com name, which is verified and
	// is no custom domain.
	Initial bool
	Match   bool
}

// DomainMatch is the rule "at least one associated domain of the Zoom account
// equals a custom domain verified in Entra" (KB0077944), decided.
type DomainMatch struct {
	// Pairs are in order of their names.
	Pairs []DomainPair
	// Steps would make a match when there is none.
	Steps []string
}

// Matches are the names of the domains that match.
func (m DomainMatch) Matches() []string {
	names := []string{}
	for _, p := range m.Pairs {
		if p.Match {
			names = append(names, p.Name)
		}
	}
	return names
}

// OK says whether any domain matches.
func (m DomainMatch) OK() bool { return len(m.Matches()) > 0 }

// MatchDomains holds Zoom's associated domains beside Entra's. only, when not
// empty, limits the answer to the named domains.
func MatchDomains(zoom []tenant.ZoomDomain, microsoft []tenant.Domain, only []string) DomainMatch {
	pairs := map[string]DomainPair{}
	for _, d := range zoom {
		p := DomainPair{Name: d.Name, Zoom: Pending, Microsoft: Absent}
		if d.Verified {
			p.Zoom = Verified
		}
		pairs[d.Name] = p
	}
	for _, d := range microsoft {
		p, ok := pairs[d.Name]
		if !ok {
			p = DomainPair{Name: d.Name, Zoom: Absent}
		}
		p.Microsoft = Unverified
		if d.Verified {
			p.Microsoft = Verified
		}
		p.Initial = d.Initial || strings.HasSuffix(d.Name, ".onmicrosoft.com")
		pairs[d.Name] = p
	}
	names := limit(pairs, only)
	m := DomainMatch{}
	for _, name := range names {
		p := pairs[name]
		p.Match = p.Zoom == Verified && p.Microsoft == Verified && !p.Initial
		m.Pairs = append(m.Pairs, p)
	}
	if !m.OK() {
		m.Steps = domainSteps(m.Pairs)
	}
	return m
}

// limit returns the names to show, sorted; a domain that was asked for and is
// nowhere is added as absent on both sides.
func limit(pairs map[string]DomainPair, only []string) []string {
	var names []string
	if len(only) == 0 {
		for name := range pairs {
			names = append(names, name)
		}
	}
	for _, name := range only {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, ok := pairs[name]; !ok {
			pairs[name] = DomainPair{Name: name, Zoom: Absent, Microsoft: Absent}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The places where a domain is added and verified.
const (
	inZoom   = menu.ZoomDomains + " > + Add Other Domains > Add Domains (KB0066259)"
	inVerify = menu.ZoomDomains + " > Verify > Verify Domain (KB0066259)"
	inEntra  = menu.EntraDomains
)

// domainSteps says what would make each domain match; the domains that need
// one step only come first.
func domainSteps(pairs []DomainPair) []string {
	var near, far []string
	for _, p := range pairs {
		if p.Initial {
			continue
		}
		var step string
		switch {
		case p.Zoom == Verified && p.Microsoft == Unverified:
			step = fmt.Sprintf("finish verifying %s in Microsoft: %s > %s > Verify", p.Name, inEntra, p.Name)
		case p.Zoom == Verified && p.Microsoft == Absent:
			step = fmt.Sprintf("add %s as a custom domain and verify it: %s > Add custom domain", p.Name, inEntra)
		case p.Zoom == Pending && p.Microsoft == Verified:
			step = fmt.Sprintf("finish verifying %s in Zoom: %s", p.Name, inVerify)
		case p.Zoom == Absent && p.Microsoft == Verified:
			step = fmt.Sprintf("add %s as an associated domain in Zoom and verify it: %s", p.Name, inZoom)
		default:
			far = append(far, fmt.Sprintf("verify %s on both sides: %s, and %s", p.Name, inZoom, inEntra))
			continue
		}
		near = append(near, step)
	}
	if len(near)+len(far) == 0 {
		near = []string{
			"add the domain of your people's email as an associated domain in Zoom: " + inZoom,
			"and as a verified custom domain in Microsoft: " + inEntra,
		}
	}
	return append(near, far...)
}

// How Zoom's associated domains are known.
const (
	// BasisSeen: Zoom showed them.
	BasisSeen = "seen"
	// BasisStated: the tenant file states them, and Zoom did not show them.
	BasisStated = "stated"
)

// AssociatedDomains are Zoom's as Zoom shows them; where the sign-in cannot be given the
// scope, as the tenant file states them. An empty basis is not known.
func AssociatedDomains(
	seen tenant.Reading[[]tenant.ZoomDomain],
	f profile.File,
) (all []tenant.ZoomDomain, basis string) {
	var missing *tenant.NeedsError
	switch {
	case seen.Seen():
		return seen.Value, BasisSeen
	case !errors.As(seen.Err, &missing) || len(f.Zoom.AssociatedDomains) == 0:
		return nil, ""
	}
	for _, name := range f.Zoom.AssociatedDomains {
		all = append(all, tenant.ZoomDomain{Name: strings.ToLower(strings.TrimSpace(name)), Verified: true})
	}
	return all, BasisStated
}
