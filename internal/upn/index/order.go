package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// sort orders the Zoom users by their address in normal form, then as written.
func (c *Comparison) sort() {
	z := &c.m.zoom
	keys := make([]sortKey, len(z.users))
	inParts(len(keys), func(from, to int) []sortKey {
		var key []byte
		for i := from; i < to; i++ {
			key = appendKey(key[:0], z.email(uint32(i)))
			keys[i] = newSortKey(key, uint32(i))
		}
		return nil
	})
	slices.SortFunc(keys, z.order)
	c.order = make([]uint32, len(keys))
	for i, k := range keys {
		c.order[i] = k.i
	}
}

// sortKey is the beginning of an address, so that most comparisons need not look
// at it.
type sortKey struct {
	first, second, third uint64
	i                    uint32
}

func newSortKey(key []byte, i uint32) sortKey {
	var words [24]byte
	copy(words[:], key)
	return sortKey{
		first:  binary.BigEndian.Uint64(words[:8]),
		second: binary.BigEndian.Uint64(words[8:16]),
		third:  binary.BigEndian.Uint64(words[16:]),
		i:      i,
	}
}

func (z *zoomSide) order(a, b sortKey) int {
	if a.first != b.first {
		return cmp.Compare(a.first, b.first)
	}
	if a.second != b.second {
		return cmp.Compare(a.second, b.second)
	}
	if a.third != b.third {
		return cmp.Compare(a.third, b.third)
	}
	return z.compare(a.i, b.i)
}

func (z *zoomSide) compare(a, b uint32) int {
	var one, two [64]byte
	x, y := z.email(a), z.email(b)
	if order := bytes.Compare(appendKey(one[:0], x), appendKey(two[:0], y)); order != 0 {
		return order
	}
	return bytes.Compare(x, y)
}
