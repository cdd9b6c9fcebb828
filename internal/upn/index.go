package upn

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Index finds the people of one tenant by their addresses.
type Index struct {
	users    []tenant.User
	byUPN    map[Address][]int
	byMail   map[Address][]int
	byProxy  map[Address][]int
	byLocal  map[string][]int
	deleted  map[Address][]int
	domains  map[string]tenant.Domain
	nearness map[string][]int // people by their UPN's domain
}

// NewIndex indexes the people. domains may be empty: then what is verified is
// not known, and no flag says it.
func NewIndex(users []tenant.User, domains []tenant.Domain) *Index {
	ix := &Index{
		users: users, byUPN: map[Address][]int{}, byMail: map[Address][]int{}, byProxy: map[Address][]int{},
		byLocal: map[string][]int{}, deleted: map[Address][]int{}, domains: map[string]tenant.Domain{}, nearness: map[string][]int{},
	}
	for _, d := range domains {
		ix.domains[normalDomain(d.Name)] = d
	}
	for i := range users {
		ix.add(i)
	}
	return ix
}

func (ix *Index) add(i int) {
	u := ix.users[i]
	address := Normal(u.UPN)
	if u.Deleted {
		put(ix.deleted, Normal(deletedUPN(u.UPN)), i)
		put(ix.deleted, Normal(u.Mail), i)
		for _, p := range u.Proxies {
			put(ix.deleted, Normal(p), i)
		}
		return
	}
	put(ix.byUPN, address, i)
	put(ix.byMail, Normal(u.Mail), i)
	for _, p := range u.Proxies {
		put(ix.byProxy, Normal(p), i)
	}
	if address.Complete() && !isGuestUPN(u.UPN) {
		ix.byLocal[address.Local()] = append(ix.byLocal[address.Local()], i)
		ix.nearness[address.Domain()] = append(ix.nearness[address.Domain()], i)
	}
}

func put(m map[Address][]int, a Address, i int) {
	if a != "" && !slices.Contains(m[a], i) {
		m[a] = append(m[a], i)
	}
}

// Match finds the person of one Zoom email. Typos are not looked for here:
// whether a near person is free depends on everybody else (see Compare).
func (ix *Index) Match(zoomEmail string) Result {
	r := ix.match(zoomEmail)
	r.Flags = flagsOf(zoomEmail, r.Entra, ix.verified)
	return r
}

func (ix *Index) match(zoomEmail string) Result {
	r := Result{ZoomEmail: zoomEmail, Class: Missing}
	address := Normal(zoomEmail)
	if address == "" {
		return r
	}
	for _, rule := range []struct {
		class Class
		found []int
	}{
		{Match, ix.byUPN[address]},
		{Mail, ix.byMail[address]},
		{Alias, ix.byProxy[address]},
	} {
		switch len(rule.found) {
		case 0:
			continue
		case 1:
			r.Entra, r.Class, r.MatchedOn = &ix.users[rule.found[0]], rule.class, string(address)
			if r.Entra.Guest || isGuestUPN(r.Entra.UPN) {
				r.Class = Guest
			}
		default:
			r.Class, r.Candidates = Ambiguous, ix.upns(rule.found)
		}
		return r
	}
	return ix.matchElsewhere(r, address)
}

// matchElsewhere looks for the local part under other domains, then among the
// deleted.
func (ix *Index) matchElsewhere(r Result, address Address) Result {
	var others []int
	for _, i := range ix.byLocal[address.Local()] {
		if Normal(ix.users[i].UPN).Domain() != address.Domain() {
			others = append(others, i)
		}
	}
	gone := ix.deleted[address]
	switch {
	case address.Complete() && len(others) == 1:
		u := &ix.users[others[0]]
		r.Class, r.Entra, r.MatchedOn, r.Kind = Domain, u, string(Normal(u.UPN)), ix.kind(Normal(u.UPN).Domain())
	case address.Complete() && len(others) > 1:
		r.Class, r.Candidates = Ambiguous, ix.upns(others)
	case len(gone) == 1:
		r.Class, r.Entra, r.MatchedOn = Deleted, &ix.users[gone[0]], string(address)
	case len(gone) > 1:
		r.Class, r.Candidates = Ambiguous, ix.upns(gone)
	}
	return r
}

func (ix *Index) upns(found []int) []string {
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = ix.users[f].UPN
	}
	slices.Sort(names)
	return names
}

func (ix *Index) kind(domain string) DomainKind {
	d, known := ix.domains[domain]
	switch {
	case known && d.Initial, strings.HasSuffix(domain, ".onmicrosoft.com"), strings.HasSuffix(domain, ".partner.onmschina.cn"), strings.HasSuffix(domain, ".onmicrosoft.us"):
		return InitialDomain
	case known && !d.Verified:
		return UnverifiedKind
	}
	return OtherVerified
}

// verified says whether a domain is verified in the tenant, and whether that is
// known at all.
func (ix *Index) verified(domain string) (ok, known bool) {
	if len(ix.domains) == 0 {
		return false, false
	}
	return ix.domains[domain].Verified, true
}
