package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/need"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
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
func (env *Env) bothDomains(ctx context.Context, from factsOptions) (tenant.Facts, profile.File, error) {
	if from.File != "" {
		saved, err := from.saved(env)
		if err != nil {
			return saved.Facts, profile.File{}, err
		}
		file, err := env.fileIfAny()
		return saved.Facts, file, err
	}
	w, err := env.live(
		ctx,
		true,
		workspace.Look{Command: "verify-domain", Facts: need.DomainFacts},
	)
	if err != nil {
		return tenant.Facts{}, profile.File{}, err
	}
	return w.Input.Facts, w.File, nil
}

func runVerifyDomain(ctx context.Context, env *Env, from factsOptions, only []string) error {
	for _, name := range only {
		if strings.ContainsAny(name, "/:@ ") || !strings.Contains(name, ".") {
			return usagef("%q is not a domain, such as contoso.com", name)
		}
	}
	facts, file, err := env.bothDomains(ctx, from)
	if err != nil {
		return err
	}
	associated, basis := doctor.AssociatedDomains(facts.ZoomDomains, file)
	if basis == doctor.BasisStated {
		facts.ZoomDomains.Err = nil
		env.say("note: Zoom's associated domains are as the tenant file states them (zoom.associated_domains)")
		env.say("note: this app cannot see them, and who wrote them there is not known")
	}
	if err := workspace.Need(facts.Domains.Err, facts.ZoomDomains.Err); err != nil {
		return err
	}
	match := doctor.MatchDomains(associated, facts.Domains.Value, only)
	if err := env.show(render.DomainListing(match, basis)); err != nil {
		return err
	}
	if match.OK() {
		return nil
	}
	env.say("no domain matches; to make one match:\n  - %s", strings.Join(match.Steps, "\n  - "))
	return errCheckFailed
}
