package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newFactsCmd(env *Env) *cobra.Command {
	var opts factsOptions
	cmd := &cobra.Command{
		Use:   "facts",
		Short: "Show everything that can be observed of a tenant",
		Long: `Gather everything that Microsoft Graph and Zoom's API show of a tenant, once: each
fact with its source and its time, and where something could not be seen, why.

The JSON is a file that verify-domain, group list, group show, doctor and plan take
with --facts, so that somebody else can look at it later without a sign-in. It holds
no secret, but it names people: the signed-in person, users without a mailbox, and
the members of Zoom's groups.`,
		Example: strings.TrimPrefix(`
  zo365 facts
  zo365 facts -o json > facts.json
  zo365 doctor --facts facts.json`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runFacts(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	return cmd
}

func runFacts(ctx context.Context, env *Env, opts factsOptions) error {
	if opts.File != "" {
		saved, err := opts.saved(env)
		if err != nil {
			return err
		}
		return env.show(render.FactsListing(saved))
	}
	w, err := env.live(ctx, true, workspace.Look{Command: "doctor", ZoomEmail: opts.ZoomEmail, EveryGroup: true})
	if err != nil {
		return err
	}
	listing := render.FactsListing(w.FactsFile())
	if unseen := render.Unseen(listing); len(unseen) > 0 {
		env.warn(fmt.Errorf("could not see %s", strings.Join(unseen, ", ")))
	}
	return env.show(listing)
}
