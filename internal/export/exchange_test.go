package export_test

import (
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
)

const head = `{"format": "zo365 exchange", "version": 1, "tenant": "t", "app_id": "a", "at": "2026-11-20T10:00:00Z", `

// TestExchangeResult reads what ConvertTo-Json makes of the script's result, in its versions: a list
// of one can be an object, a wrapped list is an object with its length, and the file has a mark.
func TestExchangeResult(t *testing.T) {
	t.Parallel()
	policy := `{"identity": "p", "app_id": "a,b", "right": "RestrictAccess", "group": "G", "group_id": "g"}`
	role := `{"name": "n", "role": "Application Mail.Read", "assignee": "s", "scope_type": "GroupScope", "scope": "g", "filter": ""}`
	test := `{"mailbox": "m@a.com", "error": "", "rows": {"RoleName": "Application Mail.Read", "InScope": "True", "ScopeType": 4}}`
	for name, list := range map[string][3]string{
		"lists":   {"[" + policy + "]", "[" + role + "]", "[" + test + "]"},
		"objects": {policy, role, test},
		"wrapped": {
			`{"value": [` + policy + `], "Count": 1}`,
			`{"value": [` + role + `], "Count": 1}`,
			`{"value": [` + test + `], "Count": 1}`,
		},
	} {
		text := "\ufeff" + head + `"policies": ` + list[0] + `, "roles": ` + list[1] + `, "tests": ` + list[2] + `}`
		e, tenantID, err := export.ExchangeResult([]byte(text))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case tenantID != "t", len(*e.Policies) != 1, len(*e.Roles) != 1, len(e.Tests) != 1:
			t.Errorf("%s: %+v", name, e)
		case !(*e.Policies)[0].For("b"), (*e.Roles)[0].Kind != tenant.ScopeGroup, !*e.Tests[0].InScope:
			t.Errorf("%s: %+v", name, e)
		}
	}
	none, _, err := export.ExchangeResult([]byte(head + `"roles": [], "policies": []}`))
	if err != nil || none.Policies == nil || len(*none.Policies) != 0 || none.Roles == nil {
		t.Errorf("empty lists: %+v, %v", none, err)
	}
	unread, _, err := export.ExchangeResult([]byte(head + `"roles": null}`))
	if err != nil || unread.Policies != nil || unread.Roles != nil {
		t.Errorf("what was not read: %+v, %v", unread, err)
	}
	nobody, _, err := export.ExchangeResult(
		[]byte(head + `"roles": {"role": "Application Mail.Read", "scope_type": "None"}}`),
	)
	if err != nil || (*nobody.Roles)[0].Unlimited() {
		t.Errorf("a role for nobody is one for everybody: %+v, %v", nobody, err)
	}
}

// TestExchangeResultRefused: what might be another's, or means two things, is refused with its place.
func TestExchangeResultRefused(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		`{"format": "x"}`: "no result of zo365 rbac script",
		`{"format": "zo365 exchange", "version": 2}`:                                         "version 2",
		strings.Replace(head, `"tenant": "t", `, "", 1) + `"roles": []}`:                     "tenant",
		strings.Replace(head, `"at": "2026-11-20T10:00:00Z", `, "", 1) + `"roles": []}`:      "at",
		head + `"policies": [], "Policies": []}`:                                             "twice",
		head + `"policies": {"identity": "p", "app_id": "a", "right": "Other"}}`:             "policies[0].right",
		head + `"policies": {"identity": "p", "app_id": "", "right": "DenyAccess"}}`:         "policies[0].app_id",
		head + `"roles": {"role": ""}}`:                                                      "roles[0].role",
		head + `"tests": {"mailbox": "m", "rows": {"RoleName": "r", "InScope": "perhaps"}}}`: "InScope",
		head: "line 1",
	} {
		if _, _, err := export.ExchangeResult([]byte(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", text, err, why)
		}
	}
}
