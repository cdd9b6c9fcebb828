package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/zoom"
)

func newVerifyDomainCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "verify-domain [DOMAIN...]",
		Short: "Check that an associated domain is verified in Entra",
		Long: `Hold Zoom's associated domains beside the custom domains of the Microsoft tenant.
The integration needs at least one domain that is verified on both sides; the
tenant's own onmicrosoft.com name does not count.

Exit code 3 when none matches, with the steps that would make one match.`,
		Example: "  zo365 verify-domain\n  zo365 verify-domain contoso.com -o json",
		RunE:    func(cmd *cobra.Command, args []string) error { return runVerifyDomain(cmd.Context(), env, args) },
	}
}

func runVerifyDomain(ctx context.Context, env *Env, only []string) error {
	both, err := env.signedIn(ctx, "verify-domain")
	if err != nil {
		return err
	}
	facts, err := survey.Domains(ctx, both.graph, both.zoom)
	if err != nil {
		return err
	}
	if err := unread(facts.Domains.Err, facts.ZoomDomains.Err); err != nil {
		return err
	}
	match := doctor.MatchDomains(facts.ZoomDomains.Value, facts.Domains.Value, only)
	if err := env.show(render.DomainListing(match)); err != nil {
		return err
	}
	if match.OK() {
		return nil
	}
	env.say("no domain matches; to make one match:\n  - %s", strings.Join(match.Steps, "\n  - "))
	return errCheckFailed
}

// unread returns the first fact that could not be read: without it there is no
// verdict.
func unread(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// clients are both services, signed in.
type clients struct {
	file  profile.File
	doors *connect.Doors
	graph *msgraph.Client
	zoom  *zoom.Client
	// as is who is signed in to Microsoft.
	as connect.Found
}

// signedIn opens both services for a command, which is asked for no more than it
// needs.
func (env *Env) signedIn(ctx context.Context, command string) (clients, error) {
	file, err := env.fileIfAny()
	if err != nil {
		return clients{}, err
	}
	doors, err := env.doors(file)
	if err != nil {
		return clients{file: file}, err
	}
	return env.opened(ctx, command, file, doors)
}
