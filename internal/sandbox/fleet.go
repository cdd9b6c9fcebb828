package sandbox

import (
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
func (s *Server) addTenants(keys Keys) {
	for i := 1; i < s.opts.Tenants; i++ {
		opts := s.opts
		opts.Scenario.Tenant.Domains = slices.Clone(opts.Scenario.Tenant.Domains)
		opts.Scenario.Zoom.Domains = slices.Clone(opts.Scenario.Zoom.Domains)
		other := &Server{
			Origin:  s.Origin,
			opts:    opts,
			dir:     s.dir,
			traffic: s.traffic,
		}
		other.install(keys, opts.Seed+uint64(i))
		other.entra.ClientSecret = s.entra.ClientSecret
		other.zoom.OAuth.ClientID, other.zoom.OAuth.ClientSecret = s.zoom.OAuth.ClientID, s.zoom.OAuth.ClientSecret
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
	s.world.Mu.Lock()
	defer s.world.Mu.Unlock()
	if strings.EqualFold(segment, s.world.TenantID) || account != "" && account == s.world.AccountID {
		return true
	}
	if token == "" {
		return false
	}
	_, zoom := s.zoom.OAuth.Tokens[token]
	return zoom || s.entra.Accesses[token] != nil
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
`, one.world.TenantID, one.world.AccountID, one.zoom.OAuth.ClientID)
	}
	return files
}
