package upn

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// table is a CSV file whose header was understood.
type table struct {
	file    string
	reader  *csv.Reader
	columns map[string]int
	// skipped counts lines before the header.
	skipped int
}

// openTable reads the header: the delimiter is the one of comma, semicolon and
// tab that the header has most of, and the "#TYPE" line of Windows PowerShell's
// Export-Csv is passed over.
func openTable(file string, r *bufio.Reader) (*table, error) {
	t := &table{file: file, columns: map[string]int{}}
	var header string
	for {
		line, err := r.ReadString('\n')
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "#TYPE") {
			header = line
			break
		}
		t.skipped++
		if err != nil {
			return nil, &FormatError{File: file, Message: "there is no header line", Hint: "export the users again, with column names"}
		}
	}
	comma, most := ',', -1
	for _, c := range []rune{',', ';', '\t'} {
		if n := strings.Count(header, string(c)); n > most {
			comma, most = c, n
		}
	}
	t.reader = csv.NewReader(io.MultiReader(strings.NewReader(header), r))
	t.reader.Comma = comma
	t.reader.FieldsPerRecord = -1
	t.reader.ReuseRecord = true
	names, err := t.reader.Read()
	if err != nil {
		return nil, t.broken(err)
	}
	for i, name := range names {
		if _, twice := t.columns[columnName(name)]; !twice {
			t.columns[columnName(name)] = i
		}
	}
	return t, nil
}

func (t *table) broken(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &FormatError{File: t.file, Line: parse.Line + t.skipped, Message: "this is not valid CSV: " + parse.Err.Error(), Hint: "the file may be cut or edited by hand; export it again"}
	}
	return err
}

// column returns the first of the names that the file has, and its place.
func (t *table) column(names ...string) int {
	for _, name := range names {
		if i, ok := t.columns[name]; ok {
			return i
		}
	}
	return -1
}

// each hands every record to add, with a function that reads a column (-1 is
// an empty one) and the line.
func (t *table) each(add func(cell func(column int) string, line int) error) error {
	for {
		record, err := t.reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return t.broken(err)
		}
		line, _ := t.reader.FieldPos(0)
		cell := func(column int) string {
			if column < 0 || column >= len(record) {
				return ""
			}
			return strings.TrimSpace(record[column])
		}
		if err := add(cell, line+t.skipped); err != nil {
			return err
		}
	}
}

// Column names in normal form. Sources: the Entra portal's download,
// https://learn.microsoft.com/entra/identity/users/users-bulk-download; the
// Microsoft 365 admin center's export, read off a published file; Get-MgUser,
// whose columns are Graph's property names; Zoom's export,
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0068315
var (
	upnColumns     = []string{"userprincipalname"}
	mailColumns    = []string{"mail"}
	idColumns      = []string{"objectid", "id"}
	proxyColumns   = []string{"proxyaddresses", "emailaliases"}
	enabledColumns = []string{"accountenabled"}
	blockedColumns = []string{"blockcredential", "blocksignin"}
	typeColumns    = []string{"usertype"}
	syncedColumns  = []string{"onpremisessyncenabled", "dirsyncenabled"}
	deletedColumns = []string{"softdeletiontimestamp", "deleteddatetime"}
	nameColumns    = []string{"displayname"}
	emailColumns   = []string{"email", "emailaddress", "useremail"}
	zoomIDColumns  = []string{"userid", "id"}
	statusColumns  = []string{"userstatus", "status"}
)

func readMicrosoftCSV(file string, r *bufio.Reader) (Export[tenant.User], error) {
	t, err := openTable(file, r)
	if err != nil {
		return Export[tenant.User]{}, err
	}
	e := Export[tenant.User]{Kind: t.microsoftKind()}
	upn := t.column(upnColumns...)
	if upn < 0 {
		hint := "export the users again with the column userPrincipalName"
		if t.column(emailColumns...) >= 0 {
			hint = "this looks like a Zoom export: give it as --zoom-export"
		}
		return e, &FormatError{File: file, Line: 1 + t.skipped, Message: `the column "userPrincipalName" (or "User principal name") is missing`, Hint: hint}
	}
	mail, id, proxies, name := t.column(mailColumns...), t.column(idColumns...), t.column(proxyColumns...), t.column(nameColumns...)
	enabled, blocked, kind := t.column(enabledColumns...), t.column(blockedColumns...), t.column(typeColumns...)
	synced, deleted := t.column(syncedColumns...), t.column(deletedColumns...)
	arrays := false
	err = t.each(func(cell func(int) string, line int) error {
		if cell(upn) == "" {
			return &FormatError{File: file, Line: line, Message: "this user has no user principal name", Hint: "the file may be cut or edited by hand; export it again"}
		}
		u := tenant.User{ID: cell(id), UPN: cell(upn), Mail: cell(mail), DisplayName: cell(name), Guest: strings.EqualFold(cell(kind), "Guest"), Synced: truth(cell(synced)), Deleted: cell(deleted) != ""}
		if list := cell(proxies); list == "System.String[]" {
			arrays = true
		} else {
			u.Proxies = splitList(list)
		}
		u.Enabled = enabledCell(cell(enabled), cell(blocked))
		e.People = append(e.People, u)
		return nil
	})
	e.Notes = t.microsoftNotes(proxies, mail, arrays)
	return e, err
}

func (t *table) microsoftKind() string {
	switch {
	case t.column("blockcredential") >= 0:
		return "Microsoft 365 admin center export"
	case t.column("objectid") >= 0:
		return "Entra portal download"
	}
	return "Graph properties"
}

func (t *table) microsoftNotes(proxies, mail int, arrays bool) []string {
	var notes []string
	switch {
	case arrays:
		notes = append(notes, t.file+`: the proxy addresses read "System.String[]", so aliases are unknown; export them with Select-Object @{n='proxyAddresses';e={$_.ProxyAddresses -join ';'}}`)
	case proxies < 0:
		notes = append(notes, t.file+": there is no column of proxy addresses, so aliases are unknown")
	}
	if mail < 0 && proxies < 0 {
		notes = append(notes, t.file+": there is no mail column, so only UPNs are compared")
	}
	return notes
}

func readZoomCSV(file string, r *bufio.Reader) (Export[tenant.ZoomUser], error) {
	t, err := openTable(file, r)
	if err != nil {
		return Export[tenant.ZoomUser]{}, err
	}
	e := Export[tenant.ZoomUser]{Kind: "Zoom user export"}
	email := t.column(emailColumns...)
	if email < 0 {
		hint := "export the users again: Zoom portal > User Management > Users > Export"
		if t.column(upnColumns...) >= 0 {
			hint = "this looks like a Microsoft export: give it as --microsoft-export"
		}
		return e, &FormatError{File: file, Line: 1 + t.skipped, Message: `the column "Email" is missing`, Hint: hint}
	}
	id, status, name := t.column(zoomIDColumns...), t.column(statusColumns...), t.column(nameColumns...)
	err = t.each(func(cell func(int) string, line int) error {
		if cell(email) == "" {
			return &FormatError{File: file, Line: line, Message: "this user has no email", Hint: "the file may be cut or edited by hand; export it again"}
		}
		e.People = append(e.People, tenant.ZoomUser{ID: cell(id), Email: cell(email), DisplayName: cell(name), Status: strings.ToLower(cell(status))})
		return nil
	})
	return e, err
}

// enabledCell reads "accountEnabled" or its opposite, "Block credential"; nil
// when the file says neither.
func enabledCell(enabled, blocked string) *bool {
	var on bool
	switch {
	case enabled != "":
		on = truth(enabled)
	case blocked != "":
		on = !truth(blocked)
	default:
		return nil
	}
	return &on
}

func truth(text string) bool {
	return slices.Contains([]string{"true", "yes", "1"}, strings.ToLower(text))
}

// splitList splits proxy addresses: the admin center joins them with +, scripts
// with ; or commas, PowerShell's Out-String with line breaks. A + within an
// address is kept: only one that begins a prefixed address separates.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	text = strings.Trim(text, "[]{}")
	var all []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == '\n' || r == '\r' }) {
		all = append(all, splitPlus(part)...)
	}
	return all
}

// splitPlus cuts before every "+" that is followed by a prefix such as "smtp:".
func splitPlus(text string) []string {
	var all []string
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '+' {
			continue
		}
		prefix, _, found := strings.Cut(text[i+1:], ":")
		if found && !strings.ContainsAny(prefix, "@+") {
			all = append(all, strings.Trim(strings.TrimSpace(text[start:i]), `"'`))
			start = i + 1
		}
	}
	return append(all, strings.Trim(strings.TrimSpace(text[start:]), `"'`))
}
