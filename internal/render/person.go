package render

import (
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/upn"
)

// personForm writes Person as one format does, without the detour of a value: a report has
// nine million of them. The tests hold it against the encoders.
type personForm struct {
	// before is what stands before each value, its key included.
	before []string
	after  string
	text   func(dst []byte, s string) []byte
	// noFlags stands for no flags; otherwise each flag has flag before it, but for the first the
	// length of flagApart is cut, and flagsEnd stands after them.
	noFlags, flagsOpen, flag, flagApart, flagsEnd string

	// A list of values: what opens it, what keeps values apart and is the start of each, what ends
	// it; item and itemEnd stand around a text in a list.
	open, apart, end, item, itemEnd string
}

var personKeys = []string{
	"zoom_email",
	"class",
	"flags",
	"entra_upn",
	"entra_id",
	"matched_on",
	"suggestion",
	"taken_by",
	"remedy",
}

func keys(first, other, colon string) []string {
	before := make([]string, len(personKeys))
	for i, key := range personKeys {
		before[i] = other + key + colon
		if i == 0 {
			before[i] = first + key + colon
		}
	}
	return before
}

var (
	lineForm = personForm{
		before:    keys(`{"`, `,"`, `":`),
		after:     "}\n",
		text:      appendJSON,
		noFlags:   "[]",
		flagsOpen: "[",
		flag:      ",",
		flagApart: ",",
		flagsEnd:  "]",
	}
	jsonForm = personForm{
		before:    keys(",\n    {\n      \"", ",\n      \"", `": `),
		after:     "\n    }",
		text:      appendJSON,
		noFlags:   "[]",
		flagsOpen: "[",
		flag:      ",\n        ",
		flagApart: ",",
		flagsEnd:  "\n      ]",
		open:      " [",
		apart:     ",",
		end:       "\n  ]",
		item:      ",\n    ",
	}
	yamlForm = personForm{
		before:    keys("\n  - ", "\n    ", ": "),
		text:      appendYAML,
		noFlags:   "[]",
		flagsOpen: "",
		flag:      "\n      - ",
		item:      "\n  - ",
	}
)

func (f personForm) append(dst []byte, r *upn.Result) []byte {
	id, name := "", ""
	if r.Entra != nil {
		id, name = r.Entra.ID, r.Entra.UPN
	}
	dst = f.text(append(dst, f.before[0]...), r.ZoomEmail)
	dst = f.text(append(dst, f.before[1]...), string(r.Class))
	dst = f.flags(append(dst, f.before[2]...), r.Flags)
	dst = f.text(append(dst, f.before[3]...), name)
	dst = f.text(append(dst, f.before[4]...), id)
	dst = f.text(append(dst, f.before[5]...), r.MatchedOn)
	dst = f.text(append(dst, f.before[6]...), r.Suggestion)
	if r.TakenBy != "" {
		dst = f.text(append(dst, f.before[7]...), r.TakenBy)
	}
	dst = f.text(append(dst, f.before[8]...), r.Remedy())
	return append(dst, f.after...)
}

func (f personForm) flags(dst []byte, flags []upn.Flag) []byte {
	if len(flags) == 0 {
		return append(dst, f.noFlags...)
	}
	if f.flagsOpen == "" && dst[len(dst)-1] == ' ' { // a block of YAML: the key's line ends
		dst = dst[:len(dst)-1]
	}
	dst = append(dst, f.flagsOpen...)
	for i, flag := range flags {
		before := f.flag
		if i == 0 {
			before = before[len(f.flagApart):]
		}
		dst = f.text(append(dst, before...), string(flag))
	}
	return append(dst, f.flagsEnd...)
}

func appendJSON(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // what is no UTF-8 becomes U+FFFD
	return dst
}

// appendYAML writes a text as it is where no reader of YAML can take it for anything else, in
// JSON's quotes, which YAML has too, where it is printable ASCII, and as the library writes
// it otherwise.
//
// https://yaml.org/spec/1.2.2/#731-double-quoted-style
func appendYAML(dst []byte, s string) []byte {
	bare, printable := len(s) > 0, true
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || strings.IndexByte("@._+/-", c) >= 0):
		default:
			bare = false
			printable = printable && c >= ' ' && c < 0x7f
		}
	}
	switch {
	case bare && !isYAMLWord(s):
		return append(dst, s...)
	case printable:
		return appendJSON(dst, s)
	}
	text, err := yaml.Marshal(string([]rune(s))) // what is no UTF-8 becomes U+FFFD
	if line := strings.TrimSuffix(string(text), "\n"); err == nil && !strings.Contains(line, "\n") {
		return append(dst, line...)
	}
	quoted, err := json.Marshal(s) // escapes what is no plain text
	if err != nil {
		panic(err) // a text always encodes
	}
	return append(dst, quoted...)
}

// isYAMLWord says whether a reader of YAML 1.1 or 1.2 takes a word for something else than a
// text.
//
// https://yaml.org/type/bool.html, https://yaml.org/spec/1.2.2/#1032-tag-resolution
func isYAMLWord(s string) bool {
	const longest = 5
	if len(s) > longest {
		return false
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return true
	}
	return false
}
