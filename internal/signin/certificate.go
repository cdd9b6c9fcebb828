package signin

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Entra names certificates by it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/zo365/zo365/internal/secret"
)

// Certificate is what an application signs its assertions with.
type Certificate struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

// Thumbprint is the SHA-1 by which Entra names a certificate, in hexadecimal.
func (c Certificate) Thumbprint() string {
	sum := sha1.Sum(c.certificate.Raw) //nolint:gosec // Entra's own way of naming certificates
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ParseCertificate reads a PEM file with a certificate and its RSA key, or a PFX
// (PKCS #12) file; password opens the latter and may be empty.
func ParseCertificate(data []byte, password secret.Secret) (Certificate, error) {
	if block, _ := pem.Decode(data); block != nil {
		return parsePEM(data)
	}
	key, certificate, _, err := pkcs12.DecodeChain(data, password.Reveal())
	if err != nil {
		return Certificate{}, fmt.Errorf("it is neither PEM nor a PFX file that this password opens: %w", err)
	}
	return newCertificate(key, certificate)
}

func parsePEM(data []byte) (Certificate, error) {
	var key any
	var certificate *x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "CERTIFICATE":
			if certificate == nil { // the first is the application's own
				certificate, err = x509.ParseCertificate(block.Bytes)
			}
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			err = errors.New("the private key is encrypted; use a PFX file for a key with a password")
		}
		if err != nil {
			return Certificate{}, err
		}
	}
	return newCertificate(key, certificate)
}

func newCertificate(key any, certificate *x509.Certificate) (Certificate, error) {
	rsaKey, ok := key.(*rsa.PrivateKey)
	switch {
	case certificate == nil:
		return Certificate{}, errors.New("there is no certificate in it")
	case !ok:
		return Certificate{}, errors.New("there is no RSA private key in it, which Entra needs")
	case !rsaKey.PublicKey.Equal(certificate.PublicKey):
		return Certificate{}, errors.New("the private key is not that of the certificate")
	}
	return Certificate{key: rsaKey, certificate: certificate}, nil
}

// assertionLife is within the five to ten minutes that Entra advises.
const assertionLife = 10 * time.Minute

// assertion is the signed statement that this application asks: PS256, with the
// SHA-256 thumbprint of the certificate in the header.
//
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func (c Certificate) assertion(clientID, tokenURL string) (secret.Secret, error) {
	thumbprint := sha256.Sum256(c.certificate.Raw)
	options := (&jose.SignerOptions{}).WithType(
		"JWT",
	).WithHeader(
		"x5t#S256",
		base64.RawURLEncoding.EncodeToString(thumbprint[:]),
	)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: c.key}, options)
	if err != nil {
		return secret.Secret{}, fmt.Errorf("preparing the assertion: %w", err)
	}
	now := time.Now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Audience: jwt.Audience{tokenURL},
		Issuer:   clientID,
		Subject:  clientID,
		ID:       rand.Text(),
		NotBefore: jwt.NewNumericDate(
			now,
		),
		IssuedAt: jwt.NewNumericDate(now),
		Expiry:   jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
	if err != nil {
		return secret.Secret{}, fmt.Errorf("signing the assertion: %w", err)
	}
	return secret.New(text), nil
}

// AppCertificate signs an application in with its certificate.
func (e Entra) AppCertificate(ctx context.Context, c Certificate, resource string) (Access, error) {
	assertion, err := c.assertion(e.ClientID, e.config(nil).Endpoint.TokenURL)
	if err != nil {
		return Access{}, err
	}
	return e.AppAssertion(ctx, assertion, resource)
}

// AppAssertion signs an application in with a signed assertion: its own, or a
// token of another identity provider that the application trusts.
//
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func (e Entra) AppAssertion(ctx context.Context, assertion secret.Secret, resource string) (Access, error) {
	config := clientcredentials.Config{
		ClientID:  e.ClientID,
		TokenURL:  e.config(nil).Endpoint.TokenURL,
		Scopes:    []string{resource + "/.default"},
		AuthStyle: oauth2.AuthStyleInParams,
		EndpointParams: url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion.Reveal()},
		},
	}
	token, err := config.Token(e.context(ctx))
	if err != nil {
		return Access{}, e.failed(err, ByApplication)
	}
	return access(token), nil
}
