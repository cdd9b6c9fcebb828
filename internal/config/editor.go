package config

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/profile"
)

// editor changes the text of a YAML file at the places its nodes name, and
// nothing else: comments, blank lines, order, quotes and line ends stay. Every
// operation starts from freshly parsed nodes and makes one splice.
type editor struct {
	path string
	text []byte
	root *yaml.Node
	// line and field name the place of the last operation, for messages.
	line  int
	field string
}

// set writes key: value into the mapping at path, which is created if it is
// not there.
func (e *editor) set(path []string, key, value string) error {
	e.field = strings.Join(append(append([]string{}, path...), key), ".")
	keyNode, m := e.find(path)
	written := written(key, value)
	switch {
	case m == nil: // only top-level mappings can be missing
		return e.appendTop(path[0] + ":" + e.newline() + "  " + key + ": " + written)
	case m.Kind == yaml.ScalarNode:
		at := e.afterColon(keyNode)
		return e.splice(at, at, e.newline()+strings.Repeat(" ", keyNode.Column+1)+key+": "+written)
	}
	if _, old := entry(m, key); old != nil {
		from := e.offset(old)
		to, err := e.end(old)
		if err != nil {
			return err
		}
		return e.splice(from, to, written)
	}
	return e.insertEntry(m, key+": "+written)
}

// insertEntry adds a line after the mapping's last entry, or an item in a flow
// mapping.
func (e *editor) insertEntry(m *yaml.Node, text string) error {
	if m.Style&yaml.FlowStyle != 0 {
		at, separator, err := e.flowTail(m)
		if err != nil {
			return err
		}
		return e.splice(at, at, separator+text)
	}
	end, err := e.end(m)
	if err != nil {
		return err
	}
	at := e.lineEnd(end)
	return e.splice(at, at, e.newline()+strings.Repeat(" ", m.Content[0].Column-1)+text)
}

// unset removes key from the mapping at path.
func (e *editor) unset(path []string, key string) error {
	e.field = strings.Join(append(append([]string{}, path...), key), ".")
	_, m := e.find(path)
	keyNode, value := entry(m, key)
	from := e.offset(keyNode)
	to, err := e.end(value)
	if err != nil {
		return err
	}
	if m.Style&yaml.FlowStyle != 0 {
		from, to = e.withComma(from, to)
		return e.splice(from, to, "")
	}
	e.line = keyNode.Line
	start := e.lineStart(from)
	if len(bytes.TrimSpace(e.text[start:from])) > 0 { // the first key of a list item
		if len(m.Content) < 4 || m.Content[2].Line != keyNode.Line+1 {
			return &LayoutError{Path: e.path, Line: keyNode.Line, Field: e.field}
		}
		return e.splice(from, e.offset(m.Content[2]), "")
	}
	return e.splice(start, e.nextLine(to), "")
}

// addGroup appends a list item to groups.
func (e *editor) addGroup(name string) error {
	e.field = "groups"
	item := "name: " + scalar(name)
	keyNode, list := e.find([]string{"groups"})
	switch {
	case list == nil:
		return e.appendTop("groups:" + e.newline() + "  - " + item)
	case list.Kind == yaml.ScalarNode:
		at := e.afterColon(keyNode)
		return e.splice(at, at, e.newline()+"  - "+item)
	case len(list.Content) == 0: // groups: []
		at := e.afterColon(keyNode)
		closing := bytes.IndexByte(e.text[at:], ']')
		if closing < 0 {
			return &LayoutError{Path: e.path, Line: list.Line, Field: e.field}
		}
		return e.splice(at, at+closing+1, e.newline()+"  - "+item)
	case list.Style&yaml.FlowStyle != 0:
		at, separator, err := e.flowTail(list)
		if err != nil {
			return err
		}
		return e.splice(at, at, separator+"{"+item+"}")
	}
	end, err := e.end(list)
	if err != nil {
		return err
	}
	at := e.lineEnd(end)
	return e.splice(at, at, e.newline()+strings.Repeat(" ", list.Column-1)+"- "+item)
}

// removeGroup removes the i-th list item of groups.
func (e *editor) removeGroup(i int) error {
	e.field = "groups"
	keyNode, list := e.find([]string{"groups"})
	item := list.Content[i]
	end, err := e.end(item)
	if err != nil {
		return err
	}
	if list.Style&yaml.FlowStyle != 0 {
		from, to := e.withComma(e.offset(item), end)
		return e.splice(from, to, "")
	}
	start := e.lineStart(e.offset(item))
	e.line = item.Line
	if err := e.splice(start, e.nextLine(end), ""); err != nil {
		return err
	}
	if len(list.Content) == 1 {
		// The last group takes the bare line "groups:" along, so that taking back the
		// first group leaves the file as it was. Where a comment stands there, it stays.
		from := e.lineStart(e.offset(keyNode))
		if start == e.nextLine(from) && string(bytes.TrimSpace(e.text[from:start])) == "groups:" {
			return e.splice(from, start, "")
		}
		at := e.afterColon(keyNode)
		return e.splice(at, at, " []")
	}
	return nil
}

// find returns the key and the value at a path: a top-level key, or
// "groups" and a group's name.
func (e *editor) find(path []string) (key, value *yaml.Node) {
	key, value = entry(e.root, path[0])
	if value == nil || len(path) == 1 {
		return key, value
	}
	for _, item := range value.Content {
		if _, name := entry(item, "name"); name != nil && name.Value == path[1] {
			return nil, item
		}
	}
	return nil, nil
}

func entry(m *yaml.Node, key string) (k, v *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i], m.Content[i+1]
		}
	}
	return nil, nil
}

// appendTop adds a section at the end of the file.
func (e *editor) appendTop(section string) error {
	text := bytes.TrimRight(e.text, "\r\n\t ")
	e.line = bytes.Count(text, []byte("\n")) + 1
	e.text = append(append(append([]byte{}, text...), e.newline()+section...), e.newline()...)
	return nil
}

func (e *editor) splice(from, to int, text string) error {
	e.line = bytes.Count(e.text[:from], []byte("\n")) + 1
	next := make([]byte, 0, len(e.text)+len(text))
	next = append(next, e.text[:from]...)
	next = append(next, text...)
	e.text = append(next, e.text[to:]...)
	return nil
}

// offset turns a node's line and column (in characters) into a byte offset.
func (e *editor) offset(n *yaml.Node) int {
	at := 0
	for range n.Line - 1 {
		at += bytes.IndexByte(e.text[at:], '\n') + 1
	}
	if n.Line == 1 && bytes.HasPrefix(e.text, []byte("\ufeff")) {
		at += len("\ufeff")
	}
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(e.text[at:])
		at += size
	}
	return at
}

// end is the offset just behind a node.
func (e *editor) end(n *yaml.Node) (int, error) {
	if n.Kind == yaml.ScalarNode {
		return e.scalarEnd(n)
	}
	if n.Style&yaml.FlowStyle == 0 {
		return e.end(n.Content[len(n.Content)-1])
	}
	at, _, err := e.flowTail(n)
	if err != nil {
		return 0, err
	}
	closing := bytes.IndexAny(e.text[at:], "}]")
	if closing < 0 {
		return 0, &LayoutError{Path: e.path, Line: n.Line, Field: e.field}
	}
	return at + closing + 1, nil
}

func (e *editor) scalarEnd(n *yaml.Node) (int, error) {
	at := e.offset(n)
	rest := e.text[at:]
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0 || n.Style&yaml.SingleQuotedStyle != 0:
		for i := 1; i < len(rest); i++ {
			switch {
			case rest[i] == '\\' && rest[0] == '"':
				i++
			case rest[i] == '\'' && rest[0] == '\'' && i+1 < len(rest) && rest[i+1] == '\'':
				i++
			case rest[i] == rest[0]:
				return at + i + 1, nil
			}
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && n.Anchor == "" && bytes.HasPrefix(rest, []byte(n.Value)):
		return at + len(n.Value), nil
	}
	return 0, &LayoutError{Path: e.path, Line: n.Line, Field: e.field}
}

// flowTail is where a further item of a flow collection goes and what must
// stand before it.
func (e *editor) flowTail(n *yaml.Node) (at int, separator string, err error) {
	if len(n.Content) == 0 {
		return e.offset(n) + 1, "", nil
	}
	at, err = e.end(n.Content[len(n.Content)-1])
	return at, ", ", err
}

// withComma widens a span by one separating comma: the one behind it, or else
// the one before it.
func (e *editor) withComma(from, to int) (int, int) {
	behind := to + len(e.text[to:]) - len(bytes.TrimLeft(e.text[to:], " \t"))
	if behind < len(e.text) && e.text[behind] == ',' {
		behind++
		return from, behind + len(e.text[behind:]) - len(bytes.TrimLeft(e.text[behind:], " \t"))
	}
	before := bytes.TrimRight(e.text[:from], " \t")
	if len(before) > 0 && before[len(before)-1] == ',' {
		return len(before) - 1, to
	}
	return from, to
}

// afterColon is the offset behind a key's colon.
func (e *editor) afterColon(key *yaml.Node) int {
	at := e.offset(key)
	return at + bytes.IndexByte(e.text[at:], ':') + 1
}

func (e *editor) lineStart(at int) int { return bytes.LastIndexByte(e.text[:at], '\n') + 1 }

// lineEnd is the offset of the line's end, before its line break.
func (e *editor) lineEnd(at int) int {
	end := bytes.IndexByte(e.text[at:], '\n')
	if end < 0 {
		return len(e.text)
	}
	if end > 0 && e.text[at+end-1] == '\r' {
		end--
	}
	return at + end
}

func (e *editor) nextLine(at int) int {
	end := bytes.IndexByte(e.text[at:], '\n')
	if end < 0 {
		return len(e.text)
	}
	return at + end + 1
}

// newline is the file's own line break.
func (e *editor) newline() string {
	if bytes.Contains(e.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// written is a setting's value as the file has it.
func written(key, value string) string {
	if key != "mailbox_scope" {
		return scalar(value)
	}
	scope, err := profile.ParseMailboxScope(value)
	if err != nil {
		return scalar(value) // refused when it is read again
	}
	kind, name := scope.YAML()
	return "{" + kind + ": " + scalar(name) + "}"
}

// scalar writes a value so that YAML reads the same text back.
func scalar(value string) string {
	if value == "true" || value == "false" {
		return value
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return `""`
	}
	written := strings.TrimSuffix(string(text), "\n")
	if strings.ContainsAny(written, "\n{}[],#") && !strings.HasPrefix(written, `"`) && !strings.HasPrefix(written, "'") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
	}
	return written
}
