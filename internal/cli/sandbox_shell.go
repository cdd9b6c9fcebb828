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

Variables of the real services (ZO365_*, AZURE_*, ZOOM_*) do not reach the shell.`,
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
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	within := inside(os.Environ(), vars, filepath.Dir(self))
	var run *exec.Cmd
	if len(command) > 0 {
		run, err = program(ctx, within, command)
	} else {
		run, err = shellOf(ctx, opts.Shell, within, dir)
	}
	if err != nil {
		return err
	}
	if len(command) == 0 {
		env.say("sandbox %q is ready, and this is a shell in it; exit ends both", scenario.Name)
	}
	run.Stdin, run.Stdout, run.Stderr = env.In, env.Out, env.Err
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

// realOnes begin the names of variables that may be about real services.
var realOnes = []string{"ZO365_", "AZURE_", "ZOOM_"}

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

// shellOf starts the person's own shell with a prompt that says where it is. dir is for the
// files that make the prompt.
func shellOf(ctx context.Context, chosen string, within []string, dir string) (*exec.Cmd, error) {
	if chosen == "" {
		chosen = ownShell(within)
	}
	path, err := exec.LookPath(chosen)
	if err != nil {
		return nil, usagef("there is no shell %s; choose one with --shell", chosen)
	}
	kind := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".exe")
	var args []string
	write := func(name, text string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	switch kind {
	case "bash":
		args = []string{"--rcfile", filepath.Join(dir, "bashrc"), "-i"}
		err = write("bashrc", "[ ! -f ~/.bashrc ] || . ~/.bashrc\n"+shellPath+"PS1='"+prompt+"'\"$PS1\"\n")
	case "zsh":
		home := valueIn(within, "ZDOTDIR")
		if home == "" {
			home = valueIn(within, "HOME")
		}
		within = append(within, "ZDOTDIR="+dir, "ZO365_ZDOTDIR="+home)
		args = []string{"-i"}
		err = write(".zshrc", "ZDOTDIR=$ZO365_ZDOTDIR; unset ZO365_ZDOTDIR\n"+
			"[ ! -f \"$ZDOTDIR/.zshrc\" ] || . \"$ZDOTDIR/.zshrc\"\n"+shellPath+"PROMPT='"+prompt+"'\"$PROMPT\"\n")
	case "fish":
		args = []string{"-i", "-C", "fish_add_path -gP $ZO365_SANDBOX_PATH; functions -q fish_prompt; " +
			"and functions -c fish_prompt zo365_prompt; function fish_prompt; echo -n '" + prompt + "'; " +
			"functions -q zo365_prompt; and zo365_prompt; or echo -n '> '; end"}
	case "pwsh", "powershell":
		args = []string{"-NoLogo", "-NoExit", "-Command", "$zo365Prompt = $function:prompt; " +
			"function prompt { '" + prompt + "' + (& $zo365Prompt) }"}
	case "cmd":
		within = append(within, "PROMPT="+prompt+"$P$G")
		args = []string{"/k"}
	default:
		within = append(within, "PS1="+prompt+"$ ")
		args = []string{"-i"}
	}
	if err != nil {
		return nil, fmt.Errorf("writing the shell's prompt: %w", err)
	}
	run := exec.CommandContext(ctx, path, args...)
	first, _, _ := strings.Cut(valueIn(within, "PATH"), string(os.PathListSeparator))
	run.Env = slices.Concat(within, []string{"ZO365_SANDBOX_PATH=" + first})
	return run, nil
}

// shellPath puts this program first again, after the person's own files have been read.
const shellPath = "PATH=$ZO365_SANDBOX_PATH:$PATH\n"

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
