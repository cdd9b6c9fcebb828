package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
)

// profileChange is one change of the tenant file as a command wants it.
type profileChange struct {
	// Group is empty for the account.
	Group string
	// Question is asked before the change is made.
	Question string
	Yes      bool
	// Edit changes the document; it must be repeatable, since it runs once to
	// show the change and once under the lock.
	Edit func(*config.Document) error
	// Undoes is the ID of the entry that this takes back.
	Undoes string
	// Entries are journal lines beside the one about the profile.
	Entries []journal.Entry
}

// change shows a change before and after, asks, makes it, and records it. A
// change that changes nothing asks nothing and writes nothing.
func (env *Env) change(ctx context.Context, c profileChange) (render.Change, error) {
	path, err := env.path()
	if err != nil {
		return render.Change{}, err
	}
	trial, err := config.Load(path)
	if err != nil {
		return render.Change{}, err
	}
	out, err := compare(trial, c)
	if err != nil {
		return out, err
	}
	if !out.Changed && len(c.Entries) == 0 {
		env.say("nothing to change: %s is as wanted", out.Scope)
		return out, nil
	}
	env.sayChange(out)
	if err := env.confirm(ctx, c.Question, c.Yes); err != nil {
		return out, err
	}
	doc, err := config.Edit(ctx, path, func(doc *config.Document) error {
		out, err = compare(doc, c)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, w := range doc.Warnings {
		env.say("warning: %s", w)
	}
	changed := changeEntry(env, out)
	changed.Undoes = c.Undoes
	return out, env.record(ctx, path, append(c.Entries, changed)...)
}

// compare makes the change on a document and says what it did.
func compare(doc *config.Document, c profileChange) (render.Change, error) {
	before := doc.File.Clone()
	out := render.Change{Scope: profile.Scope(c.Group), Portal: []render.PortalStep{}, Revoked: []string{}}
	out.Before, _ = before.Effective(c.Group) // a group without a profile inherits
	text := string(doc.Text())
	if err := c.Edit(doc); err != nil {
		return out, err
	}
	out.After, _ = doc.File.Effective(c.Group)
	out.Changed = text != string(doc.Text())
	out.Portal = portalSteps(out.After, nil)
	return out, nil
}

func (env *Env) sayChange(c render.Change) {
	env.say("%s:", c.Scope)
	before, after := c.Before.Settings(), c.After.Settings()
	for _, key := range profile.Keys {
		if from, to := before.Get(key), after.Get(key); from != to {
			env.say("  %s: %s -> %s", key, from, to)
		}
	}
}

func changeEntry(env *Env, c render.Change) journal.Entry {
	return journal.Entry{At: time.Now(), Actor: env.actor(), Action: journal.ProfileChanged, Scope: c.Scope, Before: asJSON(c.Before), After: asJSON(c.After)}
}

// record appends to the journal beside the tenant file.
func (env *Env) record(ctx context.Context, path string, entries ...journal.Entry) error {
	if err := journal.Append(ctx, journal.Path(path), entries...); err != nil {
		return fmt.Errorf("the change was made, but not recorded: %w", err)
	}
	return nil
}

// actor is who runs this command: ZO365_ACTOR, which a pipeline sets, else the
// operating system's user.
func (env *Env) actor() string {
	if named := env.Getenv("ZO365_ACTOR"); named != "" {
		return named
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// asJSON encodes values of this program's own types.
func asJSON(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a type that cannot be encoded is a mistake in this package
	}
	return text
}

// portalSteps are the steps of a scope with who confirmed them.
func portalSteps(e profile.Effective, confirmed map[string]journal.Confirmation) []render.PortalStep {
	steps := []render.PortalStep{}
	for _, s := range doctor.PortalSteps(e) {
		step := render.PortalStep{Step: s.Code, Control: s.Control, Choose: s.Choose}
		if c, ok := confirmed[s.Code]; ok && c.Choose == s.Choose {
			step.ConfirmedBy, step.At = &c.By, &c.At
		}
		steps = append(steps, step)
	}
	return steps
}

// state folds the journal; broken lines are warned of.
func (env *Env) state(tenantFile string) (journal.State, error) {
	entries, torn, err := journal.Read(journal.Path(tenantFile))
	for _, t := range torn {
		env.say("warning: %s:%d is not a whole entry: %v", journal.Path(tenantFile), t.Line, t.Err)
	}
	return journal.Fold(entries), err
}

// authorizationOf is the recorded authorization of a scope, or nil.
func authorizationOf(s journal.State, scope string) (*render.Authorization, error) {
	recorded, ok := s.Authorizations[scope]
	if !ok {
		return nil, nil
	}
	var a render.Authorization
	if err := json.Unmarshal(recorded.Evidence, &a); err != nil {
		return nil, fmt.Errorf("reading the recorded authorization of %s: %w", scope, err)
	}
	return &a, nil
}

// errNoProfileChange ends a set without any setting.
var errNoProfileChange = errors.New("nothing to set")
