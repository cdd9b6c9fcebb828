package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient: a name that stands twice is judged by its field, and half a surrogate pair in a
// person's title is no reason to refuse everybody.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// maxValue is the longest value, so that a text without an end cannot take all the memory.
const maxValue = 16 << 20

// lineReader counts lines for messages, and ends a value that does not.
type lineReader struct {
	r io.Reader
	// breaks are the offsets of line breaks behind the last place that was asked for, line
	// the number of the line there.
	breaks []int64
	line   int
	read   int64
	// done is the offset up to which all values ended.
	done int64
}

var errLong = errors.New("a value does not end within 16 MiB")

func (l *lineReader) Read(p []byte) (int, error) {
	if l.read-l.done > maxValue {
		return 0, errLong
	}
	n, err := l.r.Read(p)
	for at := 0; ; {
		i := bytes.IndexByte(p[at:n], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		l.breaks = append(l.breaks, l.read+int64(at)-1)
	}
	l.read += int64(n)
	return n, err
}

// lineAt is the line of a place that is not before one that was asked for.
func (l *lineReader) lineAt(offset int64) int {
	i, _ := slices.BinarySearch(l.breaks, offset)
	l.line += i
	l.breaks = append(l.breaks[:0], l.breaks[i:]...)
	return l.line
}

// people are some people of a JSON file, one after another.
type people struct {
	text []byte
	// lines are where each begins.
	lines []int32
}

// frame is an open list or object.
type frame struct {
	object bool
	// ofPeople: the list is that of a page, so that its items are people.
	ofPeople bool
	// isPage is set for an object once its list was met; fields are what it has beside.
	isPage bool
	fields []byte
	line   int
}

// pages takes a JSON file apart as the services send it: a page, several after one another or
// in a list, a list of people, or people one after another. A person at a time is in memory,
// whatever the length of the list.
type pages struct {
	file  string
	d     *jsontext.Decoder
	lines *lineReader
	lists []string
	open  []frame
	meta  pageMeta
	done  bool
	free  chan people
	keys  map[string]bool // whether a key is one of lists
	// room is the memory of an object's fields, used again.
	room []byte
}

// pageMeta is what pages say of how many there are.
type pageMeta struct {
	total int
	more  bool
}

const chunkSize = 1 << 18

// next returns io.EOF behind the last chunk.
func (p *pages) next() (people, error) {
	if p.done {
		return people{}, io.EOF
	}
	var chunk people
	select {
	case chunk = <-p.free:
		chunk = people{chunk.text[:0], chunk.lines[:0]}
	default:
	}
	for len(chunk.text) < chunkSize {
		err := p.step(&chunk)
		p.lines.done = p.d.InputOffset()
		if errors.Is(err, io.EOF) && len(p.open) == 0 {
			p.done = true
			return chunk, nil
		}
		if err != nil {
			return people{}, p.broken(err)
		}
	}
	return chunk, nil
}

func (p *pages) release(chunk people) {
	select {
	case p.free <- chunk:
	default:
	}
}

func (p *pages) broken(err error) error {
	var format *FormatError
	if errors.As(err, &format) {
		return err
	}
	e := &FormatError{
		File:    p.file,
		Message: "this is not valid JSON: " + err.Error(),
		Hint:    "fetch it again and check that the download is complete",
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.Line = p.lines.lineAt(p.lines.read)
		e.Message = "the JSON ends in the middle: the file is cut"
	case errors.As(err, &syntactic):
		e.Line = p.lines.lineAt(syntactic.ByteOffset)
		e.Message = "this is not valid JSON: " + syntactic.Err.Error()
	default:
		e.Line = p.lines.lineAt(p.d.InputOffset())
	}
	return e
}

// step reads one thing more: a person, or a piece of what is around them.
func (p *pages) step(chunk *people) error {
	kind := p.d.PeekKind()
	var top *frame
	if len(p.open) > 0 {
		top = &p.open[len(p.open)-1]
	}
	switch {
	case top != nil && top.object:
		return p.field(top, kind, chunk)
	case top != nil && kind == ']':
		p.open = p.open[:len(p.open)-1]
		_, err := p.d.ReadToken()
		return err
	case kind == '{' && top != nil && top.ofPeople:
		return p.person(chunk)
	case kind == '{':
		p.open = append(p.open, frame{object: true, line: p.here(), fields: append(p.room[:0], '{')})
		p.room = nil
		_, err := p.d.ReadToken()
		return err
	case kind == '[' && top == nil:
		p.open = append(p.open, frame{})
		_, err := p.d.ReadToken()
		return err
	}
	line := p.here()
	value, err := p.d.ReadValue()
	if err != nil {
		return err
	}
	const most = 40
	return &FormatError{
		File:    p.file,
		Line:    line,
		Message: fmt.Sprintf("a user or a page of users was expected, not %s", value[:min(most, len(value))]),
		Hint:    "export the users again; see docs/exports.md for what is read",
	}
}

// here is the line of the next value.
func (p *pages) here() int {
	rest := p.d.UnreadBuffer()
	skipped := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n,"))
	return p.lines.lineAt(p.d.InputOffset() + int64(skipped))
}

func (c *people) add(value []byte, line int) {
	c.text = append(append(c.text, value...), '\n')
	c.lines = append(c.lines, int32(line)) // a file of two thousand million lines ends before
}

// field reads a field of an object, or its end.
func (p *pages) field(top *frame, kind jsontext.Kind, chunk *people) error {
	if kind == '}' {
		if _, err := p.d.ReadToken(); err != nil {
			return err
		}
		closed := *top
		p.open = p.open[:len(p.open)-1]
		text := append(bytes.TrimSuffix(closed.fields, []byte{','}), '}')
		p.room = closed.fields
		if closed.isPage {
			return p.page(text)
		}
		chunk.add(text, closed.line)
		return nil
	}
	key, err := p.d.ReadValue()
	if err != nil {
		return err
	}
	start := len(top.fields)
	top.fields = append(append(top.fields, key...), ':') // key ends with the next look
	if p.isList(key) {
		name := string(key)
		if p.d.PeekKind() == '[' {
			top.isPage = true
			top.fields = top.fields[:start]
			p.open = append(p.open, frame{ofPeople: true})
			_, err := p.d.ReadToken()
			return err
		}
		if kind := p.d.PeekKind(); kind == '{' || kind == '0' {
			return &FormatError{
				File:    p.file,
				Line:    p.here(),
				Message: name + " is not a list",
				Hint:    "export the users again; see docs/exports.md for what is read",
			}
		}
	}
	value, err := p.d.ReadValue()
	if err != nil {
		return err
	}
	top.fields = append(append(top.fields, value...), ',')
	return nil
}

// isList says whether a key is that of a list of people; a file has few keys, and each many
// times.
func (p *pages) isList(key []byte) bool {
	is, known := p.keys[string(key)]
	if !known {
		is = slices.Contains(p.lists, columnName(string(key)))
		const many = 4096
		if len(p.keys) < many {
			p.keys[string(key)] = is
		}
	}
	return is
}

// page reads what a page says of others. Graph: @odata.nextLink and @odata.count; Zoom:
// next_page_token, page_number, page_count and total_records; SCIM: totalResults.
//
// https://learn.microsoft.com/graph/paging,
// https://developers.zoom.us/docs/api/using-zoom-apis/#pagination,
// https://datatracker.ietf.org/doc/html/rfc7644#section-3.4.2
func (p *pages) page(text []byte) error {
	var number, count int
	p.meta.more = false
	err := eachField(text, func(name string, value jsontext.Value) {
		switch name {
		case "odatanextlink", "nextpagetoken":
			p.meta.more = value.Kind() == '"' && len(value) > 2
		case "odatacount", "totalrecords", "totalresults":
			p.meta.total = max(p.meta.total, numberOf(value))
		case "pagenumber":
			number = numberOf(value)
		case "pagecount":
			count = numberOf(value)
		}
	})
	p.meta.more = p.meta.more || number > 0 && number < count
	return err
}

func numberOf(value jsontext.Value) int {
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' || n > 1<<40 {
			return n
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func eachField(text []byte, each func(name string, value jsontext.Value)) error {
	d := jsontext.NewDecoder(bytes.NewReader(text), lenient...)
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return err
		}
		name := columnName(key.String())
		value, err := d.ReadValue()
		if err != nil {
			return err
		}
		each(name, value)
	}
	return nil
}
