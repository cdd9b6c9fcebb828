// Package index compares a million people of a Zoom account with a million of a Microsoft
// tenant, by the rules of package upn. It prints nothing and asks no network.
package index

import (
	"slices"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Matcher compares everybody. First all Zoom users are added, then all
// Microsoft users, each of whom is looked at once: what stays of them is what a
// report shows. The order of either side does not matter.
type Matcher struct {
	// Keep limits the Zoom side; nil keeps everybody.
	Keep func(upn.Address) bool

	zoom   zoomSide
	people peopleSide
	// unread: the aliases of some of the tenant's people are unknown.
	unread bool
	sealed bool  // the Zoom side is complete
	warm   found // keeps the compiler from leaving reads out
}

// The rules by which a person is found, the first that finds anybody decides.
const (
	byUPN uint8 = iota + 1
	byMail
	byProxy
	byLocal
	byDeleted
	byNearness
)

// hit is a person found for a Zoom user by a rule.
type hit struct {
	zoom, person uint32
	rule         uint8
	guest        bool
}

type rival struct {
	rule   uint8
	person uint32
}

// found is who was found: the rule, whether there are several people, whether
// the person is a guest, whether they match somebody else, and the person. Zero is nobody.
type found uint64

const (
	several    found = 1 << 39
	guestFound found = 1 << 38
	takenFound found = 1 << 37
	ruleShift        = 40
)

func (h hit) found(person uint32) found {
	f := found(h.rule)<<ruleShift | found(person)
	if h.guest {
		f |= guestFound
	}
	return f
}

func (f found) rule() uint8    { return uint8(f >> ruleShift) }
func (f found) person() uint32 { return uint32(f) }

// class is the place in Classes.
func (f found) class() uint8 {
	switch {
	case f == 0:
		return isMissing
	case f&several != 0:
		return isAmbiguous
	case f&guestFound != 0 && f.rule() <= byProxy:
		return isGuestClass
	case f&takenFound != 0:
		return isTakenClass
	}
	return [...]uint8{
		byUPN:      isMatch,
		byMail:     isMail,
		byProxy:    isAlias,
		byLocal:    isDomain,
		byDeleted:  isDeletedClass,
		byNearness: isTypo,
	}[f.rule()]
}

// peopleSide is what stays of the Microsoft side.
type peopleSide struct {
	texts texts
	at    list[uint64]
	batch peopleBatch
	// again are people whom the source lists twice, with their first entry.
	again [][2]uint32
}

func (p *peopleSide) record(i uint32) []byte { return p.texts.at(p.at.at(i)) }

// samePerson says whether two entries are one person: the same ID, or without
// IDs the same UPN.
func (p *peopleSide) samePerson(a, b uint32) bool {
	var x, y tenant.User
	readPerson(p.record(a), &x, new([guidLength]byte))
	readPerson(p.record(b), &y, new([guidLength]byte))
	if x.ID != "" || y.ID != "" {
		return x.ID == y.ID
	}
	return upn.Normal(x.UPN) == upn.Normal(y.UPN) && x.Deleted == y.Deleted
}

// peopleBatch is a part of the Microsoft side that one processor read.
type peopleBatch struct {
	text []byte
	at   []uint32
	hits []hit
	// asked are addresses that are looked up together, their keys one after another
	// in keys: a lookup waits for memory several times, and many can wait at the
	// same time.
	asked  []question
	keys   []byte
	places []uint64
	warm   warmer
	// The normal forms of one person's addresses.
	upn, mail, proxy []byte
}

type question struct {
	hash, person, from, to uint32 // from and to are where the key lies
	rule                   uint8
	guest                  bool
}

// microsoftCells are a person's texts as a source has them.
type microsoftCells struct {
	upn, mail, id []byte
	// proxies are SMTP addresses without their prefix.
	proxies [][]byte
	what    uint16
}

// add keeps the person and asks for their addresses. Deleted people and those of
// other tenants are kept only when one of them may be in Zoom.
func (b *peopleBatch) add(c microsoftCells, z *zoomSide) {
	rules := [3]uint8{byUPN, byMail, byProxy}
	name := c.upn
	if c.what&isDeleted != 0 {
		rules = [3]uint8{byDeleted, byDeleted, byDeleted}
		name = name[len(name)-len(upn.LiveUPN(view(name))):]
	}
	foreign := upn.IsGuest(view(c.upn))
	if foreign {
		c.what |= isGuest
	}
	before := len(b.asked)
	b.upn = appendKey(b.upn[:0], name)
	b.ask(b.upn, rules[0], c.what)
	if foreign {
		b.mail = appendKey(b.mail[:0], []byte(upn.HomeAddress(view(name))))
		b.ask(b.mail, rules[1], c.what)
	}
	b.mail = appendKey(b.mail[:0], c.mail)
	if string(b.mail) != string(b.upn) {
		b.ask(b.mail, rules[1], c.what)
	}
	for _, address := range c.proxies {
		b.proxy = appendKey(b.proxy[:0], address)
		if string(b.proxy) != string(b.mail) && string(b.proxy) != string(b.upn) {
			b.ask(b.proxy, rules[2], c.what)
		}
	}
	if (foreign || c.what&isDeleted != 0) && !slices.ContainsFunc(b.asked[before:], z.mayKnow) {
		b.asked = b.asked[:before]
		return
	}
	b.at = append(b.at, uint32(len(b.text)))
	b.text = appendPerson(b.text, c.what, c.upn, c.id)
	const together = 256
	if len(b.asked) >= together {
		b.answer(z)
	}
}

func (b *peopleBatch) ask(key []byte, rule uint8, what uint16) {
	if len(key) == 0 {
		return
	}
	from := uint32(len(b.keys))
	b.keys = append(b.keys, key...)
	b.asked = append(
		b.asked,
		question{
			hash:   hashOf(key),
			person: uint32(len(b.at)),
			from:   from,
			to:     uint32(len(b.keys)),
			rule:   rule,
			guest:  what&isGuest != 0,
		},
	)
}

func (z *zoomSide) mayKnow(q question) bool { return z.known.has(spread(q.hash)) }

func (b *peopleBatch) reset() {
	b.text, b.at, b.hits, b.asked, b.keys = b.text[:0], b.at[:0], b.hits[:0], b.asked[:0], b.keys[:0]
}

// answer looks up all that was asked: the filter leaves few, of which a byte of
// all that the lookups need is read before the first.
func (b *peopleBatch) answer(z *zoomSide) {
	b.places = b.places[:0]
	for i := range b.asked { // nothing here depends on what is read: many reads wait together
		b.places = append(b.places, z.known.words[spread(b.asked[i].hash)&z.known.mask])
	}
	left := b.asked[:0]
	for i, q := range b.asked {
		if bits := bitsOf(spread(q.hash)); b.places[i]&bits == bits {
			left = append(left, q)
		}
	}
	b.places = b.places[:0]
	for _, q := range left {
		b.places = append(b.places, z.parts[z.part(q.hash)].peek(q.hash))
	}
	for _, place := range b.places {
		b.warm.touch(z.texts.at(place))
	}
	for _, q := range left {
		if i, ok := z.find(q.hash, b.keys[q.from:q.to]); ok {
			b.hits = append(b.hits, hit{
				zoom:   i,
				person: q.person,
				rule:   q.rule,
				guest:  q.guest,
			})
		}
	}
	b.asked, b.keys = b.asked[:0], b.keys[:0]
}

// take adds a batch and lets its hits count.
func (m *Matcher) take(b peopleBatch) {
	first := uint32(m.people.at.n)
	base := m.people.texts.add(b.text)
	for _, at := range b.at {
		m.people.at.add(base | uint64(at))
	}
	const together = 256 // as in answer
	for hits := range slices.Chunk(b.hits, together) {
		for _, h := range hits {
			m.warm ^= m.zoom.users[h.zoom].found
		}
		for _, h := range hits {
			m.count(h, first+h.person)
		}
	}
}

// count lets one hit count: a better rule wins, the same rule makes a rival.
func (m *Matcher) count(h hit, person uint32) {
	z := &m.zoom
	now := z.users[h.zoom].found
	switch {
	case now == 0 || h.rule < now.rule():
		z.users[h.zoom].found = h.found(person)
	case h.rule == now.rule() && person != now.person():
		if m.people.samePerson(now.person(), person) {
			m.people.again = append(m.people.again, [2]uint32{person, now.person()})
			return
		}
		z.users[h.zoom].found |= several
		z.rivals[h.zoom] = append(z.rivals[h.zoom], rival{h.rule, person})
	}
}

const batchSize = 4096

// AddZoom adds a Zoom user.
func (m *Matcher) AddZoom(email string) {
	z := &m.zoom
	z.batch.add([]byte(email), m.Keep)
	if len(z.batch.at) >= batchSize {
		z.flush()
	}
}

func (z *zoomSide) flush() {
	if len(z.batch.at) > 0 {
		z.take(z.batch)
		z.batch = zoomBatch{}
	}
}

// seal completes the Zoom side.
func (m *Matcher) seal() {
	if !m.sealed {
		m.sealed = true
		m.zoom.seal()
	}
}

// AddMicrosoft adds a Microsoft user; the Zoom side is complete by then.
func (m *Matcher) AddMicrosoft(u tenant.User) {
	m.seal()
	b := &m.people.batch
	c := microsoftCells{
		upn:  []byte(u.UPN),
		mail: []byte(u.Mail),
		id:   []byte(u.ID),
		what: whatOf(u),
	}
	for _, p := range u.Proxies {
		if a := upn.Normal(p); a != "" {
			c.proxies = append(c.proxies, []byte(a))
		}
	}
	b.add(c, &m.zoom)
	if len(b.at) >= batchSize {
		m.flush()
	}
}

func (m *Matcher) flush() {
	m.people.batch.answer(&m.zoom)
	m.take(m.people.batch)
	m.people.batch = peopleBatch{}
}

func whatOf(u tenant.User) uint16 {
	what := when(u.Guest, isGuest) | when(u.Deleted, isDeleted) | when(u.Resource, isResource)
	return what | either(
		u.Synced,
		isSynced,
		isNotSynced,
	) | either(
		u.Enabled,
		isEnabled,
		isDisabled,
	) | either(
		u.MailPlan,
		hasMailPlan,
		hasNoMailPlan,
	)
}

func when(on bool, flag uint16) uint16 {
	if on {
		return flag
	}
	return 0
}

func either(choice *bool, yes, no uint16) uint16 {
	switch {
	case choice == nil:
		return 0
	case *choice:
		return yes
	}
	return no
}
