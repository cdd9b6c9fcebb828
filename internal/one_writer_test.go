package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// doors are the rooms whose clients can change a service.
var doors = []string{"msgraph", "zoom"}

// readsByPost are calls that send a body and change nothing.
var readsByPost = []string{"Calendars"}

// leaving ends the person's own sign-ins, as logout --revoke asks: it changes no tenant.
var leaving = map[string]string{"RevokeSessions": "connect/microsoft.go", "Revoke": "connect/zoom.go"}

// TestOneWriter holds that only internal/apply changes a service or writes the journal.
// The writing calls are found in the doors themselves: whoever adds one cannot forget it
// here.
func TestOneWriter(t *testing.T) {
	writers := map[string]bool{}
	for _, door := range doors {
		eachFile(t, door, func(_ string, file *ast.File) {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if ok && f.Recv != nil && f.Name.IsExported() && !slices.Contains(readsByPost, f.Name.Name) && sends(f) {
					writers[f.Name.Name] = true
				}
			}
		})
	}
	for _, known := range []string{
		"Grant",
		"Revoke",
		"EnablePrincipal",
		"CreateApplication",
		"SetUPN",
		"ChangeEmail",
		"CreateGroup",
		"DeleteGroup",
		"RevokeSessions",
	} {
		if !writers[known] {
			t.Errorf("%s is not found among the writing calls %v", known, writers)
		}
	}
	used := map[string]bool{}
	eachFile(t, ".", func(path string, file *ast.File) {
		room, _, _ := strings.Cut(path, "/")
		if room == "sandbox" || slices.Contains(doors, room) {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, _ := s.X.(*ast.Ident)
			records := of != nil && of.Name == "journal" && s.Sel.Name == "Append"
			if !records && !writers[s.Sel.Name] || leaving[s.Sel.Name] == path {
				return true
			}
			// Facts, plans and flags have words like those of the calls.
			if of != nil && slices.Contains([]string{"doctor", "plan", "journal", "tenant", "opts"}, of.Name) && !records {
				return true
			}
			if room != "apply" {
				t.Errorf("%s uses %s: only apply changes a service or writes the journal", path, s.Sel.Name)
			}
			used[s.Sel.Name] = true
			return true
		})
	})
	for name := range writers {
		if !used[name] && leaving[name] == "" {
			t.Errorf("%s is a door's writing call that nobody uses", name)
		}
	}
	if !used["Append"] {
		t.Error("nobody writes the journal")
	}
}

// sends says whether a method sends a request that can change something.
func sends(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			found = found || slices.Contains([]string{"MethodPost", "MethodPut", "MethodPatch", "MethodDelete"}, s.Sel.Name)
		}
		return !found
	})
	return found
}

// eachFile parses the code of a folder and those below it, without tests.
func eachFile(t *testing.T, dir string, use func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			use(filepath.ToSlash(path), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
