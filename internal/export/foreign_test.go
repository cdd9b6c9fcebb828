package export

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/zo365/zo365/internal/tenant"
)

// What is no list of users is named for what it is, with the way to one.
func TestForeignFiles(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a workbook":     {"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml xl/workbook.xml", "workbook"},
		"an old one":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "workbook"},
		"an archive":     {"\x1f\x8b\x08\x00abc", "archive"},
		"a page of HTML": {"\n<!DOCTYPE html><html><title>Sign in</title>", "HTML"},
		"a PDF":          {"%PDF-1.7\n", "PDF"},
		"bytes of zero":  {"userPrincipalName,mail\na@c.com,\x00\x00\x00\n", "zero"},
		"nothing":        {"", "empty"},
	} {
		_, err := EachMicrosoft("f.csv", strings.NewReader(test.text), Options{}, func(tenant.User) {})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
			continue
		}
		if format, ok := err.(*FormatError); !ok || format.Hint == "" { //nolint:errorlint // as it is made
			t.Errorf("%s has no hint: %#v", name, err)
		}
	}
}

// The same file in every encoding that it can have is the same people.
func TestEncodings(t *testing.T) {
	const text = "userPrincipalName,displayName,mail\r\nj\u00fcrgen@c.com,J\u00fcrgen,j@c.com\r\n"
	bytesOf := func(mark bool, low, high int) string {
		var b strings.Builder
		units := utf16.Encode([]rune(text))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		for _, u := range units {
			pair := [2]byte{}
			pair[low], pair[high] = byte(u), byte(u>>8)
			b.Write(pair[:])
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		text string
		said bool
	}{
		"UTF-8":                          {text, false},
		"UTF-8 with a mark":              {"\ufeff" + text, false},
		"UTF-8 with two marks":           {"\ufeff\ufeff" + text, false},
		"UTF-16 little, with a mark":     {bytesOf(true, 0, 1), false},
		"UTF-16 big, with a mark":        {bytesOf(true, 1, 0), false},
		"UTF-16 little, without":         {bytesOf(false, 0, 1), true},
		"UTF-16 big, without":            {bytesOf(false, 1, 0), true},
		"carriage returns alone":         {strings.ReplaceAll(text, "\n", "\r"), false},
		"Windows-1252":                   {strings.ReplaceAll(text, "\u00fc", "\xfc"), true},
		"with sep= and semicolons":       {"sep=;\r\n" + strings.ReplaceAll(text, ",", ";"), false},
		"with tabs":                      {strings.ReplaceAll(text, ",", "\t"), false},
		"with a line of PowerShell type": {"#TYPE Microsoft.Graph.User\r\n" + text, false},
	} {
		var people []tenant.User
		e, err := EachMicrosoft(
			"f.csv",
			strings.NewReader(test.text),
			Options{Strict: true},
			func(u tenant.User) { people = append(people, u) },
		)
		if err != nil || len(people) != 1 || people[0].UPN != "j\u00fcrgen@c.com" || people[0].DisplayName != "J\u00fcrgen" {
			t.Errorf("%s: %+v, %v", name, people, err)
			continue
		}
		if said := strings.Contains(fmt.Sprint(e.Notes), "the file is "); said != test.said {
			t.Errorf("%s: %q", name, e.Notes)
		}
	}
}

// A few broken rows are set aside, many are an error, and each is told.
func TestHowManyMayBeSetAside(t *testing.T) {
	file := func(good, bad int) string {
		return "userPrincipalName,mail\n" + strings.Repeat("a@c.com,a@c.com\n", good) + strings.Repeat("x@c.com\n", bad)
	}
	for name, test := range map[string]struct {
		good, bad int
		allow     bool
		fails     bool
	}{
		"19 of few":               {19, 19, false, false},
		"20 of few":               {20, 20, false, true},
		"20 of few, and allowed":  {20, 20, true, false},
		"one in a hundred":        {1980, 20, false, false},
		"more than one":           {1979, 21, false, true},
		"nothing else, and few":   {0, 3, false, true},
		"nothing else is allowed": {0, 3, true, true},
	} {
		told := 0
		e, err := EachMicrosoft("f", strings.NewReader(file(test.good, test.bad)), Options{
			AllowRejects: test.allow,
			Rejected:     func(Reject) { told++ },
		}, func(tenant.User) {})
		if (err != nil) != test.fails || told != test.bad || err == nil && (e.Rejected != test.bad || e.People != test.good) {
			t.Errorf("%s: %d told, %+v, %v", name, told, e, err)
		}
	}
}

// A file that is UTF-8 in one place is not Windows-1252 in another, also within a few bytes.
func TestMixedEncodingsAreNamed(t *testing.T) {
	for _, text := range []string{
		"userPrincipalName,displayName\nj\xc3\xb6rg@c.com,x\nkim@c.com,Ren\xe9\n",
		"userPrincipalName,displayName\nkim@c.com,Ren\xe9\nj\xc3\xb6rg@c.com,x\n",
	} {
		_, err := EachMicrosoft("f.csv", strings.NewReader(text), Options{}, func(tenant.User) {})
		if err == nil || !strings.Contains(err.Error(), "this is not UTF-8, and can be nothing else") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
