package journal

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

func written(t *testing.T, n int) (path string, lines [][]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "zo365.journal.jsonl")
	for i := range n {
		if err := Append(
			context.Background(),
			path,
			"",
			Entry{
				At:     at,
				Actor:  "a",
				Action: ProfileChanged,
				Scope:  "group:" + string(rune('a'+i)),
			},
		); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, bytes.Split(bytes.TrimSuffix(text, []byte{'\n'}), []byte{'\n'})
}

func broken(t *testing.T, path string, lines [][]byte) Chain {
	t.Helper()
	if err := os.WriteFile(path, append(bytes.Join(lines, []byte{'\n'}), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Verify(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever is done to a line that another one follows shows, and where.
func TestTheChainShowsWhatWasDone(t *testing.T) {
	const n = 6
	path, lines := written(t, n)
	if c := broken(t, path, lines); !c.OK() || c.Entries != n || c.Unchained != 0 {
		t.Fatalf("an honest journal: %+v", c)
	}
	random := rand.New(rand.NewPCG(3, 6))
	for round := range 300 {
		i := random.IntN(n - 1)
		changed := slices.Clone(lines)
		want := i + 2 // the line behind it
		switch round % 4 {
		case 0: // a letter
			line := slices.Clone(changed[i])
			at := bytes.Index(line, []byte(`"scope":"group:`)) + len(`"scope":"group:`)
			line[at] ^= 1 + byte(random.IntN(3))
			changed[i] = line
		case 1: // taken out
			changed = slices.Delete(changed, i, i+1)
			want = i + 1
		case 2: // put in twice
			changed = slices.Insert(changed, i, changed[i])
			if i == 0 {
				want = 2
			}
		case 3: // two have changed places
			changed[i], changed[i+1] = changed[i+1], changed[i]
			want = i + 1
		}
		if c := broken(t, path, changed); c.OK() || c.Broken[0].Line != want {
			t.Errorf("kind %d at line %d: %+v, want a break in line %d", round%4, i+1, c, want)
		}
	}
}

// A torn line is reported and breaks nothing; neither do lines that an older
// version wrote.
func TestATornLineBreaksNoChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zo365.journal.jsonl")
	old := `{"v":1,"at":"2026-11-24T10:00:00Z","actor":"a","action":"authorized","scope":"account"}` + "\n" + `{"v":1,"at":"2026-`
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Append(
			context.Background(),
			path,
			"",
			Entry{
				At:     at,
				Actor:  "b",
				Action: Authorized,
				Scope:  "account",
			},
		); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Verify(path, nil)
	if err != nil || !c.OK() || c.Entries != 3 || c.Unchained != 1 || len(c.Torn) != 1 || c.Torn[0].Line != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

// Two branches of one journal are merged as git merges text, and a machine goes on: the
// whole verifies, and the next entry joins both.
func TestTwoBranchesMerge(t *testing.T) {
	dir := t.TempDir()
	path, lines := written(t, 3)
	base, err := os.ReadFile(path)
	if err != nil || len(lines) != 3 {
		t.Fatal(err)
	}
	var texts [2][]byte
	for i, name := range []string{"ours", "theirs"} {
		branch := filepath.Join(dir, name)
		if err := os.WriteFile(branch, base, 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 + i {
			if err := Append(
				context.Background(),
				branch,
				filepath.Join(dir, "memory of "+name),
				Entry{At: at, Actor: name, Action: ProfileChanged},
			); err != nil {
				t.Fatal(err)
			}
		}
		texts[i], _ = os.ReadFile(branch)
	}
	merged := filepath.Join(dir, "merged")
	text := append(bytes.Clone(texts[0]), texts[1][len(base):]...)
	if err := os.WriteFile(merged, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Verify(merged, nil)
	if err != nil || !c.OK() || len(c.Ends) != 2 || c.Entries != 8 {
		t.Fatalf("merged: %+v, %v", c, err)
	}
	if err := Append(
		context.Background(),
		merged,
		"",
		Entry{At: at, Actor: "joiner", Action: ProfileChanged},
	); err != nil {
		t.Fatal(err)
	}
	c, err = Verify(merged, nil)
	if err != nil || !c.OK() || len(c.Ends) != 1 || len(c.Merges) != 1 || c.Merges[0] != 9 {
		t.Fatalf("joined: %+v, %v", c, err)
	}
	// The merged journal is as safe as any: what is changed in either branch shows.
	for i := range 8 {
		all := bytes.Split(bytes.TrimSuffix(text, []byte{'\n'}), []byte{'\n'})
		all[i] = bytes.Replace(all[i], []byte(`"actor":"`), []byte(`"actor":"x`), 1)
		if c := broken(t, filepath.Join(dir, "changed"), all); c.OK() && i != 4 && i != 7 {
			t.Errorf("line %d was changed and nothing shows: %+v", i+1, c)
		}
	}
}

// A tail that was cut off, and hashes that were taken out of every line, show where this
// machine remembers the last line.
func TestACutTailShowsToWhoRemembers(t *testing.T) {
	dir := t.TempDir()
	path, memory := filepath.Join(dir, "j.jsonl"), filepath.Join(dir, "memory")
	for range 5 {
		if err := Append(context.Background(), path, memory, Entry{At: at, Actor: "a", Action: ProfileChanged}); err != nil {
			t.Fatal(err)
		}
	}
	remembered := map[string]string{"this machine": Remembered(memory, path)}
	text, _ := os.ReadFile(path)
	if c, err := Verify(path, remembered); err != nil || !c.OK() || len(c.Vouched) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	lines := bytes.SplitAfter(text, []byte{'\n'})
	stripped := regexp.MustCompile(
		`"v":2|,"parents":\[[^]]*\]|,"offset":\d+`,
	).ReplaceAllFunc(
		text,
		func(found []byte) []byte {
			if string(found) == `"v":2` {
				return []byte(`"v":1`)
			}
			return nil
		},
	)
	for name, changed := range map[string][]byte{"cut": bytes.Join(lines[:4], nil), "stripped": stripped, "emptied": nil} {
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := Verify(path, remembered); err != nil || c.OK() || !c.Cut {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if c, err := Verify(path, nil); err != nil || !c.OK() || len(c.Vouched) != 0 {
			t.Errorf("%s, and nobody remembers: %+v, %v", name, c, err)
		}
	}
}

// A line that was put in without being part of the chain shows, also one that copies
// another's hashes.
func TestAnInsertedLineShows(t *testing.T) {
	path, lines := written(t, 5)
	for name, line := range map[string][]byte{
		"a copy with another actor": bytes.Replace(lines[2], []byte(`"actor":"a"`), []byte(`"actor":"mallory"`), 1),
		"a line without a hash":     []byte(`{"v":2,"at":"2026-11-24T10:00:00Z","actor":"m","action":"authorized","scope":"account"}`),
		"an old line":               []byte(`{"v":1,"at":"2026-11-24T10:00:00Z","actor":"m","action":"authorized","scope":"account"}`),
	} {
		if c := broken(t, path, slices.Insert(slices.Clone(lines), 3, line)); c.OK() {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// A journal of a newer version is refused by name and not read as far as it goes.
func TestANewerJournalIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.jsonl")
	if err := os.WriteFile(
		path,
		[]byte(`{"v":3,"at":"2026-11-24T10:00:00Z","action":"authorized"}`+"\n"),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	_, _, read := Read(path)
	_, verify := Verify(path, nil)
	appended := Append(context.Background(), path, "", Entry{At: at, Action: ProfileChanged})
	for name, err := range map[string]error{"read": read, "verify": verify, "append": appended} {
		var newer *NewerError
		if !errors.As(err, &newer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Appending reads a bounded end of the file, whatever its length.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{0, 1000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "j.jsonl")
			many := make([]Entry, n)
			for i := range many {
				many[i] = Entry{
					At:     at,
					Actor:  "a",
					Action: ProfileChanged,
					Scope:  "account",
				}
			}
			if err := Append(context.Background(), path, "", many...); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := Append(context.Background(), path, "", Entry{At: at, Actor: "a", Action: ProfileChanged}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A kill between the journal and the memory leaves the memory behind: the next line
// gets a new number all the same, whoever wrote in between.
func TestANumberIsGivenOnce(t *testing.T) {
	path, memory, other := filepath.Join(t.TempDir(), "zo365.journal.jsonl"), t.TempDir(), t.TempDir()
	add := func(memory string) {
		t.Helper()
		if err := Append(
			context.Background(),
			path,
			memory,
			Entry{
				At:     at,
				Actor:  "a",
				Action: Authorized,
				Scope:  "account",
			},
		); err != nil {
			t.Fatal(err)
		}
	}
	add(memory)
	names, err := filepath.Glob(filepath.Join(memory, "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	old, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, between := range []int{0, 3} {
		add(memory)
		for range between {
			add(other)
		}
		if err := os.WriteFile(names[0], old, 0o600); err != nil {
			t.Fatal(err)
		}
		add(memory)
		if c, err := Verify(path, nil); err != nil || !c.OK() {
			t.Errorf("%d lines of another writer between: %+v, %v", between, c, err)
		}
	}
}
