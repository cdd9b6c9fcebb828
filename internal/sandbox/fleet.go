package sandbox

import (
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A fleet is several tenants and Zoom accounts behind one address, each with a
// state of its own, as a service provider meets them. They share the address, the
// signing key and the applications' secrets, as a provider's multi-tenant
// application does.

// addTenants makes the other tenants of a fleet.
func (s *Server) addTenants(key *rsa.PrivateKey) {
	for i := 1; i < s.opts.Tenants; i++ {
		opts := s.opts
		opts.Scenario.Tenant.Domains = slices.Clone(opts.Scenario.Tenant.Domains)
		opts.Scenario.Zoom.Domains = slices.Clone(opts.Scenario.Zoom.Domains)
		other := &Server{Origin: s.Origin, opts: opts, dir: s.dir, traffic: s.traffic}
		other.world = newWorld(opts.Scenario, opts.Users, opts.Seed+uint64(i), opts.Scenario.clock())
		other.entra = newEntra(other, key)
		other.entra.clientSecret, other.entra.workload = s.entra.clientSecret, s.entra.workload
		other.zoom = newZoomOAuth()
		other.zoom.clientID, other.zoom.clientSecret = s.zoom.clientID, s.zoom.clientSecret
		other.pages = newPortalSessions()
		s.others = append(s.others, other)
	}
}

// meant finds the tenant that a request is for: the one in its path, the one that
// issued its token, or the Zoom account in its body; otherwise the first.
func (s *Server) meant(r *http.Request, body []byte) *Server {
	if len(s.others) == 0 {
		return s
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account := r.URL.Query().Get("account_id")
	if form, err := url.ParseQuery(string(body)); err == nil && account == "" && r.URL.Path == "/oauth/token" {
		account = form.Get("account_id")
	}
	for _, one := range append([]*Server{s}, s.others...) {
		if one.owns(segment, token, account) {
			return one
		}
	}
	return s
}

func (s *Server) owns(segment, token, account string) bool {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	if strings.EqualFold(segment, s.world.tenantID) || account != "" && account == s.world.accountID {
		return true
	}
	if token == "" {
		return false
	}
	_, zoom := s.zoom.tokens[token]
	return zoom || s.entra.accesses[token] != nil
}

// TenantFiles are the fleet's tenant files by name, wanting the integration set up
// by an admin.
func (s *Server) TenantFiles() map[string]string {
	files := map[string]string{}
	for i, one := range append([]*Server{s}, s.others...) {
		files[fmt.Sprintf("tenant-%03d.yaml", i+1)] = fmt.Sprintf(`version: 1
microsoft:
  tenant: %s
zoom:
  account_id: %q
  client_id: %q
account:
  enabled: true
  default_service: office365
  authorize_with: graph
  setup_by: admin
`, one.world.tenantID, one.world.accountID, one.zoom.clientID)
	}
	return files
}
