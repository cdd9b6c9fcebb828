package cli_test

import (
	"bytes"
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
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// administrator is somebody at a shell with a sandbox of their own: as an application, or as a
// person with a keyring.
type administrator struct {
	t      *testing.T
	dir    string
	env    map[string]string
	client *http.Client
	// users are the mailboxes that are compared after each step; as a test's flags say.
	users []string
	flags []string
	app   string
}

func newAdministrator(t *testing.T, scenario string, person bool) *administrator {
	t.Helper()
	dir, err := os.MkdirTemp("", "zo365-") // a bus's address has a hundred letters at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &administrator{t: t, dir: dir, env: map[string]string{
		"HOME":         filepath.Join(dir, "home"),
		"PATH":         filepath.Dir(zo365) + string(os.PathListSeparator) + os.Getenv("PATH"),
		"ZO365_ACTOR":  "tester",
		"ZO365_CONFIG": filepath.Join(dir, "zo365.yaml"),
	}}
	if err := os.MkdirAll(a.env["HOME"], 0o700); err != nil {
		t.Fatal(err)
	}
	a.write("scenario.yaml", scenario)
	args := []string{"sandbox", "serve", "--auto-approve", "--env-file", "env.sh", "--scenario", "scenario.yaml"}
	if folder := os.Getenv("ZO365_TRAFFIC"); folder != "" {
		name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".ndjson"
		args = append(args, "--traffic-log", filepath.Join(folder, name))
	}
	server := exec.Command(zo365, args...)
	server.Dir = dir
	var said bytes.Buffer
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	file := filepath.Join(dir, "env.sh")
	if err := waitFor(func() bool { _, err := os.Stat(file); return err == nil }); err != nil {
		t.Fatalf("the sandbox: %v\n%s", err, said.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range exports(string(text)) {
		a.env[name] = value
	}
	authority, err := os.ReadFile(a.env["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	a.client = &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}
	a.env["ZO365_CREDENTIAL_STORE"] = "env"
	if person {
		bus, stop, err := startSecretService(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		a.env["DBUS_SESSION_BUS_ADDRESS"] = bus
	}
	a.zo365(0, "init", "--yes")
	if person {
		delete(a.env, "ZO365_CREDENTIAL_STORE")
		a.zo365(
			0,
			"login",
			"microsoft",
			"--optional",
			"--for",
			"doctor,authorize,apply,permissions list,permissions test,permissions trim,rbac apply,rbac undo,migrate ews,rooms list",
		)
		a.zo365(0, "login", "zoom")
	}
	return a
}

func (a *administrator) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// zo365 runs the program and returns standard output; the exit code must be the wanted one.
func (a *administrator) zo365(code int, args ...string) string {
	a.t.Helper()
	cmd := exec.Command(zo365, args...)
	cmd.Dir = a.dir
	for name, value := range a.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		a.t.Fatal(err)
	}
	if got != code {
		a.t.Fatalf("zo365 %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), got, code, out.String(), talk.String())
	}
	return out.String()
}

// truth is what the sandbox says of itself.
type worldState struct {
	Applications []struct {
		Name        string `json:"display_name"`
		Permissions []string
	}
	Reach    map[string]map[string][]string
	Cached   map[string]map[string][]string `json:"reach_cached"`
	Exchange struct{ Roles, Policies []string }
	Tenant   string `json:"tenant_id"`
}

func (a *administrator) truth() worldState {
	a.t.Helper()
	r, err := a.client.Get(a.env["ZO365_MICROSOFT_GRAPH_URL"] + "/sandbox/state")
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	var s worldState
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		a.t.Fatal(err)
	}
	return s
}

// agrees compares what permissions test says of every mailbox with the sandbox's own evaluation;
// all says that nothing may be unknown.
func (a *administrator) agrees(all bool) {
	a.t.Helper()
	args := []string{"permissions", "test", "-o", "json"}
	for _, u := range a.users {
		args = append(args, "--user", u)
	}
	var said struct {
		Application string
		Mailboxes   []struct {
			User, Reach, Calendar, Error string
			Permissions                  []struct{ Name, Answer string }
		}
	}
	text := a.zo365(0, append(args, a.flags...)...)
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		a.t.Fatal(err)
	}
	if len(said.Mailboxes) != len(a.users) {
		a.t.Fatalf("%d mailboxes were tested, want %d", len(said.Mailboxes), len(a.users))
	}
	reach := a.truth().Reach[said.Application]
	for _, m := range said.Mailboxes {
		truth, known := reach[m.User]
		if !known {
			a.t.Fatalf("the sandbox knows no mailbox of %s in %v", m.User, reach)
		}
		var yes []string
		for _, p := range m.Permissions {
			is := slices.Contains(truth, p.Name)
			switch {
			case p.Answer == "unknown" && all:
				a.t.Fatalf("%s in the mailbox of %s is unknown\n%s", p.Name, m.User, text)
			case p.Answer == "yes" != is && p.Answer != "unknown":
				a.t.Fatalf("%s in the mailbox of %s: %s, and the sandbox says %v", p.Name, m.User, p.Answer, is)
			case p.Answer == "yes":
				yes = append(yes, p.Name)
			}
		}
		if all && len(yes) != len(truth) {
			a.t.Fatalf("%s: said %v, the sandbox says %v", m.User, yes, truth)
		}
		if (m.Reach == "no") != (len(truth) == 0) && m.Reach != "unknown" {
			a.t.Fatalf("%s is reached: %s, and the sandbox says %v", m.User, m.Reach, truth)
		}
	}
}

// reached are the mailboxes that the application for people reaches, as Exchange's cache has it.
func (a *administrator) reached() []string {
	a.t.Helper()
	var all []string
	for upn, permissions := range a.truth().Cached[a.app] {
		if len(permissions) > 0 {
			all = append(all, upn)
		}
	}
	slices.Sort(all)
	return all
}

// cmdlet plays Exchange Online PowerShell.
func (a *administrator) cmdlet(name string, parameters map[string]string) []map[string]any {
	a.t.Helper()
	text, err := json.Marshal(map[string]any{"cmdlet": name, "parameters": parameters})
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := a.client.Post(
		a.env["ZO365_MICROSOFT_GRAPH_URL"]+"/sandbox/exchange",
		"application/json",
		bytes.NewReader(text),
	)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		a.t.Fatalf("%s %v: %s", name, parameters, body)
	}
	var out []map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		a.t.Fatal(err)
	}
	return out
}

var (
	scriptLine = regexp.MustCompile(`^\s*((?:Add|Remove|Test)-Zo365\w+)((?: -\w+ '(?:[^']|'')*')+)\s*$`)
	parameter  = regexp.MustCompile(` -(\w+) '((?:[^']|'')*)'`)
)

// runs does what a generated script says, as somebody who runs it would, and writes its result.
func (a *administrator) runs(script string, remove bool) {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, script))
	if err != nil {
		a.t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("\ufeff")) || !bytes.Contains(text, []byte("\r\n")) {
		a.t.Fatalf("%s has no mark of UTF-8, or other line ends than Windows", script)
	}
	result := map[string]any{"format": "zo365 exchange", "version": 1, "at": time.Now().UTC().Format(time.RFC3339)}
	var tests []any
	removing := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		removing = removing && line != "}" || strings.HasPrefix(line, "if ($RemoveUnscoped)")
		if value, ok := strings.CutPrefix(line, "    app_id   = "); ok {
			result["app_id"] = strings.Trim(value, "'")
		}
		if value, ok := strings.CutPrefix(line, "    tenant   = "); ok {
			result["tenant"] = strings.Trim(value, "'")
		}
		m := scriptLine.FindStringSubmatch(line)
		if m == nil || removing && !remove {
			continue
		}
		p := map[string]string{}
		for _, one := range parameter.FindAllStringSubmatch(m[2], -1) {
			p[one[1]] = strings.ReplaceAll(one[2], "''", "'")
		}
		if m[1] == "Test-Zo365Mailbox" {
			rows := a.cmdlet(
				"Test-ServicePrincipalAuthorization",
				map[string]string{"Identity": p["App"], "Resource": p["Mailbox"]},
			)
			tests = append(tests, map[string]any{"mailbox": p["Mailbox"], "expected": p["Expected"], "rows": rows, "error": ""})
			continue
		}
		a.does(m[1], p)
	}
	id := a.principal(result["app_id"].(string))
	result["pointer"] = len(a.cmdlet("Get-ServicePrincipal", map[string]string{"Identity": id})) > 0
	result["tests"], result["roles"], result["policies"] = tests, a.rolesOf(id), a.policies()
	organization := a.cmdlet("Get-OrganizationConfig", nil)[0]
	result["ews"] = map[string]any{"enabled": organization["EwsEnabled"], "allowed": organization["EwsAllowedAppIDs"]}
	out, err := json.Marshal(result)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write("result.json", "\ufeff"+string(out))
}

// does carries one line of a script out, as the function of its name does.
func (a *administrator) does(name string, p map[string]string) {
	a.t.Helper()
	named := func(list, key string) bool {
		return slices.ContainsFunc(a.cmdlet(list, nil), func(one map[string]any) bool { return one["Name"] == key })
	}
	switch name {
	case "Add-Zo365Pointer":
		if len(a.cmdlet("Get-ServicePrincipal", map[string]string{"Identity": p["ObjectId"]})) == 0 {
			a.cmdlet("New-ServicePrincipal", p)
		}
	case "Add-Zo365Scope":
		if !named("Get-ManagementScope", p["Name"]) {
			a.cmdlet("New-ManagementScope", map[string]string{"Name": p["Name"], "RecipientRestrictionFilter": p["Filter"]})
		}
	case "Add-Zo365Role":
		if !named("Get-ManagementRoleAssignment", p["Name"]) {
			a.cmdlet("New-ManagementRoleAssignment", map[string]string{
				"Name":                             p["Name"],
				"Role":                             p["Role"],
				"App":                              p["App"],
				"RecipientGroupScope":              p["Group"],
				"RecipientAdministrativeUnitScope": p["Unit"],
				"CustomResourceScope":              p["Scope"],
			})
		}
	case "Remove-Zo365Role":
		for _, one := range a.cmdlet("Get-ManagementRoleAssignment", map[string]string{"RoleAssignee": p["App"]}) {
			if one["Role"] == p["Role"] && one["RecipientWriteScope"] == p["ScopeType"] &&
				one["CustomResourceScope"] == p["Scope"] {
				a.cmdlet("Remove-ManagementRoleAssignment", map[string]string{"Identity": one["Name"].(string)})
			}
		}
	case "Remove-Zo365Policy":
		a.cmdlet("Remove-ApplicationAccessPolicy", map[string]string{"Identity": p["Identity"]})
	case "Remove-Zo365Grant": // Entra's, for which the module is not here
	default:
		a.t.Fatalf("the script calls %s, which nobody knows", name)
	}
}

func (a *administrator) principal(appID string) string {
	a.t.Helper()
	var s struct {
		Applications []struct {
			ID    string
			AppID string `json:"app_id"`
		}
	}
	r, err := a.client.Get(a.env["ZO365_MICROSOFT_GRAPH_URL"] + "/sandbox/state")
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		a.t.Fatal(err)
	}
	for _, app := range s.Applications {
		if app.AppID == appID {
			return app.ID
		}
	}
	a.t.Fatalf("no application %s", appID)
	return ""
}

func (a *administrator) rolesOf(id string) []map[string]any {
	rows := []map[string]any{}
	filters := map[any]any{}
	for _, s := range a.cmdlet("Get-ManagementScope", nil) {
		filters[s["Name"]] = s["RecipientFilter"]
	}
	for _, one := range a.cmdlet("Get-ManagementRoleAssignment", map[string]string{"RoleAssignee": id}) {
		rows = append(rows, map[string]any{
			"name":       one["Name"],
			"role":       one["Role"],
			"assignee":   id,
			"scope_type": one["RecipientWriteScope"],
			"scope":      one["CustomResourceScope"],
			"filter":     fmt.Sprint(filters[one["CustomResourceScope"]]),
		})
	}
	return rows
}

func (a *administrator) policies() []map[string]any {
	rows := []map[string]any{}
	for _, one := range a.cmdlet("Get-ApplicationAccessPolicy", nil) {
		_, id, _ := strings.Cut(one["ScopeIdentityRaw"].(string), ";")
		rows = append(rows, map[string]any{
			"identity": one["Identity"],
			"app_id":   one["AppId"],
			"right":    one["AccessRight"],
			"group":    one["ScopeName"],
			"group_id": id,
		})
	}
	return rows
}

// inventory reads what no API shows, and hands it over.
func (a *administrator) inventory() {
	a.t.Helper()
	a.zo365(0, "rbac", "script", "--inventory", "--out", "inventory.ps1")
	a.runs("inventory.ps1", false)
	a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
}

// clean says that doctor finds nothing wrong, and nothing that it could not see.
func (a *administrator) clean() {
	a.t.Helper()
	a.zo365(0, "doctor", "--fail-on", "unknown", "--zoom-email", "admin@contoso.com")
}
