// Package entra imitates Microsoft's identity platform: sign-ins, tokens and consents, and
// the token services of pipelines.
package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// Service is the state of the identity platform: what it has handed out.
type Service struct {
	Server *world.Host
	key    jose.SigningKey
	public jose.JSONWebKeySet

	// ClientSecret is that of the tenant's own application.
	ClientSecret string
	Workload     *Workload
	// consents are the permissions that people agreed to, by person and client.
	consents  map[string]map[string]bool
	devices   map[string]*device // by device code
	Codes     map[string]*code
	Refreshes map[string]*Issued
	Accesses  map[string]*Issued
	// sessions are signed-in browsers by cookie, pages the requests that wait
	// for a person's answer.
	sessions map[string]*world.User
	// MailReadFor says whether the consent that a state of the portal belongs to includes
	// Mail.Read.
	MailReadFor func(state string) bool
	pages       map[string]*pageRequest
}

// Issued is what a token stands for.
type Issued struct {
	User   *world.User // nil for an application
	client string
	// Permissions are delegated scopes or application roles.
	Permissions []string
	Expires     time.Time
}

// device is one device code sign-in.
type device struct {
	userCode, client string
	scopes           []string
	expires          time.Time
	user             *world.User
	declined         bool
	slowDowns        int
}

// code is an authorization code.
type code struct {
	User                        *world.User
	Client, redirect, challenge string
	nonce                       string
	scopes                      []string
	expires                     time.Time
}

// accessLifetime is shown to clients as expires_in 3599, as Entra does.
const accessLifetime = time.Hour

const keyID = "zo365-sandbox"

// New is an identity platform for one tenant, which signs with a key.
func New(s *world.Host, key *rsa.PrivateKey) *Service {
	return &Service{
		Server: s,
		key:    jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}},
		public: jose.JSONWebKeySet{
			Keys: []jose.JSONWebKey{{
				Key:       key.Public(),
				KeyID:     keyID,
				Algorithm: "RS256",
				Use:       "sig",
			}},
		},

		ClientSecret: rand.Text(),
		devices:      map[string]*device{},
		Codes:        map[string]*code{},
		Refreshes:    map[string]*Issued{},
		Accesses:     map[string]*Issued{},
		sessions:     map[string]*world.User{},
		pages:        map[string]*pageRequest{},
		consents:     map[string]map[string]bool{},
	}
}

// Serve answers /{tenant}/... and the instance discovery.
func (e *Service) Serve(rec *world.Recorder, r *http.Request) {
	if e.serveWorkload(rec, r) {
		return
	}
	if r.URL.Path == "/common/discovery/instance" {
		e.instance(rec, r)
		return
	}
	if r.URL.Path == "/devicelogin" {
		e.devicePage(rec, r)
		return
	}
	if r.URL.Path == "/error" {
		e.errorPage(
			rec,
			http.StatusOK,
			"AADSTS"+r.URL.Query().Get("code"),
			"Microsoft explains this error at login.microsoftonline.com/error.",
		)
		return
	}
	tenant, endpoint, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !e.Server.World.IsTenant(tenant) {
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_tenant",
			90002,
			fmt.Sprintf(
				"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
				tenant,
			),
		)
		return
	}
	switch r.Method + " " + endpoint {
	case "GET v2.0/.well-known/openid-configuration":
		e.configuration(rec, tenant, "/v2.0")
	case "GET .well-known/openid-configuration":
		e.configuration(rec, tenant, "")
	case "GET discovery/v2.0/keys", "GET discovery/keys":
		rec.JSON(http.StatusOK, e.public)
	case "POST oauth2/v2.0/devicecode":
		e.deviceCode(rec, r)
	case "POST oauth2/v2.0/token":
		e.token(rec, r)
	case "GET oauth2/v2.0/authorize":
		e.authorize(rec, r)
	case "GET adminconsent", "GET v2.0/adminconsent":
		e.adminConsent(rec, r, strings.HasPrefix(endpoint, "v2.0"))
	case "GET oauth2/v2.0/logout":
		e.logout(rec, r)
	case "POST login":
		e.login(rec, r)
	case "POST answer":
		e.answered(rec, r)
	default:
		e.errorPage(rec, http.StatusNotFound, "AADSTS900144", "The sandbox does not imitate "+r.Method+" "+r.URL.Path)
	}
}

// configuration has the keys of a recorded answer (azure-sdk-for-js,
// resourcegroups list test) but for the national clouds' and Kerberos.
//
// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
func (e *Service) configuration(rec *world.Recorder, tenant, version string) {
	if w := e.Server.World; w.IsTenant(tenant) && tenant != "organizations" && tenant != "common" {
		tenant = w.TenantID // whatever name was asked for, the answer names the tenant by its ID
	}
	base := e.Server.Origin + "/" + tenant
	rec.JSON(http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                base + version,
		"request_uri_parameter_supported":       false,
		"userinfo_endpoint":                     e.graph() + "/oidc/userinfo",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"claims_supported": []string{
			"sub",
			"iss",
			"aud",
			"exp",
			"iat",
			"nonce",
			"preferred_username",
			"name",
			"tid",
			"ver",
			"oid",
		},
		"tenant_region_scope":   "WW",
		"cloud_instance_name":   "localhost",
		"cloud_graph_host_name": "localhost",
		"msgraph_host":          "localhost",
		"rbac_url":              e.Server.Origin + "/pas",
	})
}

// instance answers the instance discovery that Microsoft's clients make before
// anything else; the shape is that of the same recording.
func (e *Service) instance(rec *world.Recorder, r *http.Request) {
	endpoint := r.URL.Query().Get("authorization_endpoint")
	tenant := e.Server.World.TenantID
	if u, err := url.Parse(endpoint); err == nil {
		if name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); name != "" {
			tenant = name
		}
	}
	host := strings.TrimPrefix(e.Server.Origin, "https://")
	rec.JSON(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": e.Server.Origin + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{
			map[string]any{"preferred_network": host, "preferred_cache": host, "aliases": []string{host}},
		},
	})
}

// refuse answers in Entra's error form.
//
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func (e *Service) refuse(rec *world.Recorder, status int, code string, number int, text string) {
	at := e.Server.World.Now().UTC().Format("2006-01-02 15:04:05Z")
	trace, correlation := e.Server.World.GUID(), e.Server.World.GUID()
	rec.Head.Set("Cache-Control", "no-store, no-cache")
	rec.JSON(status, map[string]any{
		"error": code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			number, text, trace, correlation, at),
		"error_codes": []int{number}, "timestamp": at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("%s/error?code=%d", e.Server.Origin, number),
	})
}

// client checks a client ID. Public clients are the tenant's own application
// and Microsoft's command line tools.
func (e *Service) client(rec *world.Recorder, id string) bool {
	switch strings.ToLower(id) {
	case "":
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_request",
			900144,
			"The request body must contain the following parameter: 'client_id'.",
		)
	case world.OwnAppID:
		return true
	default:
		if id == world.GraphToolsID && e.Server.Cloud.GraphTools {
			return true
		}
		if e.Server.World.Registered(id) {
			return true
		}
		e.refuse(
			rec,
			http.StatusBadRequest,
			"unauthorized_client",
			700016,
			fmt.Sprintf(
				"Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
				id,
				e.Server.World.Org,
			),
		)
	}
	return false
}

// oidcScopes ask for no permission of an API.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// scopes checks that every scope is one that Graph has. A scope may be written
// with Graph's address in front, and ".default" stands for all that was
// consented before.
func (e *Service) scopes(rec *world.Recorder, text string) ([]string, bool) {
	scopes := strings.Fields(text)
	if len(scopes) == 0 {
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_request",
			900144,
			"The request body must contain the following parameter: 'scope'.",
		)
		return nil, false
	}
	for _, s := range scopes {
		name := shortScope(s)
		if name != ".default" && !slices.Contains(oidcScopes, name) && world.PermissionNamed(name).Scope == "" {
			e.refuse(
				rec,
				http.StatusBadRequest,
				"invalid_scope",
				70011,
				fmt.Sprintf(
					"The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.",
					s,
				),
			)
			return nil, false
		}
	}
	return scopes, true
}

// shortScope drops the resource: https://graph.microsoft.com/User.Read is
// User.Read.
func shortScope(scope string) string {
	if strings.HasPrefix(scope, "https://") {
		return scope[strings.LastIndexByte(scope, '/')+1:]
	}
	return scope
}

// delegated are the Graph permissions among the scopes; .default is everything
// that the sandbox's administrator consented for its own application.
func delegated(scopes []string) []string {
	var names []string
	for _, s := range scopes {
		name := shortScope(s)
		if name == ".default" {
			for _, p := range world.GraphPermissions {
				if p.Scope != "" {
					names = append(names, p.Name)
				}
			}
		} else if !slices.Contains(oidcScopes, name) {
			names = append(names, name)
		}
	}
	return names
}

// sign makes a JWT of the claims.
func (e *Service) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(e.key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		panic(err) // the key is the sandbox's own
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return text
}

// graph is the address of Microsoft Graph, for which tokens are.
func (e *Service) graph() string {
	if e.Server.Origin == "https://"+e.Server.Cloud.Login {
		return "https://" + e.Server.Cloud.Graph
	}
	return e.Server.Origin
}

// AppID is the application that a token was given to.
func (i *Issued) AppID() string { return i.client }
