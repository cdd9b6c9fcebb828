package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/profile"
)

// mute marks the findings that the tenant file accepts, until the end of the day
// that it names, UTC.
func mute(in Input, all []Finding) []Finding {
	for i := range all {
		for _, m := range in.File.Muted {
			if m.Check == all[i].Code && (m.Scope == "" || m.Scope == all[i].Scope) && !expired(m, in.Now) &&
				all[i].Severity != OK &&
				all[i].Severity != Skipped {
				all[i].Muted = &m
				break
			}
		}
	}
	return all
}

func expired(m profile.Mute, now time.Time) bool {
	last, err := time.Parse(time.DateOnly, string(m.Until))
	return err != nil || !now.UTC().Before(last.AddDate(0, 0, 1))
}

// CodeMute is the code of findings about mutes themselves.
const CodeMute = "mute"

// deadMutes are those that are over or name no check.
func deadMutes(in Input) []Finding {
	f := &findings{row: check{
		code: CodeMute, title: "Mutes are of this time and of known checks",
		why: "A mute that is over hides nothing any more, and one with a wrong code never did.",
	}}
	known := Codes()
	for _, m := range in.File.Muted {
		switch {
		case !slices.ContainsFunc(known, func(c [2]string) bool { return c[0] == m.Check }):
			f.add(
				Finding{
					Severity: Warn,
					Saw:      fmt.Sprintf("no check has the code %q", m.Check),
					Fix:      "correct muted: in the tenant file; zo365 doctor shows the codes",
				},
			)
		case expired(m, in.Now):
			f.add(
				Finding{
					Severity: Info,
					Saw:      fmt.Sprintf("the mute of %s ended on %s", m.Check, m.Until),
					Fix:      "remove it from muted: in the tenant file, or give it a new day",
				},
			)
		}
	}
	return f.all
}
