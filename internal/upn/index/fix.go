package index

import (
	"slices"

	"github.com/zo365/zo365/internal/upn"
)

// FixAll decides about everybody. Of two changes to one address, or with one Microsoft
// user, neither is made, since one of the two must be wrong; nor is one to an email that
// another Zoom user has.
func FixAll(c *Comparison, rules upn.FixRules) (fixes []upn.Fix, unfixed []upn.Unfixed) {
	takers, accounts := map[upn.Address]int{}, map[upn.Address]int{}
	for r := range c.Results(0, c.Len()) {
		f, u := rules.Fix(r)
		if f != nil {
			fixes = append(fixes, *f)
			takers[upn.Normal(f.To)]++
			accounts[upn.Normal(f.EntraUPN)]++
		}
		if u != nil {
			unfixed = append(unfixed, *u)
		}
	}
	fixes = slices.DeleteFunc(fixes, func(f upn.Fix) bool {
		var why string
		_, has := c.place(appendKey(nil, []byte(f.To)))
		switch {
		case f.Kind == upn.ZoomEmail && has && upn.Normal(f.To) != upn.Normal(f.From):
			why = "another Zoom user has the email " + f.To
		case takers[upn.Normal(f.To)] > 1:
			why = "somebody else would get " + f.To + " too"
		case accounts[upn.Normal(f.EntraUPN)] > 1:
			why = f.EntraUPN + " is found for somebody else too"
		default:
			return false
		}
		unfixed = append(unfixed, upn.Unfixed{ZoomEmail: f.ZoomEmail, Class: f.Class, Why: why})
		return true
	})
	return fixes, unfixed
}
