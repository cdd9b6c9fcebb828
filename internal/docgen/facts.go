package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/cli"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

const factsHead = `# What zo365 believes

Nobody can try a tenant before the first real one, so everything that zo365 takes for true of
Microsoft and Zoom is here, with how sure it is: *documented* (the service's own page says so),
*observed*, *reported* (people with live tenants say so), *inferred* (we concluded it),
*conflict* (pages disagree) or *open* (nobody found a source). A change rests on one of the
first three; a change that takes something away on one of the first two, on the tenant file's
own words, or on a named person's approval of that very change. zo365 explain CODE has the
errors, docs/permissions.md what each command needs.

This page is made from the tables in the code (make generate).
`

// facts is docs/facts.md. It reads the sources of the folder that it runs in.
func facts() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(factsHead)
	for _, table := range cli.Beliefs() {
		fmt.Fprintf(
			&out,
			"\n## %s\n\n| what | believed | certainty | page | looked at |\n|---|---|---|---|---|\n",
			table.Service,
		)
		for _, b := range table.All {
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", cell(b.About), cell(b.Value), b.Certainty, b.Page, b.Looked)
		}
	}
	for _, door := range []struct {
		name, room, looked string
		calls              map[string]tenant.Access
	}{
		{"Permissions of Microsoft Graph", "msgraph", msgraph.Beliefs().Looked, msgraph.Calls()},
		{"Scopes of Zoom's API", "zoom", zoom.Beliefs().Looked, zoom.Calls()},
	} {
		pages, err := pagesOf(filepath.Join("internal", door.room))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(
			&out,
			"\n## %s\n\n| call | for | any of | certainty | page | looked at |\n|---|---|---|---|---|---|\n",
			door.name,
		)
		for _, name := range slices.Sorted(maps.Keys(door.calls)) {
			a := door.calls[name]
			certainty := a.Certainty
			if certainty == "" {
				certainty = tenant.Documented
			}
			page := pages[name]
			if page == "" {
				return nil, fmt.Errorf("the comment of %s.%s names no page", door.room, name)
			}
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n",
				name, cell(a.Why), cell(strings.Join(a.AnyOf(), " or ")), certainty, page, door.looked)
		}
	}
	ways, err := menuWays()
	if err != nil {
		return nil, err
	}
	out.WriteString("\n## Ways through the portals\n\n| way | certainty | page | looked at |\n|---|---|---|---|\n")
	for _, w := range ways {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", cell(w.text), w.certainty, w.page, msgraph.Beliefs().Looked)
	}
	return out.Bytes(), nil
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

var address = regexp.MustCompile(`https://[^\s)]+`)

// pagesOf finds the page that the comment of each method of a door's client names.
func pagesOf(dir string) (map[string]string, error) {
	pages := map[string]string{}
	err := eachSource(dir, func(file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.IsExported() {
				if page := address.FindString(f.Doc.Text()); page != "" {
					pages[f.Name.Name] = page
				}
			}
		}
	})
	return pages, err
}

type way struct {
	text, page string
	certainty  tenant.Certainty
}

// menuWays are the constants of the package menu, each with the page of its comment.
func menuWays() ([]way, error) {
	var ways []way
	var missing error
	err := eachSource(filepath.Join("internal", "menu"), func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			page := address.FindString(v.Doc.Text())
			if page == "" {
				missing = fmt.Errorf("the comment of menu.%s names no page", v.Names[0].Name)
			}
			certainty := tenant.Documented
			if strings.HasPrefix(v.Doc.Text(), "Reported") {
				certainty = tenant.Reported
			}
			ways = append(ways, way{strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`), page, certainty})
			return true
		})
	})
	if err == nil {
		err = missing
	}
	return ways, err
}

func eachSource(dir string, use func(*ast.File)) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err == nil {
			use(file)
		}
		return err
	})
}
