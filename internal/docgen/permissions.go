package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/zo365/zo365/internal/need"
)

//go:embed permissions.md.tmpl
var permissionsPage string

// permissions is docs/permissions.md, with the lists that zo365 auth permissions shows.
func permissions() ([]byte, error) {
	page, err := template.New("permissions").Parse(permissionsPage)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]string{
		"Login":       enumeration(need.Scopes("verify-domain", "authorize")),
		"Delegated":   permissionTable("permission", func(n need.Need) []need.Permission { return n.Delegated }),
		"Application": permissionTable("permission", func(n need.Need) []need.Permission { return n.Application }),
		"Zoom":        permissionTable("scope", func(n need.Need) []need.Permission { return n.Zoom }),
	})
	return out.Bytes(), err
}

func enumeration(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// permissionTable has a row for each command and permission.
func permissionTable(column string, of func(need.Need) []need.Permission) string {
	var out strings.Builder
	fmt.Fprintf(&out, "| command | %s | why |\n|---|---|---|\n", column)
	for _, n := range need.All() {
		command := "`" + n.Command + "`"
		for _, p := range of(n) {
			name := "`" + p.Name + "`"
			if p.Optional {
				name = "*" + p.Name + "*"
			}
			fmt.Fprintf(&out, "| %s | %s | %s |\n", command, name, p.Why)
			command = ""
		}
	}
	return out.String()
}
