package export

import (
	"bytes"
	"encoding/csv"

	"github.com/zo365/zo365/internal/tenant"
)

// records reads the records of a block. It keeps only the columns that have a
// role, as slices of the block.
type records struct {
	text []byte
	pos  int
	// comma separates cells.
	comma byte
	// roles maps a column to its place in cells; -1 is not wanted. Columns
	// beyond it are not wanted either. Nil wants all.
	roles []int
	cells [][]byte
	// inQuotes says of each role's cell whether it was in quotes: only then can it
	// hold commas and line breaks.
	inQuotes []bool
	plain    []byte // cells whose quotes were doubled
	start    int    // where the record begins
	columns  int    // how many cells the record has
}

// next reads a record and is false behind the last one. Empty lines are passed
// over. Its rules are those of encoding/csv, which the tests hold it against.
func (r *records) next() (bool, error) {
	for r.pos < len(r.text) {
		end := lineEnd(r.text, r.pos)
		line := r.text[r.pos:end]
		if len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if len(line) == 0 {
			r.pos = end + 1
			continue
		}
		r.start = r.pos
		r.reset()
		if bytes.IndexByte(line, '"') < 0 {
			r.pos = end + 1
			r.simple(line)
			return true, nil
		}
		return true, r.quoted(end)
	}
	return false, nil
}

// lineEnd is the place of the next line break, or of the end of the text.
func lineEnd(text []byte, from int) int {
	if i := bytes.IndexByte(text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(text)
}

func (r *records) reset() {
	if r.roles == nil {
		r.cells = r.cells[:0]
	}
	clear(r.cells)
	clear(r.inQuotes)
	r.plain = r.plain[:0]
	r.columns = 0
}

func (r *records) keep(column int, cell []byte) {
	switch {
	case r.roles == nil:
		r.cells = append(r.cells, cell)
	case column < len(r.roles) && r.roles[column] >= 0:
		r.cells[r.roles[column]] = trim(cell)
	}
}

func (r *records) mark(column int) {
	if column < len(r.roles) && r.roles[column] >= 0 {
		r.inQuotes[r.roles[column]] = true
	}
}

// simple splits a line without quotes.
func (r *records) simple(line []byte) {
	r.columns = bytes.Count(line, []byte{r.comma}) + 1
	for column := 0; r.roles == nil || column < len(r.roles); column++ {
		i := bytes.IndexByte(line, r.comma)
		if i < 0 {
			r.keep(column, line)
			return
		}
		r.keep(column, line[:i])
		line = line[i+1:]
	}
}

// quoted splits a record with quotes, which may go over several lines; end is
// where its first line ends.
func (r *records) quoted(end int) error {
	text, p := r.text, r.pos
	quote := p - 1 // the next quote at or behind p, once looked for
	for column := 0; ; column++ {
		r.columns = column + 1
		if p < len(text) && text[p] == '"' {
			cell, after, err := r.unquote(p + 1)
			if err != nil {
				return err
			}
			r.keep(column, cell)
			r.mark(column)
			p = after
			switch {
			case p < len(text) && text[p] == r.comma:
				p++
				continue
			case p+1 < len(text) && text[p] == '\r' && text[p+1] == '\n', p+1 == len(text) && text[p] == '\r':
				r.pos = p + 2
				return nil
			case p == len(text), text[p] == '\n':
				r.pos = p + 1
				return nil
			}
			r.pos = p
			return csv.ErrQuote
		}
		if end < p {
			end, quote = lineEnd(text, p), p-1
		}
		cell, last := text[p:end], true
		if i := bytes.IndexByte(cell, r.comma); i >= 0 {
			cell, last = cell[:i], false
		} else if len(cell) > 0 && cell[len(cell)-1] == '\r' {
			cell = cell[:len(cell)-1]
		}
		if quote < p {
			if quote = len(text); p < end {
				if i := bytes.IndexByte(text[p:end], '"'); i >= 0 {
					quote = p + i
				}
			}
		}
		if quote < p+len(cell) {
			r.pos = quote
			return csv.ErrBareQuote
		}
		r.keep(column, cell)
		if last {
			r.pos = end + 1
			return nil
		}
		p += len(cell) + 1
	}
}

// unquote reads a cell behind its opening quote and returns the place behind
// the closing one.
func (r *records) unquote(from int) (cell []byte, after int, err error) {
	doubled := false
	for p := from; ; {
		i := bytes.IndexByte(r.text[p:], '"')
		if i < 0 {
			r.pos = from - 1 // where it was opened is what helps
			return nil, 0, csv.ErrQuote
		}
		p += i
		if p+1 < len(r.text) && r.text[p+1] == '"' {
			doubled = true
			p += 2
			continue
		}
		cell = r.text[from:p]
		if doubled || bytes.IndexByte(cell, '\r') >= 0 {
			cell = r.simplify(cell)
		}
		return cell, p + 1, nil
	}
}

// simplify halves doubled quotes and makes CRLF a line feed.
func (r *records) simplify(cell []byte) []byte {
	start := len(r.plain)
	for i := 0; i < len(cell); i++ {
		c := cell[i]
		if c == '\r' && i+1 < len(cell) && cell[i+1] == '\n' {
			continue
		}
		r.plain = append(r.plain, c)
		if c == '"' {
			i++
		}
	}
	return r.plain[start:len(r.plain):len(r.plain)]
}

// trim cuts outer blanks of every kind.
func trim(cell []byte) []byte {
	if n := len(cell); n == 0 || solid(cell[0]) && solid(cell[n-1]) {
		return cell
	}
	return bytes.TrimFunc(cell, tenant.IsBlank)
}

func solid(c byte) bool { return c > ' ' && c < 0x80 }

// lineOf is the 1-based line of a place in the block.
func lineOf(b block, at int) int {
	return b.line + bytes.Count(b.text[:min(at, len(b.text))], []byte{'\n'})
}
