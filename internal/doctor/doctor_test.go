package doctor

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

func TestMatchDomains(t *testing.T) {
	tests := map[string]struct {
		zoom      []tenant.ZoomDomain
		microsoft []tenant.Domain
		only      []string
		want      []DomainPair
		step      string
	}{
		"verified on both sides matches": {
			[]tenant.ZoomDomain{{Name: "contoso.com", Verified: true}},
			[]tenant.Domain{{Name: "contoso.com", Verified: true}},
			nil,
			[]DomainPair{{"contoso.com", Verified, Verified, false, true}},
			"",
		},
		"the initial domain does not count": {
			[]tenant.ZoomDomain{{Name: "contoso.onmicrosoft.com", Verified: true}},
			[]tenant.Domain{{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}},
			nil,
			[]DomainPair{{"contoso.onmicrosoft.com", Verified, Verified, true, false}},
			"add the domain of your people's email",
		},
		"unverified in Microsoft": {
			[]tenant.ZoomDomain{{Name: "a.com", Verified: true}},
			[]tenant.Domain{{Name: "a.com"}},
			nil,
			[]DomainPair{{"a.com", Verified, Unverified, false, false}},
			"finish verifying a.com in Microsoft",
		},
		"pending in Zoom": {
			[]tenant.ZoomDomain{{Name: "a.com"}},
			[]tenant.Domain{{Name: "a.com", Verified: true}},
			nil,
			[]DomainPair{{"a.com", Pending, Verified, false, false}},
			"finish verifying a.com in Zoom",
		},
		"only in one place, in order of names": {
			[]tenant.ZoomDomain{{Name: "z.com", Verified: true}},
			[]tenant.Domain{{Name: "a.com", Verified: true}},
			nil,
			[]DomainPair{{"a.com", Absent, Verified, false, false}, {"z.com", Verified, Absent, false, false}},
			"add a.com as an associated domain in Zoom",
		},
		"a domain that was asked for and is nowhere": {
			nil,
			nil,
			[]string{" B.com "},
			[]DomainPair{{"b.com", Absent, Absent, false, false}},
			"verify b.com on both sides",
		},
		"nothing anywhere": {nil, nil, nil, nil, "add the domain of your people's email"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := MatchDomains(test.zoom, test.microsoft, test.only)
			if !reflect.DeepEqual(m.Pairs, test.want) {
				t.Errorf("got %+v, want %+v", m.Pairs, test.want)
			}
			switch {
			case test.step == "" && (!m.OK() || len(m.Steps) > 0):
				t.Errorf("steps %v", m.Steps)
			case test.step != "" && (m.OK() || len(m.Steps) == 0 || !strings.HasPrefix(m.Steps[0], test.step)):
				t.Errorf("steps %v, want %s", m.Steps, test.step)
			}
		})
	}
}

func consent(permissions ...string) tenant.Consent {
	c := tenant.Consent{
		Principal: &tenant.ServicePrincipal{
			ID:          "sp",
			AppID:       "app",
			DisplayName: "Zoom",
			Publisher:   "Zoom Video Communications, Inc.",
		},
	}
	for _, p := range permissions {
		c.Grants = append(c.Grants, tenant.Grant{Permission: tenant.GraphPermission(p)})
	}
	return c
}

func TestCheckConsent(t *testing.T) {
	tests := map[string]struct {
		consent             tenant.Consent
		required            []string
		mailRead            bool
		complete            bool
		missing, unexpected []string
	}{
		"nobody consented": {
			tenant.Consent{},
			nil,
			false,
			false,
			[]string{"Calendars.ReadWrite"},
			[]string{},
		},
		"what Zoom asks for is complete": {
			consent("Calendars.ReadWrite", "Contacts.Read", "MailboxSettings.Read", "User.Read.All"),
			nil,
			false,
			true,
			[]string{},
			[]string{},
		},
		"a permission that was taken away": {
			consent("Contacts.Read"),
			nil,
			false,
			false,
			[]string{"Calendars.ReadWrite"},
			[]string{},
		},
		"Mail.Read left over is unexpected": {
			consent("Calendars.ReadWrite", "Mail.Read"),
			nil,
			false,
			true,
			[]string{},
			[]string{"Mail.Read"},
		},
		"Mail.Read is needed while it is approved": {
			consent("Calendars.ReadWrite"),
			nil,
			true,
			false,
			[]string{"Mail.Read"},
			[]string{},
		},
		"a wider permission covers a narrower one": {
			consent("Calendars.ReadWrite", "Mail.ReadWrite"),
			nil,
			true,
			true,
			[]string{},
			[]string{},
		},
		"the tenant's own list replaces the built-in": {
			consent("Calendars.Read", "Calendars.Read"),
			[]string{"Calendars.Read"},
			false,
			true,
			[]string{},
			[]string{},
		},
		"an application without any permission": {
			consent(),
			nil,
			false,
			false,
			[]string{"Calendars.ReadWrite"},
			[]string{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := CheckConsent(test.consent, Wanted{Required: test.required, MailRead: test.mailRead})
			if c.Complete() != test.complete || !reflect.DeepEqual(c.Missing, test.missing) ||
				strings.Join(labelsOf(c.Unexpected), " ") != strings.Join(test.unexpected, " ") {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestZoomApplication(t *testing.T) {
	app := func(id, publisher string, permissions ...string) tenant.Consent {
		c := consent(permissions...)
		c.Principal = &tenant.ServicePrincipal{
			ID:          "sp " + id,
			AppID:       id,
			DisplayName: "Zoom " + id,
			Publisher:   publisher,
		}
		return c
	}
	const publisher = "Zoom Video Communications, Inc."
	zoom := app("zoom", publisher, "Calendars.ReadWrite")
	rooms := app(notForCalendars[0], publisher, "Calendars.ReadWrite")
	info := app("info", "ZoomInfo Technologies LLC", "Calendars.ReadWrite")
	stranger := app("stranger", "Somebody", "Calendars.ReadWrite")
	meetings := app("meetings", publisher, "User.Read.All")
	otherAPI := app("other", publisher)
	otherAPI.Grants = []tenant.Grant{
		{Permission: tenant.Permission{Resource: tenant.ExchangeAPI, Role: "r", Name: "Calendars.ReadWrite"}},
	}
	narrowed := app("narrowed", publisher)
	scoped := []tenant.ExchangeRole{{PrincipalID: "sp narrowed", Role: "Application Calendars.ReadWrite", Scope: "x"}}
	for name, test := range map[string]struct {
		all      []tenant.Consent
		exchange []tenant.ExchangeRole
		file     string
		pinned   tenant.Application
		want     string
		basis    Basis
		unclear  int
		gone     string
	}{
		"the only candidate": {[]tenant.Consent{rooms, info, stranger, meetings, zoom}, nil, "", tenant.Application{}, "zoom", ByCandidate, 0, ""},
		"two candidates": {
			[]tenant.Consent{zoom, app("second", "Zoom Communications, Inc.", "Calendars.Read")},
			nil,
			"",
			tenant.Application{},
			"",
			"",
			2,
			"",
		},
		"nobody fits": {[]tenant.Consent{rooms, info, stranger, meetings, otherAPI}, nil, "", tenant.Application{}, "", "", 0, ""},
		"the file names one": {
			[]tenant.Consent{zoom, meetings},
			nil,
			"MEETINGS",
			tenant.Application{},
			"meetings",
			ByFile,
			0,
			"",
		},
		"the file names one that is not there": {
			[]tenant.Consent{zoom},
			nil,
			"missing",
			tenant.Application{},
			"",
			"",
			0,
			"missing",
		},
		"a confirmed one among two": {
			[]tenant.Consent{zoom, app("second", publisher, "Calendars.Read")},
			nil,
			"",
			tenant.Application{AppID: "second"},
			"second",
			ByPin,
			0,
			"",
		},
		"a confirmed one without its calendars": {
			[]tenant.Consent{zoom, meetings},
			nil,
			"",
			tenant.Application{AppID: "meetings"},
			"meetings",
			ByPin,
			0,
			"",
		},
		"a confirmed one that is gone": {
			[]tenant.Consent{zoom},
			nil,
			"",
			tenant.Application{AppID: "old"},
			"",
			"",
			1,
			"old",
		},
		"an old record with an object ID": {
			[]tenant.Consent{zoom, meetings},
			nil,
			"",
			tenant.Application{PrincipalID: "sp meetings"},
			"meetings",
			ByPin,
			0,
			"",
		},
		"narrowed by Exchange": {
			[]tenant.Consent{narrowed, meetings},
			scoped,
			"",
			tenant.Application{},
			"narrowed",
			ByCandidate,
			0,
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{
				File:   profile.File{Microsoft: profile.Microsoft{ZoomAppID: test.file}},
				Record: Record{Pinned: test.pinned},
			}
			in.Facts.Consents, in.Facts.Exchange = saw(test.all), saw(test.exchange)
			c := ZoomApplication(in)
			if got := c.Application().AppID; got != test.want || c.Basis != test.basis || len(c.Unclear) != test.unclear ||
				c.Gone != test.gone {
				t.Errorf("got %q, %q, %d unclear, gone %q", got, c.Basis, len(c.Unclear), c.Gone)
			}
		})
	}
}

// The state of a connection never says more than is known.
func TestConnection(t *testing.T) {
	for name, test := range map[string]struct {
		change                      func(*Input)
		state                       State
		consented, confirmed, inUse Truth
	}{
		"in use": {func(*Input) {}, StateAuthorized, Yes, Yes, Yes},
		"confirmed, no licence to see more": {func(in *Input) {
			in.Facts.SignIns = denied[[]tenant.AppSignIn]("a licence")
		}, StateAuthorized, Yes, Yes, NotKnown},
		"consented, and nobody confirmed it": {func(in *Input) {
			in.Facts.SignIns, in.Record.Portal = saw([]tenant.AppSignIn{}), nil
		}, StateConsented, Yes, No, NotKnown},
		"signed in only before the consent": {func(in *Input) {
			in.Facts.SignIns.Value[0].Last, in.Record.Portal = today.Add(-72*time.Hour), nil
		}, StateConsented, Yes, No, No},
		"confirmed, and a rule is not met": {func(in *Input) {
			in.Facts.SignIns, in.Facts.ZoomDomains = saw([]tenant.AppSignIn{}), saw([]tenant.ZoomDomain{})
		}, StateBlocked, Yes, Yes, NotKnown},
		"confirmed, and a rule could not be seen": {func(in *Input) {
			in.Facts.SignIns, in.Facts.ZoomDomains = saw([]tenant.AppSignIn{}), denied[[]tenant.ZoomDomain]("x")
		}, StateConsented, Yes, Yes, NotKnown},
		"confirmed, and nobody knows who signed": {func(in *Input) {
			in.Facts.SignIns, in.Facts.Events = saw([]tenant.AppSignIn{}), saw([]tenant.ConsentEvent{})
			in.Record.Authorized = nil
		}, StateConsented, Yes, Yes, NotKnown},
		"nothing yet": {unconsented, StatePending, No, Yes, No},
		"Entra is not seen": {func(in *Input) {
			in.Facts.Consents, in.Facts.SignIns = denied[[]tenant.Consent]("x"), denied[[]tenant.AppSignIn]("x")
		}, StatePending, NotKnown, Yes, NotKnown},
		"two scopes share the sign-ins": {func(in *Input) {
			in.File.Groups = []profile.Group{{Name: "Sales", Settings: profile.Settings{MailRead: profile.NotApproved}}}
			in.Record.Portal = nil
		}, StateConsented, Yes, No, NotKnown},
	} {
		t.Run(name, func(t *testing.T) {
			in := healthy()
			test.change(&in)
			c := Connections(in)[0]
			if c.State != test.state || c.Consented.Truth != test.consented || c.Confirmed.Truth != test.confirmed ||
				c.InUse.Truth != test.inUse {
				t.Errorf("got %s, %s %s %s: %s", c.State, c.Consented.Truth, c.Confirmed.Truth, c.InUse.Truth, c.Why)
			}
		})
	}
}

func TestCheckRoles(t *testing.T) {
	tests := map[string]struct {
		roles    []tenant.DirectoryRole
		may      bool
		onlyApps bool
	}{
		"nobody in particular": {nil, false, false},
		"Global Administrator": {
			[]tenant.DirectoryRole{{TemplateID: consentingRoles[0], Name: "Global Administrator"}},
			true,
			false,
		},
		"Privileged Role Administrator": {[]tenant.DirectoryRole{{TemplateID: consentingRoles[1], Name: "P"}}, true, false},
		"the role of Zoom's pages": {
			[]tenant.DirectoryRole{{TemplateID: applicationRoles[0], Name: "Cloud Application Administrator"}},
			false,
			true,
		},
		"both": {
			[]tenant.DirectoryRole{{TemplateID: applicationRoles[0], Name: "C"}, {TemplateID: consentingRoles[1], Name: "P"}},
			true,
			false,
		},
		"a role of the same name": {
			[]tenant.DirectoryRole{{TemplateID: "own", Name: "Global Administrator"}},
			false,
			false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if c := CheckRoles(test.roles); c.May != test.may || c.OnlyApps != test.onlyApps {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestPortalSteps(t *testing.T) {
	admin := profile.Effective{
		Enabled:        true,
		DefaultService: profile.Office365,
		AuthorizeWith:  profile.Graph,
		SetupBy:        profile.Admin,
		MailRead:       profile.Approved,
	}
	users, off := admin, admin
	users.SetupBy, off.Enabled = profile.Users, false
	for name, test := range map[string]struct {
		of   profile.Effective
		want string
	}{
		"an admin authorizes":    {admin, "integrate default-service authorize-with setup-by mail-read authorize-and-save"},
		"users authorize":        {users, "integrate default-service authorize-with setup-by disable-and-delete"},
		"the integration is off": {off, "integrate"},
	} {
		var codes []string
		for _, s := range PortalSteps(test.of) {
			if s.Control == "" || s.Choose == "" {
				t.Errorf("%s: %+v", name, s)
			}
			codes = append(codes, s.Code)
		}
		if got := strings.Join(codes, " "); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestStillAuthorized(t *testing.T) {
	f := profile.File{
		Account: profile.Settings{SetupBy: profile.Users},
		Groups:  []profile.Group{{Name: "A"}, {Name: "B", Settings: profile.Settings{SetupBy: profile.Admin}}},
	}
	if got := StillAuthorized(f); !reflect.DeepEqual(got, []string{"the group B"}) {
		t.Errorf("got %v", got)
	}
}
