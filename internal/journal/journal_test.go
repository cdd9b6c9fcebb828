package journal

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func TestFold(t *testing.T) {
	evidence := []byte(`{"status":"authorized"}`)
	tests := map[string]struct {
		entries []Entry
		want    State
	}{
		"nothing happened": {
			nil,
			State{Authorizations: map[string]Authorization{}, Portal: map[string]map[string]Confirmation{}},
		},
		"the last authorization holds": {
			[]Entry{
				{
					At:     at,
					Actor:  "a",
					Action: Authorized,
					Scope:  "account",
				},
				{
					At:       at,
					Actor:    "b",
					Action:   Authorized,
					Scope:    "account",
					Evidence: evidence,
				},
			},
			State{
				Authorizations: map[string]Authorization{"account": {At: at, Actor: "b", Evidence: evidence}},
				Portal:         map[string]map[string]Confirmation{},
			},
		},
		"a removal takes the authorization and the confirmations of its scope alone": {
			[]Entry{
				{
					At:     at,
					Actor:  "a",
					Action: Authorized,
					Scope:  "account",
				},
				{
					At:       at,
					Actor:    "a",
					Action:   Authorized,
					Scope:    "group:S",
					Evidence: evidence,
				},
				{
					At:     at,
					Actor:  "a",
					Action: PortalConfirmed,
					Scope:  "account",
					Steps:  []string{"x"},
				},
				{
					At:     at,
					Actor:  "a",
					Action: PortalConfirmed,
					Scope:  "group:S",
					Steps:  []string{"x", "y"},
				},
				{
					At:     at,
					Actor:  "a",
					Action: AuthorizationRemoved,
					Scope:  "account",
				},
			},
			State{
				Authorizations: map[string]Authorization{"group:S": {At: at, Actor: "a", Evidence: evidence}},
				Portal:         map[string]map[string]Confirmation{"group:S": {"x": {By: "a", At: at}, "y": {By: "a", At: at}}},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Fold(test.entries); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestATornLastLineIsReportedAndDoesNotSwallowTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zo365.journal.jsonl")
	ctx := context.Background()
	if err := Append(ctx, path, "", Entry{
		At:     at,
		Actor:  "a",
		Action: Authorized,
		Scope:  "account",
	}); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"v":1,"at":"2026-`)
	_ = f.Close()
	if err := Append(ctx, path, "", Entry{
		At:     at,
		Actor:  "b",
		Action: Authorized,
		Scope:  "account",
	}); err != nil {
		t.Fatal(err)
	}
	entries, torn, err := Read(path)
	if err != nil || len(entries) != 2 || entries[1].Actor != "b" || len(torn) != 1 || torn[0].Line != 2 {
		t.Errorf("entries %+v, torn %+v, %v", entries, torn, err)
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zo365.journal.jsonl")
	var wait sync.WaitGroup
	for range 30 {
		wait.Go(func() {
			if err := Append(
				context.Background(),
				path,
				"",
				Entry{
					At:     at,
					Action: ProfileChanged,
					Scope:  "account",
					Before: []byte(`{"text":"` + strings.Repeat("x", 9000) + `"}`),
				},
			); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	entries, torn, err := Read(path)
	if err != nil || len(entries) != 30 || len(torn) != 0 {
		t.Errorf("%d entries, %d torn, %v", len(entries), len(torn), err)
	}
}

func TestPath(t *testing.T) {
	if got := Path("/etc/zo365.yaml"); got != "/etc/zo365.journal.jsonl" {
		t.Error(got)
	}
}
