package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zo365/zo365/internal/tenant"
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

func (p *pages) person(chunk *people) error {
	line := p.here()
	value, err := p.d.ReadValue()
	if err != nil {
		return err
	}
	chunk.add(value, line)
	return nil
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

func readJSON[T, R, B any](
	b *book[T, R],
	text decoded,
	work func(Rows[R]) (B, error),
	collect func(B),
) error {
	lines := &lineReader{r: text.Reader, line: 1}
	p := &pages{
		file:  b.file,
		d:     jsontext.NewDecoder(lines, lenient...),
		lines: lines,
		lists: b.lists,
		free:  make(chan people, 8),
		keys:  map[string]bool{},
	}
	first, err := p.next()
	if err != nil {
		return err
	}
	fields := map[string]Field{}
	for f, names := range b.columns {
		for _, name := range names {
			fields[name] = Field(f)
		}
	}
	b.names = make([]string, len(b.columns))
	keys := map[string]bool{} // in normal form, of all people
	pascal := false
	type outcome struct {
		made  B
		tally tally
		keys  map[string]string
	}
	err = inOrder(first, p.next, func(chunk people) (outcome, error) {
		o := outcome{keys: map[string]string{}}
		var err error
		o.made, err = work(func(add func(*R)) error {
			reader := objects{
				cells:   newCells(len(b.columns)),
				fields:  fields,
				columns: b.columns,
				aliases: b.service == "Microsoft",
				keys:    o.keys,
				known:   map[string]key{},
			}
			reader.cells.rooms, reader.cells.mixed = b.Rooms, true
			err := readObjects(b, &reader, chunk, &o.tally, add)
			o.tally.seen = reader.cells.seen
			return err
		})
		return o, err
	}, p.release, func(o outcome) error {
		for name, own := range o.keys {
			keys[name] = true
			if f, ok := fields[name]; ok && b.names[f] == "" {
				b.names[f] = own
			}
			pascal = pascal || own[0] >= 'A' && own[0] <= 'Z'
		}
		if err := b.take(o.tally); err != nil {
			return err
		}
		collect(o.made)
		return nil
	})
	b.kindName = b.kind(func(name string) bool { return keys[name] }, true)
	// A service leaves nothing out that it was asked for; a cmdlet writes every property.
	b.trusted = !pascal
	b.total, b.more = p.meta.total, p.meta.more
	return err
}

// objects reads people of JSON into cells.
type objects struct {
	cells  cells
	fields map[string]Field
	// aliases: the fields are those of Microsoft, of which one is Aliases.
	aliases bool
	// columns are the names of each field, the better ones first.
	columns [][]string
	// keys are those that were met, in normal form, each as the file writes it.
	keys map[string]string
	// known are keys as they stand.
	known map[string]key
	d     *jsontext.Decoder
	text  []byte
	room  []byte
	other bool
	// twice is a field that a person has two values of.
	twice string
}

type key struct {
	name  string
	field Field // -1 is none of ours
}

func readObjects[T, R any](b *book[T, R], o *objects, chunk people, sum *tally, add func(*R)) error {
	o.text = chunk.text
	o.d = jsontext.NewDecoder(bytes.NewBuffer(chunk.text), lenient...)
	var row R
	kind := ""
	for _, line := range chunk.lines {
		from := o.d.InputOffset()
		o.other, o.twice = false, ""
		if err := o.person(b.otherColumns); err != nil {
			return err
		}
		c := &o.cells
		if kind == "" { // a program writes all keys of everybody, or none
			kind = b.kind(func(name string) bool { return o.keys[name] != "" }, true)
			c.onPremises = onPremises(kind)
		}
		reason := ""
		switch required := c.text[b.required]; {
		case o.twice != "":
			reason = fmt.Sprintf("this user has two values of %q", begin(o.twice))
		case len(required) == 0 && b.apart(c):
			sum.apart++
			continue
		case len(required) == 0:
			reason = b.without
			sum.other = sum.other || o.other
		case !tenant.IsAddress(required):
			reason = b.shown(required) + " is not an address"
		}
		if reason != "" {
			sum.reject(int(line), reason, bytes.TrimSpace(chunk.text[from:o.d.InputOffset()]))
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
	return nil
}

// person reads one object into the cells.
func (o *objects) person(others []string) error {
	clear(o.cells.text)
	clear(o.cells.lists)
	o.cells.plan, o.cells.cloud = nil, false
	o.room = o.room[:0]
	if _, err := o.d.ReadToken(); err != nil {
		return err
	}
	var first [32]string // the name that a field's value is from
	for o.d.PeekKind() != '}' {
		k, err := o.key()
		if err != nil {
			return err
		}
		if k.field < 0 {
			o.other = o.other || slices.Contains(others, k.name)
			if err := o.d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if first[k.field] == k.name {
			o.twice = o.keys[k.name]
		}
		if before := first[k.field]; before != "" && o.cells.text[k.field] != nil &&
			o.rank(k.field, before) <= o.rank(k.field, k.name) {
			if err := o.d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		first[k.field] = k.name
		if k.name == "onpremisessyncenabled" && o.keys[k.name] == "onPremisesSyncEnabled" {
			o.cells.cloud = true // https://learn.microsoft.com/graph/api/resources/user: null is never
		}
		if err := o.value(k.field); err != nil {
			return err
		}
	}
	_, err := o.d.ReadToken()
	return err
}

// rank says how good a name of a field is, the best first.
func (o *objects) rank(f Field, name string) int { return slices.Index(o.columns[f], name) }

func (o *objects) key() (key, error) {
	raw, err := o.raw()
	if err != nil {
		return key{}, err
	}
	if k, ok := o.known[string(raw)]; ok {
		return k, nil
	}
	own := string(raw)
	if plain, err := jsontext.AppendUnquote(nil, raw); err == nil {
		own = string(plain)
	}
	k := key{columnName(own), -1}
	if f, ok := o.fields[k.name]; ok {
		k.field = f
	}
	const many = 4096 // a file of other things
	if len(o.known) < many && k.name != "" {
		o.known[string(raw)], o.keys[k.name] = k, own
	}
	return k, nil
}

// raw is the next value as it stands in the chunk, which stays where it is.
func (o *objects) raw() ([]byte, error) {
	value, err := o.d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := o.d.InputOffset()
	return o.text[end-int64(len(value)) : end], nil
}

// value reads a value into its cell: a text, a truth or a list of texts. The lists of SCIM are
// of objects, whose "value" counts; those of assigned plans say whether one is a mailbox.
func (o *objects) value(f Field) error {
	if o.d.PeekKind() != '[' {
		raw, err := o.raw()
		if err != nil {
			return err
		}
		if f == Aliases && o.aliases && len(raw) > 0 &&
			raw[0] == '{' { // Windows PowerShell writes {"value": [...], "Count": 2}
			return o.wrapped(f, raw)
		}
		o.cells.text[f] = trim(o.plain(raw))
		return nil
	}
	if _, err := o.d.ReadToken(); err != nil {
		return err
	}
	list := [][]byte{}
	has := false
	for o.d.PeekKind() != ']' {
		if o.d.PeekKind() != '{' {
			raw, err := o.raw()
			if err != nil {
				return err
			}
			list = append(list, o.plain(raw))
			continue
		}
		item, err := o.raw()
		if err != nil {
			return err
		}
		var service, status string
		err = eachField(item, func(name string, value jsontext.Value) {
			plain := o.plain(value)
			switch name {
			case "value":
				list = append(list, bytes.Clone(plain))
			case "service":
				service = string(plain)
			case "capabilitystatus":
				status = string(plain)
			}
		})
		if err != nil {
			return err
		}
		has = has || tenant.IsMailPlan(service, status)
	}
	o.cells.lists[f] = append(list, o.cells.lists[f]...)
	if f == Plans {
		o.cells.plan = choice(has)
	}
	_, err := o.d.ReadToken()
	return err
}

// wrapped reads a list that stands within an object; another object is not understood.
func (o *objects) wrapped(f Field, object []byte) error {
	list, found := [][]byte{}, false
	err := eachField(object, func(name string, value jsontext.Value) {
		var texts []string
		if name == "value" && json.Unmarshal(value, &texts) == nil {
			found = true
			for _, one := range texts {
				list = append(list, []byte(one))
			}
		}
	})
	if err == nil && found {
		o.cells.lists[f] = append(list, o.cells.lists[f]...)
	} else if err == nil {
		o.cells.seen[f].strange(object)
	}
	return err
}

// plain is a text without quotes and escapes, a number or a truth as it stands; null is
// nothing.
func (o *objects) plain(raw []byte) []byte {
	switch {
	case len(raw) == 0 || raw[0] == 'n' || raw[0] == '{':
		return nil
	case raw[0] != '"':
		return raw
	case bytes.IndexByte(raw, '\\') < 0:
		return raw[1 : len(raw)-1]
	}
	start := len(o.room)
	o.room, _ = jsontext.AppendUnquote(o.room, raw)
	return o.room[start:len(o.room):len(o.room)]
}
