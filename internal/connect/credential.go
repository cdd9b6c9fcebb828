package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
)

// Source says where a credential lies.
type Source string

// The sources.
const (
	InKeyring     Source = "keyring"
	InEnvironment Source = "environment"
)

// Found is a credential that a run would use, without the secret itself.
type Found struct {
	// Service is "Microsoft" or "Zoom".
	Service string
	Source  Source
	// Variable is the name of the environment variable, with InEnvironment.
	Variable string
	// Person is true for a person's sign-in, false for an application's.
	Person bool
	// Flow is how a person signed in.
	Flow     string
	Account  signin.Account
	ClientID string
	// Of is the tenant or the Zoom account.
	Of       string
	Scopes   []string
	SignedIn time.Time

	key    string
	root   secret.Secret
	secret secret.Secret
}

// NotSignedInError says that there is no credential, and why the stores had
// none.
type NotSignedInError struct {
	Service string
	// Store is why the keyring could not be asked, or nil.
	Store error
}

func (e *NotSignedInError) Error() string {
	if e.Store != nil {
		return fmt.Sprintf("not signed in to %s: %v", e.Service, e.Store)
	}
	return "not signed in to " + e.Service
}

func (e *NotSignedInError) Unwrap() error { return e.Store }

// find looks for a credential: first in the keyring, then in the environment,
// as far as the store setting allows each.
func (d *Doors) find(ctx context.Context, f Found, sandbox bool, variables ...string) (Found, error) {
	var unavailable error
	if d.usesKeyring() {
		c, err := vault{d.keyring(sandbox), f.key}.Load(ctx)
		if err == nil {
			f.Source, f.Person, f.Flow, f.Account, f.Scopes, f.SignedIn = InKeyring, c.Flow != flowSecret, c.Flow, c.Account, c.Scopes, c.SignedIn
			f.ClientID, f.secret, f.root = c.ClientID, c.Refresh, c.CacheRoot
			return f, nil
		}
		if !errors.Is(err, secret.ErrNotFound) {
			if ctx.Err() != nil {
				return f, ctx.Err()
			}
			unavailable = err
		}
	}
	if d.usesEnvironment() {
		if value, name := d.fromEnvironment(variables...); name != "" {
			// The environment's own secret opens its own cache: whoever has the
			// one may have the other.
			f.Source, f.Variable, f.secret, f.root = InEnvironment, name, value, value
			return f, nil
		}
	}
	return f, &tenant.StopError{Reason: tenant.SignedOut, Service: f.Service, Err: &NotSignedInError{Service: f.Service, Store: unavailable}}
}

// session gives out tokens for a credential.
func (d *Doors) session(f Found, renew func(context.Context) (signin.Access, error)) (*signin.Session, error) {
	file, err := sealed(f.key+"/"+string(f.Source), f.root)
	if err != nil {
		return nil, err
	}
	return &signin.Session{Service: f.Service, Lock: lock, Cache: tokenCache{file}, Renew: renew, Warn: d.opts.Warn}, nil
}

// Erased says what a logout removed.
type Erased struct {
	Service    string
	Credential bool
	Token      bool
}

// erase removes a credential and its cached access token.
func (d *Doors) erase(ctx context.Context, f Found, sandbox bool) (Erased, error) {
	unlock, err := lock(ctx)
	if err != nil {
		return Erased{}, err
	}
	defer unlock()
	e := Erased{Service: f.Service}
	if e.Credential, err = d.keyring(sandbox).Delete(ctx, f.key); err != nil {
		return e, err
	}
	for _, source := range []Source{InKeyring, InEnvironment} {
		file, err := sealed(f.key+"/"+string(source), secret.Secret{})
		if err != nil {
			return e, err
		}
		gone, err := file.Erase()
		if err != nil {
			return e, fmt.Errorf("erasing the cached token: %w", err)
		}
		e.Token = e.Token || gone
	}
	return e, nil
}
