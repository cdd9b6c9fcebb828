package secret

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// ErrNotFound says that the keyring answered and has no such item.
var ErrNotFound = errors.New("no such credential")

// UnavailableError says that there is no keyring to use here, and why.
type UnavailableError struct {
	Reason string
	// Locked is true when there is a keyring and it is locked.
	Locked bool
	// File is the path of the encrypted file, where it is that which cannot be opened.
	File string
}

func (e *UnavailableError) Error() string {
	if e.File != "" {
		return e.Reason
	}
	if e.Locked {
		return "the keyring is locked: " + e.Reason
	}
	return "no keyring can be used here: " + e.Reason
}

// partSize keeps every item below the smallest limit: Windows Credential
// Manager takes 2,560 bytes a secret (go-keyring 0.2.8, keyring_windows.go).
const partSize = 2400

// Keyring is the operating system's keyring: Secret Service on Linux, Keychain
// on macOS, Credential Manager on Windows. A text that is too long for one item
// is split; the item under its own key then says how many parts there are.
type Keyring struct {
	// Service is the name under which everything is kept.
	Service string
	// Patience bounds one call: a locked keyring may wait for a person who
	// never comes.
	Patience time.Duration
}

// The two forms of the item under a key.
const (
	whole = "value:" // the text follows
	parts = "parts:" // generation ":" number of parts follow
)

// Get returns the text under key, or ErrNotFound.
func (k Keyring) Get(ctx context.Context, key string) (Secret, error) {
	head, err := k.get(ctx, key)
	if err != nil {
		return Secret{}, err
	}
	if text, ok := strings.CutPrefix(head, whole); ok {
		return New(text), nil
	}
	generation, n, err := splitHead(head)
	if err != nil {
		return Secret{}, fmt.Errorf("the keyring item %s: %w", key, err)
	}
	var text strings.Builder
	for i := range n {
		part, err := k.get(ctx, partKey(key, generation, i))
		if err != nil {
			return Secret{}, fmt.Errorf("part %d of %d of the keyring item %s: %w", i+1, n, key, err)
		}
		text.WriteString(part)
	}
	return New(text.String()), nil
}

// Set stores a text. Parts are written before the item that names them, so an
// interrupted Set leaves the old text readable.
func (k Keyring) Set(ctx context.Context, key string, text Secret) error {
	old, err := k.get(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	head := whole + text.text
	if len(head) > partSize {
		if head, err = k.setParts(ctx, key, text.text); err != nil {
			return err
		}
	}
	if err := k.set(ctx, key, head); err != nil {
		return err
	}
	return k.deleteParts(ctx, key, old)
}

func (k Keyring) setParts(ctx context.Context, key, text string) (head string, err error) {
	fresh := make([]byte, 4)
	_, _ = rand.Read(fresh) // never fails since Go 1.24
	generation := hex.EncodeToString(fresh)
	n := 0
	for ; len(text) > 0; n++ {
		cut := min(partSize, len(text))
		if err := k.set(ctx, partKey(key, generation, n), text[:cut]); err != nil {
			return "", err
		}
		text = text[cut:]
	}
	return parts + generation + ":" + strconv.Itoa(n), nil
}

// Delete removes a text and says whether there was one.
func (k Keyring) Delete(ctx context.Context, key string) (bool, error) {
	head, err := k.get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := k.delete(ctx, key); err != nil {
		return false, err
	}
	return true, k.deleteParts(ctx, key, head)
}

func (k Keyring) deleteParts(ctx context.Context, key, head string) error {
	if !strings.HasPrefix(head, parts) {
		return nil
	}
	generation, n, err := splitHead(head)
	if err != nil {
		return err
	}
	for i := range n {
		if err := k.delete(ctx, partKey(key, generation, i)); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

func splitHead(head string) (generation string, n int, err error) {
	generation, count, ok := strings.Cut(strings.TrimPrefix(head, parts), ":")
	if n, err = strconv.Atoi(count); !ok || err != nil || !strings.HasPrefix(head, parts) {
		return "", 0, errors.New("it was not written by zo365")
	}
	return generation, n, nil
}

func partKey(key, generation string, i int) string {
	return fmt.Sprintf("%s/%s/%d", key, generation, i)
}

func (k Keyring) get(ctx context.Context, key string) (text string, err error) {
	err = k.call(ctx, func() (err error) { text, err = keyring.Get(k.Service, key); return err })
	return text, err
}

func (k Keyring) set(ctx context.Context, key, text string) error {
	return k.call(ctx, func() error { return keyring.Set(k.Service, key, text) })
}

func (k Keyring) delete(ctx context.Context, key string) error {
	return k.call(ctx, func() error { return keyring.Delete(k.Service, key) })
}

// Available says why the keyring cannot be used, or nil.
func (k Keyring) Available(ctx context.Context) error {
	_, err := k.get(ctx, "availability probe")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// call runs one keyring call within the patience, the look for a session bus
// included. The library has no context: a call that hangs (an unlock dialog nobody
// answers) is left behind.
func (k Keyring) call(ctx context.Context, do func() error) error {
	patience, cancel := context.WithTimeout(ctx, k.Patience)
	defer cancel()
	if err := reachable(patience); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return nil
		case errors.Is(err, keyring.ErrNotFound):
			return ErrNotFound
		}
		return &UnavailableError{Reason: err.Error()}
	case <-patience.Done():
		return cmp.Or[error](ctx.Err(), &UnavailableError{Reason: "the keyring took too long to answer"})
	}
}
