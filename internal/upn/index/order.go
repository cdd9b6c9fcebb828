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
		var some []sortKey
		for b := int(next.Add(1)) - 1; b < len(ends); b = int(next.Add(1)) - 1 {
			from := 0
			if b > 0 {
				from = ends[b-1]
			}
			some = some[:0]
			for _, i := range c.order[from:ends[b]] {
				some = append(some, keys[i])
			}
			slices.SortFunc(some, z.order)
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
