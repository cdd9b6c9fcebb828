package internal

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestMenuPathsStandOnce holds that a way through a portal's menus is written in one place,
// internal/menu: whoever moves it moves it everywhere.
func TestMenuPathsStandOnce(t *testing.T) {
	begins := []string{
		"Account Management >", "User Management >", "Entra ID >", "Entra >", "Entra admin center >",
		"App registrations >", "Enterprise apps >", "Enterprise applications >", "marketplace.zoom.us >", "admin center >",
		"Azure AD", "Identity >",
	}
	ways := 0
	eachFile(t, ".", func(path string, file *ast.File) {
		room, _, _ := strings.Cut(path, "/")
		tags := map[*ast.BasicLit]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Tag != nil {
				tags[field.Tag] = true // which takes no constant
			}
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING || tags[text] {
				return true
			}
			for _, begin := range begins {
				switch {
				case !strings.Contains(text.Value, begin):
				case room == "menu":
					ways++
				case room != "sandbox":
					t.Errorf("%s writes the menu path %s itself", path, text.Value)
				}
			}
			return true
		})
	})
	if ways < 15 {
		t.Errorf("only %d ways were found in internal/menu", ways)
	}
}
