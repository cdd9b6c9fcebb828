package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
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
	shown := string(
		text,
	) + log.String() + fmt.Sprintf(
		"%v %+v %#v %s %q %x %d",
		s,
		s,
		s,
		s.Hidden,
		s.Hidden,
		s.Hidden,
		s.Hidden,
	) + fmt.Sprint(
		&s.Hidden,
		[]Secret{s.Hidden},
		fmt.Errorf("wrapped: %v", s.Hidden),
	)
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
	for name, other := range map[string]Sealed{
		"another root":  {Path: path, Root: NewRoot()},
		"an empty root": {Path: path},
	} {
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
	for head, ok := range map[string]bool{
		"parts:ab:3": true,
		"parts:ab":   false,
		"parts:ab:x": false,
		"value:x":    false,
		"":           false,
	} {
		if _, _, err := splitHead(head); (err == nil) != ok {
			t.Errorf("%q: %v", head, err)
		}
	}
}

func TestFile(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, lock := range map[string]Lock{
		"passphrase": {Passphrase: New("phrase")},
		"key":        {Key: New("# a comment\n" + key.String())},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			f := File{
				Path:   filepath.Join(t.TempDir(), "config", "credentials.age"),
				Unlock: func() (Lock, error) { return lock, nil },
			}
			if _, err := f.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("an empty file: %v", err)
			}
			if gone, err := f.Delete(ctx, "a"); gone || err != nil {
				t.Fatalf("delete from nothing: %v, %v", gone, err)
			}
			var wait sync.WaitGroup
			for i := range 8 {
				wait.Go(func() {
					if err := f.Set(ctx, fmt.Sprint("key", i), New(strings.Repeat("secret", 1000))); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			for i := range 8 {
				if got, err := f.Get(ctx, fmt.Sprint("key", i)); err != nil || len(got.Reveal()) != 6000 {
					t.Errorf("key%d: %d bytes, %v", i, len(got.Reveal()), err)
				}
			}
			data, _ := os.ReadFile(f.Path)
			if strings.Contains(string(data), "secret") || strings.Contains(string(data), "key3") {
				t.Error("it lies there in clear")
			}
			if gone, err := f.Delete(ctx, "key3"); !gone || err != nil {
				t.Errorf("delete: %v, %v", gone, err)
			}
			var unavailable *UnavailableError
			wrong := File{Path: f.Path, Unlock: func() (Lock, error) { return Lock{Passphrase: New("another")}, nil }}
			if _, err := wrong.Get(ctx, "key1"); !errors.As(err, &unavailable) || !unavailable.Locked {
				t.Errorf("the wrong passphrase: %v", err)
			}
			if err := wrong.Set(ctx, "key1", New("x")); err == nil {
				t.Error("the wrong passphrase writes")
			}
			if after, _ := os.ReadFile(f.Path); string(after) == "" {
				t.Error("the file is gone")
			}
			damaged := append([]byte{}, data...)
			damaged[len(damaged)-1] ^= 1
			if err := os.WriteFile(f.Path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Get(ctx, "key1"); err == nil || !strings.Contains(err.Error(), "damaged") {
				t.Errorf("a damaged file: %v", err)
			}
		})
	}
}
