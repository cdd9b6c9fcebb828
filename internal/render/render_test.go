package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

func TestFormats(t *testing.T) {
	l := DomainListing(
		doctor.MatchDomains(
			[]tenant.ZoomDomain{{Name: "contoso.com", Verified: true}},
			[]tenant.Domain{{Name: "contoso.com", Verified: true}, {Name: "c.onmicrosoft.com", Verified: true, Initial: true}},
			nil,
		),
		doctor.BasisSeen,
	)
	for format, want := range map[Format]string{
		Table: "DOMAIN             ZOOM      MICROSOFT                       MATCH\n" +
			"c.onmicrosoft.com  absent    verified (initial, not custom)  no\n" +
			"contoso.com        verified  verified                        yes\n",
		CSV: "domain,zoom,microsoft,match\n" +
			"c.onmicrosoft.com,absent,\"verified (initial, not custom)\",no\n" +
			"contoso.com,verified,verified,yes\n",
		JSON: `{
  "ok": true,
  "basis": "seen",
  "matches": [
    "contoso.com"
  ],
  "domains": [
    {
      "name": "c.onmicrosoft.com",
      "zoom": "absent",
      "microsoft": "verified",
      "match": false
    },
    {
      "name": "contoso.com",
      "zoom": "verified",
      "microsoft": "verified",
      "match": true
    }
  ],
  "steps": []
}
`,
		YAML: `ok: true
basis: seen
matches:
  - contoso.com
domains:
  - name: c.onmicrosoft.com
    zoom: absent
    microsoft: verified
    match: false
  - name: contoso.com
    zoom: verified
    microsoft: verified
    match: true
steps: []
`,
	} {
		var out bytes.Buffer
		if err := Write(&out, format, l); err != nil || out.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", format, err, out.String(), want)
		}
	}
	if err := Write(&bytes.Buffer{}, "xml", l); err == nil {
		t.Error("xml was written")
	}
}

// JSON and YAML say the same, whatever the texts look like.
func TestYAMLSaysWhatJSONSays(t *testing.T) {
	odd := []string{
		"yes",
		"no",
		"null",
		"1",
		"1e3",
		"0x10",
		"2026-11-24",
		"- a",
		"a: b",
		"#",
		"",
		" x ",
		"é\u2028",
		"line\nbreak",
		"'",
		`"`,
		"true",
		"~",
		"{}",
		"[]",
		"&a",
		"*a",
		"!t",
		"%",
		"@",
		"`",
	}
	var out, text bytes.Buffer
	l := Listing{Value: map[string]any{"texts": odd, "n": 1, "nothing": nil, "yes": true}}
	if err := Write(&out, YAML, l); err != nil {
		t.Fatal(err)
	}
	if err := Write(&text, JSON, l); err != nil {
		t.Fatal(err)
	}
	var fromYAML, fromJSON map[string]any
	if err := yaml.Unmarshal(out.Bytes(), &fromYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text.Bytes(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromYAML["texts"], fromJSON["texts"]) || fromYAML["nothing"] != nil || fromYAML["yes"] != true {
		t.Errorf("YAML says %#v\nJSON says %#v", fromYAML, fromJSON)
	}
}

func TestCellsCannotRunOrForge(t *testing.T) {
	l := Listing{
		Columns: []string{"a"},
		Rows:    [][]string{{"=1+1"}, {"+1"}, {"-1"}, {"@x"}, {"\t=1"}, {"plain"}, {"a\x1b[31mred\r\n"}},
	}
	var out bytes.Buffer
	if err := Write(&out, CSV, l); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:6] {
		if row[0][0] != '\'' {
			t.Errorf("%q runs in a spreadsheet", row[0])
		}
	}
	if rows[6][0] != "plain" {
		t.Errorf("%q", rows[6][0])
	}
	out.Reset()
	if err := Write(&out, Table, l); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(out.Bytes(), "\x1b\r\t") {
		t.Errorf("control characters in the table:\n%q", out.String())
	}
}

func TestAnEmptyListingIsASentence(t *testing.T) {
	var out bytes.Buffer
	if err := Write(
		&out,
		Table,
		GroupListing(Groups{Groups: []Group{}, CheckedAgainstZoom: true}),
	); err != nil ||
		out.String() != "No group has a profile, and Zoom has no groups.\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := Write(
		&out,
		JSON,
		GroupListing(Groups{Groups: []Group{}}),
	); err != nil ||
		!bytes.Contains(out.Bytes(), []byte(`"groups": []`)) {
		t.Errorf("%s, %v", out.String(), err)
	}
}
