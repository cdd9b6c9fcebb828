package judges

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pwned is in every hostile name; no command may ever bear it.
const pwned = "pwn3d"

// hostileWorld has names that would run code, or end a string or a comment, in a script that
// does not quote them.
func hostileWorld() (scenario string, app string, users []string, filter string) {
	app = "Zoom <#>;pwn3d;$a=\";# #> $(pwn3d) `pwn3d` '; pwn3d # \u2018pwn3d\u2019 \u201cpwn3d\u201d ${pwn3d} @'\u2028'@ Ñandú"
	users = []string{"o'pwn3d@contoso.com", "d\u2019pwn3d@contoso.com", "a`pwn3d&calc@contoso.com"}
	filter = `Department -eq 'It''s; pwn3d $(pwn3d) "pwn3d"'`
	q := func(s string) string {
		text, _ := json.Marshal(s)
		return string(text)
	}
	var people strings.Builder
	for i, u := range users {
		people.WriteString(
			"  - {name: " + q(app) + ", upn: " + q(u) + ", department: " + q("It's; pwn3d $(pwn3d) \"pwn3d\"") + "}\n",
		)
		people.WriteString(
			"  - {name: S, synced: true, upn: " + q("z"+strings.Replace(u, "@contoso.com", "@contoso.onmicrosoft.com", 1)) +
				", mail: m" + strconv.Itoa(i) + "@contoso.onmicrosoft.com, zoom: " + q("z"+u) + "}\n",
		)
	}
	return `name: hostile
admin: admin@contoso.com
tenant:
  name: Contoso
  licence: P1
  domains: [{name: contoso.com, verified: true, default: true}, {name: contoso.onmicrosoft.com, verified: true, initial: true}]
  other_zoom_apps:
    - {name: ` + q(app) + `, app_id: 11111111-2222-3333-4444-555555555555, permissions: [Calendars.ReadWrite, User.Read.All]}
  groups: [{name: Zoom Users, members: [` + q(users[0]) + `, ` + q(users[1]) + `]}]
zoom:
  plan: Business
  domains: [{name: contoso.com, status: verified}]
people:
  - {name: Alex Wilber, upn: admin@contoso.com, roles: [Global Administrator], zoom_role: Owner}
` + people.String(), app, users, filter
}

// TestPowerShellGrammar: every script that zo365 writes parses by PowerShell's own grammar, and
// a hostile name of the application, a person, a group or a filter is one string in it.
func TestPowerShellGrammar(t *testing.T) {
	dir := t.TempDir()
	scenario, app, users, filter := hostileWorld()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("scenario.yaml"), []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	world, stop, err := sandbox(dir, "--auto-approve", "--scenario", file("scenario.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	zo365 := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+file("config"), "XDG_CACHE_HOME="+file("cache"),
			"XDG_DATA_HOME="+file("data"), "CI=true", "ZO365_CREDENTIAL_STORE=env")
		for name, value := range world {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("zo365 %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	zo365("init", "--yes")
	zo365("integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	zo365("rbac", "script", "--inventory", "--out", "inventory.ps1")
	zo365("rbac", "script", "--allow-unknown", "access-policies", "--out", "group.ps1")
	zo365("integration", "enable", "--yes", "--mailbox-scope", "recipient_filter:"+filter)
	zo365("rbac", "script", "--allow-unknown", "access-policies", "--out", "filter.ps1")
	zo365("upn", "fix", "--plan", "fixes.jsonl")
	type script struct {
		File   string   `json:"file"`
		Values []string `json:"values"`
		Mark   string   `json:"mark"`
	}
	list, err := json.Marshal([]script{
		{File: file("inventory.ps1"), Values: []string{world["ZO365_MICROSOFT_TENANT"]}, Mark: pwned},
		{File: file("group.ps1"), Values: []string{app, users[0], users[1]}, Mark: pwned},
		{File: file("filter.ps1"), Values: []string{app, filter}, Mark: pwned},
		{File: file("fixes.jsonl.ps1"), Values: []string{"z" + users[0]}, Mark: pwned},
	})
	if err != nil {
		t.Fatal(err)
	}
	judge := exec.CommandContext(t.Context(), "node", "node/powershell.mjs")
	judge.Stdin = bytes.NewReader(list)
	out, err := judge.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "powershell: 4 scripts passed") {
		t.Fatalf("%v\n%s", err, out)
	}
}
