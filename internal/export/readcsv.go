package export

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/zo365/zo365/internal/menu"
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
		hint := "export the users again, in Zoom's portal: " + menu.ZoomUsers + " > Export"
		if t.column(microsoftColumns[cellUPN]...) >= 0 {
			hint = "this looks like a Microsoft export: give it as --microsoft-export"
		}
		return nil, &FormatError{
			File:    file,
			Line:    t.headerLine(),
			Message: `the column "Email" is missing`,
			Hint:    hint,
		}
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

// people reads the Microsoft users of a block.
func (t *sheet) people(one block, add func(*Person)) error {
	var p Person
	return t.each(one, len(microsoftColumns), cellUPN, withoutUPN, func(cells [][]byte, inQuotes []bool) {
		p = Person{
			UPN:      cells[cellUPN],
			Mail:     cells[cellMail],
			ID:       cells[cellID],
			Name:     cells[cellName],
			Proxies:  t.addresses(p.Proxies[:0], cells[cellProxies], inQuotes[cellProxies]),
			Enabled:  enabledCell(cells[cellEnabled], cells[cellBlocked]),
			MailPlan: choiceCell(cells[cellMailPlan]),
			Guest:    fold(cells[cellType], "guest"),
			Synced:   truth(cells[cellSynced]),
			Deleted:  len(cells[cellDeleted]) > 0,
		}
		add(&p)
	})
}

// accounts reads the Zoom users of a block.
func (t *sheet) accounts(one block, add func(*Account)) error {
	var a Account
	return t.each(one, len(zoomColumns), cellEmail, withoutEmail, func(cells [][]byte, _ []bool) {
		a = Account{
			Email:  cells[cellEmail],
			ID:     cells[cellZoomID],
			Name:   cells[cellZoomName],
			Status: cells[cellStatus],
		}
		add(&a)
	})
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
		if address, ok := smtpAddress(proxy); ok {
			dst = append(dst, address)
		}
	})
	return dst
}

// smtpAddress is a proxy address without its prefix; false for one of another kind.
func smtpAddress(proxy []byte) (address []byte, ok bool) {
	const prefix = 5
	if len(proxy) > prefix && proxy[4] == ':' && binary.LittleEndian.Uint32(proxy)|0x20202020 == smtp {
		return proxy[prefix:], true
	}
	if colon := bytes.IndexByte(proxy, ':'); colon >= 0 && bytes.IndexByte(proxy[:colon], '@') < 0 {
		return proxy[colon+1:], strings.EqualFold(string(proxy[:colon]), "smtp")
	}
	return proxy, true
}

// user is the person with all that the row says.
func (p *Person) user() tenant.User {
	u := tenant.User{
		UPN:         string(p.UPN),
		Mail:        string(p.Mail),
		ID:          string(p.ID),
		DisplayName: string(p.Name),
		Enabled:     p.Enabled,
		MailPlan:    p.MailPlan,
		Guest:       p.Guest,
		Synced:      p.Synced,
		Deleted:     p.Deleted,
	}
	for _, address := range p.Proxies {
		u.Proxies = append(u.Proxies, string(address))
	}
	return u
}

// user is the account with all that the row says.
func (a *Account) user() tenant.ZoomUser {
	return tenant.ZoomUser{
		ID:          string(a.ID),
		Email:       string(a.Email),
		DisplayName: string(a.Name),
		Status:      strings.ToLower(string(a.Status)),
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
		return choice(!on)
	}
	return nil
}

func choiceCell(cell []byte) *bool {
	if len(cell) == 0 {
		return nil
	}
	on := truth(cell)
	return choice(on)
}

func truth(cell []byte) bool { return fold(cell, "true") || fold(cell, "yes") || fold(cell, "1") }

func fold(cell []byte, word string) bool {
	return len(cell) == len(word) && strings.EqualFold(string(cell), word)
}

var isTrue, isFalse = true, false

// choice is a known answer, without memory of its own.
func choice(yes bool) *bool {
	if yes {
		return &isTrue
	}
	return &isFalse
}
