package cli_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// situation is one way in which administrators find their tenant, and what they do from the first
// doctor to a clean one.
type situation struct {
	// tenant is what the scenario's tenant has beside its domains, zoom what its account has.
	tenant, zoom string
	// enable are the flags of integration enable.
	enable []string
	do     func(t *testing.T, a *administrator)
	// first is the exit code of the first doctor; 3 when it is zero. in are the mailboxes that are
	// reached in the end; nil are those of the group.
	in    []string
	first int
}

var (
	everybody = []string{"adele@contoso.com", "admin@contoso.com", "alex@contoso.com", "room@contoso.com"}
	ofGroup   = []string{"adele@contoso.com", "admin@contoso.com"}
)

const graphPermissions = "Calendars.ReadWrite, Contacts.Read, MailboxSettings.Read, User.Read.All"

func situations() map[string]situation {
	return map[string]situation{
		"fresh": {do: func(_ *testing.T, a *administrator) {
			a.zo365(3, "rbac", "plan") // nothing is there to narrow
			a.consent()
			a.agrees(false)
			a.narrow()
		}},
		"half consented": {
			tenant: "zoom_app: {permissions: [Contacts.Read, User.Read.All]}",
			do: func(_ *testing.T, a *administrator) {
				a.zo365(0, "integration", "use-application", sandboxZoom, "--yes")
				a.consent()
				a.narrow()
			},
		},
		"over-consented": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + ", Mail.ReadWrite, Mail.Send]}",
			do: func(_ *testing.T, a *administrator) {
				a.adopt()
				a.zo365(3, "permissions", "trim", "Calendars.ReadWrite", "--yes") // the profiles need it
				a.zo365(0, "permissions", "trim", "Mail.ReadWrite", "Mail.Send", "--yes")
				a.agrees(false)
				a.narrow()
			},
		},
		"Mail.Read left": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + ", Mail.Read]}",
			do: func(_ *testing.T, a *administrator) {
				a.adopt()
				a.zo365(0, "permissions", "trim", "Mail.Read", "--yes")
				a.narrow()
			},
		},
		"scoped": {
			first: -1, // what is there is as wanted; only the journal does not know it yet
			tenant: `zoom_app: {permissions: [User.Read.All], exchange_roles: [` +
				`{role: Application Calendars.ReadWrite, scope: 'group:Zoom Users'}]}`,
			do: func(t *testing.T, a *administrator) {
				a.adopt()
				a.agrees(true)
				if out := a.zo365(0, "rbac", "plan"); !strings.Contains(out, "Nothing to do") {
					t.Errorf("there is something to do: %s", out)
				}
				a.inventory()
			},
		},
		"scoped, defeated by Graph": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + `], exchange_roles: [` +
				`{role: Application Calendars.ReadWrite, scope: 'group:Zoom Users'}]}`,
			do: func(_ *testing.T, a *administrator) {
				a.adopt()
				a.zo365(3, "doctor", "--check", "rbac-scope,mailbox-scope")
				a.narrow()
			},
		},
		"scoped, defeated by Exchange Online's own role": {
			tenant: `zoom_app: {permissions: [User.Read.All, "exchange:Calendars.ReadWrite"], exchange_roles: [` +
				`{role: Application Calendars.ReadWrite, scope: 'group:Zoom Users'}]}`,
			do: func(_ *testing.T, a *administrator) {
				a.adopt()
				a.narrow()
			},
		},
		"scoped, defeated by full_access_as_app": {
			tenant: `zoom_app: {permissions: [User.Read.All, "exchange:full_access_as_app"], exchange_roles: [` +
				`{role: Application Calendars.ReadWrite, scope: 'group:Zoom Users'}]}`,
			do: func(_ *testing.T, a *administrator) {
				a.adopt()
				a.zo365(3, "migrate", "ews")
				a.zo365(0, "permissions", "trim", "exchange:full_access_as_app", "--yes")
				a.zo365(0, "migrate", "ews")
				a.inventory()
			},
		},
		"legacy policy": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + `]}
  access_policies: [{app: zoom, group: Zoom Users, right: RestrictAccess}]`,
			do: func(t *testing.T, a *administrator) {
				a.adopt()
				a.zo365(5, "rbac", "apply", "--auto-approve") // nobody knows the policies yet
				a.inventory()
				a.agrees(true)
				a.waits()
				a.zo365(7, "rbac", "apply", "--auto-approve", "--cache-wait", "1s") // the policy is for PowerShell
				a.agrees(true)
				a.zo365(0, "rbac", "script", "--out", "rest.ps1")
				a.runs("rest.ps1", true)
				a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
				if left := a.truth().Exchange.Policies; len(left) > 0 {
					t.Errorf("policies are left: %v", left)
				}
			},
		},
		"EWS account": {
			tenant: `ews_enabled: true
  zoom_app: {permissions: ["exchange:full_access_as_app", User.Read.All]}`,
			enable: []string{"--setup-by", "admin"},
			do: func(t *testing.T, a *administrator) {
				a.zo365(0, "integration", "use-application", sandboxZoom, "--yes")
				a.inventory()
				out := a.zo365(3, "migrate", "ews")
				if !strings.Contains(out, "works today: yes") || !strings.Contains(out, "zo365 authorize") {
					t.Errorf("the way out of EWS: %s", out)
				}
				a.agrees(true)
				a.consent()
				a.zo365(0, "permissions", "trim", "exchange:full_access_as_app", "--yes")
				a.narrow()
				a.zo365(0, "migrate", "ews")
			},
		},
		"EWS rooms": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + `]}
  other_zoom_apps:
    - {name: Zoom Rooms, app_id: f56e91e5-5a82-452f-b435-d4d78aeaf064, permissions: ["exchange:full_access_as_app"]}`,
			zoom: `room_services: [{name: Office 365, resources: [{email: room@contoso.com, name: Oak, room: r1}]}]`,
			do: func(t *testing.T, a *administrator) {
				a.adopt()
				a.inventory()
				if out := a.zo365(
					3,
					"rooms",
					"list",
					"-o",
					"csv",
				); !strings.Contains(
					out,
					"room@contoso.com,Oak,Office 365,r1,Success,yes,yes",
				) {
					t.Errorf("rooms: %s", out)
				}
				a.zo365(3, "doctor", "--check", "rooms")
				if out := a.zo365(3, "migrate", "ews"); !strings.Contains(out, "Zoom Rooms") {
					t.Errorf("the way out of EWS: %s", out)
				}
				// The portal's part, which no API does: the rooms' application gets Graph, and EWS goes.
				a.portalGivesRooms()
				a.narrow()
				a.zo365(0, "rooms", "list")
			},
		},
		"revoked by somebody else": {do: func(_ *testing.T, a *administrator) {
			a.consent()
			a.zo365(
				0,
				"apply",
				"--auto-approve",
				"--by",
				"admin@contoso.com",
				"--no-browser",
				"--allow-unknown",
				"access-policies",
			)
			a.somebodyRevokes()
			a.zo365(3, "doctor")
			a.agrees(false)
			a.zo365(
				0,
				"apply",
				"--auto-approve",
				"--by",
				"admin@contoso.com",
				"--no-browser",
				"--allow-unknown",
				"access-policies",
			)
			a.narrow()
		}},
		"two Zoom applications": {
			tenant: "zoom_app: {permissions: [" + graphPermissions + `]}
  other_zoom_apps:
    - {name: Zoom Calendar (old), app_id: 11111111-2222-3333-4444-555555555555, permissions: [Calendars.ReadWrite]}`,
			do: func(_ *testing.T, a *administrator) {
				a.zo365(3, "rbac", "plan") // it is not known which
				a.adopt()
				a.narrow()
			},
		},
	}
}

const sandboxZoom = "5a0d365c-7a6f-4f6d-8365-73616e64626f"

// adopt takes what is there as Zoom's application and records its consent.
func (a *administrator) adopt() {
	a.t.Helper()
	a.zo365(0, "integration", "use-application", sandboxZoom, "--yes")
	a.zo365(0, "portal", "confirm", "--all", "--by", "admin@contoso.com", "--yes")
	a.zo365(0, "authorize", "--yes", "--authorized-by", "admin@contoso.com", "--no-browser", "--timeout", "1s")
}

// consent goes through the portal's pages and records what Entra shows.
func (a *administrator) consent() {
	a.t.Helper()
	a.env["BROWSER"] = "zo365 sandbox visit"
	a.zo365(0, "authorize", "--yes", "--authorized-by", "admin@contoso.com", "--timeout", "30s")
}

// waits carries out what adds nothing, and comes to the wait for Exchange's cache.
func (a *administrator) waits() {
	a.t.Helper()
	before := a.reached()
	a.zo365(6, "rbac", "apply", "--auto-approve")
	if now := a.reached(); !slices.Equal(before, now) {
		a.t.Errorf("before the wait %v are reached, and were %v", now, before)
	}
	a.agrees(true)
	time.Sleep(1100 * time.Millisecond) // the sandbox's cache is shorter than that
}

// narrow does the whole of it.
func (a *administrator) narrow() {
	a.t.Helper()
	a.inventory()
	a.agrees(true)
	a.waits()
	a.zo365(0, "rbac", "apply", "--auto-approve", "--cache-wait", "1s")
	a.agrees(true)
	a.zo365(0, "rbac", "apply", "--auto-approve", "--cache-wait", "1s") // nothing is left to do
	a.agrees(true)
}

// somebodyRevokes takes every grant of Zoom's application away behind zo365's back.
func (a *administrator) somebodyRevokes() {
	a.t.Helper()
	other := *a
	other.env = map[string]string{}
	for name, value := range a.env {
		other.env[name] = value
	}
	other.env["ZO365_CONFIG"] = a.dir + "/other.yaml"
	other.env["ZO365_CREDENTIAL_STORE"] = "env"
	other.zo365(0, "init", "--yes")
	other.zo365(0, "integration", "disable", "--revoke", "--yes")
}

// portalGivesRooms is what Zoom's and Entra's portals do when rooms are authorized with Graph.
func (a *administrator) portalGivesRooms() {
	a.t.Helper()
	r, err := a.client.Post(
		a.env["ZO365_MICROSOFT_GRAPH_URL"]+"/sandbox/rooms",
		"application/json",
		strings.NewReader("{}"),
	)
	if err != nil {
		a.t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		a.t.Fatal(r.Status)
	}
}

// TestSituations leads each starting situation from the first doctor to a clean one, as a person
// and as an application, and compares permissions test of every mailbox with the sandbox's own
// evaluation before, after each step and at the end.
func TestSituations(t *testing.T) {
	for name, s := range situations() {
		for _, who := range []string{"application", "person"} {
			t.Run(name+"/"+who, func(t *testing.T) {
				t.Parallel()
				a := newAdministrator(t, scenarioOf(s), who == "person")
				a.users, a.app = everybody, "Zoom Calendar (sandbox)"
				enable := append([]string{"integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users"}, s.enable...)
				a.zo365(0, enable...)
				a.zo365(max(3+3*s.first, 0), "doctor") // something is wrong in nearly each of them
				s.do(t, a)
				a.agrees(true)
				a.clean()
				want := s.in
				if want == nil {
					want = ofGroup
				}
				if got := a.reached(); !slices.Equal(got, want) {
					t.Errorf("in the end %v are reached, want %v", got, want)
				}
			})
		}
	}
}

func scenarioOf(s situation) string {
	return `name: situation
admin: admin@contoso.com
tenant:
  name: Contoso
  licence: P1
  domains:
    - {name: contoso.com, verified: true, default: true}
    - {name: contoso.onmicrosoft.com, verified: true, initial: true}
  exchange_cache: 800ms
  app: {permissions: [` + strings.Join([]string{
		"User.Read.All", "Domain.Read.All", "Organization.Read.All", "Application.Read.All", "AuditLog.Read.All",
		"Directory.Read.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.Read.Exchange",
		"RoleManagement.ReadWrite.Exchange", "Place.Read.All", "GroupMember.Read.All",
	}, ", ") + `]}
  groups: [{name: Zoom Users, members: [adele@contoso.com, admin@contoso.com]}]
  ` + s.tenant + `
zoom:
  plan: Business
  domains: [{name: contoso.com, status: verified}]
  ` + s.zoom + `
people:
  - {name: Megan Bowen, upn: admin@contoso.com, roles: [Global Administrator], zoom_role: Owner}
  - {name: Adele Vance, upn: adele@contoso.com}
  - {name: Alex Wilber, upn: alex@contoso.com}
  - {name: Oak, upn: room@contoso.com, room: true, zoom: '-'}
`
}
