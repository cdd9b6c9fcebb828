package index

import (
	"encoding/binary"
)

const guidLength = 36

// hexOf is the value of a hexadecimal digit in lower case; 0xff is none.
var hexOf = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for i, c := range hexDigits {
		values[c] = byte(i)
	}
	return values
}()

const hexDigits = "0123456789abcdef"

// guidBytes are the places of a GUID's bytes in its text.
var guidBytes = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// parseGUID reads a GUID as the services write it, in lower case: another
// writing would not come back as it was.
func parseGUID(text []byte) (guid [16]byte, ok bool) {
	if len(text) != guidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return guid, false
	}
	var wrong byte
	for i, at := range guidBytes {
		high, low := hexOf[text[at]], hexOf[text[at+1]]
		wrong |= high | low
		guid[i] = high<<4 | low
	}
	return guid, wrong < 16
}

func formatGUID(text *[guidLength]byte, guid []byte) {
	for i, at := range guidBytes {
		binary.LittleEndian.PutUint16(text[at:], hexPairs[guid[i]])
	}
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
}

// hexPairs are the two digits of each byte.
var hexPairs = func() (pairs [256]uint16) {
	for i := range pairs {
		pairs[i] = uint16(hexDigits[i>>4]) | uint16(hexDigits[i&15])<<8
	}
	return pairs
}()
