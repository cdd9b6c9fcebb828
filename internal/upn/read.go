package upn

import (
	"bufio"
	"bytes"
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

// ReadMicrosoft adds the people of an export: the Entra portal's "Download
// users" CSV, the Microsoft 365 admin center's "Export users" CSV,
// Get-MgUser | Export-Csv, or the JSON of Graph's /users. The Zoom side is
// complete by then.
func (m *Matcher) ReadMicrosoft(file string, r io.Reader, allowPartial bool) (Export, error) {
	m.seal()
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export{}, err
	}
	if isJSON {
		return readJSON(file, text, graphJSON, allowPartial, m.AddMicrosoft)
	}
	t, err := openMicrosoft(file, text)
	if err != nil {
		return Export{}, err
	}
	err = inOrder(t.blocks, t.first, func(one block) (peopleBatch, error) {
		return readPeople(t, one, &m.zoom)
	}, m.take)
	return t.export(), err
}

// ReadZoom adds the people of an export: the portal's "Export" CSV or the JSON
// of /users.
func (m *Matcher) ReadZoom(file string, r io.Reader, allowPartial bool) (Export, error) {
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export{}, err
	}
	if isJSON {
		return readJSON(file, text, zoomJSON, allowPartial, func(z tenant.ZoomUser) { m.AddZoom(z.Email) })
	}
	t, err := openZoom(file, text)
	if err != nil {
		return Export{}, err
	}
	err = inOrder(t.blocks, t.first, func(one block) (zoomBatch, error) {
		return readEmails(t, one, m.Keep)
	}, m.zoom.take)
	return t.export(), err
}

// EachMicrosoft hands every person of an export to each, with all that the file
// says of them.
func EachMicrosoft(file string, r io.Reader, allowPartial bool, each func(tenant.User)) (Export, error) {
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export{}, err
	}
	if isJSON {
		return readJSON(file, text, graphJSON, allowPartial, each)
	}
	t, err := openMicrosoft(file, text)
	if err != nil {
		return Export{}, err
	}
	err = inOrder(t.blocks, t.first, func(one block) ([]tenant.User, error) {
		return readWhole(t, one, t.user)
	}, eachOf(each))
	return t.export(), err
}

// EachZoom hands every person of an export to each.
func EachZoom(file string, r io.Reader, allowPartial bool, each func(tenant.ZoomUser)) (Export, error) {
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export{}, err
	}
	if isJSON {
		return readJSON(file, text, zoomJSON, allowPartial, each)
	}
	t, err := openZoom(file, text)
	if err != nil {
		return Export{}, err
	}
	err = inOrder(t.blocks, t.first, func(one block) ([]tenant.ZoomUser, error) {
		return readWhole(t, one, t.zoomUser)
	}, eachOf(each))
	return t.export(), err
}

func eachOf[T any](each func(T)) func([]T) {
	return func(all []T) {
		for _, one := range all {
			each(one)
		}
	}
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
