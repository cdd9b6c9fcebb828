package judges

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const publicClient = "zo365-public"

// provider is zitadel's authorization server over its example storage, with one
// public client as Entra has them: both flows, no secret, any Graph scope.
type provider struct{ *storage.Storage }

type anyScope struct{ op.Client }

func (anyScope) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodNone }
func (anyScope) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}
}
func (anyScope) IsScopeAllowed(string) bool { return true }

func (p provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := p.Storage.GetClientByClientID(ctx, id)
	return anyScope{c}, err
}

// zitadel serves under Entra's paths; the server keeps its own behind them.
func zitadel(t *testing.T) (origin string, p provider) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for ours, theirs := range map[string]string{"devicecode": "/device_authorization", "token": "/oauth/token", "authorize": "/auth"} {
			if r.URL.Path == "/contoso.com/oauth2/v2.0/"+ours {
				r.URL.Path = theirs
			}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	origin = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	client := storage.NativeClient(publicClient, "http://localhost")
	p = provider{
		storage.NewStorageWithClients(storage.NewUserStore(origin), map[string]*storage.Client{publicClient: client}),
	}
	handler = exampleop.SetupServer(origin, p, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	return origin, p
}

// signIn runs zo365 login against a server with a keyring of its own, and hands
// every line of its talk to onTalk.
func signIn(t *testing.T, origin string, onTalk func(text string), args ...string) string {
	t.Helper()
	home := t.TempDir()
	script := unlocked + `exec "$ZO365_BIN" login microsoft --for verify-domain -o json "$@"`
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dbus-run-session", append([]string{"--", "sh", "-c", script, "login"}, args...)...)
	cmd.Env = append(
		os.Environ(),
		"HOME="+home,
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"),
		"XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		"XDG_DATA_HOME="+filepath.Join(home, "data"),
		"ZO365_CREDENTIAL_STORE=keyring",
		"ZO365_MICROSOFT_LOGIN_URL="+origin,
		"ZO365_MICROSOFT_GRAPH_URL="+origin,
		"ZO365_MICROSOFT_TENANT=contoso.com",
		"ZO365_MICROSOFT_CLIENT_ID="+publicClient,
		"BROWSER=true",
	)
	var out bytes.Buffer
	talk := &listener{on: onTalk}
	cmd.Stdout, cmd.Stderr = &out, talk
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, talk.text.String())
	}
	return out.String()
}

type listener struct {
	mu   sync.Mutex
	text bytes.Buffer
	on   func(string)
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	l.on(l.text.String())
	return len(p), nil
}

var userCode = regexp.MustCompile(`enter the code (\S+)\n`)

func TestZitadelDeviceCode(t *testing.T) {
	origin, p := zitadel(t)
	var once sync.Once
	out := signIn(t, origin, func(text string) {
		m := userCode.FindStringSubmatch(text)
		if m == nil {
			return
		}
		once.Do(func() {
			time.AfterFunc(6*time.Second, func() { // after the first poll
				if err := p.CompleteDeviceAuthorization(context.Background(), m[1], "id1"); err != nil {
					t.Error(err)
				}
			})
		})
	})
	if !strings.Contains(out, `"flow": "device code"`) || !strings.Contains(out, `"store": "keyring"`) {
		t.Errorf("got %s", out)
	}
}

var signInAddress = regexp.MustCompile(`(http://localhost:\d+/contoso\.com/oauth2/v2\.0/authorize\?\S+)\n`)

func TestZitadelAuthorizationCode(t *testing.T) {
	origin, _ := zitadel(t)
	var once sync.Once
	out := signIn(t, origin, func(text string) {
		m := signInAddress.FindStringSubmatch(text)
		if m == nil {
			return
		}
		once.Do(func() {
			go func() {
				if err := login(origin, m[1]); err != nil {
					t.Error(err)
				}
			}()
		})
	}, "--browser")
	if !strings.Contains(out, `"flow": "browser"`) || !strings.Contains(out, `"store": "keyring"`) {
		t.Errorf("got %s", out)
	}
}

// login fills in the server's login form as a person would, and follows it back
// to zo365's listener.
func login(origin, address string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.Get(address)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s at %s", resp.Status, resp.Request.URL.Path)
	}
	form := url.Values{
		"id":       {resp.Request.URL.Query().Get("authRequestID")},
		"username": {"test-user@localhost"},
		"password": {"verysecure"},
	}
	resp, err = browser.PostForm(origin+"/login/username", form)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s at %s", resp.Status, resp.Request.URL.Path)
	}
	return resp.Body.Close()
}
