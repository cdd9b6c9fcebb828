package index

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/distance"
)

// firstLetters is into how many shards the rests of a length are divided by their
// first letter.
const firstLetters = 64

// shards are people by the length of their local part and by one of its first
// three letters: the first is that of most rests, the second that of the rests
// without the first, the third that of the rest without both.
type shards [maxLocal + maxTypo + 1][maxTypo + 1][firstLetters][]uint32

// together puts people of a shard side by side, their names too: a shard is read
// from beginning to end.
func together(all []named) []named {
	var ends [(maxLocal + 1) * firstLetters]int
	shard := func(n *named) int { return n.letters*firstLetters + int(n.local[0])%firstLetters }
	bytes := 0
	for i := range all {
		ends[shard(&all[i])]++
		bytes += len(all[i].local)
	}
	sum := 0
	for s, count := range ends {
		ends[s] = sum
		sum += count
	}
	sorted := make([]named, len(all))
	for i := range all {
		end := &ends[shard(&all[i])]
		sorted[*end] = all[i]
		*end++
	}
	var names strings.Builder
	names.Grow(bytes)
	for i := range sorted {
		from := names.Len()
		names.WriteString(sorted[i].local)
		sorted[i].local = names.String()[from:]
	}
	return sorted
}

func shardsOf(all []named) *shards {
	by := new(shards)
	for i, one := range all {
		at := 0
		for _, r := range one.local {
			if at > maxTypo {
				break
			}
			list := &by[one.letters][at][r%firstLetters]
			*list = append(*list, uint32(i))
			at++
		}
		if one.letters <= maxTypo { // nothing stays without all of them
			list := &by[at][at][0]
			*list = append(*list, uint32(i))
		}
	}
	return by
}

// each goes through the rests of a shard: who has them, how many letters they
// leave out, and how many of those are the first.
func (by *shards) each(length, letter int, do func(who []uint32, leftOut, first int)) {
	for leftOut := range maxTypo + 1 {
		for first := range leftOut + 1 {
			if who := by[length+leftOut][first][letter]; len(who) > 0 {
				do(who, leftOut, first)
			}
		}
	}
}

// rests is how many rests a shard has.
func (by *shards) rests(length, letter int) int {
	n := 0
	by.each(
		length,
		letter,
		func(who []uint32, leftOut, first int) { n += len(who) * restsOf(length+leftOut, leftOut, first) },
	)
	return n
}

// restsOf is how many rests a local part has without so many letters, of which so
// many are the first and the next is not.
func restsOf(letters, leftOut, first int) int {
	rest, other := letters-1-first, leftOut-first // the letter behind the first ones stays
	switch other {
	case 0:
		return 1
	case 1:
		return rest
	}
	return rest * (rest - 1) / 2
}

// seeker is one processor's part of the search.
type seeker struct {
	*neighbours
	found []near
	same  func(a, b uint32) bool
	speller
	// used again for each shard
	filter filter
	open   []bool   // of the missing in turn, whether they have rests
	rests  []uint64 // of the missing, one after another
	own    []uint64 // of one of the free
	kept   []rest
	index  rests
}

// meet compares the rests of one shard. A filter of the missing's rests keeps most
// of the free people's from being stored.
func (s *seeker) meet(length, letter int, missing, free *shards) {
	rests := missing.rests(length, letter)
	if rests == 0 || free.rests(length, letter) == 0 {
		return
	}
	s.filter.reset(rests)
	s.rests, s.open = slices.Grow(s.rests[:0], rests), s.open[:0]
	missing.each(length, letter, func(who []uint32, leftOut, first int) {
		for _, m := range who {
			open := !s.found[m].settled(leftOut)
			if s.open = append(s.open, open); !open {
				continue
			}
			from := len(s.rests)
			s.rests = s.speller.rests(s.rests, s.missing[m].local, leftOut, first)
			for _, h := range s.rests[from:] {
				s.filter.set(h)
			}
		}
	})
	s.kept = s.kept[:0]
	free.each(length, letter, func(who []uint32, leftOut, first int) {
		for _, f := range who {
			s.own = s.speller.rests(s.own[:0], s.free[f].local, leftOut, first)
			for _, h := range s.own {
				if s.filter.has(h) {
					s.kept = append(s.kept, rest{h, f})
				}
			}
		}
	})
	if len(s.kept) == 0 {
		return
	}
	s.index.reset(s.kept)
	from, asked := 0, 0
	missing.each(length, letter, func(who []uint32, leftOut, first int) {
		for _, m := range who {
			if asked++; s.open[asked-1] {
				to := from + restsOf(length+leftOut, leftOut, first)
				s.lookUp(&s.found[m], s.missing[m].local, leftOut, s.rests[from:to])
				from = to
			}
		}
	})
}

// lookUp measures the people who have a rest in common with one of the missing.
func (s *seeker) lookUp(to *near, local string, leftOut int, rests []uint64) {
	index := &s.index
	if to.settled(leftOut) {
		return
	}
	mask := uint64(len(index.heads) - 1)
	for _, h := range rests {
		for i := index.heads[h&mask]; i > 0; i = index.next[i-1] {
			if index.all[i-1].hash != h {
				continue
			}
			if s.measure(to, local, index.all[i-1].free); to.settled(leftOut) {
				return
			}
		}
	}
}

func (s *seeker) measure(to *near, local string, f uint32) {
	if to.count > 0 && (to.who[0] == f || to.count == 2 && to.who[1] == f) {
		return
	}
	d := distance.Of(local, s.free[f].local, maxTypo)
	if d > maxTypo || to.count > 0 && d == int(to.distance) && s.same(s.free[to.who[0]].i, s.free[f].i) {
		return
	}
	to.meet(f, d)
}

// speller makes the rests of local parts: the hashes of what stays when letters
// are left out.
type speller struct {
	letters [maxLocal]uint64
	before  [maxLocal + 1]uint64 // hashes of beginnings
	ends    [maxLocal]uint64     // what each end adds to a hash
}

const base = 0x9e3779b97f4a7c15

// powers are those of base.
var powers = func() (p [maxLocal + 1]uint64) {
	p[0] = 1
	for i := range maxLocal {
		p[i+1] = p[i] * base
	}
	return p
}()

// rests appends the hashes of all rests without so many letters, of which so many
// are the first and the next is not.
func (s *speller) rests(all []uint64, local string, leftOut, first int) []uint64 {
	n := s.read(local)
	switch leftOut - first {
	case 0:
		return append(all, mix(s.join(1, first, n)))
	case 1:
		start := s.join(1, first, first+1)
		for i := first + 1; i < n; i++ {
			all = append(all, mix(s.join(start, i+1, n)))
			start = start*base + s.letters[i]
		}
		return all
	}
	for j := range n {
		s.ends[j] = s.before[n] - s.before[j+1]*powers[n-j-1]
	}
	for i := 1; i < n; i++ {
		start := s.before[i]
		for j := i + 1; j < n; j++ {
			all = append(all, mix(start*powers[n-j-1]+s.ends[j]))
			start = start*base + s.letters[j]
		}
	}
	return all
}

// read makes the hashes of all beginnings, and returns the number of letters.
func (s *speller) read(local string) int {
	n, hash := 0, uint64(1)
	s.before[0] = hash
	for _, r := range local {
		s.letters[n] = uint64(r) + 1
		hash = hash*base + s.letters[n]
		n++
		s.before[n] = hash
	}
	return n
}

// join appends the letters from a to b to a hash.
func (s *speller) join(hash uint64, a, b int) uint64 {
	return hash*powers[b-a] + s.before[b] - s.before[a]*powers[b-a]
}

func mix(h uint64) uint64 {
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// rest is a rest of a free person's local part.
type rest struct {
	hash uint64
	free uint32
}

// rests finds free people by a rest.
type rests struct {
	all   []rest
	next  []int32 // the next entry with the same place in heads
	heads []int32
}

func (r *rests) reset(all []rest) {
	r.all = all
	r.next = resized(r.next, len(all))
	r.heads = resized(r.heads, 1<<bits.Len(uint(2*len(all))))
	for i := range all {
		head := &r.heads[all[i].hash&uint64(len(r.heads)-1)]
		r.next[i], *head = *head, int32(i)+1
	}
}
