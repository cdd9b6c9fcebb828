package rest

import (
	"errors"
	"hash/maphash"
)

// Pages watches a listing for pages that come again: clients have been seen to follow a
// service round and round, tens of thousands of requests long. The zero value is ready.
type Pages struct {
	links    map[string]bool
	contents map[uint64]bool
	empty    int
}

// The ways in which a listing does not end.
var (
	ErrSameLink   = errors.New("the service sent the same link to a next page twice")
	ErrSamePage   = errors.New("the service sent the same page twice")
	ErrEmptyPages = errors.New("the service sent a thousand empty pages")
)

const mostEmpty = 1000

var seed = maphash.MakeSeed()

// Add notes a page: its items as text, how many there are, and the link or token of the
// next page. An error says that following it leads nowhere.
func (p *Pages) Add(text []byte, items int, next string) error {
	if p.links == nil {
		p.links, p.contents = map[string]bool{}, map[uint64]bool{}
	}
	if next != "" && p.links[next] {
		return ErrSameLink
	}
	p.links[next] = true
	if items == 0 {
		if p.empty++; p.empty > mostEmpty {
			return ErrEmptyPages
		}
		return nil
	}
	p.empty = 0
	sum := maphash.Bytes(seed, text)
	if p.contents[sum] {
		return ErrSamePage
	}
	p.contents[sum] = true
	return nil
}
