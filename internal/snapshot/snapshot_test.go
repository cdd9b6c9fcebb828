package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// graph is a directory in memory. Its order of UPNs is not that of bytes: a
// service's collation is its own.
type graph struct {
	mu      sync.Mutex
	people  map[string]tenant.User
	page    int
	pages   int // asked for so far
	failAt  int // the page that fails; 0 is none
	count   int // what it counts; 0 is right
	changes []tenant.UserChange
	links   int
	gone    bool
	// noRanges: a filter by UPN is refused.
	noRanges bool
	ranges   int
}

var errCut = errors.New("the connection broke")

func order(upn string) string {
	return strings.NewReplacer("a", "z", "z", "a", ".", "~").Replace(strings.ToLower(upn))
}

func (g *graph) CountUsers(context.Context) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count > 0 {
		return g.count, nil
	}
	return len(g.people), nil
}

func (g *graph) UsersPage(_ context.Context, r msgraph.Range, next string) ([]tenant.User, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pages++; g.pages == g.failAt {
		return nil, "", errCut
	}
	if r != (msgraph.Range{}) {
		g.ranges++
		if g.noRanges {
			return nil, "", &msgraph.Error{Status: http.StatusBadRequest, Code: "Request_UnsupportedQuery"}
		}
	}
	at, _ := strconv.Atoi(next)
	var all []tenant.User
	for _, id := range slices.Sorted(maps.Keys(g.people)) {
		u := g.people[id]
		if (r.From == "" || order(u.UPN) >= order(r.From)) && (r.To == "" || order(u.UPN) <= order(r.To)) {
			all = append(all, u)
		}
	}
	end := min(at+g.page, len(all))
	if end < len(all) {
		next = strconv.Itoa(end)
	} else {
		next = ""
	}
	return all[at:end], next, nil
}

func (g *graph) DeltaLatest(context.Context) (string, error) { g.links++; return "link", nil }

func (g *graph) Changes(context.Context, string) ([]tenant.UserChange, string, error) {
	if g.gone {
		g.gone = false
		return nil, "", &msgraph.Error{Status: http.StatusGone}
	}
	changes := g.changes
	g.changes = nil
	return changes, "link", nil
}

func (g *graph) User(_ context.Context, id string) (*tenant.User, error) {
	u, ok := g.people[id]
	if !ok {
		return nil, nil
	}
	return &u, nil
}

func newGraph(n, page int) *graph {
	g := &graph{people: map[string]tenant.User{}, page: page}
	random := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		id := fmt.Sprintf("id-%05d", random.IntN(1<<30))
		on := i%3 == 0
		g.people[id] = tenant.User{
			ID:      id,
			UPN:     fmt.Sprintf("%c%c.%d@Contoso.com", 'a'+random.IntN(26), 'A'+random.IntN(26), i),
			Mail:    fmt.Sprintf("m%d@contoso.com", i),
			Proxies: []string{"SMTP:a+b@contoso.com", "smtp:c,\"d\"@contoso.com", "X500:/o=x"},
			Enabled: &on,
			Synced:  &on,
		}
	}
	return g
}

func (f Folder) mustHold(t *testing.T, g *graph) {
	t.Helper()
	got := map[string]string{}
	if err := f.each(peopleFile, func(u tenant.User) {
		if _, twice := got[u.ID]; twice {
			t.Errorf("%s is there twice", u.ID)
		}
		got[u.ID] = fmt.Sprint(u.UPN, u.Mail, choice(u.Enabled), choice(u.Synced))
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for id, u := range g.people {
		want[id] = fmt.Sprint(u.UPN, u.Mail, choice(u.Enabled), choice(u.Synced))
	}
	if !maps.Equal(got, want) {
		t.Errorf("the snapshot has %d people, want %d, or they differ", len(got), len(want))
	}
}

// A read that breaks at any page goes on where it stopped: everybody is there
// once, and no page that was kept is asked for again.
func TestAReadGoesOn(t *testing.T) {
	const n, page = 1200, 40
	whole := newGraph(n, page)
	f := Folder{Dir: t.TempDir()}
	if _, err := f.Microsoft(t.Context(), whole, false); err != nil {
		t.Fatal(err)
	}
	f.mustHold(t, whole)
	for failAt := 1; failAt <= whole.pages; failAt += 5 {
		g := newGraph(n, page)
		g.failAt = failAt
		f := Folder{Dir: t.TempDir()}
		if _, err := f.Microsoft(t.Context(), g, false); !errors.Is(err, errCut) {
			t.Fatalf("page %d: %v", failAt, err)
		}
		if _, err := os.Stat(f.path(peopleFile)); err == nil {
			t.Fatalf("page %d: a part passes for everybody", failAt)
		}
		tear(t, f.path(progressFile))
		if taken, err := f.Microsoft(t.Context(), g, false); err != nil || !taken.Fresh {
			t.Fatalf("page %d: %+v, %v", failAt, taken, err)
		}
		f.mustHold(t, g)
		if failAt > 2 && g.links != 1 {
			t.Errorf("page %d: the read began anew", failAt)
		}
		if g.pages > whole.pages*3/2+atOnce {
			t.Errorf("page %d: %d pages in all, a whole read takes %d", failAt, g.pages, whole.pages)
		}
	}
}

// An interrupted read that is too old to go on with leaves nothing behind in the next one:
// neither its length nor that it was in one sequence.
func TestAnOldReadLeavesNothingBehind(t *testing.T) {
	const n, page = 1200, 40
	for _, noRanges := range []bool{false, true} {
		f := Folder{Dir: t.TempDir()}
		g := newGraph(n, page)
		g.failAt, g.noRanges = 20, noRanges
		if _, err := f.Microsoft(t.Context(), g, false); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		text, err := os.ReadFile(f.path(progressFile))
		if err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339Nano)
		aged := regexp.MustCompile(`"at":"[^"]*"`).ReplaceAllString(string(text), `"at":"`+old+`"`)
		if aged == string(text) {
			t.Fatalf("nothing was aged: %s", text)
		}
		if err := os.WriteFile(f.path(progressFile), []byte(aged), 0o600); err != nil {
			t.Fatal(err)
		}
		next := newGraph(n, page)
		next.failAt = 20
		if _, err := f.Microsoft(t.Context(), next, false); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if next.ranges == 0 {
			t.Error("the next read was in one sequence, as the old one")
		}
		next.failAt = 0
		if _, err := f.Microsoft(t.Context(), next, false); err != nil {
			t.Fatal(err)
		}
		f.mustHold(t, next)
	}
}

// Everybody is there once without ranges, too, also when the read is interrupted.
func TestOneSequence(t *testing.T) {
	const n, page = 1200, 40
	for _, failAt := range []int{0, 15, 30} {
		var said []string
		f := Folder{
			Dir: t.TempDir(),
			Say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) },
		}
		g := newGraph(n, page)
		g.failAt, g.noRanges = failAt, true
		if _, err := f.Microsoft(t.Context(), g, false); failAt == 0 && err != nil || failAt > 0 && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		g.failAt = 0
		if _, err := f.Microsoft(t.Context(), g, false); err != nil {
			t.Fatal(err)
		}
		f.mustHold(t, g)
		if !strings.Contains(strings.Join(said, "\n"), "which is slower") {
			t.Errorf("nobody said that it is slower: %q", said)
		}
	}
}

// tear leaves half a line at the end, as a power cut would.
func tear(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"range":{"Fro`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAShortReadIsNoSnapshot(t *testing.T) {
	g := newGraph(100, 30)
	g.count = 101
	f := Folder{Dir: t.TempDir()}
	var short *ShortError
	if _, err := f.Microsoft(t.Context(), g, false); !errors.As(err, &short) || short.Got != 100 || short.Want != 101 {
		t.Fatalf("%v", err)
	}
	f.Partial = true
	taken, err := f.Microsoft(t.Context(), g, false)
	if err != nil || !taken.Partial {
		t.Fatalf("%+v, %v", taken, err)
	}
	g.count = 0
	f.Partial = false
	if taken, err = f.Microsoft(t.Context(), g, false); err != nil || taken.Partial || !taken.Fresh {
		t.Errorf("the partial read passed for a snapshot: %+v, %v", taken, err)
	}
}

func TestChangesAreApplied(t *testing.T) {
	g := newGraph(500, 100)
	f := Folder{Dir: t.TempDir()}
	if _, err := f.Microsoft(t.Context(), g, false); err != nil {
		t.Fatal(err)
	}
	ids := slices.Sorted(maps.Keys(g.people))
	text := func(s string) *string { return &s }
	off := false
	// One is renamed, one is deleted, one is disabled and comes twice, one is new,
	// one is restored with nothing but an ID.
	u := g.people[ids[0]]
	u.UPN = "renamed@contoso.com"
	g.people[u.ID] = u
	delete(g.people, ids[1])
	d := g.people[ids[2]]
	d.Enabled = &off
	g.people[d.ID] = d
	n := tenant.User{
		ID:      "new",
		UPN:     "new@contoso.com",
		Enabled: &off,
		Proxies: []string{},
	}
	back := tenant.User{
		ID:      "back",
		UPN:     "back@contoso.com",
		Mail:    "back@contoso.com",
		Enabled: &off,
	}
	g.people["new"], g.people["back"] = n, back
	g.changes = []tenant.UserChange{
		{ID: ids[0], UPN: text("between@contoso.com")},
		{ID: ids[1], Removed: true},
		{ID: "unknown", Removed: true},
		{ID: ids[2], Enabled: &off},
		{ID: ids[2], Enabled: &off},
		{
			ID:      "new",
			UPN:     text("new@contoso.com"),
			Enabled: &off,
			Proxies: &n.Proxies,
		},
		{ID: "back"},
		{ID: ids[0], UPN: text("renamed@contoso.com")},
	}
	before := g.pages
	taken, err := f.Microsoft(t.Context(), g, false)
	if err != nil || taken.Fresh || taken.Changed != 8 {
		t.Fatalf("%+v, %v", taken, err)
	}
	if g.pages != before {
		t.Errorf("%d pages were read", g.pages-before)
	}
	f.mustHold(t, g)
	g.gone = true
	if taken, err := f.Microsoft(t.Context(), g, false); err != nil || !taken.Fresh {
		t.Errorf("a delta link that is too old: %+v, %v", taken, err)
	}
	f.mustHold(t, g)
	// A change that was missed shows in the count.
	g.people["missed"] = tenant.User{ID: "missed", UPN: "missed@contoso.com", Enabled: &off}
	if taken, err := f.Microsoft(t.Context(), g, false); err != nil || !taken.Fresh {
		t.Errorf("fewer than Graph counts: %+v, %v", taken, err)
	}
	f.mustHold(t, g)
	for _, file := range []string{peopleFile, metaFile} {
		if info, err := os.Stat(filepath.Join(f.Dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
}

// account is a Zoom account whose pages by number may not add up.
type account struct {
	mu      sync.Mutex
	people  map[string][]string
	shuffle bool // pages leave somebody out, as when one before them leaves
	failAt  int
	asked   int
	short   bool
}

func (a *account) UsersPage(_ context.Context, status string, number int) ([]tenant.ZoomUser, int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked++; a.asked == a.failAt {
		return nil, 0, errCut
	}
	all := a.people[status]
	from := min((number-1)*zoom.PageSize, len(all))
	if a.shuffle && number > 1 {
		from++
	}
	return zoomUsers(all[from:min(from+zoom.PageSize, len(all))]), len(all), nil
}

func (a *account) UsersOf(_ context.Context, status string, each func([]tenant.ZoomUser)) error {
	if a.short {
		each(zoomUsers(a.people[status][1:]))
		return &zoom.ShortError{Got: len(a.people[status]) - 1, Want: len(a.people[status])}
	}
	each(zoomUsers(a.people[status]))
	return nil
}

func zoomUsers(emails []string) []tenant.ZoomUser {
	users := make([]tenant.ZoomUser, len(emails))
	for i, e := range emails {
		users[i].Email = e
	}
	return users
}

func TestZoomPages(t *testing.T) {
	everybody := map[string][]string{"active": {}, "inactive": {"gone@contoso.com"}, "pending": {}}
	for i := range 3*zoom.PageSize + 5 {
		everybody["active"] = append(everybody["active"], fmt.Sprintf("u%d@contoso.com", i))
	}
	want := len(everybody["active"]) + 1
	read := func(f Folder, a *account) (int, bool, error) {
		got := map[string]bool{}
		partial, err := f.Zoom(t.Context(), a, func(email, status string) {
			got[email] = true
			if (status == "inactive") != (email == "gone@contoso.com") {
				t.Errorf("%s is %s", email, status)
			}
		})
		return len(got), partial, err
	}
	t.Run("pages at the same time", func(t *testing.T) {
		a := &account{people: everybody}
		if n, partial, err := read(Folder{Dir: t.TempDir()}, a); n != want || partial || err != nil || a.asked != 6 {
			t.Errorf("%d people in %d requests, %v, %v", n, a.asked, partial, err)
		}
	})
	t.Run("pages that do not add up are read by token", func(t *testing.T) {
		if n, partial, err := read(
			Folder{Dir: t.TempDir()},
			&account{people: everybody, shuffle: true},
		); n != want || partial ||
			err != nil {
			t.Errorf("%d people, %v, %v", n, partial, err)
		}
	})
	t.Run("short is an error, or partial when asked for", func(t *testing.T) {
		a := &account{people: everybody, shuffle: true, short: true}
		var short *zoom.ShortError
		if _, _, err := read(Folder{Dir: t.TempDir()}, a); !errors.As(err, &short) {
			t.Errorf("%v", err)
		}
		if n, partial, err := read(Folder{Dir: t.TempDir(), Partial: true}, a); n != want-1 || !partial || err != nil {
			t.Errorf("%d people, %v, %v", n, partial, err)
		}
	})
	t.Run("an interrupted read goes on", func(t *testing.T) {
		f := Folder{Dir: t.TempDir()}
		a := &account{people: everybody, failAt: 6}
		if _, _, err := read(f, a); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		a.asked, a.failAt = 0, 0
		if n, partial, err := read(f, a); n != want || partial || err != nil || a.asked >= 6 {
			t.Errorf("%d people in %d requests, %v, %v", n, a.asked, partial, err)
		}
	})
}

// People of another tenant are nobody's snapshot, wherever they lie.
func TestASnapshotBelongsToItsTarget(t *testing.T) {
	g := newGraph(300, 100)
	f := Folder{Dir: t.TempDir(), Target: tenant.Target{Tenant: "one"}}
	for _, want := range []struct {
		tenant string
		fresh  bool
	}{{"one", true}, {"one", false}, {"two", true}, {"two", false}, {"one", true}} {
		f.Target.Tenant = want.tenant
		taken, err := f.Microsoft(t.Context(), g, false)
		if err != nil || taken.Fresh != want.fresh {
			t.Errorf("%s: fresh %v, %v", want.tenant, taken.Fresh, err)
		}
	}
}
