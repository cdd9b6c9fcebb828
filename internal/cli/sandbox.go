package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/sandbox"
	"github.com/zo365/zo365/internal/sandbox/robot"
	"github.com/zo365/zo365/internal/sandbox/world"
)

func newSandboxCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Try everything without a tenant",
		Long:  "An imitation of Entra, Microsoft Graph and Zoom on this machine, to learn and to test with.",
	}
	cmd.AddCommand(newSandboxServeCmd(env), newSandboxShellCmd(env), newSandboxVisitCmd(env), newSandboxScenariosCmd(env))
	return cmd
}

type sandboxServeOptions struct {
	Listen      string
	Users       int
	Seed        uint64
	Scenario    string
	EnvFile     string
	TrafficLog  string
	IssuedLog   string
	AutoApprove bool
	Tenants     int
	TenantFiles string
	Latency     time.Duration
	// MicrosoftCloud and ZoomCloud are imitated; RealHosts bears their names.
	MicrosoftCloud, ZoomCloud string
	RealHosts                 bool
}

// addCloudFlags are the clouds to imitate.
func addCloudFlags(f *pflag.FlagSet, microsoft, zoom *string) {
	clouds, platforms := slices.Sorted(maps.Keys(world.MicrosoftClouds)), slices.Sorted(maps.Keys(world.ZoomClouds))
	f.StringVar(microsoft, "microsoft-cloud", "global", "Microsoft's cloud to imitate: "+strings.Join(clouds, ", "))
	f.StringVar(zoom, "zoom-cloud", "global", "Zoom's platform to imitate: "+strings.Join(platforms, ", "))
}

// checkClouds refuses clouds that there are not.
func checkClouds(microsoft, zoom string) error {
	if _, ok := world.MicrosoftClouds[microsoft]; !ok {
		return usagef("--microsoft-cloud %q is none of %s", microsoft,
			strings.Join(slices.Sorted(maps.Keys(world.MicrosoftClouds)), ", "))
	}
	if _, ok := world.ZoomClouds[zoom]; !ok {
		return usagef("--zoom-cloud %q is none of %s", zoom, strings.Join(slices.Sorted(maps.Keys(world.ZoomClouds)), ", "))
	}
	return nil
}

func newSandboxServeCmd(env *Env) *cobra.Command {
	var opts sandboxServeOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the sandbox until Ctrl-C",
		Long: `Serve an imitation of Entra, Microsoft Graph, Zoom's API and Zoom's portal at one
HTTPS address on loopback, with a certificate authority of its own. The env file
points zo365, and any other client, at it. zo365 sandbox shell does all this for
your own shell.`,
		Example: strings.TrimPrefix(`
  rm -f env.sh; zo365 sandbox serve --env-file env.sh --auto-approve &
  while [ ! -s env.sh ]; do sleep 0.1; done; . ./env.sh
  zo365 sandbox serve --scenario upn-differs --users 1000`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSandboxServe(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.Listen, "listen", "127.0.0.1:0", "loopback address; port 0 takes a free one")
	f.IntVar(&opts.Users, "users", 0, "people to add to those of the scenario")
	f.Uint64Var(&opts.Seed, "seed", 1, "the same seed makes the same people and IDs")
	f.StringVar(
		&opts.Scenario,
		"scenario",
		"happy",
		"a shipped scenario or a YAML file: "+strings.Join(world.Names(), ", "),
	)
	f.StringVar(
		&opts.EnvFile,
		"env-file",
		"",
		"write the variables to this file once the sandbox is ready, for the shell of its ending: .sh, .fish, .ps1, .cmd or .env",
	)
	addCloudFlags(f, &opts.MicrosoftCloud, &opts.ZoomCloud)
	f.BoolVar(
		&opts.RealHosts,
		"real-hosts",
		false,
		"bear the real names of the services, for a test that leads these names here",
	)
	f.StringVar(&opts.TrafficLog, "traffic-log", "", "write every exchange to this file, one JSON object a line")
	f.StringVar(
		&opts.IssuedLog,
		"issued-log",
		"",
		"write every secret that is handed out to this file, for tests that look for leaks",
	)
	f.DurationVar(&opts.Latency, "latency", 0, "add this to each answer of Graph's and Zoom's APIs, for example 40ms")
	f.IntVar(&opts.Tenants, "tenants", 1, "how many tenants, each with a Zoom account and a state of its own")
	f.StringVar(&opts.TenantFiles, "tenant-files", "", "write a tenant file for each of them into this folder")
	f.BoolVar(
		&opts.AutoApprove,
		"auto-approve",
		false,
		"approve device codes as the tenant's admin, and set BROWSER to a robot that does the same with pages",
	)
	return cmd
}

func runSandboxServe(ctx context.Context, env *Env, opts sandboxServeOptions) (err error) {
	if err := checkClouds(opts.MicrosoftCloud, opts.ZoomCloud); err != nil {
		return err
	}
	scenario, err := world.LoadScenario(opts.Scenario)
	if err != nil {
		return err
	}
	start := sandbox.Options{
		MicrosoftCloud: opts.MicrosoftCloud,
		ZoomCloud:      opts.ZoomCloud,
		RealHosts:      opts.RealHosts,
		Listen:         opts.Listen,
		Users:          opts.Users,
		Seed:           opts.Seed,
		Scenario:       scenario,
		AutoApprove:    opts.AutoApprove,
		Latency:        opts.Latency,
		Tenants:        opts.Tenants,
	}
	for _, log := range []struct {
		file string
		to   *io.Writer
	}{{opts.TrafficLog, &start.Traffic}, {opts.IssuedLog, &start.Issued}} {
		if log.file == "" {
			continue
		}
		f, err := os.OpenFile(log.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("opening the log: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		*log.to = f
	}
	server, err := sandbox.Start(ctx, start)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, server.Close(end))
	}()
	if err := writeTenantFiles(server, opts.TenantFiles); err != nil {
		return err
	}
	if err := writeEnv(env, server, opts.EnvFile); err != nil {
		return err
	}
	env.say("sandbox %q ready at %s; Ctrl-C ends it", scenario.Name, server.Origin)
	<-ctx.Done()
	return errStopped
}

// writeTenantFiles writes a fleet's tenant files.
func writeTenantFiles(server *sandbox.Server, dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the tenant files' folder: %w", err)
	}
	for name, text := range server.TenantFiles() {
		if err := atomicfile.Write(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// errStopped ends a server that was asked to end: it is done, not interrupted.
var errStopped = errors.New("stopped")

// writeEnv writes the exports, readable by this user alone since they hold
// secrets (a sandbox's own).
func writeEnv(env *Env, server *sandbox.Server, file string) error {
	vars, err := server.Env()
	if err != nil {
		return err
	}
	if file != "" {
		return atomicfile.Write(file, []byte(sandbox.FormatOf(file).Text(vars)), 0o600)
	}
	_, err = io.WriteString(env.Out, sandbox.Sh.Text(vars))
	return err
}

func newSandboxVisitCmd(env *Env) *cobra.Command {
	v := &robot.Visitor{Say: func(text string) { env.say("visit: %s", text) }}
	cmd := &cobra.Command{
		Use:   "visit URL",
		Short: "Walk a page of the sandbox as its admin would",
		Long: `Walk the page at URL as the tenant's admin would: sign in, accept the consent; on
the portal's page choose what the tenant file wants (without one, the article's
values) and press Authorize and Save. A page that refuses ends the walk with an
error. It is what BROWSER names with --auto-approve.`,
		Example: "  zo365 sandbox visit https://localhost:8443/account/setting\n  zo365 sandbox visit --decline https://localhost:8443/account/setting",
		Args:    one("a page of the sandbox"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if v.As == "" {
				v.As = env.Getenv("ZO365_SANDBOX_ADMIN")
			}
			if err := asTheFileSays(env, cmd.Flags(), v, args[0]); err != nil {
				return err
			}
			return v.Visit(cmd.Context(), args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&v.As, "as", "", "UPN to sign in with at Entra (default: ZO365_SANDBOX_ADMIN)")
	f.StringVar(&v.ZoomAs, "zoom-as", "", "email to sign in with at Zoom (default: the first admin)")
	f.StringVar(&v.Code, "code", "", "device code to enter")
	f.BoolVar(&v.Decline, "decline", false, "press Cancel on the consent page")
	f.BoolVar(&v.Off, "off", false, "switch the integration off")
	f.StringVar(&v.SetupBy, "setup-by", "admin", "who sets the integration up: admin or users")
	f.StringVar(&v.Service, "service", "office365", "default calendar service")
	f.StringVar(&v.API, "authorize-with", "graph", "graph or ews")
	f.BoolVar(&v.ApproveMailRead, "approve-mail-read", false, "tick Mail: Read access in the portal")
	return cmd
}

// asTheFileSays lets the robot choose in the portal what the tenant file wants of the
// page's scope, where no flag says otherwise.
func asTheFileSays(env *Env, flags *pflag.FlagSet, v *robot.Visitor, page string) error {
	file, err := env.fileIfAny()
	if err != nil {
		return err
	}
	u, err := url.Parse(page)
	if err != nil {
		return usagef("%q is not an address", page)
	}
	group := u.Query().Get("name")
	if file.Account.Empty() && len(file.Groups) == 0 {
		return nil // there is no file, or it wants nothing
	}
	e, _ := file.Effective(group) // a group without a profile has the account's settings
	for flag, set := range map[string]func(){
		"off":               func() { v.Off = !e.Enabled },
		"setup-by":          func() { v.SetupBy = string(e.SetupBy) },
		"service":           func() { v.Service = string(e.DefaultService) },
		"authorize-with":    func() { v.API = string(e.AuthorizeWith) },
		"approve-mail-read": func() { v.ApproveMailRead = e.MailRead == profile.Approved },
	} {
		if !flags.Changed(flag) {
			set()
		}
	}
	return nil
}

func newSandboxScenariosCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "scenarios",
		Short:   "List the shipped scenarios",
		Long:    "List the shipped scenarios. A scenario of your own is a YAML file with the same keys: docs/sandbox.md.",
		Example: "  zo365 sandbox scenarios",
		Args:    flagsOnly,
		RunE:    func(*cobra.Command, []string) error { return runSandboxScenarios(env) },
	}
}

func runSandboxScenarios(env *Env) error {
	listing, err := scenarioListing()
	if err != nil {
		return err
	}
	return env.show(listing)
}
