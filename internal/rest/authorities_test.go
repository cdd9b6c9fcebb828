package rest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What SSL_CERT_FILE and SSL_CERT_DIR name is trusted beside the system's authorities; what
// is wrong with it is named.
func TestAuthorities(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "an authority"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	one, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write("dir/ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write("dir/readme", []byte("no certificate"))
	for name, test := range map[string]struct {
		file, dirs string
		// wrong is in the error; empty is a pool that trusts the authority.
		wrong string
	}{
		"a file":        {good, "", ""},
		"a folder":      {"", filepath.Join(dir, "dir"), ""},
		"a missing one": {filepath.Join(dir, "none.pem"), "", "which cannot be read: no such file"},
		"an empty one":  {write("empty.pem", nil), "", "which is empty"},
		"DER":           {write("ca.der", der), "", "which is a certificate in DER form"},
		"words":         {write("words", []byte("hello")), "", "which is no certificate in PEM form"},
		"a key": {
			write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), "",
			"holds a PRIVATE KEY and no certificate",
		},
		"a missing folder": {"", filepath.Join(dir, "nowhere"), "SSL_CERT_DIR names"},
	} {
		pool, err := Authorities(func(variable string) string {
			return map[string]string{"SSL_CERT_FILE": test.file, "SSL_CERT_DIR": test.dirs}[variable]
		})
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%s: %v, want %q", name, err, test.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := one.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s: the authority is not trusted: %v", name, err)
		}
	}
	if pool, err := Authorities(func(string) string { return "" }); pool != nil || err != nil {
		t.Errorf("without a variable: %v, %v", pool, err)
	}
}
