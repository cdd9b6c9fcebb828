package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/render"
)

// NewRoot makes the command tree.
func NewRoot(env *Env) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "zo365",
		Short: "Set up, check and keep the Zoom and Office 365 calendar integration",
		Long: `zo365 sets up the calendar integration between a Zoom account and Office 365
with Microsoft Graph application permissions, shows what is missing, and keeps
a record of who did what.

What is wanted stands in a tenant file, zo365.yaml. Changing it needs no network
and no sign-in; the other commands hold it against what Microsoft and Zoom show.
Run zo365 init first. To try everything without a tenant: zo365 sandbox serve.`,
		Example: strings.TrimPrefix(`
  zo365 init
  zo365 login microsoft && zo365 login zoom
  zo365 verify-domain
  zo365 integration enable
  zo365 authorize`, "\n"),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil { // cobra's own error would not be wrong usage
				return usagef("%v", err)
			}
			return env.prepare(cmd.Flags(), strings.Fields(cmd.Annotations[moreOutputs])...)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return env.show(render.VersionListing(version()))
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, "show the version, as zo365 version does")
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; see %s --help", err, cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(
		&env.flags.config,
		"config",
		"",
		"tenant file (default: ZO365_CONFIG, ./zo365.yaml, then the user's config folder)",
	)
	flags.StringP("output", "o", "table", "output format: table, json, yaml or csv")
	flags.StringVar(&env.flags.tenant, "tenant", "", "Microsoft tenant, whatever the file and the environment say")
	flags.String("auth", "auto", "how to sign in to Microsoft: "+strings.Join(connect.Methods, ", "))
	flags.String("credential-store", "auto", "where credentials are kept: auto, keyring, file or env")
	flags.Duration("request-timeout", 0, "longest wait for one answer (default 30s)")
	flags.Duration("max-wait", 0, "longest wait in all when a service throttles (default 5m)")
	flags.BoolVar(&env.flags.noInput, "no-input", false, "never ask anything")
	flags.BoolVarP(&env.flags.quiet, "quiet", "q", false, "show no progress")
	flags.BoolVar(&env.flags.debug, "debug", false, "show each request on stderr, without secrets")

	root.AddCommand(
		newInitCmd(
			env,
		),
		newLoginCmd(env),
		newLogoutCmd(env),
		newAuthCmd(env),
		newVerifyDomainCmd(env),
		newIntegrationCmd(env),
		newAuthorizeCmd(env),
		newFactsCmd(env),
		newStatusCmd(env),
		newDoctorCmd(env),
		newPlanCmd(env),
		newApplyCmd(env),
		newValidateCmd(env),
		newUndoCmd(env),
		newPortalCmd(env),
		newGroupCmd(
			env,
		),
		newCalendarCmd(env),
		newUPNCmd(env),
		newPermissionsCmd(env),
		newRBACCmd(env),
		newMigrateCmd(env),
		newRoomsCmd(env),
		newJournalCmd(env),
		newCacheCmd(env),
		newSandboxCmd(env),
		newExplainCmd(env),
		newVersionCmd(env),
		&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp()},
	)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		usageArgs(c)
	}
	return root
}

// moreOutputs is the annotation with the formats that a command has beside the
// usual ones.
const moreOutputs = "outputs"

// usageArgs makes wrong arguments of every command a wrong usage, and an unknown
// subcommand an error with a suggestion instead of a help text.
func usageArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usagef("%v; see %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	if c.HasSubCommands() && c.RunE == nil && c.Run == nil {
		c.Args = noArgs
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range c.Commands() {
		usageArgs(sub)
	}
}

// flagsOnly is for commands without arguments and subcommands; cobra.NoArgs would
// call an argument an unknown command.
func flagsOnly(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q: the command takes flags only", args[0])
	}
	return nil
}

// one is for commands with one argument, which a mistake names.
func one(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("name %s", what)
		case 1:
			return nil
		}
		return fmt.Errorf("unexpected argument %q: the command takes %s only", args[1], what)
	}
}

// noArgs refuses what is no subcommand and says what may have been meant.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := "unknown command %q for %q"
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef(text+"; did you mean %q?", args[0], cmd.CommandPath(), near[0])
	}
	return usagef(text+"; see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
}
