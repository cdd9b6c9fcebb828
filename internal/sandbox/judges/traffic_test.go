package judges

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// These tests stand in the last file, so that the exchanges of the SDKs before
// them are judged too.

// TestGraphTraffic holds every exchange of the whole test run, and those of the
// SDKs here, against Microsoft's metadata.
func TestGraphTraffic(t *testing.T) {
	all, err := LoadTraffic(traffic)
	if err != nil {
		t.Fatal(err)
	}
	for version, least := range map[string]int{"v1.0": 100, "beta": 20} {
		judged := judgeGraph(t, all, version)
		if judged < least {
			t.Errorf("only %d exchanges with %s were judged", judged, version)
		}
		t.Logf("%d exchanges with Graph %s judged", judged, version)
	}
}

// notInTheCut is what Microsoft's beta metadata for a national cloud, which is all we
// have, does not describe.
const notInTheCut = "/beta/reports/servicePrincipalSignInActivities"

func judgeGraph(t *testing.T, all []Exchange, version string) (judged int) {
	t.Helper()
	csdl, err := LoadCSDL(filepath.Join(contracts, "graph-"+version+".csdl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range Graph(all, version) {
		u, err := url.Parse(e.URL)
		if err != nil {
			t.Fatal(err)
		}
		if u.Path == notInTheCut && e.Status < 400 {
			continue
		}
		if e.Status >= 400 {
			if !refusedByDesign(e) {
				t.Errorf("%s: %s %s: status %d with %v", e.Where, e.Method, e.URL, e.Status, e.Response)
			}
			continue
		}
		kind, err := csdl.Request(strings.TrimPrefix(u.EscapedPath(), "/"+version), u.Query())
		if err != nil {
			t.Errorf("%s: %v", e.Where, err)
			continue
		}
		judged++
		if e.Status == 204 || kind == "Edm.Int32" {
			continue
		}
		if e.Method == "POST" {
			kind, _ = element(kind)
		}
		if err := csdl.Response(
			kind,
			e.Response,
		); err != nil &&
			!strings.Contains(fmt.Sprint(e.Response), "graph.example.net") {
			t.Errorf("%s: %s: %v", e.Where, e.URL, err)
		}
	}
	return judged
}

// refusedByDesign says whether an error answer has Graph's form.
func refusedByDesign(e Exchange) bool {
	body, _ := e.Response.(map[string]any)
	inner, _ := body["error"].(map[string]any)
	code, _ := inner["code"].(string)
	message, _ := inner["message"].(string)
	detail, _ := inner["innerError"].(map[string]any)
	return code != "" && message != "" && detail["request-id"] != nil && detail["date"] != nil
}

// TestZoomTraffic holds every user and group answer against Zoom's own
// description, and every error against Zoom's form.
func TestZoomTraffic(t *testing.T) {
	zoom, err := LoadZoom(filepath.Join(contracts, "zoom-user-api.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := LoadTraffic(traffic)
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, e := range all {
		u, err := url.Parse(e.URL)
		if err != nil || !strings.HasPrefix(u.Path, "/v2/") {
			continue
		}
		if e.Status >= 400 {
			if err := ErrorForm(e.Status, e.Response); err != nil {
				t.Errorf("%s: %s: %v", e.Where, e.URL, err)
			}
			continue
		}
		known, err := zoom.Response(e.Method, u.Path, e.Status, e.Response)
		if err != nil {
			t.Errorf("%s: %s: %v", e.Where, e.URL, err)
		}
		if known {
			judged++
		}
	}
	if judged < 20 {
		t.Errorf("only %d exchanges were judged", judged)
	}
	t.Logf("%d Zoom exchanges judged", judged)
}

// A judge that no broken input can fail is no judge.
func TestTheJudgesSeePlantedFaults(t *testing.T) {
	csdl, err := LoadCSDL(filepath.Join(contracts, "graph-v1.0.csdl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := "https://g/v1.0/$metadata#users"
	page := func(user map[string]any) map[string]any {
		return map[string]any{"@odata.context": ctx, "value": []any{user}}
	}
	for name, fault := range map[string]error{
		"an unknown path":            second(csdl.Resolve("/userz")),
		"an unknown segment":         second(csdl.Resolve("/users/x/kalendars")),
		"an unknown cast":            second(csdl.Resolve("/me/transitiveMemberOf/microsoft.graph.roles")),
		"an unknown $select":         second(csdl.Request("/users", url.Values{"$select": {"id,userPrincipleName"}})),
		"an unknown $expand":         second(csdl.Request("/servicePrincipals", url.Values{"$expand": {"appRoles2"}})),
		"an unknown $filter":         second(csdl.Request("/users", url.Values{"$filter": {"upn eq 'userPrincipalName'"}})),
		"an unknown list in $filter": second(csdl.Request("/users", url.Values{"$filter": {"proxies/any(p:p eq 'x')"}})),
		"an unknown property":        csdl.Response("Collection(microsoft.graph.user)", page(map[string]any{"upn": "x"})),
		"a text for a truth":         csdl.Response("Collection(microsoft.graph.user)", page(map[string]any{"accountEnabled": "true"})),
		"a text for a list":          csdl.Response("Collection(microsoft.graph.user)", page(map[string]any{"proxyAddresses": "x"})),
		"a number for a text":        csdl.Response("Collection(microsoft.graph.user)", page(map[string]any{"displayName": 1.0})),
		"no time":                    csdl.Response("Collection(microsoft.graph.user)", page(map[string]any{"createdDateTime": "yesterday"})),
		"no GUID":                    csdl.Response("Collection(microsoft.graph.appRoleAssignment)", page(map[string]any{"appRoleId": "x"})),
		"a wrong inner property":     csdl.Response("microsoft.graph.calendar", map[string]any{"@odata.context": ctx, "owner": map[string]any{"mail": "x"}}),
		"a relative next link":       csdl.Response("Collection(microsoft.graph.user)", map[string]any{"@odata.context": ctx, "value": []any{}, "@odata.nextLink": "/users"}),
		"no value":                   csdl.Response("Collection(microsoft.graph.user)", map[string]any{"@odata.context": ctx}),
		"no context":                 csdl.Response("Collection(microsoft.graph.user)", map[string]any{"value": []any{}}),
	} {
		if fault == nil {
			t.Errorf("Graph's judge does not see %s", name)
		}
	}
	zoom, err := LoadZoom(filepath.Join(contracts, "zoom-user-api.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	list := func(user map[string]any) map[string]any { return map[string]any{"users": []any{user}} }
	for name, body := range map[string]any{
		"a missing email":      list(map[string]any{"type": 1.0}),
		"a text for a number":  list(map[string]any{"email": "a@x.com", "type": "1"}),
		"an unknown property":  list(map[string]any{"email": "a@x.com", "type": 1.0, "upn": "x"}),
		"no time":              list(map[string]any{"email": "a@x.com", "type": 1.0, "created_at": "yesterday"}),
		"an object for a list": map[string]any{"users": map[string]any{}},
	} {
		if known, err := zoom.Response("GET", "/v2/users", 200, body); !known || err == nil {
			t.Errorf("Zoom's judge does not see %s", name)
		}
	}
	refused := map[string]any{"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
	if err := ErrorForm(401, refused); err != nil {
		t.Error(err)
	}
	for name, fault := range map[string]error{
		"the OAuth form of another status": ErrorForm(400, refused),
		"the OAuth form without a reason":  ErrorForm(401, map[string]any{"error": "invalid_client"}),
		"the OAuth form of another error":  ErrorForm(401, map[string]any{"reason": "x", "error": "invalid_grant"}),
		"a code without a message":         ErrorForm(401, map[string]any{"code": 124.0}),
	} {
		if fault == nil {
			t.Errorf("Zoom's judge does not see %s", name)
		}
	}
}

func second(_ string, err error) error { return err }
