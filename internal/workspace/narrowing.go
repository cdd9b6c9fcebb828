package workspace

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// UndoWait is how long what was given back may not be known everywhere yet: tokens hold the
// permissions of Entra, and Exchange goes by its roles, as they were.
// Wider: grants may be given back although the access policy that limited them is gone.
type UndoWait struct {
	Tokens, Cache time.Duration
	Wider         bool
}

// limited says why a grant is not given back: an access policy limited it when it was taken away,
// and is not there any more, or nobody has read since whether it is. nil where nothing limited it.
func (w *Workspace) limited(s plan.Step, entries []journal.Entry) *plan.Blocked {
	if s.Permission == nil || s.Application == nil {
		return nil
	}
	var taken time.Time
	once := map[string]bool{}
	for _, e := range entries {
		if e.Action == journal.GrantsRevoked && NarrowedBy(entries, e) {
			taken = e.At
		}
		var read tenant.ExchangeEvidence
		if e.Action != journal.ExchangeRead || json.Unmarshal(e.Evidence, &read) != nil || read.Policies == nil {
			continue
		}
		for _, p := range *read.Policies {
			if p.For(s.Application.AppID) {
				once[p.Group] = true
			}
		}
	}
	if len(once) == 0 {
		return nil
	}
	group := slices.Sorted(maps.Keys(once))[0]
	read := w.Input.Record.Exchange
	if !doctor.PoliciesKnown(w.Input) || read.At.Before(taken.Truncate(time.Second)) { // the script says seconds
		return &plan.Blocked{
			Check: "access-policies",
			Why: "the access policy for " + group + " limited this grant when it was taken away; whether it is still there " +
				"nobody has read since",
			Fix: "zo365 rbac script --inventory --out inventory.ps1 reads it, zo365 rbac confirm takes the result; " +
				"if every mailbox is meant: zo365 rbac undo --allow-wider",
		}
	}
	for _, p := range doctor.PoliciesOf(w.Input) {
		if p.For(s.Application.AppID) {
			delete(once, p.Group)
		}
	}
	for _, gone := range slices.Sorted(maps.Keys(once)) {
		return &plan.Blocked{
			Check: "mailbox-scope",
			Why: "the access policy for " + gone + " limited this grant when it was taken away, and is not there any more: " +
				"Zoom would reach more than before",
			Fix: "make the policy again first (New-ApplicationAccessPolicy in Exchange Online PowerShell, then zo365 rbac " +
				"confirm); if every mailbox is meant: zo365 rbac undo --allow-wider",
		}
	}
	return nil
}

// ReverseNarrowing are the steps that take back what narrowed Zoom's application for people, or
// those for rooms: what was taken away is given again, tokens are waited for, and then what was
// made is removed.
func (w *Workspace) ReverseNarrowing(wait UndoWait, rooms bool) ([]plan.Step, error) {
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return nil, err
	}
	var gives, removes, scopes []plan.Step
	for _, e := range narrowingLeft(entries, rooms) {
		s, err := apply.Reverse(e, entries)
		var none *apply.NoWayBack
		if errors.As(err, &none) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if doctor.Action(s.Action) == doctor.GrantPermission && w.held(s) {
			continue // somebody consented again
		}
		switch doctor.Action(s.Action) {
		case doctor.GrantPermission, doctor.AssignRole:
			gives = append(gives, s)
		case doctor.DeleteScope:
			scopes = append(scopes, s)
		default:
			removes = append(removes, s)
		}
	}
	if len(gives)+len(removes)+len(scopes) == 0 {
		return nil, &apply.NoWayBack{
			Why:  "the journal has nothing that zo365 rbac apply narrowed",
			Next: "zo365 journal show",
		}
	}
	for i := range gives {
		if !wait.Wider {
			gives[i].Blocked = w.limited(gives[i], entries)
		}
	}
	steps := gives
	if len(removes) > 0 {
		// What was given back a moment ago, by an earlier run too, is waited for.
		limit := wait.Tokens
		if slices.ContainsFunc(gives, func(s plan.Step) bool { return s.Role != nil }) || slices.ContainsFunc(
			entries, func(e journal.Entry) bool { return e.Action == journal.RoleAssigned && e.Undoes != "" },
		) {
			limit = max(limit, wait.Cache)
		}
		steps = append(steps, plan.Step{
			ID:     "local/await-tokens",
			Kind:   string(doctor.Local),
			Action: string(doctor.Await),
			Scope:  doctor.ScopeTenant,
			Target: doctor.AwaitTokens,
			Before: "tokens hold the old permissions",
			After:  limit.String(),
			Made:   w.newestGrant(removes[0]),
		})
	}
	for i := range removes {
		removes[i].Blocked = w.uncovered(removes[i], gives, removes, entries)
	}
	steps = append(append(steps, removes...), scopes...)
	for i := range steps {
		if i > 0 {
			steps[i].DependsOn = []string{steps[i-1].ID}
		}
	}
	return steps, nil
}

// newestGrant is when the newest of an application's grants was made, by whomever.
func (w *Workspace) newestGrant(s plan.Step) *time.Time {
	if s.Application == nil {
		return nil
	}
	var newest time.Time
	for _, c := range w.Input.Facts.Consents.Value {
		if c.Principal == nil || c.Principal.ID != s.Application.PrincipalID {
			continue
		}
		for _, g := range c.Grants {
			if g.Permission.ReachesMailboxes() && g.At.After(newest) {
				newest = g.At
			}
		}
	}
	if newest.IsZero() {
		return nil
	}
	newest = newest.UTC()
	return &newest
}

// narrowingLeft are the newest entries of what narrowing changed and what is not as it was before:
// a role that was given and taken since is as it was.
func narrowingLeft(entries []journal.Entry, rooms bool) []journal.Entry {
	type history struct{ first, last journal.Entry }
	var keys []string
	all := map[string]*history{}
	for _, e := range entries {
		if e.Application == nil || doctor.IsForRooms(e.Application.AppID) != rooms {
			continue
		}
		if e.Action == journal.ApplicationDeleted { // what was before went with it
			keys, all = nil, map[string]*history{}
			continue
		}
		ours := e.Undoes != ""
		switch e.Action {
		case journal.RoleAssigned, journal.ScopeCreated, journal.ScopeRemoved, journal.PermissionGranted:
			ours = true
		case journal.RoleRemoved, journal.GrantsRevoked:
			ours = ours || NarrowedBy(entries, e)
		default:
			continue
		}
		k := key(e)
		if !ours { // somebody took it away for good, and with it what gives the same
			names := doctor.NamesOf(e.Permission, e.Role)
			keys = slices.DeleteFunc(keys, func(k string) bool {
				given := doctor.NamesOf(all[k].last.Permission, all[k].last.Role)
				gone := slices.ContainsFunc(given, func(p string) bool { return slices.Contains(names, p) })
				if gone {
					delete(all, k)
				}
				return gone
			})
			continue
		}
		if h, known := all[k]; known {
			h.last = e
		} else if e.Action != journal.PermissionGranted {
			keys = append(keys, k)
			all[k] = &history{first: e, last: e}
		}
	}
	var left []journal.Entry
	for _, k := range slices.Backward(keys) {
		h := all[k]
		added := []journal.Action{journal.RoleAssigned, journal.ScopeCreated}
		if slices.Contains(added, h.first.Action) == slices.Contains(added, h.last.Action) &&
			h.last.Action != journal.PermissionGranted {
			left = append(left, h.last)
		}
	}
	return left
}

// held says whether the application holds the permission that a step gives.
func (w *Workspace) held(s plan.Step) bool {
	return s.Permission != nil && s.Application != nil &&
		slices.ContainsFunc(w.Input.Facts.Consents.Value, func(c tenant.Consent) bool {
			return c.Principal != nil && c.Principal.ID == s.Application.PrincipalID &&
				slices.ContainsFunc(c.Grants, func(g tenant.Grant) bool { return g.Permission.Same(*s.Permission) })
		})
}

// holds says whether an assignment is there.
func (w *Workspace) holds(r tenant.ExchangeRole) bool {
	return slices.ContainsFunc(w.Input.Facts.Exchange.Value, func(has tenant.ExchangeRole) bool { return has.ID == r.ID })
}

// key is what an entry is about: a permission or a role of an application.
func key(e journal.Entry) string {
	switch {
	case e.Permission != nil:
		return e.Application.AppID + " " + e.Permission.Resource + " " + e.Permission.Role
	case e.Role != nil && (e.Action == journal.ScopeCreated || e.Action == journal.ScopeRemoved):
		return "scope " + e.Role.ScopeID
	case e.Role != nil:
		return e.Application.AppID + " " + e.Role.Role + " " + string(e.Role.Kind) + " " + e.Role.ScopeID
	}
	return ""
}

// NarrowedBy says whether a revocation was part of narrowing: it was one of the same plan as a
// step that only narrowing has.
func NarrowedBy(entries []journal.Entry, e journal.Entry) bool {
	return slices.ContainsFunc(entries, func(other journal.Entry) bool {
		return other.Plan == e.Plan && e.Plan != "" && strings.HasPrefix(other.Step, "local/await-exchange-cache")
	})
}

// uncovered says why a role must stay: nothing else gives its permissions to everybody in its scope,
// and a profile still wants them. gives come before, and removes go with it.
func (w *Workspace) uncovered(s plan.Step, gives, removes []plan.Step, entries []journal.Entry) *plan.Blocked {
	if s.Role == nil || s.Application == nil {
		return nil
	}
	without := doctor.Without{Principal: s.Application.PrincipalID, Role: s.Role.Role}
	for _, g := range gives {
		if g.Permission != nil {
			without.Given = append(without.Given, *g.Permission)
		}
		if g.Role != nil {
			without.GivenRoles = append(without.GivenRoles, *g.Role)
		}
	}
	for _, r := range removes {
		without.Removed = append(without.Removed, r.Object)
	}
	// An earlier run may have given roles back already.
	for _, e := range entries {
		if e.Action == journal.RoleAssigned && e.Undoes != "" && e.Role != nil && e.Application != nil &&
			e.Application.PrincipalID == s.Application.PrincipalID && w.holds(*e.Role) {
			without.GivenRoles = append(without.GivenRoles, *e.Role)
		}
	}
	missing := without.Missing(w.Input)
	if missing == "" {
		return nil
	}
	return &plan.Blocked{
		Check: "mailbox-scope",
		Why: "nothing else gives Zoom " + missing + " in every mailbox, so that calendars would stop without this role: " +
			"the grant in Entra that it replaced is gone, and it was not zo365 rbac apply that took it",
		Fix: "give the consent again, for every mailbox: zo365 authorize --again, then zo365 rbac undo; " +
			"or disable the integration first: zo365 integration disable",
	}
}

// Stands says why an entry of narrowing is not taken back alone: while nothing else gives Zoom what
// the role gives, or what does is not known everywhere yet, calendars would stop.
func (w *Workspace) Stands(s plan.Step, entries []journal.Entry, tokens time.Duration) error {
	if s.Action != string(doctor.RemoveRole) {
		return nil
	}
	next := "zo365 rbac undo takes all of it back, in the safe order"
	if s.Application != nil && doctor.IsForRooms(s.Application.AppID) {
		next = "zo365 rbac undo --rooms takes all of it back, in the safe order"
	}
	if blocked := w.uncovered(s, nil, []plan.Step{s}, entries); blocked != nil {
		return &apply.NoWayBack{Why: blocked.Why, Next: next}
	}
	since := w.freshState().GrantedAt
	if newest := w.newestGrant(s); newest != nil && newest.After(since) {
		since = *newest
	}
	if until := since.Add(tokens); time.Now().Before(until) {
		return &apply.NoWayBack{
			Why: "Zoom's tokens may not hold what was given back until " + until.UTC().Format(time.RFC3339) +
				", and calendars would stop without this role",
			Next: next,
		}
	}
	return nil
}
