package index

import (
	"bytes"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Comparison is everybody: the Zoom users in the order of their address, and
// the Microsoft users whom no Zoom user matches.
type Comparison struct {
	m       *Matcher
	domains map[string]tenant.Domain
	order   []uint32
	taken   bitset // people whom somebody found
	matched bitset // people who match somebody of Zoom
	counts  [11]int
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
	m.zoom.parts, m.zoom.known = nil, nil // everybody was looked up
	users := m.zoom.users
	c := &Comparison{
		m:       m,
		domains: map[string]tenant.Domain{},
		taken:   newBitset(m.people.at.n),
		matched: newBitset(m.people.at.n),
	}
	for _, d := range domains {
		c.domains[upn.NormalDomain(d.Name)] = d
	}
	c.decide()
	c.suggest()
	for i, first := range m.zoom.same {
		users[i].found = users[first].found
	}
	for _, u := range users {
		c.counts[c.classOf(u.found)]++
	}
	c.sort()
	return c
}

// classOf is the place in Classes: whom nobody was found for may be somebody's alias where
// those are unknown.
func (c *Comparison) classOf(f found) uint8 {
	class := f.class()
	if class == isMissing && c.m.unread {
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
	for i, u := range z.users {
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
		if c.taken.has(again[1]) {
			c.taken.set(again[0])
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

// elsewhere looks for the local parts of those who were not found under the
// other domains of the tenant.
func (c *Comparison) elsewhere(open []uint32) {
	z, p := &c.m.zoom, &c.m.people
	locals, known := newTable(len(open)), newFilter(len(open))
	next := map[uint32][]uint32{} // others with the same local part
	var key []byte
	for _, i := range open {
		key = appendKey(key[:0], z.email(i))
		local, ok := localOf(key)
		if !ok {
			continue
		}
		h := hashOf(local)
		known.add(spread(h))
		first, there := locals.insert(
			h,
			z.users[i].place,
			func(place uint64) bool { return hasLocal(z.emailAt(place), local) },
		)
		if there {
			next[z.number(first)] = append(next[z.number(first)], i)
		}
	}
	hits := inParts(p.at.n, func(from, to int) []hit {
		var hits []hit
		var key []byte
		for person := uint32(from); person < uint32(to); person++ {
			record := p.record(person)
			if whatIs(record)&(isDeleted|isResource) != 0 || upn.IsGuest(view(upnOf(record))) {
				continue
			}
			name := upnOf(record)
			at := bytes.LastIndexByte(name, '@')
			if at <= 0 || at == len(name)-1 {
				continue
			}
			if key = appendKey(key[:0], name[:at]); len(key) != at {
				key = appendKey(key[:0], name) // not plain
				key, _ = localOf(key)
			}
			local := key
			h := hashOf(local)
			if !known.has(spread(h)) {
				continue
			}
			if place, ok := locals.find(h, func(place uint64) bool { return hasLocal(z.emailAt(place), local) }); ok {
				hits = append(hits, hit{zoom: z.number(place), person: person})
			}
		}
		return hits
	})
	for _, h := range hits {
		for _, i := range append([]uint32{h.zoom}, next[h.zoom]...) {
			c.m.count(hit{zoom: i, rule: byLocal}, h.person)
		}
	}
}

func hasLocal(email, local []byte) bool {
	var room [64]byte
	have, _ := localOf(appendKey(room[:0], email))
	return bytes.Equal(have, local)
}

// localOf is the part before the last @ of a complete address.
func localOf(key []byte) (local []byte, complete bool) {
	at := bytes.LastIndexByte(key, '@')
	if at <= 0 || at == len(key)-1 {
		return nil, false
	}
	return key[:at], true
}

// inParts works on all processors and joins the outcomes in order.
func inParts[T any](n int, work func(from, to int) []T) []T {
	const few = 64 // not worth the company
	if n < few {
		return work(0, n)
	}
	parts := make([][]T, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() { parts[i] = work(n*i/len(parts), n*(i+1)/len(parts)) })
	}
	all.Wait()
	return slices.Concat(parts...)
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

// OK says whether everybody matches.
func (c *Comparison) OK() bool { return c.counts[isMatch] == len(c.order) }

// Redact puts pseudonyms into every result from here on.
func (c *Comparison) Redact(names upn.Pseudonyms) { c.names, c.redact = names, true }

// Result is what was found for the i-th Zoom user.
func (c *Comparison) Result(i int) upn.Result {
	var r upn.Result
	c.fill(&r, c.order[i], new(scratch))
	return r
}

// Results are some of them in order. A result and its texts are valid until the
// next one: they share memory.
func (c *Comparison) Results(from, to int) iter.Seq[*upn.Result] {
	const together = 256
	return func(yield func(*upn.Result) bool) {
		var r upn.Result
		var s scratch
		var w warmer
		for ; from < to; from += together {
			end := min(to, from+together)
			w.warm(c, c.order[from:end])
			for i := from; i < end; i++ {
				c.fill(&r, c.order[i], &s)
				if !yield(&r) {
					return
				}
			}
		}
	}
}

// warmer reads a byte of everything that some results need. The order of a
// report is not that of the memory: so the waiting is done for many at a time.
type warmer struct {
	emails, people []uint64
	touched        byte // keeps the compiler from leaving the reads out
}

func (w *warmer) warm(c *Comparison, some []uint32) {
	w.emails, w.people = w.emails[:0], w.people[:0]
	for _, i := range some {
		u := c.m.zoom.users[i]
		w.emails = append(w.emails, u.place)
		if u.found != 0 {
			w.people = append(w.people, uint64(u.found.person()))
		}
	}
	for i, person := range w.people {
		w.people[i] = c.m.people.at.at(uint32(person))
	}
	for _, place := range w.emails {
		w.touch(c.m.zoom.texts.at(place))
	}
	for _, place := range w.people {
		w.touch(c.m.people.texts.at(place))
	}
}

// touch reads a record's first byte and one in the next line of the cache.
func (w *warmer) touch(record []byte) {
	const usual = 40 // most records are longer than half of that
	w.touched ^= record[0] ^ record[min(usual, len(record)-1)]
}

// scratch is the memory that a result lies in.
type scratch struct {
	user  tenant.User
	guid  [guidLength]byte
	flags [6]upn.Flag
}

// fill makes the result of a Zoom user.
func (c *Comparison) fill(r *upn.Result, i uint32, s *scratch) {
	p := &c.m.people
	user := c.m.zoom.users[i]
	email := c.m.zoom.emailAt(user.place)
	f := user.found
	*r = upn.Result{ZoomEmail: view(email), Class: upn.Classes[c.classOf(f)], Unread: c.m.unread}
	switch {
	case r.Class == upn.Typo:
		r.Suggestion = view(upnOf(p.record(f.person())))
	case r.Class == upn.Ambiguous:
		r.Candidates = c.candidates(i)
	case f != 0:
		readPerson(p.record(f.person()), &s.user, &s.guid)
		r.Entra = &s.user
		r.MatchedOn = normal(email)
		if r.Class == upn.Domain {
			r.MatchedOn = string(upn.Normal(r.Entra.UPN))
			r.Kind = c.kind(upn.Normal(r.Entra.UPN).Domain())
		}
		if r.Class == upn.Taken {
			r.TakenBy = c.holder(upnOf(p.record(f.person())))
		}
	}
	r.Flags = upn.AppendFlags(s.flags[:0], r.ZoomEmail, r.Entra, c.verified)
	if c.redact {
		*r = c.names.Result(*r)
	}
}

func (c *Comparison) candidates(i uint32) []string {
	z := &c.m.zoom
	if first, twice := z.same[i]; twice {
		i = first
	}
	f := z.users[i].found
	names := []string{view(upnOf(c.m.people.record(f.person())))}
	for _, r := range z.rivals[i] {
		if r.rule == f.rule() {
			names = append(names, view(upnOf(c.m.people.record(r.person))))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// normal is the normal form, without memory where the address has it already.
func normal(email []byte) string {
	if isKey(email) {
		return view(email)
	}
	return string(upn.Normal(string(email)))
}

// holder is the email of the Zoom user who matches a UPN.
func (c *Comparison) holder(name []byte) string {
	if at, ok := c.place(appendKey(nil, name)); ok {
		return view(c.m.zoom.email(c.order[at]))
	}
	return ""
}

// Find is the result of one address, if Zoom has it.
func (c *Comparison) Find(email string) (upn.Result, bool) {
	at, ok := c.place(appendKey(nil, []byte(email)))
	if !ok {
		return upn.Result{}, false
	}
	return c.Result(at), true
}

// place is where an address stands in the order.
func (c *Comparison) place(key []byte) (int, bool) {
	var have []byte
	return slices.BinarySearchFunc(c.order, key, func(i uint32, key []byte) int {
		have = appendKey(have[:0], c.m.zoom.email(i))
		return bytes.Compare(have, key)
	})
}

// CountNotInZoom is how many members no Zoom user matches.
func (c *Comparison) CountNotInZoom() int { return len(c.notInZoom()) }

func (c *Comparison) notInZoom() []uint32 {
	p := &c.m.people
	return inParts(p.at.n, func(from, to int) []uint32 {
		var free []uint32
		for i := uint32(from); i < uint32(to); i++ {
			if !c.taken.has(i) && whatIs(p.record(i))&(isDeleted|isGuest|isResource) == 0 {
				free = append(free, i)
			}
		}
		return free
	})
}

// NotInZoom are the members whom no Zoom user matches, by UPN. A user's texts are valid until
// the next one.
func (c *Comparison) NotInZoom() iter.Seq[tenant.User] {
	p := &c.m.people
	return func(yield func(tenant.User) bool) {
		free := c.notInZoom()
		slices.SortFunc(free, func(a, b uint32) int { return bytes.Compare(upnOf(p.record(a)), upnOf(p.record(b))) })
		var s scratch
		for _, i := range free {
			readPerson(p.record(i), &s.user, &s.guid)
			if c.redact {
				s.user = c.names.User(s.user)
			}
			if !yield(s.user) {
				return
			}
		}
	}
}

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
		return false, false
	}
	return c.domains[upn.Normal(email).Domain()].Verified, true
}

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset       { return make(bitset, (n+63)/64) }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i uint32) bool { return b[i/64]&(1<<(i%64)) != 0 }
