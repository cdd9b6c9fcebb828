package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/zo365/zo365/internal/secret"
)

// GraphCommandLineTools is Microsoft's public client "Microsoft Graph Command
// Line Tools", present in every tenant: the default for a person's sign-in.
const GraphCommandLineTools = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

// Entra signs in to one tenant with one application.
type Entra struct {
	// Login is the origin of the cloud's Entra.
	Login string
	// Tenant is an ID or a domain.
	Tenant   string
	ClientID string
	HTTP     *http.Client
	// Claims answers a claims challenge of Conditional Access; usually empty.
	//
	// https://learn.microsoft.com/entra/identity-platform/claims-challenge
	Claims string
}

// Access is what a flow brought home.
type Access struct {
	Token  secret.Secret
	Expiry time.Time
	// Refresh is empty for an application.
	Refresh secret.Secret
	// Scopes are the delegated permissions that were granted.
	Scopes []string
	// Account is who signed in; empty for an application.
	Account Account
}

// Account is the signed-in person as the ID token names them. Username is for
// display: with alternate login IDs it is not the UPN
// (https://learn.microsoft.com/entra/identity/authentication/howto-authentication-use-email-signin),
// which is read from Graph's /me.
type Account struct {
	Username string `json:"username"`
	ObjectID string `json:"object_id"`
	TenantID string `json:"tenant_id"`
}

// The endpoints of the v2.0 protocol,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code and
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
func (e Entra) config(scopes []string) *oauth2.Config {
	base := e.Login + "/" + e.Tenant + "/oauth2/v2.0"
	return &oauth2.Config{
		ClientID: e.ClientID,
		Scopes:   scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL:       base + "/authorize",
			TokenURL:      base + "/token",
			DeviceAuthURL: base + "/devicecode",
			AuthStyle:     oauth2.AuthStyleInParams,
		},
	}
}

func (e Entra) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, e.HTTP)
}

// DeviceCode is what the person needs to finish a device code sign-in.
type DeviceCode struct {
	UserCode string
	// Address is where the code is entered. Entra never sends one that carries
	// the code.
	Address string
	Expiry  time.Time
}

// ErrCodeExpired says that nobody entered the code in time.
var ErrCodeExpired = errors.New("the code expired before anybody entered it")

// Device runs the device authorization grant (RFC 8628). The library honours
// the server's interval and slow_down.
func (e Entra) Device(ctx context.Context, scopes []string, show func(DeviceCode)) (Access, error) {
	ctx = e.context(ctx)
	config := e.config(withOpenID(scopes))
	code, err := config.DeviceAuth(ctx, e.extra()...)
	if err != nil {
		return Access{}, e.failed(err, ByDevice)
	}
	show(DeviceCode{UserCode: code.UserCode, Address: code.VerificationURI, Expiry: code.Expiry})
	token, err := config.DeviceAccessToken(ctx, code)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return Access{}, ErrCodeExpired
		}
		return Access{}, e.failed(err, ByDevice)
	}
	return access(token), nil
}

// Refresh trades a refresh token for fresh tokens.
func (e Entra) Refresh(ctx context.Context, refresh secret.Secret, scopes []string) (Access, error) {
	// The library's own token source asks for no scopes, and they may be more than
	// last time.
	config := clientcredentials.Config{
		ClientID:       e.ClientID,
		TokenURL:       e.config(nil).Endpoint.TokenURL,
		Scopes:         withOpenID(scopes),
		AuthStyle:      oauth2.AuthStyleInParams,
		EndpointParams: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}},
	}
	token, err := config.Token(e.context(ctx))
	if err != nil {
		return Access{}, e.failed(err, ByRefresh)
	}
	return access(token), nil
}

// extra are the parameters of a sign-in beside the usual ones.
func (e Entra) extra() []oauth2.AuthCodeOption {
	if e.Claims == "" {
		return nil
	}
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("claims", e.Claims)}
}

// AppSecret signs an application in with its client secret. The scope is all
// that was granted to it on the resource.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (e Entra) AppSecret(ctx context.Context, clientSecret secret.Secret, resource string) (Access, error) {
	endpoint := e.config(nil).Endpoint
	config := clientcredentials.Config{
		ClientID:     e.ClientID,
		ClientSecret: clientSecret.Reveal(),
		TokenURL:     endpoint.TokenURL,
		Scopes:       []string{resource + "/.default"},
		AuthStyle:    oauth2.AuthStyleInParams,
	}
	token, err := config.Token(e.context(ctx))
	if err != nil {
		return Access{}, e.failed(err, ByApplication)
	}
	return access(token), nil
}

func access(token *oauth2.Token) Access {
	a := Access{
		Token:   secret.New(token.AccessToken),
		Expiry:  token.Expiry,
		Refresh: secret.New(token.RefreshToken),
	}
	if scope, ok := token.Extra("scope").(string); ok {
		for _, s := range strings.Fields(scope) {
			a.Scopes = append(a.Scopes, s[strings.LastIndexByte(s, '/')+1:]) // without the resource
		}
	}
	if id, ok := token.Extra("id_token").(string); ok {
		a.Account = account(id)
	}
	return a
}

// account reads the claims of an ID token. It came straight from the token
// endpoint over TLS, so its signature says nothing more (OpenID Connect Core
// 3.1.3.7, 6).
func account(idToken string) Account {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return Account{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Account{}
	}
	var claims struct {
		Username string `json:"preferred_username"`
		ObjectID string `json:"oid"`
		TenantID string `json:"tid"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return Account{}
	}
	return Account(claims)
}

// withOpenID adds what a sign-in asks for beside the permissions: an ID token
// that names the person, and a refresh token.
func withOpenID(scopes []string) []string {
	return append([]string{"openid", "profile", "offline_access"}, scopes...)
}
