package workspace

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
)

// ReverseNarrowing are the steps that take back what narrowed Zoom's application: what was taken
// away is given again, tokens are waited for, and then what was made is removed.
func (w *Workspace) ReverseNarrowing(tokens time.Duration) ([]plan.Step, error) {
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return nil, err
	}
	kinds := []journal.Action{journal.RoleAssigned, journal.RoleRemoved, journal.ScopeCreated, journal.GrantsRevoked}
	var gives, removes, scopes []plan.Step
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if !slices.Contains(kinds, e.Action) || e.Undoes != "" ||
			e.Action == journal.GrantsRevoked && !narrowedBy(entries, e) {
			continue
		}
		s, err := apply.Reverse(e, entries)
		var none *apply.NoWayBack
		if errors.As(err, &none) {
			continue // taken back already
		}
		if err != nil {
			return nil, err
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
	steps := gives
	if len(removes) > 0 && slices.ContainsFunc(gives, func(s plan.Step) bool { return s.Permission != nil }) {
		steps = append(steps, plan.Step{
			ID:     "local/await-tokens",
			Kind:   string(doctor.Local),
			Action: string(doctor.Await),
			Scope:  doctor.ScopeTenant,
			Target: doctor.AwaitTokens,
			Before: "tokens hold the old permissions",
			After:  tokens.String(),
		})
	}
	steps = append(append(steps, removes...), scopes...)
	for i := range steps {
		if i > 0 {
			steps[i].DependsOn = []string{steps[i-1].ID}
		}
	}
	return steps, nil
}

// narrowedBy says whether a revocation was part of narrowing: it was one of the same plan as a
// step that only narrowing has.
func narrowedBy(entries []journal.Entry, e journal.Entry) bool {
	return slices.ContainsFunc(entries, func(other journal.Entry) bool {
		return other.Plan == e.Plan && e.Plan != "" && strings.HasPrefix(other.Step, "local/await-exchange-cache")
	})
}
