package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newJournalCmd(env *Env) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Read and check the record of what was done",
		Long: `The journal is the file beside the tenant file (zo365.journal.jsonl) with a line for
everything that zo365 changed or that a person confirmed: who, when, what, before
and after. Lines are only ever appended, and each names the hashes of those that it
follows from.`,
	}
	cmd.PersistentFlags().StringVar(&file, "file", "", "another journal (default: the one beside the tenant file)")
	cmd.AddCommand(
		&cobra.Command{
			Use:     "show",
			Short:   "Show the entries",
			Args:    flagsOnly,
			Long:    "Show the entries, the oldest first. -o json has all that a line holds. A line that is\ntorn, as a power cut leaves one, is left out and said.",
			Example: "  zo365 journal show\n  zo365 journal show -o json --file fixes.jsonl.journal.jsonl",
			RunE:    func(*cobra.Command, []string) error { return runJournalShow(env, file) },
		},
		&cobra.Command{
			Use:   "verify",
			Short: "Check that no line was changed, taken out or put in",
			Args:  flagsOnly,
			Long: `Follow the hashes from the first line to the last. A line that does not follow from
what it names is shown with its number. Two branches of a journal that were merged
verify, and the next entry joins them. Lines that an older version wrote have no hash
and are counted.

A tail that was cut off, and hashes that were taken out of every line, show where this
machine or git remembers the last line; otherwise the end is not verified, which is
said (docs/journal.md).

Exit code 3 when the chain is broken or its end was cut off.`,
			Example: strings.TrimPrefix("\n  zo365 journal verify", "\n"),
			RunE:    func(*cobra.Command, []string) error { return runJournalVerify(env, file) },
		},
		newJournalExportCmd(env, &file),
	)
	return cmd
}

// journalFile is the one that was named, or the one beside the tenant file.
func (env *Env) journalFile(file string) (string, error) {
	if file != "" {
		if _, err := os.Stat(file); err != nil { // a check of nothing would pass
			return "", fmt.Errorf("reading the journal: %w", err)
		}
		return file, nil
	}
	path, err := env.path()
	return journal.Path(path), err
}

func runJournalShow(env *Env, file string) error {
	path, err := env.journalFile(file)
	if err != nil {
		return err
	}
	entries, torn, err := journal.Read(path)
	if err != nil {
		return err
	}
	for _, t := range torn {
		env.say("warning: %s:%d is not a whole entry: %v", path, t.Line, t.Err)
	}
	return env.show(render.JournalListing(entriesOf(entries)))
}

func entriesOf(entries []journal.Entry) []render.JournalEntry {
	shown := make([]render.JournalEntry, len(entries))
	for i, e := range entries {
		shown[i] = render.JournalEntry{
			At:          e.At,
			Actor:       e.Actor,
			Action:      string(e.Action),
			Scope:       e.Scope,
			Tenant:      e.Tenant,
			Before:      e.Before,
			After:       e.After,
			Evidence:    e.Evidence,
			Steps:       append([]string{}, e.Steps...),
			Answer:      e.Answer,
			ID:          e.ID,
			Plan:        e.Plan,
			Step:        e.Step,
			Undoes:      e.Undoes,
			Target:      e.Target,
			Application: e.Application,
			Permission:  e.Permission,
			Assignment:  e.Assignment,
			Why:         e.Why,
		}
	}
	return shown
}

func runJournalVerify(env *Env, file string) error {
	path, err := env.journalFile(file)
	if err != nil {
		return err
	}
	c, err := journal.Verify(path, workspace.Remembered(path))
	if err != nil {
		return err
	}
	shown := render.JournalCheck{
		OK:          c.OK(),
		File:        path,
		Entries:     c.Entries,
		Unchained:   c.Unchained,
		Broken:      []int{},
		Faults:      []string{},
		Torn:        []int{},
		Ends:        append([]int{}, c.Ends...),
		Cut:         c.Cut,
		EndVerified: len(c.Vouched) > 0 && !c.Cut,
		VerifiedBy:  append([]string{}, c.Vouched...),
	}
	for _, fault := range c.Broken {
		shown.Broken = append(shown.Broken, fault.Line)
		shown.Faults = append(shown.Faults, fmt.Sprintf("line %d: %s", fault.Line, fault.Why))
		env.say("%s:%d: %s", path, fault.Line, fault.Why)
	}
	for _, t := range c.Torn {
		shown.Torn = append(shown.Torn, t.Line)
	}
	switch {
	case c.Cut:
		env.say("%s: the line that %s knows as the last is not there any more", path, strings.Join(c.Vouched, " and "))
	case len(c.Vouched) == 0 && c.Entries > 0:
		env.say("note: the end is not verified: neither this machine nor git remembers the last line")
	}
	if len(c.Ends) > 1 {
		env.say(
			"note: branches were merged, which the next entry joins; they end in the lines %s",
			strings.Trim(fmt.Sprint(c.Ends), "[]"),
		)
	}
	if err := env.show(render.JournalCheckListing(shown)); err != nil {
		return err
	}
	if !c.OK() {
		return errCheckFailed
	}
	return nil
}
