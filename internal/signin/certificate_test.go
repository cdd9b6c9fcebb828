package signin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/zo365/zo365/internal/secret"
)

func selfSigned(t *testing.T, public, private any) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestCertificates(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := rsa.GenerateKey(rand.Reader, 2048)
	curve, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	certificate, elliptical := selfSigned(t, key.Public(), key), selfSigned(t, curve.Public(), curve)
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	ecKey, _ := x509.MarshalPKCS8PrivateKey(curve)
	pfx, err := pkcs12.Modern.Encode(key, certificate, nil, "hush")
	if err != nil {
		t.Fatal(err)
	}
	cert := block("CERTIFICATE", certificate.Raw)
	tests := map[string]struct {
		data, password, err string
	}{
		"PEM, the key first":   {block("PRIVATE KEY", pkcs8) + cert, "", ""},
		"PEM, an old key form": {cert + block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), "", ""},
		"PEM with a chain":     {cert + cert + block("PRIVATE KEY", pkcs8), "", ""},
		"PFX":                  {string(pfx), "hush", ""},
		"PFX, wrong password":  {string(pfx), "wrong", "neither PEM nor a PFX file that this password opens"},
		"no key":               {cert, "", "no RSA private key"},
		"no certificate":       {block("PRIVATE KEY", pkcs8), "", "no certificate"},
		"the key of another": {
			cert + block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(other)),
			"",
			"not that of the certificate",
		},
		"a key that Entra does not take": {
			block("CERTIFICATE", elliptical.Raw) + block("PRIVATE KEY", ecKey),
			"",
			"no RSA private key",
		},
		"an encrypted key": {cert + block("ENCRYPTED PRIVATE KEY", pkcs8), "", "use a PFX file"},
		"garbage":          {"garbage", "", "neither PEM nor"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCertificate([]byte(test.data), secret.New(test.password))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("got %v", err)
			}
		})
	}

	// The assertion is what Entra's page asks for, verified by the public key.
	c, err := ParseCertificate([]byte(cert+block("PRIVATE KEY", pkcs8)), secret.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	e := entraOf(func(form url.Values, _ string) (int, any) {
		if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" ||
			form.Get("client_secret") != "" ||
			form.Get("scope") != "https://graph.microsoft.com/.default" {
			t.Errorf("asked with %v", form)
		}
		token, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.PS256})
		if err != nil {
			t.Fatal(err)
		}
		var claims jwt.Claims
		if err := token.Claims(key.Public(), &claims); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(certificate.Raw)
		if token.Headers[0].ExtraHeaders["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) ||
			token.Headers[0].ExtraHeaders["typ"] != "JWT" {
			t.Errorf("headers %+v", token.Headers[0])
		}
		life := claims.Expiry.Time().Sub(claims.NotBefore.Time())
		if claims.Issuer != "client" || claims.Subject != "client" || claims.ID == "" ||
			!claims.Audience.Contains("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token") ||
			life != assertionLife {
			t.Errorf("claims %+v, life %s", claims, life)
		}
		return 200, object{"access_token": "access", "token_type": "Bearer", "expires_in": 3599}
	})
	if a, err := e.AppCertificate(
		t.Context(),
		c,
		"https://graph.microsoft.com",
	); err != nil ||
		a.Token.Reveal() != "access" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestWhatANewSignInMends(t *testing.T) {
	for name, test := range map[string]struct {
		err    EntraError
		person bool
		device bool
	}{
		"consent":                     {EntraError{Code: "invalid_grant", AADSTS: []int{65001}}, true, false},
		"interaction":                 {EntraError{Code: "interaction_required"}, true, false},
		"a blocked device code":       {EntraError{Code: "invalid_grant", AADSTS: []int{53003}}, true, true},
		"a disabled account":          {EntraError{Code: "invalid_grant", AADSTS: []int{50057}}, false, false},
		"a wrong secret":              {EntraError{Code: "invalid_client", AADSTS: []int{7000215}}, false, false},
		"an unknown number by itself": {EntraError{Code: "invalid_grant", AADSTS: []int{1}}, false, false},
	} {
		if test.err.NeedsPerson() != test.person || test.err.BlocksDeviceCode() != test.device {
			t.Errorf("%s: %v, %v", name, test.err.NeedsPerson(), test.err.BlocksDeviceCode())
		}
	}
}
