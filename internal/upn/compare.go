package upn

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Comparison is everybody: the Zoom users in order of their address, and the
// Microsoft users whom no Zoom user matches.
type Comparison struct {
	Results   []Result
	NotInZoom []tenant.User
}

// Count says how many results are of a class.
func (c Comparison) Count(class Class) int {
	n := 0
	for _, r := range c.Results {
		if r.Class == class {
			n++
		}
	}
	return n
}

// OK says whether everybody matches.
func (c Comparison) OK() bool { return c.Count(Match) == len(c.Results) }

// Compare matches every Zoom user. The result does not depend on the order of
// either list.
func Compare(zoomUsers []tenant.ZoomUser, ix *Index) Comparison {
	var c Comparison
	taken := map[string]bool{}
	for _, z := range zoomUsers {
		r := ix.Match(z.Email)
		if r.Entra != nil {
			taken[r.Entra.UPN] = true
		}
		for _, upn := range r.Candidates {
			taken[upn] = true
		}
		c.Results = append(c.Results, r)
	}
	slices.SortFunc(c.Results, func(a, b Result) int {
		if order := strings.Compare(string(Normal(a.ZoomEmail)), string(Normal(b.ZoomEmail))); order != 0 {
			return order
		}
		return strings.Compare(a.ZoomEmail, b.ZoomEmail)
	})
	for i := range c.Results {
		if c.Results[i].Class == Missing {
			ix.suggest(&c.Results[i], taken)
		}
	}
	for _, u := range ix.users {
		if !taken[u.UPN] && !u.Deleted && !u.Guest && !isGuestUPN(u.UPN) {
			c.NotInZoom = append(c.NotInZoom, u)
		}
	}
	slices.SortFunc(c.NotInZoom, func(a, b tenant.User) int { return strings.Compare(a.UPN, b.UPN) })
	return c
}

// Suggest looks for a typo of one person whose neighbours are not known to be
// anybody else's match.
func (ix *Index) Suggest(r Result) Result {
	if r.Class == Missing {
		ix.suggest(&r, nil)
	}
	return r
}

// maxTypo is the largest distance of local parts that is called a typo.
const maxTypo = 2

// suggest turns missing into typo when exactly one free person of the same
// domain is nearest within the limit.
func (ix *Index) suggest(r *Result, taken map[string]bool) {
	address := Normal(r.ZoomEmail)
	if !address.Complete() {
		return
	}
	best, nearest := maxTypo+1, []int(nil)
	local := []rune(address.Local())
	for _, i := range ix.nearness[address.Domain()] {
		if taken[ix.users[i].UPN] {
			continue
		}
		d := distance(local, []rune(Normal(ix.users[i].UPN).Local()), best)
		if d < best {
			best, nearest = d, nearest[:0]
		}
		if d == best && d <= maxTypo {
			nearest = append(nearest, i)
		}
	}
	if len(nearest) == 1 {
		r.Class, r.Suggestion = Typo, ix.users[nearest[0]].UPN
	}
}

// distance is the Damerau-Levenshtein distance with neighbouring swaps (optimal
// string alignment); it stops early with a number above limit when the lengths
// alone are too far apart.
func distance(a, b []rune, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
