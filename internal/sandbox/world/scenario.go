package world

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed scenarios/*.yaml
var shipped embed.FS

// Scenario is the state that a sandbox starts with and the faults it has. The
// shipped ones are in scenarios/; a user's own file has the same form, and what
// it leaves out is as base has it.
type Scenario struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	// Admin is the UPN of the person that --auto-approve acts as.
	Admin  string         `yaml:"admin"`
	Tenant TenantScenario `yaml:"tenant"`
	Zoom   ZoomScenario   `yaml:"zoom"`
	People []Person       `yaml:"people"`
	// Faults are broken answers, each for a number of requests.
	Faults []Fault `yaml:"faults"`
}

// TenantScenario is the Microsoft side.
type TenantScenario struct {
	Name    string         `yaml:"name"`
	Domains []EntraDomain  `yaml:"domains"`
	Device  DevicePolicy   `yaml:"device_code"`
	App     AppScenario    `yaml:"app"`
	ZoomApp ZoomAppGranted `yaml:"zoom_app"`
	// OtherZoomApps are more of Zoom's enterprise applications.
	OtherZoomApps []OtherApp `yaml:"other_zoom_apps"`
	// Consistency is how long a new service principal or app role assignment
	// stays invisible to readers.
	Consistency time.Duration `yaml:"consistency"`
	// CodeLifetime is how long a device code can be used.
	CodeLifetime time.Duration `yaml:"code_lifetime"`
	// SlowDown makes the token endpoint answer slow_down this many times for
	// each device code.
	SlowDown int `yaml:"slow_down"`
	// Clock is how far the service's clock is ahead of this machine's.
	Clock time.Duration `yaml:"clock"`
	// Refusals are errors of the token endpoint.
	Refusals []Refusal `yaml:"refusals"`
	// UserConsent are the app consent policies that everybody has; Entra's default one where
	// none is written, and nobody may consent with "none".
	UserConsent []string `yaml:"user_consent"`
	// RefuseRanges: the tenant takes no ge and le on UPNs, as some are said not to
	// (MicrosoftDocs/microsoft-graph-docs #5774).
	RefuseRanges bool `yaml:"refuse_upn_ranges"`
	// Licence is "P1" (the default) or "free", which has no sign-in report.
	Licence string `yaml:"licence"`
	// Groups and Units are the tenant's groups and administrative units.
	Groups []DirectoryGroupScenario `yaml:"groups"`
	Units  []DirectoryGroupScenario `yaml:"administrative_units"`
	// ExchangeScopes are custom scopes in Exchange, which roles name.
	ExchangeScopes []ScopeScenario `yaml:"exchange_scopes"`
	// AccessPolicies are application access policies; PolicyNesting counts the members of
	// groups within their groups, too.
	AccessPolicies []PolicyScenario `yaml:"access_policies"`
	PolicyNesting  bool             `yaml:"policy_nesting"`
	// ExchangeCache is how long Exchange goes by its roles as they were.
	ExchangeCache time.Duration `yaml:"exchange_cache"`
	// ExchangePointer: Exchange takes a role only for an application that New-ServicePrincipal
	// has made known to it. Whether Graph needs that is told nowhere.
	ExchangePointer bool `yaml:"exchange_pointer"`
	// EWS is the organization's setting; AllowedEWS are the applications that may still use it.
	EWS        *bool    `yaml:"ews_enabled"`
	AllowedEWS []string `yaml:"ews_allowed"`
}

// Refusal makes the token endpoint refuse one kind of grant.
type Refusal struct {
	// On is device_code, authorization_code, refresh_token or client_credentials.
	On string `yaml:"on"`
	// Number is the AADSTS number; Error the OAuth error, invalid_grant by default.
	Number int    `yaml:"number"`
	Error  string `yaml:"error"`
	Text   string `yaml:"text"`
	// Claims is a challenge that comes with the error.
	Claims string `yaml:"claims"`
	// Times is how many requests it meets; zero is every one.
	Times int `yaml:"times"`
}

// refusable are the grants that a Refusal can meet.
var refusable = []string{"device_code", "authorization_code", "refresh_token", "client_credentials"}

// EntraDomain is a domain of the tenant.
type EntraDomain struct {
	Name     string `yaml:"name"`
	Verified bool   `yaml:"verified"`
	Initial  bool   `yaml:"initial"`
	Default  bool   `yaml:"default"`
}

// DevicePolicy says whether Conditional Access lets device codes through.
type DevicePolicy string

// The two policies.
const (
	DeviceAllowed DevicePolicy = "allowed"
	DeviceBlocked DevicePolicy = "blocked"
)

// AppScenario is the tenant's own application that zo365 signs in with.
type AppScenario struct {
	// Permissions are the application permissions granted to it.
	Permissions []string `yaml:"permissions"`
	// SecretLifetime is how long its client secret is still good for.
	SecretLifetime time.Duration `yaml:"secret_lifetime"`
	// OtherSecrets are how long further client secrets are good for, which nobody here
	// signs in with.
	OtherSecrets []time.Duration `yaml:"other_secrets"`
	// ExchangeRoles are its roles in Exchange Online.
	ExchangeRoles []ExchangeRole `yaml:"exchange_roles"`
}

// DirectoryGroupScenario is a group or an administrative unit with its members' UPNs and the
// names of groups within it.
type DirectoryGroupScenario struct {
	Name    string   `yaml:"name"`
	Members []string `yaml:"members"`
	Nested  []string `yaml:"nested"`
}

// ScopeScenario is a custom scope in Exchange.
type ScopeScenario struct {
	Name      string `yaml:"name"`
	Filter    string `yaml:"filter"`
	Exclusive bool   `yaml:"exclusive"`
}

// PolicyScenario is an application access policy: App is "zoom" or an application ID, Right is
// RestrictAccess or DenyAccess.
type PolicyScenario struct {
	App   string `yaml:"app"`
	Group string `yaml:"group"`
	Right string `yaml:"right"`
}

// DelegatedScenario is a delegated grant on Microsoft Graph: of everybody, or of one person.
type DelegatedScenario struct {
	Scope  string `yaml:"scope"`
	Person string `yaml:"person"`
}

// ZoomAppGranted is Zoom's enterprise application as it is at the start; with
// no permissions it is not in the tenant.
type ZoomAppGranted struct {
	// A permission of another API than Microsoft Graph is written exchange:NAME.
	Permissions []string `yaml:"permissions"`
	// Declared are the application permissions that a consent grants.
	Declared []string `yaml:"declared"`
	// Disabled: nobody can sign in to it.
	Disabled bool `yaml:"disabled"`
	// LastSignIn is how long ago it signed in; zero is never.
	LastSignIn time.Duration `yaml:"last_sign_in"`
	// ExchangeRoles are its roles in Exchange Online.
	ExchangeRoles []ExchangeRole `yaml:"exchange_roles"`
	// Delegated are its delegated grants. Present: it is in the tenant without any permission.
	Delegated []DelegatedScenario `yaml:"delegated"`
	Present   bool                `yaml:"present"`
}

// OtherApp is an enterprise application with its permissions.
type OtherApp struct {
	Name        string   `yaml:"name"`
	AppID       string   `yaml:"app_id"`
	Permissions []string `yaml:"permissions"`
	// Publisher is the verified one; Zoom's own when it is empty, and none with "-".
	Publisher     string              `yaml:"publisher"`
	ExchangeRoles []ExchangeRole      `yaml:"exchange_roles"`
	Delegated     []DelegatedScenario `yaml:"delegated"`
	Disabled      bool                `yaml:"disabled"`
	LastSignIn    time.Duration       `yaml:"last_sign_in"`
	// Credentials are how long its own credentials in this tenant are good for.
	Credentials []time.Duration `yaml:"credentials"`
}

// ExchangeRole is a role of RBAC for Applications; an empty scope is every mailbox, others are
// written group:NAME, unit:NAME, filter:EXPRESSION, or as the name of a custom scope.
type ExchangeRole struct {
	Role  string `yaml:"role"`
	Scope string `yaml:"scope"`
}

// ZoomScenario is the Zoom side.
type ZoomScenario struct {
	Domains []ManagedDomain `yaml:"domains"`
	Groups  []ZoomGroup     `yaml:"groups"`
	// Scopes are the scopes of the server-to-server app.
	Scopes []string `yaml:"scopes"`
	// Plan is Basic, Pro or Business, or a code of Zoom's billing; "Basic" has no groups.
	// Bundle is the code of a bundle, for accounts that bought one.
	Plan   string `yaml:"plan"`
	Bundle string `yaml:"bundle"`
	// Roles are the account's own roles, beside Owner, Admin and Member.
	Roles []ZoomRole `yaml:"roles"`
	// OneToken: a newer token makes the older ones invalid, as some accounts have it.
	OneToken bool `yaml:"one_token"`
	// RoomServices are the calendar services of Zoom Rooms.
	RoomServices []RoomService `yaml:"room_services"`
}

// ZoomRole is a role that somebody made in the account.
type ZoomRole struct {
	Name string `yaml:"name"`
	// SeesSettings: who has the role can open and change the account's settings.
	SeesSettings bool `yaml:"sees_settings"`
}

// SeesSettings says whether a role opens the portal's settings.
func (z ZoomScenario) SeesSettings(role string) bool {
	if role == "Owner" || role == "Admin" {
		return true
	}
	for _, r := range z.Roles {
		if r.Name == role {
			return r.SeesSettings
		}
	}
	return false
}

// RoleID is Zoom's ID of a role; those of an account's own are made up.
func (z ZoomScenario) RoleID(role string) string {
	if id, ok := zoomRoleIDs[role]; ok {
		return id
	}
	for i, r := range z.Roles {
		if r.Name == role {
			return fmt.Sprintf("Rsandbox%014d", i)
		}
	}
	return zoomRoleIDs["Member"]
}

// ManagedDomain is an associated domain; Status is Zoom's word.
type ManagedDomain struct {
	Name   string `yaml:"name"`
	Status string `yaml:"status"`
}

// RoomService is a calendar service of Zoom Rooms with its resources.
type RoomService struct {
	Name      string         `yaml:"name"`
	Resources []RoomResource `yaml:"resources"`
}

// RoomResource is a calendar resource: the address of a room's mailbox. Room is the Zoom Room
// that it is assigned to; Failed, that it does not synchronize.
type RoomResource struct {
	Email  string `yaml:"email"`
	Name   string `yaml:"name"`
	Room   string `yaml:"room"`
	Failed bool   `yaml:"failed"`
}

// ZoomGroup is a group with its members' emails.
type ZoomGroup struct {
	Name    string   `yaml:"name"`
	Members []string `yaml:"members"`
}

// Person is somebody on one or both sides.
type Person struct {
	Name string `yaml:"name"`
	// UPN is empty for somebody who is only in Zoom.
	UPN     string   `yaml:"upn"`
	Mail    string   `yaml:"mail"`
	Proxies []string `yaml:"proxies"`
	// Guest, Disabled, Synced and Deleted describe the Microsoft account.
	Guest    bool `yaml:"guest"`
	Disabled bool `yaml:"disabled"`
	Synced   bool `yaml:"synced"`
	Deleted  bool `yaml:"deleted"`
	// NoMailbox: calendars are refused for this person.
	NoMailbox bool `yaml:"no_mailbox"`
	// AccessPolicy: an application access policy of Exchange keeps applications out of this
	// person's mailbox.
	AccessPolicy bool `yaml:"access_policy"`
	// Room: a conference room's mailbox.
	Room bool `yaml:"room"`
	// What recipient filters look at.
	Department string `yaml:"department"`
	City       string `yaml:"city"`
	Company    string `yaml:"company"`
	Office     string `yaml:"office"`
	Title      string `yaml:"title"`
	// Calendars are the names beside the primary one.
	Calendars []string `yaml:"calendars"`
	// Roles are the names of Entra directory roles.
	Roles []string `yaml:"roles"`
	// Zoom is the Zoom email; "-" is somebody without a Zoom account, empty the
	// same as the UPN.
	Zoom string `yaml:"zoom"`
	// ZoomRole is Owner, Admin or Member (the default).
	ZoomRole string `yaml:"zoom_role"`
	// ZoomStatus is active (the default), inactive or pending; "elsewhere" is a user of
	// another Zoom account.
	ZoomStatus string `yaml:"zoom_status"`
}

// Fault breaks the answers to one request line.
type Fault struct {
	// On is the method and the path, for example "GET /v1.0/domains"; a * at its end or its
	// start stands for anything, and a * as the method for any method.
	On string `yaml:"on"`
	// Do is one of faultKinds.
	Do string `yaml:"do"`
	// Times is how many requests it meets; zero is every one.
	Times int `yaml:"times"`
	// After is how many requests pass before the first that it meets.
	After int `yaml:"after"`
	// RetryAfter is sent with throttle and unavailable, in seconds; a duration with its unit,
	// such as 12h, is sent as the time that it leads to.
	RetryAfter string `yaml:"retry_after"`
}

// faultKinds are what can be wrong with an answer.
var faultKinds = []string{
	"throttle",          // 429 with retry_after
	"daily-limit",       // Zoom's 429 until a time of ISO 8601
	"daily-limit-plain", // the same by its text alone, as reported
	"daily-limit-old",   // 403 with the words of the older API, as reported
	"unavailable",       // 503 with retry_after
	"error",             // 500
	"forbid",            // a permission or scope is missing
	"unauthorized",      // 401: the token is not valid any more
	"claims",            // a claims challenge of Conditional Access
	"gone",              // a delta token that is too old
	"no-permission",     // Zoom's code 200
	"no-scope",          // Zoom's code 4700
	"invalid-client",    // an OAuth error in the place of the API's own
	"redirect",          // to another host
	"reset",             // the connection ends before the answer
	"cut",               // the connection ends within the answer
	"truncate",          // the answer ends in the middle of its JSON
	"page",              // a page of HTML with status 200, as captive portals send
	"empty",             // {}
	"silent",            // nothing at all
	"stall",             // the headers and nothing more
	"huge",              // a gigabyte
	"bomb",              // a gigabyte that was compressed
	"foreign-next-link", // a next page on another host
	"same-next-link",    // the same next link on each page
	"endless",           // the same page with a new next link each time
	"short",             // one less than is counted
}

// Names lists the shipped scenarios.
func Names() []string {
	files, err := fs.Glob(shipped, "scenarios/*.yaml")
	if err != nil {
		return nil // the pattern is constant and right
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	return files
}

// LoadScenario reads a shipped scenario by its name or a user's own by its
// path.
func LoadScenario(name string) (Scenario, error) {
	s := base()
	var text []byte
	var err error
	if slices.Contains(Names(), name) {
		text, err = shipped.ReadFile("scenarios/" + name + ".yaml")
	} else {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return s, fmt.Errorf(
			"the scenario %q is neither one of %s nor a file that can be read: %w",
			name,
			strings.Join(Names(), ", "),
			err,
		)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		return s, fmt.Errorf("reading the scenario %s: %w", name, err)
	}
	return s, s.check(name)
}

// base is what a scenario does not have to say.
func base() Scenario {
	return Scenario{
		Tenant: TenantScenario{
			Name:         "Contoso",
			Device:       DeviceAllowed,
			CodeLifetime: 15 * time.Minute,
			Domains: []EntraDomain{
				{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true},
				{Name: "contoso.com", Verified: true, Default: true},
			},
			App: AppScenario{
				SecretLifetime: 365 * 24 * time.Hour,
				Permissions: []string{
					"User.Read.All",
					"Domain.Read.All",
					"Organization.Read.All",
					"Application.Read.All",
					"Calendars.ReadBasic.All",
					"AuditLog.Read.All",
					"Directory.Read.All",
					"AppRoleAssignment.ReadWrite.All",
					"User.ReadWrite.All",
					"RoleManagement.Read.Exchange",
				},
			},
			ZoomApp: ZoomAppGranted{
				Declared: []string{"Calendars.ReadWrite", "Contacts.Read", "MailboxSettings.Read", "User.Read.All"},
			},
		},
		Zoom: ZoomScenario{
			Plan:    "Business",
			Domains: []ManagedDomain{{Name: "contoso.com", Status: "verified"}},
			Scopes:  slices.Clone(zoomScopes),
		},
	}
}

// Clock is the services' clock: what tokens, audit times and the Date header say. It
// may be ahead of this machine's, or behind.
func (s Scenario) Clock() func() time.Time {
	return func() time.Time { return time.Now().Add(s.Tenant.Clock) }
}

// checkMembers refuses a member that is neither a person's UPN nor a group's name.
func (s Scenario) checkMembers(name string) error {
	groups := map[string]bool{}
	for _, g := range s.Tenant.Groups {
		groups[g.Name] = true
	}
	for _, g := range append(slices.Clone(s.Tenant.Groups), s.Tenant.Units...) {
		for _, m := range g.Members {
			if !strings.Contains(m, "@") && !groups[m] {
				return fmt.Errorf("the scenario %s: %s has the member %q, which is neither a UPN nor a group", name, g.Name, m)
			}
		}
	}
	return nil
}

func (s Scenario) check(name string) error {
	if err := s.checkMembers(name); err != nil {
		return err
	}
	found := false
	for i, p := range s.People {
		if p.UPN == "" && (p.Zoom == "" || p.Zoom == "-") {
			return fmt.Errorf("the scenario %s: people[%d] has neither a upn nor a zoom email", name, i)
		}
		found = found || strings.EqualFold(p.UPN, s.Admin)
		for _, role := range p.Roles {
			if _, ok := RoleTemplates[role]; !ok {
				return fmt.Errorf("the scenario %s: people[%d].roles: %q is not a role the sandbox knows", name, i, role)
			}
		}
	}
	if !found {
		return fmt.Errorf("the scenario %s: admin %q is none of the people", name, s.Admin)
	}
	lists := [][]string{s.Tenant.App.Permissions, s.Tenant.ZoomApp.Permissions, s.Tenant.ZoomApp.Declared}
	for _, other := range s.Tenant.OtherZoomApps {
		lists = append(lists, other.Permissions)
	}
	for _, list := range lists {
		for _, p := range list {
			if _, one := permissionOf(p); one.Role == "" {
				return fmt.Errorf("the scenario %s: %q is not an application permission the sandbox knows", name, p)
			}
		}
	}
	if err := s.checkExchange(name); err != nil {
		return err
	}
	for i, r := range s.Tenant.Refusals {
		if !slices.Contains(refusable, r.On) {
			return fmt.Errorf(
				"the scenario %s: tenant.refusals[%d].on: %q is not one of %s",
				name,
				i,
				r.On,
				strings.Join(refusable, ", "),
			)
		}
	}
	for i, f := range s.Faults {
		method, path, ok := strings.Cut(f.On, " ")
		if !ok || method != strings.ToUpper(method) || path == "" || path[0] != '/' && path[0] != '*' {
			return fmt.Errorf(
				"the scenario %s: faults[%d].on: %q is not a method and a path, such as GET /v1.0/domains",
				name,
				i,
				f.On,
			)
		}
		if !slices.Contains(faultKinds, f.Do) {
			return fmt.Errorf(
				"the scenario %s: faults[%d].do: %q is not one of %s",
				name,
				i,
				f.Do,
				strings.Join(faultKinds, ", "),
			)
		}
	}
	return nil
}

// checkExchange: a name that is misspelled must not be a scope of nobody.
func (s Scenario) checkExchange(name string) error {
	roles := slices.Concat(s.Tenant.ZoomApp.ExchangeRoles, s.Tenant.App.ExchangeRoles)
	for _, other := range s.Tenant.OtherZoomApps {
		roles = append(roles, other.ExchangeRoles...)
	}
	groups, units := groupNames(s.Tenant.Groups), groupNames(s.Tenant.Units)
	for _, r := range roles {
		kind, of, _ := strings.Cut(r.Scope, ":")
		switch {
		case !slices.Contains(ExchangeRoleNames, r.Role):
			return fmt.Errorf("the scenario %s: %q is not a role of Exchange that the sandbox knows", name, r.Role)
		case kind == "group" && !slices.Contains(groups, of), kind == "unit" && !slices.Contains(units, of):
			return fmt.Errorf("the scenario %s: the scope %q names nothing in the tenant", name, r.Scope)
		}
	}
	for _, p := range s.Tenant.AccessPolicies {
		if !slices.Contains(groups, p.Group) || p.Right != "RestrictAccess" && p.Right != "DenyAccess" {
			return fmt.Errorf("the scenario %s: an access policy needs a group of the tenant and RestrictAccess or DenyAccess",
				name)
		}
	}
	return nil
}

func groupNames(all []DirectoryGroupScenario) []string {
	names := make([]string, len(all))
	for i, g := range all {
		names[i] = g.Name
	}
	return names
}
