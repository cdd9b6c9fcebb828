package render

// Paint puts a text into a colour; nil leaves it as it is.
type Paint func(Colour, string) string

// Colour is what a text means, not how it looks.
type Colour int

// The colours.
const (
	Good Colour = iota + 1
	Bad
	Doubtful
	Faint
)

// ANSI paints for terminals, in the eight colours that every terminal lets its user
// choose.
func ANSI(c Colour, text string) string {
	code := map[Colour]string{
		Good:     "32",
		Bad:      "31",
		Doubtful: "33",
		Faint:    "2",
	}[c]
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p Paint) text(c Colour, text string) string {
	if p == nil || c == 0 {
		return text
	}
	return p(c, text)
}
