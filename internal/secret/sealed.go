package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zo365/zo365/internal/atomicfile"
)

// Sealed is one file in the user's cache folder that only the holder of a key
// can read: AES-256-GCM under a key derived from a secret that is kept
// elsewhere. It can be erased at any time.
type Sealed struct {
	Path string
	// Root is the secret from which the file's key is derived.
	Root Secret
}

// NewRoot makes a fresh root secret.
func NewRoot() Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	return New(base64.RawStdEncoding.EncodeToString(key))
}

// Load returns the text, or ErrNotFound when there is none, or none that this
// root opens.
func (s Sealed) Load() (Secret, error) {
	data, err := os.ReadFile(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return Secret{}, ErrNotFound
	}
	if err != nil {
		return Secret{}, fmt.Errorf("reading the token cache: %w", err)
	}
	aead, err := s.cipher()
	if err != nil {
		return Secret{}, err
	}
	if len(data) < aead.NonceSize() {
		return Secret{}, ErrNotFound
	}
	text, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(filepath.Base(s.Path)))
	if err != nil {
		return Secret{}, ErrNotFound // another root sealed it, or it is damaged: it is only a cache
	}
	return New(string(text)), nil
}

// Save writes the text, readable by this user alone.
func (s Sealed) Save(text Secret) error {
	aead, err := s.cipher()
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	if err := os.MkdirAll(filepath.Dir(s.Path), 0o700); err != nil {
		return fmt.Errorf("making the token cache: %w", err)
	}
	return atomicfile.Write(s.Path, aead.Seal(nonce, nonce, []byte(text.text), []byte(filepath.Base(s.Path))), 0o600)
}

// Erase removes the file and says whether there was one.
func (s Sealed) Erase() (bool, error) {
	err := os.Remove(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s Sealed) cipher() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(s.Root.text), nil, "zo365 token cache", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the cache key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("preparing the cache cipher: %w", err)
	}
	return cipher.NewGCM(block)
}
