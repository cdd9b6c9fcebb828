package index

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/distance"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Comparison is everybody: the Zoom users in order of their address, and the
// Microsoft users whom no Zoom user matches.
type oracleComparison struct {
	Results   []upn.Result
	NotInZoom []tenant.User
}

// Compare matches every Zoom user. The result does not depend on the order of
// either list.
func oracleCompare(zoomUsers []tenant.ZoomUser, ix *oracle) oracleComparison {
	var c oracleComparison
	taken := map[string]bool{}
	for _, z := range zoomUsers {
		r := ix.Match(z.Email)
		if r.Entra != nil {
			taken[r.Entra.UPN] = true
		}
		for _, name := range r.Candidates {
			taken[name] = true
		}
		c.Results = append(c.Results, r)
	}
	slices.SortFunc(c.Results, func(a, b upn.Result) int {
		if order := strings.Compare(string(upn.Normal(a.ZoomEmail)), string(upn.Normal(b.ZoomEmail))); order != 0 {
			return order
		}
		return strings.Compare(a.ZoomEmail, b.ZoomEmail)
	})
	c.Results = slices.CompactFunc(c.Results, func(a, b upn.Result) bool {
		return upn.Normal(a.ZoomEmail) == upn.Normal(b.ZoomEmail)
	})
	matched := map[string]string{}
	for _, r := range c.Results {
		if r.Class == upn.Match {
			matched[r.Entra.UPN] = r.ZoomEmail
		}
	}
	for i, r := range c.Results {
		if r.Class != upn.Mail && r.Class != upn.Alias && r.Class != upn.Domain {
			continue
		}
		if by, ok := matched[r.Entra.UPN]; ok {
			c.Results[i].Class, c.Results[i].TakenBy, c.Results[i].Kind = upn.Taken, by, ""
			if r.Class == upn.Domain {
				c.Results[i].MatchedOn = string(upn.Normal(r.ZoomEmail))
			}
		}
	}
	for i := range c.Results {
		if c.Results[i].Class == upn.Missing {
			ix.suggest(&c.Results[i], taken)
		}
	}
	for _, u := range ix.users {
		if !taken[u.UPN] && !u.Deleted && !u.Guest && !upn.IsGuest(u.UPN) {
			c.NotInZoom = append(c.NotInZoom, u)
		}
	}
	slices.SortFunc(c.NotInZoom, func(a, b tenant.User) int {
		return cmp.Or(strings.Compare(a.UPN, b.UPN), strings.Compare(a.ID, b.ID))
	})
	seen := map[upn.Address]bool{}
	c.NotInZoom = slices.DeleteFunc(c.NotInZoom, func(u tenant.User) bool {
		twice := seen[upn.Normal(u.UPN)]
		seen[upn.Normal(u.UPN)] = true
		return twice
	})
	return c
}

// suggest turns missing into typo when exactly one free person of the same
// domain is nearest within the limit.
func (ix *oracle) suggest(r *upn.Result, taken map[string]bool) {
	address := upn.Normal(r.ZoomEmail)
	if !address.Complete() {
		return
	}
	limit, nearest := maxTypo, []int(nil)
	local := upn.WithoutTag(upn.Drawn(address.Local()))
	if local != address.Local() {
		limit = 0 // only who is meant without doubt
	}
	best := limit + 1
	for _, i := range ix.nearness[address.Domain()] {
		if taken[ix.users[i].UPN] {
			continue
		}
		d := distance.Of(local, upn.Normal(ix.users[i].UPN).Local(), best)
		if d < best {
			best, nearest = d, nearest[:0]
		}
		if d == best && d <= limit {
			nearest = append(nearest, i)
		}
	}
	if len(nearest) == 1 {
		r.Class, r.Suggestion = upn.Typo, ix.users[nearest[0]].UPN
	}
}
