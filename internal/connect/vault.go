package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
)

// stored is a credential as a store keeps it: JSON with a version. Secrets
// are unwrapped here, on their way into the store, and nowhere else but in a
// request's header.
type stored struct {
	V int `json:"v"`
	// Secret is a refresh token (Microsoft) or a client secret (Zoom).
	Secret    string         `json:"secret"`
	CacheRoot string         `json:"cache_root"`
	ClientID  string         `json:"client_id"`
	Flow      string         `json:"flow,omitempty"`
	Account   signin.Account `json:"account,omitzero"`
	Scopes    []string       `json:"scopes,omitempty"`
	SignedIn  time.Time      `json:"signed_in"`
}

const storedVersion = 1

// vault keeps one person's sign-in in a store; it implements signin.Vault.
type vault struct {
	store store
	key   string
}

func (v vault) Load(ctx context.Context) (signin.Credential, error) {
	text, err := v.store.Get(ctx, v.key)
	if err != nil {
		return signin.Credential{}, err
	}
	var s stored
	if err := json.Unmarshal([]byte(text.Reveal()), &s); err != nil || s.V != storedVersion {
		return signin.Credential{}, errors.New("the stored sign-in was written by another version of zo365; sign in again")
	}
	return signin.Credential{
		Refresh:   secret.New(s.Secret),
		CacheRoot: secret.New(s.CacheRoot),
		ClientID:  s.ClientID,
		Flow:      s.Flow,
		Account:   s.Account,
		Scopes:    s.Scopes,
		SignedIn:  s.SignedIn,
	}, nil
}

func (v vault) Save(ctx context.Context, c signin.Credential) error {
	text, err := json.Marshal(stored{
		V:         storedVersion,
		Secret:    c.Refresh.Reveal(),
		CacheRoot: c.CacheRoot.Reveal(),
		ClientID:  c.ClientID,
		Flow:      c.Flow,
		Account:   c.Account,
		Scopes:    c.Scopes,
		SignedIn:  c.SignedIn,
	})
	if err != nil {
		return fmt.Errorf("encoding the sign-in: %w", err)
	}
	return v.store.Set(ctx, v.key, secret.New(string(text)))
}

// tokenCache keeps one access token in a sealed file; it implements
// signin.Cache.
type tokenCache struct{ file secret.Sealed }

type cachedToken struct {
	Token  string    `json:"token"`
	Expiry time.Time `json:"expiry"`
	Scopes []string  `json:"scopes"`
}

func (c tokenCache) Load() (signin.Access, error) {
	text, err := c.file.Load()
	if err != nil {
		return signin.Access{}, err
	}
	var t cachedToken
	if err := json.Unmarshal([]byte(text.Reveal()), &t); err != nil {
		return signin.Access{}, fmt.Errorf("reading the token cache: %w", err)
	}
	return signin.Access{Token: secret.New(t.Token), Expiry: t.Expiry, Scopes: t.Scopes}, nil
}

func (c tokenCache) Save(a signin.Access) error {
	text, err := json.Marshal(cachedToken{Token: a.Token.Reveal(), Expiry: a.Expiry, Scopes: a.Scopes})
	if err != nil {
		return fmt.Errorf("encoding the access token: %w", err)
	}
	return c.file.Save(secret.New(string(text)))
}
