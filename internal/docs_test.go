package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that docs/auth.md names for a row is there.
func TestTheTableOfSignInsNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("../docs/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "## What is tested where")
	if !found {
		t.Fatal("docs/auth.md has no table of tests")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	known := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(path, ".txtar"):
			known[strings.TrimSuffix(filepath.Base(path), ".txtar")] = true
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range function.FindAllStringSubmatch(string(text), -1) {
				known[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, m := range regexp.MustCompile("`([A-Za-z-]+)`").FindAllStringSubmatch(table, -1) {
		named++
		if !known[m[1]] {
			t.Errorf("docs/auth.md names %s, and there is no such script or test", m[1])
		}
	}
	if named < 40 {
		t.Errorf("only %d tests are named", named)
	}
}
