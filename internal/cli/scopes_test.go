package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// appends adds text to the tenant file, as an editor does.
func (a *administrator) appends(text string) {
	a.t.Helper()
	f, err := os.OpenFile(filepath.Join(a.dir, "zo365.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		a.t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		a.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		a.t.Fatal(err)
	}
}

// reachedBy are the mailboxes that an application reaches, as Exchange's cache has it.
func (a *administrator) reachedBy(app string) []string {
	a.t.Helper()
	other := *a
	other.app = app
	return other.reached()
}

// lastOf is the ID of the newest entry of a kind.
func (a *administrator) lastOf(action string) string {
	a.t.Helper()
	var exported struct {
		Entries []struct{ ID, Action string }
	}
	if err := json.Unmarshal([]byte(a.zo365(0, "journal", "export", "-o", "json")), &exported); err != nil {
		a.t.Fatal(err)
	}
	for _, e := range slices.Backward(exported.Entries) {
		if e.Action == action {
			return e.ID
		}
	}
	a.t.Fatalf("the journal has no entry %s", action)
	return ""
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// TestRoomsAreNarrowed: Zoom's application for rooms is narrowed to the rooms' mailboxes by the
// tenant file's own scope for it, apart from the one for people, and taken back.
func TestRoomsAreNarrowed(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{
		tenant: "zoom_app: {permissions: [" + graphPermissions + `]}
  administrative_units: [{name: Rooms, members: [room@contoso.com]}]
  other_zoom_apps:
    - {name: Zoom Rooms, app_id: f56e91e5-5a82-452f-b435-d4d78aeaf064, permissions: [Calendars.ReadWrite]}`,
		zoom: `room_services: [{name: Office 365, resources: [{email: room@contoso.com, name: Oak, room: r1}]}]`,
	}), false)
	a.app = "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes")
	a.adopt()
	a.zo365(0, "doctor", "--check", "rooms-scope") // nothing is wanted
	a.zo365(3, "rbac", "plan", "--rooms")
	a.appends("rooms: {mailbox_scope: {administrative_unit: Rooms}}\n")
	a.zo365(3, "doctor", "--check", "rooms-scope")
	if out := a.zo365(3, "doctor", "--check", "rooms-scope", "-o", "json"); !strings.Contains(out, "rbac plan --rooms") {
		t.Fatalf("the way on: %s", out)
	}
	a.zo365(5, "rbac", "apply", "--rooms", "--auto-approve") // nobody knows the policies yet
	a.zo365(0, "rbac", "script", "--rooms", "--inventory", "--out", "inventory.ps1")
	a.runs("inventory.ps1", false)
	a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
	a.zo365(6, "rbac", "apply", "--rooms", "--auto-approve")
	same(t, "rooms before the wait", a.reachedBy("Zoom Rooms"), everybody...)
	time.Sleep(1100 * time.Millisecond)
	a.zo365(0, "rbac", "apply", "--rooms", "--auto-approve", "--cache-wait", "1s")
	same(t, "rooms narrowed", a.reachedBy("Zoom Rooms"), "room@contoso.com")
	same(t, "people's application", a.reached(), everybody...)
	a.zo365(0, "doctor", "--check", "rooms-scope")
	a.zo365(0, "rooms", "list")
	if out := a.zo365(0, "rbac", "show", "--rooms", "-o", "json"); !strings.Contains(out, `"state": "narrowed"`) {
		t.Fatalf("after narrowing: %s", out)
	}
	a.zo365(64, "rbac", "plan", "--application", "f56e91e5-5a82-452f-b435-d4d78aeaf064")
	a.zo365(3, "rbac", "plan", "--rooms", "--application", "a651cfda-cbdd-4a39-bd03-fa829c3c1b29")
	a.zo365(1, "rbac", "undo", "--auto-approve") // nothing of people's was narrowed
	a.zo365(0, "rbac", "undo", "--rooms", "--auto-approve", "--token-wait", "0s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "rooms taken back", a.reachedBy("Zoom Rooms"), everybody...)
	if left := a.truth().Exchange.Roles; len(left) > 0 {
		t.Errorf("roles are left: %v", left)
	}
}

// TestExchangeDoesNotKnowTheApplication: where Graph does not make Exchange's pointer by itself, a
// person runs the script, its result is evidence, and the rest goes on.
func TestExchangeDoesNotKnowTheApplication(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{
		tenant: "exchange_pointer: true\n  zoom_app: {permissions: [" + graphPermissions + "]}",
	}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.inventory()
	a.zo365(7, "rbac", "apply", "--auto-approve")
	same(t, "nothing was changed", a.reached(), everybody...)
	a.zo365(0, "rbac", "script", "--out", "narrow.ps1")
	a.runs("narrow.ps1", false)
	a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
	a.agrees(true)
	a.waits()
	a.zo365(0, "rbac", "apply", "--auto-approve", "--cache-wait", "1s")
	a.agrees(true)
	same(t, "narrowed", a.reached(), ofGroup...)

	a.zo365(0, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "taken back", a.reached(), everybody...)
}

// TestOneRoleIsNotTakenBackAlone: taking a single role back while its grant in Entra is gone would
// stop calendars, so that the safe order is named instead.
func TestOneRoleIsNotTakenBackAlone(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: "zoom_app: {permissions: [" + graphPermissions + "]}"}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.narrow()
	a.zo365(1, "undo", a.lastOf("exchange-role-assigned"), "--yes")
	same(t, "still narrowed", a.reached(), ofGroup...)
	a.zo365(0, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "taken back", a.reached(), everybody...)
}

// TestAConsentBringsEverythingBack: somebody consents again, and drift, doctor and the plan say so.
func TestAConsentBringsEverythingBack(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: "zoom_app: {permissions: [" + graphPermissions + "]}"}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.narrow()
	a.zo365(0, "doctor", "--check", "mailbox-scope")
	a.zo365(0, "apply", "--auto-approve", "--by", "admin@contoso.com", "--no-browser")
	a.zo365(0, "plan", "--drift")
	a.env["BROWSER"] = "zo365 sandbox visit"
	a.zo365(0, "sandbox", "visit", a.env["ZO365_ZOOM_PORTAL_URL"])
	same(t, "everything is back", a.reached(), everybody...)
	if out := a.zo365(
		3,
		"doctor",
		"--check",
		"mailbox-scope",
		"-o",
		"json",
	); !strings.Contains(
		out,
		"more than the tenant file wants",
	) {
		t.Errorf("doctor: %s", out)
	}
	if out := a.zo365(2, "plan", "--drift", "-o", "json"); !strings.Contains(out, "Calendars.ReadWrite") {
		t.Errorf("drift: %s", out)
	}
	a.agrees(true)
	a.zo365(0, "rbac", "apply", "--auto-approve", "--cache-wait", "1s")
	same(t, "narrowed again", a.reached(), ofGroup...)
	a.zo365(0, "doctor", "--check", "mailbox-scope")
}

// TestAnotherTenantsResultIsRefused: the result of a script that ran elsewhere is no evidence.
func TestAnotherTenantsResultIsRefused(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: "zoom_app: {permissions: [" + graphPermissions + "]}"}), false)
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.zo365(0, "rbac", "script", "--inventory", "--out", "inventory.ps1")
	a.runs("inventory.ps1", false)
	text, err := os.ReadFile(filepath.Join(a.dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	other := strings.ReplaceAll(string(text), a.truth().Tenant, "11111111-1111-1111-1111-111111111111")
	if other == string(text) {
		t.Fatal("the result names no tenant")
	}
	a.write("other.json", other)
	a.zo365(1, "rbac", "confirm", "--from", "other.json", "--by", "admin@contoso.com")
	a.zo365(1, "rbac", "confirm", "--from", "scenario.yaml", "--by", "admin@contoso.com")
	a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
}

// TestTrimKeepsWhatIsNeeded: a role takes a grant's place only in the wanted scope, and once
// Exchange's cache has caught up with it.
func TestTrimKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: `zoom_app:
    permissions: [Calendars.ReadWrite, User.Read.All]
    exchange_roles: [{role: Application Calendars.ReadWrite, scope: 'unit:Other'}, {role: Application Mail.Read}]
  administrative_units: [{name: Other, members: [room@contoso.com]}]`}), false)
	a.app = "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.zo365(3, "permissions", "trim", "Calendars.ReadWrite", "--yes") // the role is in another scope
	same(t, "nothing was taken", a.reached(), everybody...)
	a.inventory()
	a.zo365(6, "rbac", "apply", "--auto-approve")
	a.zo365(3, "permissions", "trim", "Calendars.ReadWrite", "--yes") // the cache has not caught up
	a.zo365(0, "permissions", "trim", "Application Mail.Read", "--yes")
	a.zo365(1, "undo", a.lastOf("exchange-role-assigned"), "--yes")
	time.Sleep(1100 * time.Millisecond)
	a.zo365(6, "rbac", "apply", "--auto-approve", "--cache-wait", "1h")
}

// TestUndoTakesBackWhatNarrowingDid: no more than that, in an order in which calendars go on, and
// not before what was given back is known everywhere.
func TestUndoTakesBackWhatNarrowingDid(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: `zoom_app:
    permissions: [` + graphPermissions + `]
    exchange_roles: [{role: Application Mail.Read}]`}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.zo365(0, "permissions", "trim", "Application Mail.Read", "--yes")
	a.zo365(1, "rbac", "undo", "--auto-approve") // narrowing took nothing yet
	a.narrow()
	a.zo365(6, "rbac", "undo", "--auto-approve")
	a.zo365(6, "rbac", "undo", "--auto-approve") // the wait is not forgotten
	time.Sleep(1100 * time.Millisecond)
	same(t, "the grants are back", a.reached(), everybody...)
	if left := a.truth().Exchange.Roles; len(left) == 0 {
		t.Error("the roles were taken before the tokens knew the grants")
	}
	a.zo365(0, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "taken back", a.reached(), everybody...)
	if left := a.truth().Exchange.Roles; len(left) > 0 {
		t.Errorf("roles are left, or came back: %v", left)
	}
}

// TestUndoKeepsTheLastWay: a role stays where nothing else gives its permission.
func TestUndoKeepsTheLastWay(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: "zoom_app: {permissions: [" + graphPermissions + "]}"}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.inventory()
	a.waits()
	a.somebodyRevokes()
	a.zo365(3, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	same(t, "the roles stay", a.reached(), ofGroup...)
}

// TestAConsentIsNotGivenAgainByTheWay: on a narrowed tenant no command presses Authorize and Save
// unless it is told to.
func TestAConsentIsNotGivenAgainByTheWay(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: "zoom_app: {permissions: [" + graphPermissions + "]}"}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.zo365(0, "integration", "use-application", sandboxZoom, "--yes")
	a.narrow()
	out := a.zo365(3, "apply", "--auto-approve", "--by", "admin@contoso.com", "--no-browser", "--timeout", "1s")
	if !strings.Contains(out, "Authorize and Save                                      blocked") {
		t.Errorf("the button was not blocked: %s", out)
	}
	a.env["BROWSER"] = "zo365 sandbox visit"
	a.zo365(3, "apply", "--auto-approve", "--by", "admin@contoso.com", "--timeout", "20s")
	same(t, "still narrowed", a.reached(), ofGroup...)
	a.env["BROWSER"] = "zo365 sandbox visit"
	a.zo365(3, "authorize", "--yes", "--authorized-by", "admin@contoso.com", "--timeout", "20s")
	same(t, "still narrowed", a.reached(), ofGroup...)
	a.zo365(0, "portal", "confirm", "--all", "--by", "admin@contoso.com", "--yes")
	a.zo365(0, "apply", "--auto-approve", "--by", "admin@contoso.com", "--timeout", "20s")
	a.zo365(0, "authorize", "--yes", "--authorized-by", "admin@contoso.com", "--timeout", "20s")
	same(t, "still narrowed", a.reached(), ofGroup...)
	a.zo365(0, "plan", "--drift")
	a.zo365(0, "authorize", "--yes", "--again", "--authorized-by", "admin@contoso.com", "--timeout", "20s")
	same(t, "somebody asked for it", a.reached(), everybody...)
	a.zo365(2, "plan", "--drift")
}

// TestAPolicyThatIsGone: a grant that a policy limited is not given back wider.
func TestAPolicyThatIsGone(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: `zoom_app: {permissions: [` + graphPermissions + `]}
  access_policies: [{app: zoom, right: RestrictAccess, group: Zoom Users}]`}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.inventory()
	a.waits()
	a.zo365(7, "rbac", "apply", "--auto-approve", "--cache-wait", "1s")
	a.zo365(0, "doctor", "--check", "mailbox-scope")
	a.zo365(5, "rbac", "undo", "--auto-approve", "--token-wait", "0s") // is the policy still there?
	a.zo365(0, "rbac", "script", "--out", "rest.ps1")
	a.runs("rest.ps1", true)
	a.zo365(0, "rbac", "confirm", "--from", "result.json", "--by", "admin@contoso.com")
	a.zo365(3, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	same(t, "not wider", a.reached(), ofGroup...)
}

// TestWhoIsChosenWhereNothingIsSeen: with one application that holds calendars and another that may
// hold them by a role that nobody could see, none is chosen.
func TestWhoIsChosenWhereNothingIsSeen(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, strings.Replace(scenarioOf(situation{tenant: `zoom_app:
    permissions: [User.Read.All]
    exchange_roles: [{role: Application Calendars.ReadWrite, scope: 'group:Zoom Users'}]
  other_zoom_apps:
    - {name: Zoom Scheduler, app_id: 11111111-2222-3333-4444-555555555555, permissions: [Calendars.Read]}`}),
		"RoleManagement.Read.Exchange, RoleManagement.ReadWrite.Exchange, ", "", 1), false)
	a.zo365(0, "integration", "enable", "--yes")
	a.zo365(0, "integration", "disable", "--yes")
	a.zo365(1, "integration", "disable", "--revoke", "--delete-app", "--yes")
	a.zo365(1, "integration", "disable", "--revoke", "--yes")
	a.zo365(1, "permissions", "test", "--user", "adele@contoso.com")
	for _, app := range a.truth().Applications {
		if app.Name == "Zoom Scheduler" && !slices.Equal(app.Permissions, []string{"Calendars.Read"}) {
			t.Errorf("Zoom Scheduler was changed: %v", app.Permissions)
		}
	}
}

// TestTrimIsNotUndone: what somebody took away by hand after narrowing does not come back with it.
func TestTrimIsNotUndone(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{
		tenant: "zoom_app: {permissions: [" + graphPermissions + ", Mail.Read]}",
	}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.adopt()
	a.narrow()
	var held struct {
		Applications []struct {
			Permissions []struct {
				Name string
				Trim string `json:"trim_name"`
			}
		}
	}
	if err := json.Unmarshal([]byte(a.zo365(0, "permissions", "list", "-o", "json")), &held); err != nil {
		t.Fatal(err)
	}
	for _, p := range held.Applications[0].Permissions {
		if p.Name == "Application Mail.Read" {
			a.zo365(0, "permissions", "trim", p.Trim, "--yes")
		}
	}
	a.zo365(0, "rbac", "undo", "--auto-approve", "--token-wait", "0s")
	for _, app := range a.truth().Applications {
		if app.Name == a.app && slices.Contains(app.Permissions, "Mail.Read") {
			t.Errorf("Mail.Read is back: %v", app.Permissions)
		}
	}
	if left := a.truth().Exchange.Roles; len(left) > 0 {
		t.Errorf("roles are left: %v", left)
	}
}

// TestUndoOfAnotherScope: a role that was there in another scope before comes back, and the new one goes.
func TestUndoOfAnotherScope(t *testing.T) {
	t.Parallel()
	a := newAdministrator(t, scenarioOf(situation{tenant: `zoom_app:
    permissions: [User.Read.All]
    exchange_roles: [{role: Application Calendars.ReadWrite, scope: 'unit:Small'}]
  administrative_units: [{name: Small, members: [room@contoso.com]}]`}), false)
	a.users, a.app = everybody, "Zoom Calendar (sandbox)"
	a.zo365(0, "integration", "enable", "--yes", "--mailbox-scope", "group:Zoom Users")
	a.zo365(0, "integration", "use-application", sandboxZoom, "--yes")
	a.inventory()
	a.zo365(6, "rbac", "apply", "--auto-approve", "--allow-wider")
	time.Sleep(1100 * time.Millisecond)
	a.zo365(0, "rbac", "apply", "--auto-approve", "--allow-wider", "--cache-wait", "1s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "in the new scope", a.reached(), ofGroup...)
	a.zo365(0, "rbac", "undo", "--auto-approve", "--token-wait", "0s", "--cache-wait", "0s")
	time.Sleep(1100 * time.Millisecond)
	same(t, "in the old scope", a.reached(), "room@contoso.com")
}
