package index

import (
	"bytes"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/upn"
)

// DomainCount says how many people of one domain do not match.
type DomainCount struct {
	Domain             string
	Mismatches, People int
}

// WorstDomains are the domains of Zoom emails with mismatches, the most first.
func (c *Comparison) WorstDomains() []DomainCount {
	counts := map[string]DomainCount{}
	for _, one := range inParts(len(c.m.zoom.users), c.domainCounts) {
		sum := counts[one.Domain]
		counts[one.Domain] = DomainCount{one.Domain, sum.Mismatches + one.Mismatches, sum.People + one.People}
	}
	var worst []DomainCount
	for _, one := range counts {
		if one.Mismatches > 0 {
			if c.redact {
				one.Domain = c.names.Domain(one.Domain)
			}
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

// domainCounts counts a part of the Zoom users.
func (c *Comparison) domainCounts(from, to int) []DomainCount {
	places := map[string]int{}
	var counts []DomainCount
	var key []byte
	last := -1
	for i := from; i < to; i++ {
		if len(c.m.zoom.same) > 0 && c.m.zoom.isSame(uint32(i)) {
			continue
		}
		email := c.m.zoom.email(uint32(i))
		var domain []byte
		if at := bytes.LastIndexByte(email, '@'); at >= 0 {
			domain = email[at+1:]
		}
		if last < 0 || counts[last].Domain != view(domain) {
			key = appendKey(key[:0], email)
			domain = key[bytes.LastIndexByte(key, '@')+1:]
			if len(domain) == len(key) {
				domain = nil // no address
			}
			place, there := places[view(domain)]
			if !there {
				place = len(counts)
				counts = append(counts, DomainCount{Domain: string(domain)})
				places[counts[place].Domain] = place
			}
			last = place
		}
		counts[last].People++
		if c.m.zoom.users[i].found.class() != isMatch {
			counts[last].Mismatches++
		}
	}
	return counts
}

// firstSteps is what to do about a class that many people share, in the order in
// which it pays.
var firstSteps = []struct {
	class upn.Class
	step  string
}{
	{
		upn.Domain,
		"the same names stand under another domain; if it is the initial onmicrosoft.com domain, verify the Zoom emails' domain in Entra and change the UPNs",
	},
	{
		upn.Mail,
		"Zoom has the mail addresses instead of the UPNs; make UPN and mail equal in Entra (for synced users on premises), or change the emails in Zoom",
	},
	{upn.Alias, "Zoom has aliases; change the emails in Zoom to the UPNs"},
	{upn.Ambiguous, "some addresses lead to several people; look who is meant"},
	{upn.Typo, "some addresses are nearly right; ask whether the suggested people are meant"},
	{upn.Deleted, "some Microsoft accounts were deleted; restore them within 30 days"},
	{
		upn.Unresolved,
		"some Zoom users were not found, and not all people and aliases of the tenant are known; export everybody with ProxyAddresses",
	},
	{upn.Missing, "some Zoom users are nobody in the tenant; create them there or remove them from Zoom"},
	{upn.Guest, "guests' mailboxes are in other tenants; they cannot connect here"},
}

// First is what to do first: about the class with the most people.
func (c *Comparison) First() string {
	best, step := 0, ""
	for _, f := range firstSteps {
		if n := c.Count(f.class); n > best {
			best, step = n, f.step
			if f.class == upn.Deleted && c.m.Unread == 0 {
				step += " or remove the Zoom users"
			}
		}
	}
	return step
}
