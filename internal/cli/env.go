package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/need"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/secret"
)

// Env is the world as commands see it. Nothing in it is opened before a command
// asks: version and --help need no file, no keyring and no network.
type Env struct {
	// command is the one that was run, for hints, and args are its words.
	command string
	args    []string
	// patience is the run's, which all tenants of a fleet share.
	patience *rest.Patience
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// Terminal says whether a person sits there: input and messages are both on
	// a terminal.
	Terminal bool
	// Colour and ColourErr say whether standard output and error are terminals that
	// take colours.
	Colour, ColourErr bool
	// Screen says whether standard output is a terminal, Width how many columns it has.
	Screen bool
	Width  int
	// ScreenErr says whether standard error is a terminal on which lines can be drawn again.
	ScreenErr bool
	// Open shows an address in the person's browser.
	Open func(ctx context.Context, address string) error
	// ReadSecret reads a line without echo.
	ReadSecret func() (secret.Secret, error)

	flags struct {
		config  string
		tenant  string
		debug   bool
		quiet   bool
		noInput bool
	}
	settings config.Settings
	// name is that of one tenant of a fleet.
	name string
	// opened are the doors of one tenant of a fleet; nil where the end of the program
	// closes them.
	opened *opened
	// autoChosen is true when --auth auto, or ZO365_AUTH=auto, was said and is not
	// merely the default.
	autoChosen bool
	lines      *bufio.Reader
}

// System is the real world.
func System() *Env {
	env := &Env{
		In:       os.Stdin,
		Out:      os.Stdout,
		Err:      &talk{out: os.Stderr},
		Getenv:   os.Getenv,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
	}
	env.Screen = term.IsTerminal(int(os.Stdout.Fd()))
	env.Width, _, _ = term.GetSize(
		int(os.Stdout.Fd()),
	) // without a size a table takes what it needs
	plain := os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" || os.Getenv("TERM") == "dumb" // https://no-color.org
	env.Colour = !plain && env.Screen
	env.ScreenErr = os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stderr.Fd()))
	env.ColourErr = !plain && term.IsTerminal(int(os.Stderr.Fd()))
	env.Open = func(ctx context.Context, address string) error {
		return openBrowser(ctx, env.Getenv, env.terminal(), address)
	}
	env.ReadSecret = func() (secret.Secret, error) {
		text, err := term.ReadPassword(int(os.Stdin.Fd()))
		env.say("")
		return secret.New(string(text)), err
	}
	return env
}

// say writes a line of talk. stdout is for data.
func (env *Env) say(format string, args ...any) {
	_, _ = fmt.Fprintln(render.Plainly(env.Err, false), fmt.Sprintf(format, args...)) // nobody is left to tell
}

func (env *Env) warn(err error) { env.say("warning: %v", err) }

// prepare layers the preferences once the flags are known.
func (env *Env) prepare(flags *pflag.FlagSet, outputs ...string) error {
	s, err := config.LoadSettings(flags, outputs...)
	env.settings = s
	env.patience = &rest.Patience{Max: s.MaxWait, OnWait: env.sayWait}
	env.autoChosen = s.Auth == "auto" && (flags.Changed("auth") || env.Getenv("ZO365_AUTH") != "")
	return err
}

// show writes a listing in the format that was asked for.
func (env *Env) show(l render.Listing) error {
	if env.Colour {
		l.Paint = render.ANSI
	}
	return render.Write(env.Out, render.Format(env.settings.Output), l)
}

// sayPlan shows a plan as talk.
func (env *Env) sayPlan(p plan.Plan) error {
	var paint render.Paint
	if env.ColourErr {
		paint = render.ANSI
	}
	return render.PlanListing(p).Text(render.Plainly(env.Err, paint != nil), paint)
}

// sayUnseen warns of checks that could not look: a plan knows nothing of what they
// would have found.
func (env *Env) sayUnseen(p plan.Plan) {
	if len(p.Unseen) > 0 {
		env.say(
			"warning: the plan does not know about %s, which could not be seen; zo365 doctor says why",
			strings.Join(p.Unseen, ", "),
		)
	}
}

// path finds the tenant file.
func (env *Env) path() (string, error) { return config.Find(env.flags.config, env.Getenv) }

// document reads the tenant file; warnings are said.
func (env *Env) document() (*config.Document, error) {
	path, err := env.path()
	if err != nil {
		return nil, err
	}
	doc, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	for _, w := range doc.Warnings {
		env.say("warning: %s", w)
	}
	return doc, nil
}

// fileIfAny is the tenant file, or a zero one where there is none: signing in
// and looking something up need no file when the environment names the tenant.
func (env *Env) fileIfAny() (profile.File, error) {
	doc, err := env.document()
	var missing *config.NotFoundError
	switch {
	case err == nil:
		return doc.File, nil
	case errors.As(err, &missing) && env.flags.config == "" && env.Getenv("ZO365_CONFIG") == "":
		return profile.File{}, nil
	}
	return profile.File{}, err
}

// doors prepares the clients for a tenant.
func (env *Env) doors(file profile.File) (*connect.Doors, error) {
	path, _ := env.path() // without a file nothing is held against it
	opts := connect.Options{
		File:           file,
		Path:           path,
		Store:          env.settings.CredentialStore,
		Auth:           env.settings.Auth,
		Tenant:         env.flags.tenant,
		Getenv:         env.Getenv,
		Scopes:         need.Scopes,
		RequestTimeout: env.settings.RequestTimeout,
		Patience:       env.patience,
		UserAgent:      "zo365/" + version().Version,
		Warn:           env.warn,
		Say:            env.say,
	}
	if env.flags.debug {
		opts.Debug = env.Err
	}
	if env.interactive() {
		opts.AskPassphrase = func() (secret.Secret, error) {
			_, _ = fmt.Fprint(env.Err, "Passphrase of the credential file: ")
			return env.ReadSecret()
		}
	}
	doors, err := connect.New(opts)
	if err == nil && env.opened != nil {
		env.opened.doors = append(env.opened.doors, doors)
	}
	return doors, err
}

// opened remembers doors, to close them.
type opened struct{ doors []*connect.Doors }

func (o *opened) close() {
	for _, d := range o.doors {
		d.Close()
	}
}

func (env *Env) sayWait(w rest.Wait) {
	pause := w.For.Round(100 * time.Millisecond)
	if w.Failure != nil {
		env.say("%v; asking again in %s", w.Failure, pause)
		return
	}
	env.say("%s answered %d; waiting %s", w.Host, w.Status, pause)
}

// interactive says whether a question can be asked at all.
func (env *Env) interactive() bool {
	return env.Terminal && !env.flags.noInput && env.Getenv("CI") == ""
}

// line reads one line of an answer.
func (env *Env) line(ctx context.Context) (string, error) {
	if env.lines == nil {
		env.lines = bufio.NewReader(env.In)
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := env.lines.ReadString('\n')
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil && a.text == "" {
			return "", fmt.Errorf("reading the answer: %w", a.err)
		}
		return strings.TrimSpace(a.text), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// errDeclined says that a person answered no.
var errDeclined = errors.New("not confirmed; nothing was changed")

// confirm asks a yes-or-no question. yes answers it; without a person to ask it
// is a wrong usage, since every prompt has a flag that answers it.
func (env *Env) confirm(ctx context.Context, question string, yes bool) error {
	if yes {
		return nil
	}
	if !env.interactive() {
		return usagef("%s Nobody can be asked here; --yes answers it", question)
	}
	_, _ = fmt.Fprintf(env.Err, "%s [y/N] ", question)
	text, err := env.line(ctx)
	if err != nil {
		return err
	}
	if !strings.EqualFold(text, "y") && !strings.EqualFold(text, "yes") {
		return errDeclined
	}
	return nil
}

// ask asks for a text; an empty answer takes the fallback.
func (env *Env) ask(ctx context.Context, question, fallback string) (string, error) {
	if fallback != "" {
		question += " [" + fallback + "]"
	}
	_, _ = fmt.Fprintf(env.Err, "%s: ", question)
	text, err := env.line(ctx)
	if err != nil || text == "" {
		return fallback, err
	}
	return text, nil
}
