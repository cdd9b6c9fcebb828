package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/tenant"
)

// Credential is a person's sign-in as it is kept.
type Credential struct {
	Refresh  secret.Secret
	ClientID string
	// Flow is "device code" or "browser".
	Flow    string
	Account Account
	Scopes  []string
	// CacheRoot seals the cached access token.
	CacheRoot secret.Secret
	SignedIn  time.Time
}

// Vault keeps one person's sign-in.
type Vault interface {
	Load(ctx context.Context) (Credential, error)
	Save(ctx context.Context, c Credential) error
}

// Cache keeps one access token.
type Cache interface {
	Load() (Access, error)
	Save(a Access) error
}

// Session gives out access tokens and renews them. Processes that share a
// credential take turns at the renewal, so that a rotated refresh token is
// never lost and a Zoom token is never made invalid by a newer one.
type Session struct {
	// Service is "Microsoft" or "Zoom", for messages.
	Service string
	// Lock waits for this process's turn.
	Lock func(ctx context.Context) (unlock func(), err error)
	// Cache may be nil.
	Cache Cache
	// Renew asks the service for a fresh token.
	Renew func(ctx context.Context) (Access, error)
	// Warn is told what went wrong without ending the run.
	Warn func(error)
	// Need are the delegated permissions that the token must carry; empty for an
	// application, whose token carries what was granted to it.
	Need []string
	// Challenge makes an error of a claims challenge, with which a service says
	// that the token is not enough; nil leaves the answer as it is.
	Challenge func(claims string) error

	mu      sync.Mutex
	current Access
	// refused is a token that the service did not take although its time was not over.
	refused secret.Secret
	// failed is the service's refusal to sign in, which another request of the same run
	// would only hear again.
	failed error
}

// margin is how long before its expiry a token is renewed: longer than any one
// request takes.
const margin = 2 * time.Minute

// usable says whether a token will do for a while and carries what is needed.
func (s *Session) usable(a Access) bool {
	if a.Token.Empty() || a.Token == s.refused || !a.Expiry.IsZero() && time.Until(a.Expiry) <= margin {
		return false
	}
	return covers(a.Scopes, s.Need)
}

func covers(has, needed []string) bool {
	for _, n := range needed {
		if !slices.Contains(has, n) {
			return false
		}
	}
	return true
}

// Access returns a usable token.
func (s *Session) Access(ctx context.Context) (Access, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.usable(s.current) || s.fromCache() {
		return s.current, nil
	}
	unlock, err := s.Lock(ctx)
	if err != nil {
		return Access{}, err
	}
	defer unlock()
	if s.fromCache() { // another process renewed it while this one waited
		return s.current, nil
	}
	if s.failed != nil {
		return Access{}, s.failed
	}
	a, err := s.Renew(ctx)
	if err != nil {
		err = s.stop(err)
		var stop *tenant.StopError
		if errors.As(err, &stop) && stop.Reason == tenant.SignedOut {
			s.failed = err
		}
		return Access{}, err
	}
	s.current = a
	// What was not to be had now is not asked for again in this run.
	s.Need = slices.DeleteFunc(slices.Clone(s.Need), func(n string) bool { return !slices.Contains(a.Scopes, n) })
	if s.Cache != nil {
		if err := s.Cache.Save(a); err != nil {
			s.Warn(fmt.Errorf("the access token was not cached: %w", err))
		}
	}
	return a, nil
}

func (s *Session) fromCache() bool {
	if s.Cache == nil {
		return false
	}
	a, err := s.Cache.Load()
	if err != nil || !s.usable(a) {
		return false
	}
	s.current = a
	return true
}

// stop says that the run cannot go on: the service refused the sign-in, or it
// could not be reached. A cancelled run stays what it is.
func (s *Session) stop(err error) error {
	var entra *EntraError
	var zoom *ZoomTokenError
	reason := tenant.Offline
	switch {
	case errors.Is(err, context.Canceled), tenant.Stops(err):
		return err
	case errors.As(err, &entra), errors.As(err, &zoom):
		reason = tenant.SignedOut
	}
	return &tenant.StopError{Reason: reason, Service: s.Service, Err: fmt.Errorf("signing in to %s: %w", s.Service, err)}
}

// Transport adds the session's token to every request.
func (s *Session) Transport(next http.RoundTripper) http.RoundTripper {
	return bearer{session: s, next: next}
}

type bearer struct {
	session *Session
	next    http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	a, err := b.session.Access(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := b.send(req, a)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	claims := challenge(resp.Header)
	if claims == "" || b.session.Challenge == nil {
		return b.once(req, resp, a)
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	return nil, &tenant.StopError{Reason: tenant.SignedOut, Service: b.session.Service, Err: b.session.Challenge(claims)}
}

func (b bearer) send(req *http.Request, a Access) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+a.Token.Reveal())
	return b.next.RoundTrip(req)
}

// once drops a token that the service does not take, although its time is not over, and
// sends the request with a new one: Zoom takes none but the newest that any program took,
// and a token may have been revoked. It was refused, so that it may be sent again whatever
// it is for. A second refusal stands.
//
// https://devforum.zoom.us/t/72070
func (b bearer) once(req *http.Request, resp *http.Response, a Access) (*http.Response, error) {
	again := req.Clone(req.Context())
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return resp, nil
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, errors.Join(err, resp.Body.Close())
		}
		again.Body = body
	}
	b.session.refuse(a.Token)
	fresh, err := b.session.Access(req.Context())
	if err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	return b.send(again, fresh)
}

// refuse notes that a token is not taken any more.
func (s *Session) refuse(token secret.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = token
}

var claimsParameter = regexp.MustCompile(`claims="([A-Za-z0-9+/=_-]+)"`)

// challenge reads a claims challenge.
//
// https://learn.microsoft.com/entra/identity-platform/claims-challenge
func challenge(h http.Header) string {
	m := claimsParameter.FindStringSubmatch(h.Get("WWW-Authenticate"))
	if m == nil {
		return ""
	}
	text, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		return ""
	}
	return string(text)
}

// RenewUser renews a person's sign-in with the refresh token that is in the
// vault now, and saves the token that replaces it.
// The token is asked for what is needed now and what was consented before, so
// that commands which take turns do not renew it at every turn. A permission that was
// withdrawn since takes away the commands that need it, and no others: then what is
// needed now is asked for alone. A command that only looks goes on with what there is.
func RenewUser(
	vault Vault,
	entra Entra,
	need []string,
	looks bool,
	warn func(error),
) func(context.Context) (Access, error) {
	return func(ctx context.Context) (Access, error) {
		c, err := vault.Load(ctx)
		if err != nil {
			return Access{}, err
		}
		entra.ClientID = c.ClientID
		wanted := [][]string{union(c.Scopes, need)}
		if len(wanted[0]) > len(need) {
			wanted = append(wanted, need)
		}
		if looks && !covers(c.Scopes, need) {
			wanted = append(wanted, c.Scopes)
		}
		var a Access
		scopes := wanted[0]
		for _, scopes = range wanted {
			if a, err = entra.Refresh(ctx, c.Refresh, scopes); !lacksConsent(err) {
				break
			}
		}
		if err != nil {
			return Access{}, err
		}
		if !a.Refresh.Empty() && a.Refresh != c.Refresh || !slices.Equal(scopes, c.Scopes) {
			if !a.Refresh.Empty() {
				c.Refresh = a.Refresh
			}
			c.Scopes = scopes
			if err := vault.Save(ctx, c); err != nil {
				warn(fmt.Errorf("the renewed sign-in was not saved: %w", err))
			}
		}
		return a, nil
	}
}

// lacksConsent says whether Entra refused because a permission was not consented, or not
// any more.
func lacksConsent(err error) bool {
	const notConsented = 65001
	var entra *EntraError
	return errors.As(err, &entra) && (entra.Code == "consent_required" || slices.Contains(entra.AADSTS, notConsented))
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, one := range b {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
