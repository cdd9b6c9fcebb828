package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/sandbox"
	"github.com/zo365/zo365/internal/sandbox/robot"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// TestNoFalseSuccess goes through random worlds, each with a few random commands, and
// holds what zo365 says and records against the sandbox's own state. The truth is computed
// here, by rules that share nothing with doctor. ZO365_WORLDS says how many worlds.
func TestNoFalseSuccess(t *testing.T) {
	worlds := 3000
	if n, err := strconv.Atoi(os.Getenv("ZO365_WORLDS")); err == nil {
		worlds = n
	}
	seed := uint64(365)
	if n, err := strconv.ParseUint(os.Getenv("ZO365_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, name := range []string{"ZO365_MICROSOFT_TENANT", "ZO365_ZOOM_ACCOUNT_ID", "ZO365_CONFIG"} {
		t.Setenv(name, "")
	}
	keys, err := sandbox.NewKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wires := newWires()
	ordinary := http.DefaultTransport
	http.DefaultTransport = wires.transport()
	t.Cleanup(func() { http.DefaultTransport = ordinary })

	dir := t.TempDir()
	var next, failed atomic.Int64
	var counts tally
	var all sync.WaitGroup
	const few = 12 // failures that are worth reading
	for range 24 { // most of the time is waiting
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(worlds) && failed.Load() < few; n = next.Add(1) - 1 {
				one := newImagined(seed+uint64(n), filepath.Join(dir, fmt.Sprint(n)), keys, wires)
				one.counts = &counts
				one.live()
				if len(one.wrong) > 0 {
					failed.Add(1)
					t.Errorf("ZO365_SEED=%d ZO365_WORLDS=1: %s\n%s", seed+uint64(n), strings.Join(one.wrong, "\n"), one.story())
				}
				one.end()
			}
		})
	}
	all.Wait()
	t.Logf("%d worlds: %s", worlds, counts.String())
	for _, needed := range []string{
		"authorize said authorized",
		"apply ended with 0",
		"blocked",
		"undone whole",
		"revoked",
		"granted",
		"refused with 64",
		"renamed",
	} {
		if worlds >= 1000 && counts.of(needed) == 0 {
			t.Errorf("no world came to %q: the test shows nothing about it", needed)
		}
	}
}

// tally counts what the worlds came to.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

func (c *tally) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(c.n)) {
		all = append(all, fmt.Sprintf("%s %d", what, c.n[what]))
	}
	return strings.Join(all, ", ")
}

// wires are in-memory connections by port, in place of TLS on loopback.
type wires struct {
	mu   sync.Mutex
	next int
	all  map[string]chan net.Conn
}

func newWires() *wires { return &wires{next: 20000, all: map[string]chan net.Conn{}} }

func (w *wires) transport() *http.Transport {
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		w.mu.Lock()
		line := w.all[address]
		w.mu.Unlock()
		if line == nil {
			return nil, fmt.Errorf("nobody is at %s", address)
		}
		near, far := net.Pipe()
		line <- far
		return near, nil
	}
	return &http.Transport{DialContext: dial, DialTLSContext: dial}
}

type listener struct {
	line    chan net.Conn
	done    chan struct{}
	once    sync.Once
	address string
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.line:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// imagined is one random world with what was done in it.
type imagined struct {
	random   *rand.Rand
	scenario world.Scenario
	server   *sandbox.Server
	wires    *wires
	listener *listener
	http     *http.Server
	dir      string
	env      map[string]string
	counts   *tally
	log      []string
	wrong    []string

	first, last state
	file        string
	// walked: the robot was in the portal; lied: somebody confirmed what they may not
	// have seen; connected: the portal was connected at some time.
	walked, lied, connected bool
	// entries is how many lines of the journal were looked at.
	entries int
}

// state is what the sandbox says of one tenant.
type state struct {
	Applications []struct {
		AppID       string `json:"app_id"`
		Name        string `json:"display_name"`
		Permissions []string
		Enabled     bool
	}
	Portal map[string]struct {
		Integrate    bool   `json:"integrate"`
		SetupBy      string `json:"setup_by"`
		AuthorizedBy string `json:"authorized_by"`
	}
	UPNs       map[string]string `json:"upns"`
	ZoomEmails []string          `json:"zoom_emails"`
	ZoomGroups []string          `json:"zoom_groups"`
	TenantID   string            `json:"tenant_id"`
	Account    string            `json:"zoom_account"`
	whole      string
}

const calendarApp = "5a0d365c-7a6f-4f6d-8365-73616e64626f"

// held is what an application holds, and whether it may sign in.
func (s state) held(appID string) (permissions []string, enabled bool) {
	for _, a := range s.Applications {
		if a.AppID == appID {
			return a.Permissions, a.Enabled
		}
	}
	return nil, false
}

func (i *imagined) states() []state {
	r := httptest.NewRecorder()
	i.server.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/sandbox/state", http.NoBody))
	var raw []json.RawMessage
	if err := json.Unmarshal(r.Body.Bytes(), &raw); err != nil {
		panic(err)
	}
	all := make([]state, len(raw))
	for n, text := range raw {
		if err := json.Unmarshal(text, &all[n]); err != nil {
			panic(err)
		}
		all[n].whole = string(text)
	}
	return all
}

func (i *imagined) chance(of float64) bool { return i.random.Float64() < of }

func choose[T any](i *imagined, from ...T) T { return from[i.random.IntN(len(from))] }

func newImagined(seed uint64, dir string, keys sandbox.Keys, w *wires) *imagined {
	i := &imagined{
		random: rand.New(rand.NewPCG(seed, 11)),
		wires:  w,
		dir:    dir,
		env:    map[string]string{"CI": "true"},
	}
	i.imagine()
	w.mu.Lock()
	w.next++
	address := fmt.Sprintf("localhost:%d", w.next)
	i.listener = &listener{line: make(chan net.Conn), done: make(chan struct{}), address: address}
	w.all[address] = i.listener.line
	w.mu.Unlock()
	i.server = sandbox.Unserved(sandbox.Options{Scenario: i.scenario, Seed: seed, Tenants: 2}, "https://"+address, keys)
	i.http = &http.Server{Handler: i.server, ReadHeaderTimeout: time.Minute}
	go func() { _ = i.http.Serve(i.listener) }()
	variables, err := i.server.Env()
	if err != nil {
		panic(err)
	}
	for _, v := range variables {
		if v.Name != "ZO365_MICROSOFT_TENANT" && v.Name != "ZO365_ZOOM_ACCOUNT_ID" && strings.HasPrefix(v.Name, "ZO365_") {
			i.env[v.Name] = v.Value
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		panic(err)
	}
	i.file = filepath.Join(dir, "zo365.yaml")
	text := i.server.TenantFiles()["tenant-001.yaml"]
	if i.chance(0.3) {
		text = strings.Replace(
			text,
			"microsoft:\n",
			"microsoft:\n  required_permissions: [Calendars.ReadWrite, User.Read.All]\n",
			1,
		)
	}
	if i.chance(0.2) {
		text, _, _ = strings.Cut(text, "account:")
	}
	if err := os.WriteFile(i.file, []byte(text), 0o600); err != nil {
		panic(err)
	}
	i.first = i.states()[0]
	i.last = i.first
	return i
}

func (i *imagined) end() {
	_ = i.http.Close()
	i.wires.mu.Lock()
	delete(i.wires.all, i.listener.address)
	i.wires.mu.Unlock()
	_ = os.RemoveAll(i.dir)
}

// imagine makes the scenario.
func (i *imagined) imagine() {
	s, err := world.LoadScenario("happy")
	if err != nil {
		panic(err)
	}
	s.Name = "imagined"
	t := &s.Tenant
	t.Consistency = choose(i, 0, 0, 0, 5*time.Millisecond)
	t.Licence = choose(i, "P1", "P1", "free")
	t.ZoomApp.Declared = []string{"Calendars.ReadWrite", "Contacts.Read", "User.Read.All"}
	switch i.random.IntN(6) {
	case 0, 1:
		t.ZoomApp.Permissions = nil
	case 2:
		t.ZoomApp.Permissions = []string{"Calendars.ReadWrite", "User.Read.All"}
	case 3:
		t.ZoomApp.Permissions = []string{"Calendars.ReadWrite", "Contacts.Read", "Mail.Read", "User.Read.All"}
	case 4:
		t.ZoomApp.Permissions = []string{"Contacts.Read", "User.Read.All"}
	case 5:
		t.ZoomApp.Permissions = []string{
			"Calendars.ReadWrite",
			"Calendars.Read",
			"exchange:Mail.Read",
			"exchange:full_access_as_app",
		}
	}
	t.ZoomApp.Disabled = i.chance(0.1)
	if i.chance(0.3) {
		t.ZoomApp.LastSignIn = time.Hour
	}
	if i.chance(0.15) {
		t.ZoomApp.ExchangeRoles = []world.ExchangeRole{
			{Role: "Application Calendars.ReadWrite", Scope: choose(i, "", "Zoom users")},
		}
	}
	if i.chance(0.25) {
		t.OtherZoomApps = []world.OtherApp{{
			Name:        choose(i, "Zoom Scheduler", "ZoomInfo", "Backup"),
			AppID:       "7d0c1c5e-0000-4000-8000-7a6f33363502",
			Permissions: []string{choose(i, "Calendars.ReadWrite", "Mail.Read", "exchange:Mail.Read")},
			Publisher:   choose(i, "", "ZoomInfo Technologies, Inc.", "Contoso Ltd"),
		}}
	}
	if i.chance(0.25) { // a blind application
		n := i.random.IntN(len(t.App.Permissions))
		t.App.Permissions = slices.Delete(slices.Clone(t.App.Permissions), n, n+1)
	}
	if i.chance(0.5) {
		t.App.Permissions = append(slices.Clone(t.App.Permissions), "Application.ReadWrite.All")
	}
	if i.chance(0.15) {
		for n := range t.Domains {
			t.Domains[n].Verified = t.Domains[n].Initial
		}
	}
	if i.chance(0.1) {
		s.Zoom.Domains = []world.ManagedDomain{{Name: "contoso.com", Status: "pending"}}
	}
	if i.chance(0.1) {
		s.Zoom.Plan = "Basic"
	}
	if i.chance(0.15) {
		n := i.random.IntN(len(s.Zoom.Scopes))
		s.Zoom.Scopes = slices.Delete(slices.Clone(s.Zoom.Scopes), n, n+1)
	}
	s.Zoom.Groups = []world.ZoomGroup{{Name: "Sales"}}
	s.Admin = "admin@contoso.com"
	s.People = []world.Person{
		{
			Name: "Megan",
			UPN:  s.Admin,
			Zoom: choose(i, "", "", "", "megan.bowen@contoso.com"),
			Roles: []string{
				choose(
					i,
					"Global Administrator",
					"Global Administrator",
					"Privileged Role Administrator",
					"Cloud Application Administrator",
				),
			},
			ZoomRole: choose(i, "Owner", "Owner", "Member"),
		},
		{
			Name:     "Joni",
			UPN:      "joni@contoso.com",
			Roles:    []string{"Global Administrator"},
			ZoomRole: "Admin",
		},
		{
			Name: "Adele",
			UPN:  "avance@contoso.com",
			Mail: "adele@contoso.com",
			Zoom: "adele@contoso.com",
		},
		{Name: "Alex", UPN: "alex@contoso.com", Proxies: []string{"smtp:al@contoso.com"}},
	}
	if s.People[0].Zoom != "" {
		s.People[0].Mail = s.People[0].Zoom
	}
	if i.chance(0.3) {
		s.People = append(
			s.People,
			world.Person{
				Name:    "Al",
				UPN:     "gone@contoso.com",
				Deleted: true,
				Zoom:    "al@contoso.com",
			},
		)
	}
	i.scenario = s
}

// answer is what a command ended with.
type answer struct {
	code     int
	out, err string
}

// zo365 runs a command in this process.
func (i *imagined) zo365(more map[string]string, args ...string) answer {
	var out, talk bytes.Buffer
	env := &Env{
		In:  strings.NewReader(""),
		Out: &out,
		Err: &talk,
		Getenv: func(name string) string {
			if v, ok := more[name]; ok {
				return v
			}
			return i.env[name]
		},
		Open: func(context.Context, string) error { return nil },
	}
	full := append([]string{"--config", i.file, "--credential-store", "env", "--no-input"}, args...)
	code := report(env, execute(context.Background(), env, full))
	i.log = append(
		i.log,
		fmt.Sprintf(
			"%v zo365 %s -> %d\n%s%s",
			more,
			strings.Join(args, " "),
			code,
			indent(out.String(), 30),
			indent(talk.String(), 12),
		),
	)
	return answer{code: code, out: out.String(), err: talk.String()}
}

func indent(text string, most int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > most {
		lines = append(lines[:most/2], lines[len(lines)-most/2:]...)
	}
	return "    " + strings.Join(lines, "\n    ") + "\n"
}

func (i *imagined) story() string {
	text, _ := json.Marshal(i.scenario)
	return string(text) + "\n" + strings.Join(i.log, "")
}

func (i *imagined) fault(format string, args ...any) {
	i.wrong = append(i.wrong, fmt.Sprintf(format, args...))
}

// live does up to six things, then takes everything back.
func (i *imagined) live() {
	for range 1 + i.random.IntN(6) {
		i.step()
		if len(i.wrong) > 0 {
			return
		}
	}
	if !i.walked {
		i.undoAll()
	}
}

// person is who is named, who may be the wrong one.
func (i *imagined) person() string {
	return choose(
		i,
		"admin@contoso.com",
		"admin@contoso.com",
		"joni@contoso.com",
		"avance@contoso.com",
		"nobody@contoso.com",
	)
}

func (i *imagined) step() {
	before := i.states()
	var a answer
	var args []string
	more := map[string]string(nil)
	stale := i.chance(0.08)
	if stale {
		more = choose(
			i,
			map[string]string{"ZO365_MICROSOFT_TENANT": before[1].TenantID},
			map[string]string{"ZO365_ZOOM_ACCOUNT_ID": before[1].Account},
		)
	}
	what := i.random.IntN(15)
	switch what {
	case 0, 1:
		args = []string{"authorize", "--yes", "--no-browser", "--timeout", "0", "-o", "json"}
		if i.chance(0.6) {
			args = append(args, "--authorized-by", i.person())
		}
	case 2, 3, 4:
		args = []string{"apply", "--auto-approve", "--timeout", "0", "--settle", "2s", "-o", "json"}
		if i.chance(0.6) {
			args = append(args, "--by", i.person())
		}
		if i.chance(0.5) {
			args = append(args, "--allow-revoke")
		}
	case 5:
		args = []string{"integration", "disable", "--yes", "--revoke", "-o", "json"}
	case 6:
		args = []string{"integration", "enable", "--yes", "-o", "json"}
		if i.chance(0.4) {
			args = append(args, "--mail-read", choose(i, "approved", "not-approved"))
		}
	case 7:
		args = []string{
			"group",
			"set",
			choose(i, "Sales", "Marketing"),
			"--setup-by",
			choose(i, "admin", "users"),
			"--yes",
			"--no-check",
			"-o",
			"json",
		}
	case 8, 9:
		if stale {
			return
		}
		i.walk()
		return
	case 10:
		args = []string{"doctor", "-o", "json"}
	case 11:
		args = []string{"plan", "-o", "json"}
	case 12:
		args = []string{"integration", "status", "-o", "json"}
	case 13:
		list := filepath.Join(i.dir, "fixes.jsonl")
		if p := i.zo365(more, "upn", "fix", "--plan", list, "--prefer", choose(i, "zoom", "microsoft")); p.code != 0 {
			a = p
			break
		}
		args = []string{"upn", "fix", "--apply", list, "--yes", "-o", "json"}
	case 14:
		args = []string{"portal", "confirm", "--all", "--by", i.person(), "--yes"}
		i.lied = true
	}
	if args != nil {
		a = i.zo365(more, args...)
	}
	now := i.states()
	i.last = now[0]
	if now[1].whole != before[1].whole {
		i.fault("another tenant was changed")
	}
	offline := what == 5 || what == 6 || what == 7 || what == 12 || what == 14 // these may change the file alone
	if stale && !offline && a.code == 0 {
		i.fault("a variable that names another target was not refused: %d", a.code)
	}
	if stale && a.code == exitUsage {
		i.counts.add("refused with 64")
	}
	if stale && now[0].whole != before[0].whole {
		i.fault("a run with a variable of another target changed something")
	}
	i.recorded(before[0], now[0])
	if len(args) > 0 {
		i.claims(args, a)
	}
}

// walk sends the robot through the portal, as the tenant file says or as it likes.
func (i *imagined) walk() {
	i.walked = true
	v := &robot.Visitor{
		As: choose(
			i,
			"admin@contoso.com",
			"admin@contoso.com",
			"joni@contoso.com",
		),
		ApproveMailRead: i.chance(0.2),
		SetupBy:         choose(i, "admin", "admin", "admin", "users"),
		Decline:         i.chance(0.1),
		Say:             func(string) {},
	}
	err := v.Visit(context.Background(), i.server.Origin+"/account/setting")
	i.log = append(
		i.log,
		fmt.Sprintf("the robot walked as %s (mail read %v, setup by %s): %v\n", v.As, v.ApproveMailRead, v.SetupBy, err),
	)
	time.Sleep(i.scenario.Tenant.Consistency) // before that no reader can know
	if err != nil {
		// Audit times are whole seconds: what is done in the same one counts as later.
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	}
	i.last = i.states()[0]
	if i.last.Portal["account"].AuthorizedBy != "" {
		i.connected = true
		i.counts.add("connected")
	}
}

// entry is a line of the journal as this test reads it.
type entry struct {
	Action      string
	Permission  *struct{ Resource, Name string }
	Application *struct {
		AppID string `json:"app_id"`
	}
	Before, After json.RawMessage
}

func (i *imagined) journal() []entry {
	text, err := os.ReadFile(filepath.Join(i.dir, "zo365.journal.jsonl"))
	if err != nil {
		return nil
	}
	var all []entry
	for line := range strings.Lines(string(text)) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			i.fault("a line of the journal is torn: %s", line)
		}
		all = append(all, e)
	}
	return all
}

// recorded compares what changed in the world with what is new in the journal: each
// change once, and nothing else.
func (i *imagined) recorded(before, now state) {
	changed := map[string]int{}
	note := func(what string, was, is []string) {
		for _, p := range was {
			if !slices.Contains(is, p) {
				changed["-"+what+" "+p]++
			}
		}
		for _, p := range is {
			if !slices.Contains(was, p) {
				changed["+"+what+" "+p]++
			}
		}
	}
	for _, a := range now.Applications {
		was, enabled := before.held(a.AppID)
		note(a.AppID, was, a.Permissions)
		if enabled != a.Enabled {
			changed["enabled "+a.AppID]++
		}
	}
	note("group", before.ZoomGroups, now.ZoomGroups)
	note("email", before.ZoomEmails, now.ZoomEmails)
	note("upn", slices.Sorted(maps.Values(before.UPNs)), slices.Sorted(maps.Values(now.UPNs)))

	said := map[string]int{}
	all := i.journal()
	for _, e := range all[min(i.entries, len(all)):] {
		var from, to string
		_ = json.Unmarshal(e.Before, &from)
		_ = json.Unmarshal(e.After, &to)
		switch e.Action {
		case "grants-revoked":
			said["-"+e.Application.AppID+" "+written(e)]++
			i.counts.add("revoked")
		case "permission-granted":
			said["+"+e.Application.AppID+" "+written(e)]++
			i.counts.add("granted")
		case "application-enabled", "application-disabled":
			said["enabled "+e.Application.AppID]++
		case "group-created", "group-deleted":
			var g struct{ Name string }
			sign, value := "+", e.After
			if e.Action == "group-deleted" {
				sign, value = "-", e.Before
			}
			_ = json.Unmarshal(value, &g)
			said[sign+"group "+g.Name]++
		case "zoom-email-changed":
			said["-email "+from]++
			said["+email "+to]++
			i.counts.add("renamed")
		case "upn-changed":
			said["-upn "+from]++
			said["+upn "+to]++
			i.counts.add("renamed")
		}
	}
	i.entries = len(all)
	if !maps.Equal(changed, said) {
		i.fault("the world changed by %v, and the journal says %v", changed, said)
	}
}

// written is a permission as the sandbox's state writes it.
func written(e entry) string {
	if e.Permission.Resource == "00000002-0000-0ff1-ce00-000000000000" {
		return "exchange:" + e.Permission.Name
	}
	return e.Permission.Name
}

// domainMatches: Zoom connects only where an associated domain is a custom domain that is
// verified on both sides.
func (i *imagined) domainMatches() bool {
	for _, z := range i.scenario.Zoom.Domains {
		for _, e := range i.scenario.Tenant.Domains {
			if z.Status == "verified" && e.Verified && !e.Initial && z.Name == e.Name {
				return true
			}
		}
	}
	return false
}

// claims holds what a command said against the world.
func (i *imagined) claims(args []string, a answer) {
	held, enabled := i.last.held(calendarApp)
	consented := (slices.Contains(held, "Calendars.ReadWrite") || len(i.scenario.Tenant.ZoomApp.ExchangeRoles) > 0) &&
		enabled
	if i.another() {
		consented = true // which of the two is meant is for the person; what it holds is not looked at here
	}
	connected := i.connected || i.lied && i.domainMatches()
	signedIn := i.scenario.Tenant.ZoomApp.LastSignIn > 0 && len(i.scenario.Tenant.ZoomApp.Permissions) > 0
	must := func(what string) {
		i.counts.add(what)
		if !consented {
			i.fault("%s: and Zoom's application holds %v, enabled %v", what, held, enabled)
		}
		if !connected && !signedIn {
			i.fault("%s: and Zoom was never connected", what)
		}
	}
	var said struct {
		Status   string
		Findings []struct{ Code, Severity, Scope, Saw string }
		Steps    []json.RawMessage
		Open     []json.RawMessage
		Unseen   []string
		Blocked  json.RawMessage
		Account  struct {
			Authorization *struct{ Status string }
		}
	}
	if strings.HasPrefix(strings.TrimSpace(a.out), "{") {
		if err := json.Unmarshal([]byte(a.out), &said); err != nil {
			i.fault("standard output is no JSON: %v", err)
		}
	}
	wanted := i.wantsAdmin()
	switch args[0] {
	case "authorize":
		if said.Status == "authorized" || a.code == 0 {
			must("authorize said authorized")
		}
		if said.Status == "blocked" {
			i.counts.add("blocked")
		}
	case "apply":
		if a.code == 0 && wanted {
			must("apply ended with 0")
		}
		if said.Status == "blocked" {
			i.counts.add("blocked")
		}
	case "plan":
		if a.code == 0 && wanted && len(said.Steps)+len(said.Open)+len(said.Unseen) == 0 {
			must("plan said nothing to do")
		}
	case "integration":
		if args[1] == "status" && said.Account.Authorization != nil && said.Account.Authorization.Status == "authorized" &&
			wanted {
			i.counts.add("status said authorized")
		}
		if args[1] == "disable" && a.code == 0 && slices.Contains(args, "--revoke") {
			var out struct{ Revoked []string }
			_ = json.Unmarshal([]byte(a.out), &out)
			if len(out.Revoked) > 0 && len(held) > 0 && !i.another() {
				i.fault("disable said that %v were revoked, and %v are held", out.Revoked, held)
			}
		}
	case "doctor":
		i.oks(said.Findings, held, enabled)
	}
}

// another says whether the tenant has a second application of Zoom's own publisher.
func (i *imagined) another() bool {
	return slices.ContainsFunc(i.scenario.Tenant.OtherZoomApps, func(a world.OtherApp) bool { return a.Publisher == "" })
}

// oks are what each ok of doctor promises.
func (i *imagined) oks(findings []struct{ Code, Severity, Scope, Saw string }, held []string, enabled bool) {
	truth := map[string]bool{
		"consent-complete": slices.Contains(held, "Calendars.ReadWrite") ||
			len(i.scenario.Tenant.ZoomApp.ExchangeRoles) > 0,
		"consent-present":     len(held) > 0 || len(i.scenario.Tenant.ZoomApp.ExchangeRoles) > 0,
		"application-enabled": enabled,
		"mail-read":           !slices.Contains(held, "Mail.Read"),
		"domain-match":        i.domainMatches(),
		"zoom-plan":           i.scenario.Zoom.Plan != "Basic",
	}
	for _, f := range findings {
		aboutApp := f.Code != "domain-match" && f.Code != "zoom-plan"
		if is, known := truth[f.Code]; known && f.Severity == "ok" && !is && (!aboutApp || !i.another()) {
			i.fault("doctor says ok of %s (%s), and it is not so: holds %v, enabled %v", f.Code, f.Saw, held, enabled)
		}
	}
}

// wantsAdmin reads the file in a way of its own.
func (i *imagined) wantsAdmin() bool {
	text, err := os.ReadFile(i.file)
	if err != nil {
		panic(err)
	}
	_, account, _ := strings.Cut(string(text), "\naccount:")
	account, _, _ = strings.Cut(account, "\ngroups:")
	return strings.Contains(account, "enabled: true") && strings.Contains(account, "setup_by: admin")
}

// undoAll takes back everything that zo365 did, the newest first: then the world is what
// it was.
func (i *imagined) undoAll() {
	if i.zo365(nil, "journal", "show", "-o", "json").code != 0 {
		return
	}
	var shown struct {
		Entries []struct{ ID, Action, Undoes string }
	}
	a := i.zo365(nil, "journal", "show", "-o", "json")
	if err := json.Unmarshal([]byte(a.out), &shown); err != nil {
		i.fault("journal show: %v", err)
		return
	}
	reversible := []string{
		"permission-granted",
		"grants-revoked",
		"application-enabled",
		"group-created",
		"zoom-email-changed",
		"upn-changed",
		"profile-changed",
	}
	whole := true
	for _, e := range slices.Backward(shown.Entries) {
		if !slices.Contains(reversible, e.Action) || e.Undoes != "" {
			continue
		}
		before := i.states()
		u := i.zo365(nil, "undo", e.ID, "--yes", "--settle", "2s")
		now := i.states()
		i.last = now[0]
		if now[1].whole != before[1].whole {
			i.fault("undo changed another tenant")
		}
		i.recorded(before[0], now[0])
		if u.code != 0 {
			whole = false
			i.counts.add(fmt.Sprintf("undo of %s ended with %d", e.Action, u.code))
			if u.code == exitError && !strings.Contains(u.err, "hint:") {
				i.fault("undo of %s fails without a way out: %s", e.Action, u.err)
			}
		}
	}
	if v := i.zo365(nil, "journal", "verify"); v.code != 0 && len(shown.Entries) > 0 {
		i.fault("the journal does not verify: %s", v.out+v.err)
	}
	if !whole || len(i.wrong) > 0 {
		return
	}
	i.counts.add("undone whole")
	for _, app := range i.first.Applications {
		if held, enabled := i.last.held(app.AppID); !slices.Equal(held, app.Permissions) || enabled != app.Enabled {
			i.fault(
				"after taking everything back %s holds %v (enabled %v), before %v (%v)",
				app.Name,
				held,
				enabled,
				app.Permissions,
				app.Enabled,
			)
		}
	}
	if !slices.Equal(i.first.ZoomGroups, i.last.ZoomGroups) || !slices.Equal(i.first.ZoomEmails, i.last.ZoomEmails) ||
		!maps.Equal(i.first.UPNs, i.last.UPNs) {
		i.fault(
			"after taking everything back the groups are %v, the emails %v, the UPNs %v",
			i.last.ZoomGroups,
			i.last.ZoomEmails,
			i.last.UPNs,
		)
	}
}
