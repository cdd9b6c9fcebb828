package config

import (
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/distance"
)

// Problem is one thing wrong with a tenant file, at its place.
type Problem struct {
	Path string
	// Line and Column are 1-based; a zero Column is unknown.
	Line, Column int
	// Field is the dotted key, for example "account.setup_by" or
	// "groups[Sales].setup_by".
	Field string
	// Value is what stands there.
	Value string
	// Message says what is wrong.
	Message string
	// Allowed lists what may stand there instead.
	Allowed []string
	// Suggest is the nearest known word.
	Suggest string
	// Warning marks a problem that does not refuse the file.
	Warning bool
}

func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d", p.Path, p.Line)
	if p.Column > 0 {
		fmt.Fprintf(&b, ":%d", p.Column)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Message)
	if len(p.Allowed) > 0 {
		b.WriteString("; allowed: " + strings.Join(p.Allowed, ", "))
	}
	if p.Suggest != "" {
		fmt.Fprintf(&b, "; did you mean %q?", p.Suggest)
	}
	return b.String()
}

// InvalidError lists everything wrong with a file.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// NotFoundError says that there is no tenant file and where one was looked for.
type NotFoundError struct{ Tried []string }

func (e *NotFoundError) Error() string {
	return "no tenant file: looked for " + strings.Join(e.Tried, ", ")
}

// nearest returns the known word within two edits of the given one, or "".
func nearest(word string, known []string) string {
	best, bestDistance := "", 3
	for _, k := range known {
		if d := distance.Of(strings.ToLower(word[:min(len(word), distance.Longest)]), k, bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}
