package export

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// tally is what a block's rows were beside people.
type tally struct {
	people, apart int
	rejects       []Reject
	seen          []seen
	// cut is the line of a last row that does not end.
	cut int
	// other: a row has the other service's field where its own is missing.
	other bool
}

func (t *tally) reject(line int, reason string, text []byte) {
	const most = 1000
	t.rejects = append(t.rejects, Reject{Line: line, Reason: reason, Text: string(text[:min(most, len(text))])})
}

// book keeps count of one file.
type book[T, R any] struct {
	*side[T, R]
	source

	kindName string
	// names are those of the columns that are there, by field; empty is absent.
	names   []string
	trusted bool
	sum     tally
	rows    int
	first   *Reject
	total   int
	more    bool
}

// shown is a cell as a message shows it.
func (b *book[T, R]) shown(cell []byte) string {
	if b.Hide {
		return "what stands there"
	}
	return strconv.Quote(begin(cell))
}

// word is one that was not understood.
func (b *book[T, R]) word(word string) string {
	if b.Hide && word != "" {
		return "..."
	}
	return word
}

// take adds a block's tally.
func (b *book[T, R]) take(t tally) error {
	b.sum.people += t.people
	b.sum.apart += t.apart
	b.rows += t.people + t.apart + len(t.rejects)
	b.sum.cut = cmp.Or(t.cut, b.sum.cut)
	b.sum.other = b.sum.other || t.other
	if b.sum.seen == nil {
		b.sum.seen = make([]seen, len(b.columns))
	}
	for i := range t.seen {
		b.sum.seen[i].add(t.seen[i])
	}
	for _, r := range t.rejects {
		r.File = b.file
		if b.first == nil {
			b.first = &r
		}
		if b.Strict {
			return b.refused(r, "")
		}
		if b.Rejected != nil {
			b.Rejected(r)
		}
	}
	return nil
}

// refused makes an error of a row.
func (b *book[T, R]) refused(r Reject, more string) *FormatError {
	hint := cmp.Or(more, "the file may be cut or edited by hand; export it again")
	if b.sum.other {
		hint = b.other
	}
	return &FormatError{
		File:    r.File,
		Line:    r.Line,
		Message: r.Reason,
		Hint:    hint,
	}
}

// The share of rows that may be set aside: more than one in a hundred, and at least twenty.
const (
	oneIn      = 100
	atLeastFew = 20
)

// close judges the whole file.
func (b *book[T, R]) close(encoding string) (Export, error) {
	rejected := b.rows - b.sum.people - b.sum.apart
	switch {
	case b.first != nil && b.sum.people+b.sum.apart == 0:
		return Export{}, b.refused(*b.first, "")
	case b.sum.cut > 0 && !b.AllowPartial:
		return Export{}, &FormatError{
			File:    b.file,
			Line:    b.sum.cut,
			Message: "the file ends in the middle of a row: it is cut",
			Hint:    "export it again, or use --allow-partial for a report that says it is partial",
		}
	case rejected >= atLeastFew && rejected*oneIn > b.rows && !b.AllowRejects:
		e := b.refused(*b.first, "--rejects FILE writes all of them with their reasons; --allow-rejects goes on without them")
		e.Message = fmt.Sprintf("%d of %d rows cannot be read, the first: %s", rejected, b.rows, e.Message)
		return Export{}, e
	}
	e := Export{
		File:     b.file,
		Kind:     b.kindName,
		Columns:  make(Columns, len(b.columns)),
		Rows:     b.rows,
		People:   b.sum.people,
		Apart:    b.sum.apart,
		Rejected: rejected,
		Total:    b.total,
		More:     b.more,
		Cut:      b.sum.cut > 0,

		Everybody: !someOnly(b.kindName),
	}
	for f := range e.Columns {
		var s seen
		if f < len(b.sum.seen) {
			s = b.sum.seen[f]
		}
		e.Columns[f] = Column{
			Name:  b.names[f],
			State: s.state(b.names[f] != "", b.trusted || e.People == 0),
			Word:  b.word(s.word),
		}
	}
	if b.service == "Microsoft" && onPremises(b.kindName) { // the file is of such a directory
		e.Columns[Synced].State = Known
	}
	if encoding != "" {
		e.Notes = append(e.Notes, b.file+": the file is "+encoding)
	}
	var notes []string
	notes, e.Unknown = b.notes(e.Columns)
	for _, n := range notes {
		e.Notes = append(e.Notes, b.file+": "+n)
	}
	if e.Apart > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf(
			"%s: counted apart as no people (rooms, resources, shared mailboxes, service accounts): %d; --include-rooms takes them in",
			b.file,
			e.Apart,
		))
	}
	return e, nil
}

// Missing says how many people a set of files of one side lacks, in words; empty is none
// that is known. Each page but the last says that another follows, so files that belong
// together are judged together.
func Missing(all []Export) string {
	people, total, more, pages, cut := 0, 0, 0, 0, ""
	for _, e := range all {
		people += e.Rows
		total = max(total, e.Total)
		if e.More {
			more++
		}
		if e.More || strings.Contains(e.Kind, "JSON") {
			pages++
		}
		if e.Cut {
			cut = e.File
		}
	}
	switch {
	case cut != "":
		return cut + " is cut"
	case total > people:
		return fmt.Sprintf("the service counts %d people, and the file%s %d of them", total, has(len(all)), people)
	case total == 0 && more > 0 && more == pages:
		if more == 1 {
			return "the last page says that more pages follow, and they are not in the file"
		}
		return "every file says that another page follows"
	}
	return ""
}

func has(files int) string {
	if files == 1 {
		return " has"
	}
	return "s have"
}
