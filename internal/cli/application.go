package cli

import (
	"context"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/render"
)

func newUseApplicationCmd(env *Env) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "use-application APP-ID",
		Short: "Say which enterprise application is Zoom's for personal calendars",
		Long: `Write the application (client) ID of Zoom's enterprise application for personal
calendars to the tenant file, as microsoft.zoom_app_id. That is needed only where
several of Zoom's applications hold calendar permissions: zo365 never guesses.
zo365 facts lists them.`,
		Example: "  zo365 facts\n  zo365 integration use-application 00000000-0000-0000-0000-000000000000",
		Args:    one("an application ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runUseApplication(cmd.Context(), env, args[0], yes)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// guid is the form of an application ID.
var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func runUseApplication(ctx context.Context, env *Env, appID string, yes bool) error {
	if !guid.MatchString(appID) {
		return usagef(
			"%q is not an application ID, which looks like 00000000-0000-0000-0000-000000000000; zo365 facts lists Zoom's",
			appID,
		)
	}
	w, release, err := env.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	before := w.File.Microsoft.ZoomAppID
	if before == appID {
		env.say("nothing to change: the tenant file names it already")
		return env.show(render.ApplicationListing(render.UsedApplication{Before: before, After: appID}))
	}
	if before == "" {
		env.say("microsoft.zoom_app_id: %s", appID)
	} else {
		env.say("microsoft.zoom_app_id: %s -> %s", before, appID)
	}
	if err := env.confirm(ctx, "Write this to "+w.Path+"?", yes); err != nil {
		return err
	}
	if err := w.SetMicrosoft(ctx, "zoom_app_id", appID, ""); err != nil {
		return err
	}
	return env.show(render.ApplicationListing(render.UsedApplication{Changed: true, Before: before, After: appID}))
}
