package index

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// CountNotInZoom is how many members no Zoom user matches.
func (c *Comparison) CountNotInZoom() int { return len(c.notInZoom()) }

// notInZoom are the members whom nobody found, each once.
func (c *Comparison) notInZoom() []uint32 {
	if c.others != nil {
		return c.others
	}
	p := &c.m.people
	all := inParts(len(p.at), func(from, to int) []uint32 {
		var free []uint32
		for i := uint32(from); i < uint32(to); i++ {
			if !c.taken.has(i) && whatIs(p.record(i))&(isDeleted|isGuest|isResource) == 0 {
				free = append(free, i)
			}
		}
		return free
	})
	c.others = c.once(all)
	if c.twice = len(all) - len(c.others); c.twice > 0 { // whom of several does not depend on the order of the file
		slices.SortFunc(all, c.byName)
		c.others = c.once(all)
	}
	return c.others
}

// once are some people without those whose UPN another one before has.
func (c *Comparison) once(all []uint32) []uint32 {
	p := &c.m.people
	names := newTable(len(all))
	var key []byte
	some := make([]uint32, 0, len(all))
	for _, i := range all {
		key = appendKey(key[:0], upnOf(p.record(i)))
		_, twice := names.insert(hashOf(key), p.at[i], func(place uint64) bool {
			return sameKey(upnOf(p.texts.at(place)), key)
		})
		if !twice {
			some = append(some, i)
		}
	}
	return some
}

// byName orders people by their UPN, then by their ID.
func (c *Comparison) byName(a, b uint32) int {
	p := &c.m.people
	if order := bytes.Compare(upnOf(p.record(a)), upnOf(p.record(b))); order != 0 {
		return order
	}
	var x, y scratch
	readPerson(p.record(a), &x.user, &x.guid)
	readPerson(p.record(b), &y.user, &y.guid)
	return strings.Compare(x.user.ID, y.user.ID)
}

// Twice is how many rows of each side are of somebody whom another row has already; each
// person counts once.
func (c *Comparison) Twice() (zoom, microsoft int) {
	again := map[uint32]bool{}
	for _, pair := range c.m.people.again {
		again[pair[0]] = true
	}
	c.notInZoom()
	return len(c.m.zoom.same), len(again) + c.twice
}

// NotInZoom are the members whom no Zoom user matches, by UPN. A user's texts are valid until
// the next one.
func (c *Comparison) NotInZoom() iter.Seq[tenant.User] {
	p := &c.m.people
	return func(yield func(tenant.User) bool) {
		free := slices.Clone(c.notInZoom())
		slices.SortFunc(free, c.byName)
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
