package signin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAzureArc: the first question is refused with the name of a key file; only a small
// .key file of the agent's own folder is read and sent.
func TestAzureArc(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	elsewhere := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(elsewhere, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	around := folder + "/../" + filepath.Base(filepath.Dir(elsewhere)) + "/secret.key"
	for name, test := range map[string]struct{ realm, want string }{
		"the agent's key":        {write("one.key", "the-key"), ""},
		"with quotes":            {`"` + write("two.key", "the-key") + `"`, ""},
		"another folder":         {elsewhere, "not a .key file in"},
		"up and out of it":       {around, "not a .key file in"},
		"another kind of file":   {write("three.txt", "the-key"), "not a .key file in"},
		"too large":              {write("four.key", strings.Repeat("k", 4097)), "4097 bytes"},
		"a file that is not":     {filepath.Join(folder, "five.key"), "no such file"},
		"a challenge without it": {"-", "without naming a key"},
	} {
		t.Run(name, func(t *testing.T) {
			var sent []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent = append(sent, r.Header.Get("Authorization"))
				q := r.URL.Query()
				if r.Header.Get("Metadata") != "true" || q.Get("api-version") == "" || q.Get("resource") != "https://graph" {
					t.Errorf("%v %v", r.Header, q)
				}
				switch {
				case test.realm == "-":
					w.Header().Set("WWW-Authenticate", "Bearer")
					w.WriteHeader(http.StatusUnauthorized)
				case r.Header.Get("Authorization") != "Basic the-key":
					w.Header().Set("WWW-Authenticate", "Basic realm="+test.realm)
					w.WriteHeader(http.StatusUnauthorized)
				default:
					_, _ = io.WriteString(w, `{"access_token":"arc-token","expires_on":"4102444800"}`)
				}
			}))
			defer server.Close()
			q := identityRequest{
				method:  http.MethodGet,
				address: server.URL,
				query:   map[string][]string{"resource": {"https://graph"}, "api-version": {"2019-11-01"}},
				headers: map[string]string{"Metadata": "true"},
			}
			key, err := arcKey(t.Context(), server.Client(), q, folder)
			if test.want == "" {
				if err != nil || key != "the-key" || len(sent) != 1 || sent[0] != "" {
					t.Errorf("%q, %v, sent %q", key, err, sent)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || key != "" {
				t.Errorf("%q, %v", key, err)
			}
		})
	}
}

// TestCloudShell: a POST whose body is the form.
func TestCloudShell(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || string(body) != "resource=https%3A%2F%2Fgraph" ||
			r.Header.Get("Metadata") != "true" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %q %v", r.Method, body, r.Header)
		}
		_, _ = io.WriteString(w, `{"access_token":"shell-token","expires_on":"4102444800"}`)
	}))
	defer server.Close()
	getenv := func(name string) string { return map[string]string{"MSI_ENDPOINT": server.URL}[name] }
	a, err := ManagedIdentity(t.Context(), server.Client(), "", "https://graph", getenv)
	if err != nil || a.Token.Reveal() != "shell-token" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := ManagedIdentity(t.Context(), server.Client(), "chosen", "https://graph", getenv); err == nil ||
		!strings.Contains(err.Error(), "AZURE_CLIENT_ID") {
		t.Errorf("%v", err)
	}
}

// TestPlacesOfIdentities: the variables tell the places apart.
func TestPlacesOfIdentities(t *testing.T) {
	for name, test := range map[string]struct {
		set  string
		want identityPlace
	}{
		"App Service":    {"IDENTITY_ENDPOINT IDENTITY_HEADER", onAppService},
		"Azure Arc":      {"IDENTITY_ENDPOINT IMDS_ENDPOINT", onArc},
		"Cloud Shell":    {"MSI_ENDPOINT", onCloudShell},
		"an old service": {"MSI_ENDPOINT MSI_SECRET", onMachine},
		"a machine":      {"", onMachine},
	} {
		got := placeOf(func(v string) string {
			if strings.Contains(" "+test.set+" ", " "+v+" ") {
				return "x"
			}
			return ""
		})
		if got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
