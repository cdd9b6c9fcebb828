package index

import (
	"bytes"
	"iter"
	"slices"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

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
		w.people[i] = c.m.people.at[person]
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
	flags [9]upn.Flag
}

// fill makes the result of a Zoom user.
func (c *Comparison) fill(r *upn.Result, i uint32, s *scratch) {
	p := &c.m.people
	user := c.m.zoom.users[i]
	email := c.m.zoom.emailAt(user.place)
	f := user.found
	status := c.m.zoom.status(i)
	*r = upn.Result{
		ZoomEmail: view(email),
		Class:     upn.Classes[c.classOf(f)],
		Inactive:  status == inactive,
		Pending:   status == pending,
		Unclear:   status == unclear,
		Unread:    c.m.Unread,
		For:       c.For,
	}
	switch {
	case r.Class == upn.Typo:
		r.Suggestion = view(upnOf(p.record(f.person())))
	case r.Class == upn.Ambiguous:
		r.Candidates = c.candidates(i)
		switch f.rule() {
		case byLocal:
			r.Among = upn.Domain
		case byDeleted:
			r.Among = upn.Deleted
		}
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
	if r.Entra != nil && c.ZoomDomains != nil {
		r.ForeignUPN = !c.ZoomDomains[upn.Normal(r.Entra.UPN).Domain()]
	}
	if r.Class == upn.Mail || r.Class == upn.Alias || r.Class == upn.Domain {
		_, known := c.verified(r.ZoomEmail)
		r.UnsureDomain = !known
	}
	r.Flags = r.AppendFlags(s.flags[:0], c.verified)
	if c.redact {
		*r = c.names.Result(*r)
	}
}

func (c *Comparison) candidates(i uint32) []string {
	z := &c.m.zoom
	i = z.original(i)
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
