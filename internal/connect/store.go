package connect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zo365/zo365/internal/secret"
)

// store keeps credentials.
type store interface {
	Get(ctx context.Context, key string) (secret.Secret, error)
	Set(ctx context.Context, key string, text secret.Secret) error
	Delete(ctx context.Context, key string) (bool, error)
	Available(ctx context.Context) error
}

// named is a store with its name.
type named struct {
	store
	source Source
}

// stores are those that the setting allows, in the order in which they are
// asked: auto is the keyring, then the encrypted file where one was chosen
// before. There is no other fallback, and none to a plain file.
func (d *Doors) stores(sandbox bool) []named {
	keyring, file := named{d.keyring(sandbox), InKeyring}, named{d.file(sandbox), InFile}
	switch d.opts.Store {
	case "env":
		return nil
	case "keyring":
		return []named{keyring}
	case "file":
		return []named{file}
	}
	if d.file(sandbox).Exists() || d.fileChosen() {
		return []named{keyring, file}
	}
	return []named{keyring}
}

// fileChosen says whether the environment has what opens the encrypted file.
func (d *Doors) fileChosen() bool {
	return d.opts.Getenv("ZO365_CREDENTIAL_PASSPHRASE") != "" || d.opts.Getenv("ZO365_CREDENTIAL_KEY_FILE") != ""
}

// storeFor is where a new credential is kept: the first store that can be used,
// with the first one's reason when none can.
func (d *Doors) storeFor(ctx context.Context, sandbox bool) (named, error) {
	var first error
	for _, s := range d.stores(sandbox) {
		err := s.Available(ctx)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return named{}, ctx.Err()
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = ErrKeepsNone
	}
	return named{}, first
}

// ErrKeepsNone says that a sign-in was to be kept where nothing is.
var ErrKeepsNone = errors.New("ZO365_CREDENTIAL_STORE is env, which keeps no sign-in")

// file is the encrypted file in the user's config folder.
func (d *Doors) file(sandbox bool) secret.File {
	name := "credentials.age"
	if sandbox {
		name = "credentials-sandbox.age"
	}
	dir, err := os.UserConfigDir()
	return secret.File{Path: filepath.Join(dir, "zo365", name), Unlock: func() (secret.Lock, error) {
		if err != nil {
			return secret.Lock{}, err
		}
		return d.unlock()
	}}
}

// unlock finds what opens the file: the environment, else a person is asked,
// once in a run.
func (d *Doors) unlock() (secret.Lock, error) {
	if path := d.opts.Getenv("ZO365_CREDENTIAL_KEY_FILE"); path != "" {
		key, err := os.ReadFile(path)
		if err != nil {
			return secret.Lock{}, fmt.Errorf("reading the key file that ZO365_CREDENTIAL_KEY_FILE names: %w", err)
		}
		return secret.Lock{Key: secret.New(string(key))}, nil
	}
	if phrase := d.opts.Getenv("ZO365_CREDENTIAL_PASSPHRASE"); phrase != "" {
		return secret.Lock{Passphrase: secret.New(phrase)}, nil
	}
	if d.phrase.Empty() {
		if d.opts.AskPassphrase == nil {
			return secret.Lock{}, errors.New("set ZO365_CREDENTIAL_PASSPHRASE or ZO365_CREDENTIAL_KEY_FILE to open it")
		}
		phrase, err := d.opts.AskPassphrase()
		if err != nil {
			return secret.Lock{}, err
		}
		d.phrase = phrase
	}
	return secret.Lock{Passphrase: d.phrase}, nil
}
