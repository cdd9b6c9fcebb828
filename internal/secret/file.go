package secret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/zo365/zo365/internal/atomicfile"
)

// File keeps credentials in one file that age encrypts, for machines without a
// keyring: with a passphrase, or with the key of an age identity file.
type File struct {
	Path string
	// Unlock returns what opens the file; it may ask a person.
	Unlock func() (Lock, error)
}

// Lock opens and closes a File. One of the two is set.
type Lock struct {
	Passphrase Secret
	// Key is the text of an age identity file (AGE-SECRET-KEY-1…).
	Key Secret
}

// workFactor is scrypt's, as a power of two: about a tenth of a second. The
// passphrase is not typed at every command but lies in the environment.
const workFactor = 16

// Exists says whether there is a file to open.
func (f File) Exists() bool {
	_, err := os.Stat(f.Path)
	return err == nil
}

// Get returns the text under key, or ErrNotFound.
func (f File) Get(_ context.Context, key string) (Secret, error) {
	items, _, err := f.load()
	if err != nil {
		return Secret{}, err
	}
	text, ok := items[key]
	if !ok {
		return Secret{}, ErrNotFound
	}
	return New(text), nil
}

// Set stores a text. Processes take turns.
func (f File) Set(ctx context.Context, key string, text Secret) error {
	return f.change(ctx, func(items map[string]string) bool {
		items[key] = text.text
		return true
	})
}

// Delete removes a text and says whether there was one.
func (f File) Delete(ctx context.Context, key string) (bool, error) {
	if !f.Exists() {
		return false, nil
	}
	found := false
	err := f.change(ctx, func(items map[string]string) bool {
		_, found = items[key]
		delete(items, key)
		return found
	})
	return found, err
}

// Available says why the file cannot be used, or nil.
func (f File) Available(context.Context) error {
	_, _, err := f.load()
	return err
}

func (f File) change(ctx context.Context, edit func(map[string]string) bool) error {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the credential file: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, filepath.Dir(f.Path))
	if err != nil {
		return err
	}
	defer unlock()
	items, lock, err := f.load()
	if err != nil {
		return err
	}
	if !edit(items) {
		return nil
	}
	return f.save(items, lock)
}

// load opens the file; a missing one is empty, and the lock will close it.
func (f File) load() (map[string]string, Lock, error) {
	lock, err := f.Unlock()
	if err != nil {
		return nil, lock, &UnavailableError{
			Locked: true,
			File:   f.Path,
			Reason: fmt.Sprintf("the credential file %s: %v", f.Path, err),
		}
	}
	items := map[string]string{}
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return items, lock, nil
	}
	if err != nil {
		return nil, lock, fmt.Errorf("reading the credential file: %w", err)
	}
	identities, err := lock.identities()
	if err != nil {
		return nil, lock, err
	}
	opened, err := age.Decrypt(bytes.NewReader(data), identities...)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, lock, &UnavailableError{
			Locked: true,
			File:   f.Path,
			Reason: fmt.Sprintf("the passphrase or the key does not open the credential file %s", f.Path),
		}
	}
	if err != nil {
		return nil, lock, fmt.Errorf("opening the credential file %s: %w", f.Path, err)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		return nil, lock, fmt.Errorf("opening the credential file %s: it is damaged: %w", f.Path, err)
	}
	if err := json.Unmarshal(text, &items); err != nil {
		return nil, lock, fmt.Errorf("the credential file %s was written by something else than zo365", f.Path)
	}
	return items, lock, nil
}

func (f File) save(items map[string]string, lock Lock) error {
	recipients, err := lock.recipients()
	if err != nil {
		return err
	}
	text, err := json.Marshal(items)
	if err != nil {
		return fmt.Errorf("encoding the credentials: %w", err)
	}
	var closed bytes.Buffer
	w, err := age.Encrypt(&closed, recipients...)
	if err != nil {
		return fmt.Errorf("closing the credential file: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("closing the credential file: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("closing the credential file: %w", err)
	}
	return atomicfile.Write(f.Path, closed.Bytes(), 0o600)
}

func (l Lock) identities() ([]age.Identity, error) {
	if l.Key.Empty() {
		one, err := age.NewScryptIdentity(l.Passphrase.text)
		if err != nil {
			return nil, fmt.Errorf("the passphrase: %w", err)
		}
		return []age.Identity{one}, nil
	}
	all, err := age.ParseIdentities(bytes.NewReader([]byte(l.Key.text)))
	if err != nil {
		return nil, errors.New(
			"the key file is no age identity file (age-keygen makes one)",
		) // the library's error may show a part of the key
	}
	return all, nil
}

func (l Lock) recipients() ([]age.Recipient, error) {
	if l.Key.Empty() {
		one, err := age.NewScryptRecipient(l.Passphrase.text)
		if err != nil {
			return nil, fmt.Errorf("the passphrase: %w", err)
		}
		one.SetWorkFactor(workFactor)
		return []age.Recipient{one}, nil
	}
	identities, err := l.identities()
	if err != nil {
		return nil, err
	}
	var all []age.Recipient
	for _, i := range identities {
		key, ok := i.(interface{ Recipient() *age.X25519Recipient })
		if !ok {
			return nil, errors.New("the key file has a key of a kind that zo365 does not know; use age-keygen without options")
		}
		all = append(all, key.Recipient())
	}
	return all, nil
}
