package doctor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

var today = time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)

func saw[T any](v T) tenant.Reading[T] {
	return tenant.Reading[T]{Value: v, Source: "GET /x", At: today}
}

func denied[T any](needs string) tenant.Reading[T] {
	return tenant.Reading[T]{
		Err: &tenant.NeedsError{
			Service: "Microsoft Graph",
			AnyOf:   []string{needs},
			Doing:   "looking",
			Err:     errors.New("403"),
		},
		Source: "GET /x",
		At:     today,
	}
}

// healthy is a tenant in which every check passes.
func healthy() Input {
	in := Input{
		Now:    today,
		Target: tenant.Target{Tenant: "1", ZoomAccount: "z"},
		Record: Record{
			Pinned: tenant.Application{AppID: "zoom", PrincipalID: "sp"},
			Portal: map[string]map[string]Confirmed{"account": {}},
			Authorized: map[string]Authorized{
				"account": {
					UPN:         "admin@a.com",
					ZoomEmail:   "admin@a.com",
					Match:       true,
					Application: tenant.Application{AppID: "zoom", PrincipalID: "sp"},
					Granted:     []string{"Calendars.ReadWrite"},
					At:          today,
				},
			},
		},
	}
	in.File = profile.File{
		Version: 1,
		Account: profile.Settings{SetupBy: profile.Admin, DefaultService: profile.Office365, AuthorizeWith: profile.Graph},
	}
	account, _ := in.File.Effective("")
	for _, s := range PortalSteps(account) {
		in.Record.Portal["account"][s.Code] = Confirmed{Choose: s.Choose, By: "admin@a.com", At: today}
	}
	in.Facts = tenant.Facts{
		SignedIn:     saw(tenant.SignIn{Name: "client", By: "secret"}),
		Organization: saw(tenant.Organization{ID: "1"}),
		Domains:      saw([]tenant.Domain{{Name: "a.com", Verified: true}}),
		Credentials:  saw([]tenant.AppCredential{{Kind: "secret", Expires: today.AddDate(0, 6, 0)}}),
		Consents:     saw([]tenant.Consent{zoomApp("Calendars.ReadWrite")}),
		SignIns:      saw([]tenant.AppSignIn{{AppID: "zoom", Last: today.Add(-time.Hour)}}),
		Events: saw(
			[]tenant.ConsentEvent{{At: today, UPN: "admin@a.com", PrincipalID: "sp"}},
		),
		Exchange: saw([]tenant.ExchangeRole{}),
		Mailless: saw(
			tenant.Mailless{},
		),
		ZoomPlan:  saw(tenant.ZoomPlan{Type: "business_monthly"}),
		ZoomRoles: saw([]tenant.ZoomRole{{Name: "Owner", Members: 1}}),
		ZoomDomains: saw(
			[]tenant.ZoomDomain{{Name: "a.com", Verified: true}},
		),
		ZoomGroups: saw([]tenant.ZoomGroup{{ID: "1", Name: "Sales"}, {ID: "2", Name: "Support"}}),
		ZoomMembers: saw(
			[]tenant.GroupMembers{
				{Group: "Sales", Emails: []string{"x@a.com"}},
				{Group: "Support", Emails: []string{"X@a.com", "y@a.com"}},
			},
		),
		ZoomPeople: saw(
			tenant.ZoomPeople{Total: 1, Emails: []string{"admin@a.com"}},
		),
		Clocks: saw([]tenant.Clock{{Host: "h"}}),
	}
	return in
}

func zoomApp(granted ...string) tenant.Consent {
	c := tenant.Consent{
		Principal: &tenant.ServicePrincipal{
			ID:          "sp",
			AppID:       "zoom",
			DisplayName: "Zoom",
			Publisher:   "Zoom Video Communications, Inc.",
			Enabled:     true,
		},
	}
	for _, g := range granted {
		c.Grants = append(
			c.Grants,
			tenant.Grant{ID: g, Permission: tenant.GraphPermission(g), At: today.Add(-48 * time.Hour)},
		)
	}
	return c
}

func person(in *Input, roles []tenant.DirectoryRole, zoom *tenant.ZoomUser) {
	in.Facts.SignedIn = saw(tenant.SignIn{Person: true, Name: "admin@a.com", By: "person"})
	in.Facts.Me, in.Facts.Roles, in.Facts.MyZoom = saw(tenant.User{UPN: "admin@a.com"}), saw(roles), saw(zoom)
}

// twoGroups wants other settings of Support than of Sales.
func twoGroups(in *Input) {
	off := false
	in.File.Groups = []profile.Group{
		{Name: "Sales", Settings: profile.Settings{SetupBy: profile.Users}},
		{Name: "Support", Settings: profile.Settings{Enabled: &off}},
	}
}

// unconsented takes the consent and its record away.
func unconsented(in *Input) {
	in.Facts.Consents, in.Record = saw([]tenant.Consent{}), Record{Portal: in.Record.Portal}
}

// Each check passes, fails and does not know; the severity, the steps and what is
// needed are those of the table.
func TestChecks(t *testing.T) {
	type want struct {
		severity Severity
		steps    []string
		needs    string
	}
	global := []tenant.DirectoryRole{{TemplateID: consentingRoles[0], Name: "Global Administrator"}}
	tests := map[string]map[string]struct {
		change func(*Input)
		want   want
	}{
		"clock": {
			"right":           {func(*Input) {}, want{OK, nil, ""}},
			"two minutes off": {func(in *Input) { in.Facts.Clocks.Value[0].AheadSeconds = -120 }, want{Warn, nil, ""}},
			"six minutes off": {func(in *Input) { in.Facts.Clocks.Value[0].AheadSeconds = 360 }, want{Fail, nil, ""}},
			"nobody looked at all": {
				func(in *Input) { in.Facts.Clocks = tenant.Reading[[]tenant.Clock]{} },
				want{Unknown, nil, ""},
			},
		},
		"credential-expiry": {
			"far away": {func(*Input) {}, want{OK, nil, ""}},
			"in ten days": {
				func(in *Input) { in.Facts.Credentials.Value[0].Expires = today.AddDate(0, 0, 10) },
				want{Warn, []string{"portal/tenant/credential"}, ""},
			},
			"tomorrow": {
				func(in *Input) { in.Facts.Credentials.Value[0].Expires = today.AddDate(0, 0, 1) },
				want{Fail, []string{"portal/tenant/credential"}, ""},
			},
			"not of this kind": {func(in *Input) { in.Facts.Credentials.Value[0].Kind = "certificate" }, want{Info, nil, ""}},
			"a newer one that nobody uses": {func(in *Input) {
				yes, no := true, false
				in.Facts.Credentials.Value = []tenant.AppCredential{
					{Kind: "secret", Expires: today.AddDate(1, 0, 0), InUse: &no},
					{Kind: "secret", Expires: today.AddDate(0, 0, 1), InUse: &yes},
				}
			}, want{Fail, []string{"portal/tenant/credential"}, ""}},
			"which one is not known": {func(in *Input) {
				in.Facts.Credentials.Value = append(
					in.Facts.Credentials.Value,
					tenant.AppCredential{Kind: "secret", Expires: today},
				)
			}, want{Unknown, nil, ""}},
			"a person's sign-in": {func(in *Input) { person(in, nil, nil) }, want{Skipped, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Credentials = denied[[]tenant.AppCredential]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"zoom-plan": {
			"business":   {func(*Input) {}, want{OK, nil, ""}},
			"pro":        {func(in *Input) { in.Facts.ZoomPlan.Value.Type = "monthly" }, want{OK, nil, ""}},
			"pro, tried": {func(in *Input) { in.Facts.ZoomPlan.Value.Type = "trial" }, want{OK, nil, ""}},
			"education":  {func(in *Input) { in.Facts.ZoomPlan.Value.Type = "edu_2yearly" }, want{OK, nil, ""}},
			"a bundle": {func(in *Input) {
				in.Facts.ZoomPlan.Value = tenant.ZoomPlan{Bundles: []string{"zoomone_business_monthly"}}
			}, want{OK, nil, ""}},
			"an unknown code": {
				func(in *Input) { in.Facts.ZoomPlan.Value.Type = "platinum" },
				want{Unknown, nil, ""},
			},
			"a word of ours": {func(in *Input) { in.Facts.ZoomPlan.Value.Type = "basic" }, want{Unknown, nil, ""}},
			"no code":        {func(in *Input) { in.Facts.ZoomPlan.Value.Type = "" }, want{Unknown, nil, ""}},
			"free": {
				func(in *Input) {
					in.Facts.ZoomPlan.Err = fmt.Errorf("%w: paid accounts only", tenant.ErrNoPlan)
				},
				want{Unknown, nil, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.ZoomPlan = denied[tenant.ZoomPlan]("billing:read:plan_usage:admin") },
				want{Unknown, nil, "billing:read:plan_usage:admin"},
			},
		},
		"zoom-role": {
			"somebody is owner": {func(*Input) {}, want{OK, nil, ""}},
			"nobody is":         {func(in *Input) { in.Facts.ZoomRoles.Value[0].Members = 0 }, want{Warn, nil, ""}},
			"the person is admin": {
				func(in *Input) { person(in, nil, &tenant.ZoomUser{Email: "admin@a.com", Role: "Admin"}) },
				want{OK, nil, ""},
			},
			"the person is member": {
				func(in *Input) { person(in, nil, &tenant.ZoomUser{Email: "admin@a.com", Role: "Member"}) },
				want{Fail, nil, ""},
			},
			"the person is nobody": {func(in *Input) { person(in, nil, nil) }, want{Fail, nil, ""}},
			"a role of the account's own": {func(in *Input) {
				person(in, nil, &tenant.ZoomUser{Email: "admin@a.com", Role: "Calendar team"})
			}, want{Unknown, nil, "a look at Zoom's portal: User Management > Roles"}},
			"somebody else is named": {func(in *Input) {
				in.By, in.Facts.MyZoom = "boss@a.com", saw(&tenant.ZoomUser{Email: "boss@a.com", Role: "Owner"})
			}, want{OK, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.ZoomRoles = denied[[]tenant.ZoomRole]("role:read") },
				want{Unknown, nil, "role:read"},
			},
		},
		"domain-match": {
			"matches": {func(*Input) {}, want{OK, nil, ""}},
			"unverified on both": {func(in *Input) {
				in.Facts.Domains.Value[0].Verified, in.Facts.ZoomDomains.Value[0].Verified = false, false
			}, want{Fail, []string{"portal/tenant/zoom-domain", "portal/tenant/entra-domain"}, ""}},
			"the nearest is taken": {func(in *Input) {
				in.Facts.Domains = saw([]tenant.Domain{{Name: "a.com"}, {Name: "b.com"}})
				in.Facts.ZoomDomains = saw([]tenant.ZoomDomain{{Name: "a.com"}, {Name: "b.com", Verified: true}})
			}, want{Fail, []string{"portal/tenant/entra-domain"}, ""}},
			"nobody needs it": {func(in *Input) {
				in.Facts.Domains.Value[0].Verified, in.File.Account = false, profile.Settings{}
			}, want{Skipped, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Domains = denied[[]tenant.Domain]("Domain.Read.All") },
				want{Unknown, nil, "Domain.Read.All"},
			},
		},
		"consent-role": {
			"consented already": {func(*Input) {}, want{Skipped, nil, ""}},
			"may":               {func(in *Input) { unconsented(in); person(in, global, nil) }, want{OK, nil, ""}},
			"may not": {func(in *Input) { unconsented(in); person(in, nil, nil) }, want{
				Unknown,
				nil,
				"Global Administrator or Privileged Role Administrator, or a custom role that may grant permissions",
			}},
			"an application": {unconsented, want{Info, nil, ""}},
			"not seen": {func(in *Input) {
				unconsented(in)
				person(in, nil, nil)
				in.Facts.Roles = denied[[]tenant.DirectoryRole]("RoleManagement.Read.Directory")
			}, want{Unknown, nil, "RoleManagement.Read.Directory"}},
		},
		"application-enabled": {
			"it is": {func(*Input) {}, want{OK, nil, ""}},
			"it is not": {
				func(in *Input) { in.Facts.Consents.Value[0].Principal.Enabled = false },
				want{Fail, []string{"graph/enable-application"}, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"consent-present": {
			"it is":     {func(*Input) {}, want{OK, nil, ""}},
			"it is not": {unconsented, want{Fail, nil, ""}},
			"one of several": {func(in *Input) {
				other := zoomApp("Calendars.Read")
				other.Principal.ID, other.Principal.AppID = "sp2", "zoom2"
				in.Facts.Consents.Value, in.Record = append(in.Facts.Consents.Value, other), Record{}
			}, want{Fail, nil, ""}},
			"the named one of several": {func(in *Input) {
				other := zoomApp("Calendars.Read")
				other.Principal.ID, other.Principal.AppID = "sp2", "zoom2"
				in.Facts.Consents.Value, in.Record, in.File.Microsoft.ZoomAppID = append(
					in.Facts.Consents.Value,
					other,
				), Record{}, "ZOOM"
			}, want{OK, nil, ""}},
			"another publisher's name begins alike": {func(in *Input) {
				in.Facts.Consents.Value[0].Principal.Publisher, in.Record = "ZoomInfo Technologies LLC", Record{}
			}, want{Fail, nil, ""}},
			"the confirmed one is gone, and another may be it": {func(in *Input) {
				in.Facts.Consents.Value[0].Principal.AppID = "another"
			}, want{Fail, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"consent-complete": {
			"it is": {func(*Input) {}, want{OK, nil, ""}},
			"one was taken away": {
				func(in *Input) { in.Facts.Consents.Value[0] = zoomApp("Contacts.Read") },
				want{Fail, []string{"graph/grant/Calendars.ReadWrite"}, ""},
			},
			"the tenant's list": {func(in *Input) {
				in.File.Microsoft.RequiredPermissions = []string{"Calendars.Read", "Contacts.ReadWrite"}
			}, want{Fail, []string{"graph/grant/Contacts.ReadWrite"}, ""}},
			"Exchange stands in": {func(in *Input) {
				in.Facts.Consents.Value[0] = zoomApp("Contacts.Read")
				scoped(in, "Calendars.ReadWrite")
			}, want{OK, nil, ""}},
			"Exchange gives less": {
				func(in *Input) { in.Facts.Consents.Value[0] = zoomApp("Contacts.Read"); scoped(in, "Calendars.Read") },
				want{Fail, []string{"graph/grant/Calendars.ReadWrite"}, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"consent-excess": {
			"nothing": {func(*Input) {}, want{OK, nil, ""}},
			"companions may be": {func(in *Input) {
				in.Facts.Consents.Value[0] = zoomApp("Calendars.ReadWrite", "Contacts.Read", "User.Read.All")
			}, want{OK, nil, ""}},
			"two too many": {func(in *Input) {
				in.Facts.Consents.Value[0] = zoomApp("Calendars.ReadWrite", "Files.Read.All", "Mail.ReadWrite", "Mail.Read")
			}, want{Warn, nil, ""}},
			"two too many by the file's own words": {func(in *Input) {
				in.File.Microsoft.RequiredPermissions = []string{"Calendars.ReadWrite"}
				in.Facts.Consents.Value[0] = zoomApp("Calendars.ReadWrite", "Files.Read.All", "Mail.ReadWrite", "Mail.Read")
			}, want{Warn, []string{"graph/revoke/Files.Read.All", "graph/revoke/Mail.ReadWrite"}, ""}},
			"another API's permission of the same name": {func(in *Input) {
				c := zoomApp("Calendars.ReadWrite")
				c.Grants = append(
					c.Grants,
					tenant.Grant{ID: "x", Permission: tenant.Permission{Resource: tenant.ExchangeAPI, Role: "r", Name: "Mail.Read"}},
				)
				in.Facts.Consents.Value[0] = c
			}, want{Warn, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"mail-read": {
			"not granted": {func(*Input) {}, want{OK, nil, ""}},
			"left over": {
				func(in *Input) { in.Facts.Consents.Value[0] = zoomApp("Calendars.ReadWrite", "Mail.Read") },
				want{Warn, []string{"graph/revoke/Mail.Read"}, ""},
			},
			"approved": {func(in *Input) {
				in.Facts.Consents.Value[0], in.File.Account.MailRead = zoomApp("Calendars.ReadWrite", "Mail.Read"), profile.Approved
			}, want{Info, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"consent-unneeded": {
			"wanted":             {func(*Input) {}, want{Skipped, nil, ""}},
			"nobody wants it":    {func(in *Input) { in.File.Account.SetupBy = profile.Users }, want{Warn, nil, ""}},
			"nothing is decided": {func(in *Input) { in.File.Account = profile.Settings{} }, want{Info, nil, ""}},
			"not seen": {func(in *Input) {
				in.File.Account.SetupBy = profile.Users
				in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All")
			}, want{Unknown, nil, "Application.Read.All"}},
		},
		"other-applications": {
			"none": {func(*Input) {}, want{OK, nil, ""}},
			"another with mail": {func(in *Input) {
				other := zoomApp("Mail.Read")
				other.Principal.ID, other.Principal.AppID = "sp2", "zoominfo"
				other.Principal.Publisher = "ZoomInfo Technologies LLC"
				in.Facts.Consents.Value = append(in.Facts.Consents.Value, other)
			}, want{Info, nil, ""}},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"signer-upn": {
			"recorded as equal": {func(*Input) {}, want{OK, nil, ""}},
			"the person differs": {func(in *Input) {
				unconsented(in)
				person(in, global, &tenant.ZoomUser{Email: "boss@a.com", Role: "Owner"})
			}, want{Fail, nil, ""}},
			"the person differs, and Mail: Read is approved": {func(in *Input) {
				unconsented(in)
				person(in, global, &tenant.ZoomUser{Email: "boss@a.com", Role: "Owner"})
				in.File.Account.MailRead = profile.Approved
			}, want{Info, nil, ""}},
			"nobody consented, an application looks": {unconsented, want{Info, nil, ""}},
			"the log names somebody who is not in Zoom": {func(in *Input) {
				in.Record.Authorized, in.Facts.SignIns = nil, saw([]tenant.AppSignIn{})
				in.Facts.Events.Value[0].UPN = "other@a.com"
			}, want{Fail, nil, ""}},
			"Zoom is in use, whoever looks now": {func(in *Input) {
				in.Record.Authorized = nil
				person(in, global, &tenant.ZoomUser{Email: "boss@a.com", Role: "Owner"})
			}, want{OK, nil, ""}},
			"somebody else is named": {func(in *Input) {
				unconsented(in)
				in.By, in.Facts.MyZoom = "boss@a.com", saw(&tenant.ZoomUser{Email: "boss@a.com", Role: "Owner"})
			}, want{OK, nil, ""}},
			"the log names somebody, and Zoom has too many": {func(in *Input) {
				in.Record.Authorized = nil
				in.Facts.Events.Value[0].UPN = "other@a.com"
				in.Facts.ZoomPeople.Value.Total = 5000
			}, want{Unknown, nil, "zo365 upn check other@a.com"}},
		},
		"rbac-scope": {
			"no role": {func(*Input) {}, want{Info, nil, ""}},
			"a role that narrows": {func(in *Input) {
				in.Facts.Consents.Value[0] = zoomApp("Contacts.Read")
				scoped(in, "Calendars.ReadWrite")
			}, want{OK, nil, ""}},
			"defeated by the consent": {
				func(in *Input) { scoped(in, "Calendars.ReadWrite") },
				want{Fail, []string{"graph/revoke/Calendars.ReadWrite"}, ""},
			},
			"gives less than needed": {func(in *Input) { scoped(in, "Calendars.Read") }, want{Fail, nil, ""}},
			"one without a scope": {func(in *Input) {
				scoped(in, "Calendars.ReadWrite")
				in.Facts.Exchange.Value = append(
					in.Facts.Exchange.Value,
					tenant.ExchangeRole{PrincipalID: "sp", Role: "Application Calendars.ReadWrite"},
				)
			}, want{Fail, nil, ""}},
			"of another application": {func(in *Input) {
				in.Facts.Exchange = saw(
					[]tenant.ExchangeRole{{PrincipalID: "other", Role: "Application Calendars.ReadWrite", Scope: "x"}},
				)
			}, want{Info, nil, ""}},
			"a consent is still ahead": {
				func(in *Input) { scoped(in, "Contacts.Read"); delete(in.Record.Portal["account"], StepSave) },
				want{Info, []string{"graph/revoke/Contacts.Read"}, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.Exchange = denied[[]tenant.ExchangeRole]("RoleManagement.Read.Exchange") },
				want{Unknown, nil, "RoleManagement.Read.Exchange"},
			},
		},
		"ews": {
			"unused": {func(*Input) {}, want{OK, nil, ""}},
			"used, blocked": {func(in *Input) {
				in.File.Account = profile.Settings{SetupBy: profile.Users, AuthorizeWith: profile.EWS}
			}, want{Fail, nil, ""}},
			"used, before": {func(in *Input) {
				in.File.Account = profile.Settings{AuthorizeWith: profile.EWS}
				in.Now = today.AddDate(-1, 0, 0)
			}, want{Warn, nil, ""}},
			"used, after": {func(in *Input) {
				in.File.Account = profile.Settings{AuthorizeWith: profile.EWS}
				in.Now = today.AddDate(1, 0, 0)
			}, want{Fail, nil, ""}},
			"set, but all off": {func(in *Input) {
				off := false
				in.File.Account = profile.Settings{Enabled: &off, AuthorizeWith: profile.EWS}
			}, want{OK, nil, ""}},
			"used on premises": {func(in *Input) {
				in.File.Account = profile.Settings{
					SetupBy:        profile.Users,
					AuthorizeWith:  profile.EWS,
					DefaultService: profile.Exchange,
				}
			}, want{Info, nil, ""}},
			"nothing is set": {func(in *Input) { in.File.Account = profile.Settings{} }, want{Skipped, nil, ""}},
		},
		"user-consent": {
			"an administrator sets it up": {func(*Input) {}, want{Skipped, nil, ""}},
			"people may consent": {func(in *Input) {
				in.File.Account.SetupBy = profile.Users
				in.Facts.UserConsent = saw(tenant.UserConsent{Policies: []string{"microsoft-user-default-low"}})
			}, want{Info, nil, ""}},
			"nobody may consent": {func(in *Input) {
				in.File.Account.SetupBy = profile.Users
				in.Facts.UserConsent = saw(tenant.UserConsent{Policies: []string{}})
			}, want{Warn, nil, ""}},
			"not seen": {func(in *Input) {
				in.File.Account.SetupBy = profile.Users
				in.Facts.UserConsent = denied[tenant.UserConsent]("Policy.Read.All")
			}, want{Unknown, nil, "Policy.Read.All"}},
			"another cloud": {func(in *Input) {
				in.File.Account.SetupBy = profile.Users
				in.Facts.UserConsent = tenant.Reading[tenant.UserConsent]{Err: tenant.ErrNotInCloud, At: today}
			}, want{Skipped, nil, ""}},
		},
		"primary-calendar": {
			"on":  {func(*Input) {}, want{Info, nil, ""}},
			"off": {func(in *Input) { in.File.Account = profile.Settings{} }, want{Skipped, nil, ""}},
		},
		"features": {
			"none": {func(*Input) {}, want{Skipped, nil, ""}},
			"supported": {
				func(in *Input) { in.File.Features = []profile.Feature{profile.PrimaryCalendar} },
				want{OK, nil, ""},
			},
			"not supported": {func(in *Input) { in.File.Features = []profile.Feature{profile.FindTime} }, want{Warn, nil, ""}},
		},
		"group-missing": {
			"no groups": {func(*Input) {}, want{Skipped, nil, ""}},
			"there":     {func(in *Input) { in.File.Groups = []profile.Group{{Name: "sales "}} }, want{OK, nil, ""}},
			"missing": {
				func(in *Input) { in.File.Groups = []profile.Group{{Name: "Front Desk"}} },
				want{Fail, []string{"zoom/create-group/Front Desk"}, ""},
			},
			"not seen": {
				func(in *Input) { twoGroups(in); in.Facts.ZoomGroups = denied[[]tenant.ZoomGroup]("group:read") },
				want{Unknown, nil, "group:read"},
			},
		},
		"group-conflict": {
			"one group":       {func(*Input) {}, want{Skipped, nil, ""}},
			"somebody in two": {twoGroups, want{Warn, nil, ""}},
			"alike": {
				func(in *Input) { in.File.Groups = []profile.Group{{Name: "Sales"}, {Name: "Support"}} },
				want{OK, nil, ""},
			},
			"nobody in two": {
				func(in *Input) { twoGroups(in); in.Facts.ZoomMembers.Value = in.Facts.ZoomMembers.Value[:1] },
				want{OK, nil, ""},
			},
			"one group not seen": {func(in *Input) {
				twoGroups(in)
				in.Facts.ZoomMembers.Value[0] = tenant.GroupMembers{Group: "Sales", Unseen: "500"}
			}, want{Unknown, nil, ""}},
			"a group without a profile not seen": {func(in *Input) {
				twoGroups(in)
				in.Facts.ZoomMembers.Value = append(
					in.Facts.ZoomMembers.Value,
					tenant.GroupMembers{Group: "Others", Unseen: "500"},
				)
			}, want{Warn, nil, ""}},
			"not seen": {func(in *Input) {
				twoGroups(in)
				in.Facts.ZoomMembers = denied[[]tenant.GroupMembers]("group:read:list_members")
			}, want{Unknown, nil, "group:read:list_members"}},
		},
		"mailboxes": {
			"all have one": {func(*Input) {}, want{OK, nil, ""}},
			"somebody in Zoom has none": {
				func(in *Input) { in.Facts.Mailless.Value = mailless("Admin@a.com") },
				want{Warn, nil, ""},
			},
			"somebody whose mail is the Zoom email": {
				func(in *Input) { in.Facts.Mailless.Value = mailless("x@a.onmicrosoft.com", "admin@a.com") },
				want{Warn, nil, ""},
			},
			"somebody elsewhere": {
				func(in *Input) { in.Facts.Mailless.Value = mailless("z@a.com") },
				want{OK, nil, ""},
			},
			"too many to know": {func(in *Input) {
				in.Facts.Mailless.Value, in.Facts.ZoomPeople.Value.Total = mailless("z@a.com"), 5000
			}, want{Unknown, nil, "zo365 upn report"}},
			"not seen": {
				func(in *Input) { in.Facts.Mailless = denied[tenant.Mailless]("User.Read.All") },
				want{Unknown, nil, "User.Read.All"},
			},
		},
		"portal": {
			"confirmed": {func(*Input) {}, want{OK, nil, ""}},
			"another value": {
				func(in *Input) { in.File.Account.SetupBy = profile.Users },
				want{Unknown, []string{"portal/account/setup-by", "portal/account/disable-and-delete"}, "a person's confirmation"},
			},
			"consent revoked": {
				func(in *Input) { in.Facts.Consents = saw([]tenant.Consent{}) },
				want{Unknown, []string{"portal/account/authorize-and-save"}, "a person's confirmation"},
			},
			"Entra is not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{OK, nil, ""},
			},
			"nothing is set": {func(in *Input) { in.File.Account = profile.Settings{} }, want{Skipped, nil, ""}},
		},
		"record": {
			"it is": {func(*Input) {}, want{OK, nil, ""}},
			"not recorded": {
				func(in *Input) { in.Record.Authorized = nil },
				want{Warn, []string{"local/record-consent/account"}, ""},
			},
			"other permissions": {
				func(in *Input) { in.Facts.Consents.Value[0] = zoomApp("Calendars.ReadWrite", "Contacts.Read") },
				want{Warn, []string{"local/record-consent/account"}, ""},
			},
			"another principal": {func(in *Input) {
				in.Record.Authorized["account"] = Authorized{
					Application: tenant.Application{AppID: "zoom", PrincipalID: "old"},
					Granted:     []string{"Calendars.ReadWrite"},
				}
			}, want{Warn, []string{"local/record-consent/account"}, ""}},
			"not wanted": {
				func(in *Input) { in.File.Account.SetupBy = profile.Users },
				want{Warn, []string{"local/forget-consent/account"}, ""},
			},
			"a group that inherits": {
				func(in *Input) { in.Record.Authorized["group:Sales"] = in.Record.Authorized["account"] },
				want{OK, nil, ""},
			},
			"a group that differs": {
				func(in *Input) { twoGroups(in); in.Record.Authorized["group:Sales"] = in.Record.Authorized["account"] },
				want{Warn, []string{"local/forget-consent/group:Sales"}, ""},
			},
			"nothing to record": {
				func(in *Input) { unconsented(in) },
				want{Info, []string{"local/record-consent/account"}, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"mailbox-scope": {
			"every mailbox is meant":                     {func(*Input) {}, want{Skipped, nil, ""}},
			"the grants are gone and a role is in scope": {narrowedTo("g"), want{OK, nil, ""}},
			"a grant reaches every mailbox": {
				func(in *Input) {
					narrowedTo("g")(in)
					in.Facts.Consents = saw([]tenant.Consent{zoomApp("Calendars.ReadWrite")})
				},
				want{Fail, nil, ""},
			},
			"a role in another scope": {narrowedTo("other"), want{Fail, nil, ""}},
			"waiting for the cache": {
				func(in *Input) {
					narrowedTo("g")(in)
					in.Facts.Consents = saw([]tenant.Consent{zoomApp("Calendars.ReadWrite")})
					in.Record.Exchange = &tenant.ExchangeEvidence{AppID: "zoom", At: today, Policies: &[]tenant.AccessPolicy{}}
					in.Record.Tested = map[string]time.Time{Fingerprint(in.Facts.Exchange.Value): today}
				},
				want{Warn, nil, ""},
			},
			"the group is not there": {
				func(in *Input) {
					narrowedTo("g")(in)
					in.Facts.Scopes.Value.Members[0].Unseen = "the tenant has no group Zoom Users"
				},
				want{Fail, nil, ""},
			},
			"roles not seen": {
				func(in *Input) {
					narrowedTo("g")(in)
					in.Facts.Exchange = denied[[]tenant.ExchangeRole]("RoleManagement.Read.Exchange")
				},
				want{Unknown, nil, "RoleManagement.Read.Exchange"},
			},
		},
		"access-policies": {
			"nothing is narrowed": {func(*Input) {}, want{Skipped, nil, ""}},
			"nobody has read them": {
				func(in *Input) {
					narrowedTo("g")(in)
					in.Facts.Consents = saw([]tenant.Consent{zoomApp("Calendars.ReadWrite")})
				},
				want{Unknown, nil, ""},
			},
			"none of them": {
				func(in *Input) {
					in.Record.Exchange = &tenant.ExchangeEvidence{AppID: "zoom", At: today, Policies: &[]tenant.AccessPolicy{}}
				},
				want{OK, nil, ""},
			},
			"one of another application": {
				func(in *Input) {
					in.Record.Exchange = &tenant.ExchangeEvidence{
						AppID:    "zoom",
						At:       today,
						Policies: &[]tenant.AccessPolicy{{AppIDs: []string{"x"}}},
					}
				},
				want{OK, nil, ""},
			},
			"one of Zoom's": {
				func(in *Input) {
					in.Record.Exchange = &tenant.ExchangeEvidence{AppID: "zoom", At: today, Policies: &[]tenant.AccessPolicy{
						{AppIDs: []string{"zoom"}, Right: tenant.RestrictAccess, Group: "Old"},
					}}
				},
				want{Warn, nil, ""},
			},
		},
		"rooms": {
			"no application for rooms": {func(*Input) {}, want{Skipped, nil, ""}},
			"one by Graph": {
				func(in *Input) { withRooms(in, true, tenant.GraphPermission("Calendars.ReadWrite")) },
				want{OK, nil, ""},
			},
			"one by EWS only": {
				func(in *Input) {
					withRooms(in, true, tenant.Permission{Resource: tenant.ExchangeAPI, Name: "full_access_as_app"})
				},
				want{Fail, nil, ""},
			},
			"one that may not sign in": {
				func(in *Input) { withRooms(in, false, tenant.GraphPermission("Calendars.ReadWrite")) },
				want{Fail, nil, ""},
			},
			"not seen": {
				func(in *Input) { in.Facts.Consents = denied[[]tenant.Consent]("Application.Read.All") },
				want{Unknown, nil, "Application.Read.All"},
			},
		},
		"rooms-scope": {
			"no scope is wanted": {func(*Input) {}, want{Skipped, nil, ""}},
			"no application for rooms": {
				func(in *Input) { in.File.Rooms.MailboxScope = profile.MailboxScope{Group: "Zoom Users"} },
				want{Skipped, nil, ""},
			},
			"a role in scope":         {roomsNarrowed("g"), want{OK, nil, ""}},
			"a role in another scope": {roomsNarrowed("other"), want{Fail, nil, ""}},
			"a grant reaches every mailbox": {
				func(in *Input) {
					roomsNarrowed("g")(in)
					withRooms(in, true, tenant.GraphPermission("Calendars.ReadWrite"))
				},
				want{Fail, nil, ""},
			},
			"roles not seen": {
				func(in *Input) {
					roomsNarrowed("g")(in)
					in.Facts.Exchange = denied[[]tenant.ExchangeRole]("RoleManagement.Read.Exchange")
				},
				want{Unknown, nil, "RoleManagement.Read.Exchange"},
			},
		},
		"last-use": {
			"an hour ago": {func(*Input) {}, want{OK, nil, ""}},
			"a month ago": {func(in *Input) { in.Facts.SignIns.Value[0].Last = today.AddDate(0, -1, 0) }, want{Warn, nil, ""}},
			"never":       {func(in *Input) { in.Facts.SignIns = saw([]tenant.AppSignIn{}) }, want{Info, nil, ""}},
			"no licence": {
				func(in *Input) { in.Facts.SignIns = denied[[]tenant.AppSignIn]("a licence") },
				want{Unknown, nil, "a licence"},
			},
		},
	}
	for _, code := range Codes() {
		if tests[code[0]] == nil {
			t.Errorf("%s has no test", code[0])
		}
		for name, test := range tests[code[0]] {
			t.Run(code[0]+"/"+name, func(t *testing.T) {
				in := healthy()
				test.change(&in)
				f := of(Examine(in), code[0])
				var steps []string
				for _, s := range f.Steps {
					steps = append(steps, s.ID)
				}
				needs := ""
				if len(f.Needs) > 0 {
					needs = f.Needs[0]
				}
				if got := (want{f.Severity, steps, needs}); !reflect.DeepEqual(got, test.want) {
					t.Errorf("got %+v, want %+v: %s", got, test.want, f.Saw)
				}
				if f.Saw == "" || f.Why == "" || f.Title == "" ||
					(f.Severity == Fail || f.Severity == Warn || f.Severity == Unknown) != (f.Fix != "") {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}

func scoped(in *Input, permission string) {
	in.Facts.Exchange = saw(
		[]tenant.ExchangeRole{{PrincipalID: "sp", Role: "Application " + permission, Scope: "Zoom users"}},
	)
}

// mailless is one person without a mail plan, with further addresses.
func mailless(upn string, more ...string) tenant.Mailless {
	return tenant.Mailless{
		Total:  1,
		People: []tenant.MaillessPerson{{UPN: upn, Addresses: append([]string{upn}, more...)}},
	}
}

// of is a check's worst finding.
func of(all []Finding, code string) Finding {
	var own []Finding
	for _, f := range all {
		if f.Code == code {
			own = append(own, f)
		}
	}
	worst := Worst(own)
	return own[slices.IndexFunc(own, func(f Finding) bool { return f.Severity == worst })]
}

// In a healthy tenant nothing is left to do and nothing is worse than a word.
func TestAHealthyTenantHasNothingToDo(t *testing.T) {
	for _, f := range Examine(healthy()) {
		if f.Severity != OK && f.Severity != Info && f.Severity != Skipped || len(f.Steps) > 0 {
			t.Errorf("%+v", f)
		}
	}
}

func TestMutes(t *testing.T) {
	in := healthy()
	in.Facts.ZoomPlan.Value.Type = "platinum"
	for name, test := range map[string]struct {
		mute  profile.Mute
		muted bool
		own   int
	}{
		"this check":      {profile.Mute{Check: "zoom-plan", Reason: "r", Until: "2026-12-01"}, true, 0},
		"until today":     {profile.Mute{Check: "zoom-plan", Reason: "r", Until: "2026-11-25"}, true, 0},
		"until yesterday": {profile.Mute{Check: "zoom-plan", Reason: "r", Until: "2026-11-24"}, false, 1},
		"another scope": {profile.Mute{
			Check:  "zoom-plan",
			Scope:  "account",
			Reason: "r",
			Until:  "2026-12-01",
		}, false, 0},
		"this scope": {
			profile.Mute{
				Check:  "zoom-plan",
				Scope:  "tenant",
				Reason: "r",
				Until:  "2026-12-01",
			},
			true,
			0,
		},
		"another check":          {profile.Mute{Check: "clock", Reason: "r", Until: "2026-12-01"}, false, 0},
		"a check that is no one": {profile.Mute{Check: "clocks", Reason: "r", Until: "2026-12-01"}, false, 1},
	} {
		in.File.Muted = []profile.Mute{test.mute}
		all := Examine(in)
		own := 0
		for _, f := range all {
			if f.Code == CodeMute {
				own++
			}
		}
		plan := all[slices.IndexFunc(all, func(f Finding) bool { return f.Code == "zoom-plan" })]
		if got := plan.Muted != nil; got != test.muted || own != test.own {
			t.Errorf("%s: muted %v, %d findings about mutes", name, got, own)
		}
	}
}

// The same input gives the same answer in the same order.
func TestExamineIsStable(t *testing.T) {
	in := healthy()
	twoGroups(&in)
	unconsented(&in)
	first := Examine(in)
	for range 100 {
		if !reflect.DeepEqual(first, Examine(in)) {
			t.Fatal("another answer for the same input")
		}
	}
}

// narrowedTo is a profile that wants one group, and a role of Zoom's application in some group.
func narrowedTo(group string) func(*Input) {
	return func(in *Input) {
		in.File.Account.MailboxScope = profile.MailboxScope{Group: "Zoom Users"}
		in.Facts.Consents = saw([]tenant.Consent{zoomApp()})
		in.Facts.Exchange = saw([]tenant.ExchangeRole{{
			ID:          "r",
			PrincipalID: "sp",
			Role:        "Application Calendars.ReadWrite",
			Scope:       "/Groups/" + group,
			Kind:        tenant.ScopeGroup,
			ScopeID:     group,
		}})
		in.Facts.Scopes = saw(tenant.Scopes{Members: []tenant.ScopeMembers{
			{
				Kind:   tenant.ScopeGroup,
				ID:     "g",
				Name:   "Zoom Users",
				People: []tenant.Member{{ID: "1", UPN: "a@a.com"}},
			},
			{Kind: tenant.ScopeGroup, ID: "other", Name: "Other"},
		}})
	}
}

// roomsNarrowed has one application for rooms, with a role in one scope.
func roomsNarrowed(group string) func(*Input) {
	return func(in *Input) {
		narrowedTo(group)(in)
		in.File.Account.MailboxScope = profile.MailboxScope{}
		in.File.Rooms.MailboxScope = profile.MailboxScope{Group: "Zoom Users"}
		in.Facts.Consents = saw([]tenant.Consent{{Principal: &tenant.ServicePrincipal{
			ID:          "sp",
			AppID:       roomsDelegate,
			DisplayName: "Zoom Rooms",
			Enabled:     true,
		}}})
	}
}

// withRooms adds Zoom's application for conference rooms.
func withRooms(in *Input, enabled bool, p tenant.Permission) {
	in.Facts.Consents.Value = append(in.Facts.Consents.Value, tenant.Consent{
		Principal: &tenant.ServicePrincipal{
			ID:          "rooms",
			AppID:       roomsApplication,
			DisplayName: "Zoom Rooms",
			Publisher:   "Zoom Video Communications, Inc.",
			Enabled:     enabled,
		},
		Grants: []tenant.Grant{{ID: "g", Permission: p}},
	})
}
