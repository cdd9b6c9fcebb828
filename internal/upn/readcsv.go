package upn

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/zo365/zo365/internal/tenant"
)

// sheet is a CSV file whose header was understood.
type sheet struct {
	file   string
	blocks *blocks
	// first is the file's first block without the header.
	first   block
	comma   byte
	columns map[string]int
	// roles says for each column what it is to us; see records.
	roles []int
	kind  string
	notes []string
	// arrays is set when a script wrote "System.String[]" for the aliases.
	arrays atomic.Bool
}

// openSheet reads the header: the delimiter is the one of comma, semicolon and
// tab that the header has most of, and the "#TYPE" line of Windows PowerShell's
// Export-Csv is passed over.
func openSheet(file string, r *bufio.Reader) (*sheet, error) {
	t := &sheet{file: file, blocks: newBlocks(file, r), columns: map[string]int{}}
	none := &FormatError{File: file, Message: "there is no header line", Hint: "export the users again, with column names"}
	one, err := t.blocks.next()
	if errors.Is(err, io.EOF) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	start := 0
	for {
		if start >= len(one.text) {
			return nil, none
		}
		line := bytes.TrimSpace(one.text[start:lineEnd(one.text, start)])
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("#TYPE")) {
			t.comma = commaOf(line)
			break
		}
		start = lineEnd(one.text, start) + 1
	}
	header := records{text: one.text, pos: start, comma: t.comma}
	if _, err := header.next(); err != nil {
		return nil, t.broken(one, header.pos, err)
	}
	for i, name := range header.cells {
		if _, twice := t.columns[columnName(string(name))]; !twice {
			t.columns[columnName(string(name))] = i
		}
	}
	at := min(header.pos, len(one.text))
	t.first = block{text: one.text[at:], line: lineOf(one, at)}
	return t, nil
}

func commaOf(header []byte) byte {
	comma, most := byte(','), -1
	for _, c := range []byte{',', ';', '\t'} {
		if n := bytes.Count(header, []byte{c}); n > most {
			comma, most = c, n
		}
	}
	return comma
}

func (t *sheet) broken(one block, at int, err error) error {
	return &FormatError{
		File:    t.file,
		Line:    lineOf(one, at),
		Message: "this is not valid CSV: " + err.Error(),
		Hint:    "the file may be cut or edited by hand; export it again",
	}
}

// export is said after the file was read.
func (t *sheet) export() Export {
	notes := t.notes
	if t.arrays.Load() {
		notes = append(
			notes,
			t.file+`: the proxy addresses read "System.String[]", so aliases are unknown; export them with Select-Object @{n='proxyAddresses';e={$_.ProxyAddresses -join ';'}}`,
		)
	}
	return Export{Kind: t.kind, Notes: notes}
}

// column returns the place of the first of the names that the file has.
func (t *sheet) column(names ...string) int {
	for _, name := range names {
		if i, ok := t.columns[name]; ok {
			return i
		}
	}
	return -1
}

// wants gives the columns their roles.
func (t *sheet) wants(columns [][]string) {
	for role, names := range columns {
		i := t.column(names...)
		if i < 0 {
			continue
		}
		for len(t.roles) <= i {
			t.roles = append(t.roles, -1)
		}
		t.roles[i] = role
	}
}

func (t *sheet) records(one block, roles int) records {
	return records{
		text:     one.text,
		comma:    t.comma,
		roles:    t.roles,
		cells:    make([][]byte, roles),
		inQuotes: make([]bool, roles),
	}
}

// Roles of the columns, and their names in normal form. Sources: the Entra
// portal's download, https://learn.microsoft.com/entra/identity/users/users-bulk-download;
// the Microsoft 365 admin center's export, read off a published file;
// Get-MgUser, whose columns are Graph's property names; Zoom's export,
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0068315
const (
	cellUPN = iota
	cellMail
	cellID
	cellProxies
	cellEnabled
	cellBlocked
	cellType
	cellSynced
	cellDeleted
	cellMailPlan
	cellName
)

var microsoftColumns = [][]string{
	cellUPN: {
		"userprincipalname",
	},
	cellMail:     {"mail"},
	cellID:       {"objectid", "id"},
	cellProxies:  {"proxyaddresses", "emailaliases"},
	cellEnabled:  {"accountenabled"},
	cellBlocked:  {"blockcredential", "blocksignin"},
	cellType:     {"usertype"},
	cellSynced:   {"onpremisessyncenabled", "dirsyncenabled"},
	cellDeleted:  {"softdeletiontimestamp", "deleteddatetime"},
	cellMailPlan: {snapshotMailPlan},
	cellName:     {"displayname"},
}

// snapshotMailPlan is a column of our own snapshots: true, false or empty.
const snapshotMailPlan = "mailplan"

const (
	cellEmail = iota
	cellZoomID
	cellStatus
	cellZoomName
)

var zoomColumns = [][]string{
	cellEmail: {
		"email",
		"emailaddress",
		"useremail",
	},
	cellZoomID:   {"userid", "id"},
	cellStatus:   {"userstatus", "status"},
	cellZoomName: {"displayname"},
}

func openMicrosoft(file string, r *bufio.Reader) (*sheet, error) {
	t, err := openSheet(file, r)
	if err != nil {
		return nil, err
	}
	if t.column(microsoftColumns[cellUPN]...) < 0 {
		hint := "export the users again with the column userPrincipalName"
		if t.column(zoomColumns[cellEmail]...) >= 0 {
			hint = "this looks like a Zoom export: give it as --zoom-export"
		}
		return nil, &FormatError{
			File:    file,
			Line:    t.headerLine(),
			Message: `the column "userPrincipalName" (or "User principal name") is missing`,
			Hint:    hint,
		}
	}
	t.wants(microsoftColumns)
	switch {
	case t.column("blockcredential") >= 0:
		t.kind = "Microsoft 365 admin center export"
	case t.column("objectid") >= 0:
		t.kind = "Entra portal download"
	default:
		t.kind = "Graph properties"
	}
	proxies, mail := t.column(microsoftColumns[cellProxies]...), t.column(microsoftColumns[cellMail]...)
	if proxies < 0 {
		t.notes = append(t.notes, file+": there is no column of proxy addresses, so aliases are unknown")
	}
	if mail < 0 && proxies < 0 {
		t.notes = append(t.notes, file+": there is no mail column, so only UPNs are compared")
	}
	return t, nil
}

func openZoom(file string, r *bufio.Reader) (*sheet, error) {
	t, err := openSheet(file, r)
	if err != nil {
		return nil, err
	}
	if t.column(zoomColumns[cellEmail]...) < 0 {
		hint := "export the users again: Zoom portal > User Management > Users > Export"
		if t.column(microsoftColumns[cellUPN]...) >= 0 {
			hint = "this looks like a Microsoft export: give it as --microsoft-export"
		}
		return nil, &FormatError{File: file, Line: t.headerLine(), Message: `the column "Email" is missing`, Hint: hint}
	}
	t.wants(zoomColumns)
	t.kind = "Zoom user export"
	return t, nil
}

// headerLine is the line before the first record's.
func (t *sheet) headerLine() int { return max(t.first.line-1, 1) }

// each reads the records of a block.
func (t *sheet) each(one block, roles, required int, without string, add func(cells [][]byte, inQuotes []bool)) error {
	r := t.records(one, roles)
	for {
		ok, err := r.next()
		if err != nil {
			return t.broken(one, r.pos, err)
		}
		if !ok {
			return nil
		}
		if len(r.cells[required]) == 0 {
			return &FormatError{
				File:    t.file,
				Line:    lineOf(one, r.start),
				Message: without,
				Hint:    "the file may be cut or edited by hand; export it again",
			}
		}
		add(r.cells, r.inQuotes)
	}
}

const (
	withoutUPN   = "this user has no user principal name"
	withoutEmail = "this user has no email"
)

// desk is what a processor needs to read a block, used again and again.
type desk struct {
	people    peopleBatch
	zoom      zoomBatch
	addresses [][]byte
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// readPeople reads a block of Microsoft users and looks each up.
func readPeople(t *sheet, one block, z *zoomSide) (peopleBatch, error) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	b := &d.people
	b.reset()
	err := t.each(one, len(microsoftColumns), cellUPN, withoutUPN, func(cells [][]byte, inQuotes []bool) {
		d.addresses = t.addresses(d.addresses[:0], cells[cellProxies], inQuotes[cellProxies])
		b.add(
			microsoftCells{
				upn:     cells[cellUPN],
				mail:    cells[cellMail],
				id:      cells[cellID],
				proxies: d.addresses,
				what:    whatCells(cells),
			},
			z,
		)
	})
	b.answer(z)
	return peopleBatch{text: bytes.Clone(b.text), at: slices.Clone(b.at), hits: slices.Clone(b.hits)}, err
}

// smtp is the prefix "smtp" as a word; a bit makes its letters small.
const smtp = 's' | 'm'<<8 | 't'<<16 | 'p'<<24

// addresses are the SMTP addresses of a list, without their prefixes.
func (t *sheet) addresses(dst [][]byte, list []byte, inQuotes bool) [][]byte {
	if string(list) == "System.String[]" {
		t.arrays.Store(true)
		return dst
	}
	eachProxy(list, inQuotes || t.comma != ',', func(proxy []byte) {
		const prefix = 5
		if len(proxy) > prefix && proxy[4] == ':' && binary.LittleEndian.Uint32(proxy)|0x20202020 == smtp {
			dst = append(dst, proxy[prefix:])
			return
		}
		if colon := bytes.IndexByte(proxy, ':'); colon >= 0 && bytes.IndexByte(proxy[:colon], '@') < 0 {
			if !strings.EqualFold(view(proxy[:colon]), "smtp") {
				return
			}
			proxy = proxy[colon+1:]
		}
		dst = append(dst, proxy)
	})
	return dst
}

func readEmails(t *sheet, one block, keep func(Address) bool) (zoomBatch, error) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	b := &d.zoom
	b.text, b.at, b.hashes = b.text[:0], b.at[:0], b.hashes[:0]
	err := t.each(
		one,
		len(zoomColumns),
		cellEmail,
		withoutEmail,
		func(cells [][]byte, _ []bool) { b.add(cells[cellEmail], keep) },
	)
	return zoomBatch{text: bytes.Clone(b.text), at: slices.Clone(b.at), hashes: slices.Clone(b.hashes)}, err
}

// readWhole reads a block with all that it says.
func readWhole[T any](t *sheet, one block, read func(cells [][]byte) T) ([]T, error) {
	var all []T
	columns, required, without := microsoftColumns, cellUPN, withoutUPN
	if t.kind == "Zoom user export" {
		columns, required, without = zoomColumns, cellEmail, withoutEmail
	}
	err := t.each(one, len(columns), required, without, func(cells [][]byte, _ []bool) { all = append(all, read(cells)) })
	return all, err
}

// whatCells reads what a person is.
func whatCells(cells [][]byte) byte {
	return when(
		fold(cells[cellType], "guest"),
		isGuest,
	) | when(
		truth(cells[cellSynced]),
		isSynced,
	) | when(
		len(cells[cellDeleted]) > 0,
		isDeleted,
	) |
		either(
			enabledCell(cells[cellEnabled], cells[cellBlocked]),
			isEnabled,
			isDisabled,
		) | either(
		choiceCell(cells[cellMailPlan]),
		hasMailPlan,
		hasNoMailPlan,
	)
}

func (t *sheet) user(cells [][]byte) tenant.User {
	u := userOf(whatCells(cells))
	u.UPN, u.Mail, u.ID, u.DisplayName = string(
		cells[cellUPN],
	), string(
		cells[cellMail],
	), string(
		cells[cellID],
	), string(
		cells[cellName],
	)
	for _, address := range t.addresses(nil, cells[cellProxies], true) {
		u.Proxies = append(u.Proxies, string(address))
	}
	return u
}

func (t *sheet) zoomUser(cells [][]byte) tenant.ZoomUser {
	return tenant.ZoomUser{
		ID:          string(cells[cellZoomID]),
		Email:       string(cells[cellEmail]),
		DisplayName: string(cells[cellZoomName]),
		Status:      strings.ToLower(string(cells[cellStatus])),
	}
}

// enabledCell reads "accountEnabled" or its opposite, "Block credential"; nil
// when the file says neither.
func enabledCell(enabled, blocked []byte) *bool {
	switch {
	case len(enabled) > 0:
		return choiceCell(enabled)
	case len(blocked) > 0:
		on := truth(blocked)
		return choice(!on, on)
	}
	return nil
}

func choiceCell(cell []byte) *bool {
	if len(cell) == 0 {
		return nil
	}
	on := truth(cell)
	return choice(on, !on)
}

func truth(cell []byte) bool { return fold(cell, "true") || fold(cell, "yes") || fold(cell, "1") }

func fold(cell []byte, word string) bool {
	return len(cell) == len(word) && strings.EqualFold(view(cell), word)
}
