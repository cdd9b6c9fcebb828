package index

import (
	"github.com/zo365/zo365/internal/distance"
)

// seeker is one processor's part of the search.
type seeker struct {
	*neighbours
	found []near
	same  func(a, b uint32) bool
	speller
	// used again for each shard
	own   []uint64 // the rests of one local part
	all   []rest   // those of the free
	index rests
}

// meet compares the rests of one shard.
func (s *seeker) meet(length, letter int, missing, free *shards) {
	if !missing.has(length, letter) || !free.has(length, letter) {
		return
	}
	s.all = s.all[:0]
	free.each(length, letter, func(who []uint32, leftOut, first int) {
		for _, f := range who {
			s.own = s.rests(s.own[:0], s.free[f].local, leftOut, first)
			for _, h := range s.own {
				s.all = append(s.all, rest{h, f})
			}
		}
	})
	s.index.reset(s.all)
	missing.each(length, letter, func(who []uint32, leftOut, first int) {
		for _, m := range who {
			if to := &s.found[m]; !to.settled(leftOut) {
				s.own = s.rests(s.own[:0], s.missing[m].local, leftOut, first)
				s.lookUp(to, s.missing[m].local, leftOut)
			}
		}
	})
}

// lookUp measures the people who have a rest in common with one of the missing.
func (s *seeker) lookUp(to *near, local string, leftOut int) {
	index := &s.index
	mask := uint64(len(index.heads) - 1)
	for _, h := range s.own {
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
