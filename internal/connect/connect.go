// Package connect opens the doors for one run: it decides which tenant and
// account are meant, where their credentials lie, and returns clients that are
// signed in. Nothing is opened before it is needed.
package connect

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
)

// Options are what a run was started with.
type Options struct {
	// File is the tenant file, zero when there is none; Path is where it lies.
	File profile.File
	Path string
	// Store is auto, keyring, file or env.
	Store string
	// Auth is one of Methods; empty is auto.
	Auth string
	// Tenant, when not empty, is the tenant whatever the file and the environment
	// say.
	Tenant string
	// AskPassphrase asks a person for the passphrase of the encrypted file; nil
	// where nobody can be asked.
	AskPassphrase func() (secret.Secret, error)
	Getenv        func(string) string
	// Scopes are the delegated permissions that commands need of a person's sign-in.
	Scopes func(commands ...string) []string
	// RequestTimeout bounds the wait for one answer.
	RequestTimeout time.Duration
	// Patience bounds all pauses that the services ask for in one run, whichever tenants and
	// endpoints it meets.
	Patience *rest.Patience
	// UserAgent names the program and its version.
	UserAgent string
	// Debug gets the redacted trace; nil is none.
	Debug io.Writer
	// Warn is told of what went wrong without ending the run.
	Warn func(error)
	// Say is told what a person should know and need not act on; it may be nil.
	Say func(format string, args ...any)
}

// Doors are the ways out of one run.
type Doors struct {
	opts  Options
	Hosts signin.Hosts
	// tokens is the transport without a sign-in.
	tokens http.RoundTripper
	// local is for the endpoints of managed identities, which no proxy may see.
	local http.RoundTripper
	// close lets go of idle connections.
	close func()
	// clocks are those of the services, as their answers show them.
	clocks *rest.Clocks
	// phrase is what the person answered in this run.
	phrase secret.Secret
	// agreed: the variables were held against the tenant file.
	agreed sync.Once
	// opened are the sign-ins of this run: the second must belong to the first.
	opening      sync.Mutex
	opened       struct{ microsoft, zoom *Found }
	disagreement error
}

// New resolves the hosts. It opens nothing.
func New(opts Options) (*Doors, error) {
	opts.Getenv = trimmed(opts.Getenv)
	if err := checkVariables(opts.Getenv, opts.File); err != nil {
		return nil, err
	}
	hosts, err := signin.ResolveHosts(opts.File.Microsoft.Cloud, opts.File.Zoom.Cloud, opts.Getenv)
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	authorities, untrusted := rest.Authorities(opts.Getenv)
	if authorities != nil {
		base.TLSClientConfig = &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}
	}
	direct := base.Clone()
	direct.Proxy = nil
	clocks := &rest.Clocks{}
	chain := func(next http.RoundTripper) http.RoundTripper {
		transport := rest.Bounds{Stall: opts.RequestTimeout, Most: rest.MostBody}.Transport(next)
		if untrusted != nil {
			transport = rest.Never(untrusted) // what needs no network goes on
		}
		if opts.Debug != nil {
			transport = rest.Trace(transport, opts.Debug)
		}
		return clocks.Transport(rest.UserAgent(transport, opts.UserAgent))
	}
	return &Doors{
		opts:   opts,
		Hosts:  hosts,
		close:  func() { base.CloseIdleConnections(); direct.CloseIdleConnections() },
		clocks: clocks,
		tokens: chain(base),
		local:  chain(direct),
	}, nil
}

// MissingError says that something which names the tenant or the account was
// given nowhere.
type MissingError struct {
	// What is missing, in the file's words: "microsoft.tenant".
	What     string
	Variable string
	// Why it is needed here, where it is not elsewhere; usually empty.
	Why string
	// Path is the tenant file; empty where there is none.
	Path string
}

func (e *MissingError) Error() string {
	text := fmt.Sprintf("%s is not set: neither in the tenant file nor in %s", e.What, e.Variable)
	if e.Why != "" {
		text += "; " + e.Why
	}
	return text
}

// identity takes a value from the ZO365_ variable, the tenant file, or the
// variable that other tools use, in this order.
func (d *Doors) identity(variable, inFile, alternative string) string {
	if v := d.opts.Getenv(variable); v != "" {
		return v
	}
	if inFile != "" {
		return inFile
	}
	return d.opts.Getenv(alternative)
}

// fromEnvironment returns the first variable that is set, with its name.
func (d *Doors) fromEnvironment(names ...string) (secret.Secret, string) {
	for _, name := range names {
		if v := d.opts.Getenv(name); v != "" {
			return secret.New(v), name
		}
	}
	return secret.Secret{}, ""
}

// patient is the transport for an API or a token endpoint.
func (d *Doors) patient(next http.RoundTripper) http.RoundTripper {
	return rest.Retry(next, d.opts.Patience)
}

// tokenClient is for token endpoints.
func (d *Doors) tokenClient() *http.Client {
	return &http.Client{Transport: d.patient(d.tokens), CheckRedirect: rest.NoRedirects}
}

// localClient is for the endpoints of managed identities.
func (d *Doors) localClient() *http.Client {
	return &http.Client{Transport: d.patient(d.local), CheckRedirect: rest.NoRedirects}
}

// apiClient carries a session's token, at a pace.
func (d *Doors) apiClient(signedIn http.RoundTripper, pace *rest.Pace) *http.Client {
	return &http.Client{Transport: d.patient(pace.Transport(signedIn)), CheckRedirect: rest.NoRedirects}
}

// graphPace is far within what Graph bears of an application in the smallest
// tenant: 3,500 units in 10 seconds, of which a page of people takes one.
//
// https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
const graphPace = 200

// Close lets go of what stays open between requests; the doors can still be used.
func (d *Doors) Close() { d.close() }

// Clocks are how far the services' clocks are ahead, as far as they have answered
// in this run.
func (d *Doors) Clocks() []tenant.Clock {
	all := []tenant.Clock{}
	for _, c := range d.clocks.Seen() {
		all = append(all, tenant.Clock{Host: c.Host, AheadSeconds: int(c.By.Round(time.Second) / time.Second)})
	}
	return all
}

// MicrosoftAhead is how far Graph's clock is ahead of this machine's, to compare its
// times with; a difference that the seconds of its answers could make is none.
func (d *Doors) MicrosoftAhead() time.Duration {
	const noise = 30 * time.Second
	for _, c := range d.clocks.Seen() {
		if c.Host == host(d.Hosts.Graph) && c.By.Abs() >= noise {
			return c.By
		}
	}
	return 0
}

// keyringPatience bounds one keyring call, as GitHub's CLI does.
const keyringPatience = 3 * time.Second

// keyring of the real services or of a sandbox: a credential of one is never
// seen by the other.
func (d *Doors) keyring(sandbox bool) secret.Keyring {
	service := "zo365"
	if sandbox {
		service = "zo365-sandbox"
	}
	return secret.Keyring{Service: service, Patience: keyringPatience}
}

// keeps says whether credentials are kept on this machine at all.
func (d *Doors) keeps() bool { return d.opts.Store != "env" }

// usesEnvironment says whether secrets in the environment count.
func (d *Doors) usesEnvironment() bool { return d.opts.Store == "env" || d.opts.Store == "auto" }

// cacheFolder holds the sealed access tokens.
func cacheFolder() (string, error) {
	dir, err := CacheFolder()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "tokens")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	return dir, nil
}

// Snapshots is the folder for what one credential sees of a directory: another
// one may see less.
func (d *Doors) Snapshots(f Found) (string, error) {
	dir, err := CacheFolder()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(
		[]byte(strings.Join([]string{f.key, d.Hosts.Graph, d.Hosts.ZoomAPI, f.ClientID, f.Account.Username}, "\n")),
	)
	return filepath.Join(dir, "snapshots", strings.ToLower(f.Service)+"-"+hex.EncodeToString(sum[:12])), nil
}

// CacheFolder holds what can be erased at any time.
func CacheFolder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	return filepath.Join(dir, "zo365"), nil
}

// sealed is the cache file of one credential's access token.
func sealed(key string, root secret.Secret) (secret.Sealed, error) {
	dir, err := cacheFolder()
	if err != nil {
		return secret.Sealed{}, err
	}
	return secret.Sealed{Path: filepath.Join(dir, shortHash(identityOf(key))+"-"+shortHash(key)), Root: root}, nil
}

// identityOf is the first part of a cache key: whose tokens they are.
func identityOf(key string) string {
	first, _, _ := strings.Cut(key, "\n")
	return first
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// eraseTokens removes every cached token of a tenant or an account.
func eraseTokens(key string) (gone bool, err error) {
	dir, err := cacheFolder()
	if err != nil {
		return false, err
	}
	files, err := filepath.Glob(filepath.Join(dir, shortHash(key)+"-*"))
	for _, file := range files {
		if rmErr := os.Remove(file); rmErr != nil {
			return gone, rmErr
		}
		gone = true
	}
	return gone, err
}

// lock makes processes take turns at renewing the tokens of one credential. A wait that a
// person would notice is said.
func (d *Doors) lock(ctx context.Context, f Found) (func(), error) {
	dir, err := cacheFolder()
	if err != nil {
		return nil, err
	}
	const noticed = 2 * time.Second
	said := time.AfterFunc(noticed, func() {
		d.say("Waiting for another zo365 that is renewing the sign-in to %s", f.Service)
	})
	defer said.Stop()
	return atomicfile.LockFile(ctx, filepath.Join(dir, "lock-"+shortHash(f.key)))
}

func (d *Doors) say(format string, args ...any) {
	if d.opts.Say != nil {
		d.opts.Say(format, args...)
	}
}

// host is the part of an origin that tells credentials apart.
func host(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin
	}
	return strings.ToLower(u.Host)
}
