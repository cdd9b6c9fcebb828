// Package sandbox imitates the parts of Entra, Microsoft Graph, Zoom's OAuth
// and REST API and Zoom's portal that zo365 needs: one process, one HTTPS origin
// on loopback with a certificate authority of its own, and state that changes as
// on the real services. It imports none of zo365's clients, so that the two
// cannot share a mistake.
//
// What it answers follows documented examples, cited at each handler. Where no
// recorded real answer is known (admin consent redirects, managed domains,
// device code bodies of Entra) it rests on the documentation alone; those
// handlers say so.
package sandbox

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/entra"
	"github.com/zo365/zo365/internal/sandbox/graph"
	"github.com/zo365/zo365/internal/sandbox/portal"
	"github.com/zo365/zo365/internal/sandbox/world"
	"github.com/zo365/zo365/internal/sandbox/zoom"
)

// Options are what a sandbox is started with.
type Options struct {
	// Listen is a loopback address with a port; port 0 is any free one.
	Listen string
	// Users is how many people are added to those of the scenario.
	Users int
	// Seed makes the same people and IDs again.
	Seed     uint64
	Scenario world.Scenario
	// Tenants is how many tenants and Zoom accounts there are; one when it is zero.
	Tenants int
	// Latency is added to each answer of Graph's and Zoom's APIs.
	Latency time.Duration
	// AutoApprove approves device codes as the scenario's admin.
	AutoApprove bool
	// MicrosoftCloud and ZoomCloud are names of world.MicrosoftClouds and world.ZoomClouds;
	// empty is the global one.
	MicrosoftCloud, ZoomCloud string
	// RealHosts: the certificate and the answers bear the real names of the services, for a
	// test that leads these names here. Each service then answers under its own name only.
	RealHosts bool
	// Traffic gets every exchange as a line of JSON; it may be nil.
	Traffic io.Writer
	// Issued gets every secret that is handed out, one a line, so that a test can
	// look for them where they must not be; it may be nil.
	Issued io.Writer
}

// Server is a running sandbox.
type Server struct {
	// Origin is where everything is served, for example https://localhost:8443.
	Origin string

	opts    Options
	world   *world.World
	entra   *entra.Service
	graph   *graph.Service
	zoom    *zoom.Service
	portal  *portal.Service
	traffic *trafficLog
	// others are the other tenants of a fleet.
	others []*Server
	// dir holds the authority's certificate; it goes away with the sandbox.
	dir    string
	http   *http.Server
	served chan error
}

// Start makes a sandbox and listens. Close ends it.
func Start(ctx context.Context, opts Options) (*Server, error) {
	listener, err := listen(ctx, opts.Listen)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zo365-sandbox-")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the sandbox's folder: %w", err), listener.Close())
	}
	s := &Server{
		opts:    opts,
		dir:     dir,
		served:  make(chan error, 1),
		traffic: &trafficLog{w: opts.Traffic},
	}
	if err := s.prepare(listener); err != nil {
		return nil, errors.Join(err, listener.Close(), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) prepare(listener net.Listener) error {
	certificate, err := issue(s.CAFile(), s.realHosts())
	if err != nil {
		return err
	}
	keys, err := NewKeys(s.dir)
	if err != nil {
		return err
	}
	s.Origin = fmt.Sprintf("https://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	s.furnish(keys)
	s.http = &http.Server{
		Handler:           s,
		TLSConfig:         certificate,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          discardLog(),
	}
	go func() { s.served <- s.http.ServeTLS(listener, "", "") }()
	return nil
}

// realHosts are the services' names, where the sandbox bears them.
func (s *Server) realHosts() []string {
	if !s.opts.RealHosts {
		return nil
	}
	microsoft := world.MicrosoftClouds[cmp.Or(s.opts.MicrosoftCloud, "global")]
	zoom := world.ZoomClouds[cmp.Or(s.opts.ZoomCloud, "global")]
	return []string{microsoft.Login, microsoft.Graph, zoom.Portal, zoom.API}
}

// Keys are what a sandbox signs with and trusts. Making them takes longer than all else,
// so that many unserved sandboxes may share them.
type Keys struct {
	signing  *rsa.PrivateKey
	workload *entra.Workload
}

// NewKeys makes keys; the files that belong to them lie in a folder.
func NewKeys(dir string) (Keys, error) {
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Keys{}, fmt.Errorf("making the signing key: %w", err)
	}
	w, err := entra.NewWorkload(dir)
	return Keys{signing: signing, workload: w}, err
}

// Unserved is a sandbox that nobody listens for: ServeHTTP answers requests to its
// origin. It has nothing to close.
func Unserved(opts Options, origin string, keys Keys) *Server {
	s := &Server{Origin: origin, opts: opts, traffic: &trafficLog{w: opts.Traffic}}
	s.furnish(keys)
	return s
}

// furnish makes the tenant, the account and those of a fleet.
func (s *Server) furnish(keys Keys) {
	s.install(keys, s.opts.Seed)
	s.addTenants(keys)
}

// install makes one tenant and one account, and the services that show them.
func (s *Server) install(keys Keys, seed uint64) {
	s.world = world.New(s.opts.Scenario, s.opts.Users, seed, s.opts.Scenario.Clock())
	cloud := world.MicrosoftClouds[cmp.Or(s.opts.MicrosoftCloud, "global")]
	at := func(name string) *world.Host {
		origin := s.Origin
		if s.opts.RealHosts {
			origin = "https://" + name
		}
		return &world.Host{
			Origin:      origin,
			World:       s.world,
			Cloud:       cloud,
			AutoApprove: s.opts.AutoApprove,
		}
	}
	zoomCloud := world.ZoomClouds[cmp.Or(s.opts.ZoomCloud, "global")]
	s.entra = entra.New(at(cloud.Login), keys.signing)
	s.entra.Workload = keys.workload
	s.graph = &graph.Service{Host: at(cloud.Graph), Entra: s.entra, Fault: s.fault}
	s.zoom = &zoom.Service{Host: at(zoomCloud.API), OAuth: zoom.NewOAuth()}
	s.portal = &portal.Service{Host: at(zoomCloud.Portal), Entra: s.entra, Pages: portal.NewSessions()}
	s.entra.MailReadFor = func(state string) bool { return s.portal.Pages.MailReadFor(s.world, state) }
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the address %q is not on loopback: a sandbox accepts anybody as an administrator", address)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return listener, nil
}

// CAFile is the certificate of the sandbox's authority, for SSL_CERT_FILE.
func (s *Server) CAFile() string { return filepath.Join(s.dir, "ca.pem") }

// Close ends the sandbox and removes its folder.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.traffic.err, os.RemoveAll(s.dir))
}

// ServeHTTP answers one request at a time: requests change the imitated state,
// and a script must see them in order.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, "the request could not be read", http.StatusBadRequest)
		return
	}
	if s.opts.Latency > 0 && (strings.HasPrefix(r.URL.Path, "/v1.0/") || strings.HasPrefix(r.URL.Path, "/v2/")) {
		time.Sleep(s.opts.Latency) // as far as the services are away: requests do not wait for each other
	}
	// As net/http does by itself, but by the service's clock.
	w.Header().Set("Date", s.opts.Scenario.Clock()().UTC().Format(http.TimeFormat))
	s.meant(r, body).reply(r, body).Send(w, r.Context().Done())
}

func (s *Server) reply(r *http.Request, body []byte) *world.Recorder {
	s.world.Mu.Lock()
	defer s.world.Mu.Unlock()
	answer := s.answer(r, body)
	s.traffic.write(s.originOf(r), r, body, answer)
	s.issued(answer)
	return answer
}

// originOf is the origin that a request was sent to.
func (s *Server) originOf(r *http.Request) string {
	if s.opts.RealHosts {
		return "https://" + r.Host
	}
	return s.Origin
}

// readBody reads a request, which Microsoft's SDKs compress.
func readBody(r *http.Request) ([]byte, error) {
	const limit = 4 << 20
	var body io.Reader = http.MaxBytesReader(nil, r.Body, limit)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = io.LimitReader(unzipped, limit)
	}
	return io.ReadAll(body)
}

// answer finds the service that a path belongs to.
func (s *Server) answer(r *http.Request, body []byte) *world.Recorder {
	rec := world.NewRecorder()
	r = withBody(r, body)
	if s.fault(rec, r) {
		return rec
	}
	if s.world.Awaits(r, "endless", "same-next-link") {
		r = firstPage(r)
	}
	if !s.under(rec, r) {
		return rec
	}
	switch path := r.URL.Path; {
	case path == "/oidc/userinfo":
		s.graph.UserInfo(rec, r)
	case strings.HasPrefix(path, "/v1.0/"), strings.HasPrefix(path, "/beta/"):
		s.graph.Serve(rec, r)
	case isZoomPath(path):
		s.zoom.Serve(rec, r)
	case path == "/entra":
		s.portal.ServeEntraAdmin(rec, r)
	case path == "/m365":
		s.portal.ServeLicences(rec, r)
	case path == "/", path == "/signin", path == "/account", path == "/billing", strings.HasPrefix(path, "/account/"):
		s.portal.Serve(rec, r)
	case path == "/sandbox/state":
		s.serveState(rec)
	case path == "/sandbox/rooms" && r.Method == http.MethodPost:
		s.serveRooms(rec)
	case path == "/sandbox/exchange" && r.Method == http.MethodPost:
		s.serveExchange(rec, r)
	default:
		s.entra.Serve(rec, r)
	}
	s.spoil(rec, r)
	return rec
}

func isZoomPath(path string) bool {
	return strings.HasPrefix(path, "/v2/") || path == "/oauth/token" || path == "/oauth/revoke"
}

// under refuses a request that came under another service's name.
func (s *Server) under(rec *world.Recorder, r *http.Request) bool {
	if !s.opts.RealHosts {
		return true
	}
	want := s.entra.Server.Origin
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/v1.0/"), strings.HasPrefix(path, "/beta/"), path == "/oidc/userinfo":
		want = s.graph.Origin
	case strings.HasPrefix(path, "/v2/"):
		want = s.zoom.Origin
	case strings.HasPrefix(path, "/oauth/"),
		path == "/",
		path == "/signin",
		strings.HasPrefix(path, "/account"),
		path == "/billing":
		want = s.portal.Origin
	case strings.HasPrefix(path, "/sandbox/"):
		return true
	}
	if here := "https://" + r.Host; here == want || here == s.Origin { // or under its own
		return true
	}
	rec.JSON(http.StatusMisdirectedRequest, map[string]any{"error": r.URL.Path + " is not of " + r.Host})
	return false
}
