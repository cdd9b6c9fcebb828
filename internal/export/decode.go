package export

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/zo365/zo365/internal/menu"
)

// mark is the byte order mark of UTF-8; programs that add one do not look for one that is
// there.
const mark = "\ufeff"

// decoded is a file as UTF-8.
type decoded struct {
	*bufio.Reader
	isJSON bool
	// encoding is said to the person where it is not UTF-8 or had to be concluded.
	encoding func() string
}

// open decodes what PowerShell, Excel and browsers write: UTF-8 with and without marks,
// UTF-16 with a mark or without, Windows-1252 where it can be nothing else. What is no text
// is named.
func open(file string, r io.Reader) (decoded, error) {
	text := bufio.NewReaderSize(r, 1<<16)
	start, err := text.Peek(1 << 12)
	if err != nil && !errors.Is(err, io.EOF) {
		return decoded{}, fmt.Errorf("reading %s: %w", file, err)
	}
	if e := foreign(file, start); e != nil {
		return decoded{}, e
	}
	note := func() string { return "" }
	if order, guessed := utf16Order(start); order != nil {
		text = bufio.NewReaderSize(transform.NewReader(text, order.NewDecoder()), 1<<16)
		if guessed {
			note = func() string { return "UTF-16, concluded from its zero bytes" }
		}
	} else {
		plain := &plainReader{file: file, r: text, line: 1}
		text = bufio.NewReaderSize(plain, 1<<16)
		note = func() string { return plain.said() }
	}
	for {
		begins, err := text.Peek(len(mark))
		if err != nil && !errors.Is(err, io.EOF) {
			return decoded{}, readError(file, err)
		}
		if string(begins) != mark {
			break
		}
		_, _ = text.Discard(len(mark)) // it was peeked
	}
	start, err = text.Peek(1 << 15)
	if err != nil && !errors.Is(err, io.EOF) {
		return decoded{}, readError(file, err)
	}
	if bytes.IndexByte(start, '\r') >= 0 && bytes.IndexByte(start, '\n') < 0 { // lines as on a Macintosh
		text = bufio.NewReaderSize(returns{text}, 1<<16)
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) == 0 {
		return decoded{}, &FormatError{File: file, Message: "the file is empty", Hint: "export the users again"}
	}
	if start[0] == '{' {
		if e := refusal(file, start); e != nil {
			return decoded{}, e
		}
	}
	return decoded{text, start[0] == '{' || start[0] == '[', note}, nil
}

// returns makes the line ends of a file that has carriage returns alone, as Excel's "CSV
// (Macintosh)" has, line feeds.
type returns struct{ r io.Reader }

func (m returns) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

func readError(file string, err error) error {
	var format *FormatError
	if errors.As(err, &format) {
		return err
	}
	return fmt.Errorf("reading %s: %w", file, err)
}

// foreign names what is no text, by its first bytes.
//
// https://en.wikipedia.org/wiki/List_of_file_signatures
func foreign(file string, start []byte) error {
	var what string
	switch text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(start, []byte(mark)), " \t\r\n")); {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")) && bytes.Contains(start, []byte("[Content_Types].xml")),
		bytes.HasPrefix(start, []byte("PK\x03\x04")) && bytes.Contains(start, []byte("xl/")):
		what = "an Excel workbook (.xlsx)"
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		what = "an old Excel workbook (.xls)"
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("PK\x05\x06")),
		bytes.HasPrefix(start, []byte("\x1f\x8b")), bytes.HasPrefix(start, []byte("7z\xbc\xaf\x27\x1c")),
		bytes.HasPrefix(start, []byte("Rar!")), bytes.HasPrefix(start, []byte("BZh")),
		bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(start, []byte("\xfd7zXZ")):
		what = "a compressed archive"
	case bytes.HasPrefix(start, []byte("%PDF")):
		what = "a PDF"
	case bytes.HasPrefix(start, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(start, []byte("\x00\x00\xfe\xff")):
		what = "text in UTF-32"
	case bytes.HasPrefix(text, []byte("<!doctype")), bytes.HasPrefix(text, []byte("<html")),
		bytes.HasPrefix(text, []byte("<head")), bytes.HasPrefix(text, []byte("<table")):
		what = "an HTML page, perhaps that of a sign-in"
	case bytes.HasPrefix(text, []byte("<")):
		what = "XML"
	default:
		return nil
	}
	hint := "export the users as CSV: in Zoom's portal " + menu.ZoomUsers + " > Export; in Entra " +
		menu.EntraUsers + " > Download users; or " + menu.MicrosoftUsers + " > Export users"
	switch what {
	case "text in UTF-32":
		hint = "save it as UTF-8"
	case "a compressed archive":
		hint = "unpack it and give the CSV or JSON file that is in it"
	case "an Excel workbook (.xlsx)", "an old Excel workbook (.xls)":
		hint = "save the sheet as \"CSV UTF-8 (comma delimited)\", or " + hint
	}
	return &FormatError{File: file, Message: "this is " + what + ", not CSV or JSON", Hint: hint}
}

// refusal says what a service answered instead of people: Graph's error object, or Zoom's code
// and message.
//
// https://learn.microsoft.com/graph/errors, https://developers.zoom.us/docs/api/errors/
func refusal(file string, start []byte) error {
	var answer struct {
		Error struct {
			Code, Message string
		}
		Code    int
		Message string
	}
	if err := json.Unmarshal(start, &answer); err != nil {
		return nil //nolint:nilerr // it is no error of a service, which are short: it is read as people
	}
	var said string
	switch {
	case answer.Error.Code != "":
		said = answer.Error.Code + ": " + answer.Error.Message
	case answer.Code != 0 && answer.Message != "":
		said = fmt.Sprintf("%d: %s", answer.Code, answer.Message)
	default:
		return nil
	}
	return &FormatError{
		File:    file,
		Line:    1,
		Message: fmt.Sprintf("this is a service's error, no list of users: %q", said),
		Hint:    "fetch the users again, signed in",
	}
}

// utf16Order is the byte order of UTF-16: by its mark, or where zero bytes stand in nearly
// every second place. Nil is another encoding.
func utf16Order(start []byte) (order encoding.Encoding, guessed bool) {
	if len(start) >= 2 && (start[0] == 0xff && start[1] == 0xfe || start[0] == 0xfe && start[1] == 0xff) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), false
	}
	const most = 0.4
	var zeros [2]int
	for i, c := range start {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch n := float64(len(start)); {
	case len(start) < 2 || zeros[0] > 0 && zeros[1] > 0:
	case float64(zeros[1]) > most*n:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), true
	case float64(zeros[0]) > most*n:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), true
	}
	return nil, false
}

// plainReader passes UTF-8 on, and decodes what can only be Windows-1252: a text that is
// not UTF-8 anywhere, in a file that has nothing else but ASCII.
type plainReader struct {
	file string
	r    io.Reader
	// carry is the beginning of a rune whose rest was not read yet.
	carry []byte
	// wide: runes of several bytes were seen, so the file is UTF-8.
	wide bool
	// western: the file is Windows-1252; expanded waits to be read.
	western  bool
	expanded []byte
	raw      []byte
	line     int
}

func (d *plainReader) said() string {
	if d.western {
		return "not UTF-8; it was read as Windows-1252, as Excel saves CSV"
	}
	return ""
}

func (d *plainReader) Read(p []byte) (int, error) {
	if d.western {
		return d.readWestern(p)
	}
	n := copy(p, d.carry)
	d.carry = d.carry[:0]
	m, err := d.r.Read(p[n:])
	n += m
	if at := bytes.IndexByte(p[:n], 0); at >= 0 {
		return 0, &FormatError{
			File:    d.file,
			Line:    d.line + bytes.Count(p[:at], []byte{'\n'}),
			Message: "there is a zero byte: this is no text",
			Hint:    "export the users again, as CSV or JSON",
		}
	}
	if utf8.Valid(p[:n]) {
		d.wide = d.wide || high(p[:n])
		d.line += bytes.Count(p[:n], []byte{'\n'})
		return n, err
	}
	if end := n - incomplete(p[:n]); end < n && err == nil && utf8.Valid(p[:end]) {
		d.carry = append(d.carry, p[end:n]...)
		d.wide = true
		d.line += bytes.Count(p[:end], []byte{'\n'})
		return end, nil
	}
	if broken := d.notWestern(p[:n]); broken != nil {
		return 0, broken
	}
	d.western = true
	d.expand(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return d.readWestern(p)
}

// notWestern says why a text that is not UTF-8 is not Windows-1252 either: it is UTF-8 in
// other places, or has bytes that Windows-1252 has not.
func (d *plainReader) notWestern(text []byte) error {
	at, wide := 0, d.wide
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			if at == 0 {
				at = i + 1
			}
			switch text[i] {
			case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
				wide = true
			}
		}
		wide = wide || size > 1
		i += size
	}
	if !wide {
		return nil
	}
	return &FormatError{
		File:    d.file,
		Line:    d.line + bytes.Count(text[:max(at-1, 0)], []byte{'\n'}),
		Message: "this is not UTF-8, and can be nothing else that is known",
		Hint:    "save the file as \"CSV UTF-8\", or export it again",
	}
}

func (d *plainReader) expand(text []byte) {
	for _, c := range text {
		d.expanded = utf8.AppendRune(d.expanded, charmap.Windows1252.DecodeByte(c))
	}
}

func (d *plainReader) readWestern(p []byte) (int, error) {
	var err error
	for len(d.expanded) == 0 && err == nil {
		if d.raw == nil {
			d.raw = make([]byte, 1<<14)
		}
		var n int
		n, err = d.r.Read(d.raw)
		if bytes.IndexByte(d.raw[:n], 0) >= 0 {
			return 0, &FormatError{
				File:    d.file,
				Message: "there is a zero byte: this is no text",
				Hint:    "export the users again, as CSV or JSON",
			}
		}
		d.expand(d.raw[:n])
	}
	n := copy(p, d.expanded)
	d.expanded = d.expanded[n:]
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// incomplete is how many bytes at the end begin a rune that does not end.
func incomplete(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// high says whether a text is more than ASCII.
func high(text []byte) bool {
	const highs = 0x8080808080808080
	i := 0
	for ; i+8 <= len(text); i += 8 {
		if binary.LittleEndian.Uint64(text[i:])&highs != 0 {
			return true
		}
	}
	for _, c := range text[i:] {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}
