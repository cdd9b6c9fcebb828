package profile

import (
	"reflect"
	"testing"
)

func on(b bool) *bool { return &b }

func TestEffective(t *testing.T) {
	file := File{
		Account: Settings{SetupBy: Admin, MailRead: Approved},
		Groups: []Group{
			{Name: "Sales", Settings: Settings{SetupBy: Users}},
			{Name: "Off", Settings: Settings{Enabled: on(false)}},
		},
	}
	tests := map[string]struct {
		group string
		want  Effective
		known bool
	}{
		"the account has the portal's defaults where it says nothing": {
			"",
			Effective{true, Office365, Graph, Admin, Approved, MailboxScope{}},
			true,
		},
		"a group inherits what it does not set": {
			"Sales",
			Effective{true, Office365, Graph, Users, Approved, MailboxScope{}},
			true,
		},
		"names are compared without letter case": {
			" sales ",
			Effective{true, Office365, Graph, Users, Approved, MailboxScope{}},
			true,
		},
		"false is a value, not unset": {
			"Off",
			Effective{false, Office365, Graph, Admin, Approved, MailboxScope{}},
			true,
		},
		"a group without a profile has the account's settings": {
			"Nobody",
			Effective{true, Office365, Graph, Admin, Approved, MailboxScope{}},
			false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := file.Effective(test.group)
			if got != test.want || (err == nil) != test.known {
				t.Errorf("got %+v, %v; want %+v, known %v", got, err, test.want, test.known)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		file File
		want []Problem
	}{
		"an admin's set-up with Office 365 and Graph is fine": {File{Account: Settings{SetupBy: Admin}}, nil},
		"an admin's set-up needs Office 365": {
			File{Account: Settings{SetupBy: Admin, DefaultService: Google}},
			[]Problem{{Refused, "", "default_service", "google", "setup_by: admin needs default_service: office365"}},
		},
		"a group may not combine its own with what it inherits": {
			File{Account: Settings{DefaultService: Exchange}, Groups: []Group{{Name: "G", Settings: Settings{SetupBy: Admin}}}},
			[]Problem{{Refused, "G", "default_service", "exchange", "setup_by: admin needs default_service: office365"}},
		},
		"ews is warned of with both dates, once": {
			File{Account: Settings{AuthorizeWith: EWS}, Groups: []Group{{Name: "G"}}},
			[]Problem{
				{
					Warned,
					"",
					"authorize_with",
					"ews",
					"Exchange Online is switching Exchange Web Services off since 2026-10-01, for good starting 2027-04-01; use authorize_with: graph",
				},
			},
		},
		"ews in an integration that is off is nobody's trouble": {
			File{Account: Settings{Enabled: on(false), AuthorizeWith: EWS}},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Check(test.file); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestSetGetUnset(t *testing.T) {
	for _, key := range PortalKeys {
		for _, value := range Allowed(key) {
			var s Settings
			if err := s.Set(key, value); err != nil || s.Get(key) != value {
				t.Errorf("%s=%s: got %q, %v", key, value, s.Get(key), err)
			}
			if s.Empty() {
				t.Errorf("%s=%s: still empty", key, value)
			}
			if s.Unset(key); !s.Empty() {
				t.Errorf("%s=%s: not empty after unset", key, value)
			}
		}
		var s Settings
		if err := s.Set(key, "nonsense"); err == nil || !s.Empty() {
			t.Errorf("%s took nonsense", key)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	file := File{Account: Settings{Enabled: on(true)}, Groups: []Group{{Name: "G", Settings: Settings{Enabled: on(true)}}}}
	other := file.Clone()
	*other.Account.Enabled, *other.Groups[0].Enabled, other.Groups[0].Name = false, false, "H"
	if !*file.Account.Enabled || !*file.Groups[0].Enabled || file.Groups[0].Name != "G" {
		t.Errorf("the original changed: %+v", file)
	}
}
