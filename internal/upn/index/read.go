package index

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/upn"
)

// ReadMicrosoft adds the people of an export, which export.Microsoft reads. The Zoom side
// is complete by then.
func (m *Matcher) ReadMicrosoft(file string, r io.Reader, o export.Options) (export.Export, error) {
	m.seal()
	first := uint32(len(m.people.at))
	e, err := export.Microsoft(file, r, o, m.readPeople, m.take)
	if err == nil {
		m.files = append(m.files, source{first, e})
	}
	return e, err
}

// ReadZoom adds the people of an export, which export.Zoom reads.
func (m *Matcher) ReadZoom(file string, r io.Reader, o export.Options) (export.Export, error) {
	return export.Zoom(file, r, o, m.readAccounts, m.zoom.take)
}

// desk is what a processor needs to read a block, used again and again.
type desk struct {
	people peopleBatch
	zoom   zoomBatch
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// readPeople reads a block of Microsoft users and looks each up.
func (m *Matcher) readPeople(rows export.Rows[export.Person]) (peopleBatch, error) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	b := &d.people
	b.reset()
	err := rows(func(p *export.Person) {
		what := when(p.Guest, isGuest) | when(p.Deleted, isDeleted) | when(p.Resource, isResource) |
			either(p.Synced, isSynced, isNotSynced) |
			either(p.Enabled, isEnabled, isDisabled) | either(p.MailPlan, hasMailPlan, hasNoMailPlan)
		b.add(microsoftCells{
			upn:     p.UPN,
			mail:    p.Mail,
			id:      p.ID,
			proxies: p.Proxies,
			what:    what,
		}, &m.zoom)
	})
	b.answer(&m.zoom)
	return peopleBatch{text: bytes.Clone(b.text), at: slices.Clone(b.at), hits: slices.Clone(b.hits)}, err
}

// readAccounts reads a block of Zoom users.
func (m *Matcher) readAccounts(rows export.Rows[export.Account]) (zoomBatch, error) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	b := &d.zoom
	b.text, b.at, b.hashes = b.text[:0], b.at[:0], b.hashes[:0]
	err := rows(func(a *export.Account) { b.add(a.Email, a.Status, m.Keep) })
	return zoomBatch{text: bytes.Clone(b.text), at: slices.Clone(b.at), hashes: slices.Clone(b.hashes)}, err
}

// Unread is what the files of the Microsoft side leave unknown together, but that people without
// aliases in one of them may stand in another one with them.
func Unread(files []export.Export) (unread upn.Unknowns) {
	people, rejected, everybody, mail := 0, 0, false, false
	for _, e := range files {
		people += e.People
		rejected += e.Rejected
		if e.Rows == 0 {
			continue
		}
		everybody = everybody || e.Everybody
		mail = mail || e.Columns.Known(export.Mail)
		if !e.Columns.Known(export.Aliases) {
			unread |= upn.UnknownAliases
		}
	}
	if people == 0 || rejected > 0 || !everybody || export.Missing(files) != "" {
		unread |= upn.UnknownPeople
	}
	if !mail {
		unread |= upn.UnknownMail
	}
	return unread
}
