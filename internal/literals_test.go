package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestLiterals holds that a literal of more than three named fields has each on a line of
// its own, where a change of one is a change of one line.
func TestLiterals(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok && len(literal.Elts) > 3 && named(literal) {
				seen++
				if at := crowded(files, literal); at > 0 {
					t.Errorf("%s:%d: a literal of %d fields has two of them on a line", path, at, len(literal.Elts))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 100 {
		t.Errorf("only %d literals were seen", seen)
	}
}

// named says whether every field has its name.
func named(literal *ast.CompositeLit) bool {
	for _, e := range literal.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		if _, ok := field.Key.(*ast.Ident); !ok {
			return false
		}
	}
	return true
}

// crowded is the line on which a field does not stand alone; zero when each does.
func crowded(files *token.FileSet, literal *ast.CompositeLit) int {
	line := func(p token.Pos) int { return files.Position(p).Line }
	last := line(literal.Lbrace)
	for _, e := range literal.Elts {
		if line(e.Pos()) == last {
			return last
		}
		last = line(e.End())
	}
	if line(literal.Rbrace) == last {
		return last
	}
	return 0
}
