package index

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zo365/zo365/internal/distance"
	"github.com/zo365/zo365/internal/upn"
)

// maxTypo is the largest distance of local parts that is called a typo;
// maxLocal is how long a local part may be to be compared, RFC 5321 4.5.3.1.1.
const (
	maxTypo  = 2
	maxLocal = distance.Longest
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
			if near.count == 1 && (near.distance == 0 || !n.missing[i].variant) {
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
	// variant: the local part is not as it stands, so that only an equal one is suggested.
	variant bool
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
		if n, ok := sought(i, key); ok {
			all = append(all, n)
		}
	}
	return all
}

// sought is one of the missing, as the near are looked for.
func sought(i uint32, key []byte) (named, bool) {
	variant := false
	if local, ok := localOf(key); ok { // what a tag or another alphabet hides
		domain := view(key[len(local)+1:])
		plain := upn.WithoutTag(upn.Drawn(view(local))) + "@" + upn.NormalDomain(upn.Drawn(domain))
		if plain != view(key) {
			key, variant = []byte(plain), true
		}
	}
	n, ok := newNamed(i, key)
	n.variant = variant
	return n, ok
}

// free are the people whom no Zoom user matches, in the domains of the missing.
func (c *Comparison) free(domains map[string]*neighbours) []named {
	p := &c.m.people
	return inParts(len(p.at), func(from, to int) []named {
		var all []named
		var key []byte
		for i := uint32(from); i < uint32(to); i++ {
			record := p.record(i)
			if c.taken.has(i) || whatIs(record)&(isDeleted|isResource) != 0 || upn.IsGuest(view(upnOf(record))) {
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
