// Package export reads what people have: the exports of both services in every form that
// was met, CSV of any dialect and JSON, a block of rows at a time on all processors. It
// judges nothing and asks no network. What a file does not tell is unknown, and said.
package export

import (
	"fmt"
	"io"

	"github.com/zo365/zo365/internal/tenant"
)

// Export says what a file was.
type Export struct {
	File string
	// Kind names what the file was recognised as.
	Kind string
	// Columns say which fields can be relied on.
	Columns Columns
	// Notes say what the file could not tell and what that costs.
	Notes []string
	// Unknown is what the file does not tell, and what that costs, for people.
	Unknown []string
	// Rows are how many were met: People, Apart and Rejected together.
	Rows int
	// People were handed on. Apart are rooms, resources, shared mailboxes and accounts of
	// services without being asked for; Rejected are the rows that were set aside.
	People, Apart, Rejected int
	// Total is how many the service says that there are; zero is not said.
	Total int
	// More: the file's last page says that another one follows. Cut: the file ends within a
	// row.
	More, Cut bool
	// Everybody: such a file has everybody of the tenant, not those with a mailbox or of a
	// directory on premises alone.
	Everybody bool
}

// Reject is a row that was set aside, and why.
type Reject struct {
	File string `json:"file"`
	// Line is 1-based.
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	// Text is the row as it stands, at most 1,000 bytes of it.
	Text string `json:"text"`
}

// Options say how to read.
type Options struct {
	// AllowPartial takes a file that is cut.
	AllowPartial bool
	// Strict ends at the first row that would be set aside. AllowRejects takes a file of which
	// more than one in a hundred, and at least twenty, are.
	Strict, AllowRejects bool
	// Hide keeps what cells hold out of notes and reasons.
	Hide bool
	// Rooms counts rooms, resources, shared mailboxes and service accounts as people.
	Rooms bool
	// Rejected gets each row that is set aside, in the order of the file.
	Rejected func(Reject)
}

// FormatError says what is wrong with an export, and where.
type FormatError struct {
	File string
	// Line is 1-based; zero is unknown.
	Line    int
	Message string
	// Hint says what to do.
	Hint string
}

func (e *FormatError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Message)
}

// Person is a row of a Microsoft export. Its texts are valid until the next row.
type Person struct {
	UPN, Mail, ID, Name []byte
	// Proxies are SMTP addresses without their prefixes.
	Proxies [][]byte
	// Enabled, MailPlan and Synced are nil where the row does not say.
	Enabled, MailPlan, Synced *bool
	Guest, Deleted            bool
	// Resource is no person: a room, equipment, a shared mailbox, a service's account.
	Resource bool
}

// Account is a row of a Zoom export. Its texts are valid until the next row.
type Account struct {
	Email, ID, Name, First, Last []byte
	// Status is active, inactive, pending, or empty where the file does not say.
	Status string
	Groups []string
}

// Rows hands the rows of a block to add, one after another.
type Rows[R any] func(add func(*R)) error

// side is how one service's exports are read: T is a whole person, R a row.
type side[T, R any] struct {
	service  string
	columns  [][]string
	required Field
	// without is what is wrong with a row that lacks the required field.
	without string
	// lacking says that the column is not there, hint what to do, other that the file is the
	// other service's, otherColumn by what that is seen.
	lacking, hint, other string
	otherColumns         []string
	lists                []string
	kind                 func(has func(string) bool, json bool) string
	notes                func(Columns) (notes, unknown []string)
	// row reads the cells of a row; false is a row to be counted apart.
	row func(c *cells, r *R) (person bool)
	// apart says that a row is none of a person although it lacks the address.
	apart func(c *cells) bool
	// keepsApart hands the rows on that are counted apart, since their addresses are taken.
	keepsApart bool
	whole      func(*R) T
}

// Microsoft reads an export: CSV or JSON of any of the dialects of docs/exports.md. work makes
// something of each block, several at the same time; collect gets what was made in the order
// of the file.
func Microsoft[B any](
	file string,
	r io.Reader,
	o Options,
	work func(Rows[Person]) (B, error),
	collect func(B),
) (Export, error) {
	return read(&microsoft, source{file, r, o}, work, collect)
}

// Zoom reads an export: the portal's "Export" CSV, the JSON of its API or SCIM, as Microsoft
// does.
func Zoom[B any](
	file string,
	r io.Reader,
	o Options,
	work func(Rows[Account]) (B, error),
	collect func(B),
) (Export, error) {
	return read(&zoom, source{file, r, o}, work, collect)
}

// source is what is read.
type source struct {
	file string
	r    io.Reader
	Options
}

func read[T, R, B any](
	s *side[T, R],
	from source,
	work func(Rows[R]) (B, error),
	collect func(B),
) (Export, error) {
	text, err := open(from.file, from.r)
	if err != nil {
		return Export{}, err
	}
	b := &book[T, R]{side: s, source: from}
	if text.isJSON {
		err = readJSON(b, text, work, collect)
	} else {
		err = readSheet(b, text, work, collect)
	}
	if err != nil {
		return Export{}, readError(from.file, err)
	}
	return b.close(text.encoding())
}

// EachMicrosoft hands every person of an export to each, with all that the file
// says of them.
func EachMicrosoft(file string, r io.Reader, o Options, each func(tenant.User)) (Export, error) {
	return whole(&microsoft, source{file, r, o}, each)
}

// SomeMicrosoft hands on whom keep wants, which may be asked in several goroutines at a time.
func SomeMicrosoft(
	file string,
	r io.Reader,
	o Options,
	keep func(*Person) bool,
	each func(tenant.User),
) (Export, error) {
	return some(&microsoft, source{file, r, o}, keep, each)
}

// SomeZoom hands on whom keep wants, which may be asked in several goroutines at a time.
func SomeZoom(
	file string,
	r io.Reader,
	o Options,
	keep func(*Account) bool,
	each func(tenant.ZoomUser),
) (Export, error) {
	return some(&zoom, source{file, r, o}, keep, each)
}

// EachZoom hands every person of an export to each.
func EachZoom(file string, r io.Reader, o Options, each func(tenant.ZoomUser)) (Export, error) {
	return whole(&zoom, source{file, r, o}, each)
}

func whole[T, R any](s *side[T, R], from source, each func(T)) (Export, error) {
	return some(s, from, func(*R) bool { return true }, each)
}

func some[T, R any](s *side[T, R], from source, keep func(*R) bool, each func(T)) (Export, error) {
	return read(s, from, func(rows Rows[R]) (all []T, err error) {
		err = rows(func(one *R) {
			if keep(one) {
				all = append(all, s.whole(one))
			}
		})
		return all, err
	}, func(all []T) {
		for _, one := range all {
			each(one)
		}
	})
}
