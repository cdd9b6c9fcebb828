package index

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// The oracle is the plain way to compare everybody, which fits on a page. The
// Matcher must say the same.

// Index finds the people of one tenant by their addresses.
type oracle struct {
	users    []tenant.User
	byUPN    map[upn.Address][]int
	byMail   map[upn.Address][]int
	byProxy  map[upn.Address][]int
	byLocal  map[string][]int
	deleted  map[upn.Address][]int
	domains  map[string]tenant.Domain
	nearness map[string][]int // people by their UPN's domain
}

// NewIndex indexes the people. domains may be empty: then what is verified is
// not known, and no flag says it.
func newOracle(users []tenant.User, domains []tenant.Domain) *oracle {
	ix := &oracle{
		users:    users,
		byUPN:    map[upn.Address][]int{},
		byMail:   map[upn.Address][]int{},
		byProxy:  map[upn.Address][]int{},
		byLocal:  map[string][]int{},
		deleted:  map[upn.Address][]int{},
		domains:  map[string]tenant.Domain{},
		nearness: map[string][]int{},
	}
	for _, d := range domains {
		ix.domains[upn.NormalDomain(d.Name)] = d
	}
	for i := range users {
		ix.add(i)
	}
	return ix
}

func (ix *oracle) add(i int) {
	u := ix.users[i]
	address := upn.Normal(u.UPN)
	if u.Deleted {
		put(ix.deleted, upn.Normal(upn.LiveUPN(u.UPN)), i)
		put(ix.deleted, upn.Normal(u.Mail), i)
		for _, p := range u.Proxies {
			put(ix.deleted, upn.Normal(p), i)
		}
		return
	}
	put(ix.byUPN, address, i)
	put(ix.byMail, upn.Normal(u.Mail), i)
	for _, p := range u.Proxies {
		put(ix.byProxy, upn.Normal(p), i)
	}
	if address.Complete() && !upn.IsGuest(u.UPN) {
		ix.byLocal[address.Local()] = append(ix.byLocal[address.Local()], i)
		ix.nearness[address.Domain()] = append(ix.nearness[address.Domain()], i)
	}
}

func put(m map[upn.Address][]int, a upn.Address, i int) {
	if a != "" && !slices.Contains(m[a], i) {
		m[a] = append(m[a], i)
	}
}

// Match finds the person of one Zoom email. Typos are not looked for here:
// whether a near person is free depends on everybody else (see Compare).
func (ix *oracle) Match(zoomEmail string) upn.Result {
	r := ix.match(zoomEmail)
	r.Flags = r.AppendFlags(nil, ix.verified)
	return r
}

func (ix *oracle) match(zoomEmail string) upn.Result {
	r := upn.Result{ZoomEmail: zoomEmail, Class: upn.Missing}
	address := upn.Normal(zoomEmail)
	if address == "" {
		return r
	}
	for _, rule := range []struct {
		class upn.Class
		found []int
	}{
		{upn.Match, ix.byUPN[address]},
		{upn.Mail, ix.byMail[address]},
		{upn.Alias, ix.byProxy[address]},
	} {
		switch len(rule.found) {
		case 0:
			continue
		case 1:
			r.Entra, r.Class, r.MatchedOn = &ix.users[rule.found[0]], rule.class, string(address)
			if r.Entra.Guest || upn.IsGuest(r.Entra.UPN) {
				r.Class = upn.Guest
			}
		default:
			r.Class, r.Candidates = upn.Ambiguous, ix.upns(rule.found)
		}
		return r
	}
	return ix.matchElsewhere(r, address)
}

// matchElsewhere looks for the local part under other domains, then among the
// deleted.
func (ix *oracle) matchElsewhere(r upn.Result, address upn.Address) upn.Result {
	var others []int
	for _, i := range ix.byLocal[address.Local()] {
		if upn.Normal(ix.users[i].UPN).Domain() != address.Domain() {
			others = append(others, i)
		}
	}
	gone := ix.deleted[address]
	switch {
	case address.Complete() && len(others) == 1:
		u := &ix.users[others[0]]
		r.Class, r.Entra, r.MatchedOn, r.Kind = upn.Domain, u, string(upn.Normal(u.UPN)), ix.kind(upn.Normal(u.UPN).Domain())
	case address.Complete() && len(others) > 1:
		r.Class, r.Candidates, r.Among = upn.Ambiguous, ix.upns(others), upn.Domain
	case len(gone) == 1:
		r.Class, r.Entra, r.MatchedOn = upn.Deleted, &ix.users[gone[0]], string(address)
	case len(gone) > 1:
		r.Class, r.Candidates, r.Among = upn.Ambiguous, ix.upns(gone), upn.Deleted
	}
	return r
}

func (ix *oracle) upns(found []int) []string {
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = ix.users[f].UPN
	}
	slices.Sort(names)
	return names
}

func (ix *oracle) kind(domain string) upn.DomainKind {
	d, known := ix.domains[domain]
	switch {
	case known && d.Initial,
		strings.HasSuffix(domain, ".onmicrosoft.com"),
		strings.HasSuffix(domain, ".partner.onmschina.cn"),
		strings.HasSuffix(domain, ".onmicrosoft.us"):
		return upn.InitialDomain
	case known && !d.Verified:
		return upn.UnverifiedKind
	}
	return upn.OtherVerified
}

// verified says whether a domain is verified in the tenant, and whether that is
// known at all.
func (ix *oracle) verified(email string) (ok, known bool) {
	domain := upn.Normal(email).Domain()
	if len(ix.domains) == 0 {
		return false, false
	}
	return ix.domains[domain].Verified, true
}
