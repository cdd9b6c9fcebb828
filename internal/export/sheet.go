package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/zo365/zo365/internal/tenant"
)

// sheet is a CSV file whose header was understood.
type sheet struct {
	blocks *blocks
	// first is the file's first block without the header.
	first block
	comma byte
	// names are the columns' own, of which places are those in normal form.
	names  []string
	places map[string]int
	// twice are those that two columns have.
	twice map[string]bool
	// roles says for each column which field it is; -1 is none. See records.
	roles []int
}

// openSheet reads the header: the delimiter is the one of comma, semicolon and tab that the
// header has most of, or the one that a line "sep=;" before it names. The "#TYPE" line of
// Windows PowerShell's Export-Csv is passed over.
func openSheet(file string, r *bufio.Reader) (*sheet, error) {
	t := &sheet{blocks: newBlocks(r), places: map[string]int{}, twice: map[string]bool{}}
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
		switch comma := separatorOf(line); {
		case comma != 0:
			t.comma = comma
		case len(line) > 0 && !bytes.HasPrefix(line, []byte("#TYPE")) && !bytes.HasPrefix(line, []byte(`"#TYPE`)):
			if t.comma == 0 {
				t.comma = commaOf(line)
			}
			return t, t.header(file, one, start)
		}
		start = lineEnd(one.text, start) + 1
	}
}

// separatorOf reads the line by which Excel is told the separator.
func separatorOf(line []byte) byte {
	line = bytes.Trim(line, `"`)
	if len(line) == len("sep=;") && bytes.EqualFold(line[:4], []byte("sep=")) {
		return line[4]
	}
	if bytes.EqualFold(line, []byte("sep=")) { // a tab that was trimmed
		return '\t'
	}
	return 0
}

func (t *sheet) header(file string, one block, start int) error {
	header := records{text: one.text, pos: start, comma: t.comma}
	if _, err := header.next(); err != nil {
		return &FormatError{
			File:    file,
			Line:    lineOf(one, header.start),
			Message: "this is not valid CSV: " + err.Error(),
			Hint:    "the file may be cut or edited by hand; export it again",
		}
	}
	for i, cell := range header.cells {
		name := string(trim(cell))
		t.names = append(t.names, name)
		if _, again := t.places[columnName(name)]; !again {
			t.places[columnName(name)] = i
		} else {
			t.twice[columnName(name)] = true
		}
	}
	at := min(header.pos, len(one.text))
	t.first = block{text: one.text[at:], line: lineOf(one, at), last: one.last}
	return nil
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

// wants gives the columns their fields and returns the names of those that are there.
func (t *sheet) wants(columns [][]string) []string {
	own := make([]string, len(columns))
	t.roles = make([]int, len(t.names))
	for i := range t.roles {
		t.roles[i] = -1
	}
	for field, names := range columns {
		for _, name := range names {
			if i, ok := t.places[name]; ok && t.roles[i] < 0 {
				t.roles[i], own[field] = field, t.names[i]
				break
			}
		}
	}
	return own
}

func readSheet[T, R, B any](
	b *book[T, R],
	text decoded,
	work func(Rows[R]) (B, error),
	collect func(B),
) error {
	t, err := openSheet(b.file, text.Reader)
	if err != nil {
		return err
	}
	b.names = t.wants(b.columns)
	for _, name := range b.names {
		if t.twice[columnName(name)] && name != "" {
			return &FormatError{
				File:    b.file,
				Line:    max(t.first.line-1, 1),
				Message: fmt.Sprintf("two columns are called %q, and which of them is right is not known", begin(name)),
				Hint:    "take the wrong one out, or give it another name",
			}
		}
	}
	if b.names[b.required] == "" {
		return t.missing(b.file, b.lacking, b.hint, b.other, b.otherColumns)
	}
	b.kindName = b.kind(t.has, false)
	b.trusted = trusted(b.kindName)
	type outcome struct {
		made  B
		tally tally
	}
	fields := len(b.columns)
	return inOrder(t.first, t.blocks.next, func(one block) (outcome, error) {
		var o outcome
		var err error
		o.made, err = work(func(add func(*R)) error {
			c := newCells(fields)
			c.rooms, c.mixed, c.onPremises = b.Rooms, t.comma != ',', onPremises(b.kindName)
			readBlock(b, t, one, &c, &o.tally, add)
			o.tally.seen = c.seen
			return nil
		})
		return o, err
	}, t.blocks.release, func(o outcome) error {
		if err := b.take(o.tally); err != nil {
			return err
		}
		collect(o.made)
		return nil
	})
}

// has says whether there is a column.
func (t *sheet) has(name string) bool { _, there := t.places[name]; return there }

func (t *sheet) missing(file, message, hint, other string, others []string) error {
	for _, name := range others {
		if _, ok := t.places[name]; ok {
			hint = other
		}
	}
	if len(t.names) > 0 {
		const shown = 12
		var names []string
		for _, name := range t.names[:min(shown, len(t.names))] {
			names = append(names, begin(name))
		}
		message += fmt.Sprintf("; there are %q", names)
	}
	return &FormatError{
		File:    file,
		Line:    max(t.first.line-1, 1),
		Message: message,
		Hint:    hint,
	}
}

// readBlock reads the rows of a block. What cannot be read is set aside, and reading goes on
// at the next line.
func readBlock[T, R any](b *book[T, R], t *sheet, one block, c *cells, sum *tally, add func(*R)) {
	r := records{
		text:     one.text,
		comma:    t.comma,
		roles:    t.roles,
		cells:    c.text,
		inQuotes: c.quoted,
	}
	var row R
	for {
		ok, err := r.next()
		if err != nil {
			end := lineEnd(one.text, r.start)
			sum.reject(lineOf(one, r.start), "this is not valid CSV: "+err.Error(), one.text[r.start:end])
			if end >= len(one.text) && one.last {
				sum.cut = lineOf(one, r.start)
			}
			r.pos = end + 1
			continue
		}
		if !ok {
			return
		}
		reason := ""
		switch required := c.text[b.required]; {
		case blank(one.text[r.start:min(r.pos, len(one.text))], t.comma):
			continue
		case r.columns > len(t.names), r.columns < len(t.names) && !b.apart(c):
			reason = fmt.Sprintf("this row has %s, the header has %d", count(r.columns), len(t.names))
			if r.columns > len(t.names) {
				reason += ": a comma in a text without quotes shifts the cells behind it"
			}
			if one.last && r.pos > len(one.text) && r.columns < len(t.names) {
				sum.cut = lineOf(one, r.start)
			}
		case len(required) == 0 && b.apart(c):
			sum.apart++
			continue
		case len(required) == 0:
			reason = b.without
		case !tenant.IsAddress(required):
			reason = b.shown(required) + " is not an address"
		}
		if reason != "" {
			sum.reject(lineOf(one, r.start), reason, bytes.TrimRight(one.text[r.start:min(r.pos, len(one.text))], "\r\n"))
			continue
		}
		if b.row(c, &row) {
			sum.people++
			add(&row)
		} else {
			if b.keepsApart {
				add(&row)
			}
			sum.apart++
		}
	}
}

func count(cells int) string {
	if cells == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", cells)
}

// blank says whether a row has nothing but separators, quotes and blanks.
func blank(row []byte, comma byte) bool {
	for _, c := range row {
		if c != comma && c > ' ' && c != '"' {
			return false
		}
	}
	return true
}
