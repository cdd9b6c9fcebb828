package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// testRow is a row of Test-ServicePrincipalAuthorization. InScope is a truth, or "Not Run" where
// the test was run without a mailbox.
//
// https://learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization
type testRow struct {
	RoleName             string          `json:"RoleName"`
	GrantedPermissions   json.RawMessage `json:"GrantedPermissions"`
	AllowedResourceScope string          `json:"AllowedResourceScope"`
	ScopeType            json.RawMessage `json:"ScopeType"` // a word, or its number
	InScope              json.RawMessage `json:"InScope"`
	Mailbox              string          `json:"Mailbox"`
	Resource             string          `json:"Resource"`
}

// RoleTests reads what somebody pasted of Test-ServicePrincipalAuthorization | ConvertTo-Json: one
// row or a list, as PowerShell writes it.
func RoleTests(text []byte) ([]tenant.RoleTest, error) {
	text, err := utf8Of(text)
	if err != nil {
		return nil, err
	}
	rows, err := oneOrMany[testRow](text)
	if err != nil {
		return nil, err
	}
	return roleTests(rows, "")
}

// utf8Of decodes what Windows PowerShell writes: UTF-8 with a mark, or UTF-16.
func utf8Of(text []byte) ([]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is empty")
	}
	d, err := open("the JSON", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(d)
}

// oneOrMany reads a list, or the one object that ConvertTo-Json makes of a list of one.
func oneOrMany[T any](text []byte) ([]T, error) {
	text = bytes.TrimSpace(text)
	var all []T
	if len(text) > 0 && text[0] == '[' {
		return all, wholeJSON(text, &all)
	}
	if bytes.Equal(text, []byte("null")) || len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	// Windows PowerShell 5.1 writes a wrapped list as an object of its own.
	// https://github.com/PowerShell/PowerShell/issues/5579
	var wrapped struct {
		Value json.RawMessage `json:"value"`
		Count *int            `json:"Count"`
	}
	if json.Unmarshal(text, &wrapped) == nil && wrapped.Count != nil && bytes.HasPrefix(wrapped.Value, []byte("[")) {
		return all, wholeJSON(wrapped.Value, &all)
	}
	var one T
	err := wholeJSON(text, &one)
	return append(all, one), err
}

// wholeJSON decodes a text of one JSON value, with the line of a mistake.
func wholeJSON(text []byte, into any) error {
	in := json.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(into); err != nil {
		line := 1 + bytes.Count(text[:min(int(in.InputOffset()), len(text))], []byte("\n"))
		return fmt.Errorf("line %d: this is not what ConvertTo-Json writes: %w", line, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the JSON")
	}
	return nil
}

func roleTests(rows []testRow, mailbox string) ([]tenant.RoleTest, error) {
	tests := []tenant.RoleTest{}
	for i, r := range rows {
		if strings.TrimSpace(r.RoleName) == "" {
			return nil, fmt.Errorf("row %d has no RoleName", i+1)
		}
		t := tenant.RoleTest{
			Mailbox: mailbox,
			Role:    r.RoleName,
			Scope:   r.AllowedResourceScope,
			Gives:   words(r.GrantedPermissions),
		}
		for _, name := range []string{r.Mailbox, r.Resource} {
			if t.Mailbox == "" {
				t.Mailbox = strings.TrimSpace(name)
			}
		}
		in, known := psTruth(r.InScope)
		if known {
			t.InScope = &in
		} else if word := string(r.InScope); !notRun(word) {
			return nil, fmt.Errorf("row %d: InScope: %s is none of True, False and Not Run", i+1, word)
		}
		tests = append(tests, t)
	}
	return tests, nil
}

// notRun reports whether a row says that the cmdlet did not compare the mailbox with the scope.
func notRun(inScope string) bool {
	word := strings.ToLower(strings.Trim(inScope, `"`))
	return word == "" || word == "null" || word == "not run"
}

// words are a text of names with commas, or a list.
func words(raw json.RawMessage) []string {
	var list []string
	var text string
	if json.Unmarshal(raw, &list) != nil && json.Unmarshal(raw, &text) == nil {
		list = strings.Split(text, ",")
	}
	all := []string{}
	for _, one := range list {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// psTruth is a JSON truth, or PowerShell's word for one.
func psTruth(raw json.RawMessage) (is, known bool) {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// ExchangeFormat and ExchangeVersion stand in the result of the scripts of zo365 rbac script.
const (
	ExchangeFormat  = "zo365 exchange"
	ExchangeVersion = 1
)

// exchangeResult is the result of a script of zo365 rbac script.
type exchangeResult struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Tenant   string          `json:"tenant"`
	AppID    string          `json:"app_id"`
	At       time.Time       `json:"at"`
	Pointer  *bool           `json:"pointer"`
	Roles    json.RawMessage `json:"roles"`
	Policies json.RawMessage `json:"policies"`
	Tests    json.RawMessage `json:"tests"`
	EWS      *struct {
		Enabled json.RawMessage `json:"enabled"`
		Allowed json.RawMessage `json:"allowed"`
	} `json:"ews"`
}

// mailboxTest is the test of one mailbox in it.
type mailboxTest struct {
	Mailbox string          `json:"mailbox"`
	Rows    json.RawMessage `json:"rows"`
	Error   string          `json:"error"`
}

type roleRow struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Assignee  string `json:"assignee"`
	ScopeType string `json:"scope_type"`
	Scope     string `json:"scope"`
	Filter    string `json:"filter"`
}

type policyRow struct {
	Identity string          `json:"identity"`
	AppID    json.RawMessage `json:"app_id"`
	Right    string          `json:"right"`
	Group    string          `json:"group"`
	GroupID  string          `json:"group_id"`
}

// ExchangeResult reads the result of a script of zo365 rbac script, and the tenant that it ran in.
func ExchangeResult(text []byte) (e tenant.ExchangeEvidence, tenantID string, err error) {
	text, err = utf8Of(text)
	if err != nil {
		return e, "", err
	}
	var r exchangeResult
	if err := wholeJSON(bytes.TrimSpace(text), &r); err != nil {
		return e, "", err
	}
	if err := once(bytes.TrimSpace(text)); err != nil {
		return e, "", err
	}
	switch {
	case r.Format != ExchangeFormat:
		return e, "", fmt.Errorf("this is no result of zo365 rbac script: its format is %q", r.Format)
	case r.Version != ExchangeVersion:
		return e, "", fmt.Errorf("the result has version %d, and this zo365 reads version %d", r.Version, ExchangeVersion)
	case r.Tenant == "":
		return e, "", errors.New("tenant: the result does not say in which tenant the script ran")
	case r.AppID == "":
		return e, "", errors.New("app_id: the result does not say which application it is about")
	case r.At.IsZero():
		return e, "", errors.New("at: the result does not say when it was made")
	}
	e = tenant.ExchangeEvidence{
		AppID:   r.AppID,
		Pointer: r.Pointer,
		At:      r.At.UTC(),
		Tests:   []tenant.RoleTest{},
	}
	if err := readRoles(&e, r); err != nil {
		return e, "", err
	}
	if err := readPolicies(&e, r); err != nil {
		return e, "", err
	}
	var mailboxes []mailboxTest
	if !nothing(r.Tests) {
		if mailboxes, err = oneOrMany[mailboxTest](r.Tests); err != nil {
			return e, "", fmt.Errorf("tests: %w", err)
		}
	}
	for i, t := range mailboxes {
		if t.Error != "" || len(t.Rows) == 0 || string(t.Rows) == "null" {
			continue
		}
		rows, err := oneOrMany[testRow](t.Rows)
		if err == nil {
			var tests []tenant.RoleTest
			tests, err = roleTests(rows, t.Mailbox)
			e.Tests = append(e.Tests, tests...)
		}
		if err != nil {
			return e, "", fmt.Errorf("tests[%d]: %w", i, err)
		}
	}
	if r.EWS != nil {
		e.EWS = &tenant.EWSSetting{Allowed: words(r.EWS.Allowed)}
		if on, known := psTruth(r.EWS.Enabled); known {
			e.EWS.Enabled = &on
		}
	}
	return e, r.Tenant, nil
}

// once refuses a result that says a thing twice: which of the two is meant nobody knows.
func once(text []byte) error {
	in := json.NewDecoder(bytes.NewReader(text))
	if _, err := in.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if seen[strings.ToLower(key)] {
			return fmt.Errorf("%s: the result has this key twice", key)
		}
		seen[strings.ToLower(key)] = true
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

// nothing says whether a part of the result was not read.
func nothing(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func readRoles(e *tenant.ExchangeEvidence, r exchangeResult) error {
	if nothing(r.Roles) {
		return nil
	}
	rows, err := oneOrMany[roleRow](r.Roles)
	if err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	roles := []tenant.ExchangeRole{}
	for i, row := range rows {
		if row.Role == "" {
			return fmt.Errorf("roles[%d].role is empty", i)
		}
		one := tenant.ExchangeRole{ID: row.Name, PrincipalID: row.Assignee, Role: row.Role}
		switch strings.ToLower(row.ScopeType) {
		case "none": // no role of an application has it
			one.Kind, one.ScopeID, one.Scope = tenant.ScopeOther, "none", "no recipients"
		case "organization", "":
			if row.Scope != "" {
				one.Scope, one.ScopeID, one.Kind = row.Scope, row.Scope, tenant.ScopeOther
			}
		case "administrativeunit":
			one.Kind, one.ScopeID, one.Scope = tenant.ScopeUnit, row.Scope, row.Scope
		case "groupscope", "group", "recipientgroupscope":
			one.Kind, one.ScopeID, one.Scope = tenant.ScopeGroup, row.Scope, row.Scope
		case "customrecipientscope":
			one.Kind, one.ScopeID, one.Scope, one.Filter = tenant.ScopeFilter, row.Scope, row.Scope, row.Filter
			if row.Filter == "" {
				one.Kind = tenant.ScopeOther
			}
		default:
			one.Kind, one.ScopeID, one.Scope = tenant.ScopeOther, row.Scope, row.ScopeType+" "+row.Scope
		}
		roles = append(roles, one)
	}
	e.Roles = &roles
	return nil
}

func readPolicies(e *tenant.ExchangeEvidence, r exchangeResult) error {
	if nothing(r.Policies) {
		return nil
	}
	rows, err := oneOrMany[policyRow](r.Policies)
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	policies := []tenant.AccessPolicy{}
	for i, row := range rows {
		p := tenant.AccessPolicy{
			Identity: row.Identity,
			AppIDs:   words(row.AppID),
			Right:    row.Right,
			Group:    row.Group,
			GroupID:  row.GroupID,
		}
		if p.Right != tenant.RestrictAccess && p.Right != tenant.DenyAccess {
			return fmt.Errorf("policies[%d].right: %q is neither RestrictAccess nor DenyAccess", i, row.Right)
		}
		if len(p.AppIDs) == 0 {
			return fmt.Errorf("policies[%d].app_id is empty", i)
		}
		policies = append(policies, p)
	}
	e.Policies = &policies
	return nil
}
