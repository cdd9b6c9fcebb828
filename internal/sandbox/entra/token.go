package entra

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// deviceCode begins a device code sign-in. Entra never sends
// verification_uri_complete.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
func (e *Service) deviceCode(rec *world.Recorder, r *http.Request) {
	if err := r.ParseForm(); err != nil || !e.client(rec, r.PostForm.Get("client_id")) {
		return
	}
	scopes, ok := e.scopes(rec, r.PostForm.Get("scope"))
	if !ok {
		return
	}
	d := &device{
		userCode: rand.Text()[:9],
		client:   r.PostForm.Get("client_id"),
		scopes:   scopes,
		expires: e.Server.World.Now().Add(
			e.Server.World.Scenario.Tenant.CodeLifetime,
		),
		slowDowns: e.Server.World.Scenario.Tenant.SlowDown,
	}
	interval := 5
	if e.Server.AutoApprove {
		d.user, interval = e.Server.World.Person(e.Server.World.Scenario.Admin), 1
		e.remember(d.user, d.client, scopes)
	}
	deviceCode := rand.Text() + rand.Text()
	e.devices[deviceCode] = d
	address := e.Server.Origin + "/devicelogin"
	rec.JSON(http.StatusOK, map[string]any{
		"user_code":        d.userCode,
		"device_code":      deviceCode,
		"verification_uri": address,
		"expires_in":       int(e.Server.World.Scenario.Tenant.CodeLifetime / time.Second),
		"interval":         interval,
		"message": fmt.Sprintf(
			"To sign in, use a web browser to open the page %s and enter the code %s to authenticate.",
			address,
			d.userCode,
		),
	})
}

// refusedByScenario answers a grant with an error that the scenario plans.
func (e *Service) refusedByScenario(rec *world.Recorder, grant string) bool {
	if grant == "urn:ietf:params:oauth:grant-type:device_code" {
		grant = "device_code"
	}
	list := e.Server.World.Scenario.Tenant.Refusals
	for i := range list {
		if list[i].On != grant || list[i].Times < 0 {
			continue
		}
		if list[i].Times == 1 {
			list[i].Times = -1 // used up; zero is every one
		} else if list[i].Times > 1 {
			list[i].Times--
		}
		e.refuse(rec, http.StatusBadRequest, cmp.Or(list[i].Error, "invalid_grant"), list[i].Number, list[i].Text)
		if list[i].Claims != "" {
			rec.Amend("claims", list[i].Claims)
		}
		return true
	}
	return false
}

// remember notes what a person consented to for a client.
func (e *Service) remember(u *world.User, client string, scopes []string) {
	key := u.ID + " " + client
	if e.consents[key] == nil {
		e.consents[key] = map[string]bool{}
	}
	for _, s := range delegated(scopes) {
		e.consents[key][s] = true
	}
}

// unconsented are the permissions among the scopes that nobody agreed to.
func (e *Service) unconsented(u *world.User, client string, scopes []string) []string {
	var lacking []string
	for _, s := range scopes {
		name := shortScope(s)
		if name != ".default" && !slices.Contains(oidcScopes, name) && !e.consents[u.ID+" "+client][name] {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// token answers all grants. Microsoft's own clients send the short name of the
// device code grant, the standard ones the URN.
func (e *Service) token(rec *world.Recorder, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		e.refuse(rec, http.StatusBadRequest, "invalid_request", 900144, "The request body could not be read.")
		return
	}
	if e.refusedByScenario(rec, r.PostForm.Get("grant_type")) {
		return
	}
	if id, password, ok := r.BasicAuth(); ok {
		r.PostForm.Set("client_id", id)
		r.PostForm.Set("client_secret", password)
	}
	switch r.PostForm.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		e.redeemDevice(rec, r)
	case "authorization_code":
		e.redeemCode(rec, r)
	case "refresh_token":
		e.refresh(rec, r)
	case "client_credentials":
		e.clientCredentials(rec, r)
	default:
		e.refuse(
			rec,
			http.StatusBadRequest,
			"unsupported_grant_type",
			70003,
			fmt.Sprintf("The app requested an unsupported grant type '%s'.", r.PostForm.Get("grant_type")),
		)
	}
}

// redeemDevice follows the table of errors in the page on the device code flow;
// the numbers are those of the error reference.
func (e *Service) redeemDevice(rec *world.Recorder, r *http.Request) {
	key := r.PostForm.Get("device_code")
	d, ok := e.devices[key]
	switch {
	case !ok || d.client != r.PostForm.Get("client_id"):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"bad_verification_code",
			70018,
			"Invalid verification code due to User typing in wrong user code for device code flow.",
		)
	case d.declined:
		delete(e.devices, key)
		e.refuse(
			rec,
			http.StatusBadRequest,
			"authorization_declined",
			70020,
			"The end-user denied the authorization request.",
		)
	case e.Server.World.Now().After(d.expires):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"expired_token",
			70019,
			"Verification code expired. The device code expires, and the sign-in has to be started again.",
		)
	case d.slowDowns > 0:
		d.slowDowns--
		e.refuse(rec, http.StatusBadRequest, "slow_down", 70016, "The application polls too often.")
	case d.user == nil:
		e.refuse(
			rec,
			http.StatusBadRequest,
			"authorization_pending",
			70016,
			"OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
		)
	case e.Server.World.Scenario.Tenant.Device == world.DeviceBlocked:
		delete(e.devices, key)
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			53003,
			"Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
		)
	default:
		delete(e.devices, key)
		e.answerUser(rec, d.user, d.client, d.scopes, "")
	}
}

// redeemCode checks what RFC 7636 and Entra demand of a code.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
func (e *Service) redeemCode(rec *world.Recorder, r *http.Request) {
	key := r.PostForm.Get("code")
	c, ok := e.Codes[key]
	delete(e.Codes, key)
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case !ok:
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			54005,
			"OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
		)
	case c.Client != r.PostForm.Get("client_id") || c.redirect != r.PostForm.Get("redirect_uri"):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			70000,
			"The provided value for the 'code' parameter is not valid for this client and redirect URI.",
		)
	case e.Server.World.Now().After(c.expires):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			70008,
			"The provided authorization code or refresh token has expired due to inactivity.",
		)
	case base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge:
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			501481,
			"The Code_Verifier does not match the code_challenge supplied in the authorization request.",
		)
	default:
		e.answerUser(rec, c.User, c.Client, c.scopes, c.nonce)
	}
}

func (e *Service) refresh(rec *world.Recorder, r *http.Request) {
	key := r.PostForm.Get("refresh_token")
	old, ok := e.Refreshes[key]
	if !ok || old.client != r.PostForm.Get("client_id") {
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			70000,
			"The provided value for the 'refresh_token' parameter is not valid.",
		)
		return
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if len(scopes) == 0 {
		scopes = append(slices.Clone(old.Permissions), oidcScopes...)
	}
	if lacking := e.unconsented(old.User, old.client, scopes); len(lacking) > 0 {
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			65001,
			fmt.Sprintf(
				"The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource. Lacking: %s.",
				old.client,
				appName(old.client),
				strings.Join(lacking, " "),
			),
		)
		return
	}
	delete(e.Refreshes, key) // rotated: a public client that keeps the old one loses its sign-in
	e.answerUser(rec, old.User, old.client, scopes, "")
}

// answerUser hands out tokens for a person. The scopes come back as they were
// asked, since Microsoft's clients fail when one is missing; offline_access is
// left out, as Entra does.
func (e *Service) answerUser(rec *world.Recorder, u *world.User, client string, scopes []string, nonce string) {
	granted := delegated(scopes)
	access := e.access(
		&Issued{
			User:        u,
			client:      client,
			Permissions: granted,
			Expires:     e.Server.World.Now().Add(accessLifetime),
		},
	)
	shown := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == "offline_access" })
	for _, s := range []string{"openid", "profile", "email"} {
		if !slices.Contains(shown, s) {
			shown = append(shown, s)
		}
	}
	body := map[string]any{
		"token_type":     "Bearer",
		"scope":          strings.Join(shown, " "),
		"expires_in":     3599,
		"ext_expires_in": 3599,
		"access_token":   access,
		"client_info":    e.clientInfo(u),
	}
	if slices.Contains(scopes, "openid") {
		body["id_token"] = e.sign(e.idClaims(u, client, nonce))
	}
	if slices.Contains(scopes, "offline_access") {
		token := "1." + rand.Text() + rand.Text()
		e.Refreshes[token] = &Issued{User: u, client: client, Permissions: granted}
		body["refresh_token"] = token
	}
	rec.Head.Set("Cache-Control", "no-store, no-cache")
	rec.JSON(http.StatusOK, body)
}

// clientInfo names the account for MSAL: base64url of {"uid","utid"}.
func (e *Service) clientInfo(u *world.User) string {
	text, err := json.Marshal(map[string]string{"uid": u.ID, "utid": e.Server.World.TenantID})
	if err != nil {
		panic(err) // two strings
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// idClaims are those of a v2.0 ID token.
//
// https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
func (e *Service) idClaims(u *world.User, client, nonce string) map[string]any {
	w := e.Server.World
	claims := map[string]any{
		"aud":                client,
		"iss":                e.Server.Origin + "/" + w.TenantID + "/v2.0",
		"iat":                w.Now().Unix(),
		"nbf":                w.Now().Unix(),
		"exp":                w.Now().Add(accessLifetime).Unix(),
		"name":               u.Name,
		"oid":                u.ID,
		"preferred_username": u.UPN,
		"sub":                u.ID,
		"tid":                w.TenantID,
		"ver":                "2.0",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return claims
}

// access makes a token in the form of a JWT, since some clients read it, and
// remembers what it stands for.
func (e *Service) access(i *Issued) string {
	w := e.Server.World
	// Graph's access tokens are of version 1.0, whose issuer ends in the tenant's ID.
	// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
	issuer := e.Server.Origin + "/" + w.TenantID + "/"
	claims := map[string]any{
		"aud":             e.graph(),
		"iss":             issuer,
		"iat":             w.Now().Unix(),
		"nbf":             w.Now().Unix(),
		"exp":             i.Expires.Unix(),
		"appid":           i.client,
		"app_displayname": cmp.Or(w.Names[i.client], appName(i.client)),
		"tid":             w.TenantID,
		"ver":             "1.0",
		"uti":             w.Base64ID(16),
	}
	if i.User != nil {
		claims["idtyp"], claims["oid"], claims["sub"] = "user", i.User.ID, i.User.ID
		claims["upn"], claims["unique_name"], claims["name"] = i.User.UPN, i.User.UPN, i.User.Name
		claims["appidacr"], claims["scp"] = "0", strings.Join(i.Permissions, " ")
	} else {
		claims["idtyp"], claims["appidacr"], claims["idp"], claims["roles"] = "app", "1", issuer, i.Permissions
		if sp := w.App(i.client); sp != nil { // an application is its service principal
			claims["oid"], claims["sub"] = sp.ID, sp.ID
		}
	}
	token := e.sign(claims)
	e.Accesses[token] = i
	return token
}

// onlyDefault says whether the scope is one resource's .default. Microsoft's own
// clients add the OpenID scopes even here.
func onlyDefault(scope string) bool {
	rest := slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return slices.Contains(oidcScopes, s) })
	return len(rest) == 1 && strings.HasSuffix(rest[0], "/.default")
}

// clientCredentials answers with exactly the keys of the recorded answer
// (azure-sdk-for-js, resourcegroups list test): no refresh token, no scope.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (e *Service) clientCredentials(rec *world.Recorder, r *http.Request) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	switch {
	case !e.client(rec, id):
		return
	case !onlyDefault(r.PostForm.Get("scope")):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_scope",
			1002012,
			fmt.Sprintf(
				"The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
				r.PostForm.Get("scope"),
			),
		)
		return
	case secret == "" && r.PostForm.Get("client_assertion") == "":
		e.refuse(
			rec,
			http.StatusUnauthorized,
			"invalid_client",
			7000218,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
		)
		return
	case !strings.EqualFold(id, world.OwnAppID), secret != "" && secret != e.ClientSecret:
		e.refuse(
			rec,
			http.StatusUnauthorized,
			"invalid_client",
			7000215,
			fmt.Sprintf(
				"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.",
				id,
			),
		)
		return
	case secret == "" && !e.assertion(rec, r):
		return
	}
	rec.Head.Set("Cache-Control", "no-store, no-cache")
	rec.JSON(
		http.StatusOK,
		map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": e.appToken()},
	)
}

// appToken is one of the tenant's own application.
func (e *Service) appToken() string {
	var roles []string
	for _, g := range e.Server.World.App(world.OwnAppID).Grants {
		roles = append(roles, g.Permission.Name)
	}
	return e.access(&Issued{client: world.OwnAppID, Permissions: roles, Expires: e.Server.World.Now().Add(accessLifetime)})
}
