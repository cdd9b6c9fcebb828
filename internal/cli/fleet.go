package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/render"
)

// fleetOptions name the tenant files of one run.
type fleetOptions struct {
	Files    []string
	Parallel int
	LogDir   string
}

func (o *fleetOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(
		&o.Files,
		"file",
		"f",
		nil,
		"tenant file, or a pattern such as 'tenants/*.yaml'; several make a fleet",
	)
	f.IntVar(&o.Parallel, "parallel", 8, "how many tenants of a fleet at the same time")
	f.StringVar(&o.LogDir, "log-dir", "", "folder for each tenant's messages (NAME.log) and whole result (NAME.json)")
}

// fleetFacts refuses one tenant's facts for several.
func (o fleetOptions) fleetFacts(env *Env, facts factsOptions) ([]string, error) {
	files, err := o.several(env)
	if err == nil && files != nil && facts.File != "" {
		err = usagef("--facts is one tenant's; name one tenant file")
	}
	return files, err
}

// several returns the files of a fleet; nil when one tenant, or none, was named.
func (o fleetOptions) several(env *Env) ([]string, error) {
	var files []string
	for _, name := range o.Files {
		matches, err := filepath.Glob(name)
		switch {
		case err != nil:
			return nil, usagef("the pattern %q: %v", name, err)
		case matches == nil && strings.ContainsAny(name, "*?["):
			return nil, usagef("no file matches %q", name)
		case matches == nil:
			matches = []string{name} // its own error says that it is not there
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if len(files) == 0 || len(files) == 1 && len(o.Files) == 1 && files[0] == o.Files[0] {
		return nil, nil
	}
	if env.flags.config != "" || env.flags.tenant != "" {
		return nil, usagef("--config and --tenant name one tenant; a fleet takes each from its file")
	}
	return files, o.check()
}

func (o fleetOptions) check() error {
	if o.Parallel < 1 {
		return usagef("--parallel must be at least 1")
	}
	return nil
}

// only is the world of the one file that was named with -f.
func (o fleetOptions) only(env *Env) *Env {
	if len(o.Files) == 0 {
		return env
	}
	one := *env
	one.flags.config = o.Files[0]
	return &one
}

// fleetResult is what one tenant came to. Full goes to the log folder and is not
// kept.
type fleetResult struct {
	// Code is the tenant's exit code when there was no error.
	Code  int
	Words string
	Full  any
}

// ofOneTenant are variables that would make every tenant of a fleet the same one.
var ofOneTenant = []string{"AZURE_TENANT_ID", "ZOOM_ACCOUNT_ID", "ZO365_CONFIG"}

// meantForOne are variables that say which tenant is meant: for a fleet they cannot be.
var meantForOne = []string{"ZO365_MICROSOFT_TENANT", "ZO365_ZOOM_ACCOUNT_ID"}

// fleet runs a job for each tenant, some at the same time, and shows one summary.
// What it keeps of a tenant is one line.
func (env *Env) fleet(
	ctx context.Context,
	o fleetOptions,
	files []string,
	job func(context.Context, *Env) (fleetResult, error),
) error {
	if o.LogDir != "" {
		if err := os.MkdirAll(o.LogDir, 0o755); err != nil {
			return fmt.Errorf("making the log folder: %w", err)
		}
	}
	for _, name := range meantForOne {
		if env.Getenv(name) != "" {
			return hint(
				usagef("%s names one tenant, and the files %s, ... name others", name, files[0]),
				"unset "+name+": a fleet takes each tenant from its file",
			)
		}
	}
	for _, name := range ofOneTenant {
		if env.Getenv(name) != "" {
			env.say("warning: %s is set and not used: a fleet takes it from each file", name)
		}
	}
	talk := &lineWriter{to: env.Err}
	lines := make([]render.FleetTenant, len(files))
	names := fleetNames(files)
	group := errgroup.Group{}
	group.SetLimit(o.Parallel)
	for i, file := range files {
		group.Go(func() error {
			lines[i] = env.oneOfFleet(ctx, o, file, names[i], talk, job)
			return nil
		})
	}
	_ = group.Wait() // the jobs return no errors
	if ctx.Err() != nil {
		return ctx.Err()
	}
	code := worstCode(lines)
	if err := env.show(render.FleetListing(lines, code)); err != nil {
		return err
	}
	if code != exitDone {
		return &hinted{err: errFleet, code: code}
	}
	return nil
}

// errFleet ends a fleet whose summary has said everything.
var errFleet = errors.New("not every tenant is done")

func (env *Env) oneOfFleet(
	ctx context.Context,
	o fleetOptions,
	file, name string,
	talk *lineWriter,
	job func(context.Context, *Env) (fleetResult, error),
) render.FleetTenant {
	line := render.FleetTenant{File: file}
	log := &logBuffer{}
	one := *env
	one.name, one.flags.config, one.lines, one.Terminal, one.ColourErr = name, file, nil, false, false
	one.Err = talk.prefixed(name)
	if o.LogDir != "" {
		one.Err = log
	}
	one.Getenv = func(key string) string {
		if slices.Contains(ofOneTenant, key) {
			return ""
		}
		return env.Getenv(key)
	}
	one.opened = &opened{}
	result, err := job(ctx, &one)
	one.opened.close()
	line.ExitCode, line.Result = result.Code, result.Words
	if err != nil {
		line.ExitCode = report(&one, err)
	}
	var pending *pendingError
	if err != nil && !errors.As(err, &pending) { // which the result says
		text := err.Error()
		line.Error = &text
	}
	if o.LogDir == "" {
		return line
	}
	if err := writeLogs(filepath.Join(o.LogDir, name), log.text.Bytes(), result.Full); err != nil {
		env.warn(err)
	}
	return line
}

func writeLogs(base string, log []byte, full any) error {
	err := atomicfile.Write(base+".log", log, 0o644)
	if full == nil {
		return err
	}
	text, encoding := json.MarshalIndent(full, "", "  ")
	return errors.Join(err, encoding, atomicfile.Write(base+".json", append(text, '\n'), 0o644))
}

// fleetNames name the tenants of a fleet: after their files, and where two files have
// the same name, as with a folder for each tenant, after their paths.
func fleetNames(files []string) []string {
	names := make([]string, len(files))
	seen := map[string]bool{}
	unique := true
	for i, file := range files {
		names[i] = tenantName(file)
		unique = unique && !seen[names[i]]
		seen[names[i]] = true
	}
	if unique {
		return names
	}
	for i, file := range files {
		path := strings.TrimSuffix(filepath.ToSlash(filepath.Clean(file)), filepath.Ext(file))
		names[i] = strings.Trim(strings.NewReplacer("../", "", "/", "-").Replace(path), "-")
	}
	return names
}

// tenantName names a tenant's logs and plans after its file.
func tenantName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// worstCode is the fleet's exit code, in the order that one tenant has, too: an error
// before a failed check, a failed check before a person's step, that before a difference.
func worstCode(lines []render.FleetTenant) int {
	for _, code := range []int{
		exitInterrupted,
		exitError,
		exitUsage,
		exitSignIn,
		exitCheckFailed,
		exitPermission,
		exitResumable,
		exitPerson,
		exitDiffers,
	} {
		if slices.ContainsFunc(lines, func(l render.FleetTenant) bool { return l.ExitCode == code }) {
			return code
		}
	}
	return exitDone
}

// logBuffer takes the messages of one tenant, whose steps run at the same time.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// lineWriter lets tenants take turns, line by line.
type lineWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lineWriter) prefixed(name string) io.Writer { return &prefixed{w: w, name: name} }

type prefixed struct {
	w    *lineWriter
	name string
}

func (p *prefixed) Write(text []byte) (int, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	for line := range bytes.Lines(text) {
		if _, err := fmt.Fprintf(p.w.to, "%s: %s", p.name, line); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}
