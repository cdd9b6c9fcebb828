package tenant

import (
	"slices"
	"strings"
	"time"
)

// ScopeKind is what a role in Exchange Online is limited to.
type ScopeKind string

// The kinds. The empty one is no limit at all: every mailbox.
const (
	// ScopeGroup are the direct members of a group, ScopeUnit those of an administrative unit.
	ScopeGroup ScopeKind = "group"
	ScopeUnit  ScopeKind = "administrative-unit"
	// ScopeUser is one person, ScopeFilter whom a recipient filter matches.
	ScopeUser   ScopeKind = "user"
	ScopeFilter ScopeKind = "filter"
	// ScopeOther is one that zo365 does not understand.
	ScopeOther ScopeKind = "other"
)

// ExchangeRole is a role of Exchange Online that a service principal holds (RBAC
// for Applications).
type ExchangeRole struct {
	ID          string `json:"id"`
	PrincipalID string `json:"principal_id"`
	// Role is for example "Application Calendars.ReadWrite".
	Role string `json:"role"`
	// Scope names what it is limited to; empty is every mailbox.
	Scope string `json:"scope"`
	// Kind, ScopeID and Filter say what the scope is; files of older versions have none.
	Kind    ScopeKind `json:"scope_kind,omitempty"`
	ScopeID string    `json:"scope_id,omitempty"`
	Filter  string    `json:"filter,omitempty"`
	// Exclusive: nobody who is in the scope is in any other that is not exclusive.
	Exclusive bool `json:"exclusive,omitempty"`
}

// Unlimited says whether the role reaches every mailbox.
func (r ExchangeRole) Unlimited() bool { return r.Scope == "" }

// ExchangeScope is a custom scope of Exchange Online.
type ExchangeScope struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Filter    string `json:"filter"`
	Exclusive bool   `json:"exclusive"`
}

// Member is somebody in a group or an administrative unit.
type Member struct {
	ID  string `json:"id"`
	UPN string `json:"upn"`
}

// ScopeMembers are who is in a group or an administrative unit directly, as Exchange counts.
type ScopeMembers struct {
	Kind ScopeKind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name"`
	// People are direct members, Groups the names of groups within it, whose members do not count.
	People []Member `json:"people"`
	Groups []string `json:"groups,omitempty"`
	// Unseen says why they could not be read, or that there is no such group; usually empty.
	Unseen string `json:"could_not_see,omitempty"`
	// Several: more than one group has the name. Absent: none has.
	Several bool `json:"several,omitempty"`
	Absent  bool `json:"absent,omitempty"`
}

// Has says whether somebody is in it directly.
func (s ScopeMembers) Has(id string) bool {
	return slices.ContainsFunc(s.People, func(m Member) bool { return strings.EqualFold(m.ID, id) })
}

// Scopes is what Exchange's scopes are made of: its custom scopes, and who is in the groups and
// administrative units that roles, policies and the tenant file name.
type Scopes struct {
	Custom  []ExchangeScope `json:"custom"`
	Members []ScopeMembers  `json:"members"`
}

// DelegatedGrant lets an application act for people who are signed in to it.
type DelegatedGrant struct {
	ID          string `json:"id"`
	PrincipalID string `json:"principal_id"`
	// Resource is the API's application ID, Scopes the permissions' names.
	Resource string   `json:"resource"`
	Scopes   []string `json:"scopes"`
	// PersonID is for whom; empty is everybody.
	PersonID string `json:"person_id"`
}

// The two kinds of application access policy.
const (
	RestrictAccess = "RestrictAccess"
	DenyAccess     = "DenyAccess"
)

// AccessPolicy is an application access policy of Exchange Online, which no API shows.
//
// https://learn.microsoft.com/powershell/module/exchange/new-applicationaccesspolicy
type AccessPolicy struct {
	Identity string   `json:"identity"`
	AppIDs   []string `json:"app_ids"`
	// Right is RestrictAccess or DenyAccess; Group and GroupID say whose mailboxes.
	Right   string `json:"right"`
	Group   string `json:"group"`
	GroupID string `json:"group_id"`
}

// For says whether the policy is about an application.
func (p AccessPolicy) For(appID string) bool {
	return slices.ContainsFunc(p.AppIDs, func(id string) bool { return strings.EqualFold(id, appID) || id == "*" })
}

// RoleTest is one row of Test-ServicePrincipalAuthorization, for one mailbox.
//
// https://learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization
type RoleTest struct {
	Mailbox string `json:"mailbox"`
	Role    string `json:"role"`
	// Gives are the permissions of the role, Scope its name.
	Gives []string `json:"gives"`
	Scope string   `json:"scope"`
	// InScope is nil where the test was run without a mailbox.
	InScope *bool `json:"in_scope"`
}

// EWSSetting is what an organization lets use Exchange Web Services.
type EWSSetting struct {
	// Enabled is nil where the setting is not set, which Exchange takes for its default.
	Enabled *bool `json:"enabled"`
	// Allowed are the applications that may go on using it.
	Allowed []string `json:"allowed"`
}

// ExchangeEvidence is what somebody read in Exchange Online PowerShell and handed to zo365: a
// word with its author and its time, beside what the APIs show. Nil parts were not read.
type ExchangeEvidence struct {
	// AppID is the application that the script was about.
	AppID string `json:"app_id"`
	// Pointer says whether Exchange knows the service principal.
	Pointer  *bool           `json:"pointer"`
	Roles    *[]ExchangeRole `json:"roles"`
	Policies *[]AccessPolicy `json:"policies"`
	Tests    []RoleTest      `json:"tests"`
	EWS      *EWSSetting     `json:"ews"`
	// At is when the script ran by its own clock, By who handed it over.
	At time.Time `json:"at"`
	By string    `json:"by"`
}

// MailboxOwner is somebody with what recipient filters look at, by the filter's names in lower
// case; an empty value is one that is not set.
type MailboxOwner struct {
	User

	Properties map[string]string
}

// Room is a conference room of the tenant.
type Room struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// RoomService is a calendar service of Zoom Rooms.
type RoomService struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Resources []RoomResource `json:"resources"`
	// Unseen says why its resources could not be listed; usually empty.
	Unseen string `json:"could_not_see,omitempty"`
}

// RoomResource is the calendar of a room as Zoom has it.
type RoomResource struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	// RoomID is the Zoom Room that it is assigned to; empty is none.
	RoomID string `json:"room_id"`
	// Synced is Zoom's word: Success or Failed.
	Synced string `json:"sync_status"`
}
