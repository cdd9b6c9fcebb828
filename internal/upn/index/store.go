package index

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// The store keeps a million people in few large pieces without pointers, so
// that neither memory nor the collector feel them.

// list grows without being copied.
type list[T any] struct {
	pieces [][]T
	n      int
}

const (
	pieceBits = 16
	pieceSize = 1 << pieceBits
)

func (l *list[T]) add(v T) {
	if l.n>>pieceBits == len(l.pieces) {
		l.pieces = append(l.pieces, make([]T, 0, pieceSize))
	}
	last := &l.pieces[len(l.pieces)-1]
	*last = append(*last, v)
	l.n++
}

func (l *list[T]) at(i uint32) T { return l.pieces[i>>pieceBits][i&(pieceSize-1)] }

// texts are immutable pieces of text; a place in them is the piece's number and
// the offset in it.
type texts struct{ pieces [][]byte }

func (t *texts) add(piece []byte) (base uint64) {
	t.pieces = append(t.pieces, piece)
	return uint64(len(t.pieces)-1) << 32
}

func (t *texts) at(place uint64) []byte { return t.pieces[place>>32][uint32(place):] }

// cut reads a text that begins with its length.
func cut(record []byte) (text, rest []byte) {
	n, size := binary.Uvarint(record)
	return record[size : size+int(n)], record[size+int(n):]
}

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// view is a string over bytes that nobody changes any more.
//
//nolint:gosec // the store is written once, before anybody reads it
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// seed is one for all tables of a run.
var seed = maphash.MakeSeed()

func hashOf(key []byte) uint32 { return uint32(maphash.Bytes(seed, key) >> 32) }

// table finds Zoom users by the hash of a key. It holds no keys but where they
// are: whoever looks up says whether the one at a place is meant. A slot is the
// highest bits of the hash and the place, plus one so that zero is free; the
// lowest bits of the hash say where it is looked for.
type table struct {
	slots []uint64
	mask  uint32
}

// A place in a slot is a piece's number and an offset in it. A piece is at most as
// long as a block, so 25 bits are enough; the 19 bits of the number make half a
// million blocks.
const (
	offsetBits = 25
	placeBits  = 44
	placeMask  = 1<<placeBits - 1
	tagShift   = 32 - (64 - placeBits)
)

func pack(place uint64) uint64    { return place>>32<<offsetBits | place&(1<<offsetBits-1) }
func unpack(packed uint64) uint64 { return packed>>offsetBits<<32 | packed&(1<<offsetBits-1) }

// newTable makes room for n keys at half load.
func newTable(n int) *table {
	size := 1 << bits.Len(uint(max(2*n, 8)-1))
	return &table{slots: make([]uint64, size), mask: uint32(size - 1)}
}

// find returns the place with this hash that same accepts.
func (t *table) find(hash uint32, same func(place uint64) bool) (uint64, bool) {
	tag := uint64(hash >> tagShift)
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s == 0 {
			return 0, false
		}
		if s>>placeBits == tag {
			if place := unpack(s&placeMask - 1); same(place) {
				return place, true
			}
		}
	}
}

// peek reads where find will look first.
func (t *table) peek(hash uint32) uint64 {
	return unpack(max(t.slots[hash&t.mask]&placeMask, 1) - 1)
}

// insert adds a place unless same says that it is there; it returns the one that
// was there.
func (t *table) insert(hash uint32, place uint64, same func(place uint64) bool) (uint64, bool) {
	tag := uint64(hash >> tagShift)
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		s := t.slots[i]
		if s == 0 {
			t.slots[i] = tag<<placeBits | pack(place) + 1
			return place, false
		}
		if s>>placeBits == tag {
			if there := unpack(s&placeMask - 1); same(there) {
				return there, true
			}
		}
	}
}

// filter is a Bloom filter whose two bits lie in one word.
//
// https://doi.org/10.1145/362686.362692
type filter struct {
	words []uint64
	mask  uint64
}

// newFilter makes room for n hashes, 8 to 16 bits each.
func newFilter(n int) *filter {
	var f filter
	f.reset(n)
	return &f
}

func (f *filter) reset(n int) {
	f.words = resized(f.words, 1<<bits.Len(uint(n/8)))
	f.mask = uint64(len(f.words) - 1)
}

// resized is a slice of zeros that takes the old one's place if it can.
func resized[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	old = old[:n]
	clear(old)
	return old
}

func bitsOf(h uint64) uint64 { return 1<<(h>>58) | 1<<(h>>52&63) }

func (f *filter) set(h uint64) { f.words[h&f.mask] |= bitsOf(h) }

// add is set for several at a time.
func (f *filter) add(h uint64) {
	word, b := &f.words[h&f.mask], bitsOf(h)
	if atomic.LoadUint64(word)&b != b {
		atomic.OrUint64(word, b)
	}
}

func (f *filter) has(h uint64) bool {
	b := bitsOf(h)
	return f.words[h&f.mask]&b == b
}

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

// What a person's record says beside UPN and ID.
const (
	isGuest uint16 = 1 << iota
	isDisabled
	isEnabled
	isSynced
	isDeleted
	hasNoMailPlan
	hasMailPlan
	isNotSynced
	isResource
	hasGUID // the ID is a GUID, kept as 16 bytes
)

// appendPerson writes a person as a record: what they are, UPN and ID.
func appendPerson(dst []byte, what uint16, upn, id []byte) []byte {
	guid, ok := parseGUID(id)
	if ok {
		what |= hasGUID
	}
	dst = appendText(binary.LittleEndian.AppendUint16(dst, what), upn)
	if ok {
		return append(dst, guid[:]...)
	}
	return appendText(dst, id)
}

// readPerson is the inverse; the texts stay views of the store and of guid.
func readPerson(record []byte, u *tenant.User, guid *[guidLength]byte) {
	what := whatIs(record)
	upn, rest := cut(record[whatSize:])
	*u = userOf(what)
	u.UPN = view(upn)
	if what&hasGUID != 0 {
		formatGUID(guid, rest)
		u.ID = view(guid[:])
		return
	}
	id, _ := cut(rest)
	u.ID = view(id)
}

// userOf is a person of whom only is known what they are.
func userOf(what uint16) tenant.User {
	return tenant.User{
		Guest: what&isGuest != 0,
		Synced: choice(
			what&isSynced != 0,
			what&isNotSynced != 0,
		),
		Resource: what&isResource != 0,
		Deleted:  what&isDeleted != 0,
		Enabled: choice(
			what&isEnabled != 0,
			what&isDisabled != 0,
		),
		MailPlan: choice(what&hasMailPlan != 0, what&hasNoMailPlan != 0),
	}
}

var isTrue, isFalse = true, false

func choice(yes, no bool) *bool {
	switch {
	case yes:
		return &isTrue
	case no:
		return &isFalse
	}
	return nil
}

// whatIs are a record's marks, whatSize bytes at its start.
func whatIs(record []byte) uint16 { return binary.LittleEndian.Uint16(record) }

const whatSize = 2

func upnOf(record []byte) []byte { upn, _ := cut(record[whatSize:]); return upn }

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

// trim cuts outer white space.
func trim(cell []byte) []byte {
	if n := len(cell); n == 0 || solid(cell[0]) && solid(cell[n-1]) {
		return cell
	}
	return bytes.TrimSpace(cell)
}

func solid(c byte) bool { return c > ' ' && c < 0x80 }
