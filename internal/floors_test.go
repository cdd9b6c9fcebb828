// Package internal has no code; its test holds the floors of the house.
package internal

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/zo365/zo365/"

// floors says for each room which of our rooms it may import. A room without a
// line fails the test.
var floors = map[string][]string{
	"cmd/zo365": {"internal/cli"},
	// roof
	"internal/cli": {
		"internal/shell",
		"internal/menu",
		"internal/apply",
		"internal/atomicfile",
		"internal/config",
		"internal/connect",
		"internal/doctor",
		"internal/export",
		"internal/journal",
		"internal/msgraph",
		"internal/need",
		"internal/plan",
		"internal/profile",
		"internal/reach",
		"internal/render",
		"internal/rest",
		"internal/sandbox",
		"internal/sandbox/robot",
		"internal/sandbox/world",
		"internal/secret",
		"internal/signin",
		"internal/snapshot",
		"internal/tenant",
		"internal/upn",
		"internal/upn/index",
		"internal/workspace",
		"internal/zoom",
	},
	"internal/docgen": {
		"internal/cli",
		"internal/msgraph",
		"internal/need",
		"internal/plan",
		"internal/profile",
		"internal/tenant",
		"internal/zoom",
	},
	"internal/bench": {},
	// hands
	"internal/workspace": {
		"internal/apply", "internal/atomicfile", "internal/config", "internal/connect", "internal/doctor", "internal/journal",
		"internal/plan", "internal/profile", "internal/survey", "internal/tenant",
	},
	"internal/need": {
		"internal/apply", "internal/doctor", "internal/msgraph", "internal/survey", "internal/tenant", "internal/zoom",
	},
	"internal/apply": {
		"internal/menu",
		"internal/atomicfile",
		"internal/doctor",
		"internal/journal",
		"internal/plan",
		"internal/tenant",
		"internal/upn",
	},
	"internal/connect": {
		"internal/atomicfile", "internal/msgraph", "internal/profile", "internal/rest", "internal/secret", "internal/signin",
		"internal/tenant", "internal/zoom",
	},
	"internal/render": {
		"internal/doctor", "internal/plan", "internal/profile", "internal/reach", "internal/shell", "internal/tenant",
		"internal/upn",
	},
	"internal/survey": {"internal/tenant"},
	"internal/snapshot": {
		"internal/atomicfile",
		"internal/export",
		"internal/msgraph",
		"internal/rest",
		"internal/tenant",
		"internal/upn",
		"internal/zoom",
	},
	// judgement
	"internal/doctor": {
		"internal/shell", "internal/menu", "internal/profile", "internal/reach", "internal/tenant",
	},
	"internal/reach": {"internal/tenant"},
	"internal/plan":  {"internal/doctor", "internal/profile", "internal/tenant", "internal/upn"},
	"internal/upn":   {"internal/shell", "internal/menu", "internal/tenant"},
	// engines: the index fills its batches while the reader reads
	"internal/upn/index": {"internal/distance", "internal/export", "internal/tenant", "internal/upn"},
	"internal/export":    {"internal/menu", "internal/tenant"},
	// doors
	"internal/config":  {"internal/atomicfile", "internal/distance", "internal/profile"},
	"internal/journal": {"internal/atomicfile", "internal/tenant"},
	"internal/msgraph": {"internal/rest", "internal/tenant"},
	"internal/secret":  {"internal/atomicfile"},
	"internal/signin":  {"internal/menu", "internal/profile", "internal/secret", "internal/tenant"},
	"internal/zoom":    {"internal/menu", "internal/rest", "internal/tenant"},
	"internal/rest":    {"internal/tenant"},
	// ground
	"internal/atomicfile": {},
	"internal/distance":   {},
	"internal/shell":      {},
	"internal/menu":       {},
	"internal/profile":    {},
	"internal/tenant":     {},
	// beside
	"internal": {},
	"internal/sandbox": {
		"internal/sandbox/entra", "internal/sandbox/graph", "internal/sandbox/portal", "internal/sandbox/world",
		"internal/sandbox/zoom", "internal/shell",
	},
	"internal/sandbox/world":  {},
	"internal/sandbox/robot":  {},
	"internal/sandbox/entra":  {"internal/sandbox/world"},
	"internal/sandbox/zoom":   {"internal/sandbox/world"},
	"internal/sandbox/graph":  {"internal/sandbox/entra", "internal/sandbox/world"},
	"internal/sandbox/portal": {"internal/sandbox/entra", "internal/sandbox/world"},
}

// guests says which room alone may import a library.
var guests = map[string][]string{
	"github.com/spf13/viper":             {"internal/config"},
	"github.com/zalando/go-keyring":      {"internal/secret"},
	"github.com/olekukonko/tablewriter":  {"internal/render"},
	"github.com/invopop/jsonschema":      {"internal/docgen"},
	"github.com/go-jose/go-jose/v4":      {"internal/sandbox/entra", "internal/signin"},
	"software.sslmate.com/src/go-pkcs12": {"internal/sandbox/entra", "internal/signin"},
	"filippo.io/age":                     {"internal/secret"},
	"github.com/godbus/dbus/v5":          {"internal/secret"},
	"github.com/gofrs/flock":             {"internal/atomicfile"},
}

// standardOnly are the rooms of words.
var standardOnly = []string{"internal/profile", "internal/tenant"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestFloors(t *testing.T) {
	for _, p := range list(t) {
		room := strings.TrimSuffix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := floors[room]
		if !known {
			t.Errorf("%s has no line in the map of floors", room)
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", room, ours)
			}
			for guest, homes := range guests {
				if (imported == guest || strings.HasPrefix(imported, guest+"/")) && !slices.Contains(homes, room) {
					t.Errorf("%s must not import %s: its rooms are %v", room, guest, homes)
				}
			}
			if slices.Contains(standardOnly, room) && strings.Contains(imported, ".") {
				t.Errorf("%s is words only and must not import %s", room, imported)
			}
		}
	}
	// A line that nobody needs is a door left open.
	for _, p := range list(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, allowed := range floors[room] {
			if !slices.Contains(p.Imports, module+allowed) {
				t.Errorf("%s may import %s and does not: take it off the map", room, allowed)
			}
		}
	}
}

func list(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p goPackage
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
