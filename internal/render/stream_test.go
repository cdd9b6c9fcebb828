package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

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
		m.AddZoom(fmt.Sprintf("u%05d@contoso.com", n-1-i), "")
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
	l := Listing{Columns: personColumns}
	whole := Report{
		Summary:   map[string]int{},
		Domains:   []DomainCount{{"a: b", 1, 2}},
		People:    []Person{},
		NotInZoom: []string{},
	}
	for i := range c.Len() {
		r := c.Result(i)
		p := NewPerson(&r)
		p.EntraUPN, p.EntraID = strings.Clone(p.EntraUPN), strings.Clone(p.EntraID)
		l.Rows = append(l.Rows, p.Row())
		l.Lines = append(l.Lines, p)
		whole.People = append(whole.People, p)
	}
	l.Value = whole
	report := whole
	report.People, report.NotInZoom = nil, nil
	all := Compared{Report: report, Everybody: c, Wants: everybody}
	for _, format := range []Format{CSV, NDJSON, JSON, Table} {
		if got, want := written(t, format, ComparedListing(all)), written(t, format, l); got != want {
			t.Errorf("%s: the pieces differ from the whole: %s", format, firstDifference(got, want))
		}
	}
	all.Wants = func(class upn.Class) bool { return class == upn.Match }
	if got := written(t, CSV, ComparedListing(all)); strings.Count(got, "\n") != n/2+1 {
		t.Errorf("%d lines of one class", strings.Count(got, "\n"))
	}
}

func everybody(upn.Class) bool { return true }

func firstDifference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-40):min(len(s), i+40)] }
	return fmt.Sprintf("%q instead of %q", around(got), around(want))
}

// handful is a comparison whose people are given.
type handful []upn.Result

func (h handful) Len() int { return len(h) }

func (h handful) Results(from, to int) iter.Seq[*upn.Result] {
	return func(yield func(*upn.Result) bool) {
		for i := range h[from:to] {
			if !yield(&h[from+i]) {
				return
			}
		}
	}
}

// Every format says of anybody, whatever their name is, what its encoder would say.
func FuzzPersonForms(f *testing.F) {
	for _, text := range []string{
		"", "a@b.example", "no", "NaN", "0x1F", "1e5", "a: b", "- x", "#x", "a\"b", "a\\b",
		"ü@x.example", "=1", "~", "null",
		"\u2028", "\u0085", "\x00", "\xff", "\u200e", "a|b", "line\nbreak", "2026-11-26",
		"x\u007fy", "\ufeff", "\U0001f600", "y",
		"trailing ", "a-b", "a #b", "!tag", "*x", "&x", "%x", "{x}", "[x]", "1:20", "_1", ".5",
		"+1", "\ufffe", "\U0010ffff",
	} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, email, name string) {
		all := handful{
			{
				ZoomEmail: email,
				Class:     upn.Mail,
				Flags:     []upn.Flag{upn.Synced, upn.Case},
				Entra:     &tenant.User{UPN: name, ID: email},
			},
			{
				ZoomEmail: name,
				Class:     upn.Taken,
				TakenBy:   email,
				MatchedOn: email,
				Entra:     &tenant.User{},
			},
			{ZoomEmail: "x", Class: upn.Typo, Suggestion: name},
		}
		other := tenant.User{UPN: name}
		want := Report{
			Summary: map[string]int{"mail": 1},
			Domains: []DomainCount{{email, 1, 2}},
			People:  []Person{},
		}
		c := Compared{
			Report:    want,
			Everybody: all,
			Wants:     everybody,
			Others:    slices.Values([]tenant.User{other, other}),
			AsRows:    true,
		}
		for i := range all {
			want.People = append(want.People, NewPerson(&all[i]))
		}
		want.People = append(want.People, NewOther(other), NewOther(other))
		want.NotInZoom = []string{name, name}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var plain Report
		if err := json.Unmarshal(text, &plain); err != nil { // as it is once read
			t.Fatal(err)
		}
		for format, read := range map[Format]func([]byte, *Report) error{
			JSON: func(text []byte, r *Report) error { return json.Unmarshal(text, r) },
			YAML: func(text []byte, r *Report) error {
				var value any
				if err := yaml.Unmarshal(text, &value); err != nil {
					return err
				}
				again, err := json.Marshal(value)
				if err != nil {
					return err
				}
				return json.Unmarshal(again, r)
			},
			NDJSON: func(text []byte, r *Report) error {
				*r = Report{Summary: plain.Summary, Domains: plain.Domains, NotInZoom: plain.NotInZoom}
				for line := range bytes.Lines(text) {
					var p Person
					if err := json.Unmarshal(line, &p); err != nil {
						return err
					}
					r.People = append(r.People, p)
				}
				return nil
			},
		} {
			var got Report
			written := written(t, format, ComparedListing(c))
			if err := read([]byte(written), &got); err != nil {
				t.Fatalf("%s: %v\n%s", format, err, written)
			}
			if !reflect.DeepEqual(got, plain) {
				t.Errorf("%s: got %+v, want %+v\n%s", format, got, plain, written)
			}
		}
	})
}

// Nobody is an empty list, not a broken one.
func TestNobodyToShow(t *testing.T) {
	c := Compared{
		Report:    Report{Summary: map[string]int{}, Domains: []DomainCount{}},
		Everybody: handful{},
		Wants:     everybody,
	}
	for format, want := range map[Format]string{
		JSON:   `"people": [],`,
		YAML:   "people: []\n",
		NDJSON: "",
		CSV:    "zoom_email,",
		Table:  "Nobody to show.\n",
	} {
		if got := written(t, format, ComparedListing(c)); !strings.Contains(got, want) {
			t.Errorf("%s: %q", format, got)
		}
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
		m.AddZoom(fmt.Sprintf("u%d@contoso.com", i), "")
	}
	if err := Write(broken{}, CSV, ComparedListing(Compared{Everybody: m.Compare(nil), Wants: everybody})); err == nil {
		t.Error("nobody was told")
	}
}
