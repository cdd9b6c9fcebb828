// Package profile owns what an administrator wants: the account profile, the
// group profiles, how a group inherits from the account, and which
// combinations of settings Zoom accepts. It is words only: no file, no network,
// no clock.
//
// The settings and their labels are those of Zoom's article "Configuring the
// O365 Graph API Integration",
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
package profile

// Version is the only tenant file version this program reads and writes.
const Version = 1

// File is the content of one tenant file, zo365.yaml.
type File struct {
	Version   int       `yaml:"version" json:"version" jsonschema:"enum=1,description=Version of this file's format."`
	Microsoft Microsoft `yaml:"microsoft" json:"microsoft,omitzero" jsonschema:"description=The Microsoft 365 tenant."`
	Zoom      Zoom      `yaml:"zoom" json:"zoom,omitzero" jsonschema:"description=The Zoom account."`
	Account   Settings  `yaml:"account" json:"account,omitzero" jsonschema:"description=The account profile: Account Management > Account Settings > Mail & Calendar."`
	Groups    []Group   `yaml:"groups" json:"groups,omitempty" jsonschema:"description=Group profiles: User Management > Groups > (group) > Mail & Calendar. A group inherits what it does not set."`
	Rooms     Rooms     `yaml:"rooms" json:"rooms,omitzero" jsonschema:"description=Zoom's applications for conference rooms."`
	Features  []Feature `yaml:"features" json:"features,omitempty" jsonschema:"description=What your people count on; zo365 doctor says which of it the integration does not do."`
	Muted     []Mute    `yaml:"muted" json:"muted,omitempty" jsonschema:"description=Findings of zo365 doctor that are accepted for a time. They stay visible as muted."`
}

// Mute accepts the findings of one check until a day.
type Mute struct {
	Check string `yaml:"check" json:"check" jsonschema:"minLength=1,description=Code of the check."`
	// Scope is empty for every scope.
	Scope  string `yaml:"scope" json:"scope,omitempty" jsonschema:"description=account or group:NAME; every scope when unset."`
	Reason string `yaml:"reason" json:"reason" jsonschema:"minLength=1,description=Why this is accepted."`
	Until  Date   `yaml:"until" json:"until" jsonschema:"description=Last day on which it is muted; for example 2027-03-31."`
}

// AccountScope is the scope of the account profile.
const AccountScope = "account"

// Scope names the account (group "") or a group, as the journal and findings do.
func Scope(group string) string {
	if group == "" {
		return AccountScope
	}
	return "group:" + group
}

// Microsoft names the Entra tenant and the applications in it.
type Microsoft struct {
	Tenant    string `yaml:"tenant" json:"tenant,omitempty" jsonschema:"description=Tenant ID or one of its domains; for example contoso.onmicrosoft.com."`
	Cloud     Cloud  `yaml:"cloud" json:"cloud,omitempty" jsonschema:"description=National cloud; global when unset."`
	ClientID  string `yaml:"client_id" json:"client_id,omitempty" jsonschema:"description=Application (client) ID that zo365 signs in with; the Microsoft Graph Command Line Tools when unset."`
	ZoomAppID string `yaml:"zoom_app_id" json:"zoom_app_id,omitempty" jsonschema:"description=Application ID of Zoom's enterprise application for personal calendars; looked up in the tenant when unset."`
	// RequiredPermissions is empty when the tenant takes the built-in list.
	RequiredPermissions []string `yaml:"required_permissions" json:"required_permissions,omitempty" jsonschema:"description=Application permissions that Zoom's enterprise application must hold; a built-in list when unset."`
}

// Zoom names the Zoom account and the server-to-server app zo365 uses.
type Zoom struct {
	AccountID string    `yaml:"account_id" json:"account_id,omitempty" jsonschema:"description=Zoom account ID shown beside the server-to-server OAuth app's credentials."`
	ClientID  string    `yaml:"client_id" json:"client_id,omitempty" jsonschema:"description=Client ID of the server-to-server OAuth app."`
	Cloud     ZoomCloud `yaml:"cloud" json:"cloud,omitempty" jsonschema:"description=global or gov (Zoom for Government); global when unset."`
	// AssociatedDomains are a person's word, for apps that cannot be given the scope that
	// shows them.
	AssociatedDomains []string `yaml:"associated_domains" json:"associated_domains,omitempty" jsonschema:"description=Verified associated domains of the Zoom account, as a person states them; used only where zo365 cannot see them."`
}

// Settings are the controls of the Mail & Calendar tab. In a group, the zero
// value of a field means that the group inherits it; in the account, that the
// portal's default holds (see Defaults).
type Settings struct {
	Enabled        *bool    `yaml:"enabled" json:"enabled,omitempty" jsonschema:"description=Integrate third-party mail and calendar services."`
	DefaultService Service  `yaml:"default_service" json:"default_service,omitempty" jsonschema:"description=Choose default calendar and contact services for users."`
	AuthorizeWith  API      `yaml:"authorize_with" json:"authorize_with,omitempty" jsonschema:"description=Authorize with: Microsoft Graph or Exchange Web Services (which Exchange Online is switching off since 2026-10-01)."`
	SetupBy        SetupBy  `yaml:"setup_by" json:"setup_by,omitempty" jsonschema:"description=Who can set up the integration: an Office 365 admin by application permissions or each user by OAuth."`
	MailRead       Approval `yaml:"mail_read" json:"mail_read,omitempty" jsonschema:"description=Whether Mail: Read access is approved in the Zoom portal; needed only while the authorizing user's UPN differs from their Zoom email."`
	// MailboxScope is no control of the portal: zo365 rbac brings it about in Exchange Online.
	MailboxScope MailboxScope `yaml:"mailbox_scope" json:"mailbox_scope,omitzero" jsonschema:"description=Which mailboxes Zoom's application may reach (RBAC for Applications in Exchange Online); every mailbox when unset. zo365 rbac brings it about."`
}

// Group is one group's profile.
type Group struct {
	Name     string `yaml:"name" json:"name" jsonschema:"minLength=1,description=Name of the Zoom group."`
	Settings `yaml:",inline"`
}

// Defaults are what an account has before anybody changed it: the integration
// is on and each user authorizes alone.
func Defaults() Settings {
	on := true
	return Settings{
		Enabled:        &on,
		DefaultService: Office365,
		AuthorizeWith:  Graph,
		SetupBy:        Users,
		MailRead:       NotApproved,
	}
}

// Find returns the profile of the named group.
func (f File) Find(name string) (Group, bool) {
	for _, g := range f.Groups {
		if SameName(g.Name, name) {
			return g, true
		}
	}
	return Group{}, false
}
