package render

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Compared is a report whose people are written one by one, so that a million take no more
// memory than a few thousand lines of them.
type Compared struct {
	// Report is everything but the people: its People and NotInZoom are not looked at.
	Report
	Everybody People
	// Wants says which classes are shown.
	Wants func(upn.Class) bool
	// Others are the members whom no Zoom user matches; AsRows shows them as lines at the end.
	Others iter.Seq[tenant.User]
	AsRows bool
	// Columns are those that a table, CSV, Markdown and HTML show; empty is the usual ones.
	Columns []string
	// Width is what a table fits into, in columns of a terminal; zero is all that it needs. Left
	// gets the columns that it has no room for.
	Width int
	Left  func(columns []string)
	// For says for whom the report is.
	For upn.Audience
	// Wrote is told how many people more are written; it may be nil.
	Wrote func(people int)
	// Most limits a table to that many lines; zero is all.
	Most int
}

// ComparedListing shows a comparison in every format of upn report.
func ComparedListing(c Compared) Listing {
	if c.Others == nil {
		c.Others = func(func(tenant.User) bool) {}
	}
	return Listing{Columns: personColumns, Direct: func(w io.Writer, format Format) error {
		switch format {
		case CSV:
			return c.csv(w)
		case NDJSON:
			return c.people(w, lineForm.append)
		case JSON, YAML:
			return c.whole(w, format)
		case Table:
			return c.table(w)
		case Markdown:
			return c.markdown(w)
		case HTML:
			return c.page(w)
		case JUnit, SARIF: // the reports of other listings
		}
		return fmt.Errorf("unknown output format %q", format)
	}}
}

// people writes a line for everybody who is shown.
func (c Compared) people(w io.Writer, line func([]byte, *upn.Result) []byte) error {
	if err := streamPeople(w, c.Everybody, c.Wants, line, nil, c.Wrote); err != nil || !c.AsRows {
		return err
	}
	var text []byte
	for r := range c.others() {
		text = line(text[:0], r)
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// others are the results of those who are not in Zoom: nobody of Zoom is there to have a class.
func (c Compared) others() iter.Seq[*upn.Result] {
	return func(yield func(*upn.Result) bool) {
		for u := range c.Others {
			r := upn.Result{Entra: &u, Flags: append([]upn.Flag{upn.NotInZoom}, upn.FlagsOf(u)...)}
			if !yield(&r) {
				return
			}
		}
	}
}

// shown are the people in order, one at a time.
func (c Compared) shown() iter.Seq[*upn.Result] {
	return func(yield func(*upn.Result) bool) {
		for r := range c.Everybody.Results(0, c.Everybody.Len()) {
			if c.Wants(r.Class) && !yield(r) {
				return
			}
		}
		if c.AsRows {
			c.others()(yield)
		}
	}
}

// whole writes JSON or YAML: what stands around the two lists is written by the same means as
// every other listing, and cut where the lists are.
func (c Compared) whole(w io.Writer, format Format) error {
	c.People, c.NotInZoom = []Person{}, []string{}
	var around bytes.Buffer
	if err := Write(&around, format, Listing{Value: c.Report}); err != nil {
		return err
	}
	form, people, others := jsonForm, `  "people":`, `  "not_in_zoom":`
	if format == YAML {
		form, people, others = yamlForm, "people:", "not_in_zoom:"
	}
	head, rest, _ := strings.Cut(around.String(), people+" []")
	between, tail, _ := strings.Cut(rest, others+" []")
	if _, err := io.WriteString(w, head+people); err != nil {
		return err
	}
	list := &listWriter{to: w, form: form}
	if err := c.people(list, form.append); err != nil {
		return err
	}
	if err := list.end(); err != nil {
		return err
	}
	if _, err := io.WriteString(w, between+others); err != nil {
		return err
	}
	list = &listWriter{to: w, form: form}
	var text []byte
	for u := range c.Others {
		text = form.text(append(text[:0], form.item...), u.UPN)
		text = append(text, form.itemEnd...)
		if _, err := list.Write(text); err != nil {
			return err
		}
	}
	if err := list.end(); err != nil {
		return err
	}
	_, err := io.WriteString(w, tail)
	return err
}

// listWriter writes a list of values, of which each says itself that another came before.
type listWriter struct {
	to    io.Writer
	form  personForm
	begun bool
}

func (l *listWriter) Write(text []byte) (int, error) {
	n := len(text)
	if n > 0 && !l.begun {
		l.begun = true
		text = append([]byte(l.form.open), text[len(l.form.apart):]...)
	}
	_, err := l.to.Write(text)
	return n, err
}

func (l *listWriter) end() error {
	text := l.form.end
	if !l.begun {
		text = " []"
	}
	_, err := io.WriteString(l.to, text)
	return err
}

// sampled is how many lines decide how wide the columns are.
const sampled = 1000

// table writes columns apart by blanks. How wide they are is decided by the first lines; a
// later longer cell pushes its own line alone.
func (c Compared) table(w io.Writer) error {
	columns, sample := c.places(), [][]string(nil)
	titles := make([]string, len(columns))
	for i, at := range columns {
		titles[i] = title(personColumns[at])
	}
	widths := make([]int, len(columns))
	take := func(row []string) {
		for i, cell := range row {
			widths[i] = max(widths[i], widthOf(cell))
		}
		sample = append(sample, row)
	}
	take(titles)
	for r := range c.shown() {
		if len(sample) > sampled || c.Most > 0 && len(sample) > c.Most {
			break
		}
		row := chosen(visibleRow(r), columns)
		for i, cell := range row {
			row[i] = strings.Clone(cell)
		}
		take(row)
	}
	if len(sample) == 1 {
		_, err := fmt.Fprintln(w, "Nobody to show.")
		return err
	}
	names := chosen(personColumns, columns)
	some := fit(names, widths, importance, c.Width)
	if c.Left != nil && len(some) < len(columns) {
		shown := chosen(names, some)
		c.Left(slices.DeleteFunc(names, func(name string) bool { return slices.Contains(shown, name) }))
	}
	widths = chosen(widths, some)
	if c.Most > 0 || len(sample) <= sampled {
		var text []byte
		for _, row := range sample {
			text = appendPadded(text, chosen(row, some), widths)
		}
		_, err := w.Write(text)
		return err
	}
	if _, err := w.Write(appendPadded(nil, chosen(titles, some), widths)); err != nil {
		return err
	}
	columns = chosen(columns, some)
	return c.people(w, func(dst []byte, r *upn.Result) []byte {
		return appendPadded(dst, chosen(visibleRow(r), columns), widths)
	})
}

// places are the columns that are shown, as places in personColumns.
func (c Compared) places() []int {
	if len(c.Columns) > 0 {
		return placesOf(personColumns, c.Columns)
	}
	return placesOf(personColumns, personColumns)
}

// placesWithoutIDs are those that people read: no GUID, unless it is asked for.
func (c Compared) placesWithoutIDs() []int {
	if len(c.Columns) > 0 {
		return c.places()
	}
	return slices.DeleteFunc(c.places(), func(i int) bool { return personColumns[i] == "entra_id" })
}

// visibleRow is a person's row; its texts are valid until the next one's.
func visibleRow(r *upn.Result) []string {
	row := NewPerson(r).Row()
	for i, cell := range row {
		if cell == "" || !isPlain(cell) {
			row[i] = visible(cell)
		}
	}
	return row
}

// widthOf is how many columns of a terminal a text takes.
func widthOf(text string) int {
	if isPlain(text) {
		return len(text)
	}
	return twwidth.Width(text)
}

// isPlain says whether a text is printable ASCII, as most are.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func appendPadded(dst []byte, row []string, widths []int) []byte {
	for i, cell := range row {
		dst = append(dst, cell...)
		for range widths[i] - widthOf(cell) + apart {
			dst = append(dst, ' ')
		}
	}
	return append(bytes.TrimRight(dst, " "), '\n')
}

// csv writes some of the columns.
func (c Compared) csv(w io.Writer) error {
	columns, line := c.places(), appendResultRow
	if len(c.Columns) > 0 {
		line = func(dst []byte, r *upn.Result) []byte { return appendRow(dst, chosen(NewPerson(r).Row(), columns)) }
	}
	if _, err := w.Write(appendRow(nil, chosen(personColumns, columns))); err != nil {
		return err
	}
	return c.people(w, line)
}

// markdown writes the sources, the counts and a table of everybody shown, for a ticket.
func (c Compared) markdown(w io.Writer) error {
	columns := c.placesWithoutIDs()
	head := fmt.Appendf(
		nil,
		"# UPN report\n\n%s\n\n%d Zoom users, %d match.",
		c.madeOf(),
		c.Everybody.Len(),
		c.Summary[string(upn.Match)],
	)
	if c.Partial {
		head = append(head, " **Partial: an input said that it was not complete.**"...)
	}
	head = append(head, '\n', '\n')
	for _, s := range c.Sources {
		head = append(append(append(head, "- "...), plainText(s.words())...), '\n')
	}
	head = append(head, "\n| class | people | meaning |\n| --- | ---: | --- |\n"...)
	for _, class := range upn.Classes {
		if n := c.Summary[string(class)]; n > 0 {
			head = fmt.Appendf(head, "| %s | %d | %s |\n", class, n, plainText(meaningOf(string(class))))
		}
	}
	head = append(head, "\n|"...)
	for _, name := range chosen(personColumns, columns) {
		head = append(append(append(head, ' '), strings.ReplaceAll(name, "_", " ")...), " |"...)
	}
	head = append(append(append(head, "\n|"...), strings.Repeat(" --- |", len(columns))...), '\n')
	if _, err := w.Write(head); err != nil {
		return err
	}
	return c.people(w, func(dst []byte, r *upn.Result) []byte {
		dst = append(dst, '|')
		for _, cell := range chosen(NewPerson(r).Row(), columns) {
			dst = append(append(append(dst, ' '), plainText(cell)...), " |"...)
		}
		return append(dst, '\n')
	})
}

// madeOf says when a report was made, and of which tenant.
func (r Report) madeOf() string {
	made := "Made on " + r.Made.UTC().Format("2006-01-02 15:04 UTC")
	if r.Tenant == "" {
		return made + "; no tenant is named."
	}
	return made + " of the tenant " + r.Tenant + "."
}

// words are a source in a sentence.
func (s Source) words() string {
	text := s.Side + ": " + s.Name
	if s.Kind != "" {
		text += ", " + s.Kind
	}
	text += ", of " + s.Dated.UTC().Format("2006-01-02 15:04 UTC")
	if s.SHA256 != "" {
		text += ", SHA-256 " + s.SHA256
	}
	if s.Rows > 0 {
		text += fmt.Sprintf(
			"; %d rows: %d people, %d that are no people, %d that could not be read",
			s.Rows,
			s.People,
			s.Apart,
			s.Rejected,
		)
	}
	for _, u := range s.Unknown {
		text += "; " + u
	}
	return text
}

// meaningOf is what a class or a flag means.
func meaningOf(code string) string {
	for _, m := range upn.Meanings() {
		if m.Code == code {
			return m.Meaning
		}
	}
	return ""
}
