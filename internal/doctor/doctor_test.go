package doctor

import (
	"reflect"
	"strings"
	"testing"

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
		"a domain that was asked for and is nowhere": {nil, nil, []string{" B.com "}, []DomainPair{{"b.com", Absent, Absent, false, false}}, "verify b.com on both sides"},
		"nothing anywhere":                           {nil, nil, nil, nil, "add the domain of your people's email"},
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
	c := tenant.Consent{Principal: &tenant.ServicePrincipal{ID: "sp", AppID: "app", DisplayName: "Zoom", Publisher: "Zoom Video Communications, Inc."}}
	for _, p := range permissions {
		c.Grants = append(c.Grants, tenant.Grant{Permission: p})
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
		"nobody consented":                            {tenant.Consent{}, nil, false, false, []string{"Calendars.ReadWrite"}, []string{}},
		"what Zoom asks for is complete":              {consent("Calendars.ReadWrite", "Contacts.Read", "MailboxSettings.Read", "User.Read.All"), nil, false, true, []string{}, []string{}},
		"a permission that was taken away":            {consent("Contacts.Read"), nil, false, false, []string{"Calendars.ReadWrite"}, []string{}},
		"Mail.Read left over is unexpected":           {consent("Calendars.ReadWrite", "Mail.Read"), nil, false, true, []string{}, []string{"Mail.Read"}},
		"Mail.Read is needed while it is approved":    {consent("Calendars.ReadWrite"), nil, true, false, []string{"Mail.Read"}, []string{}},
		"a wider permission covers a narrower one":    {consent("Calendars.ReadWrite", "Mail.ReadWrite"), nil, true, true, []string{}, []string{}},
		"the tenant's own list replaces the built-in": {consent("Calendars.Read", "Calendars.Read"), []string{"Calendars.Read"}, false, true, []string{}, []string{}},
		"an application without any permission":       {consent(), nil, false, false, []string{"Calendars.ReadWrite"}, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := CheckConsent(test.consent, Wanted{Required: test.required, MailRead: test.mailRead})
			if c.Complete() != test.complete || !reflect.DeepEqual(c.Missing, test.missing) || !reflect.DeepEqual(c.Unexpected, test.unexpected) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestPickZoom(t *testing.T) {
	zoom := consent("Calendars.ReadWrite")
	rooms := consent("Calendars.ReadWrite")
	rooms.Principal = &tenant.ServicePrincipal{AppID: roomApplications[0], Publisher: "Zoom Video Communications, Inc."}
	stranger := consent("Calendars.ReadWrite")
	stranger.Principal = &tenant.ServicePrincipal{AppID: "x", DisplayName: "Zoom, really", Publisher: "Somebody"}
	meetings := consent("User.Read.All")
	if got, several := PickZoom([]tenant.Consent{rooms, stranger, meetings, zoom}); got == nil || got.Principal.AppID != "app" || several != nil {
		t.Errorf("got %+v, %v", got, several)
	}
	if got, several := PickZoom([]tenant.Consent{zoom, zoom}); got != nil || len(several) != 2 {
		t.Errorf("two candidates: %+v, %v", got, several)
	}
	if got, several := PickZoom([]tenant.Consent{rooms, stranger, meetings}); got != nil || len(several) != 0 {
		t.Errorf("none fits: %+v, %v", got, several)
	}
}

func TestCheckRoles(t *testing.T) {
	tests := map[string]struct {
		roles    []tenant.DirectoryRole
		may      bool
		onlyApps bool
	}{
		"nobody in particular":          {nil, false, false},
		"Global Administrator":          {[]tenant.DirectoryRole{{TemplateID: consentingRoles[0], Name: "Global Administrator"}}, true, false},
		"Privileged Role Administrator": {[]tenant.DirectoryRole{{TemplateID: consentingRoles[1], Name: "P"}}, true, false},
		"the role of Zoom's pages":      {[]tenant.DirectoryRole{{TemplateID: applicationRoles[0], Name: "Cloud Application Administrator"}}, false, true},
		"both":                          {[]tenant.DirectoryRole{{TemplateID: applicationRoles[0], Name: "C"}, {TemplateID: consentingRoles[1], Name: "P"}}, true, false},
		"a role of the same name":       {[]tenant.DirectoryRole{{TemplateID: "own", Name: "Global Administrator"}}, false, false},
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
	admin := profile.Effective{Enabled: true, DefaultService: profile.Office365, AuthorizeWith: profile.Graph, SetupBy: profile.Admin, MailRead: profile.Approved}
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
	f := profile.File{Account: profile.Settings{SetupBy: profile.Users}, Groups: []profile.Group{{Name: "A"}, {Name: "B", Settings: profile.Settings{SetupBy: profile.Admin}}}}
	if got := StillAuthorized(f); !reflect.DeepEqual(got, []string{"the group B"}) {
		t.Errorf("got %v", got)
	}
}
