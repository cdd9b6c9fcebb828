package msgraph

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
)

// A property that is not there did not change; one that is null is empty now.
func TestAChangeSaysOnlyWhatChanged(t *testing.T) {
	yes, no, empty, upn := true, false, "", "new@contoso.com"
	proxies := []string{"SMTP:new@contoso.com"}
	before := tenant.User{
		ID:       "1",
		UPN:      "old@contoso.com",
		Mail:     "old@contoso.com",
		Proxies:  []string{"SMTP:old@contoso.com"},
		Guest:    true,
		Synced:   &yes,
		Enabled:  &yes,
		MailPlan: &yes,
	}
	with := func(change func(*tenant.User)) tenant.User { u := before; change(&u); return u }
	for text, want := range map[string]struct {
		change tenant.UserChange
		after  tenant.User
	}{
		`{"id":"1"}`: {tenant.UserChange{ID: "1"}, before},
		`{"id":"1","@removed":{"reason":"changed"}}`: {tenant.UserChange{ID: "1", Removed: true}, before},
		`{"id":"1","userPrincipalName":"new@contoso.com"}`: {
			tenant.UserChange{ID: "1", UPN: &upn},
			with(func(u *tenant.User) { u.UPN = upn }),
		},
		`{"id":"1","mail":null,"onPremisesSyncEnabled":null}`: {tenant.UserChange{ID: "1", Mail: &empty, Synced: &no}, with(func(u *tenant.User) { u.Mail, u.Synced = "", &no })},
		`{"id":"1","accountEnabled":false,"assignedPlans":[],"userType":"Member"}`: {tenant.UserChange{
			ID:              "1",
			Enabled:         &no,
			MailPlan:        &no,
			MailPlanChanged: true,
			Guest:           &no,
		}, with(func(u *tenant.User) { u.Enabled, u.MailPlan, u.Guest = &no, &no, false })},
		`{"id":"1","proxyAddresses":["SMTP:new@contoso.com"]}`: {
			tenant.UserChange{ID: "1", Proxies: &proxies},
			with(func(u *tenant.User) { u.Proxies = proxies }),
		},
	} {
		got, err := changeOf(json.RawMessage(text))
		if err != nil || !reflect.DeepEqual(got, want.change) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if after := got.Apply(before); !reflect.DeepEqual(after, want.after) {
			t.Errorf("%s: %+v", text, after)
		}
	}
	if _, err := changeOf(json.RawMessage(`{"userPrincipalName":"x"}`)); err == nil {
		t.Error("a change of nobody passed")
	}
}

func TestRangesAreClosed(t *testing.T) {
	for r, want := range map[Range]string{
		{}:                           "",
		{From: "o'neil@contoso.com"}: "userPrincipalName ge 'o''neil@contoso.com'",
		{To: "m"}:                    "userPrincipalName le 'm'",
		{From: "a", To: "m"}:         "userPrincipalName ge 'a' and userPrincipalName le 'm'",
	} {
		if got := r.filter(); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
}
