package index

import (
	"encoding/binary"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// joinFiles makes entries of one person in several files one, whoever found them.
func (m *Matcher) joinFiles() {
	if len(m.files) < 2 && !m.several {
		return
	}
	p := &m.people
	instead := map[uint32]uint32{}
	names, first := newTable(len(p.at)), make(map[uint64]uint32)
	var key []byte
	for i := range uint32(len(p.at)) {
		if whatIs(p.record(i))&isDeleted != 0 {
			continue
		}
		key = appendKey(key[:0], upnOf(p.record(i)))
		place, twice := names.insert(hashOf(key), p.at[i], func(place uint64) bool {
			return sameKey(upnOf(p.texts.at(place)), key)
		})
		if !twice {
			first[p.at[i]] = i
			continue
		}
		if before := first[place]; p.samePerson(before, i) {
			kept, other := p.join(before, i)
			p.again = append(p.again, [2]uint32{other, kept})
			first[place], instead[other] = kept, kept
		}
	}
	if len(instead) == 0 {
		return
	}
	for i, u := range m.zoom.users {
		kept, other := instead[u.found.person()]
		if u.found == 0 || !other {
			continue
		}
		for next, more := instead[kept]; more; next, more = instead[kept] {
			kept = next
		}
		found := u.found&^found(^uint32(0)) | found(kept)
		if whatIs(p.record(kept))&isGuest != 0 {
			found |= guestFound
		}
		m.zoom.users[i].found = found
	}
}

// samePerson says whether two entries are one person: the same ID, or where one has
// none the same UPN.
func (p *peopleSide) samePerson(a, b uint32) bool {
	var x, y tenant.User
	readPerson(p.record(a), &x, new([guidLength]byte))
	readPerson(p.record(b), &y, new([guidLength]byte))
	if x.ID != "" && y.ID != "" {
		return strings.EqualFold(x.ID, y.ID)
	}
	return upn.Normal(x.UPN) == upn.Normal(y.UPN) && x.Deleted == y.Deleted
}

// join makes one of two entries of a person: what one knows is known, and what they do not
// agree on is not. The one with an ID stands for both, else the first.
func (p *peopleSide) join(a, b uint32) (kept, other uint32) {
	x, y := p.record(a), p.record(b)
	what := (whatIs(x) | whatIs(y)) &^ hasGUID
	for _, both := range []uint16{isEnabled | isDisabled, isSynced | isNotSynced, hasMailPlan | hasNoMailPlan} {
		if what&both == both {
			what &^= both
		}
	}
	for _, record := range [][]byte{x, y} {
		binary.LittleEndian.PutUint16(record, what|whatIs(record)&hasGUID)
	}
	var first, second tenant.User
	readPerson(x, &first, new([guidLength]byte))
	readPerson(y, &second, new([guidLength]byte))
	if a > b {
		a, b, first, second = b, a, second, first
	}
	if first.ID == "" && second.ID != "" {
		return b, a
	}
	return a, b
}
