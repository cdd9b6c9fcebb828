package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// take removes the ways that reach more than is wanted.
func (w *narrowing) take(names []string) []Step {
	steps := revokes(w.c.Consent, w.takenGrants, nil)
	for i := range steps {
		steps[i].After = "replaced by roles in " + w.scopeNames()
	}
	for _, r := range w.takenRoles {
		steps = append(steps, Step{
			ID:          removeID(r),
			Kind:        Graph,
			Action:      RemoveRole,
			Scope:       ScopeTenant,
			Target:      r.Role,
			Before:      strings.TrimPrefix(RoleLabel(w.in, r), r.Role+" "),
			After:       "removed",
			Application: w.c.Application(),
			Role:        &r,
			Object:      r.ID,
		})
	}
	stopped := w.loses(names)
	for i := range steps {
		steps[i].Stopped = stopped
	}
	return steps
}

// loses says whose mailbox, which the profiles want, would be out of reach afterwards.
func (w *narrowing) loses(names []string) *Stopped {
	after := w.app
	after.Grants = slices.DeleteFunc(slices.Clone(w.app.Grants), func(g tenant.Grant) bool {
		return slices.ContainsFunc(w.takenGrants, func(t tenant.Grant) bool { return t.ID == g.ID })
	})
	after.Roles = slices.DeleteFunc(slices.Concat(w.app.Roles, w.assigned), func(r tenant.ExchangeRole) bool {
		return slices.ContainsFunc(w.takenRoles, func(t tenant.ExchangeRole) bool { return t.ID == r.ID && r.ID != "" })
	})
	for i, want := range w.out.Roles {
		members := w.out.Members[i]
		if members != nil && len(members.People) == 0 {
			return &Stopped{
				Check: "mailbox-scope",
				Why:   "nobody is directly in the " + want.Scope + ", so that Zoom would reach no mailbox by it",
				Fix:   "put people into it, or name another scope: zo365 integration enable --mailbox-scope 'group:NAME'",
			}
		}
		if members == nil && !w.opt.Script && !w.matchesSomebody(want) {
			return &Stopped{
				Check: "mailbox-scope",
				Why: "whom the filter " + want.Filter + " matches is not listed, and no mailbox is known to match it, " +
					"so that Zoom might reach none",
				Fix: "name a mailbox that must be in scope: zo365 rbac plan --test UPN; or let Exchange test one: " +
					"zo365 rbac script --test UPN, then zo365 rbac confirm",
			}
		}
		if members == nil {
			if slices.ContainsFunc(w.app.Custom, func(s tenant.ExchangeScope) bool { return s.Exclusive }) {
				return &Stopped{
					Check: "mailbox-scope",
					Why:   "an exclusive scope in Exchange may keep Zoom out of mailboxes that match " + want.Filter,
					Fix:   "look at it: Get-ManagementScope -Exclusive $true in Exchange Online PowerShell",
				}
			}
			continue
		}
		var lost []string
		for _, m := range members.People {
			box := reach.Mailbox{ID: m.ID, UPN: m.UPN}
			for _, name := range names {
				gives, _ := reach.RoleGives(name)
				if slices.ContainsFunc(gives, func(p string) bool {
					return w.app.Permission(box, p) != reach.No && !has(after, box, p)
				}) {
					lost = append(lost, m.UPN)
					break
				}
			}
		}
		if len(lost) > 0 {
			return &Stopped{
				Check: "mailbox-scope",
				Why:   "Zoom might not reach " + few(lost) + " any more: an exclusive scope in Exchange may have them",
				Fix:   "look at it: Get-ManagementScope -Exclusive $true in Exchange Online PowerShell",
			}
		}
	}
	return nil
}

// matchesSomebody says whether a mailbox is known to match a filter: one that somebody named, or one
// that Exchange itself tested.
func (w *narrowing) matchesSomebody(want tenant.ExchangeRole) bool {
	for _, row := range testsOf(w.in, w.app.Principal) {
		if row.InScope != nil && *row.InScope && strings.EqualFold(row.Scope, want.Scope) {
			return true
		}
	}
	alone := w.app
	alone.Grants = nil
	want.Role, want.ID = "Application Calendars.Read", "of the filter"
	alone.Roles = []tenant.ExchangeRole{want}
	return slices.ContainsFunc(w.opt.Named, func(o tenant.MailboxOwner) bool {
		ways := alone.Ways(reach.Mailbox{ID: o.ID, UPN: o.UPN, Properties: o.Properties})
		return len(ways) == 1 && ways[0].Answer == reach.Yes
	})
}

// policies are the access policies that nothing needs any more once the grants that they
// constrain are gone. No API takes them away.
func (w *narrowing) policies(after []string) []Step {
	var steps []Step
	var stay []string // grants that the policies go on constraining
	for _, g := range w.app.Grants {
		if g.Permission.ReachesMailboxes() &&
			!slices.ContainsFunc(w.takenGrants, func(t tenant.Grant) bool { return t.ID == g.ID }) {
			stay = append(stay, g.Permission.Label())
		}
	}
	for _, p := range w.app.Policies {
		if !p.For(w.app.Principal.AppID) {
			continue
		}
		if len(stay) > 0 {
			w.out.Open = append(
				w.out.Open,
				"the access policy for "+p.Group+" stays, since it constrains "+strings.Join(stay, ", "),
			)
			continue
		}
		if len(p.AppIDs) > 1 || slices.Contains(p.AppIDs, "*") {
			w.out.Open = append(w.out.Open, "the access policy for "+p.Group+" is about other applications, too, and stays")
			continue
		}
		steps = append(steps, Step{
			ID:          "exchange/remove-policy/" + p.Identity,
			Kind:        Exchange,
			Action:      RemovePolicy,
			Scope:       ScopeTenant,
			Target:      p.Group,
			Before:      p.Right,
			After:       "replaced by roles in " + w.scopeNames(),
			Application: w.c.Application(),
			Object:      p.Identity,
			DependsOn:   after,
		})
	}
	return steps
}
