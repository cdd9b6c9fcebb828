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

// DomainCount says how many people of one domain do not match.
type DomainCount struct {
	Domain             string
	Mismatches, People int
}

// WorstDomains are the domains of Zoom emails with mismatches, the most first.
func (c Comparison) WorstDomains() []DomainCount {
	counts := map[string]DomainCount{}
	for _, r := range c.Results {
		d := Normal(r.ZoomEmail).Domain()
		one := counts[d]
		one.Domain = d
		one.People++
		if !r.OK() {
			one.Mismatches++
		}
		counts[d] = one
	}
	var worst []DomainCount
	for _, one := range counts {
		if one.Mismatches > 0 {
			worst = append(worst, one)
		}
	}
	slices.SortFunc(worst, func(a, b DomainCount) int {
		if a.Mismatches != b.Mismatches {
			return b.Mismatches - a.Mismatches
		}
		return strings.Compare(a.Domain, b.Domain)
	})
	return worst
}

// firstSteps is what to do about a class that many people share, in the order in
// which it pays.
var firstSteps = []struct {
	class Class
	step  string
}{
	{Domain, "the same names stand under another domain; if it is the initial onmicrosoft.com domain, verify the Zoom emails' domain in Entra and change the UPNs"},
	{Mail, "Zoom has the mail addresses instead of the UPNs; make UPN and mail equal in Entra (for synced users on premises), or change the emails in Zoom"},
	{Alias, "Zoom has aliases; change the emails in Zoom to the UPNs"},
	{Ambiguous, "some addresses belong to several people; leave each to one of them"},
	{Typo, "some addresses are nearly right; ask whether the suggested people are meant"},
	{Deleted, "some Microsoft accounts were deleted; restore them within 30 days or remove the Zoom users"},
	{Missing, "some Zoom users are nobody in the tenant; create them there or remove them from Zoom"},
	{Guest, "guests' mailboxes are in other tenants; they cannot connect here"},
}

// First is what to do first: about the class with the most people.
func (c Comparison) First() string {
	best, step := 0, ""
	for _, f := range firstSteps {
		if n := c.Count(f.class); n > best {
			best, step = n, f.step
		}
	}
	return step
}
