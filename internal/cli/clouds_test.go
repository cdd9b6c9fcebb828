package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/sandbox"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// TestTheRealNamesOfEveryCloud runs commands against the default addresses of each cloud,
// which this test's dialer leads to a sandbox that bears their names: each service answers
// under its own name only, with the audience and the reports that its cloud has.
func TestTheRealNamesOfEveryCloud(t *testing.T) {
	for _, test := range []struct {
		microsoft, zoom string
		hosts           []string
		// lastUse is what doctor makes of a report that exists in the global cloud only.
		lastUse string
	}{
		{"global", "global", []string{"login.microsoftonline.com", "graph.microsoft.com", "zoom.us", "api.zoom.us"}, "ok"},
		{
			"gcc-high", "gov",
			[]string{"login.microsoftonline.us", "graph.microsoft.us", "zoomgov.com", "api.zoomgov.com"},
			"skipped",
		},
		{
			"dod", "gov",
			[]string{"login.microsoftonline.us", "dod-graph.microsoft.us", "zoomgov.com", "api.zoomgov.com"},
			"skipped",
		},
		{
			"china", "global",
			[]string{"login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "zoom.us", "api.zoom.us"},
			"skipped",
		},
	} {
		t.Run(test.microsoft, func(t *testing.T) {
			scenario, err := world.LoadScenario("consented")
			if err != nil {
				t.Fatal(err)
			}
			var traffic bytes.Buffer
			server, err := sandbox.Start(t.Context(), sandbox.Options{
				Listen:         "127.0.0.1:0",
				Seed:           1,
				Scenario:       scenario,
				Traffic:        &traffic,
				MicrosoftCloud: test.microsoft,
				ZoomCloud:      test.zoom,
				RealHosts:      true,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close(context.WithoutCancel(t.Context())) })
			led := leadTo(t, server.Origin, test.hosts)
			vars := variables(t, server)
			run := func(want int, args ...string) string {
				t.Helper()
				out, code := runWith(t, vars, args...)
				if code != want {
					t.Errorf("%v: exit code %d, want %d: %s", args, code, want, out)
				}
				return out
			}
			t.Chdir(t.TempDir())
			run(0, "init", "--yes")
			text, err := os.ReadFile("zo365.yaml")
			if err != nil {
				t.Fatal(err)
			}
			file := strings.Replace(string(text), "\nmicrosoft:\n", "\nmicrosoft:\n  cloud: "+test.microsoft+"\n", 1)
			file = strings.Replace(file, "\nzoom:\n", "\nzoom:\n  cloud: "+test.zoom+"\n", 1)
			if err := os.WriteFile("zo365.yaml", []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			run(0, "integration", "enable", "--yes")
			run(0, "verify-domain")
			if out := run(0, "doctor", "--check", "last-use", "-o", "json"); severity(t, out) != test.lastUse {
				t.Errorf("last-use: %s", out)
			}
			run(0, "doctor", "--check", "consent-present", "--fail-on", "unknown")
			run(0, "upn", "report", "-o", "csv")
			run(0, "doctor", "--check", "zoom-plan,group-missing", "--fail-on", "unknown")
			// A federated credential is trusted for the audience of this cloud.
			vars["ACTIONS_ID_TOKEN_REQUEST_URL"] = vars["ZO365_SANDBOX_ACTIONS_URL"]
			vars["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = vars["ZO365_SANDBOX_ACTIONS_TOKEN"]
			vars["ZO365_MICROSOFT_CLIENT_SECRET"] = ""
			run(0, "verify-domain", "--auth", "federated")
			if met := led(); !slices.Equal(met, sortedCopy(test.hosts)) {
				t.Errorf("%v were asked, want %v", met, test.hosts)
			}
			if bytes.Contains(traffic.Bytes(), []byte("v1.0")) && bytes.Contains(traffic.Bytes(), []byte(`"st":421`)) {
				t.Error("a service was asked under another's name")
			}
		})
	}
}

func sortedCopy(all []string) []string { return slices.Sorted(slices.Values(all)) }

func severity(t *testing.T, report string) string {
	t.Helper()
	var r struct {
		Findings []struct {
			Severity string `json:"severity"`
		} `json:"findings"`
	}
	if err := json.Unmarshal([]byte(report), &r); err != nil || len(r.Findings) == 0 {
		t.Fatalf("%v: %s", err, report)
	}
	return r.Findings[0].Severity
}

// leadTo makes this process find some hosts at a sandbox, and says which of them were
// asked. Nobody else is led anywhere, and no proxy sees it.
func leadTo(t *testing.T, origin string, hosts []string) (met func() []string) {
	t.Helper()
	to, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport)
	dial, proxy := transport.DialContext, transport.Proxy
	t.Cleanup(func() { transport.DialContext, transport.Proxy = dial, proxy })
	seen := map[string]bool{}
	mu := make(chan struct{}, 1)
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err == nil && port == "443" && slices.Contains(hosts, host) {
			mu <- struct{}{}
			seen[host] = true
			<-mu
			address = "127.0.0.1:" + to.Port()
		}
		return dial(ctx, network, address)
	}
	return func() []string {
		mu <- struct{}{}
		defer func() { <-mu }()
		var all []string
		for host := range seen {
			all = append(all, host)
		}
		return sortedCopy(all)
	}
}

func variables(t *testing.T, server *sandbox.Server) map[string]string {
	t.Helper()
	all, err := server.Env()
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"ZO365_CREDENTIAL_STORE": "env",
		"HOME":                   t.TempDir(),
		"XDG_CACHE_HOME":         t.TempDir(),
		"XDG_CONFIG_HOME":        t.TempDir(),
	}
	for _, v := range all {
		vars[v.Name] = v.Value
	}
	return vars
}

// runWith runs one command line in this process.
func runWith(t *testing.T, vars map[string]string, args ...string) (out string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &Env{
		In:     strings.NewReader(""),
		Out:    &stdout,
		Err:    &stderr,
		Getenv: func(name string) string { return vars[name] },
		Open:   func(context.Context, string) error { return nil },
	}
	code = report(env, execute(t.Context(), env, args))
	if code != 0 {
		return stdout.String() + stderr.String(), code
	}
	return stdout.String(), code
}
