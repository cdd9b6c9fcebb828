package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// sort orders the Zoom users by their address in normal form, then as written:
// first into buckets by the first bits in which they differ, then each bucket.
func (c *Comparison) sort() {
	z := &c.m.zoom
	n := len(z.users)
	keys := make([]sortKey, n)
	same := inParts(n, func(from, to int) []uint64 {
		var key []byte
		common, either := ^uint64(0), uint64(0)
		for i := from; i < to; i++ {
			key = appendKey(key[:0], z.email(uint32(i)))
			keys[i] = newSortKey(key, uint32(i))
			common, either = common&keys[i].first, either|keys[i].first
		}
		return []uint64{common, either}
	})
	common, either := ^uint64(0), uint64(0)
	for i := 0; i < len(same); i += 2 {
		common, either = common&same[i], either|same[i+1]
	}
	const bucketBits = 14
	shift := max(bits.Len64(common^either)-bucketBits, 0)
	bucket := func(k sortKey) int { return int(k.first>>shift) & (1<<bucketBits - 1) }
	var ends [1 << bucketBits]int
	for _, k := range keys {
		ends[bucket(k)]++
	}
	sum := 0
	for b, count := range ends {
		ends[b] = sum
		sum += count
	}
	c.order = make([]uint32, n)
	for i, k := range keys {
		b := bucket(k)
		c.order[ends[b]] = uint32(i)
		ends[b]++
	}
	var next atomic.Int32
	inTurns(func() {
		var some, room []sortKey
		for b := int(next.Add(1)) - 1; b < len(ends); b = int(next.Add(1)) - 1 {
			from := 0
			if b > 0 {
				from = ends[b-1]
			}
			some = some[:0]
			for _, i := range c.order[from:ends[b]] {
				some = append(some, keys[i])
			}
			room = slices.Grow(room[:0], len(some))[:len(some)]
			z.sortKeys(some, room)
			for i, k := range some {
				c.order[from+i] = k.i
			}
		}
	})
}

// inTurns runs the same on all processors.
func inTurns(work func()) {
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(work)
	}
	all.Wait()
}

// sortKey is the beginning of an address, so that most comparisons need not look
// at it.
type sortKey struct {
	first, second uint64
	i             uint32
}

func newSortKey(key []byte, i uint32) sortKey {
	var words [16]byte
	copy(words[:], key)
	return sortKey{binary.BigEndian.Uint64(words[:8]), binary.BigEndian.Uint64(words[8:]), i}
}

// sortKeys sorts by the first bits in which the keys differ, then each part by the
// next: names begin alike, and comparing would read the same beginning again and
// again. room is as long as keys.
func (z *zoomSide) sortKeys(keys, room []sortKey) {
	const few, digit = 48, 8
	if len(keys) <= few {
		slices.SortFunc(keys, z.order)
		return
	}
	common, either := keys[0], keys[0]
	for _, k := range keys {
		common.first, common.second = common.first&k.first, common.second&k.second
		either.first, either.second = either.first|k.first, either.second|k.second
	}
	shift := bits.Len64(common.first ^ either.first)
	word := func(k *sortKey) uint64 { return k.first }
	if shift == 0 {
		shift = bits.Len64(common.second ^ either.second)
		word = func(k *sortKey) uint64 { return k.second }
	}
	if shift == 0 { // alike as far as the keys go
		slices.SortFunc(keys, z.order)
		return
	}
	shift = max(shift-digit, 0)
	var ends [1 << digit]int
	for i := range keys {
		ends[word(&keys[i])>>shift&(1<<digit-1)]++
	}
	sum := 0
	for d, count := range ends {
		ends[d] = sum
		sum += count
	}
	for i := range keys {
		end := &ends[word(&keys[i])>>shift&(1<<digit-1)]
		room[*end] = keys[i]
		*end++
	}
	copy(keys, room)
	from := 0
	for _, end := range ends {
		z.sortKeys(keys[from:end], room[from:end])
		from = end
	}
}

func (z *zoomSide) order(a, b sortKey) int {
	if a.first != b.first {
		return cmp.Compare(a.first, b.first)
	}
	if a.second != b.second {
		return cmp.Compare(a.second, b.second)
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
