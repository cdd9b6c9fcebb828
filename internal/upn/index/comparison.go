package index

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Comparison is everybody: the Zoom users in the order of their address, and
// the Microsoft users whom no Zoom user matches.
type Comparison struct {
	// For says for whom the remedies are worded.
	For upn.Audience
	// ZoomDomains are those of the Zoom account; nil is not known.
	ZoomDomains map[string]bool

	m       *Matcher
	domains map[string]tenant.Domain
	// bearing are the domains of the people's UPNs, which are verified: Entra takes no others.
	bearing map[string]bool
	order   []uint32
	taken   bitset // people whom somebody found
	matched bitset // people who match somebody of Zoom
	counts  [11]int
	others  []uint32 // people whom nobody found, once asked for
	twice   int      // rows of theirs that are not in others
	names   upn.Pseudonyms
	redact  bool
}

// places in Classes
const (
	isMatch uint8 = iota
	isMail
	isAlias
	isGuestClass
	isDomain
	isTakenClass
	isTypo
	isAmbiguous
	isDeletedClass
	isUnresolved
	isMissing
)

// Compare ends the gathering and says what belongs together. domains may be
// empty: then what is verified is not known, and no flag says it.
func (m *Matcher) Compare(domains []tenant.Domain) *Comparison {
	m.seal()
	m.flush()
	m.judge()
	m.joinFiles()
	m.zoom.parts = nil // everybody was looked up
	users := m.zoom.users
	c := &Comparison{
		m:       m,
		domains: map[string]tenant.Domain{},
		taken:   newBitset(len(m.people.at)),
		matched: newBitset(len(m.people.at)),
	}
	for _, d := range domains {
		c.domains[upn.NormalDomain(d.Name)] = d
	}
	if len(domains) == 0 {
		c.bearing = m.people.domains()
	}
	c.decide()
	c.suggest()
	for i, first := range m.zoom.same {
		users[i].found = users[first].found
	}
	c.sort()
	if len(m.zoom.same) > 0 { // they stand side by side now
		c.order = slices.CompactFunc(c.order, func(a, b uint32) bool { return m.zoom.original(a) == m.zoom.original(b) })
	}
	for _, i := range c.order {
		c.counts[c.classOf(users[i].found)]++
	}
	return c
}

// classOf is the place in Classes: whom nobody was found for may be somebody's alias where
// those are unknown.
func (c *Comparison) classOf(f found) uint8 {
	class := f.class()
	if class == isMissing && c.m.Unread != 0 {
		return isUnresolved
	}
	return class
}

// decide gives everybody but the typos their class, and marks who was found.
func (c *Comparison) decide() {
	z := &c.m.zoom
	var open []uint32
	for i, u := range z.users {
		if rule := u.found.rule(); rule == 0 || rule == byDeleted {
			if _, twice := z.same[uint32(i)]; !twice {
				open = append(open, uint32(i))
			}
		}
	}
	c.elsewhere(open)
	for i, u := range z.users[:len(z.users)-c.m.asked] {
		if u.found == 0 {
			continue
		}
		c.taken.set(u.found.person())
		if u.found.class() == isMatch {
			c.matched.set(u.found.person())
		}
		if u.found&several != 0 {
			for _, r := range z.rivals[uint32(i)] {
				if r.rule == u.found.rule() {
					c.taken.set(r.person)
				}
			}
		}
	}
	for _, again := range c.m.people.again {
		if c.taken.has(again[0]) || c.taken.has(again[1]) {
			c.taken.set(again[0])
			c.taken.set(again[1])
		}
		if c.matched.has(again[0]) || c.matched.has(again[1]) {
			c.matched.set(again[0])
			c.matched.set(again[1])
		}
	}
	for i, u := range z.users {
		switch u.found.class() {
		case isMail, isAlias, isDomain:
			if c.matched.has(u.found.person()) {
				z.users[i].found |= takenFound
			}
		}
	}
}

// Len is how many Zoom users were compared.
func (c *Comparison) Len() int { return len(c.order) }

// Count says how many results are of a class.
func (c *Comparison) Count(class upn.Class) int {
	if i := slices.Index(upn.Classes, class); i >= 0 {
		return c.counts[i]
	}
	return 0
}

// Unread is what is unknown of the tenant's people.
func (c *Comparison) Unread() upn.Unknowns { return c.m.Unread }

// OK says whether everybody matches.
func (c *Comparison) OK() bool { return c.counts[isMatch] == len(c.order) }

// Redact puts pseudonyms into every result from here on.
func (c *Comparison) Redact(names upn.Pseudonyms) { c.names, c.redact = names, true }

func (c *Comparison) kind(domain string) upn.DomainKind {
	d, known := c.domains[domain]
	switch {
	case known && d.Initial, upn.IsInitialDomain(domain):
		return upn.InitialDomain
	case known && !d.Verified:
		return upn.UnverifiedKind
	}
	return upn.OtherVerified
}

// verified says whether an email's domain is verified in the tenant, and whether
// that is known at all.
func (c *Comparison) verified(email string) (ok, known bool) {
	if len(c.domains) == 0 {
		if c.bearing[email[strings.LastIndexByte(email, '@')+1:]] { // as it stands, which is quicker
			return true, true
		}
		return true, c.bearing[upn.Normal(email).Domain()]
	}
	return c.domains[upn.Normal(email).Domain()].Verified, true
}

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset       { return make(bitset, (n+63)/64) }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i uint32) bool { return b[i/64]&(1<<(i%64)) != 0 }
