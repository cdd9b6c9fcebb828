package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
)

// A cell is written as encoding/csv writes it, once it cannot run.
func FuzzCell(f *testing.F) {
	for _, cell := range []string{
		"",
		"a",
		"a,b",
		`say "x"`,
		"line\nbreak",
		"\r",
		" blank",
		`\.`,
		"=1+1",
		"@x",
		"-1",
		"+1",
		"\tx",
		"ä",
		"12345678,",
		"1234567\"8",
		"\u00a0x",
		"\u3000x",
	} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := cell
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			safe = "'" + cell
		}
		var want bytes.Buffer
		w := csv.NewWriter(&want)
		if err := w.Write([]string{"x", safe}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if got := string(appendRow(nil, []string{"x", cell})); got != want.String() {
			t.Errorf("got %q, want %q", got, want.String())
		}
	})
}

// A long report in pieces says what a short one says at once, in the same order.
func TestPeopleInPieces(t *testing.T) {
	var m index.Matcher
	const n = 20_000
	for i := range n {
		m.AddZoom(fmt.Sprintf("u%05d@contoso.com", n-1-i))
	}
	for i := range n / 2 {
		m.AddMicrosoft(
			tenant.User{
				ID:     fmt.Sprintf("00000000-0000-0000-0000-%012d", i),
				UPN:    fmt.Sprintf("u%05d@contoso.com", 2*i),
				Synced: new(i%3 == 0),
			},
		)
	}
	c := m.Compare(nil)
	everybody := func(upn.Class) bool { return true }
	l := Listing{Columns: personColumns}
	var wantLines bytes.Buffer
	for i := range c.Len() {
		r := c.Result(i)
		p := NewPerson(&r)
		l.Rows = append(l.Rows, p.Row())
		if err := json.NewEncoder(&wantLines).Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	for format, want := range map[Format]string{
		CSV:    written(t, CSV, l),
		NDJSON: strings.ReplaceAll(wantLines.String(), `\u003e`, ">"),
	} {
		if got := written(t, format, PeopleListing(c, everybody, nil)); got != want {
			t.Errorf("%s: the pieces differ from the whole", format)
		}
	}
	if got := written(
		t,
		CSV,
		PeopleListing(c, func(class upn.Class) bool { return class == upn.Match }, nil),
	); strings.Count(
		got,
		"\n",
	) != n/2+1 {
		t.Errorf("%d lines of one class", strings.Count(got, "\n"))
	}
}

func written(t *testing.T, format Format, l Listing) string {
	t.Helper()
	var text bytes.Buffer
	if err := Write(&text, format, l); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fmt.Errorf("the disk is full") }

func TestAFullDiskEndsTheReport(t *testing.T) {
	var m index.Matcher
	for i := range 100_000 {
		m.AddZoom(fmt.Sprintf("u%d@contoso.com", i))
	}
	if err := Write(broken{}, CSV, PeopleListing(m.Compare(nil), func(upn.Class) bool { return true }, nil)); err == nil {
		t.Error("nobody was told")
	}
}
