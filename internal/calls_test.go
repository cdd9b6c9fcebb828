package internal

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// TestEveryCallNamesItsAccess holds that what a call needs stands beside it: each exported
// method of a door that takes a context is in the door's list, and nothing else is.
func TestEveryCallNamesItsAccess(t *testing.T) {
	lists := map[string]map[string]tenant.Access{"msgraph": msgraph.Calls(), "zoom": zoom.Calls()}
	for _, door := range doors {
		methods := map[string]bool{}
		eachFile(t, door, func(_ string, file *ast.File) {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Recv == nil || !f.Name.IsExported() || receiver(f) != "Client" {
					continue
				}
				methods[f.Name.Name] = true
				if _, ok := lists[door][f.Name.Name]; !ok {
					t.Errorf("%s.%s does not say what permission it needs", door, f.Name.Name)
				}
			}
		})
		for name, a := range lists[door] {
			if !methods[name] {
				t.Errorf("%s has no call %s", door, name)
			}
			if a.Why == "" || len(a.AnyOf()) == 0 {
				t.Errorf("%s.%s needs nothing, or nobody says why", door, name)
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	name, _ := of.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

// throughInterfaces are the interfaces of a room, by the door that is behind each.
var throughInterfaces = map[string]map[string]string{
	"survey": {
		"Microsoft":    "msgraph",
		"Applications": "msgraph",
		"Activity":     "msgraph",
		"Mailboxes":    "msgraph",
		"Scoping":      "msgraph",
		"Elsewhere":    "msgraph",
		"Account":      "zoom",
		"People":       "zoom",
		"Groups":       "zoom",
	},
	"apply": {
		"Entra": "msgraph", "Graph": "msgraph", "Registrations": "msgraph", "Exchange": "msgraph", "Leftovers": "msgraph",
		"Groups": "zoom", "Zoom": "zoom",
	},
}

// follow finds for each function of a room what it can call of the doors, itself and
// through the room's other functions.
func follow(t *testing.T, room string) (reach func(nodes ...ast.Node) []string, funcs map[string]*ast.FuncDecl) {
	t.Helper()
	interfaces := throughInterfaces[room]
	funcs = map[string]*ast.FuncDecl{}
	eachFile(t, room, func(_ string, file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				funcs[f.Name.Name] = f
			}
		}
	})
	// parameters of the interfaces' types, by function
	typed := func(f *ast.FuncDecl) map[string]string {
		of := map[string]string{}
		for _, p := range f.Type.Params.List {
			if name, ok := p.Type.(*ast.Ident); ok {
				for _, n := range p.Names {
					of[n.Name] = name.Name
				}
			}
		}
		return of
	}
	var walk func(n ast.Node, params map[string]string, seen map[string]bool, into map[string]bool)
	walk = func(n ast.Node, params map[string]string, seen map[string]bool, into map[string]bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			callee := ""
			switch n := n.(type) {
			case *ast.SelectorExpr:
				callee = n.Sel.Name
				of := ""
				switch x := n.X.(type) {
				case *ast.SelectorExpr:
					of = x.Sel.Name
				case *ast.Ident:
					of = params[x.Name]
				}
				if door, ok := interfaces[of]; ok {
					into[door+"."+n.Sel.Name] = true
					return true
				}
			case *ast.Ident:
				callee = n.Name
			}
			if f, ok := funcs[callee]; ok && !seen[callee] && f.Body != nil {
				seen[callee] = true
				walk(f.Body, typed(f), seen, into)
			}
			return true
		})
	}
	return func(nodes ...ast.Node) []string {
		into := map[string]bool{}
		for _, n := range nodes {
			walk(n, nil, map[string]bool{}, into)
		}
		return slices.Sorted(maps.Keys(into))
	}, funcs
}

// TestFactsNameTheirCalls holds that survey's list of calls is what reading each fact can
// call.
func TestFactsNameTheirCalls(t *testing.T) {
	reach, funcs := follow(t, "survey")
	found := map[string][]string{}
	for _, name := range []string{"first", "dependent", "last"} {
		ast.Inspect(funcs[name].Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "read" {
				return true
			}
			fact := call.Args[0].(*ast.SelectorExpr).Sel.Name
			found[fact] = reach(call.Args[3])
			return true
		})
	}
	if len(found) != 21 {
		t.Fatalf("%d facts were found: %v", len(found), slices.Sorted(maps.Keys(found)))
	}
	for name, got := range found {
		always, named := survey.Calls(factNamed(t, name))
		want := slices.Sorted(slices.Values(slices.Concat(always, named)))
		if !slices.Equal(got, want) {
			t.Errorf("%s is read by %v, and the list says %v", name, got, want)
		}
	}
}

// factNamed is the value of a constant of package tenant.
func factNamed(t *testing.T, constant string) tenant.Fact {
	t.Helper()
	value := ""
	eachFile(t, "tenant", func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == constant {
				value = strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
			}
			return true
		})
	})
	if value == "" {
		t.Fatalf("tenant has no %s", constant)
	}
	return tenant.Fact(value)
}

// TestChangesNameTheirCalls holds that the list of calls of each kind of change is what its
// doer can call.
func TestChangesNameTheirCalls(t *testing.T) {
	reach, funcs := follow(t, "apply")
	rows := 0
	ast.Inspect(funcs["table"].Body, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, ok := pair.Key.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		rows++
		var doers []ast.Node
		for _, e := range pair.Value.(*ast.CompositeLit).Elts {
			if s, ok := e.(*ast.SelectorExpr); ok && funcs[s.Sel.Name] != nil {
				doers = append(doers, funcs[s.Sel.Name].Body)
			}
		}
		got := reach(doers...)
		want := slices.Sorted(slices.Values(apply.Calls(actionNamed(t, key.Sel.Name))))
		if !slices.Equal(got, want) {
			t.Errorf("%s calls %v, and the list says %v", key.Sel.Name, got, want)
		}
		return false
	})
	if rows < 14 {
		t.Errorf("the table has %d rows", rows)
	}
}

// actionNamed is the value of a constant of package doctor.
func actionNamed(t *testing.T, constant string) doctor.Action {
	t.Helper()
	value := ""
	eachFile(t, "doctor", func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == constant && len(v.Values) == 1 {
				if text, ok := v.Values[0].(*ast.BasicLit); ok {
					value = strings.Trim(text.Value, `"`)
				}
			}
			return true
		})
	})
	if value == "" {
		t.Fatalf("doctor has no %s", constant)
	}
	return doctor.Action(value)
}
