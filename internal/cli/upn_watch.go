package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

type upnWatchOptions struct {
	upnReportOptions
	Interval time.Duration
	Times    int
}

func newUPNWatchCmd(env *Env) *cobra.Command {
	var opts upnWatchOptions
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Report new and settled mismatches as they come",
		Long: `Compare everybody live again and again, and write a line for each mismatch that is
new, has changed or is settled since the last look. The first look writes only the
summary. After it the Microsoft side costs what changed (a delta query), the Zoom
side its pages.

The events are new, changed and settled. -o ndjson writes an object a line. When a
service cannot be reached the watch says so and looks again at the next turn. It
ends with Ctrl-C, or after --times looks.`,
		Example: strings.TrimPrefix(`
  zo365 upn watch --interval 15m
  zo365 upn watch -o ndjson >> mismatches.ndjson`, "\n"),
		Args:        flagsOnly,
		Annotations: map[string]string{moreOutputs: "ndjson"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runUPNWatch(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.DurationVar(&opts.Interval, "interval", 15*time.Minute, "time between two looks, at least 1s")
	f.IntVar(&opts.Times, "times", 0, "end after so many looks; 0 never ends")
	f.StringVar(&opts.Group, "group", "", "only the members of this Zoom group")
	f.StringSliceVar(&opts.Classes, "class", nil, "only these classes: "+strings.Join(classWords(), ", "))
	f.BoolVar(&opts.Redact, "redact", false, "replace people by pseudonyms")
	f.BoolVar(&opts.AllowPartial, "allow-partial", false, "go on with fewer people than the service counts")
	completeValues(cmd, "class", classWords())
	return cmd
}

func runUPNWatch(ctx context.Context, env *Env, opts upnWatchOptions) error {
	if err := checkClasses(opts.Classes); err != nil {
		return err
	}
	if opts.Interval < time.Second {
		return usagef("--interval: %s is too short; use at least 1s", opts.Interval)
	}
	if f := render.Format(env.settings.Output); f == render.YAML || f == render.JSON {
		return usagef("-o %s is one document and a watch has no end; use -o ndjson", f)
	}
	var before map[string]render.Person
	for look := 1; ; look++ {
		now, err := lookAtAll(ctx, env, opts, look == 1)
		switch {
		case err == nil:
			if err := env.showEvents(eventsBetween(before, now, time.Now()), look == 1); err != nil {
				return err
			}
			before, opts.Quiet = now, true
		case look > 1 && mayPass(err):
			env.warn(err)
		default:
			return err
		}
		if look == opts.Times {
			return nil
		}
		select {
		case <-time.After(opts.Interval):
		case <-ctx.Done():
			return errStopped
		}
	}
}

// mayPass says whether the next look may do better.
func mayPass(err error) bool {
	var stop *tenant.StopError
	return errors.As(err, &stop) && stop.Reason != tenant.SignedOut
}

// lookAtAll returns the mismatches by Zoom email.
func lookAtAll(ctx context.Context, env *Env, opts upnWatchOptions, first bool) (map[string]render.Person, error) {
	c, err := compareAll(ctx, env, opts.upnReportOptions)
	if err != nil {
		return nil, err
	}
	if opts.Redact {
		names, err := pseudonyms(ctx)
		if err != nil {
			return nil, err
		}
		c.Redact(names)
	}
	found := map[string]render.Person{}
	for r := range c.Results(0, c.Len()) {
		if r.Class != upn.Match && opts.wants(r.Class) {
			p := render.NewPerson(r)
			p.EntraID = strings.Clone(p.EntraID) // the next result takes its place
			found[p.ZoomEmail] = p
		}
	}
	if first {
		env.saySummary(c.Comparison, 0)
	}
	return found, nil
}

// eventsBetween are the differences of two looks, by email; before is nil at the
// first.
func eventsBetween(before, now map[string]render.Person, at time.Time) []render.WatchEvent {
	events := []render.WatchEvent{}
	if before == nil {
		return events
	}
	at = at.UTC().Truncate(time.Second)
	for email, p := range now {
		switch old, there := before[email]; {
		case !there:
			events = append(events, render.WatchEvent{At: at, Event: "new", Person: p})
		case old.Class != p.Class || old.EntraUPN != p.EntraUPN || old.Suggestion != p.Suggestion:
			events = append(events, render.WatchEvent{
				At:     at,
				Event:  "changed",
				Was:    old.Class,
				Person: p,
			})
		}
	}
	for email, p := range before {
		if _, there := now[email]; !there {
			events = append(events, render.WatchEvent{
				At:     at,
				Event:  "settled",
				Was:    p.Class,
				Person: p,
			})
		}
	}
	slices.SortFunc(events, func(a, b render.WatchEvent) int { return strings.Compare(a.ZoomEmail, b.ZoomEmail) })
	return events
}

// showEvents writes the lines of one look; a CSV's header comes once.
func (env *Env) showEvents(events []render.WatchEvent, first bool) error {
	format := render.Format(env.settings.Output)
	l := render.EventListing(events)
	if format == render.CSV && first {
		return render.Write(env.Out, format, l)
	}
	if len(events) == 0 {
		return nil
	}
	if format == render.CSV {
		l.Columns = nil
	}
	if format == render.Table && !first {
		_, err := io.WriteString(env.Out, render.EventLines(events))
		return err
	}
	return render.Write(env.Out, format, l)
}
