package cli_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
)

// zo365 is the real program, built once.
var zo365 string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run prepares the real parts. One that is missing fails the tests; nothing is
// skipped.
func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "zo365-scripts-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	zo365 = filepath.Join(dir, "bin", "zo365")
	build := exec.Command("go", "build", "-o", zo365, "github.com/zo365/zo365/cmd/zo365")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building zo365: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// startSecretService runs dbus-daemon and gnome-keyring as a desktop does, with
// a home of their own, unlocked with an empty password. Each script has its own:
// the daemon has been seen to crash when many programs open it at once.
func startSecretService(dir string) (string, func(), error) {
	home := filepath.Join(dir, ".keyring")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", nil, err
	}
	bus := "unix:path=" + filepath.Join(home, "bus")
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--nosyslog", "--address="+bus)
	keyring := exec.Command(
		"gnome-keyring-daemon",
		"--foreground",
		"--unlock",
		"--components=secrets",
		"--control-directory="+filepath.Join(home, "control"),
	)
	keyring.Stdin = strings.NewReader("\n")
	started := []*exec.Cmd{}
	stop := func() {
		for i := len(started) - 1; i >= 0; i-- {
			_ = started[i].Process.Kill()
			_ = started[i].Wait()
		}
	}
	owned := func() bool {
		ask := exec.Command(
			"dbus-send",
			"--bus="+bus,
			"--print-reply",
			"--dest=org.freedesktop.DBus",
			"/org/freedesktop/DBus",
			"org.freedesktop.DBus.NameHasOwner",
			"string:org.freedesktop.secrets",
		)
		out, err := ask.Output()
		return err == nil && bytes.Contains(out, []byte("true"))
	}
	for _, one := range []struct {
		cmd   *exec.Cmd
		ready func() bool
	}{{daemon, func() bool { _, err := os.Stat(filepath.Join(home, "bus")); return err == nil }}, {keyring, owned}} {
		one.cmd.Env = append(
			os.Environ(),
			"HOME="+home,
			"DBUS_SESSION_BUS_ADDRESS="+bus,
			"XDG_DATA_HOME="+filepath.Join(home, "data"),
			"XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		)
		if err := one.cmd.Start(); err != nil {
			stop()
			return "", nil, fmt.Errorf("a real Secret Service is needed; make deps installs it: %w", err)
		}
		started = append(started, one.cmd)
		if err := waitFor(one.ready); err != nil {
			stop()
			return "", nil, fmt.Errorf("%s: %w", one.cmd.Path, err)
		}
	}
	return bus, stop, nil
}

func waitFor(done func() bool) error {
	const limit = 20 * time.Second
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return nil
		}
	}
	return fmt.Errorf("not ready after %s", limit)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, ".home")
			if err := os.MkdirAll(home, 0o700); err != nil {
				return err
			}
			bus, stop, err := startSecretService(env.WorkDir)
			if err != nil {
				return err
			}
			env.Defer(stop)
			cases, err := filepath.Abs("testdata/cases")
			if err != nil {
				return err
			}
			examples, err := filepath.Abs("../../docs/examples")
			if err != nil {
				return err
			}
			for _, pair := range [][2]string{
				{"HOME", home},
				{"XDG_CONFIG_HOME", filepath.Join(home, ".config")},
				{"XDG_CACHE_HOME", filepath.Join(home, ".cache")},
				{"PATH", filepath.Dir(zo365) + string(os.PathListSeparator) + os.Getenv("PATH")},
				{"DBUS_SESSION_BUS_ADDRESS", bus},
				{"ZO365_ACTOR", "tester"},
				{"EXAMPLES", examples},
				{"CASES", cases},
			} {
				env.Setenv(pair[0], pair[1])
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox":   cmdSandbox,
			"exits":     cmdExits,
			"json":      cmdJSON,
			"interrupt": cmdInterrupt,
			"unsetenv":  cmdUnsetenv,
			"lines":     cmdLines,
			"fix":       cmdFix,
			"require":   cmdRequire,
			"state":     cmdState,
			"holds":     cmdHolds,
			"exactly":   cmdExactly,
			"refusals":  cmdRefusals,
			"unused":    cmdUnused,
			"begun":     cmdBegun,
			"for":       cmdFor,
		},
	})
}

// cmdSandbox starts a sandbox for this script and points the script's
// environment at it: sandbox [serve flags...]. Its exchanges are added to
// ZO365_TRAFFIC, where the judges read them.
func cmdSandbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: sandbox [flags...]")
	}
	file := ts.MkAbs("env.sh")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) { // that of another sandbox
		ts.Fatalf("%v", err)
	}
	args = append([]string{"sandbox", "serve", "--env-file", file}, args...)
	if dir := os.Getenv("ZO365_TRAFFIC"); dir != "" && !slices.Contains(args, "--traffic-log") {
		args = append(args, "--traffic-log", filepath.Join(dir, strings.ReplaceAll(ts.Name(), "/", "-")+".ndjson"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, zo365, args...)
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.Dir = ts.MkAbs(".")
	var said bytes.Buffer
	server.Stderr = &said
	ts.Check(server.Start())
	ts.Defer(func() {
		cancel()
		var exit *exec.ExitError
		if err := server.Wait(); errors.As(err, &exit) && exit.ExitCode() != 0 {
			ts.Fatalf("the sandbox did not end cleanly: %v\n%s", err, said.String())
		}
	})
	if err := waitFor(func() bool { _, err := os.Stat(file); return err == nil }); err != nil {
		ts.Fatalf("the sandbox: %v\n%s", err, said.String())
	}
	for name, value := range exports(ts.ReadFile("env.sh")) {
		ts.Setenv(name, value)
	}
}

// exports reads an env file.
func exports(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "="); ok {
			values[name] = strings.Trim(value, "'")
		}
	}
	return values
}

// cmdExits runs a command and checks its exit code: exits 3 zo365 verify-domain.
// Standard output and error can be looked at afterwards.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdJSON looks at one place in the last standard output: json a.b.0.c value. A
// value of "null" or "absent" means what it says.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json path value")
	}
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("stdout is not JSON: %v", err)
	}
	got := "absent"
	if found, ok := dig(value, strings.Split(args[0], ".")); ok {
		text, err := json.Marshal(found)
		ts.Check(err)
		got = string(text)
		if s, ok := found.(string); ok {
			got = s
		}
	}
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

func dig(value any, path []string) (any, bool) {
	for _, key := range path {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[key]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(key)
			if key == "len" {
				value = float64(len(v))
				continue
			}
			if err != nil || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// cmdInterrupt runs a command, presses Ctrl-C once its standard error holds a
// text, and checks for exit code 130: interrupt TEXT command [args...].
func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt TEXT command [args...]")
	}
	cmd := exec.Command(zo365, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range scriptVariables {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := os.Create(ts.MkAbs("interrupted.txt"))
	ts.Check(err)
	defer out.Close()
	cmd.Stderr = out
	ts.Check(cmd.Start())
	ts.Check(waitFor(func() bool { return strings.Contains(ts.ReadFile("interrupted.txt"), args[0]) }))
	ts.Check(cmd.Process.Signal(os.Interrupt))
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		ts.Fatalf("after Ctrl-C: %v, want exit code 130\n%s", err, ts.ReadFile("interrupted.txt"))
	}
}

// scriptVariables are those that a command in a script can need.
var scriptVariables = []string{
	"HOME",
	"XDG_CONFIG_HOME",
	"XDG_CACHE_HOME",
	"PATH",
	"DBUS_SESSION_BUS_ADDRESS",
	"ZO365_ACTOR",
	"SSL_CERT_FILE",
	"ZO365_CREDENTIAL_STORE",
	"ZO365_MICROSOFT_LOGIN_URL",
	"ZO365_MICROSOFT_GRAPH_URL",
	"ZO365_ZOOM_LOGIN_URL",
	"ZO365_ZOOM_API_URL",
	"ZO365_ZOOM_PORTAL_URL",
	"ZO365_MICROSOFT_TENANT",
	"ZO365_MICROSOFT_CLIENT_ID",
	"ZO365_MICROSOFT_CLIENT_SECRET",
	"ZO365_ZOOM_ACCOUNT_ID",
	"ZO365_ZOOM_CLIENT_ID",
	"ZO365_ZOOM_CLIENT_SECRET",
	"ZO365_SANDBOX_ADMIN",
}

// cmdFix runs the fix of the first finding in the last standard output, as its text
// says, with more arguments: fix [args...]. Those answer questions only.
func cmdFix(ts *testscript.TestScript, neg bool, args []string) {
	var found struct {
		Findings []struct{ Fix string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &found))
	if len(found.Findings) == 0 || !strings.HasPrefix(found.Findings[0].Fix, "zo365 ") {
		ts.Fatalf("the first finding has no fix that zo365 can run: %+v", found.Findings)
	}
	// Who should do it stands behind the command.
	command, _, _ := strings.Cut(found.Findings[0].Fix, ", as ")
	for _, a := range args {
		command += " '" + a + "'"
	}
	ts.Logf("fix: %s", command)
	if err := ts.Exec("sh", "-c", command); (err != nil) != neg {
		ts.Fatalf("%s: %v", command, err)
	}
}

// cmdRequire says in the tenant file what the integration needs: require PERMISSION...
func cmdRequire(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: require PERMISSION...")
	}
	file := ts.MkAbs("zo365.yaml")
	text := ts.ReadFile(file)
	with := strings.Replace(
		text,
		"microsoft:\n",
		"microsoft:\n  required_permissions: ["+strings.Join(args, ", ")+"]\n",
		1,
	)
	if with == text {
		ts.Fatalf("%s has no part microsoft", file)
	}
	ts.Check(os.WriteFile(file, []byte(with), 0o600))
}

// cmdState keeps what the sandbox says of itself as the last standard output, which is
// the truth that scripts compare with: state; then json and stdout as ever.
func cmdState(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: state")
	}
	ts.Check(os.WriteFile(ts.MkAbs("state.json"), truth(ts), 0o600))
	ts.Check(ts.Exec("cat", "state.json"))
}

// cmdHolds compares what an application holds in the sandbox: holds [TENANT]
// APPLICATION [PERMISSION...]. TENANT is a place in a fleet, from 1.
func cmdHolds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: holds [TENANT] APPLICATION [PERMISSION...]")
	}
	text := truth(ts)
	if n, err := strconv.Atoi(args[0]); err == nil {
		var all []json.RawMessage
		ts.Check(json.Unmarshal(text, &all))
		text, args = all[n-1], args[1:]
	}
	var world struct {
		Applications []struct {
			Name        string `json:"display_name"`
			Permissions []string
		}
	}
	ts.Check(json.Unmarshal(text, &world))
	held := []string{}
	for _, a := range world.Applications {
		if a.Name == args[0] {
			held = a.Permissions
		}
	}
	want := slices.Sorted(slices.Values(args[1:]))
	slices.Sort(held)
	if !slices.Equal(held, want) {
		ts.Fatalf("%s holds %v, want %v", args[0], held, want)
	}
}

// truth is what the sandbox says of itself.
func truth(ts *testscript.TestScript) []byte {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ts.ReadFile(ts.Getenv("SSL_CERT_FILE"))))
	client := &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}
	r, err := client.Get(ts.Getenv("ZO365_MICROSOFT_GRAPH_URL") + "/sandbox/state")
	ts.Check(err)
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	ts.Check(err)
	if r.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", r.Status, text)
	}
	return text
}

// cmdFor checks that a check of the last standard output is unknown and names what
// it needs: for CHECK PERMISSION.
func cmdFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: for CHECK PERMISSION")
	}
	var found struct {
		Findings []struct {
			Code, Severity string
			Needs          []string
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &found))
	for _, f := range found.Findings {
		if f.Code == args[0] {
			if f.Severity != "unknown" || !slices.Contains(f.Needs, args[1]) {
				ts.Fatalf("%s is %s and needs %v", f.Code, f.Severity, f.Needs)
			}
			return
		}
	}
	ts.Fatalf("no finding of %s", args[0])
}

// cmdUnsetenv empties variables; every reader takes an empty one as unset.
func cmdUnsetenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: unsetenv NAME...")
	}
	for _, name := range args {
		ts.Setenv(name, "")
	}
}

// cmdLines checks how many lines of a file hold a text: lines 2 authorized
// zo365.journal.jsonl.
func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: lines N TEXT FILE")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		if strings.Contains(line, args[1]) {
			got++
		}
	}
	if got != want {
		ts.Fatalf("%d lines of %s hold %q, want %d", got, args[2], args[1], want)
	}
}

// cmdExactly starts a sandbox of scenario.yaml whose application and Zoom app have exactly
// what zo365 auth permissions lists for a command, without what is optional, in place of
// PERMISSIONS and SCOPES: exactly COMMAND.
func cmdExactly(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: exactly COMMAND")
	}
	ts.Check(ts.Exec("zo365", "auth", "permissions", args[0], "-o", "json"))
	var listed struct {
		Commands []struct {
			Application, Zoom []struct {
				Name     string
				Optional bool
			}
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &listed))
	ts.Check(os.WriteFile(ts.MkAbs("listed.json"), []byte(ts.ReadFile("stdout")), 0o600))
	permissions, scopes := []string{}, []string{}
	for _, p := range listed.Commands[0].Application {
		if !p.Optional {
			permissions = append(permissions, p.Name)
		}
	}
	for _, p := range listed.Commands[0].Zoom {
		if !p.Optional {
			scopes = append(scopes, "'"+p.Name+"'")
		}
	}
	text := strings.NewReplacer(
		"PERMISSIONS", "["+strings.Join(permissions, ", ")+"]",
		"SCOPES", "["+strings.Join(scopes, ", ")+"]",
	).Replace(ts.ReadFile("scenario.yaml"))
	ts.Check(os.WriteFile(ts.MkAbs("mine.yaml"), []byte(text), 0o600))
	cmdSandbox(ts, false, []string{"--auto-approve", "--scenario", "mine.yaml", "--traffic-log", "traffic.ndjson"})
}

// cmdRefusals checks which requests the sandbox refused because a permission or a scope
// was missing, by what their addresses hold: refusals [TEXT...]. Each text stands for at
// least one of them.
func cmdRefusals(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: refusals [TEXT...]")
	}
	met := map[string]bool{}
	for line := range strings.Lines(ts.ReadFile("traffic.ndjson")) {
		var one struct {
			M, URL string
			Res    json.RawMessage
		}
		ts.Check(json.Unmarshal([]byte(line), &one))
		answer := string(one.Res)
		if !strings.Contains(answer, "Authorization_RequestDenied") && !strings.Contains(answer, "ErrorAccessDenied") &&
			!strings.Contains(answer, "does not contain scopes") {
			continue
		}
		i := slices.IndexFunc(args, func(text string) bool { return strings.Contains(one.URL, text) })
		if i < 0 {
			ts.Fatalf("%s %s was refused: %s", one.M, one.URL, answer)
		}
		met[args[i]] = true
	}
	for _, text := range args {
		if !met[text] {
			ts.Fatalf("nothing with %q was refused", text)
		}
	}
}

// cmdUnused checks which permissions of an application's list nothing that was run needed:
// unused [PERMISSION...]. A list that is too long cannot hide.
func cmdUnused(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: unused [PERMISSION...]")
	}
	used := map[string]bool{}
	for line := range strings.Lines(ts.ReadFile("traffic.ndjson")) {
		var one struct{ Allowed []string }
		ts.Check(json.Unmarshal([]byte(line), &one))
		for _, p := range one.Allowed {
			used[p] = true
		}
	}
	var listed struct {
		Commands []struct {
			Application, Zoom []struct {
				Name     string
				Optional bool
			}
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("listed.json")), &listed))
	unused := []string{}
	for _, p := range append(listed.Commands[0].Application, listed.Commands[0].Zoom...) {
		if !p.Optional && !used[p.Name] {
			unused = append(unused, p.Name)
		}
	}
	slices.Sort(unused)
	slices.Sort(args)
	if !slices.Equal(unused, args) {
		ts.Fatalf("nothing needed %v of the list, want %v", unused, args)
	}
}

// cmdBegun writes a step into the journal as a run does that is killed right after it:
// begun AGO FILE, with the step as JSON.
func cmdBegun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: begun AGO STEP")
	}
	ago, err := time.ParseDuration(args[0])
	ts.Check(err)
	text := bytes.TrimSpace([]byte(ts.ReadFile(args[1])))
	var s plan.Step
	ts.Check(json.Unmarshal(text, &s))
	e := journal.Entry{
		At:          time.Now().Add(-ago),
		Actor:       "killed",
		Action:      journal.StepStarted,
		Scope:       s.Scope,
		Step:        s.ID,
		Evidence:    text,
		Application: s.Application,
		Permission:  s.Permission,
	}
	ts.Check(journal.Append(context.Background(), ts.MkAbs("zo365.journal.jsonl"), "", e))
}
