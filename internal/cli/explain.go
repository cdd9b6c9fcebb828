package cli

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/zoom"
)

func newExplainCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain an error code, a check, a class or an exit code",
		Long: `Show what a code means, why it comes about, what to do, and where that is
written: error codes of Entra (AADSTS), Microsoft Graph, Exchange and Zoom,
the checks of zo365 doctor, the classes and flags of zo365 upn, and exit codes.
Without a code, list all that zo365 knows. Needs no network and no sign-in.`,
		Example: "  zo365 explain AADSTS53003\n  zo365 explain 4711\n  zo365 explain domain-match -o json\n  zo365 explain",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return env.show(render.MeaningsListing(meanings()))
			}
			return env.show(render.MeaningListing(meaningsOf(args[0])))
		},
	}
}

// Beliefs are what all rooms take for true of the services.
func Beliefs() []tenant.Beliefs {
	return []tenant.Beliefs{doctor.Beliefs(), signin.Beliefs(), msgraph.Beliefs(), zoom.Beliefs(), upn.Beliefs()}
}

// meanings are all codes that zo365 can explain.
func meanings() []tenant.Meaning {
	all := connect.Codes()
	all = append(all, doctor.Meanings()...)
	all = append(all, upn.Meanings()...)
	for _, e := range exitCodes {
		all = append(all, tenant.Meaning{
			Code:      strconv.Itoa(e.code),
			Kind:      "exit code",
			Meaning:   e.meaning,
			Next:      e.next,
			Source:    "zo365 exit-codes",
			Certainty: tenant.Documented,
		})
	}
	return all
}

// meaningsOf are those of one code, which may be one of several services; of a code that
// nobody knows here, the page that does.
func meaningsOf(code string) []tenant.Meaning {
	code = strings.TrimSpace(code)
	var found []tenant.Meaning
	for _, m := range meanings() {
		if strings.EqualFold(m.Code, code) || strings.EqualFold(m.Code, "AADSTS"+code) {
			found = append(found, m)
		}
	}
	if found == nil {
		found = append(found, unknownCode(code))
	}
	return found
}

var (
	entraNumber = regexp.MustCompile(`^(?i:AADSTS)?(\d{5,8})$`)
	zoomNumber  = regexp.MustCompile(`^\d{1,4}$`)
)

func unknownCode(code string) tenant.Meaning {
	m := tenant.Meaning{
		Code:      code,
		Kind:      "unknown",
		Meaning:   "zo365 does not know this code",
		Next:      "look at the page, or at the message that came with the code",
		Source:    "https://learn.microsoft.com/graph/errors",
		Certainty: tenant.Open,
	}
	switch number := entraNumber.FindStringSubmatch(code); {
	case number != nil:
		n, err := strconv.Atoi(number[1])
		if err == nil {
			m.Kind, m.Source = "Entra sign-in", signin.ErrorPage("", n)
		}
	case zoomNumber.MatchString(code):
		m.Kind, m.Source = "Zoom API", "https://developers.zoom.us/docs/api/errors/"
	}
	return m
}

// exitCodes are a promise to scripts.
var exitCodes = []struct {
	code          int
	meaning, next string
}{
	{exitDone, "done", ""},
	{exitError, "error", "read the message; --debug shows each request"},
	{exitDiffers, "differences found (plan with --detailed-exitcode or --drift)", "zo365 apply"},
	{exitCheckFailed, "a check did not pass", "zo365 doctor shows the checks and their fixes"},
	{exitSignIn, "a sign-in is needed", "zo365 login microsoft, or zo365 login zoom"},
	{
		exitPermission,
		"a permission or a role is missing, or a check that matters could not look; the message names it",
		"zo365 auth permissions shows what each command needs",
	},
	{exitResumable, "stopped early; running the command again resumes it", "run the command again later"},
	{exitPerson, "a step remains that only a person can do", "zo365 portal list shows the steps"},
	{exitUsage, "wrong usage", "zo365 COMMAND --help"},
	{exitInterrupted, "interrupted", "run the command again"},
}

// exitCodesHelp is the help topic about them.
func exitCodesHelp() string {
	var b strings.Builder
	b.WriteString("Exit codes of every command:\n\n")
	for _, e := range exitCodes {
		printLine(&b, e.code, e.meaning)
	}
	b.WriteString(
		"\nWhere several hold, of one tenant or of several, the code is the first of\n130, 1, 64, 4, 3, 5, 6, 7, 2.",
	)
	return b.String()
}

func printLine(w io.Writer, code int, meaning string) {
	_, _ = fmt.Fprintf(w, "  %3d  %s\n", code, meaning) // a text in memory
}
