package judges

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrism puts Stoplight's Prism between zo365 and the sandbox: it holds every request and
// every answer against Zoom's own description, and answers with an error where one breaks it.
// What zo365 prints is the same with it and without.
func TestPrism(t *testing.T) {
	origin := lab["ZO365_ZOOM_API_URL"]
	prism := startPrism(t, origin+"/v2")
	between := httptest.NewServer(prismFor(t, prism, origin))
	defer between.Close()
	file := filepath.Join(t.TempDir(), "zo365.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	through := append(os.Environ(), "ZO365_CREDENTIAL_STORE=env", "ZO365_CONFIG="+file, "HOME="+t.TempDir())
	for _, args := range [][]string{
		{"group", "list", "-o", "json"},
		{"upn", "check", "adele.vance@contoso.com", "nobody@contoso.com", "-o", "json"},
		{"upn", "report", "-o", "csv"},
	} {
		want, wantErr := zo365In(t, through, args...)
		got, gotErr := zo365In(t, append(through, "ZO365_ZOOM_API_URL="+between.URL), args...)
		if got != want || len(want) == 0 {
			t.Errorf("%v through Prism:\n%s%s\nwithout:\n%s%s", args, got, gotErr, want, wantErr)
		}
	}
	token := zoomToken(t)
	call := func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, between.URL+"/v2"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	status, made := call(http.MethodPost, "/groups", `{"name":"Made through Prism"}`)
	var group struct {
		ID string `json:"id"`
	}
	if status != http.StatusCreated || json.Unmarshal([]byte(made), &group) != nil || group.ID == "" {
		t.Fatalf("making a group: %d %s", status, made)
	}
	if status, text := call(http.MethodDelete, "/groups/"+group.ID, ""); status != http.StatusNoContent {
		t.Errorf("deleting it: %d %s", status, text)
	}
	// Prism has teeth: a request that breaks the description does not pass.
	if status, text := call(
		http.MethodGet,
		"/users?page_size=many",
		"",
	); status < 400 ||
		!strings.Contains(text, "stoplight") {
		t.Errorf("a wrong request passed: %d %s", status, text)
	}
}

func zo365In(t *testing.T, environment []string, args ...string) (stdout, stderr string) {
	t.Helper()
	run := exec.CommandContext(t.Context(), binary, args...)
	run.Dir, run.Env = t.TempDir(), environment
	var out, errors bytes.Buffer
	run.Stdout, run.Stderr = &out, &errors
	_ = run.Run() // its output is compared
	return out.String(), errors.String()
}

// prismFor sends what Zoom's description has through Prism, and the rest to the sandbox.
func prismFor(t *testing.T, prism, origin string) http.Handler {
	t.Helper()
	to := func(address string, strip bool) *httputil.ReverseProxy {
		target, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			if strip {
				r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/v2")
				r.Out.URL.RawPath = strings.TrimPrefix(r.In.URL.RawPath, "/v2")
			}
		}}
	}
	through, around := to(prism, true), to(origin, false)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/users") || strings.HasPrefix(r.URL.Path, "/v2/groups") {
			through.ServeHTTP(w, r)
			return
		}
		around.ServeHTTP(w, r)
	})
}

func startPrism(t *testing.T, upstream string) string {
	t.Helper()
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "node_modules/.bin/prism", "proxy", "--errors", "--verboseLevel", "silent",
		"--host", "127.0.0.1", "--port", fmt.Sprint(port),
		filepath.Join(contracts, "zoom-user-api.openapi.json"), upstream)
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address
		}
	}
	t.Fatalf("Prism does not listen: %s", said.String())
	return ""
}

func zoomToken(t *testing.T) string {
	t.Helper()
	form := url.Values{"grant_type": {"account_credentials"}, "account_id": {lab["ZO365_ZOOM_ACCOUNT_ID"]}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, lab["ZO365_ZOOM_LOGIN_URL"]+"/oauth/token",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(lab["ZO365_ZOOM_CLIENT_ID"], lab["ZO365_ZOOM_CLIENT_SECRET"])
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || body.Token == "" {
		t.Fatalf("%v", err)
	}
	return body.Token
}
