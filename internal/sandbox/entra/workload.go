package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// Workload is what a program without a person proves its identity with: a
// certificate that the tenant's application trusts, another identity provider,
// and the endpoints of managed identities.
type Workload struct {
	Certificate *x509.Certificate
	// tokens are what each place wants as a password.
	actionsToken, pipelinesToken, msiHeader string
	dir                                     string
}

// pfxPassword opens the sandbox's PFX file; it guards nothing.
const pfxPassword = "sandbox"

// federatedSubject is the only subject that the application trusts, as of a
// pipeline on a branch; it is compared with its case.
const federatedSubject = "repo:contoso/calendars:ref:refs/heads/main"

// NewWorkload makes the token services of pipelines, whose files lie in a folder.
func NewWorkload(dir string) (*Workload, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making the application's key: %w", err)
	}
	template := Certificate("zo365 in the sandbox")
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the application's certificate: %w", err)
	}
	w := &Workload{
		dir:            dir,
		actionsToken:   rand.Text(),
		pipelinesToken: rand.Text(),
		msiHeader:      rand.Text(),
	}
	if w.Certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("reading the application's certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the application's key: %w", err)
	}
	text := append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})...)
	pfx, err := pkcs12.Modern.Encode(key, w.Certificate, nil, pfxPassword)
	if err != nil {
		return nil, fmt.Errorf("encoding the application's PFX file: %w", err)
	}
	for name, data := range map[string][]byte{"app.pem": text, "app.pfx": pfx} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, fmt.Errorf("writing the application's certificate: %w", err)
		}
	}
	return w, nil
}

// Variables tell scripts where the sandbox's own places are. They have names of
// their own, so that nothing is chosen because of them.
func (w *Workload) Variables(origin string) []world.Variable {
	return []world.Variable{
		{Name: "ZO365_SANDBOX_CERTIFICATE", Value: filepath.Join(w.dir, "app.pem")},
		{Name: "ZO365_SANDBOX_PFX", Value: filepath.Join(w.dir, "app.pfx")},
		{Name: "ZO365_SANDBOX_ACTIONS_URL", Value: origin + "/idp/actions?api-version=2.0"},
		{Name: "ZO365_SANDBOX_ACTIONS_TOKEN", Value: w.actionsToken},
		{Name: "ZO365_SANDBOX_PIPELINES_URL", Value: origin + "/idp/pipelines"},
		{Name: "ZO365_SANDBOX_PIPELINES_TOKEN", Value: w.pipelinesToken},
		{Name: "ZO365_SANDBOX_MSI_URL", Value: origin + "/msi/token"},
		{Name: "ZO365_SANDBOX_MSI_HEADER", Value: w.msiHeader},
	}
}

// serveWorkload answers the places that hand out tokens to programs, and says
// whether the path was one of theirs.
func (e *Service) serveWorkload(rec *world.Recorder, r *http.Request) bool {
	w, header := e.Workload, r.Header
	refused := func() { rec.JSON(http.StatusUnauthorized, map[string]any{"message": "unauthorized"}) }
	switch r.Method + " " + r.URL.Path {
	case "GET /idp/actions":
		// https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect
		if header.Get("Authorization") != "Bearer "+w.actionsToken {
			refused()
			break
		}
		token := e.federated(federatedSubject, r.URL.Query().Get("audience"))
		rec.JSON(http.StatusOK, map[string]any{"count": len(token), "value": token})
	case "POST /idp/pipelines":
		// https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
		if header.Get("Authorization") != "Bearer "+w.pipelinesToken || r.URL.Query().Get("serviceConnectionId") == "" {
			refused()
			break
		}
		rec.JSON(http.StatusOK, map[string]any{"oidcToken": e.federated(federatedSubject, e.Server.Cloud.Audience)})
	case "GET /msi/token":
		// https://learn.microsoft.com/azure/app-service/overview-managed-identity
		if header.Get("X-IDENTITY-HEADER") != w.msiHeader {
			refused()
			break
		}
		e.managed(rec, r)
	case "GET /metadata/identity/oauth2/token":
		// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
		if header.Get("Metadata") != "true" {
			rec.JSON(
				http.StatusBadRequest,
				map[string]any{"error": "invalid_request", "error_description": "Required metadata header not specified"},
			)
			break
		}
		e.managed(rec, r)
	default:
		return false
	}
	return true
}

// federated is a token of the other identity provider.
func (e *Service) federated(subject, audience string) string {
	now := e.Server.World.Now()
	return e.sign(
		map[string]any{
			"iss": e.Server.Origin + "/idp",
			"sub": subject,
			"aud": audience,
			"iat": now.Unix(),
			"nbf": now.Unix(),
			"exp": now.Add(10 * time.Minute).Unix(),
			"jti": e.Server.World.GUID(),
		},
	)
}

// managed answers both kinds of managed identity; numbers are texts.
func (e *Service) managed(rec *world.Recorder, r *http.Request) {
	if r.URL.Query().Get("resource") == "" || strings.HasSuffix(r.URL.Query().Get("resource"), "/.default") {
		rec.JSON(
			http.StatusBadRequest,
			map[string]any{
				"error":             "invalid_resource",
				"error_description": "AADSTS500011: The resource principal was not found.",
			},
		)
		return
	}
	expires := e.Server.World.Now().Add(accessLifetime)
	rec.JSON(http.StatusOK, map[string]any{
		"access_token": e.appToken(), "expires_on": strconv.FormatInt(expires.Unix(), 10), "expires_in": "3599",
		"resource": r.URL.Query().Get("resource"), "token_type": "Bearer", "client_id": world.OwnAppID,
	})
}

// assertion checks a client assertion and answers the refusal.
//
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
func (e *Service) assertion(rec *world.Recorder, r *http.Request) bool {
	text := r.PostForm.Get("client_assertion")
	if r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		e.refuse(
			rec,
			http.StatusBadRequest,
			"invalid_request",
			900144,
			"The request body must contain the following parameter: 'client_assertion_type'.",
		)
		return false
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.PS256, jose.RS256})
	if err != nil {
		e.refuse(rec, http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed.")
		return false
	}
	var claims jwt.Claims
	thumbprint := sha256.Sum256(e.Workload.Certificate.Raw)
	stamped, _ := token.Headers[0].ExtraHeaders["x5t#S256"].(string)
	byCertificate := stamped != ""
	switch {
	case byCertificate && strings.TrimRight(
		strings.NewReplacer("+", "-", "/", "_").Replace(stamped),
		"=",
	) != base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		byCertificate && token.Claims(e.Workload.Certificate.PublicKey, &claims) != nil:
		e.refuse(
			rec,
			http.StatusUnauthorized,
			"invalid_client",
			700027,
			"The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]",
		)
		return false
	case !byCertificate && token.Claims(e.public.Keys[0].Key, &claims) != nil:
		e.refuse(rec, http.StatusUnauthorized, "invalid_client", 700027, "Client assertion failed signature validation.")
		return false
	}
	now := e.Server.World.Now()
	if claims.Expiry == nil || claims.NotBefore == nil || now.After(claims.Expiry.Time()) ||
		now.Before(claims.NotBefore.Time().Add(-5*time.Minute)) {
		e.refuse(
			rec,
			http.StatusUnauthorized,
			"invalid_client",
			700024,
			fmt.Sprintf("Client assertion is not within its valid time range. Current time: %s.", world.Stamp(now)),
		)
		return false
	}
	if byCertificate {
		if claims.Issuer != world.OwnAppID || claims.Subject != world.OwnAppID || !e.isTokenURL(claims.Audience) {
			e.refuse(
				rec,
				http.StatusUnauthorized,
				"invalid_client",
				700023,
				"Client assertion audience claim does not match Realm issuer, or its issuer and subject are not the client.",
			)
			return false
		}
		return true
	}
	// Each part that does not match has a number of its own; reported:
	// https://github.com/Azure/login/issues/482
	// https://github.com/Azure/azure-workload-identity/issues/1200
	if number, part := e.unmatched(claims); number != 0 {
		e.refuse(
			rec,
			http.StatusUnauthorized,
			"invalid_client",
			number,
			fmt.Sprintf(
				"No matching federated identity record found for presented assertion %s. Assertion Issuer: '%s'. Assertion Subject: '%s'. Assertion Audience: '%s'.",
				part,
				claims.Issuer,
				claims.Subject,
				strings.Join(claims.Audience, " "),
			),
		)
		return false
	}
	return true
}

// isTokenURL says whether an audience is this tenant's token endpoint, under any
// of the tenant's names.
func (e *Service) isTokenURL(audience jwt.Audience) bool {
	for _, a := range audience {
		path, ok := strings.CutPrefix(a, e.Server.Origin+"/")
		tenant, rest, _ := strings.Cut(path, "/")
		if ok && rest == "oauth2/v2.0/token" && e.Server.World.IsTenant(tenant) {
			return true
		}
	}
	return false
}

// unmatched says what of a token of another identity provider is not as the application
// trusts it.
func (e *Service) unmatched(c jwt.Claims) (number int, part string) {
	switch {
	case c.Issuer != e.Server.Origin+"/idp":
		return 700211, "issuer"
	case !c.Audience.Contains(e.Server.Cloud.Audience):
		return 700212, "audience"
	case c.Subject == federatedSubject:
		return 0, ""
	case strings.EqualFold(c.Subject, federatedSubject):
		return 7002138, "subject in another letter case"
	}
	return 700213, "subject"
}
