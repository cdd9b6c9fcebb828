package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// lab is a running sandbox with a client that trusts it.
type lab struct {
	*Server
	t      *testing.T
	client *http.Client
	env    map[string]string
	log    *bytes.Buffer
}

func start(t *testing.T, scenario string, change func(*Options)) *lab {
	t.Helper()
	s, err := world.LoadScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, env: map[string]string{}, log: &bytes.Buffer{}}
	opts := Options{
		Listen:      "127.0.0.1:0",
		Seed:        1,
		Scenario:    s,
		Traffic:     l.log,
		AutoApprove: true,
	}
	if change != nil {
		change(&opts)
	}
	if l.Server, err = Start(context.Background(), opts); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(l.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	l.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	vars, err := l.Env()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		l.env[v.Name] = v.Value
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(l.dir); !os.IsNotExist(err) {
			t.Errorf("the folder is left behind: %v", err)
		}
	})
	return l
}

type reply struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

func (l *lab) do(method, path, token, body string, headers ...string) reply {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.Origin+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	if method == http.MethodPost && !strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := l.client.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.json)
	return r
}

// spki is the SHA-256 of the server's public key, as Chromium wants it.
func (l *lab) spki() string {
	l.t.Helper()
	conn, err := tls.Dial(
		"tcp",
		strings.TrimPrefix(l.Origin, "https://"),
		l.client.Transport.(*http.Transport).TLSClientConfig,
	)
	if err != nil {
		l.t.Fatal(err)
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (l *lab) tenantPath(rest string) string { return "/" + l.env["ZO365_MICROSOFT_TENANT"] + rest }

// app signs the tenant's application in.
func (l *lab) app() string {
	r := l.do("POST", l.tenantPath("/oauth2/v2.0/token"), "", url.Values{
		"grant_type": {
			"client_credentials",
		},
		"client_id":     {world.OwnAppID},
		"client_secret": {l.env["ZO365_MICROSOFT_CLIENT_SECRET"]},
		"scope":         {l.Origin + "/.default"},
	}.Encode())
	return "Bearer " + r.json["access_token"].(string)
}

func TestEntraErrors(t *testing.T) {
	l := start(t, "happy", nil)
	tests := map[string]struct {
		path, form string
		status     int
		error      string
		number     float64
	}{
		"unknown tenant": {"/nowhere/oauth2/v2.0/token", "", 400, "invalid_tenant", 90002},
		"no client": {
			l.tenantPath("/oauth2/v2.0/devicecode"),
			"scope=User.Read",
			400,
			"invalid_request",
			900144,
		},
		"unknown client": {
			l.tenantPath("/oauth2/v2.0/devicecode"),
			"client_id=x&scope=User.Read",
			400,
			"unauthorized_client",
			700016,
		},
		"unknown scope": {
			l.tenantPath("/oauth2/v2.0/devicecode"),
			"client_id=" + world.OwnAppID + "&scope=No.Such",
			400,
			"invalid_scope",
			70011,
		},
		"unknown grant": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=password",
			400,
			"unsupported_grant_type",
			70003,
		},
		"bogus device code": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=device_code&device_code=x&client_id=" + world.OwnAppID,
			400,
			"bad_verification_code",
			70018,
		},
		"bogus code": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=authorization_code&code=x&client_id=" + world.OwnAppID,
			400,
			"invalid_grant",
			54005,
		},
		"bogus refresh token": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=refresh_token&refresh_token=x&client_id=" + world.OwnAppID,
			400,
			"invalid_grant",
			70000,
		},
		"wrong secret": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=client_credentials&client_secret=x&scope=https://g/.default&client_id=" + world.OwnAppID,
			401,
			"invalid_client",
			7000215,
		},
		"no secret": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=client_credentials&scope=https://g/.default&client_id=" + world.OwnAppID,
			401,
			"invalid_client",
			7000218,
		},
		"a scope for each right": {
			l.tenantPath("/oauth2/v2.0/token"),
			"grant_type=client_credentials&scope=User.Read&client_id=" + world.OwnAppID,
			400,
			"invalid_scope",
			1002012,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := l.do("POST", test.path, "", test.form)
			codes, _ := r.json["error_codes"].([]any)
			if r.status != test.status || r.json["error"] != test.error || len(codes) != 1 || codes[0] != test.number {
				t.Errorf("got %d %s", r.status, r.text)
			}
			for _, key := range []string{"error_description", "timestamp", "trace_id", "correlation_id"} {
				if r.json[key] == nil {
					t.Errorf("%s is missing", key)
				}
			}
			if want := fmt.Sprintf("AADSTS%.0f: ", test.number); !strings.HasPrefix(r.json["error_description"].(string), want) {
				t.Errorf("description %s", r.json["error_description"])
			}
		})
	}
}

func TestDeviceGrantNames(t *testing.T) {
	l := start(t, "happy", nil)
	for _, grant := range []string{"device_code", "urn:ietf:params:oauth:grant-type:device_code"} {
		code := l.do(
			"POST",
			l.tenantPath("/oauth2/v2.0/devicecode"),
			"",
			"client_id="+world.OwnAppID+"&scope=https://graph.microsoft.com/User.Read+openid+offline_access+profile",
		)
		if code.json["verification_uri_complete"] != nil {
			t.Error("Entra never sends verification_uri_complete")
		}
		r := l.do(
			"POST",
			l.tenantPath("/oauth2/v2.0/token?client-request-id=x"),
			"",
			url.Values{
				"grant_type":  {grant},
				"client_id":   {world.OwnAppID},
				"device_code": {code.json["device_code"].(string)},
				"client_info": {"1"},
			}.Encode(),
		)
		scope, _ := r.json["scope"].(string)
		if r.status != 200 || !strings.Contains(scope, "https://graph.microsoft.com/User.Read") ||
			strings.Contains(scope, "offline_access") ||
			r.json["refresh_token"] == nil {
			t.Errorf("%s: %d %s", grant, r.status, r.text)
		}
	}
}

func TestGraphQueries(t *testing.T) {
	l := start(t, "happy", func(o *Options) { o.Users = 250 })
	app := l.app()
	tests := map[string]struct {
		path    string
		headers []string
		status  int
		check   func(reply) bool
	}{
		"eleven properties come by default": {
			"/v1.0/users?$top=1",
			nil,
			200,
			func(r reply) bool { return len(r.json["value"].([]any)[0].(map[string]any)) == 11 },
		},
		"pages have an absolute next link": {"/v1.0/users", nil, 200, func(r reply) bool {
			return len(r.json["value"].([]any)) == 100 &&
				strings.HasPrefix(r.json["@odata.nextLink"].(string), l.Origin+"/v1.0/users?")
		}},
		"a page size beyond the limit": {"/v1.0/users?$top=1000", nil, 400, nil},
		"an unknown property":          {"/v1.0/users?$select=colour", nil, 400, nil},
		"an unknown option":            {"/v1.0/users?$skip=1", nil, 400, nil},
		"a filter that really filters": {
			"/v1.0/users?$filter=userPrincipalName+eq+'ADMIN@contoso.com'",
			nil,
			200,
			func(r reply) bool { return len(r.json["value"].([]any)) == 1 },
		},
		"an alias, whatever its case": {
			"/v1.0/users?$filter=proxyAddresses/any(p:p+eq+'SMTP:ILANGER@contoso.com')&$select=id",
			nil,
			200,
			func(r reply) bool { return len(r.json["value"].([]any)) == 1 },
		},
		"startswith": {
			"/v1.0/users?$filter=startswith(userPrincipalName,'admin@')",
			nil,
			200,
			func(r reply) bool { return len(r.json["value"].([]any)) == 1 },
		},
		"endswith needs the header": {"/v1.0/users?$filter=endswith(mail,'@contoso.com')", nil, 400, nil},
		"endswith with the header": {
			"/v1.0/users?$count=true&$top=1&$filter=endswith(mail,'@fabrikam.com')",
			[]string{"ConsistencyLevel", "eventual"},
			200,
			func(r reply) bool { return r.json["@odata.count"] == float64(1) },
		},
		"a filter it does not know": {"/v1.0/users?$filter=contains(mail,'x')", nil, 400, nil},
		"a filter that is cut":      {"/v1.0/users?$filter=mail+eq+'x", nil, 400, nil},
		"and, or, not, in and parentheses": {
			"/v1.0/users?$count=true&$filter=(userType+eq+'Guest'+or+mail+in+('admin@contoso.com','x'))+and+not(accountEnabled+eq+false)",
			[]string{"ConsistencyLevel", "eventual"},
			200,
			func(r reply) bool { return len(r.json["value"].([]any)) == 2 },
		},
		"the count is plain text": {
			"/v1.0/users/$count",
			[]string{"ConsistencyLevel", "eventual"},
			200,
			func(r reply) bool { return r.text == "257" },
		},
		"both key forms": {
			"/v1.0/users('pat_fabrikam.com%23EXT%23@contoso.onmicrosoft.com')?$select=userType",
			nil,
			200,
			func(r reply) bool { return r.json["userType"] == "Guest" },
		},
		"a plain key": {
			"/v1.0/users/admin@contoso.com",
			nil,
			200,
			func(r reply) bool { return r.json["userPrincipalName"] == "admin@contoso.com" },
		},
		"nobody":                        {"/v1.0/users/nobody@contoso.com", nil, 404, nil},
		"an application is nobody's me": {"/v1.0/me", nil, 400, nil},
		"what is not imitated is loud":  {"/v1.0/teams", nil, 400, nil},
		"assignments on demand": {
			"/v1.0/servicePrincipals?$expand=appRoleAssignments&$filter=displayName+eq+'zo365'",
			nil,
			200,
			func(r reply) bool {
				return len(r.json["value"].([]any)[0].(map[string]any)["appRoleAssignments"].([]any)) == 10
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := l.do("GET", test.path, app, "", test.headers...)
			if r.status != test.status || test.check != nil && !test.check(r) {
				t.Errorf("got %d %.400s", r.status, r.text)
			}
			if r.status >= 400 {
				e, _ := r.json["error"].(map[string]any)
				if e["code"] == "" || e["innerError"].(map[string]any)["request-id"] != r.header.Get("Request-Id") {
					t.Errorf("not Graph's error form: %s", r.text)
				}
			}
		})
	}
	if r := l.do(
		"GET",
		"/v1.0/users",
		"Bearer wrong",
		"",
	); r.status != 401 ||
		r.json["error"].(map[string]any)["code"] != "InvalidAuthenticationToken" {
		t.Errorf("a wrong token: %d %s", r.status, r.text)
	}
}

func TestBatch(t *testing.T) {
	l := start(t, "happy", nil)
	app := l.app()
	post := func(body string) reply {
		return l.do("POST", "/v1.0/$batch", app, body, "Content-Type", "application/json")
	}
	r := post(
		`{"requests":[{"id":"1","method":"GET","url":"/users/admin@contoso.com?$select=id"},{"id":"2","method":"GET","url":"users/nobody@contoso.com"}]}`,
	)
	responses := r.json["responses"].([]any)
	if r.status != 200 || len(responses) != 2 || responses[0].(map[string]any)["id"] != "2" ||
		responses[0].(map[string]any)["status"] != float64(404) ||
		responses[1].(map[string]any)["status"] != float64(200) {
		t.Errorf("got %s", r.text)
	}
	for name, body := range map[string]string{
		"the same id twice": `{"requests":[{"id":"a","method":"GET","url":"/users"},{"id":"A","method":"GET","url":"/users"}]}`,
		"more than twenty": `{"requests":[` + strings.TrimSuffix(
			strings.Repeat(`{"id":"1","method":"GET","url":"/users"},`, 21),
			",",
		) + `]}`,
		"nothing": `{"requests":[]}`,
	} {
		if r := post(body); r.status != 400 {
			t.Errorf("%s: %d", name, r.status)
		}
	}
}

func TestAssignments(t *testing.T) {
	l := start(t, "happy", nil)
	app := l.app()
	if r := l.do("POST", "/v1.0/servicePrincipals", app, `{"appId":"`+world.ZoomAppID+`"}`); r.status != 403 {
		t.Errorf("an application without Application.ReadWrite.All: %d", r.status)
	}
	list := func(filter string) map[string]any {
		r := l.do("GET", "/v1.0/servicePrincipals?$filter="+url.QueryEscape(filter), app, "")
		return r.json["value"].([]any)[0].(map[string]any)
	}
	own, graph := list("appId eq '"+world.OwnAppID+"'"), list("appId eq '"+world.GraphAppID+"'")
	body := fmt.Sprintf(
		`{"principalId":%q,"resourceId":%q,"appRoleId":%q}`,
		own["id"],
		graph["id"],
		world.PermissionNamed("Mail.Read").Role,
	)
	path := "/v1.0/servicePrincipals/" + own["id"].(string) + "/appRoleAssignments"
	made := l.do("POST", path, app, body)
	if made.status != 201 || made.json["appRoleId"] != world.PermissionNamed("Mail.Read").Role {
		t.Fatalf("create: %d %s", made.status, made.text)
	}
	if r := l.do("POST", path, app, body); r.status != 400 || !strings.Contains(r.text, "already exists") {
		t.Errorf("twice: %d %s", r.status, r.text)
	}
	// Entra is eventually consistent: a reader sees it a little later.
	if r := l.do("GET", path, app, ""); strings.Contains(r.text, made.json["id"].(string)) {
		t.Error("the new assignment shows at once")
	}
	l.world.Mu.Lock()
	l.world.Now = func() time.Time { return time.Now().Add(time.Second) }
	l.world.Mu.Unlock()
	if r := l.do("GET", path, app, ""); !strings.Contains(r.text, made.json["id"].(string)) {
		t.Error("the new assignment never shows")
	}
	for _, want := range []int{204, 404} {
		if r := l.do("DELETE", path+"/"+made.json["id"].(string), app, ""); r.status != want || want == 204 && r.text != "" {
			t.Errorf("delete: %d %s", r.status, r.text)
		}
	}
}

func TestZoom(t *testing.T) {
	l := start(t, "happy", func(o *Options) { o.Users = 60 })
	id, secret, account := l.env["ZO365_ZOOM_CLIENT_ID"], l.env["ZO365_ZOOM_CLIENT_SECRET"], l.env["ZO365_ZOOM_ACCOUNT_ID"]
	sign := func(query, form, secret string) reply {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x", nil)
		req.SetBasicAuth(id, secret)
		return l.do("POST", "/oauth/token"+query, req.Header.Get("Authorization"), form)
	}
	grant := "grant_type=account_credentials&account_id=" + account
	if r := sign("", grant, "wrong"); r.status != 400 || r.json["error"] != "invalid_client" || r.json["reason"] == nil {
		t.Errorf("a wrong secret: %d %s", r.status, r.text)
	}
	if r := sign("", "grant_type=password", secret); r.json["error"] != "unsupported_grant_type" {
		t.Errorf("another grant: %s", r.text)
	}
	if r := sign("?"+grant, "", secret); r.status != 200 {
		t.Errorf("in the query: %s", r.text)
	}
	r := sign("", grant, secret)
	token := "Bearer " + r.json["access_token"].(string)
	first := l.do("GET", "/v2/users?page_size=30", token, "")
	next := first.json["next_page_token"].(string)
	if first.json["total_records"] != float64(66) || len(first.json["users"].([]any)) != 30 || next == "" ||
		first.header.Get("x-zm-trackingid") == "" {
		t.Errorf("the first page: %.300s", first.text)
	}
	if r := l.do("GET", "/v2/users?page_size=30&next_page_token="+next, token, ""); len(r.json["users"].([]any)) != 30 {
		t.Errorf("the second page: %.300s", r.text)
	}
	l.world.Mu.Lock()
	l.world.Now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	l.world.Mu.Unlock()
	if r := l.do("GET", "/v2/users?page_size=30&next_page_token="+next, token, ""); r.json["code"] != float64(300) {
		t.Errorf("a token of 16 minutes: %s", r.text)
	}
	for path, code := range map[string]float64{
		"/v2/users/nobody@x.com":   1001,
		"/v2/groups/none":          4130,
		"/v2/phones":               2300,
		"/v2/users?page_size=2001": 300,
	} {
		if r := l.do("GET", path, token, ""); r.json["code"] != code || r.json["message"] == nil {
			t.Errorf("%s: %s", path, r.text)
		}
	}
	if r := l.do("GET", "/v2/users", "Bearer wrong", ""); r.status != 401 || r.json["code"] != float64(124) {
		t.Errorf("a wrong token: %s", r.text)
	}
	for _, path := range []string{
		"/v2/accounts/me/managed_domains",
		"/v2/accounts/me/settings",
		"/v2/accounts/me/plans/usage",
		"/v2/roles",
	} {
		if r := l.do("GET", path, token, ""); r.status != 200 {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}

// The log holds every exchange and none of the secrets.
func TestTrafficLog(t *testing.T) {
	l := start(t, "happy", nil)
	app := l.app()
	l.do("GET", "/v1.0/domains", app, "")
	code := l.do(
		"POST",
		l.tenantPath("/oauth2/v2.0/devicecode"),
		"",
		"client_id="+world.OwnAppID+"&scope=User.Read+offline_access",
	)
	tokens := l.do(
		"POST",
		l.tenantPath("/oauth2/v2.0/token"),
		"",
		url.Values{
			"grant_type":  {"device_code"},
			"client_id":   {world.OwnAppID},
			"device_code": {code.json["device_code"].(string)},
		}.Encode(),
	)
	log := l.log.String()
	if strings.Count(log, "\n") != 4 || !strings.Contains(log, `"m":"GET","url":"`+l.Origin+`/v1.0/domains","st":200`) {
		t.Errorf("the log:\n%s", log)
	}
	for name, secret := range map[string]string{
		"client secret":       l.env["ZO365_MICROSOFT_CLIENT_SECRET"],
		"application's token": strings.TrimPrefix(app, "Bearer "),
		"device code":         code.json["device_code"].(string),
		"refresh token":       tokens.json["refresh_token"].(string), "access token": tokens.json["access_token"].(string),
	} {
		if strings.Contains(log, secret) {
			t.Errorf("the %s is in the log", name)
		}
	}
}

func TestTheSameSeedMakesTheSamePeople(t *testing.T) {
	people := func(seed uint64) string {
		s, err := world.LoadScenario("happy")
		if err != nil {
			t.Fatal(err)
		}
		w := world.New(s, 50, seed, time.Now)
		text := w.TenantID + w.AccountID
		for _, u := range w.Users {
			text += u.ID + u.UPN
		}
		return text
	}
	first, again, other := people(7), people(7), people(8)
	if first != again || first == other {
		t.Error("the seed does not decide")
	}
}

func TestEveryShippedScenarioLoads(t *testing.T) {
	guide, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(world.Names()) < 18 {
		t.Errorf("got %v", world.Names())
	}
	for _, name := range world.Names() {
		s, err := world.LoadScenario(name)
		if err != nil || s.Name != name || s.Description == "" {
			t.Errorf("%s: %+v, %v", name, s.Name, err)
		}
		if !strings.Contains(string(guide), "| `"+name+"` |") {
			t.Errorf("docs/sandbox.md does not say what %s is", name)
		}
	}
}
