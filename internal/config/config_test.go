package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/profile"
)

const sample = `# ours
version: 1   # the format
microsoft: {tenant: contoso.com, "client_id": 'it''s'}
account:
  setup_by: users      # for now

  # the service
  default_service: "office365"
groups:
- name: Sales      # first
  setup_by: admin
  # why: they asked
  mail_read: approved
- name: 'Board & Co'
# the end
`

func TestAnEditTouchesOnlyItsPlace(t *testing.T) {
	tests := map[string]struct {
		edit func(*Document) error
		from string
		to   string
	}{
		"a value is replaced in place": {
			func(d *Document) error { return d.SetSetting("", "setup_by", "admin") },
			"setup_by: users ",
			"setup_by: admin ",
		},
		"quotes go with their value": {
			func(d *Document) error { return d.SetMicrosoft("client_id", "x") },
			"'it''s'",
			"x",
		},
		"a new key follows the last one": {
			func(d *Document) error { return d.SetSetting("", "enabled", "false") },
			"\"office365\"\n",
			"\"office365\"\n  enabled: false\n",
		},
		"a group's value": {
			func(d *Document) error { return d.SetSetting("sales", "setup_by", "users") },
			"setup_by: admin",
			"setup_by: users",
		},
		"a group with a quoted name": {
			func(d *Document) error { return d.SetSetting("Board & Co", "enabled", "true") },
			"'Board & Co'\n",
			"'Board & Co'\n  enabled: true\n",
		},
		"unset removes the line": {
			func(d *Document) error { return d.UnsetSetting("Sales", "setup_by") },
			"  setup_by: admin\n",
			"",
		},
		"a flow mapping gets an item": {
			func(d *Document) error { return d.SetMicrosoft("cloud", "china") },
			"'it''s'}",
			"'it''s', cloud: china}",
		},
		"a new group goes to the end": {
			func(d *Document) error { return d.AddGroup("New") },
			"'Board & Co'\n",
			"'Board & Co'\n- name: New\n",
		},
		"a removed group takes its lines along": {
			func(d *Document) error { return d.RemoveGroup("Sales") },
			"- name: Sales      # first\n  setup_by: admin\n  # why: they asked\n  mail_read: approved\n",
			"",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := Parse("f.yaml", []byte(sample))
			if err != nil {
				t.Fatal(err)
			}
			if err := test.edit(doc); err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(sample, test.from, test.to, 1); string(doc.Text()) != want {
				t.Errorf("got\n%s\nwant\n%s", doc.Text(), want)
			}
		})
	}
}

func TestWindowsLineEndsStay(t *testing.T) {
	doc, err := Parse("f.yaml", []byte(strings.ReplaceAll(sample, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.SetSetting("", "enabled", "false"); err != nil {
		t.Fatal(err)
	}
	if bytes.Count(doc.Text(), []byte("\n")) != bytes.Count(doc.Text(), []byte("\r\n")) {
		t.Errorf("a bare line break came in:\n%q", doc.Text())
	}
}

func TestALayoutThatCannotBeEditedIsRefusedWhole(t *testing.T) {
	text := "version: 1\naccount: &a\n  setup_by: >-\n    users\n"
	doc, err := Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var layout *LayoutError
	if err := doc.SetSetting("", "setup_by", "admin"); !errors.As(err, &layout) || string(doc.Text()) != text {
		t.Errorf("got %v and\n%s", err, doc.Text())
	}
}

// Every sequence of edits leaves a file that says what the document says, and a
// comment on a line of its own is never lost.
func FuzzEdits(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add([]byte("setup"))
	f.Fuzz(func(t *testing.T, steps []byte) {
		doc, err := Parse("f.yaml", []byte(sample))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps[:min(len(steps), 40)] {
			group := []string{"", "Sales", "Board & Co", "New #1"}[step%4]
			key := profile.Keys[int(step/4)%len(profile.Keys)]
			values := profile.Allowed(key)
			if values == nil {
				values = []string{"group:Zoom Users", "recipient_filter:Department -eq 'R&D: #1'", "administrative_unit:{x}"}
			}
			before := string(doc.Text())
			var edit error
			if step%3 == 0 {
				edit = doc.UnsetSetting(group, key)
			} else {
				edit = doc.SetSetting(group, key, values[int(step)%len(values)])
			}
			if edit != nil && !strings.Contains(before, "New #1") && group == "New #1" {
				continue // a profile may have been made before its setting was refused
			}
			if edit != nil && string(doc.Text()) != before {
				t.Fatalf("a refused edit changed the text: %v\n%s", edit, doc.Text())
			}
			again, err := Parse("f.yaml", doc.Text())
			if err != nil || !equal(again.File, doc.File) {
				t.Fatalf("the text does not say what the document says: %v\n%s", err, doc.Text())
			}
			for _, comment := range []string{"# ours", "# the format", "# the service", "# why: they asked", "# the end"} {
				if !bytes.Contains(doc.Text(), []byte(comment)) {
					t.Fatalf("the comment %q was lost:\n%s", comment, doc.Text())
				}
			}
		}
	})
}

func TestTwoProcessesDoNotLoseEachOthersChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	if err := Create(context.Background(), path, Template{Tenant: "contoso.com"}.Text(), false); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			_, err := Edit(context.Background(), path, func(d *Document) error { return d.AddGroup(fmt.Sprintf("Group %d", i)) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	doc, err := Load(path)
	if err != nil || len(doc.File.Groups) != 20 {
		t.Fatalf("%d groups, %v", len(doc.File.Groups), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestAnUntouchedFileIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(path)
	if _, err := Edit(
		context.Background(),
		path,
		func(d *Document) error { return d.SetSetting("", "setup_by", "users") },
	); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if !os.SameFile(before, after) || after.Mode().Perm() != 0o600 {
		t.Error("the file was replaced though nothing changed")
	}
}

// The published schema and the reader agree on what is a valid file.
func TestSchemaAndReaderAgree(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/zo365.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	// What the schema cannot say: combinations and repeated names.
	combinations := map[string]bool{"combination": true, "twice": true}
	files := map[string]string{
		"the template":      string(Template{Tenant: "contoso.com"}.Text()),
		"the sample":        sample,
		"only a version":    "version: 1",
		"no version":        "account: {enabled: true}",
		"another version":   "version: 2",
		"unknown section":   "version: 1\nzoo: {}",
		"unknown key":       "version: 1\naccount: {colour: red}",
		"unknown value":     "version: 1\naccount: {setup_by: everyone}",
		"text for a truth":  "version: 1\naccount: {enabled: 'true'}",
		"truth for a text":  "version: 1\nmicrosoft: {tenant: true}",
		"mapping for list":  "version: 1\ngroups: {name: A}",
		"group, no name":    "version: 1\ngroups: [{setup_by: users}]",
		"empty group name":  "version: 1\ngroups: [{name: ''}]",
		"permissions":       "version: 1\nmicrosoft: {required_permissions: [Calendars.ReadWrite]}",
		"wrong permissions": "version: 1\nmicrosoft: {required_permissions: Calendars.ReadWrite}",
		"combination":       "version: 1\naccount: {setup_by: admin, default_service: google}",
		"twice":             "version: 1\ngroups: [{name: A}, {name: a}]",
	}
	for _, cloud := range profile.Cloud("").Values() {
		files["cloud "+cloud] = "version: 1\nmicrosoft: {cloud: " + cloud + "}"
	}
	for _, key := range profile.Keys {
		for _, value := range profile.Allowed(key) {
			files[key+" "+value] = "version: 1\ngroups: [{name: A, " + key + ": " + value + "}]"
		}
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			var value any
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
			if err != nil {
				t.Fatal(err)
			}
			_, ours := Parse("f.yaml", []byte(text))
			theirs := schema.Validate(instance)
			if (ours == nil) != (theirs == nil) && !combinations[name] {
				t.Errorf("the reader says %v, the schema %v", ours, theirs)
			}
		})
	}
}
