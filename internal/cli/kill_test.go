package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const killedScenario = `
name: killed
admin: admin@contoso.com
tenant:
  consistency: 30ms
  zoom_app: {permissions: [Calendars.Read, Directory.Read.All, Mail.Read, Mail.ReadWrite]}
people:
  - {name: Megan Bowen, upn: admin@contoso.com, roles: [Global Administrator], zoom_role: Owner}
`

// attempt is one tenant of the fleet with a command line of its own.
type attempt struct {
	t    *testing.T
	dir  string
	file string
	env  []string
}

func (a attempt) command(args ...string) *exec.Cmd {
	cmd := exec.Command(zo365, append(args, "--config", a.file)...)
	cmd.Dir, cmd.Env = a.dir, a.env
	return cmd
}

func (a attempt) run(args ...string) []byte {
	a.t.Helper()
	cmd := a.command(args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("zo365 %s: %v\n%s%s", strings.Join(args, " "), err, out, said.String())
	}
	return out
}

// lines is how many whole lines the journal has.
func (a attempt) lines() int {
	text, err := os.ReadFile(strings.TrimSuffix(a.file, ".yaml") + ".journal.jsonl")
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte("\n"))
}

// end is the state that a tenant ended in, without times and IDs.
func (a attempt) end() string {
	a.t.Helper()
	var facts struct {
		Facts struct {
			Consents struct {
				Value []struct {
					Principal struct {
						Name string `json:"display_name"`
					}
					Grants []struct{ Permission struct{ Name string } }
				}
			}
			Groups struct {
				Value []struct{ Name string }
			} `json:"zoom_groups"`
		}
	}
	if err := json.Unmarshal(a.run("facts", "-o", "json"), &facts); err != nil {
		a.t.Fatal(err)
	}
	var granted, groups []string
	for _, c := range facts.Facts.Consents.Value {
		if !strings.HasPrefix(c.Principal.Name, "Zoom") {
			continue
		}
		for _, g := range c.Grants {
			granted = append(granted, g.Permission.Name)
		}
	}
	for _, g := range facts.Facts.Groups.Value {
		groups = append(groups, g.Name)
	}
	slices.Sort(granted)
	slices.Sort(groups)
	return fmt.Sprint(
		granted,
		groups,
		bytes.Contains(a.run("portal", "list", "-o", "json"), []byte(`"pending": 0`)),
		bytes.Count(a.run("integration", "status", "-o", "json"), []byte(`"status": "consented"`)),
	)
}

// ofNoTenant are variables without those that name one tenant.
func ofNoTenant(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(pair string) bool {
		return strings.HasPrefix(pair, "ZO365_MICROSOFT_TENANT=") || strings.HasPrefix(pair, "ZO365_ZOOM_ACCOUNT_ID=")
	})
}

// requires says in a tenant file what Zoom's application needs, so that the rest goes.
func requires(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(
		text,
		[]byte("microsoft:\n"),
		[]byte("microsoft:\n  required_permissions: [Calendars.ReadWrite]\n"),
		1,
	)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Killed after any line of the journal, and in the middle of the request that follows
// it, apply is run again and ends where one run would have: the same state, nothing
// left to do, every line of the journal intact and each change in it once.
func TestAKilledApplyGoesOn(t *testing.T) {
	home, private := t.TempDir(), t.TempDir()
	scenario := filepath.Join(private, "killed.yaml")
	if err := os.WriteFile(scenario, []byte(killedScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	const tenants = 16
	_, env := serve(
		t,
		private,
		home,
		"--scenario",
		scenario,
		"--latency",
		"8ms",
		"--tenants",
		fmt.Sprint(tenants),
		"--tenant-files",
		home+"/tenants",
	)
	kept := append(ofNoTenant(env), "ZO365_CREDENTIAL_STORE=env", "CI=true")
	prepare := func(n int) (attempt, int) {
		a := attempt{t, home, filepath.Join(home, "tenants", fmt.Sprintf("tenant-%03d.yaml", n)), kept}
		requires(t, a.file)
		a.run("group", "set", "Marketing", "--setup-by", "admin", "--yes", "--no-check")
		a.run("group", "set", "Support", "--enabled", "false", "--yes", "--no-check")
		a.run("portal", "confirm", "--all", "--yes", "--by", "megan@contoso.com")
		a.run("plan", "--out", a.file+".plan.json")
		return a, a.lines()
	}
	whole, before := prepare(1)
	whole.run("apply", whole.file+".plan.json", "--auto-approve", "--allow-revoke")
	want, lines := whole.end(), whole.lines()-before
	killed := 0
	for n := 2; n <= tenants; n++ {
		a, before := prepare(n)
		cmd := a.command("apply", a.file+".plan.json", "--auto-approve", "--allow-revoke")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := before + (n-2)*lines/(tenants-2)
		for end := time.Now().Add(20 * time.Second); a.lines() < after && time.Now().Before(end); {
			time.Sleep(200 * time.Microsecond)
		}
		if n%2 == 1 {
			time.Sleep(4 * time.Millisecond) // into the next request
		}
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
		a.run("apply", a.file+".plan.json", "--auto-approve", "--allow-revoke")
		if got := a.end(); got != want {
			t.Errorf("killed after line %d: %s, want %s", after-before, got, want)
		}
		if out := a.run("plan", "-o", "json"); !bytes.Contains(out, []byte(`"steps": []`)) {
			t.Errorf("killed after line %d: there is still %s", after-before, out)
		}
		a.run("journal", "verify")
		a.once(after - before)
	}
	if killed < tenants/2 {
		t.Errorf("only %d runs were killed", killed)
	}
	t.Logf("%d runs killed, %d lines each", killed, lines)
}

// once checks that every change is in the journal exactly once, however it came there.
func (a attempt) once(after int) {
	a.t.Helper()
	var all struct {
		Entries []struct{ Action, Step string }
	}
	if err := json.Unmarshal(a.run("journal", "show", "-o", "json"), &all); err != nil {
		a.t.Fatal(err)
	}
	ends := map[string]int{}
	for _, e := range all.Entries {
		if e.Step != "" && e.Action != "step-started" {
			ends[e.Step]++
		}
	}
	for _, step := range []string{
		"graph/grant/Calendars.ReadWrite",
		"graph/revoke/Mail.Read",
		"graph/revoke/Mail.ReadWrite",
		"graph/revoke/Calendars.Read",
		"graph/revoke/Directory.Read.All",
		"zoom/create-group/Marketing",
		"zoom/create-group/Support",
		"local/record-consent/account",
		"local/record-consent/group:Marketing",
	} {
		if ends[step] != 1 {
			a.t.Errorf("killed after line %d: %s ended %d times in the journal", after, step, ends[step])
		}
	}
}

// A fleet's memory does not grow with the fleet.
func TestAFleetStaysSmall(t *testing.T) {
	home, private := t.TempDir(), t.TempDir()
	_, env := serve(t, private, home, "--tenants", "200", "--tenant-files", home+"/tenants")
	env = append(ofNoTenant(env), "ZO365_CREDENTIAL_STORE=env", "CI=true")
	peak := func(pattern string, want int) int64 {
		cmd := exec.Command(zo365, "apply", "-f", "tenants/"+pattern, "--auto-approve", "-o", "json", "--log-dir", "logs")
		cmd.Dir, cmd.Env = home, env
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 7 || bytes.Count(out, []byte(`"exit_code": 7`)) != want+1 {
			t.Fatalf("%v\n%s", err, out)
		}
		return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10 // KiB on Linux
	}
	few, many := peak("tenant-01?.yaml", 10), peak("*.yaml", 200)
	t.Logf("10 tenants %d KiB, 200 tenants %d KiB", few/1024, many/1024)
	if many > few*3/2+16<<20 {
		t.Errorf("200 tenants take %d KiB, 10 take %d KiB", many/1024, few/1024)
	}
	logs, err := filepath.Glob(filepath.Join(home, "logs", "*.log"))
	if err != nil || len(logs) != 200 {
		t.Errorf("%d logs, %v", len(logs), err)
	}
}
