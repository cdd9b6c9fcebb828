package index

import (
	"encoding/binary"
	"runtime"
	"sync"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// zoomSide is everybody of Zoom: the emails as Zoom has them and a table over
// their normal form.
type zoomSide struct {
	texts  texts       // the email and its number in the piece
	first  []uint32    // the number of each piece's first user
	read   []zoomBatch // until the side is complete, without their texts
	batch  zoomBatch
	parts  []*table          // by the highest bits of the hash
	same   map[uint32]uint32 // an email that was there before
	differ map[uint32]bool   // whose entries say different things of their status
	users  []zoomUser
	rivals map[uint32][]rival
}

// zoomUser is where the email is and who was found for it; both are needed
// together.
type zoomUser struct {
	place uint64
	found found
}

// zoomBatch is a part of the Zoom side that one processor read.
type zoomBatch struct {
	text   []byte
	at     []uint32
	hashes []uint32
	key    []byte
}

func (b *zoomBatch) add(email []byte, status string, keep func(upn.Address) bool) {
	b.key = appendKey(b.key[:0], email)
	if keep != nil && !keep(upn.Address(b.key)) {
		return
	}
	number := uint64(len(b.at))
	b.at = append(b.at, uint32(len(b.text)))
	b.hashes = append(b.hashes, hashOf(b.key))
	b.text = binary.AppendUvarint(appendText(b.text, email), number<<statusBits|statusNumber(status))
}

func (z *zoomSide) take(b zoomBatch) {
	z.texts.add(b.text)
	z.read = append(z.read, zoomBatch{at: b.at, hashes: b.hashes})
}

// original is the first user with the email of one.
func (z *zoomSide) original(i uint32) uint32 {
	if first, twice := z.same[i]; twice {
		return first
	}
	return i
}

// isSame says whether an email was there before.
func (z *zoomSide) isSame(i uint32) bool { _, twice := z.same[i]; return twice }

func (z *zoomSide) email(i uint32) []byte { return z.emailAt(z.users[i].place) }

func (z *zoomSide) emailAt(place uint64) []byte {
	text, _ := cut(z.texts.at(place))
	return text
}

// complete numbers everybody, and returns the hashes of their emails.
func (z *zoomSide) complete() (hashes []uint32) {
	n := 0
	for _, b := range z.read {
		z.first = append(z.first, uint32(n))
		n += len(b.at)
	}
	z.users, hashes = make([]zoomUser, 0, n), make([]uint32, 0, n)
	for i, b := range z.read {
		for _, at := range b.at {
			z.users = append(z.users, zoomUser{place: placeOf(i, at)})
		}
		hashes = append(hashes, b.hashes...)
	}
	z.read = nil
	return hashes
}

// seal builds the table, each processor a part of it.
func (z *zoomSide) seal() {
	z.flush()
	z.rivals, z.same, z.differ = map[uint32][]rival{}, map[uint32]uint32{}, map[uint32]bool{}
	hashes := z.complete()
	z.parts = make([]*table, z.partCount())
	touched := make([]uint64, len(z.parts)) // keeps the compiler from leaving reads out
	var all sync.WaitGroup
	var lock sync.Mutex
	for p := range z.parts {
		all.Go(func() {
			n := 0
			for _, h := range hashes {
				if z.part(h) == p {
					n++
				}
			}
			t := newTable(n)
			z.parts[p] = t
			var key []byte
			const together = 256 // as in answer
			for i := range uint32(len(z.users)) {
				if i%together == 0 {
					for _, h := range hashes[i:min(i+together, uint32(len(hashes)))] {
						touched[p] ^= t.peek(h)
					}
				}
				h := hashes[i]
				if z.part(h) != p {
					continue
				}
				first, twice := t.insert(h, z.users[i].place, func(place uint64) bool {
					key = appendKey(key[:0], z.email(i))
					return sameKey(z.emailAt(place), key)
				})
				if twice {
					lock.Lock()
					z.same[i] = z.number(first)
					if z.statusAt(z.users[i].place) != z.statusAt(first) {
						z.differ[z.same[i]] = true
					}
					lock.Unlock()
				}
			}
		})
	}
	all.Wait()
}

func (z *zoomSide) partCount() int {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 16 {
		n *= 2
	}
	return n
}

func (z *zoomSide) part(hash uint32) int { return int(hash>>28) & (len(z.parts) - 1) }

func (z *zoomSide) find(h uint32, key []byte) (uint32, bool) {
	place, ok := z.parts[z.part(h)].find(h, func(place uint64) bool { return sameKey(z.emailAt(place), key) })
	if !ok {
		return 0, false
	}
	return z.number(place), true
}

// number is the user at a place.
func (z *zoomSide) number(place uint64) uint32 {
	_, rest := cut(z.texts.at(place))
	n, _ := binary.Uvarint(rest)
	return z.first[place>>32] + uint32(n>>statusBits)
}

// What a Zoom user's record says of their status, in its lowest bits.
const (
	active uint64 = iota
	inactive
	pending
	unclear

	statusBits = 2
)

func statusNumber(word string) uint64 {
	switch word {
	case "inactive":
		return inactive
	case "pending":
		return pending
	case tenant.UnclearStatus:
		return unclear
	}
	return active
}

// statusAt is what an entry says of it.
func (z *zoomSide) statusAt(place uint64) uint64 {
	_, rest := cut(z.texts.at(place))
	return uint64(rest[0]) & (1<<statusBits - 1)
}

// status is what is known of a user's, by all their entries; where those differ it is unknown.
func (z *zoomSide) status(i uint32) uint64 {
	if len(z.differ) > 0 && z.differ[z.original(i)] {
		return unclear
	}
	return z.statusAt(z.users[i].place)
}
