package workspace

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
)

// Change is a change of one scope's profile in the tenant file.
type Change struct {
	// Group is empty for the account.
	Group string
	// Edit changes the document; it must be repeatable, since it runs once to show the
	// change and once under the lock.
	Edit func(*config.Document) error
	// Undoes is the ID of the entry that this takes back.
	Undoes string
}

// Difference is what a change does to a scope.
type Difference struct {
	Scope string
	// Changed says whether the file's text differs.
	Changed       bool
	Before, After profile.Effective

	// before and after are the scope's own settings, encoded; "null" is no profile.
	before, after string
}

// ScopeMicrosoft is the scope of a change of the tenant file's microsoft section, which is
// of no profile.
const ScopeMicrosoft = "microsoft"

// SetMicrosoft sets one key of the microsoft section, zoom_app_id or client_id, and records
// it, under the lock that the caller holds.
func (w *Workspace) SetMicrosoft(ctx context.Context, key, value, undoes string) error {
	before := own(w.File, ScopeMicrosoft)
	next := w.File.Clone()
	switch key {
	case "zoom_app_id":
		next.Microsoft.ZoomAppID = value
	case "client_id":
		next.Microsoft.ClientID = value
	default:
		return fmt.Errorf("microsoft.%s is not a setting that commands write", key)
	}
	after := own(next, ScopeMicrosoft)
	edit := func() error {
		doc, err := config.Edit(ctx, w.Path, func(doc *config.Document) error { return doc.SetMicrosoft(key, value) })
		if err == nil {
			w.File, w.Input.File = doc.File, doc.File
		}
		return err
	}
	entry := changedMicrosoft(before, after)
	entry.Undoes = undoes
	return w.Recorder().Edit(ctx, ScopeMicrosoft, before, after, edit, entry)
}

func changedMicrosoft(before, after string) journal.Entry {
	return journal.Entry{
		Action: journal.ProfileChanged,
		Before: json.RawMessage(before),
		After:  json.RawMessage(after),
		Evidence: journal.JSON(
			map[string]json.RawMessage{"own_before": json.RawMessage(before), "own_after": json.RawMessage(after)},
		),
	}
}

// ReverseMicrosoft gives the microsoft section the settings back that it had before an
// entry, if nobody changed them since.
func (w *Workspace) ReverseMicrosoft(ctx context.Context, e journal.Entry) error {
	if !sameJSON(own(w.File, ScopeMicrosoft), string(e.After)) {
		return &ChangedSinceError{Scope: "the section microsoft of the tenant file"}
	}
	var before, after map[string]string
	if err := json.Unmarshal(e.Before, &before); err != nil {
		return fmt.Errorf("reading the entry's settings: %w", err)
	}
	if err := json.Unmarshal(e.After, &after); err != nil {
		return fmt.Errorf("reading the entry's settings: %w", err)
	}
	for _, key := range []string{"client_id", "zoom_app_id"} {
		if before[key] != after[key] {
			return w.SetMicrosoft(ctx, key, before[key], e.ID)
		}
	}
	return nil
}

// Trial makes a change on a copy and says what it would do.
func (w *Workspace) Trial(c Change) (Difference, error) {
	doc, err := config.Load(w.Path)
	if err != nil {
		return Difference{}, err
	}
	return compare(doc, c)
}

// compare makes a change on a document and says what it did.
func compare(doc *config.Document, c Change) (Difference, error) {
	before := doc.File.Clone()
	d := Difference{Scope: profile.Scope(c.Group), before: own(before, profile.Scope(c.Group))}
	d.Before, _ = before.Effective(c.Group) // a group without a profile inherits
	text := string(doc.Text())
	if err := c.Edit(doc); err != nil {
		return d, err
	}
	d.After, _ = doc.File.Effective(c.Group)
	d.after, d.Changed = own(doc.File, d.Scope), text != string(doc.Text())
	return d, nil
}

// own are a scope's own settings, encoded: what it sets, not what it inherits.
func own(f profile.File, scope string) string {
	if scope == ScopeMicrosoft {
		return string(
			journal.JSON(map[string]string{"client_id": f.Microsoft.ClientID, "zoom_app_id": f.Microsoft.ZoomAppID}),
		)
	}
	s := f.Account
	if group := groupOf(scope); group != "" {
		g, ok := f.Find(group)
		if !ok {
			return "null"
		}
		s = g.Settings
	}
	set := map[string]string{}
	for _, key := range profile.Keys {
		if v := s.Get(key); v != "" {
			set[key] = v
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // a map of strings
	}
	return string(text)
}

// Edit makes a change and records it.
func (w *Workspace) Edit(ctx context.Context, c Change) (Difference, error) {
	trial, err := w.Trial(c)
	if err != nil || !trial.Changed {
		return trial, err
	}
	var d Difference
	var doc *config.Document
	edit := func() (err error) {
		doc, err = config.Edit(ctx, w.Path, func(doc *config.Document) error {
			d, err = compare(doc, c)
			return err
		})
		return err
	}
	entry := changed(trial)
	entry.Undoes = c.Undoes
	if err := w.Recorder().Edit(ctx, trial.Scope, trial.before, trial.after, edit, entry); err != nil {
		return d, err
	}
	for _, warning := range doc.Warnings {
		w.settings.Say("warning: %s", warning)
	}
	w.File = doc.File
	w.Input.File = doc.File
	return d, nil
}

// changed is the entry of a change.
func changed(d Difference) journal.Entry {
	return journal.Entry{
		Action: journal.ProfileChanged,
		Before: journal.JSON(d.Before),
		After:  journal.JSON(d.After),
		Evidence: journal.JSON(
			map[string]json.RawMessage{"own_before": json.RawMessage(d.before), "own_after": json.RawMessage(d.after)},
		),
	}
}

// CloseEdits ends the edits of the file whose end an earlier run could not record.
func (w *Workspace) CloseEdits(ctx context.Context) error {
	now := func(scope string) string { return own(w.File, scope) }
	err := w.Recorder().CloseEdits(ctx, w.State.Open, now, func(scope string, s plan.Step) journal.Entry {
		if scope == ScopeMicrosoft {
			return changedMicrosoft(s.Before, s.After)
		}
		before := w.File.Clone()
		d := Difference{Scope: scope, before: s.Before, after: s.After}
		d.After, _ = before.Effective(groupOf(scope))
		restore(&before, groupOf(scope), s.Before)
		d.Before, _ = before.Effective(groupOf(scope))
		return changed(d)
	})
	if err != nil || len(w.State.Open) == 0 {
		return err
	}
	return w.Reread()
}

// restore gives a scope of a copy the own settings that it had.
func restore(f *profile.File, group, settings string) {
	var set map[string]string
	if json.Unmarshal([]byte(settings), &set) != nil {
		return
	}
	target := &f.Account
	for i := range f.Groups {
		if group != "" && profile.SameName(f.Groups[i].Name, group) {
			target = &f.Groups[i].Settings
		}
	}
	for _, key := range profile.Keys {
		target.Unset(key)
		if v, ok := set[key]; ok {
			_ = target.Set(key, v) // it was in the file
		}
	}
}

func groupOf(scope string) string {
	group, ok := strings.CutPrefix(scope, "group:")
	if !ok {
		return ""
	}
	return group
}

// ChangedSinceError says that a scope's settings are not as an entry left them.
type ChangedSinceError struct{ Scope string }

func (e *ChangedSinceError) Error() string { return e.Scope + " was changed again since then" }

// ReverseEdit is the change that gives a scope exactly its own settings back: what
// inherited inherits again, and a profile that was not there goes.
func (w *Workspace) ReverseEdit(e journal.Entry) (Change, error) {
	group := groupOf(e.Scope)
	var evidence struct {
		Before json.RawMessage `json:"own_before"`
		After  json.RawMessage `json:"own_after"`
	}
	if err := json.Unmarshal(orNullJSON(e.Evidence), &evidence); err != nil {
		return Change{}, fmt.Errorf("reading the entry's settings: %w", err)
	}
	if evidence.Before == nil {
		return w.reverseOld(e, group)
	}
	if !sameJSON(own(w.File, e.Scope), string(evidence.After)) {
		return Change{}, &ChangedSinceError{Scope: e.Scope}
	}
	return Change{Group: group, Undoes: e.ID, Edit: func(doc *config.Document) error {
		if string(evidence.Before) == "null" {
			return doc.RemoveGroup(group)
		}
		var set map[string]string
		if err := json.Unmarshal(evidence.Before, &set); err != nil {
			return err
		}
		if group != "" {
			if err := doc.AddGroup(group); err != nil {
				return err
			}
		}
		var wanted []config.Setting
		for _, key := range profile.Keys {
			if v, ok := set[key]; ok {
				wanted = append(wanted, config.Setting{Key: key, Value: v})
			}
		}
		return doc.ReplaceSettings(group, wanted)
	}}, nil
}

func orNullJSON(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("null")
	}
	return text
}

func sameJSON(a, b string) bool {
	var one, two map[string]string
	return json.Unmarshal([]byte(a), &one) == nil && json.Unmarshal([]byte(b), &two) == nil &&
		string(journal.JSON(one)) == string(journal.JSON(two))
}

// reverseOld is for entries of version 1, which have the effective settings only: what
// differs is written out, since what inherited is not known any more.
func (w *Workspace) reverseOld(e journal.Entry, group string) (Change, error) {
	var before, after profile.Effective
	if json.Unmarshal(e.Before, &before) != nil || json.Unmarshal(e.After, &after) != nil {
		return Change{}, fmt.Errorf("the entry %s has no settings", e.ID)
	}
	if now, _ := w.File.Effective(group); now != after { // a group without a profile inherits
		return Change{}, &ChangedSinceError{Scope: e.Scope}
	}
	was, is := before.Settings(), after.Settings()
	var wanted []config.Setting
	for _, key := range profile.Keys {
		if was.Get(key) != is.Get(key) {
			wanted = append(wanted, config.Setting{Key: key, Value: was.Get(key)})
		}
	}
	return Change{
		Group:  group,
		Undoes: e.ID,
		Edit:   func(doc *config.Document) error { return doc.SetSettings(group, wanted) },
	}, nil
}
