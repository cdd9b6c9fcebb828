package sandbox

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// world is the imitated state of both services. One lock guards it all: a
// sandbox serves one developer or one test.
type world struct {
	mu sync.Mutex
	// version counts the changes of people.
	version  int
	changes  []userChange
	scenario Scenario
	random   *rand.Rand
	now      func() time.Time

	tenantID string
	org      string
	users    []*user
	apps     []*servicePrincipal
	// registrations are the client IDs of app registrations made here.
	registrations []string
	names         map[string]string
	audit         []auditEvent
	// assignments are roles in Exchange Online.
	assignments []exchangeAssignment
	// registrationID is the object of the registration that zo365 signs in with;
	// its client secret is good until secretEnds.
	registrationID string
	secretEnds     time.Time
	// started is when the world began.
	started time.Time

	accountID  string
	zoomUsers  []*zoomUser
	zoomGroups []*zoomGroup
	// portal holds the Mail & Calendar settings by scope: "" is the account,
	// else a group's ID.
	portal map[string]*portalSettings
	faults []*Fault
}

// user is a person in the tenant.
type user struct {
	Person
	ID                 string
	Given, Surname     string
	created            time.Time
	deleted            time.Time
	refusedCalendarsBy int
}

// zoomUser is a person in the Zoom account.
type zoomUser struct {
	ID, Email, First, Last, Role, Status string
	groups                               []string
	created                              time.Time
	emailChanges                         []time.Time
}

// zoomGroup is a Zoom group.
type zoomGroup struct{ ID, Name string }

// servicePrincipal is an application in the tenant.
type servicePrincipal struct {
	ID, AppID, Name, Publisher string
	created                    time.Time
	grants                     []grant
	disabled                   bool
	// signedIn is when the application last signed in as itself; zero is never.
	signedIn time.Time
}

// grant is an app role assignment on one of the resources.
type grant struct {
	ID string
	// resource is the application ID of the API that the permission is of.
	resource   string
	permission entry
	created    time.Time
	// deleted is when the assignment was deleted; readers see it a while longer.
	deleted time.Time
}

// auditEvent is an entry of the directory audit log about a consent.
type auditEvent struct {
	ID      string
	at      time.Time
	by      *user
	target  *servicePrincipal
	appName string
	ok      bool
	reason  string
}

// portalSettings are the controls of the Mail & Calendar tab.
type portalSettings struct {
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
	graphAppID = "00000003-0000-0000-c000-000000000000"
	// exchangeAppID is the API "Office 365 Exchange Online".
	exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
	zoomAppID     = "5a0d365c-7a6f-4f6d-8365-73616e64626f"
	zoomAppName   = "Zoom Calendar (sandbox)"
	zoomAppOwner  = "Zoom Video Communications, Inc."
	ownAppID      = "2b0f1d36-5c3e-4a6b-9d1e-7a6f33363500"
	// graphToolsID is Microsoft's own public client.
	graphToolsID = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
)

func newWorld(s Scenario, extra int, seed uint64, now func() time.Time) *world {
	w := &world{
		scenario: s, random: rand.New(rand.NewPCG(seed, 0x365)), now: now, org: s.Tenant.Name,
		portal: map[string]*portalSettings{}, names: map[string]string{},
	}
	w.tenantID = w.guid()
	w.accountID = w.zoomID()
	w.registrationID = w.guid()
	w.started = now()
	w.secretEnds = w.started.Add(s.Tenant.App.SecretLifetime)
	for i := range s.Faults {
		f := s.Faults[i]
		w.faults = append(w.faults, &f)
	}
	w.addApps()
	w.addExchangeRoles()
	for _, p := range s.People {
		w.addPerson(p)
	}
	for _, p := range generate(w.random, extra, w.defaultDomain()) {
		w.addPerson(p)
	}
	for _, g := range s.Zoom.Groups {
		group := &zoomGroup{ID: w.zoomID(), Name: g.Name}
		w.zoomGroups = append(w.zoomGroups, group)
		for _, email := range g.Members {
			if z := w.zoomUser(email); z != nil {
				z.groups = append(z.groups, group.ID)
			}
		}
	}
	w.portal[""] = &portalSettings{Integrate: true, Service: "office365", API: "graph", SetupBy: "users"}
	return w
}

func (w *world) addApps() {
	w.apps = []*servicePrincipal{
		{ID: w.guid(), AppID: graphAppID, Name: "Microsoft Graph", Publisher: "Microsoft", created: w.longAgo()},
		{ID: w.guid(), AppID: ownAppID, Name: "zo365", created: w.longAgo()},
		{ID: w.guid(), AppID: exchangeAppID, Name: "Office 365 Exchange Online", created: w.longAgo()},
	}
	for _, p := range w.scenario.Tenant.App.Permissions {
		w.grant(w.apps[1], p)
	}
	if granted := w.scenario.Tenant.ZoomApp.Permissions; len(granted) > 0 {
		zoom := w.instantiate()
		zoom.disabled = w.scenario.Tenant.ZoomApp.Disabled
		if ago := w.scenario.Tenant.ZoomApp.LastSignIn; ago > 0 {
			zoom.signedIn = w.now().Add(-ago)
		}
		for _, p := range granted {
			w.grant(zoom, p)
		}
	}
	for _, other := range w.scenario.Tenant.OtherZoomApps {
		sp := &servicePrincipal{
			ID:        w.guid(),
			AppID:     other.AppID,
			Name:      other.Name,
			Publisher: or(other.Publisher, zoomAppOwner),
		}
		for _, p := range other.Permissions {
			w.grant(sp, p)
		}
		w.apps = append(w.apps, sp)
	}
	for _, sp := range w.apps {
		sp.created = w.longAgo()
		for i := range sp.grants {
			sp.grants[i].created = w.longAgo()
		}
	}
}

// instantiate puts Zoom's application into the tenant, if it is not there.
func (w *world) instantiate() *servicePrincipal {
	if sp := w.app(zoomAppID); sp != nil {
		return sp
	}
	sp := &servicePrincipal{ID: w.guid(), AppID: zoomAppID, Name: zoomAppName, Publisher: zoomAppOwner, created: w.now()}
	w.apps = append(w.apps, sp)
	return sp
}

// grant adds an app role assignment, or returns the one that is there.
func (w *world) grant(sp *servicePrincipal, name string) (g grant, added bool) {
	resource, p := permissionOf(name)
	for _, old := range sp.grants {
		if old.permission == p && old.resource == resource && old.deleted.IsZero() {
			return old, false
		}
	}
	g = grant{ID: w.base64ID(32), resource: resource, permission: p, created: w.now()}
	sp.grants = append(sp.grants, g)
	return g, true
}

func (w *world) addPerson(p Person) {
	created := w.longAgo()
	given, surname, _ := strings.Cut(p.Name, " ")
	if p.UPN != "" {
		u := &user{Person: p, ID: w.guid(), Given: given, Surname: surname, created: created}
		if u.Mail == "" && !p.NoMailbox {
			u.Mail = p.UPN
		}
		if len(u.Proxies) == 0 && u.Mail != "" && !p.Guest {
			u.Proxies = []string{"SMTP:" + u.Mail}
		}
		if p.Deleted {
			u.deleted = created.Add(24 * time.Hour)
			u.UPN = strings.ReplaceAll(u.ID, "-", "") + p.UPN
		}
		w.users = append(w.users, u)
	}
	email := p.Zoom
	if email == "" {
		email = p.UPN
	}
	if email == "-" {
		return
	}
	w.zoomUsers = append(w.zoomUsers, &zoomUser{
		ID: w.zoomID(), Email: email, First: given, Last: surname, created: created,
		Role: or(p.ZoomRole, "Member"), Status: or(p.ZoomStatus, "active"),
	})
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func (w *world) defaultDomain() string {
	for _, d := range w.scenario.Tenant.Domains {
		if d.Default {
			return d.Name
		}
	}
	return w.scenario.Tenant.Domains[0].Name
}

// isTenant says whether a path's tenant segment names this tenant: its ID, one
// of its domains, or one of the aliases for "the person's own".
func (w *world) isTenant(name string) bool {
	switch strings.ToLower(name) {
	case w.tenantID, "organizations", "common":
		return true
	}
	for _, d := range w.scenario.Tenant.Domains {
		if strings.EqualFold(d.Name, name) {
			return true
		}
	}
	return false
}

func (w *world) app(appID string) *servicePrincipal {
	for _, sp := range w.apps {
		if strings.EqualFold(sp.AppID, appID) {
			return sp
		}
	}
	return nil
}

// registered says whether a client ID is that of a registration made here.
func (w *world) registered(appID string) bool {
	return slices.ContainsFunc(w.registrations, func(r string) bool { return strings.EqualFold(r, appID) })
}

func (w *world) principal(id string) *servicePrincipal {
	for _, sp := range w.apps {
		if strings.EqualFold(sp.ID, id) {
			return sp
		}
	}
	return nil
}

// person finds somebody who is not deleted by object ID or UPN.
func (w *world) person(key string) *user {
	for _, u := range w.users {
		if u.deleted.IsZero() && (strings.EqualFold(u.ID, key) || strings.EqualFold(u.UPN, key)) {
			return u
		}
	}
	return nil
}

func (w *world) zoomUser(key string) *zoomUser {
	for _, z := range w.zoomUsers {
		if z.ID == key || strings.EqualFold(z.Email, key) {
			return z
		}
	}
	return nil
}

// owner is the account's owner, or whoever comes nearest.
func (w *world) owner() *zoomUser {
	for _, role := range []string{"Owner", "Admin", "Member"} {
		for _, z := range w.zoomUsers {
			if z.Role == role {
				return z
			}
		}
	}
	return nil
}

// consent is what an administrator's Accept does: Zoom's application comes into
// the tenant and gets what it declares; Mail.Read too when it is approved in
// the portal.
func (w *world) consent(by *user, mailRead bool) {
	sp := w.instantiate()
	for _, p := range w.declared(mailRead) {
		w.grant(sp, p)
	}
	w.audit = append(w.audit, auditEvent{ID: w.guid(), at: w.now(), by: by, target: sp, appName: sp.Name, ok: true})
}

func (w *world) declared(mailRead bool) []string {
	list := w.scenario.Tenant.ZoomApp.Declared
	if mailRead {
		list = append(append([]string{}, list...), "Mail.Read")
	}
	return list
}

// visible says whether readers see what was created at a time yet.
func (w *world) visible(created time.Time) bool {
	return !w.now().Before(created.Add(w.scenario.Tenant.Consistency))
}

// gone says whether readers no longer see what was deleted at a time.
func (w *world) gone(deleted time.Time) bool { return !deleted.IsZero() && w.visible(deleted) }

func (w *world) longAgo() time.Time {
	return time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC).Add(time.Duration(w.random.IntN(90*24)) * time.Hour)
}

func (w *world) bytes(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, w.random.Uint64())
	}
	return b[:n]
}

func (w *world) guid() string {
	b := w.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// zoomID has the form of Zoom's user and group IDs: 22 characters of base64url.
func (w *world) zoomID() string { return w.base64ID(16) }

func (w *world) base64ID(n int) string { return base64.RawURLEncoding.EncodeToString(w.bytes(n)) }
