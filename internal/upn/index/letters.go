package index

import (
	"math/bits"
)

// lettersOf is a set of the letters of a text, several to a place.
func lettersOf(text []byte) (set uint64) {
	for _, c := range text {
		if c >= 0x80 { // part of a letter
			return beyond
		}
		set |= 1 << (c & 31)
	}
	return set
}

// beyond says that a text has letters that are not in the set.
const beyond = 1 << 63

// differences are how many letters at least are in one text alone.
func differences(a, b uint64) int {
	if (a|b)&beyond != 0 {
		return 0
	}
	return bits.OnesCount64(a ^ b)
}
