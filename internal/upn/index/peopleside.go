package index

import (
	"bytes"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/upn"
)

// peopleSide is what stays of the Microsoft side.
type peopleSide struct {
	texts texts
	at    []uint64
	batch peopleBatch
	// again are people whom the source lists twice, with their first entry.
	again [][2]uint32
}

func (p *peopleSide) record(i uint32) []byte { return p.texts.at(p.at[i]) }

// domains are those of everybody's UPN.
func (p *peopleSide) domains() map[string]bool {
	bearing := map[string]bool{}
	var last string
	for i := range uint32(len(p.at)) {
		name := upnOf(p.record(i))
		domain := view(name[bytes.LastIndexByte(name, '@')+1:])
		if domain == last || whatIs(p.record(i))&isDeleted != 0 || upn.IsGuest(view(name)) {
			continue
		}
		last = domain
		if !bearing[domain] {
			bearing[upn.NormalDomain(strings.Clone(domain))] = true
		}
	}
	return bearing
}

// peopleBatch is a part of the Microsoft side that one processor read.
type peopleBatch struct {
	text []byte
	at   []uint32
	hits []hit
	// asked are addresses that are looked up together, their keys one after another
	// in keys: a lookup waits for memory several times, and many can wait at the
	// same time.
	asked []question
	keys  []byte
	slots []uint64
	warm  warmer
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
	if (foreign || c.what&isDeleted != 0) && !slices.ContainsFunc(b.asked[before:], func(q question) bool {
		_, known := z.find(q.hash, b.keys[q.from:q.to])
		return known
	}) {
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

func (b *peopleBatch) reset() {
	b.text, b.at, b.hits, b.asked, b.keys = b.text[:0], b.at[:0], b.hits[:0], b.asked[:0], b.keys[:0]
}

// answer looks up all that was asked: a byte of all that the lookups need is read before
// the first.
func (b *peopleBatch) answer(z *zoomSide) {
	b.slots = b.slots[:0]
	for _, q := range b.asked { // nothing here depends on what is read: many reads wait together
		b.slots = append(b.slots, z.parts[z.part(q.hash)].peek(q.hash))
	}
	for i, slot := range b.slots {
		if place, ok := likely(slot, b.asked[i].hash); ok {
			b.warm.touch(z.texts.at(place))
		}
	}
	for _, q := range b.asked {
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
