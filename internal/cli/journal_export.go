package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

type exportOptions struct {
	Since, Until string
	Actions      []string
}

func newJournalExportCmd(env *Env, file *string) *cobra.Command {
	var opts exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write entries for another system, after checking the chain",
		Args:  flagsOnly,
		Long: `Write the entries of a time or of some actions for an auditor or another system. The
chain is checked first: an export of a broken journal is not written. -o ndjson, the
form of most log collectors, has one entry a line.

Exit code 3 when the chain is broken.`,
		Example:     "  zo365 journal export -o ndjson > audit.ndjson\n  zo365 journal export --since 2026-11-01 --action grants-revoked,permission-granted -o csv",
		Annotations: map[string]string{moreOutputs: "ndjson"},
		RunE:        func(*cobra.Command, []string) error { return runJournalExport(env, *file, opts) },
	}
	cmd.Flags().StringVar(
		&opts.Since,
		"since",
		"",
		"from this day or time on, for example 2026-11-01, 2026-11-01T08:00:00Z or 720h, which is 30 days ago",
	)
	cmd.Flags().StringVar(&opts.Until, "until", "", "before this day or time")
	cmd.Flags().StringSliceVar(&opts.Actions, "action", nil, "these actions only")
	return cmd
}

func runJournalExport(env *Env, file string, opts exportOptions) error {
	since, err := moment("--since", opts.Since)
	if err != nil {
		return err
	}
	until, err := moment("--until", opts.Until)
	if err != nil {
		return err
	}
	path, err := env.journalFile(file)
	if err != nil {
		return err
	}
	chain, err := journal.Verify(path, workspace.Remembered(path))
	if err != nil {
		return err
	}
	if !chain.OK() {
		where := "its end was cut off"
		if len(chain.Broken) > 0 {
			where = fmt.Sprintf("it is broken at line %d", chain.Broken[0].Line)
		}
		env.say("error: %s: %s; nothing was exported\nhint: zo365 journal verify", path, where)
		return errCheckFailed
	}
	entries, torn, err := journal.Read(path)
	if err != nil {
		return err
	}
	for _, t := range torn {
		env.say("warning: %s:%d is not a whole entry: %v", path, t.Line, t.Err)
	}
	entries = slices.DeleteFunc(entries, func(e journal.Entry) bool {
		return e.At.Before(since) || !until.IsZero() && !e.At.Before(until) ||
			len(opts.Actions) > 0 && !slices.Contains(opts.Actions, string(e.Action))
	})
	shown := entriesOf(entries)
	l := render.JournalListing(shown)
	for _, e := range shown {
		l.Lines = append(l.Lines, e)
	}
	return env.show(l)
}

// moment reads a day or a time; empty is none.
func moment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return time.Now().UTC().Add(-ago), nil
	}
	return time.Time{}, usagef(
		"%s: %q is neither a day (2026-11-01), a time (2026-11-01T08:00:00Z) nor so long ago (720h)",
		flag,
		text,
	)
}
