package judges

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func postForm(t *testing.T, address string, form url.Values) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return answer(t, req)
}

// answer sends a request that must succeed and reads its JSON.
func answer(t *testing.T, req *http.Request) map[string]any {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v %v", req.URL.Path, resp.StatusCode, body, err)
	}
	return body
}

// TestOAuth4WebAPI: the strictest OAuth client we know signs in to the sandbox
// with a device code, a code and PKCE, a refresh token and a client secret.
func TestOAuth4WebAPI(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "node", "node/oauth4webapi.mjs").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("oauth4webapi: 4 flows passed")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestOIDCProvider is the reverse: our own device flow against a certified
// server that nobody here wrote. It sends no interval and knows slow_down.
func TestOIDCProvider(t *testing.T) {
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c",
		unlocked+"exec node node/oidc-provider.mjs")
	cmd.Env = append(
		os.Environ(),
		"HOME="+home,
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"),
		"XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		"XDG_DATA_HOME="+filepath.Join(home, "data"),
		"ZO365_CREDENTIAL_STORE=keyring",
	)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "oidc-provider: signed in and renewed") {
		t.Fatalf("%v\n%s", err, out)
	}
}
