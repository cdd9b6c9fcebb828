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
