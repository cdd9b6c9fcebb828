package plan

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

var at = time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)

func saw[T any](v T) tenant.Reading[T] {
	return tenant.Reading[T]{Value: v, Source: "GET /x", At: at}
}

func input() doctor.Input {
	return doctor.Input{
		Now: at,
		File: profile.File{
			Version:   1,
			Microsoft: profile.Microsoft{RequiredPermissions: []string{"Calendars.ReadWrite"}},
			Account:   profile.Settings{SetupBy: profile.Admin},
			Groups:    []profile.Group{{Name: "Sales"}},
		},
		Target: tenant.Target{Tenant: "tenant", ZoomAccount: "account"},
		Facts: tenant.Facts{
			Organization: saw(tenant.Organization{ID: "tenant"}),
			ZoomAccount:  saw(tenant.ZoomAccount{ID: "account"}),
			Domains: saw(
				[]tenant.Domain{{Name: "a.com", Verified: true}, {Name: "b.com"}},
			),
			ZoomDomains: saw([]tenant.ZoomDomain{{Name: "a.com", Verified: true}}),
			ZoomPlan: saw(
				tenant.ZoomPlan{Type: "business"},
			),
			ZoomGroups: saw([]tenant.ZoomGroup{{ID: "1", Name: "Sales"}}),
			Exchange:   saw([]tenant.ExchangeRole{}),
			Consents: saw([]tenant.Consent{
				{
					Principal: &tenant.ServicePrincipal{
						ID:        "sp",
						AppID:     "zoom",
						Publisher: "Zoom Video Communications, Inc.",
						Enabled:   true,
					},
					Grants: []tenant.Grant{
						{ID: "1", Permission: tenant.GraphPermission("Calendars.ReadWrite")},
						{ID: "2", Permission: tenant.GraphPermission("Files.Read.All")},
					},
				},
			}),
		},
	}
}

func planOf(in doctor.Input) Plan {
	return Make(in, doctor.Examine(in), Portals{Zoom: "https://zoom.us", Entra: "https://entra.microsoft.com"})
}

// What the services promise nothing about, order and times, moves no fingerprint, and
// neither does who looks.
func TestTheSameWorldHasTheSamePlan(t *testing.T) {
	one, other := input(), input()
	other.Facts.Domains.Value = []tenant.Domain{{Name: "b.com"}, {Name: "a.com", Verified: true}}
	grants := other.Facts.Consents.Value[0].Grants
	grants[0], grants[1] = grants[1], grants[0]
	other.Facts.SignedIn = saw(tenant.SignIn{Name: "another application", By: "federated"})
	other.File.Microsoft.ClientID = "another application"
	if a, b := planOf(one), planOf(other); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
	first, err := planOf(one).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if again, _ := planOf(one).Encode(); string(again) != string(first) {
			t.Fatal("other bytes for the same facts")
		}
	}
	read, err := Decode("plan.json", first)
	if err != nil || !reflect.DeepEqual(read, planOf(one)) {
		t.Errorf("%v\n%+v", err, read)
	}
}

func TestASavedPlanIsHeldAgainstNow(t *testing.T) {
	tests := map[string]struct {
		change func(*doctor.Input)
		edit   func(*Plan)
		done   []string
		want   string
		left   int
	}{
		"nothing moved": {func(*doctor.Input) {}, nil, nil, "", 7},
		"a domain that matters to no step was added": {func(in *doctor.Input) {
			in.Facts.Domains.Value = append(in.Facts.Domains.Value, tenant.Domain{Name: "c.com"})
		}, nil, nil, "the plan is out of date: since it was made, domains changed", 0},
		"somebody else revoked it": {func(in *doctor.Input) {
			in.Facts.Consents.Value[0].Grants = in.Facts.Consents.Value[0].Grants[:1]
		}, nil, nil, "consent changed; not needed any more: graph/revoke/Files.Read.All", 0},
		"the plan itself revoked it": {func(in *doctor.Input) {
			in.Facts.Consents.Value[0].Grants = in.Facts.Consents.Value[0].Grants[:1]
		}, nil, []string{"graph/revoke/Files.Read.All"}, "", 6},
		"more is needed now": {
			func(in *doctor.Input) { in.Facts.ZoomGroups.Value = nil },
			nil,
			nil,
			"zoom groups changed; needed now: zoom/create-group/Sales",
			0,
		},
		"more is needed in the middle of it": {func(in *doctor.Input) {
			in.Facts.Consents.Value[0].Grants = in.Facts.Consents.Value[0].Grants[:1]
			in.Facts.ZoomGroups.Value = nil
		}, nil, []string{"graph/revoke/Files.Read.All"}, "needed now: zoom/create-group/Sales", 0},
		"the wishes changed": {
			func(in *doctor.Input) { in.File.Account.MailRead = profile.Approved },
			nil,
			nil,
			"tenant file changed",
			0,
		},
		"another tenant": {
			func(in *doctor.Input) { in.Target.Tenant = "other" },
			nil,
			nil,
			"this is for another target: the Microsoft tenant is other, not tenant",
			0,
		},
		"another account": {
			func(in *doctor.Input) { in.Target.ZoomAccount = "other" },
			nil,
			[]string{"x"},
			"the Zoom account is other, not account",
			0,
		},
		"a step was edited": {func(*doctor.Input) {}, func(p *Plan) {
			for i := range p.Steps {
				if p.Steps[i].Action == "revoke-permission" {
					p.Steps[i].Target = "Calendars.ReadWrite"
				}
			}
		}, nil, "the step graph/revoke/Files.Read.All is not as zo365 made it", 0},
		"an address was edited, and is not used": {
			func(*doctor.Input) {},
			func(p *Plan) { p.Steps[0].Page.Address = "https://evil.example" },
			nil,
			"",
			7,
		},
		"a person did some of it": {func(in *doctor.Input) {
			in.Record.Portal = map[string]map[string]doctor.Confirmed{
				"account": {"integrate": {Choose: "on (then Enable, if a dialog asks)"}},
			}
		}, nil, nil, "", 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			saved := planOf(input())
			if test.edit != nil {
				test.edit(&saved)
			}
			in := input()
			test.change(&in)
			left, err := saved.Remaining(planOf(in), test.done)
			if err != nil != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) ||
				len(left.Steps) != test.left {
				t.Errorf("%v, %d steps left; want %q, %d", err, len(left.Steps), test.want, test.left)
			}
			for _, s := range left.Steps {
				if s.Page != nil && !strings.HasPrefix(s.Page.Address, "https://zoom.us/") {
					t.Errorf("%s leads to %s", s.ID, s.Page.Address)
				}
				for _, d := range s.DependsOn {
					if !left.has(d) {
						t.Errorf("%s waits for %s, which is done", s.ID, d)
					}
				}
			}
		})
	}
}

func TestWhatIsNoPlan(t *testing.T) {
	good, err := planOf(input()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ from, to, want string }{
		"nothing":           {string(good), "", "this is not a plan: EOF"},
		"cut off":           {string(good[len(good)/2:]), "", "this is not a plan: unexpected EOF"},
		"not JSON":          {`"steps"`, `"steps`, "line "},
		"an unknown key":    {`"steps"`, `"stepz"`, `unknown field "stepz"`},
		"another format":    {`"zo365 plan"`, `"other"`, `format "other", version 2`},
		"another version":   {`"version": 2`, `"version": 1`, "the plan has version 1, and this zo365 reads version 2"},
		"changed parts":     {`"name": "domains"`, `"name": "domainz"`, "id: it does not belong to the parts"},
		"an unknown action": {`"revoke-permission"`, `"delete-tenant"`, `"delete-tenant" is not one that zo365 knows`},
		"an unknown kind":   {`"kind": "graph"`, `"kind": "azure"`, `"azure" is not one that zo365 knows`},
		"a step before its turn": {
			`"depends_on": []`,
			`"depends_on": ["local/record-consent/account"]`,
			`no step before it has the ID "local/record-consent/account"`,
		},
		"something behind it": {"]\n}\n", "]\n}\n{}", "something stands behind the plan"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(good), test.from, test.to, 1)
			_, err := Decode("plan.json", []byte(text))
			var wrong *FileError
			if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), "plan.json: ") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestDrift(t *testing.T) {
	b := Observe(input())
	for name, test := range map[string]struct {
		change func(*doctor.Input)
		want   []Moved
		unseen []string
	}{
		"nothing":         {func(*doctor.Input) {}, nil, nil},
		"consent revoked": {func(in *doctor.Input) { in.Facts.Consents.Value = nil }, []Moved{{"consent", "Zoom's application", "in the tenant", "gone"}}, nil},
		"permission added": {func(in *doctor.Input) {
			in.Facts.Consents.Value[0].Grants[1].Permission = tenant.GraphPermission("Mail.Read")
		}, []Moved{
			{"permission", "Files.Read.All", "granted", "not granted"},
			{"permission", "Mail.Read", "not granted", "granted"},
		}, nil},
		"application off": {func(in *doctor.Input) { in.Facts.Consents.Value[0].Principal.Enabled = false }, []Moved{{"application", "Zoom's application", "enabled", "disabled"}}, nil},
		"domain removed":  {func(in *doctor.Input) { in.Facts.ZoomDomains.Value = nil }, []Moved{{"domain", "a.com", "verified on both sides", "does not match"}}, nil},
		"domain verified": {func(in *doctor.Input) {
			in.Facts.Domains.Value[1].Verified = true
			in.Facts.ZoomDomains.Value = append(in.Facts.ZoomDomains.Value, tenant.ZoomDomain{Name: "b.com", Verified: true})
		}, []Moved{{"domain", "b.com", "does not match", "verified on both sides"}}, nil},
		"group gone": {func(in *doctor.Input) { in.Facts.ZoomGroups.Value = nil }, []Moved{{"group", "Sales", "in Zoom", "gone, and the tenant file has a profile for it"}}, nil},
		"plan smaller": {
			func(in *doctor.Input) { in.Facts.ZoomPlan.Value.Type = "basic" },
			[]Moved{{"plan", "Zoom", "business", "basic"}},
			nil,
		},
		"scope in Exchange": {func(in *doctor.Input) {
			in.Facts.Exchange.Value = []tenant.ExchangeRole{{PrincipalID: "sp", Role: "Application Mail.Read", Scope: "x"}}
		}, []Moved{{"exchange", "Application Mail.Read x", "not assigned", "assigned"}}, nil},
		"what is not seen":   {func(in *doctor.Input) { in.Facts.ZoomGroups.Err, in.Facts.ZoomGroups.Value = errors.New("403"), nil }, nil, []string{"zoom's groups"}},
		"a new group's wish": {func(in *doctor.Input) { in.File.Groups = append(in.File.Groups, profile.Group{Name: "New"}) }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := input()
			test.change(&in)
			moved, unseen := Drift(b, in)
			if !reflect.DeepEqual(moved, test.want) || !reflect.DeepEqual(unseen, test.unseen) {
				t.Errorf("%+v, %v; want %+v, %v", moved, unseen, test.want, test.unseen)
			}
		})
	}
	// What was not seen when the state was recorded is not taken for nothing.
	blind := input()
	blind.Facts.Exchange.Err, blind.Facts.ZoomPlan.Err = errors.New("403"), errors.New("403")
	seeing := input()
	seeing.Facts.Exchange.Value = []tenant.ExchangeRole{{PrincipalID: "sp", Role: "Application Mail.Read"}}
	if moved, unseen := Drift(Observe(blind), seeing); len(moved) > 0 || len(unseen) != 2 {
		t.Errorf("%+v, %v", moved, unseen)
	}
	later := input()
	later.Facts.Domains.At = at.Add(time.Hour)
	if !b.Same(Observe(later)) || !b.At.Before(Observe(later).At) {
		t.Error("the time of a baseline counts")
	}
}
