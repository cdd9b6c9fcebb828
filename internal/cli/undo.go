package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
)

type undoOptions struct {
	ID     string
	Yes    bool
	Settle time.Duration
}

func newUndoCmd(env *Env) *cobra.Command {
	var opts undoOptions
	cmd := &cobra.Command{
		Use:   "undo ID",
		Short: "Take back one change that the journal knows",
		Long: `Take back the change of one entry of the journal, whose ID zo365 journal show lists,
and record that. These can be taken back: a change of the tenant file, permissions
that were granted or revoked, a group that zo365 made and that has no members yet, a
confirmation of portal steps, and a changed email or UPN. For the others zo365 says
what to do instead.

What somebody changed again since then is not touched.`,
		Example: "  zo365 journal show\n  zo365 undo 3f6c09a1b2d4",
		Args:    one("an entry of the journal, by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			return runUndo(cmd.Context(), env, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	cmd.Flags().DurationVar(&opts.Settle, "settle", 2*time.Minute, "how long to wait until a change shows")
	return cmd
}

func runUndo(ctx context.Context, env *Env, opts undoOptions) error {
	release, err := env.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	path, err := env.path()
	if err != nil {
		return err
	}
	e, err := entryOf(path, opts.ID)
	if err != nil {
		return err
	}
	env.say("%s, %s by %s, %s:\n  %s -> %s", e.At.UTC().Format(time.RFC3339), e.Action, e.Actor, e.Scope, words(e.Before), words(e.After))
	if e.Action == journal.ProfileChanged {
		return undoProfile(ctx, env, opts, e)
	}
	if err := env.confirm(ctx, "Take this back?", opts.Yes); err != nil {
		return err
	}
	back := apply.Back{Services: apply.Services{
		Actor: env.actor(), Limit: opts.Settle, Waiting: func(s plan.Step) { env.say("waiting until it shows: %s %s", s.Target, s.After) },
		Note: func(ctx context.Context, entries ...journal.Entry) error {
			return journal.Append(ctx, journal.Path(path), entries...)
		},
	}}
	if e.Action != journal.PortalConfirmed { // which needs nobody
		s, err := env.subject(ctx, "undo", factsOptions{})
		if err != nil {
			return err
		}
		s.pin()
		back.Services.Entra, back.Services.Consent = s.both.graph, s.consent
		back.Groups, back.Zoom, back.Graph = s.both.zoom, s.both.zoom, s.both.graph
	}
	if err := back.Do(ctx, e); err != nil {
		return noWayBack(err)
	}
	return env.showLast(path)
}

// entryOf finds an entry by the beginning of its ID.
func entryOf(tenantFile, id string) (journal.Entry, error) {
	entries, _, err := journal.Read(journal.Path(tenantFile))
	if err != nil {
		return journal.Entry{}, err
	}
	var found []journal.Entry
	for _, e := range entries {
		if strings.HasPrefix(e.ID, strings.ToLower(id)) {
			found = append(found, e)
		}
	}
	switch {
	case id == "" || len(found) == 0:
		return journal.Entry{}, hint(fmt.Errorf("the journal has no entry %q", id), "zo365 journal show")
	case len(found) > 1:
		return journal.Entry{}, hint(fmt.Errorf("%d entries begin with %q", len(found), id), "write more of it")
	}
	return found[0], noWayBack(apply.Can(found[0], entries))
}

// noWayBack adds what to do instead.
func noWayBack(err error) error {
	var none *apply.NoWayBack
	if errors.As(err, &none) && none.Next != "" {
		return hint(err, none.Next)
	}
	return err
}

func words(value json.RawMessage) string {
	if len(value) == 0 {
		return "-"
	}
	return string(value)
}

// undoProfile gives a scope the settings back that it had, if nobody changed them
// since.
func undoProfile(ctx context.Context, env *Env, opts undoOptions, e journal.Entry) error {
	var before, after profile.Effective
	if err := errors.Join(json.Unmarshal(e.Before, &before), json.Unmarshal(e.After, &after)); err != nil {
		return fmt.Errorf("reading the entry's settings: %w", err)
	}
	group := strings.TrimPrefix(e.Scope, "group:")
	if e.Scope == profile.AccountScope {
		group = ""
	}
	doc, err := env.document()
	if err != nil {
		return err
	}
	if now, _ := doc.File.Effective(group); now != after { // a group without a profile inherits
		return hint(fmt.Errorf("%s was changed again since then", scopeWords(group)), "zo365 integration status")
	}
	was, is := before.Settings(), after.Settings()
	var wanted []config.Setting
	for _, key := range profile.Keys {
		if was.Get(key) != is.Get(key) {
			wanted = append(wanted, config.Setting{Key: key, Value: was.Get(key)})
		}
	}
	out, err := env.change(ctx, profileChange{
		Group: group, Yes: opts.Yes, Question: "Take this back?", Undoes: e.ID,
		Edit: func(doc *config.Document) error { return doc.SetSettings(group, wanted) },
	})
	if err != nil {
		return settingError(err)
	}
	return env.show(render.ChangeListing(out))
}

// showLast shows what was just recorded.
func (env *Env) showLast(tenantFile string) error {
	entries, _, err := journal.Read(journal.Path(tenantFile))
	if err != nil {
		return err
	}
	last := slices.DeleteFunc(entriesOf(entries), func(e render.JournalEntry) bool { return e.Undoes == "" })
	return env.show(render.JournalListing(last[max(0, len(last)-1):]))
}

// settled waits until Zoom's application holds nothing any more.
func settled(ctx context.Context, env *Env, both clients, limit time.Duration) error {
	return apply.Settle(ctx, limit, func(ctx context.Context) (bool, error) {
		consent, err := both.finder().Look(ctx)
		return len(doctor.CheckConsent(consent, doctor.Wanted{}).Granted) == 0, err
	}, func() { env.say("waiting until Entra shows that the permissions are gone") })
}
