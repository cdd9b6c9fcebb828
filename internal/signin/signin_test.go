package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/tenant"
)

// server answers token requests without a network, so that time is virtual.
type server func(form url.Values, path string) (status int, body any)

func (s server) RoundTrip(req *http.Request) (*http.Response, error) {
	text, _ := io.ReadAll(req.Body)
	form, _ := url.ParseQuery(string(text))
	status, body := s(form, req.URL.Path)
	encoded, err := json.Marshal(body)
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(string(encoded))),
		Request:    req,
	}, err
}

type object = map[string]any

func entraOf(s server) Entra {
	return Entra{
		Login:    "https://login.microsoftonline.com",
		Tenant:   "contoso.com",
		ClientID: "client",
		HTTP:     &http.Client{Transport: s},
	}
}

// TestDevice checks the polling in virtual time: the interval, slow_down, the
// end of the code's life, and the errors.
func TestDevice(t *testing.T) {
	pending := object{"error": "authorization_pending", "error_codes": []int{70016}}
	slow := object{"error": "slow_down"}
	tokens := object{
		"access_token":  "access",
		"refresh_token": "refresh",
		"token_type":    "Bearer",
		"expires_in":    3599,
		"scope":         "User.Read openid",
	}
	tests := map[string]struct {
		interval any
		answers  []object
		took     time.Duration
		polls    []time.Duration
		err      string
	}{
		"the interval of the server is kept": {
			5,
			[]object{pending, pending, tokens},
			15 * time.Second,
			[]time.Duration{5, 10, 15},
			"",
		},
		"without an interval it is five seconds": {
			nil,
			[]object{pending, tokens},
			10 * time.Second,
			[]time.Duration{5, 10},
			"",
		},
		"slow_down adds five seconds for good": {
			5,
			[]object{pending, slow, pending, tokens},
			30 * time.Second,
			[]time.Duration{5, 10, 20, 30},
			"",
		},
		"a declined sign-in ends it": {
			5,
			[]object{{"error": "authorization_declined"}},
			5 * time.Second,
			[]time.Duration{5},
			"authorization_declined",
		},
		"a blocked flow ends it": {
			5,
			[]object{
				{
					"error":             "invalid_grant",
					"error_codes":       []int{53003},
					"error_description": "AADSTS53003: Blocked.\r\nTrace ID: x",
				},
			},
			5 * time.Second,
			[]time.Duration{5},
			"invalid_grant: AADSTS53003: Blocked.",
		},
		"the code's life is the limit of the wait": {
			5,
			nil,
			20 * time.Second,
			[]time.Duration{5, 10, 15, 20},
			ErrCodeExpired.Error(),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var polls []time.Duration
				e := entraOf(func(form url.Values, path string) (int, any) {
					if strings.HasSuffix(path, "/devicecode") {
						code := object{
							"device_code":      "d",
							"user_code":        "USER",
							"verification_uri": "https://microsoft.com/devicelogin",
							"expires_in":       23,
						}
						if test.interval != nil {
							code["interval"] = test.interval
						}
						if test.answers != nil {
							code["expires_in"] = 900
						}
						return 200, code
					}
					if form.Get("device_code") != "d" || form.Get("client_id") != "client" {
						t.Errorf("asked with %v", form)
					}
					polls = append(polls, time.Since(start)/time.Second)
					if test.answers == nil {
						return 400, pending
					}
					next := test.answers[len(polls)-1]
					if next["error"] != nil {
						return 400, next
					}
					return 200, next
				})
				var shown DeviceCode
				a, err := e.Device(t.Context(), []string{"User.Read"}, func(c DeviceCode) { shown = c })
				if shown.UserCode != "USER" || shown.Address != "https://microsoft.com/devicelogin" {
					t.Errorf("shown %+v", shown)
				}
				if test.err != "" {
					if err == nil || err.Error() != test.err {
						t.Errorf("error %v, want %s", err, test.err)
					}
				} else if err != nil || a.Token.Reveal() != "access" || a.Refresh.Reveal() != "refresh" {
					t.Errorf("access %+v, %v", a, err)
				}
				if fmt.Sprint(polls) != fmt.Sprint(test.polls) {
					t.Errorf("polled at %v, want %v", polls, test.polls)
				}
			})
		})
	}
}

func TestCancelEndsThePolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := entraOf(func(_ url.Values, path string) (int, any) {
			if strings.HasSuffix(path, "/devicecode") {
				return 200, object{
					"device_code":      "d",
					"user_code":        "U",
					"verification_uri": "https://x",
					"expires_in":       900,
					"interval":         5,
				}
			}
			return 400, object{"error": "authorization_pending"}
		})
		time.AfterFunc(7*time.Second, cancel)
		if _, err := e.Device(ctx, nil, func(DeviceCode) {}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrorsOfTheTokenEndpoint(t *testing.T) {
	tests := map[string]struct {
		body          any
		explanation   string
		message, next string
	}{
		"Entra's form": {
			object{
				"error":             "invalid_client",
				"error_description": "AADSTS7000222: The provided client secret keys are expired. Trace ID: t Correlation ID: c Timestamp: x",
				"error_codes":       []int{7000222},
				"trace_id":          "t",
				"correlation_id":    "c",
				"timestamp":         "2026-11-24 10:00:00Z",
			},
			"the client secret expired",
			"invalid_client: AADSTS7000222: The provided client secret keys are expired.",
			"correlation ID c, trace ID t, 2026-11-24 10:00:00Z",
		},
		"a number in the description only": {
			object{"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired."},
			"the saved sign-in expired because it was not used",
			"invalid_grant: AADSTS700082: The refresh token has expired.",
			"",
		},
		"an unknown number": {
			object{"error": "interaction_required", "error_codes": []int{1}},
			"",
			"interaction_required",
			"",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := entraOf(func(url.Values, string) (int, any) { return 400, test.body })
			_, err := e.Refresh(t.Context(), secret.New("r"), nil)
			var entra *EntraError
			if !errors.As(err, &entra) || entra.Error() != test.message || entra.Support() != test.next {
				t.Fatalf("got %v, support %q", err, entra.Support())
			}
			if x, ok := entra.Explanation(); ok != (test.explanation != "") || x.Meaning != test.explanation {
				t.Errorf("explained as %q", x.Meaning)
			}
		})
	}
	e := Entra{
		Login:  "https://l",
		Tenant: "t",
		HTTP:   &http.Client{Transport: server(func(url.Values, string) (int, any) { return 502, "a proxy's page" })},
	}
	if _, err := e.Refresh(t.Context(), secret.New("r"), nil); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("a proxy's page: %v", err)
	}
}

func TestEveryExplanationHasANextStep(t *testing.T) {
	for number, x := range explanations {
		if x.Meaning == "" || x.Next == "" || strings.HasSuffix(x.Meaning, ".") {
			t.Errorf("%d: %+v", number, x)
		}
	}
}

func TestZoomAccount(t *testing.T) {
	z := Zoom{
		Login:     "https://zoom.us",
		AccountID: "acc",
		ClientID:  "id",
		HTTP: &http.Client{Transport: server(func(form url.Values, path string) (int, any) {
			if path != "/oauth/token" || form.Get("grant_type") != "account_credentials" || form.Get("account_id") != "acc" {
				t.Errorf("%s %v", path, form)
			}
			return 200, object{
				"access_token": "a",
				"token_type":   "bearer",
				"expires_in":   3599,
				"scope":        "user:read:user:admin group:read:list_groups:admin",
			}
		})},
	}
	a, err := z.Account(t.Context(), secret.New("s"))
	if err != nil || a.Token.Reveal() != "a" || len(a.Scopes) != 2 {
		t.Errorf("%+v, %v", a, err)
	}
	z.HTTP = &http.Client{Transport: server(func(url.Values, string) (int, any) {
		return 400, object{"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
	})}
	var refused *ZoomTokenError
	if _, err := z.Account(
		t.Context(),
		secret.New("s"),
	); !errors.As(err, &refused) ||
		refused.Reason != "Invalid client_id or client_secret" {
		t.Errorf("%v", err)
	}
}

func TestResolveHosts(t *testing.T) {
	tests := map[string]struct {
		cloud profile.Cloud
		env   map[string]string
		want  string
		err   string
	}{
		"global": {"", nil, "https://login.microsoftonline.com https://graph.microsoft.com", ""},
		"GCC High": {
			profile.GCCHigh,
			nil,
			"https://login.microsoftonline.us https://graph.microsoft.us",
			"",
		},
		"DoD has a Graph of its own": {
			profile.DoD,
			nil,
			"https://login.microsoftonline.us https://dod-graph.microsoft.us",
			"",
		},
		"China": {
			profile.China,
			nil,
			"https://login.partner.microsoftonline.cn https://microsoftgraph.chinacloudapi.cn",
			"",
		},
		"a sandbox": {
			"",
			map[string]string{
				"ZO365_MICROSOFT_LOGIN_URL": "https://localhost:1/",
				"ZO365_MICROSOFT_GRAPH_URL": "https://127.0.0.1:1",
			},
			"https://localhost:1 https://127.0.0.1:1",
			"",
		},
		"a stranger": {
			"",
			map[string]string{
				"ZO365_MICROSOFT_LOGIN_URL": "https://evil.example",
				"ZO365_MICROSOFT_GRAPH_URL": "https://127.0.0.1:1",
			},
			"",
			"only a loopback address",
		},
		"a stranger that looks near": {
			"",
			map[string]string{
				"ZO365_MICROSOFT_LOGIN_URL": "https://localhost.evil.example",
				"ZO365_MICROSOFT_GRAPH_URL": "https://127.0.0.1:1",
			},
			"",
			"only a loopback address",
		},
		"a name in the address": {
			"",
			map[string]string{
				"ZO365_MICROSOFT_LOGIN_URL": "https://localhost@evil.example",
				"ZO365_MICROSOFT_GRAPH_URL": "https://127.0.0.1:1",
			},
			"",
			"must be an origin",
		},
		"half of a service": {
			"",
			map[string]string{"ZO365_MICROSOFT_LOGIN_URL": "https://localhost:1"},
			"",
			"must be set together",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := ResolveHosts(test.cloud, "", func(k string) string { return test.env[k] })
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if got := h.Login + " " + h.Graph; err != nil || got != test.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// memory is a vault and a cache that processes share.
type memory struct {
	mu   sync.Mutex
	kept Credential
	hot  Access
}

func (m *memory) Load(context.Context) (Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept, nil
}

func (m *memory) Save(_ context.Context, c Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = c
	return nil
}

type memoryCache struct{ m *memory }

func (c memoryCache) Load() (Access, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return c.m.hot, nil
}

func (c memoryCache) Save(a Access) error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.m.hot = a
	return nil
}

// Many processes renew at once, and the service rotates the refresh token at
// every use: one renewal happens, and the newest token is kept.
func TestConcurrentRenewalsKeepTheRotatedToken(t *testing.T) {
	valid, used := "refresh-0", 0
	var serving sync.Mutex
	e := entraOf(func(form url.Values, _ string) (int, any) {
		serving.Lock()
		defer serving.Unlock()
		if form.Get("refresh_token") != valid {
			return 400, object{"error": "invalid_grant", "error_codes": []int{70000}}
		}
		used++
		valid = fmt.Sprintf("refresh-%d", used)
		return 200, object{"access_token": "access", "refresh_token": valid, "token_type": "Bearer", "expires_in": 3599}
	})
	shared := &memory{kept: Credential{Refresh: secret.New(valid), ClientID: "client"}}
	turn := make(chan struct{}, 1)
	lock := func(ctx context.Context) (func(), error) {
		select {
		case turn <- struct{}{}:
			return func() { <-turn }, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	warn := func(err error) { t.Error(err) }
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			process := &Session{
				Service: "Microsoft",
				Lock:    lock,
				Cache:   memoryCache{shared},
				Renew:   RenewUser(shared, e, nil, false, warn),
				Warn:    warn,
			}
			if a, err := process.Access(t.Context()); err != nil || a.Token.Reveal() != "access" {
				t.Errorf("%v", err)
			}
		})
	}
	wait.Wait()
	if used != 1 || shared.kept.Refresh.Reveal() != valid {
		t.Errorf("%d renewals, kept %s, valid %s", used, shared.kept.Refresh.Reveal(), valid)
	}
}

func TestARefusedRenewalSignsOut(t *testing.T) {
	asked := 0
	failing := func(err error) *Session {
		asked = 0
		return &Session{
			Service: "Microsoft",
			Lock:    func(context.Context) (func(), error) { return func() {}, nil },
			Renew: func(context.Context) (Access, error) {
				asked++
				return Access{}, err
			},
		}
	}
	for reason, c := range map[tenant.Reason]struct {
		err  error
		asks int
	}{
		tenant.SignedOut: {&EntraError{Code: "invalid_grant"}, 1}, // it would only be heard again
		tenant.Offline:   {errors.New("no route to host"), 2},
	} {
		s := failing(c.err)
		for range 2 {
			var stop *tenant.StopError
			if _, err := s.Access(t.Context()); !errors.As(err, &stop) || stop.Reason != reason {
				t.Errorf("got %v", err)
			}
		}
		if asked != c.asks {
			t.Errorf("%v: asked %d times", c.err, asked)
		}
	}
}

// The loopback listener takes one answer with our state and nothing else.
func TestTheCallbackTakesOneAnswer(t *testing.T) {
	e := entraOf(func(form url.Values, _ string) (int, any) {
		if form.Get("code") != "right" || form.Get("code_verifier") == "" ||
			!strings.HasPrefix(form.Get("redirect_uri"), "http://localhost:") {
			t.Errorf("redeemed with %v", form)
		}
		return 200, object{"access_token": "access", "token_type": "Bearer", "expires_in": 3599}
	})
	a, err := e.Browser(t.Context(), []string{"User.Read"}, func(address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
			t.Errorf("asked with %v", q)
		}
		back := strings.Replace(q.Get("redirect_uri"), "localhost", "127.0.0.1", 1)
		for _, wrong := range []string{
			"/?code=wrong&state=guess",
			"/?code=wrong",
			"/other?code=wrong&state=" + q.Get("state"),
		} {
			resp, err := http.Get(back + wrong)
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", wrong, resp.StatusCode)
			}
		}
		resp, err := http.Get(back + "/?code=right&state=" + q.Get("state"))
		if err != nil {
			return err
		}
		page, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(page), "You are signed in") {
			t.Errorf("the page says %s", page)
		}
		return nil
	})
	if err != nil || a.Token.Reveal() != "access" {
		t.Errorf("%+v, %v", a, err)
	}
}
