package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zo365/zo365/internal/tenant"
)

func (p *pages) person(chunk *people) error {
	line := p.here()
	value, err := p.d.ReadValue()
	if err != nil {
		return err
	}
	chunk.add(value, line)
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
