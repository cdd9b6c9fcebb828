package journal

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func written(t *testing.T, n int) (path string, lines [][]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "zo365.journal.jsonl")
	for i := range n {
		if err := Append(context.Background(), path, Entry{At: at, Actor: "a", Action: ProfileChanged, Scope: "group:" + string(rune('a'+i))}); err != nil {
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
	c, err := Verify(path)
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
		if c := broken(t, path, changed); c.OK() || c.Broken[0] != want {
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
		if err := Append(context.Background(), path, Entry{At: at, Actor: "b", Action: Authorized, Scope: "account"}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Verify(path)
	if err != nil || !c.OK() || c.Entries != 3 || c.Unchained != 1 || len(c.Torn) != 1 || c.Torn[0].Line != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}
