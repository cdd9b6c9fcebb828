package export

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
)

func readAll(text string) (people []tenant.User, err error) {
	_, err = EachMicrosoft("f.csv", strings.NewReader(text), Options{}, func(u tenant.User) { people = append(people, u) })
	return people, err
}

// Whatever comes, it is people or an error, never a panic, and the quick reader
// of a report meets as many as the whole one.
func FuzzReaders(f *testing.F) {
	f.Add("userPrincipalName,mail\na@c.com,a@c.com\n")
	f.Add("\ufeffEmail;First Name\r\n\"a@c.com\";\"x\"\r\n")
	f.Add(`{"value":[{"userPrincipalName":"a@c.com"}],"@odata.nextLink":"x"}`)
	f.Add(`[{"users":[{"email":"a@c.com"}]}]`)
	f.Add("#TYPE System\nUserPrincipalName\na\n")
	f.Add("id,userPrincipalName,proxyAddresses\n1,a@c.com,\"SMTP:a@c.com;smtp:b@c.com\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		people, zoom := 0, 0
		_, wholeErr := EachMicrosoft(
			"f",
			strings.NewReader(text),
			Options{AllowPartial: true},
			func(tenant.User) { people++ },
		)
		_, zoomErr := EachZoom("f", strings.NewReader(text), Options{AllowPartial: true}, func(tenant.ZoomUser) { zoom++ })
		met := 0
		count := func(n int) { met += n }
		if _, err := Zoom(
			"f",
			strings.NewReader(text),
			Options{AllowPartial: true},
			counted[Account],
			count,
		); fmt.Sprint(
			err,
		) != fmt.Sprint(
			zoomErr,
		) {
			t.Errorf("the Zoom side: %v and %v", err, zoomErr)
		}
		if zoomErr == nil && met != zoom {
			t.Errorf("%d Zoom users, want %d", met, zoom)
		}
		met = 0
		if _, err := Microsoft(
			"f",
			strings.NewReader(text),
			Options{AllowPartial: true},
			counted[Person],
			count,
		); fmt.Sprint(
			err,
		) != fmt.Sprint(
			wholeErr,
		) {
			t.Errorf("the Microsoft side: %v and %v", err, wholeErr)
		}
		if wholeErr == nil && met != people {
			t.Errorf("%d people, want %d", met, people)
		}
	})
}

// counted counts the rows of a block.
func counted[R any](rows Rows[R]) (n int, err error) {
	err = rows(func(*R) { n++ })
	return n, err
}

// The records are those of encoding/csv, wherever the blocks are cut.
func FuzzRecords(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n",
		"a,\"b\nc\"\r\n\r\nd\n",
		"\"a\"\"b\",c",
		"a\"b\n",
		"\"a\"b\n",
		"\"a",
		"a,\r\nb\r",
		"\"x\r\ny\",z\r\n",
		",,\n\"\",\"\"\n",
		"\"a\"\r",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := csvRecords(text)
		var got [][]string
		r := records{text: []byte(text), comma: ','}
		var err error
		for {
			var ok bool
			if ok, err = r.next(); err != nil || !ok {
				break
			}
			var record []string
			for _, c := range r.cells {
				record = append(record, string(c))
			}
			got = append(got, record)
		}
		if !errors.Is(err, wantErr) || !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %q %v\nwant %q %v", got, err, want, wantErr)
		}
		if wantErr == nil {
			checkCuts(t, text)
		}
	})
}

// checkCuts cuts the text at every possible place: a block ends where a record
// ends.
func checkCuts(t *testing.T, text string) {
	whole, _ := csvRecords(text)
	for i := range len(text) {
		end := lastRecordEnd([]byte(text[:i+1]))
		first, err := csvRecords(text[:end])
		if err != nil {
			t.Fatalf("cut at %d of %q: %v", end, text, err)
		}
		second, _ := csvRecords(text[end:])
		if both := slices.Concat(first, second); !reflect.DeepEqual(both, whole) {
			t.Fatalf("cut at %d of %q: %q, want %q", end, text, both, whole)
		}
	}
}

func csvRecords(text string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	var all [][]string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			return all, parse.Err
		}
		all = append(all, record)
	}
}

// A file of several blocks is read whole, with quotes that go over lines, and an
// error names its line.
func TestLongFiles(t *testing.T) {
	var b strings.Builder
	b.WriteString("userPrincipalName,displayName,mail\n")
	const n = 60_000
	for i := range n {
		fmt.Fprintf(&b, "u%d@c.com,\"Last,\r\nFirst \"\"%d\"\"\",m%d@c.com\n", i, i, i)
	}
	people, err := readAll(b.String())
	if err != nil || len(people) != n {
		t.Fatalf("%d people, %v", len(people), err)
	}
	if want := (tenant.User{
		UPN:         "u59999@c.com",
		DisplayName: "Last,\nFirst \"59999\"",
		Mail:        "m59999@c.com",
	}); !reflect.DeepEqual(
		people[n-1],
		want,
	) {
		t.Errorf("got %+v, want %+v", people[n-1], want)
	}
	last := 2*n + 2
	for end, want := range map[string]string{
		"x@c.com,b\"c,\n":            fmt.Sprintf("f.csv:%d: this is not valid CSV: bare \" in non-quoted-field", last),
		",nobody,\n":                 fmt.Sprintf("f.csv:%d: this user has no user principal name", last),
		"x@c.com\n":                  fmt.Sprintf("f.csv:%d: this row has 1 cell, the header has 3", last),
		"x@c.com,b,c,d\ny@c.com,,\n": fmt.Sprintf("f.csv:%d: this row has 4 cells, the header has 3: a comma in a text without quotes shifts the cells behind it", last),
	} {
		var set []string
		people := 0
		e, err := EachMicrosoft("f.csv", strings.NewReader(b.String()+end), Options{Rejected: func(r Reject) {
			set = append(set, fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Reason))
		}}, func(tenant.User) { people++ })
		if err != nil || len(set) != 1 || set[0] != want || e.Rejected != 1 || e.People != people {
			t.Errorf("%q: %q, %+v, %v, want %s", end, set, e, err, want)
		}
		_, err = EachMicrosoft("f.csv", strings.NewReader(b.String()+end), Options{Strict: true}, func(tenant.User) {})
		if err == nil || err.Error() != want {
			t.Errorf("strictly %q: %v, want %s", end, err, want)
		}
	}
	cut := fmt.Sprintf("f.csv:%d: the file ends in the middle of a row: it is cut", last)
	if _, err := readAll(b.String() + "x@c.com,\"open"); err == nil || err.Error() != cut {
		t.Errorf("%v, want %s", err, cut)
	}
}

// A person at a time: a list of any length, several pages, and what is cut.
func TestJSONPages(t *testing.T) {
	const cut = "f.csv:1: the JSON ends in the middle: the file is cut"
	for text, want := range map[string]string{
		`{"value":[{"userPrincipalName":"a@c.com"}]} {"value":[{"userPrincipalName":"b@c.com"}]}`: "a@c.com b@c.com <nil>",
		`[{"userPrincipalName":"a@c.com"}]`:                                 "a@c.com <nil>",
		`{"userPrincipalName":"a@c.com"}`:                                   "a@c.com <nil>",
		`{"@odata.nextLink":"x","value":[{"userPrincipalName":"a@c.com"}]}`: "a@c.com <nil>",
		`{"value":[{"userPrincipalName":"a@c.com"},{"userPri`:               cut,
		`{"value":[{"userPrincipalName":"a@c.com"}`:                         cut,
		`{"value":7}`:           `f.csv:1: "value" is not a list`,
		`[1]`:                   "f.csv:1: a user or a page of users was expected, not 1",
		`[{"email":"a@c.com"}]`: "f.csv:1: this user has no user principal name",
		"{\n\"value\":[\n{\"userPrincipalName\":\"a@c.com\"},\nx]}": "f.csv:4: this is not valid JSON: invalid character 'x' at start of value",
	} {
		people, err := readAll(text)
		got := ""
		for _, u := range people {
			got += u.UPN + " "
		}
		if got += fmt.Sprint(err); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestSplitProxies(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"SMTP:a@c.com+smtp:b@c.com":         {"SMTP:a@c.com", "smtp:b@c.com"},
		"SMTP:a+tag@c.com+smtp:b@c.com":     {"SMTP:a+tag@c.com", "smtp:b@c.com"},
		"SMTP:a@c.com;smtp:b@c.com":         {"SMTP:a@c.com", "smtp:b@c.com"},
		"{SMTP:a@c.com, smtp:b@c.com}":      {"SMTP:a@c.com", "smtp:b@c.com"},
		"SMTP:a@c.com\r\nsmtp:b@c.com":      {"SMTP:a@c.com", "smtp:b@c.com"},
		`["SMTP:a@c.com","smtp:b+x@c.com"]`: {"SMTP:a@c.com", "smtp:b+x@c.com"},
	} {
		var got []string
		eachProxy([]byte(text), true, func(p []byte) { got = append(got, string(p)) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestUTF16FromPowerShell(t *testing.T) {
	utf16 := "\xff\xfe"
	for _, r := range "UserPrincipalName\r\na@c.com\r\n" {
		utf16 += string([]byte{byte(r), 0})
	}
	people, err := readAll(utf16)
	if err != nil || len(people) != 1 || people[0].UPN != "a@c.com" {
		t.Errorf("%+v, %v", people, err)
	}
}
