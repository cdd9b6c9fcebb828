// Package distance measures how far one word is from another: how many slips of a
// typist are between them.
package distance

import (
	"sync"
	"unicode/utf8"
)

// Longest is how many bytes a word may have to be measured: RFC 5321 4.5.3.1.1 gives the
// local part of an address so many.
const Longest = 64

// grid is the memory of Of.
type grid struct {
	cells [Longest + 2][Longest + 2]int16
	// last is the row in which an ASCII letter was met last.
	last [utf8.RuneSelf]int16
}

var grids = sync.Pool{New: func() any { return new(grid) }}

// Of is the Damerau-Levenshtein distance: letters that are left out, put in,
// taken for others, or swapped with the next one, whatever was put between the two
// later. It stops with a number above limit when the lengths alone are too far
// apart. Neither may be longer than Longest.
//
// https://doi.org/10.1145/363958.363994, the unrestricted form of
// https://doi.org/10.1145/321879.321880
func Of(a, b string, limit int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] && a[0] < utf8.RuneSelf {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] && a[len(a)-1] < utf8.RuneSelf {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	return distanceOfRest(x, y)
}

// distanceOfRest measures what two texts do not have in common at their ends.
func distanceOfRest(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	g := grids.Get().(*grid)
	defer grids.Put(g)
	clear(g.last[:])
	var others map[rune]int16 // rows of letters that are not ASCII
	d := &g.cells
	far := int16(len(a) + len(b))
	d[0][0] = far
	for i := range len(a) + 1 {
		d[i+1][0], d[i+1][1] = far, int16(i)
	}
	for j := range len(b) + 1 {
		d[0][j+1], d[1][j+1] = far, int16(j)
	}
	for i := 1; i <= len(a); i++ {
		column := int16(0) // the last column in which this row's letter was met
		for j := 1; j <= len(b); j++ {
			row := others[b[j-1]]
			if b[j-1] < utf8.RuneSelf {
				row = g.last[b[j-1]]
			}
			before, cost := column, int16(1)
			if a[i-1] == b[j-1] {
				column, cost = int16(j), 0
			}
			d[i+1][j+1] = min(d[i][j]+cost, d[i+1][j]+1, d[i][j+1]+1, d[row][before]+int16(i)-row+int16(j)-before-1)
		}
		if a[i-1] < utf8.RuneSelf {
			g.last[a[i-1]] = int16(i)
			continue
		}
		if others == nil {
			others = map[rune]int16{}
		}
		others[a[i-1]] = int16(i)
	}
	return int(d[len(a)+1][len(b)+1])
}
