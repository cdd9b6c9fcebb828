package index

import (
	"math/bits"
)

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
func (t *table) peek(hash uint32) (slot uint64) { return t.slots[hash&t.mask] }

// likely is the place in a slot when it may be that of a hash.
func likely(slot uint64, hash uint32) (place uint64, ok bool) {
	return unpack(slot&placeMask - 1), slot != 0 && slot>>placeBits == uint64(hash>>tagShift)
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

// reset makes room for n hashes, 8 to 16 bits each.
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

func (f *filter) has(h uint64) bool {
	b := bitsOf(h)
	return f.words[h&f.mask]&b == b
}
