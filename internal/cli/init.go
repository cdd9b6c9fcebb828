package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
)

type initOptions struct {
	Values config.Template
	Force  bool
	Yes    bool
}

func newInitCmd(env *Env) *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a tenant file",
		Long: `Write a commented tenant file, zo365.yaml, from your answers or from flags.

What no flag names is taken from the environment (ZO365_MICROSOFT_TENANT,
ZO365_MICROSOFT_CLIENT_ID, ZO365_ZOOM_ACCOUNT_ID, ZO365_ZOOM_CLIENT_ID, then
AZURE_* and ZOOM_*) and asked for on a terminal. With --yes nothing is asked; a
value that nobody gave is left as a comment. No secret is ever written.`,
		Example: strings.TrimPrefix(`
  zo365 init
  zo365 init --yes --tenant contoso.onmicrosoft.com --zoom-account-id abc --zoom-client-id def`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.Values.Cloud, "cloud", "", "Microsoft cloud: "+strings.Join(profile.Cloud("").Values(), ", "))
	f.StringVar(
		&opts.Values.ClientID,
		"client-id",
		"",
		"application that zo365 signs in with (default: Microsoft Graph Command Line Tools)",
	)
	f.StringVar(
		&opts.Values.ZoomAppID,
		"zoom-app-id",
		"",
		"Zoom's enterprise application (default: looked up in the tenant)",
	)
	f.StringVar(&opts.Values.ZoomAccountID, "zoom-account-id", "", "Zoom account ID")
	f.StringVar(&opts.Values.ZoomClientID, "zoom-client-id", "", "client ID of the server-to-server OAuth app")
	f.StringVar(
		&opts.Values.ZoomCloud,
		"zoom-cloud",
		"",
		"Zoom platform: "+strings.Join(profile.ZoomCloud("").Values(), ", "),
	)
	f.BoolVar(&opts.Force, "force", false, "replace an existing file")
	f.BoolVarP(&opts.Yes, "yes", "y", false, "ask nothing")
	completeValues(cmd, "cloud", profile.Cloud("").Values())
	completeValues(cmd, "zoom-cloud", profile.ZoomCloud("").Values())
	return cmd
}

func runInit(ctx context.Context, env *Env, opts initOptions) error {
	opts.Values.Tenant = env.flags.tenant
	v := fromEnvironment(env, opts.Values)
	if !opts.Yes {
		if !env.interactive() {
			return usagef("nobody can be asked for the values here; give them as flags or variables and use --yes")
		}
		var err error
		if v, err = askValues(ctx, env, v); err != nil {
			return err
		}
	}
	path := env.flags.config
	if path == "" {
		path = env.Getenv("ZO365_CONFIG")
	}
	if path == "" {
		path = config.FileName
	}
	if err := config.Create(ctx, path, v.Text(), opts.Force); err != nil {
		return err
	}
	for _, key := range v.Unset() {
		env.say("warning: %s is not set; edit %s before you sign in", key, path)
	}
	next := "zo365 login microsoft && zo365 login zoom"
	if len(v.Unset()) > 0 {
		next = "set " + strings.Join(v.Unset(), ", ") + " in " + path + ", then: " + next
	}
	env.say("wrote %s\nnext: %s", path, next)
	return env.show(render.InitializedListing(render.Initialized{Path: path, Unset: v.Unset()}))
}

// fromEnvironment fills what no flag named.
func fromEnvironment(env *Env, v config.Template) config.Template {
	for _, one := range []struct {
		value     *string
		variables []string
	}{
		{&v.Tenant, []string{"ZO365_MICROSOFT_TENANT", "AZURE_TENANT_ID"}},
		{&v.ClientID, []string{"ZO365_MICROSOFT_CLIENT_ID", "AZURE_CLIENT_ID"}},
		{&v.ZoomAccountID, []string{"ZO365_ZOOM_ACCOUNT_ID", "ZOOM_ACCOUNT_ID"}},
		{&v.ZoomClientID, []string{"ZO365_ZOOM_CLIENT_ID", "ZOOM_CLIENT_ID"}},
	} {
		for _, name := range one.variables {
			if *one.value == "" {
				*one.value = env.Getenv(name)
			}
		}
	}
	return v
}

func askValues(ctx context.Context, env *Env, v config.Template) (config.Template, error) {
	for _, one := range []struct {
		value    *string
		question string
	}{
		{&v.Tenant, "Microsoft tenant (ID or domain, for example contoso.onmicrosoft.com)"},
		{&v.ClientID, "Application (client) ID to sign in with, empty for Microsoft Graph Command Line Tools"},
		{&v.ZoomAccountID, "Zoom account ID (" + menu.ZoomApps + " > your server-to-server app)"},
		{&v.ZoomClientID, "Zoom client ID (beside it)"},
	} {
		text, err := env.ask(ctx, one.question, *one.value)
		if err != nil {
			return v, fmt.Errorf("asking for the tenant file's values: %w", err)
		}
		*one.value = text
	}
	return v, nil
}

// completeValues offers a flag's values to the shell.
func completeValues(cmd *cobra.Command, flag string, values []string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this package
	}
}
