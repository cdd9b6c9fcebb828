package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/sandbox"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// once and always are how often a fault meets each service.
const once, always = 1, 0

// trouble is a way in which services answer badly; its column in the table.
type trouble struct {
	name, do   string
	times      int
	retryAfter string
}

var troubles = []trouble{
	{"429 once", "throttle", once, "1"},
	{"429 always", "throttle", always, "3600"},
	{"429 with Retry-After 0", "throttle", always, "0"},
	{"503 once", "unavailable", once, "1"},
	{"500 once", "error", once, ""},
	{"500 always", "error", always, ""},
	{"reset once", "reset", once, ""},
	{"reset always", "reset", always, ""},
	{"cut once", "cut", once, ""},
	{"bad JSON once", "truncate", once, ""},
	{"bad JSON always", "truncate", always, ""},
	{"web page", "page", always, ""},
	{"silent once", "silent", once, ""},
	{"silent always", "silent", always, ""},
	{"huge", "huge", always, ""},
	{"gzip bomb", "bomb", always, ""},
	{"{}", "empty", always, ""},
	{"401 once", "unauthorized", once, ""},
	{"401 always", "unauthorized", always, ""},
	{"redirect", "redirect", always, ""},
}

// order is a command; a writing one meets the trouble on its writes.
type order struct {
	name  string
	args  []string
	write bool
	// output is json where it is empty.
	output string
	// first is run before, without trouble.
	first []string
}

var narrowed = []string{"integration", "enable", "--yes", "--mailbox-scope", "recipient_filter:Department -eq 'Sales'"}

var orders = []order{
	{name: "verify-domain"},
	{name: "doctor", args: []string{"--fail-on", "unknown"}},
	{name: "plan", args: []string{"--fail-on", "unknown"}},
	{name: "facts"},
	{name: "group list"},
	{name: "calendar list", args: []string{"--user", "adele.vance@contoso.com"}},
	{name: "upn check", args: []string{"adele.vance@contoso.com", "mail@contoso.com"}},
	{name: "upn report"},
	{name: "upn watch", args: []string{"--times", "1"}, output: "ndjson"},
	{name: "upn fix --plan", args: []string{"new.jsonl"}},
	{name: "calendar list --group Sales"},
	{name: "upn fix --apply fixes.jsonl"}, // without --yes it only looks
	{name: "permissions list"},
	{name: "permissions test", args: []string{"--user", "adele.vance@contoso.com", "--fail-on", "unknown"}},
	{name: "rooms list"},
	{name: "migrate ews"},
	{name: "rbac plan", args: []string{"--allow-unknown", "access-policies"}, first: narrowed},
	{name: "apply", args: []string{"--auto-approve", "--allow-revoke", "--settle", "3s"}, write: true},
	{name: "integration disable --revoke", args: []string{"--yes"}, write: true},
	{name: "upn fix --apply", args: []string{"fixes.jsonl", "--yes"}, write: true},
	{name: "permissions trim", args: []string{"Mail.ReadWrite", "--yes"}, write: true},
	{
		name: "rbac apply",
		args: []string{
			"--allow-unknown", "access-policies", "--auto-approve", "--cache-wait", "0s", "--settle", "3s",
			"--test", "adele.vance@contoso.com",
		},
		write: true,
		first: narrowed,
	},
	{
		name:  "undo",
		args:  []string{"ID", "--yes", "--settle", "3s"},
		write: true,
		first: []string{"apply", "--auto-approve", "--allow-revoke"},
	},
}

const reliabilityScenario = `
name: reliability
admin: admin@contoso.com
tenant:
  app:
    permissions:
      - User.ReadWrite.All
      - Domain.Read.All
      - Organization.Read.All
      - Application.Read.All
      - Calendars.ReadBasic.All
      - AuditLog.Read.All
      - Directory.Read.All
      - AppRoleAssignment.ReadWrite.All
      - RoleManagement.ReadWrite.Exchange
      - Place.Read.All
  zoom_app:
    permissions: [Calendars.ReadWrite, Contacts.Read, MailboxSettings.Read, User.Read.All, Mail.ReadWrite]
zoom:
  groups:
    - {name: Sales, members: [adele.vance@contoso.com]}
people:
  - {name: Megan Bowen, upn: admin@contoso.com, roles: [Global Administrator], zoom_role: Owner}
  - {name: Adele Vance, upn: adele.vance@contoso.com, department: Sales}
  - {name: Mail Person, upn: m.person@contoso.com, mail: mail@contoso.com, zoom: mail@contoso.com}
  - {name: Lynne Robbins, upn: lynne@contoso.onmicrosoft.com, mail: l@contoso.onmicrosoft.com, zoom: lynne@contoso.com}
`

const reliabilityPage = "../../docs/reliability.md"

// TestReliability makes every command meet every trouble, each in a sandbox of its own, and
// holds docs/reliability.md against what came of it. Equal bytes, or a stated error: nothing
// else is taken. ZO365_RELIABILITY=write writes the page.
func TestReliability(t *testing.T) {
	lab := newLab(t)
	clean := make([]result, len(orders))
	for i, o := range orders {
		clean[i] = lab.run(t, o, nil)
		if clean[i].code != 0 && clean[i].code != 3 && clean[i].code != 7 && clean[i].code != 5 {
			t.Fatalf("%s without trouble: %+v", o.name, clean[i])
		}
	}
	marks := make([][]string, len(orders))
	atOnce := make(chan struct{}, 6)
	var all sync.WaitGroup
	for i, o := range orders {
		marks[i] = make([]string, len(troubles))
		for j := range troubles {
			all.Go(func() {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
				got := lab.run(t, o, &troubles[j])
				marks[i][j] = judged(t, o.name+" and "+troubles[j].name, got, clean[i])
			})
		}
	}
	all.Wait()
	had, err := os.ReadFile(reliabilityPage)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for i, o := range orders { // what is not as recorded is tried once more, alone
		for j := range troubles {
			if was := recorded(string(had), j, i); was != "" && was != marks[i][j] {
				marks[i][j] = judged(t, o.name+" and "+troubles[j].name, lab.run(t, o, &troubles[j]), clean[i])
			}
		}
	}
	page := reliability(marks)
	if os.Getenv("ZO365_RELIABILITY") == "write" {
		if err := os.WriteFile(reliabilityPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(had) != page {
		t.Errorf(
			"docs/reliability.md is not what happens; ZO365_RELIABILITY=write go test ./internal/cli -run TestReliability\n%s",
			page,
		)
	}
}

// judged is the mark of one run.
func judged(t *testing.T, name string, got, clean result) string {
	switch {
	case got.hung:
		t.Errorf("%s: it did not end: %s", name, got.stderr)
		return "hung"
	case got.code == clean.code && got.stdout == clean.stdout && got.state == clean.state:
		return "="
	case got.code == clean.code && got.state == clean.state && strings.Contains(got.stdout, "looked up afterwards"):
		return "looked up"
	case got.code == clean.code && got.state != clean.state:
		t.Errorf("%s: exit code %d as without trouble, and another state:\n%s", name, got.code, got.state)
		return "false"
	case got.code == 0 && strings.Contains(got.stderr, "warning: "):
		return "warned"
	case got.code != 0 && strings.Contains(got.stderr, "error"), got.code == 5 || got.code == 3 || got.code == 1:
		return "error"
	}
	t.Errorf("%s: other bytes and no error, exit code %d:\n%s%s", name, got.code, got.stdout, got.stderr)
	return "silent"
}

// recorded is a mark of the page; empty where it has none.
func recorded(page string, trouble, order int) string {
	_, table, _ := strings.Cut(page, "\n|---|")
	rows := strings.Split(table, "\n")
	if trouble+1 >= len(rows) {
		return ""
	}
	cells := strings.Split(rows[trouble+1], "|")
	if order+2 >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[order+2])
}

func reliability(marks [][]string) string {
	var b strings.Builder
	b.WriteString(`# Reliability

What each command makes of services that answer badly. The reading commands meet the trouble
on everything that they ask of Microsoft Graph and of Zoom, the writing ones on their writes;
*once* is once for each service. Made by ` + "`TestReliability`" + ` (ZO365_RELIABILITY=write), which
runs every one of them in a sandbox of its own with --max-wait 5s.

- **=** is the same as without trouble, byte for byte; a writing command also left the same
  state behind.
- **error** is a run that said what went wrong and ended with a code for it: 1 an error, 3 a
  failed check, 4 a sign-in, 5 something could not be seen, 6 it can go on later.
- **looked up** is the same state, and the result says that an answer was lost and what became
  of the change was looked up.
- **warned** is a result with a warning of what is missing from it.

What only reads is asked again after a reset, a cut answer, bad JSON and 500, three times at
most; a write never is, but looked up. Nothing else than these marks is taken by the test: no
run without an end, no success that was not seen, no other bytes without a word.

`)
	b.WriteString("| trouble |")
	for _, o := range orders {
		b.WriteString(" " + o.name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(orders)) + "\n")
	for j, f := range troubles {
		b.WriteString("| " + f.name + " |")
		for i := range orders {
			b.WriteString(" " + marks[i][j] + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// lab has what all runs share: the files of a tenant that is set up as far as a file goes.
type reliabilityLab struct {
	scenario world.Scenario
	keys     sandbox.Keys
	files    string
}

type result struct {
	code           int
	stdout, stderr string
	// state is the services' own, of a writing command.
	state string
	hung  bool
}

func newLab(t *testing.T) *reliabilityLab {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "reliability.yaml")
	if err := os.WriteFile(file, []byte(reliabilityScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario, err := world.LoadScenario(file)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sandbox.NewKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &reliabilityLab{scenario: scenario, keys: keys, files: filepath.Join(dir, "files")}
	if err := os.Mkdir(l.files, 0o755); err != nil {
		t.Fatal(err)
	}
	s := l.serve(t, scenario)
	defer s.close()
	for _, args := range [][]string{
		{"init", "--yes"},
		{"integration", "enable", "--yes"},
		{"group", "set", "Marketing", "--enabled", "false", "--yes", "--no-check"},
		{"portal", "confirm", "--all", "--by", "megan@contoso.com", "--yes"},
		{"upn", "fix", "--plan", "fixes.jsonl"},
	} {
		if r := s.exec(t, l.files, args...); r.code != 0 {
			t.Fatalf("%v: %+v", args, r)
		}
	}
	yaml := filepath.Join(l.files, "zo365.yaml")
	text, err := os.ReadFile(yaml)
	if err != nil {
		t.Fatal(err)
	}
	const needed = "microsoft:\n  required_permissions: [Calendars.ReadWrite, Contacts.Read, MailboxSettings.Read, User.Read.All]\n"
	if err := os.WriteFile(yaml, []byte(strings.Replace(string(text), "microsoft:\n", needed, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// faultsOf are a trouble's faults for a command.
func faultsOf(o order, f *trouble) []world.Fault {
	if f == nil {
		return nil
	}
	on := []string{"GET /v1.0/*", "GET /beta/*", "POST /v1.0/$batch", "GET /v2/*"}
	switch {
	case o.name == "undo":
		on = []string{"DELETE /v2/*"}
	case o.write:
		on = []string{
			"POST /v1.0/service*", "PATCH /v1.0/*", "DELETE /v1.0/*", "POST /beta/*", "DELETE /beta/*",
			"POST /v2/*", "PUT /v2/*", "PATCH /v2/*", "DELETE /v2/*",
		}
	}
	var all []world.Fault
	for _, path := range on {
		all = append(all, world.Fault{
			On:         path,
			Do:         f.do,
			Times:      f.times,
			RetryAfter: f.retryAfter,
		})
	}
	return all
}

func (l *reliabilityLab) run(t *testing.T, o order, f *trouble) result {
	scenario := l.scenario
	scenario.Faults = faultsOf(o, f)
	s := l.serve(t, scenario)
	defer s.close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(l.files)); err != nil {
		t.Error(err)
	}
	args := append(strings.Fields(o.name), o.args...)
	if o.first != nil {
		if r := s.exec(t, dir, o.first...); r.code != 0 {
			t.Errorf("%v: %+v", o.first, r)
		}
		for i, a := range args {
			if a == "ID" {
				args[i] = entryID(t, filepath.Join(dir, "zo365.journal.jsonl"), `"action":"group-created"`)
			}
		}
	}
	args = append(args, "-o", cmp.Or(o.output, "json"), "--max-wait", "5s")
	timeout := "5s"
	if f != nil && f.do == "silent" {
		timeout = "1s"
	}
	args = append(args, "--request-timeout", timeout)
	r := s.exec(t, dir, args...)
	if o.write {
		answer := httptest.NewRecorder()
		s.sandbox.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/sandbox/state", http.NoBody))
		r.state = guid.ReplaceAllString(answer.Body.String(), "GUID")
	}
	return r
}

var (
	guid     = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	moment   = regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:.]+Z|\d\d:\d\d:\d\d`)
	port     = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	volatile = regexp.MustCompile(`"(id|plan|fingerprint|host|ahead_seconds|file|head|undoes|step)": *("[^"]*"|-?\d+)`)
)

func entryID(t *testing.T, journal, holds string) string {
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, holds) {
			sum := sha256.Sum256([]byte(strings.TrimSuffix(line, "\n")))
			return hex.EncodeToString(sum[:])[:12]
		}
	}
	t.Errorf("the journal has no %s", holds)
	return ""
}

// service is one sandbox with its variables.
type service struct {
	sandbox *sandbox.Server
	http    *httptest.Server
	env     []string
}

func (l *reliabilityLab) serve(t *testing.T, scenario world.Scenario) *service {
	s := &service{}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.sandbox.ServeHTTP(w, r)
	}))
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // what is broken is broken on purpose
	origin := "https://" + s.http.Listener.Addr().String()
	s.sandbox = sandbox.Unserved(sandbox.Options{Scenario: scenario, Seed: 1}, origin, l.keys)
	s.http.StartTLS()
	dir := t.TempDir()
	authority := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Error(err)
	}
	vars, err := s.sandbox.Env()
	if err != nil {
		t.Error(err)
	}
	for _, v := range vars {
		if v.Name != "SSL_CERT_FILE" {
			s.env = append(s.env, v.Name+"="+v.Value)
		}
	}
	s.env = append(s.env, "SSL_CERT_FILE="+authority, "ZO365_CREDENTIAL_STORE=env", "HOME="+dir,
		"XDG_CACHE_HOME="+dir, "XDG_CONFIG_HOME="+dir, "PATH="+os.Getenv("PATH"), "CI=true")
	return s
}

func (s *service) close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// exec runs zo365; what has no end is ended after some minutes.
func (s *service) exec(t *testing.T, dir string, args ...string) result {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, zo365, args...)
	run.Dir, run.Env = dir, s.env
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	err := run.Run()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Error(err)
	}
	plain := func(text string) string {
		for _, gone := range []*regexp.Regexp{moment, port, guid, volatile} {
			text = gone.ReplaceAllString(text, "-")
		}
		return text
	}
	return result{
		code:   run.ProcessState.ExitCode(),
		stdout: plain(stdout.String()),
		stderr: stderr.String(),
		hung:   ctx.Err() != nil,
	}
}
