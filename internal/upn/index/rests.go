package index

import (
	"math/bits"
)

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

// resized is a slice of zeros that takes the old one's place if it can.
func resized[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	old = old[:n]
	clear(old)
	return old
}
