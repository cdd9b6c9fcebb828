package connect

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/rest"
)

// TestAManagedIdentityNeverGoesThroughAProxy: its endpoint is this machine's own, and what
// it answers is a secret; everything else goes where the environment says.
func TestAManagedIdentityNeverGoesThroughAProxy(t *testing.T) {
	transport := http.DefaultTransport.(*http.Transport)
	before := transport.Proxy
	defer func() { transport.Proxy = before }()
	proxied := 0
	errProxy := errors.New("through the proxy")
	transport.Proxy = func(*http.Request) (*url.URL, error) { proxied++; return nil, errProxy }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"access_token":"t","expires_on":"4102444800"}`)
	}))
	defer server.Close()
	d, err := New(Options{
		Getenv: func(name string) string {
			return map[string]string{
				"MSI_ENDPOINT":              server.URL,
				"ZO365_MICROSOFT_TENANT":    "contoso.com",
				"ZO365_MICROSOFT_CLIENT_ID": "app",
			}[name]
		},
		Auth:           string(ByManaged),
		RequestTimeout: 5 * time.Second,
		Patience:       &rest.Patience{Max: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.MicrosoftCredential(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a, err := f.renew(t.Context()); err != nil || a.Token.Reveal() != "t" || proxied != 0 {
		t.Errorf("%+v, %v, %d requests through the proxy", a, err, proxied)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.tokenClient().Do(req); !errors.Is(err, errProxy) || proxied == 0 {
		t.Errorf("what is no managed identity went around the proxy: %v", err)
	}
}
