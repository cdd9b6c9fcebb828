package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/cli"
)

// everyCommand runs each command once, in an order in which they succeed. A
// command of the tree that is not here fails the test.
var everyCommand = [][]string{
	{"init", "--yes"},
	{"version"},
	{"exit-codes"},
	{"explain", "AADSTS50076"},
	{"completion", "bash"},
	{"completion", "zsh"},
	{"completion", "fish"},
	{"completion", "powershell"},
	{"login", "microsoft", "--for", "all"},
	{"login", "microsoft", "--browser", "--for", "all"},
	{"login", "zoom"},
	{"auth", "status"},
	{"auth", "list"},
	{"auth", "permissions"},
	{"verify-domain"},
	{"integration", "enable", "--yes"},
	{"authorize", "--yes"},
	{"integration", "status"},
	{"integration", "use-application", "5a0d365c-7a6f-4f6d-8365-73616e64626f", "--yes"},
	{"group", "set", "Sales", "--setup-by", "users", "--yes"},
	{"group", "list"},
	{"group", "show", "Sales"},
	{"group", "unset", "Sales", "--yes"},
	{"calendar", "list"},
	{"upn", "check", "adele.vance@contoso.com"},
	{"upn", "find", "vance"},
	{"upn", "report", "--exit-zero"},
	{"login", "microsoft", "--for", "upn fix"},
	{"upn", "fix", "--plan", "fixes.jsonl"},
	{"upn", "fix", "--apply", "fixes.jsonl"},
	{"upn", "watch", "--times", "1"},
	{"cache", "list"},
	{"login", "microsoft", "--for", "apply,doctor,undo"},
	{"facts", "-o", "json"},
	{"doctor", "-o", "json"},
	{"status", "-o", "html"},
	{"plan", "--out", "plan.json"},
	{"plan", "show", "plan.json"},
	{"validate", "zo365.yaml", "plan.json"},
	{"apply", "plan.json", "--auto-approve", "--by", "admin@contoso.com"},
	{"portal", "list"},
	{"portal", "confirm", "--all", "--yes"},
	{"portal", "checklist"},
	{"journal", "show"},
	{"journal", "verify"},
	{"journal", "export", "-o", "ndjson"},
	{"undo", "ID", "--yes"},
	{"login", "microsoft", "--for", "permissions list,permissions test,permissions trim,rbac apply,rbac undo"},
	{"login", "microsoft", "--for", "migrate ews,rooms list"},
	{"permissions", "list", "--all", "-o", "html"},
	{"permissions", "explain"},
	{"permissions", "test", "--user", "adele.vance@contoso.com"},
	{"permissions", "trim", "Contacts.Read", "--yes"},
	{"rooms", "list"},
	{"migrate", "ews"},
	{"integration", "enable", "--mailbox-scope", "recipient_filter:Department -ne 'Nothing'", "--yes"},
	{"rbac", "confirm", "--from", "result.json"},
	{"rbac", "show"},
	{"rbac", "plan", "--test", "adele.vance@contoso.com"},
	{"rbac", "script", "--out", "narrow.ps1"},
	{"rbac", "apply", "--auto-approve", "--cache-wait", "0s", "--test", "adele.vance@contoso.com"},
	{"rbac", "undo", "--auto-approve", "--token-wait", "0s"},
	{"sandbox", "scenarios"},
	{"login", "microsoft", "--for", "auth app create,logout --revoke"},
	{"auth", "app", "create", "--yes"},
	{"integration", "disable", "--yes"},
	{"auth", "switch", "TENANT"},
	{"sandbox", "visit", "PORTAL"},
	{"logout", "zoom", "--revoke"},
	{"logout"},
	{"cache", "clear"},
}

// notRun are the commands that this test cannot run to their end.
var notRun = []string{"sandbox serve", "sandbox shell"} // it is running; its own output is looked at, too

// Nothing secret is in any output or file: every command runs with --debug
// against a sandbox that notes each secret it hands out.
func TestNoSecretLeaks(t *testing.T) {
	home, private := t.TempDir(), t.TempDir()
	issued := filepath.Join(private, "issued")
	values, env := serve(
		t,
		private,
		home,
		"--debug",
		"--auto-approve",
		"--issued-log",
		issued,
		"--traffic-log",
		filepath.Join(home, "traffic.ndjson"),
	)
	// What is opened is noted, since other users see a program's arguments.
	robot := filepath.Join(private, "robot")
	script := "#!/bin/sh\necho \"$@\" >> " + home + "/arguments\nexec " + zo365 + " sandbox visit \"$@\"\n"
	if err := os.WriteFile(robot, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	env = append(env, "BROWSER="+robot)
	result := `{"format": "zo365 exchange", "version": 1, "tenant": "` + values["ZO365_MICROSOFT_TENANT"] + `",
"app_id": "5a0d365c-7a6f-4f6d-8365-73616e64626f", "at": "` + time.Now().UTC().Add(-time.Minute).Format(time.RFC3339) + `", "roles": [], "policies": []}`
	if err := os.WriteFile(filepath.Join(home, "result.json"), []byte(result), 0o600); err != nil {
		t.Fatal(err)
	}
	// The first run keeps credentials in the keyring, the second in the encrypted
	// file, the third takes them from the environment.
	outputs := map[string]string{}
	for _, store := range []string{"keyring", "file", "env"} {
		for _, args := range everyCommand {
			args = append([]string{}, args...)
			for i := range args {
				args[i] = strings.NewReplacer(
					"ID",
					lastEntry(t, home, args),
					"TENANT",
					values["ZO365_MICROSOFT_TENANT"],
					"PORTAL",
					values["ZO365_ZOOM_PORTAL_URL"],
				).Replace(
					args[i],
				)
			}
			if args[0] == "init" {
				args = append(args, "--force")
			}
			cmd := exec.Command(zo365, append(args, "--debug")...)
			cmd.Dir = home
			cmd.Env = slices.Concat(
				env,
				[]string{"ZO365_CREDENTIAL_STORE=" + store, "ZO365_CREDENTIAL_PASSPHRASE=the passphrase of the test"},
			)
			out, err := cmd.CombinedOutput()
			outputs[store+": zo365 "+strings.Join(args, " ")] = string(out)
			if err != nil && store != "env" {
				t.Errorf("%s: zo365 %s: %v\n%s", store, strings.Join(args, " "), err, out)
			}
		}
	}
	readFiles(t, home, outputs)
	if !strings.Contains(outputs[filepath.Join(home, "arguments")], "/oauth2/v2.0/authorize?") {
		t.Error("the arguments of the browser were not noted")
	}

	secrets := []string{
		values["ZO365_MICROSOFT_CLIENT_SECRET"],
		values["ZO365_ZOOM_CLIENT_SECRET"],
		"the passphrase of the test",
	}
	noted, err := os.ReadFile(issued)
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, strings.Fields(string(noted))...)
	if len(secrets) < 30 {
		t.Fatalf("only %d secrets were handed out", len(secrets))
	}
	for where, text := range outputs {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s…: %.300q", where, s[:8], text[max(0, strings.Index(text, s)-200):])
			}
		}
	}
	t.Logf("%d secrets looked for in %d outputs and files", len(secrets), len(outputs))
}

// lastEntry is the ID of the newest entry that can be taken back, for undo.
func lastEntry(t *testing.T, home string, args []string) string {
	t.Helper()
	if args[0] != "undo" {
		return "ID"
	}
	text, err := os.ReadFile(filepath.Join(home, "zo365.journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	id := ""
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"action":"portal-confirmed"`) {
			sum := sha256.Sum256([]byte(strings.TrimSuffix(line, "\n")))
			id = hex.EncodeToString(sum[:6])
		}
	}
	return id
}

// readFiles adds every file below a folder.
func readFiles(t *testing.T, dir string, into map[string]string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		into[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheLeakTestKnowsEveryCommand(t *testing.T) {
	root := cli.NewRoot(
		&cli.Env{
			In:     &bytes.Buffer{},
			Out:    &bytes.Buffer{},
			Err:    &bytes.Buffer{},
			Getenv: func(string) string { return "" },
		},
	)
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		for _, sub := range c.Commands() {
			walk(sub, append(slices.Clone(path), sub.Name()))
		}
		if c.HasSubCommands() || c.Name() == "help" || slices.Contains(notRun, strings.Join(path, " ")) {
			return
		}
		if !slices.ContainsFunc(
			everyCommand,
			func(args []string) bool { return len(args) >= len(path) && slices.Equal(args[:len(path)], path) },
		) {
			t.Errorf("zo365 %s is not run by the leak test", strings.Join(path, " "))
		}
	}
	walk(root, nil)
}
