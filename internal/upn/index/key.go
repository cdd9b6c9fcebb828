package index

import (
	"bytes"
	"encoding/binary"

	"github.com/zo365/zo365/internal/upn"
)

// Eight letters at a time; see appendKey.
const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	colons = ':' * ones
)

// appendKey writes an address in its normal form. Plain ASCII, which nearly all
// is, needs no memory and goes eight letters at a time; the rest goes through
// Normal, which says what is right.
func appendKey(dst, raw []byte) []byte {
	start := len(dst)
	raw = trim(raw)
	i := 0
	for ; i+8 <= len(raw); i += 8 {
		w := binary.LittleEndian.Uint64(raw[i:])
		if w&highs != 0 || hasZero(w^colons) {
			return append(dst[:start], upn.Normal(string(raw))...)
		}
		dst = binary.LittleEndian.AppendUint64(dst, lowerWord(w))
	}
	for _, c := range raw[i:] {
		if c >= 0x80 || c == ':' {
			return append(dst[:start], upn.Normal(string(raw))...)
		}
		dst = append(dst, lowerByte(c))
	}
	return dst
}

// isKey says whether an address is in its normal form as it stands. It may say no
// of one that is.
func isKey(raw []byte) bool {
	i := 0
	for ; i+8 <= len(raw); i += 8 {
		w := binary.LittleEndian.Uint64(raw[i:])
		if w&highs != 0 || hasZero(w^colons) || lowerWord(w) != w {
			return false
		}
	}
	for _, c := range raw[i:] {
		if c >= 0x80 || c == ':' || lowerByte(c) != c {
			return false
		}
	}
	return len(raw) == 0 || solid(raw[0]) && solid(raw[len(raw)-1])
}

// hasZero says whether one of eight ASCII bytes is zero.
func hasZero(w uint64) bool { return (w-ones)&^w&highs != 0 }

// lowerWord makes eight ASCII letters small: a byte from A to Z gets bit 5.
func lowerWord(w uint64) uint64 {
	upper := (w + (0x80-'A')*ones) &^ (w + (0x7f-'Z')*ones) & highs
	return w | upper>>2
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// sameKey says whether an address has the given normal form.
func sameKey(raw, key []byte) bool {
	raw = trim(raw)
	if len(raw) != len(key) {
		return sameOdd(raw, key)
	}
	for i, c := range raw {
		if lowerByte(c) != key[i] || c >= 0x80 || c == ':' {
			return sameOdd(raw, key)
		}
	}
	return true
}

func sameOdd(raw, key []byte) bool {
	for _, c := range raw {
		if c >= 0x80 || c == ':' {
			return string(upn.Normal(string(raw))) == string(key)
		}
	}
	return false
}

// trim cuts outer white space.
func trim(cell []byte) []byte {
	if n := len(cell); n == 0 || solid(cell[0]) && solid(cell[n-1]) {
		return cell
	}
	return bytes.TrimSpace(cell)
}

func solid(c byte) bool { return c > ' ' && c < 0x80 }
