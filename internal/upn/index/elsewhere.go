package index

import (
	"bytes"
	"runtime"
	"slices"
	"sync"

	"github.com/zo365/zo365/internal/upn"
)

// elsewhere looks for the local parts of those who were not found under the
// other domains of the tenant.
func (c *Comparison) elsewhere(open []uint32) {
	z, p := &c.m.zoom, &c.m.people
	locals := newTable(len(open))
	next := map[uint32][]uint32{} // others with the same local part
	var key []byte
	for _, i := range open {
		key = appendKey(key[:0], z.email(i))
		local, ok := localOf(key)
		if !ok {
			continue
		}
		h := hashOf(local)
		first, there := locals.insert(
			h,
			z.users[i].place,
			func(place uint64) bool { return hasLocal(z.emailAt(place), local) },
		)
		if there {
			next[z.number(first)] = append(next[z.number(first)], i)
		}
	}
	hits := inParts(len(p.at), func(from, to int) []hit {
		var hits []hit
		var key []byte
		for person := uint32(from); person < uint32(to); person++ {
			record := p.record(person)
			if whatIs(record)&(isDeleted|isResource) != 0 || upn.IsGuest(view(upnOf(record))) {
				continue
			}
			name := upnOf(record)
			at := bytes.LastIndexByte(name, '@')
			if at <= 0 || at == len(name)-1 {
				continue
			}
			if key = appendKey(key[:0], name[:at]); len(key) != at {
				key = appendKey(key[:0], name) // not plain
				key, _ = localOf(key)
			}
			local := key
			h := hashOf(local)
			if place, ok := locals.find(h, func(place uint64) bool { return hasLocal(z.emailAt(place), local) }); ok {
				hits = append(hits, hit{zoom: z.number(place), person: person})
			}
		}
		return hits
	})
	for _, h := range hits {
		for _, i := range append([]uint32{h.zoom}, next[h.zoom]...) {
			c.m.count(hit{zoom: i, rule: byLocal}, h.person)
		}
	}
}

func hasLocal(email, local []byte) bool {
	var room [64]byte
	have, _ := localOf(appendKey(room[:0], email))
	return bytes.Equal(have, local)
}

// localOf is the part before the last @ of a complete address.
func localOf(key []byte) (local []byte, complete bool) {
	at := bytes.LastIndexByte(key, '@')
	if at <= 0 || at == len(key)-1 {
		return nil, false
	}
	return key[:at], true
}

// inParts works on all processors and joins the outcomes in order.
func inParts[T any](n int, work func(from, to int) []T) []T {
	const few = 64 // not worth the company
	if n < few {
		return work(0, n)
	}
	parts := make([][]T, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() { parts[i] = work(n*i/len(parts), n*(i+1)/len(parts)) })
	}
	all.Wait()
	return slices.Concat(parts...)
}
