package upn

import (
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// maxTypo is the largest distance of local parts that is called a typo;
// maxLocal is how long a local part may be to be compared, RFC 5321 4.5.3.1.1.
const (
	maxTypo  = 2
	maxLocal = 64
)

// suggest turns missing into typo when exactly one free person of the same
// domain is nearest within the limit.
//
// Two local parts within a distance of 2 have a common rest once up to two
// letters are left out of each. So only people with a common rest are measured:
// the cost grows with the number of people, not with its square. The rests are
// gone through by domain, length and first letter, so that what is compared at a
// time stays in the processor's cache.
func (c *Comparison) suggest() {
	missing := c.missing()
	if len(missing) == 0 {
		return
	}
	domains := map[string]*neighbours{}
	for _, m := range missing {
		if domains[m.domain] == nil {
			domains[m.domain] = &neighbours{}
		}
		domains[m.domain].missing = append(domains[m.domain].missing, m)
	}
	for _, f := range c.free(domains) {
		domains[f.domain].free = append(domains[f.domain].free, f)
	}
	for _, n := range domains { // the order does not matter: domains do not meet
		seek := n.nearest
		const few = 1 << 14 // measuring every pair is quicker
		if len(n.missing)*len(n.free) < few {
			seek = n.nearestOfFew
		}
		for i, near := range seek(c.m.people.samePerson) {
			if near.count == 1 {
				h := hit{zoom: n.missing[i].i, rule: byNearness}
				c.m.zoom.users[h.zoom].found = h.found(n.free[near.who[0]].i)
			}
		}
	}
}

// named is somebody's address in normal form, in its two parts.
type named struct {
	i             uint32
	letters       int
	local, domain string
}

func newNamed(i uint32, key []byte) (named, bool) {
	local, complete := localOf(key)
	if !complete || len(local) > maxLocal {
		return named{}, false
	}
	text := string(key)
	n := named{i: i, local: text[:len(local)], domain: text[len(local)+1:]}
	n.letters = utf8.RuneCountInString(n.local)
	return n, true
}

func (c *Comparison) missing() []named {
	var all []named
	var key []byte
	z := &c.m.zoom
	for i, u := range z.users {
		i := uint32(i)
		if u.found != 0 {
			continue
		}
		if _, twice := z.same[i]; twice {
			continue
		}
		key = appendKey(key[:0], z.email(i))
		if n, ok := newNamed(i, key); ok {
			all = append(all, n)
		}
	}
	return all
}

// free are the people whom no Zoom user matches, in the domains of the missing.
func (c *Comparison) free(domains map[string]*neighbours) []named {
	p := &c.m.people
	return inParts(p.at.n, func(from, to int) []named {
		var all []named
		var key []byte
		for i := uint32(from); i < uint32(to); i++ {
			record := p.record(i)
			if c.taken.has(i) || record[0]&isDeleted != 0 || isGuestUPN(view(upnOf(record))) {
				continue
			}
			key = appendKey(key[:0], upnOf(record))
			local, complete := localOf(key)
			if !complete {
				continue
			}
			if _, known := domains[view(key[len(local)+1:])]; !known {
				continue
			}
			if n, ok := newNamed(i, key); ok {
				all = append(all, n)
			}
		}
		return all
	})
}

// neighbours are the people of one domain: the missing of Zoom and the free of
// Microsoft.
type neighbours struct{ missing, free []named }

// near is who was found nearest to one of the missing: up to two people, since a
// second one at the same distance settles that there is no suggestion.
type near struct {
	distance, count uint8
	who             [2]uint32
}

// settled says whether no rest with so many letters left out can change the
// answer: whoever is nearer would have been met before.
func (n *near) settled(leftOut int) bool {
	return n.count == 2 && int(n.distance) <= max(leftOut, 1)
}

func (n *near) meet(who uint32, distance int) {
	switch {
	case n.count == 0 || distance < int(n.distance):
		*n = near{distance: uint8(distance), count: 1, who: [2]uint32{who}}
	case distance == int(n.distance) && n.count == 1 && n.who[0] != who:
		n.count, n.who[1] = 2, who
	}
}

// nearestOfFew measures every pair.
func (n *neighbours) nearestOfFew(same func(a, b uint32) bool) []near {
	found := make([]near, len(n.missing))
	s := seeker{neighbours: n, same: same}
	for m := range n.missing {
		for f := range n.free {
			s.measure(&found[m], n.missing[m].local, uint32(f))
		}
	}
	return found
}

// nearest looks for each of the missing. The processors take the shards of rests
// in turn, the longest first, each with a memory of its own; what they found is
// joined.
func (n *neighbours) nearest(same func(a, b uint32) bool) []near {
	n.missing, n.free = together(n.missing), together(n.free)
	missing, free := shardsOf(n.missing), shardsOf(n.free)
	workers := runtime.GOMAXPROCS(0)
	if len(n.missing) < 64 {
		workers = 1 // not worth the company
	}
	found := make([][]near, workers)
	var shard atomic.Int32
	shard.Store((maxLocal + 1) * firstLetters)
	var all sync.WaitGroup
	for w := range found {
		all.Go(func() {
			found[w] = make([]near, len(n.missing))
			r := seeker{neighbours: n, found: found[w], same: same}
			for i := int(shard.Add(-1)); i >= 0; i = int(shard.Add(-1)) {
				r.meet(i/firstLetters, i%firstLetters, missing, free)
			}
		})
	}
	all.Wait()
	for _, more := range found[1:] {
		for i, one := range more {
			for _, who := range one.who[:one.count] {
				found[0][i].meet(who, int(one.distance))
			}
		}
	}
	return found[0]
}

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
	by.each(length, letter, func(who []uint32, leftOut, first int) { n += len(who) * restsOf(length+leftOut, leftOut, first) })
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
	d := distance(local, s.free[f].local, maxTypo)
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

// grid is the memory of distance.
type grid struct {
	cells [maxLocal + 2][maxLocal + 2]int16
	// last is the row in which an ASCII letter was met last.
	last [utf8.RuneSelf]int16
}

var grids = sync.Pool{New: func() any { return new(grid) }}

// distance is the Damerau-Levenshtein distance: letters that are left out, put in,
// taken for others, or swapped with the next one, whatever was put between the two
// later. It stops with a number above limit when the lengths alone are too far
// apart. Neither may be longer than maxLocal.
//
// https://doi.org/10.1145/363958.363994, the unrestricted form of
// https://doi.org/10.1145/321879.321880
func distance(a, b string, limit int) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] && a[0] < utf8.RuneSelf {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] && a[len(a)-1] < utf8.RuneSelf {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	return distanceOfRest(x, y)
}

// distanceOfRest measures what two texts do not have in common at their ends.
func distanceOfRest(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	g := grids.Get().(*grid)
	defer grids.Put(g)
	clear(g.last[:])
	var others map[rune]int16 // rows of letters that are not ASCII
	d := &g.cells
	far := int16(len(a) + len(b))
	d[0][0] = far
	for i := range len(a) + 1 {
		d[i+1][0], d[i+1][1] = far, int16(i)
	}
	for j := range len(b) + 1 {
		d[0][j+1], d[1][j+1] = far, int16(j)
	}
	for i := 1; i <= len(a); i++ {
		column := int16(0) // the last column in which this row's letter was met
		for j := 1; j <= len(b); j++ {
			row := others[b[j-1]]
			if b[j-1] < utf8.RuneSelf {
				row = g.last[b[j-1]]
			}
			before, cost := column, int16(1)
			if a[i-1] == b[j-1] {
				column, cost = int16(j), 0
			}
			d[i+1][j+1] = min(d[i][j]+cost, d[i+1][j]+1, d[i][j+1]+1, d[row][before]+int16(i)-row+int16(j)-before-1)
		}
		if a[i-1] < utf8.RuneSelf {
			g.last[a[i-1]] = int16(i)
			continue
		}
		if others == nil {
			others = map[rune]int16{}
		}
		others[a[i-1]] = int16(i)
	}
	return int(d[len(a)+1][len(b)+1])
}
