package render

import (
	"encoding/binary"
	"io"
	"iter"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/zo365/zo365/internal/upn"
)

// People are everybody who was compared. The results of a part are valid one at a time.
type People interface {
	Len() int
	Results(from, to int) iter.Seq[*upn.Result]
}

// streamPeople makes the lines on all processors and writes them in order. pack, which may be
// nil, makes of the lines of a part what is written. wrote, which may be nil, is told of how many
// people the lines are written.
func streamPeople(
	w io.Writer,
	c People,
	wants func(upn.Class) bool,
	line func([]byte, *upn.Result) []byte,
	pack func([]byte) []byte,
	wrote func(people int),
) error {
	const people = 4096
	type piece struct {
		from int
		text chan []byte
		// people are how many have a line in it, once there.
		people *int
	}
	workers := runtime.GOMAXPROCS(0)
	queue, work := make(chan piece, workers), make(chan piece)
	free := make(chan []byte, 3*workers)
	stop := make(chan struct{})
	defer close(stop)
	for range workers {
		go func() {
			for p := range work {
				text := buffer(free)
				to := min(p.from+people, c.Len())
				for r := range c.Results(p.from, to) {
					if wants(r.Class) {
						text = line(text, r)
						*p.people++
					}
				}
				if pack != nil {
					text = pack(text)
				}
				p.text <- text
			}
		}()
	}
	go func() {
		defer close(queue)
		defer close(work)
		for from := 0; from < c.Len(); from += people {
			p := piece{from, make(chan []byte, 1), new(int)}
			select {
			case queue <- p:
			case <-stop:
				return
			}
			select {
			case work <- p:
			case <-stop:
				return
			}
		}
	}()
	for p := range queue {
		text := <-p.text
		if _, err := w.Write(text); err != nil {
			return err
		}
		if wrote != nil {
			wrote(*p.people)
		}
		select {
		case free <- text:
		default:
		}
	}
	return nil
}

func buffer(free chan []byte) []byte {
	select {
	case old := <-free:
		return old[:0]
	default:
		return make([]byte, 0, 1<<20)
	}
}

// appendResultRow is the row of NewPerson, without the detour.
func appendResultRow(dst []byte, r *upn.Result) []byte {
	dst = append(appendCell(dst, r.ZoomEmail), ',')
	dst = append(append(dst, r.Class...), ',')
	for i, f := range r.Flags {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, f...)
	}
	dst = append(dst, ',')
	if r.Entra != nil {
		dst = append(appendCell(dst, r.Entra.UPN), ',')
		dst = append(appendCell(dst, r.Entra.ID), ',')
	} else {
		dst = append(dst, ',', ',')
	}
	dst = append(appendCell(dst, r.MatchedOn), ',')
	dst = append(appendCell(dst, r.Suggestion), ',')
	return append(appendCell(dst, r.Remedy()), '\n')
}

func appendRow(dst []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, cell)
	}
	return append(dst, '\n')
}

// appendCell writes a cell as encoding/csv does, which the tests hold it
// against; it is our own for its speed, since a report has eight million cells.
// A cell that a spreadsheet would run as a formula gets an apostrophe before it.
//
// https://owasp.org/www-community/attacks/CSV_Injection
func appendCell(dst []byte, cell string) []byte {
	if cell == "" {
		return dst
	}
	bomb := strings.IndexByte("=+-@\t\r", cell[0]) >= 0
	if bomb {
		cell = "'" + cell
	}
	if !needsQuotes(cell) {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	for i := range len(cell) {
		if cell[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, cell[i])
	}
	return append(dst, '"')
}

func needsQuotes(cell string) bool {
	if cell == `\.` {
		return true
	}
	text := unsafe.Slice(unsafe.StringData(cell), len(cell)) //nolint:gosec // only read
	i := 0
	for ; i+8 <= len(text); i += 8 { // eight at a time
		w := binary.LittleEndian.Uint64(text[i:])
		if hasByte(w, ',') || hasByte(w, '"') || hasByte(w, '\r') || hasByte(w, '\n') {
			return true
		}
	}
	for _, c := range text[i:] {
		if c == ',' || c == '"' || c == '\r' || c == '\n' {
			return true
		}
	}
	first, _ := utf8.DecodeRuneInString(cell)
	return unicode.IsSpace(first)
}

// hasByte says whether one of eight bytes is c.
func hasByte(word uint64, c byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	word ^= ones * uint64(c)
	return (word-ones)&^word&highs != 0
}
