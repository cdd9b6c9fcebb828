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

// ReverseNarrowing are the steps that take back what narrowed Zoom's application for people, or
// those for rooms: what was taken away is given again, tokens are waited for, and then what was
// made is removed.
func (w *Workspace) ReverseNarrowing(tokens time.Duration, rooms bool) ([]plan.Step, error) {
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return nil, err
	}
	kinds := []journal.Action{journal.RoleAssigned, journal.RoleRemoved, journal.ScopeCreated, journal.GrantsRevoked}
	var gives, removes, scopes []plan.Step
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if !slices.Contains(kinds, e.Action) || e.Undoes != "" ||
			e.Application != nil && doctor.IsForRooms(e.Application.AppID) != rooms ||
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

// Stands says why an entry of narrowing is not taken back alone: while the grants that a role
// replaced are gone, Zoom reaches its mailboxes by that role only, and calendars would stop.
func Stands(entries []journal.Entry, e journal.Entry) error {
	if e.Action != journal.RoleAssigned && e.Action != journal.ScopeCreated || e.Application == nil {
		return nil
	}
	for _, other := range entries {
		gone := other.Action == journal.GrantsRevoked && narrowedBy(entries, other) || other.Action == journal.RoleRemoved
		if !gone || other.Undoes != "" || other.Application == nil || other.Application.AppID != e.Application.AppID ||
			slices.ContainsFunc(entries, func(back journal.Entry) bool { return back.Undoes == other.ID }) {
			continue
		}
		next := "zo365 rbac undo takes all of it back, in the safe order"
		if doctor.IsForRooms(e.Application.AppID) {
			next = "zo365 rbac undo --rooms takes all of it back, in the safe order"
		}
		return &apply.NoWayBack{
			Why: "what this role replaced was taken away (entry " + other.ID +
				"), so that Zoom reaches its mailboxes by this role only, and calendars would stop without it",
			Next: next,
		}
	}
	return nil
}
