package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/need"
)

// TestPermissionsAreTried holds that a script runs each command with exactly what its list
// of permissions says, against the sandbox's own rules.
func TestPermissionsAreTried(t *testing.T) {
	files, err := filepath.Glob("testdata/script/permissions-*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\nrefusals") {
			t.Errorf("%s does not look at what was refused", file)
		}
		scripts.Write(text)
	}
	for _, n := range need.All() {
		tried := strings.Contains(scripts.String(), "\nexactly '"+n.Command+"'\n") ||
			strings.Contains(scripts.String(), "\nexactly "+n.Command+"\n")
		if n.Application == nil && n.Zoom == nil {
			tried = strings.Contains(scripts.String(), "login microsoft --for '"+n.Command+"'\n")
		}
		if !tried {
			t.Errorf("no script runs %s with exactly what its list says", n.Command)
		}
	}
}
