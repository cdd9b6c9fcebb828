package rest

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Authorities are the system's certificate authorities and those that SSL_CERT_FILE and
// SSL_CERT_DIR name, on every system: on Windows and macOS Go's own verifier reads neither.
// Nil stands for the system's alone, where no variable is set.
//
// https://pkg.go.dev/crypto/x509#SystemCertPool
func Authorities(getenv func(string) string) (*x509.CertPool, error) {
	file, dirs := getenv("SSL_CERT_FILE"), getenv("SSL_CERT_DIR")
	if file == "" && dirs == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any: what the variables name is all there is
	}
	if file != "" {
		if err := trustFile(pool, file); err != nil {
			return nil, err
		}
	}
	for _, dir := range filepath.SplitList(dirs) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, &AuthorityError{Variable: "SSL_CERT_DIR", File: dir, Why: "cannot be read: " + reason(err)}
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err == nil { // folders and broken links are not certificates
				pool.AppendCertsFromPEM(text)
			}
		}
	}
	return pool, nil
}

// AuthorityError says what is wrong with a file of certificate authorities.
type AuthorityError struct{ Variable, File, Why string }

func (e *AuthorityError) Error() string {
	return fmt.Sprintf("%s names %s, which %s", e.Variable, e.File, e.Why)
}

// Never is a transport that sends nothing, for a reason.
func Never(reason error) http.RoundTripper {
	return roundTripper(func(*http.Request) (*http.Response, error) { return nil, reason })
}

func trustFile(pool *x509.CertPool, file string) error {
	wrong := func(why string) error { return &AuthorityError{Variable: "SSL_CERT_FILE", File: file, Why: why} }
	text, err := os.ReadFile(file)
	if err != nil && strings.ContainsAny(file[:1]+file[len(file)-1:], `"'`) {
		return wrong("has quotes around its name; set it without them")
	}
	if err != nil {
		return wrong("cannot be read: " + reason(err))
	}
	if pool.AppendCertsFromPEM(text) {
		return nil
	}
	if len(text) == 0 {
		return wrong("is empty")
	}
	if _, err := x509.ParseCertificate(text); err == nil {
		return wrong("is a certificate in DER form, and PEM is read: openssl x509 -inform der -in FILE -out FILE.pem")
	}
	if block, _ := pem.Decode(text); block != nil {
		return wrong("holds a " + block.Type + " and no certificate that can be read")
	}
	return wrong("is no certificate in PEM form")
}

// reason is an error of a file without its name, which the message has already.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
