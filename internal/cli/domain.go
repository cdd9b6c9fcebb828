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
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

func newVerifyDomainCmd(env *Env) *cobra.Command {
	var from factsOptions
	cmd := &cobra.Command{
		Use:   "verify-domain [DOMAIN...]",
		Short: "Check that an associated domain is verified in Entra",
		Long: `Hold Zoom's associated domains beside the custom domains of the Microsoft tenant.
The integration needs at least one domain that is verified on both sides; the
tenant's own onmicrosoft.com name does not count.

Exit code 3 when none matches, with the steps that would make one match.`,
		Example: "  zo365 verify-domain\n  zo365 verify-domain contoso.com -o json\n  zo365 verify-domain --facts facts.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerifyDomain(cmd.Context(), env, from, args)
		},
	}
	from.fileFlag(cmd)
	return cmd
}

// bothDomains are the domains of both sides, live or from a file.
func (env *Env) bothDomains(ctx context.Context, from factsOptions) (tenant.Facts, error) {
	if from.File != "" {
		return from.saved(env)
	}
	both, err := env.signedIn(ctx, "verify-domain")
	if err != nil {
		return tenant.Facts{}, err
	}
	return survey.Domains(ctx, both.graph, both.zoom)
}

func runVerifyDomain(ctx context.Context, env *Env, from factsOptions, only []string) error {
	facts, err := env.bothDomains(ctx, from)
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
	return env.enter(ctx, command, file, doors)
}
