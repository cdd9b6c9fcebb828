package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/sandbox"
	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/shell"
)

type sandboxShellOptions struct {
	Scenario                  string
	Users                     int
	Shell                     string
	MicrosoftCloud, ZoomCloud string
}

func newSandboxShellCmd(env *Env) *cobra.Command {
	var opts sandboxShellOptions
	cmd := &cobra.Command{
		Use:   "shell [-- COMMAND [ARGS...]]",
		Short: "Your own shell inside a sandbox",
		Long: `Start a sandbox and your own shell (bash, zsh, fish, PowerShell or cmd) in it, with
everything set: zo365 finds the sandbox, its sign-ins and its robot in place of a
browser. The prompt says where you are; exit ends both. With a command, that is run
instead, and its exit code is this one's.

Variables of the real services (ZO365_*, AZURE_*, ZOOM_*, and those of runners and managed
identities) do not reach the shell.`,
		Example: strings.TrimPrefix(`
  zo365 sandbox shell
  zo365 sandbox shell --scenario upn-differs
  zo365 sandbox shell -- zo365 init --yes`, "\n"),
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() < 0 && len(args) > 0 {
				return usagef("a command is given after --: zo365 sandbox shell -- %s", strings.Join(args, " "))
			}
			return runSandboxShell(cmd.Context(), env, opts, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(
		&opts.Scenario,
		"scenario",
		"happy",
		"a shipped scenario or a YAML file: "+strings.Join(world.Names(), ", "),
	)
	f.IntVar(&opts.Users, "users", 0, "people to add to those of the scenario")
	f.StringVar(&opts.Shell, "shell", "", "the shell to start (default: the one you are in)")
	addCloudFlags(f, &opts.MicrosoftCloud, &opts.ZoomCloud)
	return cmd
}

// exitedError is the end of a program that ran in this one's place; it has said what there
// was to say.
type exitedError struct{ code int }

func (e *exitedError) Error() string { return fmt.Sprintf("it ended with %d", e.code) }

func runSandboxShell(ctx context.Context, env *Env, opts sandboxShellOptions, command []string) error {
	if err := checkClouds(opts.MicrosoftCloud, opts.ZoomCloud); err != nil {
		return err
	}
	scenario, err := world.LoadScenario(opts.Scenario)
	if err != nil {
		return err
	}
	// Ctrl-C is the shell's: it ends what runs in it, and not the sandbox.
	ctx = context.WithoutCancel(ctx)
	server, err := sandbox.Start(ctx, sandbox.Options{
		Listen:         "127.0.0.1:0",
		Users:          opts.Users,
		Seed:           1,
		Scenario:       scenario,
		AutoApprove:    true,
		MicrosoftCloud: opts.MicrosoftCloud,
		ZoomCloud:      opts.ZoomCloud,
	})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "zo365-shell-")
	if err != nil {
		return errors.Join(err, server.Close(ctx))
	}
	defer func() {
		end, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if left := errors.Join(os.RemoveAll(dir), server.Close(end)); left != nil {
			env.warn(left) // the shell's own end is what counts
		}
	}()
	vars, err := server.Env()
	if err != nil {
		return err
	}
	if reason := (secret.Keyring{Service: "zo365-sandbox", Patience: 3 * time.Second}).Available(ctx); reason != nil {
		vars = append(vars, keptInFile...)
		env.say("note: %v; the sandbox's sign-ins are kept in an encrypted file", reason)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	within := inside(os.Environ(), vars, filepath.Dir(self))
	var run *exec.Cmd
	if len(command) > 0 {
		run, err = program(ctx, within, command)
	} else {
		run, err = shellOf(ctx, opts.Shell, within, again{vars: vars, path: filepath.Dir(self), dir: dir})
	}
	if err != nil {
		return err
	}
	if len(command) == 0 {
		env.say("sandbox %q is ready, and this is a shell in it; exit ends both", scenario.Name)
	}
	run.Stdin, run.Stdout, run.Stderr = env.In, env.Out, env.terminal()
	err = run.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return &exitedError{max(exited.ExitCode(), exitError)} // a signal has no code
	}
	if err != nil {
		return fmt.Errorf("starting %s: %w", run.Path, err)
	}
	return nil
}

// keptInFile lets a machine without a keyring keep a sandbox's sign-ins. They are worth
// nothing once the sandbox has ended, so that what opens their file is no secret.
var keptInFile = []world.Variable{
	{Name: "ZO365_CREDENTIAL_STORE", Value: "file"},
	{Name: "ZO365_CREDENTIAL_PASSPHRASE", Value: "sandbox"},
}

// realOnes begin the names of variables that may be about real services.
var realOnes = []string{
	"ZO365_", "AZURE_", "ZOOM_", "IDENTITY_", "IMDS_", "MSI_", "ACTIONS_ID_TOKEN_", "SYSTEM_ACCESSTOKEN", "SYSTEM_OIDC",
}

// inside is the environment of a shell in the sandbox: nothing of the real services, and
// this program first in the path.
func inside(outside []string, vars []world.Variable, folder string) []string {
	var all []string
	path := folder
	for _, v := range outside {
		name, value, _ := strings.Cut(v, "=")
		switch upper := strings.ToUpper(name); {
		case upper == "PATH":
			path += string(os.PathListSeparator) + value
		case slices.ContainsFunc(realOnes, func(p string) bool { return strings.HasPrefix(upper, p) }):
		default:
			all = append(all, v)
		}
	}
	for _, v := range vars {
		all = append(all, v.Name+"="+v.Value)
	}
	return append(all, "PATH="+path)
}

// program finds a command in the shell's own path.
func program(ctx context.Context, within, command []string) (*exec.Cmd, error) {
	name := command[0]
	if !strings.ContainsAny(name, `/\`) {
		for _, folder := range filepath.SplitList(valueIn(within, "PATH")) {
			file := filepath.Join(folder, name)
			if runtime.GOOS == "windows" && filepath.Ext(file) == "" {
				file += ".exe"
			}
			if found, err := exec.LookPath(file); err == nil {
				name = found
				break
			}
		}
	}
	if _, err := exec.LookPath(name); err != nil {
		return nil, usagef("there is no command %s", command[0])
	}
	run := exec.CommandContext(ctx, name, command[1:]...)
	run.Env = within
	return run, nil
}

func valueIn(environment []string, name string) string {
	for i := len(environment) - 1; i >= 0; i-- {
		if n, value, _ := strings.Cut(environment[i], "="); strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// prompt is what a shell in the sandbox shows first.
const prompt = "(zo365 sandbox) "

// again is what a shell is told once more after the person's own files, which may name the
// real services: the variables, and where this program is. dir is for files of the shell.
type again struct {
	vars      []world.Variable
	path, dir string
}

// unset are the variables of real services in the words of a shell.
func (a again) unset(f sandbox.Format) string {
	pattern := strings.Join(realOnes, "|")
	switch f {
	case sandbox.Fish:
		return "for v in (set -nx | string match -r '^(?:" + pattern + ").*'); set -e $v; end\n"
	case sandbox.PowerShell:
		return "Get-ChildItem env: | Where-Object Name -match '^(" + pattern + ")' | Remove-Item\n"
	case sandbox.Sh, sandbox.Cmd, sandbox.Dotenv:
	}
	return "for v in $(env | sed -n 's/^\\([A-Z0-9_]*\\)=.*/\\1/p' | grep -E '^(" + pattern + ")'); do unset \"$v\"; done\n"
}

// text is all of it for a shell.
func (a again) text(f sandbox.Format) string {
	first := map[sandbox.Format]string{
		sandbox.Sh:         "PATH='" + strings.ReplaceAll(a.path, "'", `'\''`) + "':$PATH\n",
		sandbox.Fish:       "set -gx PATH '" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(a.path) + "' $PATH\n",
		sandbox.PowerShell: "$env:PATH = '" + strings.ReplaceAll(a.path, "'", "''") + ";' + $env:PATH\n",
	}
	return a.unset(f) + strings.TrimPrefix(f.Text(a.vars), shell.ByteOrder) + first[f]
}

// shellOf starts the person's own shell with a prompt that says where it is.
func shellOf(ctx context.Context, chosen string, within []string, told again) (*exec.Cmd, error) {
	if chosen == "" {
		chosen = ownShell(within)
	}
	path, err := exec.LookPath(chosen)
	if err != nil {
		return nil, usagef("there is no shell %s; choose one with --shell", chosen)
	}
	kind := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe")
	var args []string
	file := func(name string) string { return filepath.Join(told.dir, name) }
	write := func(name, text string) error { return os.WriteFile(file(name), []byte(text), 0o600) }
	switch kind {
	case "bash":
		args = []string{"--rcfile", file("bashrc"), "-i"}
		err = write("bashrc", "[ ! -f ~/.bashrc ] || . ~/.bashrc\n"+told.text(sandbox.Sh)+"PS1='"+prompt+"'\"$PS1\"\n")
	case "zsh":
		home := valueIn(within, "ZDOTDIR")
		if home == "" {
			home = valueIn(within, "HOME")
		}
		within = slices.Concat(within, []string{"ZDOTDIR=" + told.dir, "OWN_ZDOTDIR=" + home})
		args = []string{"-i"}
		err = write(".zshrc", "ZDOTDIR=$OWN_ZDOTDIR; unset OWN_ZDOTDIR\n"+
			"[ ! -f \"$ZDOTDIR/.zshrc\" ] || . \"$ZDOTDIR/.zshrc\"\n"+told.text(sandbox.Sh)+"PROMPT='"+prompt+"'\"$PROMPT\"\n")
	case "fish":
		args = []string{"-i", "-C", "source '" + file("inside.fish") + "'"}
		err = write(
			"inside.fish",
			told.text(sandbox.Fish)+"functions -q fish_prompt; and functions -c fish_prompt zo365_prompt\n"+
				"function fish_prompt; echo -n '"+prompt+"'; functions -q zo365_prompt; and zo365_prompt; or echo -n '> '; end\n",
		)
	case "pwsh", "powershell":
		args = []string{"-NoLogo", "-NoExit", "-ExecutionPolicy", "Bypass", "-File", file("inside.ps1")}
		err = write("inside.ps1", shell.ByteOrder+told.text(sandbox.PowerShell)+"$zo365Prompt = $function:prompt\n"+
			"function global:prompt { '"+prompt+"' + (& $zo365Prompt) }\n")
	case "cmd":
		within = slices.Concat(within, []string{"PROMPT=" + prompt + "$P$G"})
		args = []string{"/k"}
	default:
		within = slices.Concat(within, []string{"PS1=" + prompt + "$ "})
		args = []string{"-i"}
	}
	if err != nil {
		return nil, fmt.Errorf("writing the shell's prompt: %w", err)
	}
	run := exec.CommandContext(ctx, path, args...)
	run.Env = within
	return run, nil
}

// ownShell is the shell that the person is in, as far as its variables tell: cmd sets
// PROMPT, PowerShell does not.
func ownShell(environment []string) string {
	if runtime.GOOS != "windows" {
		if shell := valueIn(environment, "SHELL"); shell != "" {
			return shell
		}
		return "sh"
	}
	if valueIn(environment, "PROMPT") != "" {
		return "cmd"
	}
	if _, err := exec.LookPath("pwsh"); err == nil {
		return "pwsh"
	}
	return "powershell"
}
