package render

import (
	"io"
	"regexp"
	"strings"
)

// Plain is a text in which nothing steers a terminal: what a service or a file says may hold
// anything. Line breaks and tabs stay.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return '\ufffd'
		}
		return r
	}, text)
}

// steers says whether a character moves the cursor, changes the terminal, or turns the
// direction of what follows, so that a text reads as another one. Line breaks and tabs do
// not count.
//
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
func steers(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return r == 0x2028 || r == 0x2029
}

// own are the colours of this package's own paint.
var own = regexp.MustCompile("\x1b\\[(0|2|31|32|33)m")

// Plainly makes plain what is written, but for our own colours where there are some.
func Plainly(w io.Writer, painted bool) io.Writer { return plainly{w, painted} }

type plainly struct {
	to      io.Writer
	painted bool
}

func (p plainly) Write(text []byte) (int, error) {
	var out strings.Builder
	at := 0
	var colours [][]int
	if p.painted {
		colours = own.FindAllIndex(text, -1)
	}
	for _, colour := range colours {
		out.WriteString(Plain(string(text[at:colour[0]])))
		out.Write(text[colour[0]:colour[1]])
		at = colour[1]
	}
	out.WriteString(Plain(string(text[at:])))
	if _, err := io.WriteString(p.to, out.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// MenuDecides stands beside an address of a portal: Zoom publishes none of the tab.
const MenuDecides = "where that leads elsewhere, the menu decides"
