// Package export reads what people have: the exports of both services in every form that
// was met, CSV of any dialect and JSON, a block of rows at a time on all processors. It
// judges nothing and asks no network.
package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/zo365/zo365/internal/tenant"
)

// Export says what a file was.
type Export struct {
	// Kind names what the file was recognised as.
	Kind string
	// Notes say what the file could not tell.
	Notes []string
	// Partial is true when more pages follow that are not in the file.
	Partial bool
}

// FormatError says what is wrong with an export, and where.
type FormatError struct {
	File string
	// Line is 1-based; zero is unknown.
	Line    int
	Message string
	// Hint says what to do.
	Hint string
}

func (e *FormatError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Message)
}

// Person is a row of a Microsoft export. Its texts are valid until the next row.
type Person struct {
	UPN, Mail, ID, Name []byte
	// Proxies are SMTP addresses without their prefixes.
	Proxies [][]byte
	// Enabled and MailPlan are nil where the file does not say.
	Enabled, MailPlan      *bool
	Guest, Synced, Deleted bool
}

// Account is a row of a Zoom export. Its texts are valid until the next row.
type Account struct{ Email, ID, Name, Status []byte }

// Rows hands the rows of a block to add, one after another.
type Rows[R any] func(add func(*R)) error

// side is how one service's exports are read: T is a whole person, R a row.
type side[T, R any] struct {
	form  jsonForm[T]
	sheet func(file string, text *bufio.Reader) (*sheet, error)
	rows  func(t *sheet, one block, add func(*R)) error
	// row and whole turn one into the other.
	row   func(T) R
	whole func(*R) T
}

var (
	microsoft = side[tenant.User, Person]{graphJSON, openMicrosoft, (*sheet).people, rowOf, (*Person).user}
	zoom      = side[tenant.ZoomUser, Account]{zoomJSON, openZoom, (*sheet).accounts, accountOf, (*Account).user}
)

// Microsoft reads an export: the Entra portal's "Download users" CSV, the Microsoft 365
// admin center's "Export users" CSV, Get-MgUser | Export-Csv, or the JSON of Graph's
// /users. work makes something of each block, several at the same time; collect gets what
// was made in the order of the file.
func Microsoft[B any](
	file string,
	r io.Reader,
	allowPartial bool,
	work func(Rows[Person]) (B, error),
	collect func(B),
) (Export, error) {
	return read(microsoft, source{file, r, allowPartial}, work, collect)
}

// Zoom reads an export: the portal's "Export" CSV or the JSON of /users, as Microsoft does.
func Zoom[B any](
	file string,
	r io.Reader,
	allowPartial bool,
	work func(Rows[Account]) (B, error),
	collect func(B),
) (Export, error) {
	return read(zoom, source{file, r, allowPartial}, work, collect)
}

// source is what is read.
type source struct {
	file         string
	r            io.Reader
	allowPartial bool
}

func read[T, R, B any](s side[T, R], from source, work func(Rows[R]) (B, error), collect func(B)) (Export, error) {
	text, isJSON, err := open(from.file, from.r)
	if err != nil {
		return Export{}, err
	}
	if isJSON {
		return inChunks(work, collect, func(add func(T)) (Export, error) {
			return readJSON(from.file, text, s.form, from.allowPartial, add)
		}, s.row)
	}
	return readSheet(s, from.file, text, work, collect)
}

func readSheet[T, R, B any](
	s side[T, R],
	file string,
	text *bufio.Reader,
	work func(Rows[R]) (B, error),
	collect func(B),
) (Export, error) {
	t, err := s.sheet(file, text)
	if err != nil {
		return Export{}, err
	}
	err = inOrder(t.blocks, t.first, func(one block) (B, error) {
		return work(func(add func(*R)) error { return s.rows(t, one, add) })
	}, collect)
	return t.export(), err
}

// inChunks works on people who come one at a time as though they came in blocks.
func inChunks[T, R, B any](
	work func(Rows[R]) (B, error),
	collect func(B),
	read func(add func(T)) (Export, error),
	row func(T) R,
) (Export, error) {
	const chunk = 4096
	var rows []R
	var failed error
	flush := func() {
		if failed != nil {
			return
		}
		b, err := work(func(add func(*R)) error {
			for i := range rows {
				add(&rows[i])
			}
			return nil
		})
		if failed = err; err == nil {
			collect(b)
		}
		rows = rows[:0]
	}
	e, err := read(func(one T) {
		if rows = append(rows, row(one)); len(rows) == chunk {
			flush()
		}
	})
	flush()
	return e, errors.Join(err, failed)
}

func rowOf(u tenant.User) Person {
	p := Person{
		UPN:      []byte(u.UPN),
		Mail:     []byte(u.Mail),
		ID:       []byte(u.ID),
		Name:     []byte(u.DisplayName),
		Enabled:  u.Enabled,
		MailPlan: u.MailPlan,
		Guest:    u.Guest,
		Synced:   u.Synced,
		Deleted:  u.Deleted,
	}
	for _, proxy := range u.Proxies {
		if address, ok := smtpAddress(bytes.TrimSpace([]byte(proxy))); ok {
			p.Proxies = append(p.Proxies, address)
		}
	}
	return p
}

func accountOf(z tenant.ZoomUser) Account {
	return Account{
		Email:  []byte(z.Email),
		ID:     []byte(z.ID),
		Name:   []byte(z.DisplayName),
		Status: []byte(z.Status),
	}
}

// EachMicrosoft hands every person of an export to each, with all that the file
// says of them.
func EachMicrosoft(file string, r io.Reader, allowPartial bool, each func(tenant.User)) (Export, error) {
	return whole(microsoft, source{file, r, allowPartial}, each)
}

// EachZoom hands every person of an export to each.
func EachZoom(file string, r io.Reader, allowPartial bool, each func(tenant.ZoomUser)) (Export, error) {
	return whole(zoom, source{file, r, allowPartial}, each)
}

func whole[T, R any](s side[T, R], from source, each func(T)) (Export, error) {
	text, isJSON, err := open(from.file, from.r)
	if err != nil {
		return Export{}, err
	}
	if isJSON { // which says more of a person than a row can
		return readJSON(from.file, text, s.form, from.allowPartial, each)
	}
	return readSheet(s, from.file, text, func(rows Rows[R]) (all []T, err error) {
		err = rows(func(one *R) { all = append(all, s.whole(one)) })
		return all, err
	}, func(all []T) {
		for _, one := range all {
			each(one)
		}
	})
}

// open decodes a byte order mark (UTF-8 or UTF-16, which PowerShell writes) and
// says whether the text is JSON.
func open(file string, r io.Reader) (*bufio.Reader, bool, error) {
	text := bufio.NewReaderSize(r, 1<<16)
	mark, err := text.Peek(2)
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("reading %s: %w", file, err)
	}
	if len(mark) == 2 && (mark[0] == 0xff && mark[1] == 0xfe || mark[0] == 0xfe && mark[1] == 0xff) {
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		text = bufio.NewReaderSize(transform.NewReader(text, utf16), 1<<16)
	} else if mark, _ := text.Peek(3); string(mark) == "\ufeff" {
		_, _ = text.Discard(len(mark)) // it was peeked
	}
	start, err := text.Peek(512)
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("reading %s: %w", file, err)
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) == 0 {
		return nil, false, &FormatError{File: file, Message: "the file is empty", Hint: "export the users again"}
	}
	return text, start[0] == '{' || start[0] == '[', nil
}

// columnName is a header in its normal form: "User principal name",
// userPrincipalName and user_principal_name are one.
func columnName(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, text)
}
