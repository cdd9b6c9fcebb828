package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// deviceCode begins a device code sign-in. Entra never sends
// verification_uri_complete.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
func (e *entra) deviceCode(rec *recorder, r *http.Request) {
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
		expires: e.server.world.now().Add(
			e.server.world.scenario.Tenant.CodeLifetime,
		),
		slowDowns: e.server.world.scenario.Tenant.SlowDown,
	}
	interval := 5
	if e.server.opts.AutoApprove {
		d.user, interval = e.server.world.person(e.server.world.scenario.Admin), 1
		e.remember(d.user, d.client, scopes)
	}
	deviceCode := rand.Text() + rand.Text()
	e.devices[deviceCode] = d
	address := e.server.Origin + "/devicelogin"
	rec.json(http.StatusOK, map[string]any{
		"user_code":        d.userCode,
		"device_code":      deviceCode,
		"verification_uri": address,
		"expires_in":       int(e.server.world.scenario.Tenant.CodeLifetime / time.Second),
		"interval":         interval,
		"message": fmt.Sprintf(
			"To sign in, use a web browser to open the page %s and enter the code %s to authenticate.",
			address,
			d.userCode,
		),
	})
}

// refusedByScenario answers a grant with an error that the scenario plans.
func (e *entra) refusedByScenario(rec *recorder, grant string) bool {
	if grant == "urn:ietf:params:oauth:grant-type:device_code" {
		grant = "device_code"
	}
	list := e.server.world.scenario.Tenant.Refusals
	for i := range list {
		if list[i].On != grant || list[i].Times < 0 {
			continue
		}
		if list[i].Times--; list[i].Times == 0 {
			list[i].Times = -1
		}
		e.refuse(rec, http.StatusBadRequest, or(list[i].Error, "invalid_grant"), list[i].Number, list[i].Text)
		if list[i].Claims != "" {
			rec.amend("claims", list[i].Claims)
		}
		return true
	}
	return false
}

// remember notes what a person consented to for a client.
func (e *entra) remember(u *user, client string, scopes []string) {
	key := u.ID + " " + client
	if e.consents[key] == nil {
		e.consents[key] = map[string]bool{}
	}
	for _, s := range delegated(scopes) {
		e.consents[key][s] = true
	}
}

// unconsented are the permissions among the scopes that nobody agreed to.
func (e *entra) unconsented(u *user, client string, scopes []string) []string {
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
func (e *entra) token(rec *recorder, r *http.Request) {
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
func (e *entra) redeemDevice(rec *recorder, r *http.Request) {
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
	case e.server.world.now().After(d.expires):
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
	case e.server.world.scenario.Tenant.Device == DeviceBlocked:
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
func (e *entra) redeemCode(rec *recorder, r *http.Request) {
	key := r.PostForm.Get("code")
	c, ok := e.codes[key]
	delete(e.codes, key)
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
	case c.client != r.PostForm.Get("client_id") || c.redirect != r.PostForm.Get("redirect_uri"):
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_grant",
			70000,
			"The provided value for the 'code' parameter is not valid for this client and redirect URI.",
		)
	case e.server.world.now().After(c.expires):
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
		e.answerUser(rec, c.user, c.client, c.scopes, c.nonce)
	}
}

func (e *entra) refresh(rec *recorder, r *http.Request) {
	key := r.PostForm.Get("refresh_token")
	old, ok := e.refreshes[key]
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
		scopes = append(slices.Clone(old.permissions), oidcScopes...)
	}
	if lacking := e.unconsented(old.user, old.client, scopes); len(lacking) > 0 {
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
	delete(e.refreshes, key) // rotated: a public client that keeps the old one loses its sign-in
	e.answerUser(rec, old.user, old.client, scopes, "")
}

// answerUser hands out tokens for a person. The scopes come back as they were
// asked, since Microsoft's clients fail when one is missing; offline_access is
// left out, as Entra does.
func (e *entra) answerUser(rec *recorder, u *user, client string, scopes []string, nonce string) {
	granted := delegated(scopes)
	access := e.access(
		&issued{user: u, client: client, permissions: granted, expires: e.server.world.now().Add(accessLifetime)},
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
		e.refreshes[token] = &issued{user: u, client: client, permissions: granted}
		body["refresh_token"] = token
	}
	rec.header.Set("Cache-Control", "no-store, no-cache")
	rec.json(http.StatusOK, body)
}

// clientInfo names the account for MSAL: base64url of {"uid","utid"}.
func (e *entra) clientInfo(u *user) string {
	text, err := json.Marshal(map[string]string{"uid": u.ID, "utid": e.server.world.tenantID})
	if err != nil {
		panic(err) // two strings
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// idClaims are those of a v2.0 ID token.
//
// https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
func (e *entra) idClaims(u *user, client, nonce string) map[string]any {
	w := e.server.world
	claims := map[string]any{
		"aud":                client,
		"iss":                e.server.Origin + "/" + w.tenantID + "/v2.0",
		"iat":                w.now().Unix(),
		"nbf":                w.now().Unix(),
		"exp":                w.now().Add(accessLifetime).Unix(),
		"name":               u.Name,
		"oid":                u.ID,
		"preferred_username": u.UPN,
		"sub":                u.ID,
		"tid":                w.tenantID,
		"ver":                "2.0",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return claims
}

// access makes a token in the form of a JWT, since some clients read it, and
// remembers what it stands for.
func (e *entra) access(i *issued) string {
	w := e.server.world
	// Graph's access tokens are of version 1.0, whose issuer ends in the tenant's ID.
	// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
	issuer := e.server.Origin + "/" + w.tenantID + "/"
	claims := map[string]any{
		"aud":             e.server.Origin,
		"iss":             issuer,
		"iat":             w.now().Unix(),
		"nbf":             w.now().Unix(),
		"exp":             i.expires.Unix(),
		"appid":           i.client,
		"app_displayname": or(w.names[i.client], appName(i.client)),
		"tid":             w.tenantID,
		"ver":             "1.0",
		"uti":             w.base64ID(16),
	}
	if i.user != nil {
		claims["idtyp"], claims["oid"], claims["sub"] = "user", i.user.ID, i.user.ID
		claims["upn"], claims["unique_name"], claims["name"] = i.user.UPN, i.user.UPN, i.user.Name
		claims["appidacr"], claims["scp"] = "0", strings.Join(i.permissions, " ")
	} else {
		claims["idtyp"], claims["appidacr"], claims["idp"], claims["roles"] = "app", "1", issuer, i.permissions
		if sp := w.app(i.client); sp != nil { // an application is its service principal
			claims["oid"], claims["sub"] = sp.ID, sp.ID
		}
	}
	token := e.sign(claims)
	e.accesses[token] = i
	return token
}

// userInfo: https://learn.microsoft.com/entra/identity-platform/userinfo
func (e *entra) userInfo(rec *recorder, r *http.Request) {
	token, ok := e.server.bearer(r)
	if !ok || token.user == nil {
		rec.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		e.server.graphError(
			rec,
			r,
			http.StatusUnauthorized,
			"InvalidAuthenticationToken",
			"Access token is empty, unknown to the sandbox or expired.",
		)
		return
	}
	rec.json(
		http.StatusOK,
		map[string]any{
			"sub":         token.user.ID,
			"name":        token.user.Name,
			"given_name":  token.user.Given,
			"family_name": token.user.Surname,
			"email":       token.user.Mail,
		},
	)
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
func (e *entra) clientCredentials(rec *recorder, r *http.Request) {
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
	case !strings.EqualFold(id, ownAppID), secret != "" && secret != e.clientSecret:
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
	rec.header.Set("Cache-Control", "no-store, no-cache")
	rec.json(
		http.StatusOK,
		map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": e.appToken()},
	)
}

// appToken is one of the tenant's own application.
func (e *entra) appToken() string {
	var roles []string
	for _, g := range e.server.world.app(ownAppID).grants {
		roles = append(roles, g.permission.name)
	}
	return e.access(&issued{client: ownAppID, permissions: roles, expires: e.server.world.now().Add(accessLifetime)})
}
