// Package world is the imitated state of both services: one tenant, one Zoom account and what
// a scenario says of them. The services read and change it.
package world

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// World is the imitated state of both services. One lock guards it all: a
// sandbox serves one developer or one test.
type World struct {
	Mu sync.Mutex
	// Version counts the changes of people.
	Version  int
	Changes  []userChange
	Scenario Scenario
	random   *rand.Rand
	Now      func() time.Time

	TenantID string
	Org      string
	Users    []*User
	Apps     []*ServicePrincipal
	// Registrations are the client IDs of app registrations made here.
	Registrations []string
	Names         map[string]string
	Audit         []AuditEvent
	// Assignments are roles in Exchange Online, Scopes its custom scopes, Policies its application
	// access policies; Pointers are the service principals that Exchange knows.
	Assignments []ExchangeAssignment
	Scopes      []*ExchangeScope
	Policies    []AccessPolicy
	Pointers    []string
	// Groups and Units are the tenant's groups and administrative units, Delegations the
	// delegated permission grants.
	Groups, Units []*DirectoryGroup
	Delegations   []Delegated
	// RegistrationID is the object of the registration that zo365 signs in with;
	// its client secret is good until secretEnds.
	RegistrationID string
	SecretEnds     time.Time
	// Started is when the world began.
	Started time.Time

	AccountID  string
	ZoomUsers  []*ZoomUser
	ZoomGroups []*AccountGroup
	// Portal holds the Mail & Calendar settings by scope: "" is the account,
	// else a group's ID.
	Portal map[string]*PortalSettings
	faults []*Fault
}

// User is a person in the tenant.
type User struct {
	Person
	ID                 string
	Given, Surname     string
	CreatedAt          time.Time
	DeletedAt          time.Time
	RefusedCalendarsBy int
}

// ZoomUser is a person in the Zoom account.
type ZoomUser struct {
	ID, Email, First, Last, Role, Status string
	Groups                               []string
	CreatedAt                            time.Time
	EmailChanges                         []time.Time
}

// AccountGroup is a Zoom group.
type AccountGroup struct{ ID, Name string }

// ServicePrincipal is an application in the tenant.
type ServicePrincipal struct {
	ID, AppID, Name, Publisher string
	CreatedAt                  time.Time
	Grants                     []Grant
	Disabled                   bool
	// Secrets are when its own credentials in this tenant end.
	Secrets []time.Time
	// SignedIn is when the application last signed in as itself; zero is never.
	SignedIn time.Time
}

// Grant is an app role assignment on one of the resources.
type Grant struct {
	ID string
	// Resource is the application ID of the API that the permission is of.
	Resource   string
	Permission entry
	CreatedAt  time.Time
	// DeletedAt is when the assignment was deleted; readers see it a while longer.
	DeletedAt time.Time
}

// AuditEvent is an entry of the directory audit log about a consent.
type AuditEvent struct {
	ID      string
	At      time.Time
	By      *User
	Target  *ServicePrincipal
	AppName string
	OK      bool
	Reason  string
}

// PortalSettings are the controls of the Mail & Calendar tab.
type PortalSettings struct {
	Integrate    bool   `json:"integrate"`
	Service      string `json:"default_service"`
	API          string `json:"authorize_with"`
	SetupBy      string `json:"setup_by"`
	MailRead     bool   `json:"mail_read"`
	AuthorizedBy string `json:"authorized_by"`
}

// The sandbox's applications. Zoom publishes no ID of its application for
// personal calendars that we could read, so this one is made up and holds here
// only.
const (
	GraphAppID = "00000003-0000-0000-c000-000000000000"
	// exchangeAppID is the API "Office 365 Exchange Online".
	exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
	ZoomAppID     = "5a0d365c-7a6f-4f6d-8365-73616e64626f"
	ZoomAppName   = "Zoom Calendar (sandbox)"
	ZoomAppOwner  = "Zoom Video Communications, Inc."
	OwnAppID      = "2b0f1d36-5c3e-4a6b-9d1e-7a6f33363500"
	// GraphToolsID is Microsoft's own public client.
	GraphToolsID = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
)

// New makes a world of a scenario, with more people than it names. The same seed makes the
// same people and IDs.
func New(s Scenario, extra int, seed uint64, now func() time.Time) *World {
	w := &World{
		Scenario: s,
		random:   rand.New(rand.NewPCG(seed, 0x365)),
		Now:      now,
		Org:      s.Tenant.Name,
		Portal:   map[string]*PortalSettings{},
		Names:    map[string]string{},
	}
	w.TenantID = w.GUID()
	w.AccountID = w.ZoomID()
	w.RegistrationID = w.GUID()
	w.Started = now()
	w.SecretEnds = w.Started.Add(s.Tenant.App.SecretLifetime)
	for i := range s.Faults {
		f := s.Faults[i]
		w.faults = append(w.faults, &f)
	}
	w.addApps()
	for _, p := range s.People {
		w.addPerson(p)
	}
	for _, p := range generate(w.random, extra, w.defaultDomain()) {
		w.addPerson(p)
	}
	w.addPrincipals()
	w.addExchange()
	for _, g := range s.Zoom.Groups {
		group := &AccountGroup{ID: w.ZoomID(), Name: g.Name}
		w.ZoomGroups = append(w.ZoomGroups, group)
		for _, email := range g.Members {
			if z := w.ZoomUser(email); z != nil {
				z.Groups = append(z.Groups, group.ID)
			}
		}
	}
	w.Portal[""] = &PortalSettings{
		Integrate: true,
		Service:   "office365",
		API:       "graph",
		SetupBy:   "users",
	}
	return w
}

func (w *World) addApps() {
	w.Apps = []*ServicePrincipal{
		{
			ID:        w.GUID(),
			AppID:     GraphAppID,
			Name:      "Microsoft Graph",
			Publisher: "Microsoft",
			CreatedAt: w.longAgo(),
		},
		{
			ID:        w.GUID(),
			AppID:     OwnAppID,
			Name:      "zo365",
			CreatedAt: w.longAgo(),
		},
		{
			ID:        w.GUID(),
			AppID:     exchangeAppID,
			Name:      "Office 365 Exchange Online",
			CreatedAt: w.longAgo(),
		},
	}
	for _, p := range w.Scenario.Tenant.App.Permissions {
		w.Grant(w.Apps[1], p)
	}
	if granted := w.Scenario.Tenant.ZoomApp.Permissions; len(granted) > 0 {
		zoom := w.Instantiate()
		zoom.Disabled = w.Scenario.Tenant.ZoomApp.Disabled
		if ago := w.Scenario.Tenant.ZoomApp.LastSignIn; ago > 0 {
			zoom.SignedIn = w.Now().Add(-ago)
		}
		for _, p := range granted {
			w.Grant(zoom, p)
		}
	} else if w.Scenario.Tenant.ZoomApp.Present {
		w.Instantiate()
	}
	for _, other := range w.Scenario.Tenant.OtherZoomApps {
		sp := &ServicePrincipal{
			ID:        w.GUID(),
			AppID:     other.AppID,
			Name:      other.Name,
			Publisher: strings.TrimPrefix(cmp.Or(other.Publisher, ZoomAppOwner), "-"),
			Disabled:  other.Disabled,
		}
		if other.LastSignIn > 0 {
			sp.SignedIn = w.Now().Add(-other.LastSignIn)
		}
		for _, left := range other.Credentials {
			sp.Secrets = append(sp.Secrets, w.Now().Add(left))
		}
		for _, p := range other.Permissions {
			w.Grant(sp, p)
		}
		w.Apps = append(w.Apps, sp)
	}
	for _, sp := range w.Apps {
		sp.CreatedAt = w.longAgo()
		for i := range sp.Grants {
			sp.Grants[i].CreatedAt = w.longAgo()
		}
	}
}

// Instantiate puts Zoom's application into the tenant, if it is not there.
func (w *World) Instantiate() *ServicePrincipal {
	if sp := w.App(ZoomAppID); sp != nil {
		return sp
	}
	sp := &ServicePrincipal{
		ID:        w.GUID(),
		AppID:     ZoomAppID,
		Name:      ZoomAppName,
		Publisher: ZoomAppOwner,
		CreatedAt: w.Now(),
	}
	w.Apps = append(w.Apps, sp)
	return sp
}

// Grant adds an app role assignment, or returns the one that is there.
func (w *World) Grant(sp *ServicePrincipal, name string) (g Grant, added bool) {
	resource, p := permissionOf(name)
	for _, old := range sp.Grants {
		if old.Permission == p && old.Resource == resource && old.DeletedAt.IsZero() {
			return old, false
		}
	}
	g = Grant{
		ID:         w.Base64ID(32),
		Resource:   resource,
		Permission: p,
		CreatedAt:  w.Now(),
	}
	sp.Grants = append(sp.Grants, g)
	return g, true
}

func (w *World) addPerson(p Person) {
	created := w.longAgo()
	given, surname, _ := strings.Cut(p.Name, " ")
	if p.UPN != "" {
		u := &User{
			Person:    p,
			ID:        w.GUID(),
			Given:     given,
			Surname:   surname,
			CreatedAt: created,
		}
		if u.Mail == "" && !p.NoMailbox {
			u.Mail = p.UPN
		}
		if len(u.Proxies) == 0 && u.Mail != "" && !p.Guest {
			u.Proxies = []string{"SMTP:" + u.Mail}
		}
		if p.Deleted {
			u.DeletedAt = created.Add(24 * time.Hour)
			u.UPN = strings.ReplaceAll(u.ID, "-", "") + p.UPN
		}
		w.Users = append(w.Users, u)
	}
	email := p.Zoom
	if email == "" {
		email = p.UPN
	}
	if email == "-" {
		return
	}
	w.ZoomUsers = append(w.ZoomUsers, &ZoomUser{
		ID:        w.ZoomID(),
		Email:     email,
		First:     given,
		Last:      surname,
		CreatedAt: created,
		Role:      cmp.Or(p.ZoomRole, "Member"),
		Status:    cmp.Or(p.ZoomStatus, "active"),
	})
}

func (w *World) defaultDomain() string {
	for _, d := range w.Scenario.Tenant.Domains {
		if d.Default {
			return d.Name
		}
	}
	return w.Scenario.Tenant.Domains[0].Name
}

// IsTenant says whether a path's tenant segment names this tenant: its ID, one
// of its domains, or one of the aliases for "the person's own".
func (w *World) IsTenant(name string) bool {
	switch strings.ToLower(name) {
	case w.TenantID, "organizations", "common":
		return true
	}
	for _, d := range w.Scenario.Tenant.Domains {
		if strings.EqualFold(d.Name, name) {
			return true
		}
	}
	return false
}

// App finds an application by its application ID.
func (w *World) App(appID string) *ServicePrincipal {
	for _, sp := range w.Apps {
		if strings.EqualFold(sp.AppID, appID) {
			return sp
		}
	}
	return nil
}

// Registered says whether a client ID is that of a registration made here.
func (w *World) Registered(appID string) bool {
	return slices.ContainsFunc(w.Registrations, func(r string) bool { return strings.EqualFold(r, appID) })
}

// Principal finds an application by its service principal's object ID.
func (w *World) Principal(id string) *ServicePrincipal {
	for _, sp := range w.Apps {
		if strings.EqualFold(sp.ID, id) {
			return sp
		}
	}
	return nil
}

// Person finds somebody who is not deleted by object ID or UPN.
func (w *World) Person(key string) *User {
	for _, u := range w.Users {
		if u.DeletedAt.IsZero() && (strings.EqualFold(u.ID, key) || strings.EqualFold(u.UPN, key)) {
			return u
		}
	}
	return nil
}

// ZoomUser finds a person of the Zoom account by ID or email.
func (w *World) ZoomUser(key string) *ZoomUser {
	for _, z := range w.ZoomUsers {
		if z.ID == key || strings.EqualFold(z.Email, key) {
			return z
		}
	}
	return nil
}

// Owner is the account's owner, or whoever comes nearest.
func (w *World) Owner() *ZoomUser {
	for _, role := range []string{"Owner", "Admin", "Member"} {
		for _, z := range w.ZoomUsers {
			if z.Role == role {
				return z
			}
		}
	}
	return nil
}

// Consent is what an administrator's Accept does: Zoom's application comes into
// the tenant and gets what it declares; Mail.Read too when it is approved in
// the portal.
func (w *World) Consent(by *User, mailRead bool) {
	sp := w.Instantiate()
	for _, p := range w.Declared(mailRead) {
		w.Grant(sp, p)
	}
	w.Audit = append(w.Audit, AuditEvent{
		ID:      w.GUID(),
		At:      w.Now(),
		By:      by,
		Target:  sp,
		AppName: sp.Name,
		OK:      true,
	})
}

// Declared are the permissions that a consent to Zoom's application gives.
func (w *World) Declared(mailRead bool) []string {
	list := w.Scenario.Tenant.ZoomApp.Declared
	if mailRead {
		list = append(append([]string{}, list...), "Mail.Read")
	}
	return list
}

// Visible says whether readers see what was created at a time yet.
func (w *World) Visible(created time.Time) bool {
	return !w.Now().Before(created.Add(w.Scenario.Tenant.Consistency))
}

// Gone says whether readers no longer see what was deleted at a time.
func (w *World) Gone(deleted time.Time) bool { return !deleted.IsZero() && w.Visible(deleted) }

func (w *World) longAgo() time.Time {
	return time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC).Add(time.Duration(w.random.IntN(90*24)) * time.Hour)
}

func (w *World) bytes(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, w.random.Uint64())
	}
	return b[:n]
}

// GUID is a new object ID.
func (w *World) GUID() string {
	b := w.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ZoomID has the form of Zoom's user and group IDs: 22 characters of base64url.
func (w *World) ZoomID() string { return w.Base64ID(16) }

// Base64ID is a new ID of n bytes in base64url.
func (w *World) Base64ID(n int) string { return base64.RawURLEncoding.EncodeToString(w.bytes(n)) }
