package graph

import (
	"testing"

	"github.com/zo365/zo365/internal/sandbox/world"
)

func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		"a eq 'b'",
		"not (a eq true or b ne null)",
		"l/any(x:x/y eq 'z')",
		"startswith(a,'b') and a in ('c','d')",
		"a ge 2026-01-01T00:00:00Z",
		"b lt 2026-01-01T00:00:00Z",
	} {
		f.Add(text)
	}
	known := map[string]bool{"a": true, "b": true, "l": true}
	f.Fuzz(func(_ *testing.T, text string) {
		if p, err := parseFilter(text, known); err == nil {
			p.match(world.Entity{"a": "2026-01-01T00:00:00Z", "b": "x", "l": []any{"x", map[string]any{"y": "z"}}})
		}
	})
}
