// Package index compares a million people of a Zoom account with a million of a Microsoft
// tenant, by the rules of package upn. It prints nothing and asks no network.
package index

import (
	"slices"

	"github.com/zo365/zo365/internal/export"
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
	// Unread is what is unknown of the tenant's people; what the files leave unknown is added.
	Unread upn.Unknowns
	// files are what each source was, in the order of the people.
	files []source
	// asked is how many of the Zoom users, the last ones, are addresses that were asked for and
	// are not in Zoom: they take nobody's place.
	asked int
	// several: the people come from several files, of which no more is known.
	several bool
	sealed  bool  // the Zoom side is complete
	warm    found // keeps the compiler from leaving reads out
}

// take adds a batch and lets its hits count.
func (m *Matcher) take(b peopleBatch) {
	first := uint32(len(m.people.at))
	for _, at := range b.at {
		m.people.at = append(m.people.at, placeOf(len(m.people.texts.pieces), at))
	}
	m.people.texts.add(b.text)
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
	if now != 0 && person != now.person() && m.people.samePerson(now.person(), person) {
		kept, other := m.people.join(now.person(), person)
		m.people.again = append(m.people.again, [2]uint32{other, kept})
		h.guest = whatIs(m.people.record(kept))&isGuest != 0
		h.rule = min(h.rule, now.rule())
		z.users[h.zoom].found = h.found(kept) | now&several
		return
	}
	switch {
	case now == 0 || h.rule < now.rule():
		z.users[h.zoom].found = h.found(person)
	case h.rule == now.rule() && person != now.person():
		z.users[h.zoom].found |= several
		z.rivals[h.zoom] = append(z.rivals[h.zoom], rival{h.rule, person})
	}
}

// source is a file: its people begin at first.
type source struct {
	first uint32
	file  export.Export
}

func (s source) aliases() bool { return s.file.Columns.Known(export.Aliases) }

// judge says what is unknown of the people of files.
func (m *Matcher) judge() {
	if len(m.files) == 0 {
		return
	}
	files := make([]export.Export, len(m.files))
	for i, s := range m.files {
		files[i] = s.file
	}
	unread := Unread(files)
	if unread&upn.UnknownAliases != 0 && !m.lacksAliases() {
		unread &^= upn.UnknownAliases
	}
	m.Unread |= unread
}

// lacksAliases says whether the aliases of somebody are unknown: who stands in one file
// without them may stand in another one with them.
func (m *Matcher) lacksAliases() (lacks bool) {
	var with, without []source
	for i, s := range m.files {
		if s.file.Rows == 0 {
			continue
		}
		if s.aliases() {
			with = append(with, m.files[i])
		} else {
			without = append(without, m.files[i])
		}
	}
	if len(with) == 0 || len(without) == 0 {
		return len(without) > 0
	}
	known := map[upn.Address]bool{}
	m.each(true, func(name upn.Address) bool { known[name] = true; return true })
	m.each(false, func(name upn.Address) bool { lacks = !known[name]; return !lacks })
	return lacks
}

// each hands on the UPNs of the people of the sources with aliases, or of those without.
func (m *Matcher) each(aliases bool, do func(upn.Address) bool) {
	for i, s := range m.files {
		end := uint32(len(m.people.at))
		if i+1 < len(m.files) {
			end = m.files[i+1].first
		}
		for person := s.first; s.aliases() == aliases && person < end; person++ {
			if record := m.people.record(person); whatIs(record)&(isDeleted|isGuest|isResource) == 0 {
				if !do(upn.Normal(string(upnOf(record)))) {
					return
				}
			}
		}
	}
}

const batchSize = 4096

// AddZoom adds a Zoom user with a status, which may be empty.
func (m *Matcher) AddZoom(email, status string) {
	z := &m.zoom
	z.batch.add([]byte(email), status, m.Keep)
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
