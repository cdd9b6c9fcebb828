// Package render turns values into what is shown: tables, JSON, YAML and CSV.
// The JSON types are a promise (format version 1, docs/json.md); tables may
// change any day. It writes only where it is told to.
package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
	"go.yaml.in/yaml/v3"
)

// Format is how a listing is written.
type Format string

// The formats of every listing.
const (
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv"
	// HTML is a page, for listings that have a Page.
	HTML Format = "html"
	// NDJSON is one JSON object a line, for listings that have Lines.
	NDJSON Format = "ndjson"
)

// Listing is a value in its two shapes: whole for programs, rows for people and
// spreadsheets.
type Listing struct {
	// Value is what JSON and YAML show.
	Value any
	// Columns are the names of the columns, in snake_case.
	Columns []string
	Rows    [][]string
	// Lines are the values of NDJSON.
	Lines []any
	// Direct writes CSV and NDJSON where they are too long for Rows and Lines.
	Direct func(io.Writer, Format) error
	// Page writes HTML; nil where a listing has no page.
	Page func(io.Writer) error
	// Important are the columns in the order in which a narrow table keeps them; empty keeps all.
	Important []string
	// Chosen are the columns that are shown, in their order; empty is all. Width is what a table
	// fits into, zero is all that it needs; Left gets the columns that it has no room for.
	Chosen []string
	Width  int
	Left   func(columns []string)
	// Text writes what people read where a table would not do.
	Text func(io.Writer, Paint) error
	// Paint colours Text; nil leaves it plain.
	Paint Paint
	// Reports are formats of single listings, such as JUnit XML.
	Reports map[Format]func() ([]byte, error)
	// Empty is the sentence shown instead of a table without rows.
	Empty string
}

// Write writes a listing.
func Write(w io.Writer, format Format, l Listing) error {
	if l.Direct != nil {
		return l.Direct(w, format)
	}
	l.choose(format)
	if report, ok := l.Reports[format]; ok {
		text, err := report()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	switch format {
	case JSON:
		return writeJSON(w, l.Value)
	case YAML:
		return writeYAML(w, l.Value)
	case CSV:
		return writeCSV(w, l)
	case Table:
		if l.Text != nil {
			return l.Text(Plainly(w, l.Paint != nil), l.Paint)
		}
		return writeTable(w, l)
	case HTML:
		if l.Page != nil {
			return l.Page(w)
		}
	case NDJSON:
		return writeLines(w, l.Lines)
	case JUnit, SARIF, Markdown: // the reports of other listings
	}
	return fmt.Errorf("unknown output format %q", format)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func writeLines(w io.Writer, lines []any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, one := range lines {
		if err := encoder.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

// writeYAML goes through JSON, so that both have the same keys in the same
// order.
func writeYAML(w io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(escaped(text), &node); err != nil {
		return err
	}
	plain(&node)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(&node); err != nil {
		return err
	}
	return encoder.Close()
}

// escaped is JSON in which every letter that YAML does not read as it stands is escaped.
//
// https://yaml.org/spec/1.2.2/#51-character-set
func escaped(text []byte) []byte {
	const rubout, lastC1, mark = 0x7f, 0x9f, 0xfeff
	var out []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r >= rubout && r <= lastC1 || r == mark || r == 0xfffe || r == 0xffff || breaksLines(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	return out
}

// plain drops JSON's quotes and braces where YAML needs none.
func plain(n *yaml.Node) {
	if !strings.ContainsFunc(n.Value, breaksLines) {
		n.Style &^= yaml.DoubleQuotedStyle
	}
	if len(n.Content) > 0 {
		n.Style &^= yaml.FlowStyle
	}
	for _, c := range n.Content {
		plain(c)
	}
}

// breaksLines says whether YAML takes a letter for the end of a line, which in single quotes
// becomes a blank.
//
// https://yaml.org/spec/1.1/#id871136
func breaksLines(r rune) bool { return r == '\u0085' || r == '\u2028' || r == '\u2029' }

func writeCSV(w io.Writer, l Listing) error {
	var text []byte
	if len(l.Columns) > 0 {
		text = appendRow(text, l.Columns)
	}
	for _, row := range l.Rows {
		text = appendRow(text, row)
	}
	_, err := w.Write(text)
	return err
}

// writeTable writes columns apart by blanks, as kubectl does: it can be read,
// searched and cut. Nothing is centred, boxed or shortened.
func writeTable(w io.Writer, l Listing) error {
	if len(l.Rows) == 0 {
		_, err := fmt.Fprintln(w, l.Empty)
		return err
	}
	var b strings.Builder
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithPadding(tw.Padding{Left: "", Right: "  ", Overwrite: true}),
	)
	titles := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		titles[i] = title(c)
	}
	table.Header(titles)
	for _, row := range l.Rows {
		shown := make([]string, len(row))
		for i, cell := range row {
			shown[i] = visible(cell)
		}
		if err := table.Append(shown); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// title is a column's name as a heading.
func title(column string) string { return strings.ToUpper(strings.ReplaceAll(column, "_", " ")) }

// visible is a cell in which nothing can move the cursor or forge lines; an empty one is a
// dash.
func visible(cell string) string {
	if cell == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || steers(r) {
			return '\ufffd'
		}
		return r
	}, cell)
}
