package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	s := struct {
		Public string
		Hidden Secret
	}{"public", New("hush")}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "secret", s.Hidden, "whole", s)
	shown := string(text) + log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s.Hidden, s.Hidden, s.Hidden, s.Hidden) + fmt.Sprint(&s.Hidden, []Secret{s.Hidden}, fmt.Errorf("wrapped: %v", s.Hidden))
	for _, trace := range []string{"hush", fmt.Sprintf("%x", "hush")} {
		if strings.Contains(shown, trace) {
			t.Errorf("%q is in %s", trace, shown)
		}
	}
	if s.Hidden.Reveal() != "hush" || s.Hidden.Empty() || !(Secret{}).Empty() {
		t.Error("the secret itself is lost")
	}
}

func TestSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens", "one")
	root := NewRoot()
	s := Sealed{Path: path, Root: root}
	if _, err := s.Load(); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an empty cache: %v", err)
	}
	if err := s.Save(New("token")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(); err != nil || got.Reveal() != "token" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	data, _ := os.ReadFile(path)
	if strings.Contains(string(data), "token") {
		t.Error("the token is in the file in clear")
	}
	for name, other := range map[string]Sealed{"another root": {Path: path, Root: NewRoot()}, "an empty root": {Path: path}} {
		if _, err := other.Load(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s opens it: %v", name, err)
		}
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(); !errors.Is(err, ErrNotFound) {
		t.Errorf("a damaged file: %v", err)
	}
	if gone, err := s.Erase(); !gone || err != nil {
		t.Errorf("erase: %v, %v", gone, err)
	}
	if gone, err := s.Erase(); gone || err != nil {
		t.Errorf("erase twice: %v, %v", gone, err)
	}
}

func TestSplitHead(t *testing.T) {
	for head, ok := range map[string]bool{"parts:ab:3": true, "parts:ab": false, "parts:ab:x": false, "value:x": false, "": false} {
		if _, _, err := splitHead(head); (err == nil) != ok {
			t.Errorf("%q: %v", head, err)
		}
	}
}
