package tenant

import "time"

// Organization is the Microsoft tenant.
type Organization struct {
	ID          string
	DisplayName string
}

// Domain is a domain of the Microsoft tenant.
type Domain struct {
	Name     string
	Verified bool
	// Initial marks the tenant's *.onmicrosoft.com name.
	Initial bool
	Default bool
}

// ZoomDomain is an associated domain of the Zoom account.
type ZoomDomain struct {
	Name     string
	Verified bool
	// Status is Zoom's own word.
	Status string
}

// User is a person in the Microsoft tenant.
type User struct {
	ID          string
	UPN         string
	Mail        string
	DisplayName string
	// Proxies are the proxyAddresses as Exchange keeps them, with prefixes.
	Proxies []string
	// Guest is true for userType Guest.
	Guest bool
	// Enabled is nil when the source did not say.
	Enabled *bool
	// Synced is true when the account's source is an on-premises directory.
	Synced bool
	// Deleted is true for a soft-deleted user.
	Deleted bool
	// MailPlan is nil when the source did not say whether the person has an
	// Exchange plan.
	MailPlan *bool
}

// ZoomUser is a person in the Zoom account.
type ZoomUser struct {
	ID          string
	Email       string
	DisplayName string
	// Status is active, inactive or pending.
	Status string
	// Role is Zoom's role name: Owner, Admin, Member or one of the account's own.
	Role     string
	GroupIDs []string
}

// DirectoryRole is an active Entra role of the signed-in person.
type DirectoryRole struct {
	TemplateID string
	Name       string
}

// ServicePrincipal is an enterprise application in the tenant.
type ServicePrincipal struct {
	ID          string
	AppID       string
	DisplayName string
	Publisher   string
	Enabled     bool
}

// Grant is an application permission that a service principal holds.
type Grant struct {
	// ID of the app role assignment.
	ID string
	// Permission is the app role's value, for example "Calendars.ReadWrite", or
	// its ID when the resource does not name it.
	Permission string
	// Resource is the display name of the API.
	Resource string
	At       time.Time
}

// Consent is what Entra holds of Zoom's application. A nil Principal means that
// the application is not in the tenant.
type Consent struct {
	Principal *ServicePrincipal
	Grants    []Grant
}

// ConsentEvent is an entry of the directory audit log about a consent.
type ConsentEvent struct {
	At time.Time
	// UPN of the person who consented, empty for an application.
	UPN string
	// PrincipalID is the object ID of the application's service principal.
	PrincipalID string
	Failed      bool
	Reason      string
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
	ID      string
	Name    string
	Members int
}

// Facts is one gathering. A Reading with a zero time was not asked for.
type Facts struct {
	Organization Reading[Organization]
	Domains      Reading[[]Domain]
	ZoomDomains  Reading[[]ZoomDomain]
	// Me is the signed-in person; not seen in an app-only sign-in.
	Me     Reading[User]
	Roles  Reading[[]DirectoryRole]
	MyZoom Reading[*ZoomUser]
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
	set(&u.Synced, c.Synced)
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
