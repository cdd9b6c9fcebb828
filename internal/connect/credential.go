package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
)

// Source says where a credential lies.
type Source string

// The sources.
const (
	InKeyring     Source = "keyring"
	InFile        Source = "file"
	InEnvironment Source = "environment"
)

// Found is a credential that a run would use, without the secret itself.
type Found struct {
	// Service is "Microsoft" or "Zoom".
	Service string
	Source  Source
	// Method and Why say how zo365 signs in and why that was chosen.
	Method Method
	Why    string
	// Variable is the environment variable or the place, with InEnvironment.
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
	host   string
	store  store
	root   secret.Secret
	secret secret.Secret
	// thumbprint is a certificate's, as Entra names it.
	thumbprint string
	// byCurrent: nothing but the current sign-in named the tenant or the account.
	byCurrent bool
	// renew asks for an application's token.
	renew func(context.Context) (signin.Access, error)
}

func (f Found) account() Account {
	as := f.ClientID
	if f.Person {
		as = f.Account.Username
	}
	return Account{
		Service:  f.Service,
		Of:       f.Of,
		Host:     f.host,
		As:       as,
		ClientID: f.ClientID,
		Store:    f.Source,
		SignedIn: f.SignedIn,
	}
}

// NotSignedInError says that there is no credential, and why the stores had
// none.
type NotSignedInError struct {
	Service string
	// Method is what was asked for; empty or auto is any.
	Method Method
	// Store is why a store could not be asked, or nil.
	Store error
	// KeepsNone: no store is used that could keep a sign-in. Environment: secrets in the
	// environment would count.
	KeepsNone, Environment bool
}

var methodWords = map[Method]string{
	ByPerson:      "as a person",
	BySecret:      "with a client secret",
	ByCertificate: "with a certificate",
	ByFederation:  "with a federated token",
	ByManaged:     "with a managed identity",
}

func (e *NotSignedInError) Error() string {
	text := "not signed in to " + e.Service
	if e.Method != "" && e.Method != "auto" {
		text += " " + methodWords[e.Method]
	}
	if e.Store != nil {
		text += fmt.Sprintf(": %v", e.Store)
	}
	return text
}

func (e *NotSignedInError) Unwrap() error { return e.Store }

// stored looks for a credential in the stores. ok is false when none has it;
// unavailable is why one could not be asked.
func (d *Doors) stored(ctx context.Context, f Found, sandbox bool) (found Found, ok bool, unavailable error) {
	for _, s := range d.stores(sandbox) {
		c, err := vault{s, f.key}.Load(ctx)
		if err == nil {
			f.Source, f.store, f.Person, f.Flow = s.source, s, c.Flow != flowSecret, c.Flow
			f.Account, f.Scopes, f.SignedIn = c.Account, c.Scopes, c.SignedIn
			f.ClientID, f.secret, f.root = c.ClientID, c.Refresh, c.CacheRoot
			f.Method, f.Why = ByPerson, "a sign-in is kept in the "+string(s.source)
			return f, true, nil
		}
		if !errors.Is(err, secret.ErrNotFound) {
			unavailable = err // the last one's reason: it is the one that was chosen
		}
	}
	return f, false, unavailable
}

// cacheKey names the cached token of exactly this tenant or account, client, credential
// and set of permissions: another one's token is never taken for it.
func (f Found) cacheKey() string {
	scopes := slices.Sorted(slices.Values(f.Scopes))
	return strings.Join(
		[]string{f.key, f.ClientID, string(f.Source), string(f.Method), f.Account.Username, strings.Join(scopes, " ")},
		"\n",
	)
}

// InUse says of a credential's mark, a secret's hint or a certificate's thumbprint,
// whether it is the one that this sign-in uses; nil is not known.
//
// https://learn.microsoft.com/graph/api/resources/passwordcredential
func (f Found) InUse(kind, mark string) *bool {
	const hint = 3 // characters
	var same bool
	switch {
	case mark == "":
		return nil
	case kind == "secret" && f.Method == BySecret && len(f.secret.Reveal()) > hint:
		same = f.secret.Reveal()[:hint] == mark
	case kind == "certificate" && f.thumbprint != "":
		same = strings.EqualFold(f.thumbprint, mark)
	default:
		return nil
	}
	return &same
}

// session gives out tokens for a credential. Without a root nothing is cached:
// a federated token and a managed identity have no secret that could seal it.
func (d *Doors) session(
	f Found,
	renew func(context.Context) (signin.Access, error),
	need []string,
) (*signin.Session, error) {
	s := &signin.Session{
		Service: f.Service,
		Lock:    func(ctx context.Context) (func(), error) { return d.lock(ctx, f) },
		Renew:   renew,
		Warn:    d.opts.Warn,
		Need:    need,
	}
	if f.root.Empty() {
		return s, nil
	}
	file, err := sealed(f.cacheKey(), f.root)
	if err != nil {
		return nil, err
	}
	s.Cache = tokenCache{file}
	return s, nil
}

// keep saves a new credential and notes where it lies.
func (d *Doors) keep(ctx context.Context, f Found, s named, c signin.Credential) error {
	unlock, err := d.lock(ctx, f)
	if err != nil {
		return err
	}
	defer unlock()
	if err := (vault{s, f.key}).Save(ctx, c); err != nil {
		return err
	}
	return note(ctx, f.account())
}

// Erased says what a logout removed.
type Erased struct {
	Service string
	// From are the stores that had the credential.
	From  []Source
	Token bool
	// Revoked is true when the service ended the sign-in on its side.
	Revoked bool
}

// erase removes a credential from every store that can be asked, and its cached
// access tokens.
func (d *Doors) erase(ctx context.Context, f Found, sandbox bool) (Erased, error) {
	unlock, err := d.lock(ctx, f)
	if err != nil {
		return Erased{}, err
	}
	defer unlock()
	e := Erased{Service: f.Service}
	var unavailable error
	for _, s := range d.stores(sandbox) {
		gone, err := s.Delete(ctx, f.key)
		if err != nil && unavailable == nil {
			unavailable = err
		}
		if gone {
			e.From = append(e.From, s.source)
		}
	}
	if unavailable != nil && len(e.From) == 0 {
		return e, unavailable
	}
	gone, err := eraseTokens(f.key)
	if err != nil {
		return e, fmt.Errorf("erasing the cached token: %w", err)
	}
	e.Token = gone
	return e, forget(ctx, f.account())
}
