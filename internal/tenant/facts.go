package tenant

import (
	"slices"
	"time"
)

// Organization is the Microsoft tenant.
type Organization struct {
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
}

// Domain is a domain of the Microsoft tenant.
type Domain struct {
	Name     string `json:"name"`
	Verified bool   `json:"verified"`
	// Initial marks the tenant's *.onmicrosoft.com name.
	Initial bool `json:"initial"`
	Default bool `json:"default"`
}

// ZoomDomain is an associated domain of the Zoom account.
type ZoomDomain struct {
	Name     string `json:"name"`
	Verified bool   `json:"verified"`
	// Status is Zoom's own word.
	Status string `json:"status"`
}

// User is a person in the Microsoft tenant.
type User struct {
	ID          string `json:"id"`
	UPN         string `json:"upn"`
	Mail        string `json:"mail"`
	DisplayName string `json:"display_name"`
	// Proxies are the proxyAddresses as Exchange keeps them, with prefixes.
	Proxies []string `json:"proxies,omitempty"`
	// Guest is true for userType Guest.
	Guest bool `json:"guest,omitempty"`
	// Enabled is nil when the source did not say.
	Enabled *bool `json:"enabled,omitempty"`
	// Synced is true when the account's source is an on-premises directory, and nil when the
	// source did not say.
	Synced *bool `json:"synced,omitempty"`
	// Deleted is true for a soft-deleted user.
	Deleted bool `json:"deleted,omitempty"`
	// MailPlan is nil when the source did not say whether the person has an
	// Exchange plan.
	MailPlan *bool `json:"mail_plan,omitempty"`
	// Resource is no person: a room, equipment, a shared mailbox, a service's account.
	Resource bool `json:"resource,omitempty"`
}

// OnPremises says whether the account is known to come from an on-premises directory.
func (u User) OnPremises() bool { return u.Synced != nil && *u.Synced }

// UnclearStatus is the status of a Zoom user of whom something is said that is not understood, or
// that two entries do not agree on.
const UnclearStatus = "unclear"

// ZoomUser is a person in the Zoom account.
type ZoomUser struct {
	ID          string `json:"id"`
	Email       string `json:"email"`
	DisplayName string `json:"display_name"`
	// Status is active, inactive or pending; empty is not told, and UnclearStatus not understood.
	Status string `json:"status"`
	// Role is Zoom's role name: Owner, Admin, Member or one of the account's own.
	Role     string   `json:"role"`
	GroupIDs []string `json:"group_ids,omitempty"`
}

// DirectoryRole is an active Entra role of the signed-in person.
type DirectoryRole struct {
	TemplateID string `json:"template_id"`
	Name       string `json:"name"`
}

// ServicePrincipal is an enterprise application in the tenant.
type ServicePrincipal struct {
	ID          string `json:"id"`
	AppID       string `json:"app_id"`
	DisplayName string `json:"display_name"`
	Publisher   string `json:"publisher"`
	// Enabled is false when sign-in to the application was switched off.
	Enabled bool `json:"enabled"`
	// Ends are when its own secrets and certificates in this tenant end.
	Ends []time.Time `json:"ends,omitempty"`
}

// Grant is an application permission that a service principal holds.
type Grant struct {
	// ID of the app role assignment.
	ID string `json:"id"`
	// Permission is the resource and the app role; the role's ID stands for its name
	// where the resource does not name it.
	Permission Permission `json:"permission"`
	At         time.Time  `json:"at"`
}

// Consent is what Entra holds of Zoom's application. A nil Principal means that
// the application is not in the tenant.
type Consent struct {
	Principal *ServicePrincipal `json:"principal"`
	Grants    []Grant           `json:"grants"`
}

// ConsentEvent is an entry of the directory audit log about a consent.
type ConsentEvent struct {
	At time.Time `json:"at"`
	// UPN of the person who consented, empty for an application.
	UPN string `json:"upn"`
	// PrincipalID is the object ID of the application's service principal.
	PrincipalID string `json:"principal_id"`
	Failed      bool   `json:"failed"`
	Reason      string `json:"reason,omitempty"`
}

// Calendar is one calendar of a mailbox.
type Calendar struct {
	ID      string
	Name    string
	Primary bool
	CanEdit bool
	// Owner is the calendar owner's primary SMTP address.
	Owner string
}

// ZoomGroup is a group of the Zoom account.
type ZoomGroup struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

// GroupMembers are the people of one Zoom group.
type GroupMembers struct {
	// Group is the group's name.
	Group  string   `json:"group"`
	Emails []string `json:"emails"`
	// Unseen says why this group's people could not be listed; usually empty.
	Unseen string `json:"could_not_see,omitempty"`
}

// ZoomAccount is the Zoom account that a sign-in belongs to.
type ZoomAccount struct {
	ID string `json:"id"`
	// Owner is the email of the account's owner, for whom a server-to-server app acts.
	Owner string `json:"owner"`
}

// ZoomPlan is what the Zoom account pays for.
type ZoomPlan struct {
	// Type is the code of Zoom's billing for the base plan, for example "business_monthly";
	// empty for an account that bought a bundle.
	Type string `json:"type"`
	// Bundles are the codes of bundles that hold a plan, for example of Zoom Workplace.
	Bundles []string `json:"bundles,omitempty"`
	// Hosts are the licences, Usage those in use.
	Hosts int `json:"hosts"`
	Usage int `json:"usage"`
}

// ZoomRole is a role of the Zoom account with how many people have it.
type ZoomRole struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

// ZoomPeople are the active people of the Zoom account, as far as one page of the
// listing has them.
type ZoomPeople struct {
	Total  int      `json:"total"`
	Emails []string `json:"emails"`
}

// All says whether the page has everybody.
func (z ZoomPeople) All() bool { return len(z.Emails) >= z.Total }

// Reach says whether the application reaches mailboxes by a permission of any API.
func (c Consent) Reach() bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool { return g.Permission.ReachesMailboxes() })
}

// Application is which application it is; zero when it is not in the tenant.
func (c Consent) Application() Application {
	if c.Principal == nil {
		return Application{}
	}
	return Application{AppID: c.Principal.AppID, PrincipalID: c.Principal.ID}
}

// Labels are the permissions for people, sorted, each once.
func (c Consent) Labels() []string {
	labels := []string{}
	for _, g := range c.Grants {
		labels = append(labels, g.Permission.Label())
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// ExchangeService is the service of plans that come with a mailbox.
const ExchangeService = "exchange"

// MailPlanStatuses are the states of a plan in which the mailbox works. In Warning the
// subscription has ended and its time of grace has not.
//
// https://learn.microsoft.com/graph/api/resources/assignedplan
var MailPlanStatuses = []string{"Enabled", "Warning"}

// IsMailPlan says whether an assigned plan comes with a mailbox that works.
func IsMailPlan(service, status string) bool {
	return service == ExchangeService && slices.Contains(MailPlanStatuses, status)
}

// Mailless are the enabled members of the tenant without an Exchange plan.
type Mailless struct {
	Total int `json:"total"`
	// People are those of the first page of the listing.
	People []MaillessPerson `json:"people"`
}

// MaillessPerson is one of them, with every address that could be a Zoom email.
type MaillessPerson struct {
	UPN       string   `json:"upn"`
	Addresses []string `json:"addresses"`
}

// AppSignIn is when an application last signed in as itself.
type AppSignIn struct {
	AppID string    `json:"app_id"`
	Last  time.Time `json:"last"`
}

// UserConsent is what the tenant lets people consent to for themselves.
type UserConsent struct {
	// Policies are the IDs of the app consent policies that everybody has, for example
	// "microsoft-user-default-low"; none lets nobody consent.
	Policies []string `json:"policies"`
}

// AppCredential is a secret or a certificate of the application that zo365 signs
// in with: when it ends, never what it is.
type AppCredential struct {
	// Kind is "secret" or "certificate".
	Kind    string    `json:"kind"`
	Name    string    `json:"name"`
	Expires time.Time `json:"expires"`
	// InUse says whether zo365 signs in with this one; nil is not known.
	InUse *bool `json:"in_use"`
}

// Registration is an app registration to make: a public client of this tenant alone
// with a redirect on loopback.
type Registration struct {
	Name string
	// Scopes are delegated permissions of Microsoft Graph by name.
	Scopes []string
}

// SignIn is who looks: a person or an application.
type SignIn struct {
	Person bool `json:"person"`
	// Name is a person's UPN or an application's client ID.
	Name string `json:"name"`
	// By is the method, for example "federated".
	By string `json:"by"`
}

// Clock is how far a service's clock is ahead of this machine's.
type Clock struct {
	Host string `json:"host"`
	// AheadSeconds is negative when this machine is ahead.
	AheadSeconds int `json:"ahead_seconds"`
}

// Fact names one fact; it is the fact's key in a file of facts.
type Fact string

// The facts.
const (
	FactOrganization Fact = "organization"
	FactDomains      Fact = "domains"
	FactMe           Fact = "me"
	FactRoles        Fact = "roles"
	FactCredentials  Fact = "credentials"
	FactConsents     Fact = "consents"
	FactSignIns      Fact = "sign_ins"
	FactEvents       Fact = "consent_events"
	FactExchange     Fact = "exchange_roles"
	FactUserConsent  Fact = "user_consent"
	FactScopes       Fact = "exchange_scopes"
	FactDelegated    Fact = "delegated"
	FactMailless     Fact = "without_mailbox"
	FactZoomAccount  Fact = "zoom_account"
	FactZoomPlan     Fact = "zoom_plan"
	FactZoomRoles    Fact = "zoom_roles"
	FactZoomDomains  Fact = "zoom_domains"
	FactZoomGroups   Fact = "zoom_groups"
	FactZoomMembers  Fact = "zoom_members"
	FactZoomPeople   Fact = "zoom_people"
	FactMyZoom       Fact = "my_zoom"
)

// Facts is one gathering. A Reading with a zero time was not asked for.
type Facts struct {
	Organization Reading[Organization] `json:"organization"`
	Domains      Reading[[]Domain]     `json:"domains"`
	SignedIn     Reading[SignIn]       `json:"signed_in"`
	// Me is the signed-in person; not asked for when an application is signed in.
	Me    Reading[User]            `json:"me"`
	Roles Reading[[]DirectoryRole] `json:"roles"`
	// Credentials are those of the application that zo365 signs in with.
	Credentials Reading[[]AppCredential] `json:"credentials"`
	// Consents are the applications that are named Zoom, those that the tenant file and
	// the journal name, and every other one whose permissions reach mailboxes.
	Consents Reading[[]Consent]      `json:"consents"`
	SignIns  Reading[[]AppSignIn]    `json:"sign_ins"`
	Events   Reading[[]ConsentEvent] `json:"consent_events"`
	Exchange Reading[[]ExchangeRole] `json:"exchange_roles"`
	// Scopes and Delegated are read where a command or a profile asks for them.
	Scopes    Reading[Scopes]           `json:"exchange_scopes,omitzero"`
	Delegated Reading[[]DelegatedGrant] `json:"delegated,omitzero"`
	Mailless  Reading[Mailless]         `json:"without_mailbox"`
	// UserConsent is what people may consent to for themselves.
	UserConsent Reading[UserConsent] `json:"user_consent"`
	// The Zoom side.
	ZoomAccount Reading[ZoomAccount]    `json:"zoom_account"`
	ZoomPlan    Reading[ZoomPlan]       `json:"zoom_plan"`
	ZoomRoles   Reading[[]ZoomRole]     `json:"zoom_roles"`
	ZoomDomains Reading[[]ZoomDomain]   `json:"zoom_domains"`
	ZoomGroups  Reading[[]ZoomGroup]    `json:"zoom_groups"`
	ZoomMembers Reading[[]GroupMembers] `json:"zoom_members"`
	ZoomPeople  Reading[ZoomPeople]     `json:"zoom_people"`
	MyZoom      Reading[*ZoomUser]      `json:"my_zoom"`
	Clocks      Reading[[]Clock]        `json:"clocks"`
}

// UserChange is what a delta query says of a person: fields that are nil did not
// change.
type UserChange struct {
	ID string
	// Removed: the person was deleted.
	Removed         bool
	UPN, Mail       *string
	Proxies         *[]string
	Guest, Synced   *bool
	Enabled         *bool
	MailPlan        *bool
	MailPlanChanged bool
}

// Apply is the person after the change.
func (c UserChange) Apply(u User) User {
	u.ID = c.ID
	set(&u.UPN, c.UPN)
	set(&u.Mail, c.Mail)
	set(&u.Proxies, c.Proxies)
	set(&u.Guest, c.Guest)
	if c.Synced != nil {
		u.Synced = c.Synced
	}
	if c.Enabled != nil {
		u.Enabled = c.Enabled
	}
	if c.MailPlanChanged {
		u.MailPlan = c.MailPlan
	}
	return u
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
