package index

import (
	"slices"

	"github.com/zo365/zo365/internal/distance"
)

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
