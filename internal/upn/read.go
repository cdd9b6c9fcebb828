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

// Export is what a file held.
type Export[T any] struct {
	People []T
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

// ReadMicrosoft reads an export of Microsoft users: the Entra portal's
// "Download users" CSV, the Microsoft 365 admin center's "Export users" CSV,
// Get-MgUser | Export-Csv, or the JSON of Graph's /users.
func ReadMicrosoft(file string, r io.Reader, allowPartial bool) (Export[tenant.User], error) {
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export[tenant.User]{}, err
	}
	if isJSON {
		return readJSON(file, text, graphJSON, allowPartial)
	}
	return readMicrosoftCSV(file, text)
}

// ReadZoom reads an export of Zoom users: the portal's "Export" CSV or the JSON
// of /users.
func ReadZoom(file string, r io.Reader, allowPartial bool) (Export[tenant.ZoomUser], error) {
	text, isJSON, err := open(file, r)
	if err != nil {
		return Export[tenant.ZoomUser]{}, err
	}
	if isJSON {
		return readJSON(file, text, zoomJSON, allowPartial)
	}
	return readZoomCSV(file, text)
}

// open decodes a byte order mark (UTF-8 or UTF-16, which PowerShell writes) and
// says whether the text is JSON.
func open(file string, r io.Reader) (*bufio.Reader, bool, error) {
	decoded := bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(unicode.UTF8.NewDecoder())), 1<<16)
	start, err := decoded.Peek(512)
	if err != nil && err != io.EOF {
		return nil, false, fmt.Errorf("reading %s: %w", file, err)
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) == 0 {
		return nil, false, &FormatError{File: file, Message: "the file is empty", Hint: "export the users again"}
	}
	return decoded, start[0] == '{' || start[0] == '[', nil
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
