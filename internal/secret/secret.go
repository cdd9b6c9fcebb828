// Package secret owns what must never be seen: the Secret type, the operating
// system's keyring, and the sealed cache of access tokens.
package secret

import (
	"fmt"
	"log/slog"
)

// Secret is a text that prints as [redacted] in every way Go prints. Reveal is
// for the header of a request and for a store, nothing else.
type Secret struct{ text string }

const redacted = "[redacted]"

// New wraps a text.
func New(text string) Secret { return Secret{text: text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// Empty says whether there is nothing to hide.
func (s Secret) Empty() bool { return s.text == "" }

func (s Secret) String() string { return redacted }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the text from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText hides the text from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
