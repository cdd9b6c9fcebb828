package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// Domains is the JSON of verify-domain.
type Domains struct {
	OK bool `json:"ok"`
	// Basis is seen, or stated where the tenant file says what Zoom could not be asked.
	Basis   string   `json:"basis"`
	Matches []string `json:"matches"`
	Domains []Domain `json:"domains"`
	// Steps would make a match; empty when there is one.
	Steps []string `json:"steps"`
}

// Domain is one domain on both sides.
type Domain struct {
	Name      string `json:"name"`
	Zoom      string `json:"zoom"`
	Microsoft string `json:"microsoft"`
	Match     bool   `json:"match"`
}

// DomainListing shows a domain match.
func DomainListing(m doctor.DomainMatch, basis string) Listing {
	value := Domains{
		OK:      m.OK(),
		Basis:   basis,
		Matches: m.Matches(),
		Domains: []Domain{},
		Steps:   append([]string{}, m.Steps...),
	}
	l := Listing{Columns: []string{"domain", "zoom", "microsoft", "match"}, Empty: "Neither service has a domain."}
	for _, p := range m.Pairs {
		value.Domains = append(
			value.Domains,
			Domain{
				Name:      p.Name,
				Zoom:      string(p.Zoom),
				Microsoft: string(p.Microsoft),
				Match:     p.Match,
			},
		)
		microsoft := string(p.Microsoft)
		if p.Initial {
			microsoft += " (initial, not custom)"
		}
		l.Rows = append(l.Rows, []string{p.Name, string(p.Zoom), microsoft, YesNo(p.Match)})
	}
	l.Value = value
	return l
}

// YesNo is a truth in a table.
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Authorization is the JSON of authorize.
type Authorization struct {
	// Status is authorized, consented, pending or blocked.
	tenant.ConsentRecord
	Connection

	// Blocked is the failing check that is in the way; null when none is.
	Blocked *plan.Blocked `json:"blocked"`
	// Why says what the status rests on.
	Why string `json:"why"`
	// Version is that of this form: 2 since consented is told from authorized.
	Version int `json:"version"`
}

// Connection has the three facts about a scope's connection.
type Connection struct {
	// Consented: Entra shows the consent. Confirmed: a named person says that Zoom's
	// portal shows it saved. InUse: Zoom's application has signed in since.
	Consented Known `json:"consented"`
	Confirmed Known `json:"confirmed"`
	InUse     Known `json:"in_use"`
}

// Known is one fact: yes, no or unknown, who, when and why.
type Known struct {
	Known string     `json:"known"`
	By    *string    `json:"by"`
	At    *time.Time `json:"at"`
	Why   string     `json:"why"`
}

// authorizationVersion is that of the JSON of authorize.
const authorizationVersion = 2

// NewAuthorization puts the pieces together.
func NewAuthorization(record tenant.ConsentRecord, c doctor.Connection, blocked *plan.Blocked) Authorization {
	record.Status = string(c.State)
	if blocked != nil && c.State != doctor.StateAuthorized {
		record.Status = string(doctor.StateBlocked)
	}
	if c.Consented.Truth == doctor.NotKnown {
		record.Missing = []string{} // nobody could look
	}
	a := Authorization{
		ConsentRecord: record,
		Connection:    NewConnection(c),
		Blocked:       blocked,
		Why:           c.Why,
		Version:       authorizationVersion,
	}
	if blocked != nil {
		a.Why = blocked.Why
	}
	return a
}

// NewConnection is the JSON of the three facts.
func NewConnection(c doctor.Connection) Connection {
	return Connection{Consented: newKnown(c.Consented), Confirmed: newKnown(c.Confirmed), InUse: newKnown(c.InUse)}
}

func newKnown(k doctor.Known) Known {
	one := Known{Known: string(k.Truth), By: orNull(k.By), Why: k.Why}
	if !k.At.IsZero() {
		at := k.At.UTC()
		one.At = &at
	}
	return one
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// AuthorizationListing shows an authorization.
func AuthorizationListing(a Authorization) Listing {
	rows := [][]string{
		{"status", a.Status},
		{"why", a.Why},
		{"scope", a.Scope},
		{"tenant", a.TenantID},
		{"consented", a.Consented.words()},
		{"confirmed", a.Confirmed.words()},
		{"in use", a.InUse.words()},
		{"authorized by", text(a.AuthorizedBy.UPN)},
		{"zoom email", text(a.AuthorizedBy.ZoomEmail)},
		{"upn equals zoom email", yesNoUnknown(a.AuthorizedBy.Match)},
	}
	if p := a.ServicePrincipal; p != nil {
		rows = append(rows, []string{"application", p.DisplayName + " (" + p.AppID + ")"})
	}
	rows = append(rows,
		[]string{"granted", strings.Join(a.Granted, ", ")},
		[]string{"missing", strings.Join(a.Missing, ", ")},
		[]string{"unexpected", strings.Join(a.Unexpected, ", ")})
	return Listing{Value: a, Columns: []string{"field", "value"}, Rows: rows}
}

func (k Known) words() string { return k.Known + ": " + k.Why }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Status is the JSON of integration status.
type Status struct {
	Account AccountStatus `json:"account"`
	Groups  []GroupStatus `json:"groups"`
}

// AccountStatus is what is known of the account.
type AccountStatus struct {
	Profile       profile.Effective     `json:"profile"`
	Authorization *tenant.ConsentRecord `json:"authorization"`
	Connection    Connection            `json:"connection"`
	Portal        []PortalStep          `json:"portal"`
}

// GroupStatus is what is known of one group.
type GroupStatus struct {
	Name string `json:"name"`
	// Profile holds only what the group sets.
	Profile       profile.Settings      `json:"profile"`
	Effective     profile.Effective     `json:"effective"`
	Authorization *tenant.ConsentRecord `json:"authorization"`
	Connection    Connection            `json:"connection"`
	Portal        []PortalStep          `json:"portal"`
}

// PortalStep is a step in Zoom's portal and who confirmed it.
type PortalStep struct {
	Step        string     `json:"step"`
	Control     string     `json:"control"`
	Choose      string     `json:"choose"`
	ConfirmedBy *string    `json:"confirmed_by"`
	At          *time.Time `json:"at"`
}

// StatusListing shows a status.
func StatusListing(s Status) Listing {
	l := Listing{
		Value: s,
		Columns: []string{
			"scope",
			"enabled",
			"default_service",
			"authorize_with",
			"setup_by",
			"mail_read",
			"consented",
			"confirmed",
			"portal",
		},
	}
	row := func(scope string, e profile.Effective, c Connection, portal []PortalStep) {
		consented, confirmed := c.Consented.short(), c.Confirmed.short()
		if !e.Authorizable() {
			consented, confirmed = "not needed", "not needed"
		}
		done := 0
		for _, p := range portal {
			if p.ConfirmedBy != nil {
				done++
			}
		}
		l.Rows = append(l.Rows, []string{
			scope, YesNo(e.Enabled), string(e.DefaultService), string(e.AuthorizeWith), string(e.SetupBy), string(e.MailRead),
			consented, confirmed, strconv.Itoa(done) + " of " + strconv.Itoa(len(portal)) + " confirmed",
		})
	}
	row("account", s.Account.Profile, s.Account.Connection, s.Account.Portal)
	for _, g := range s.Groups {
		row("group "+g.Name, g.Effective, g.Connection, g.Portal)
	}
	return l
}

// short is a fact in a column: yes with its day.
func (k Known) short() string {
	if k.At != nil && k.Known == string(doctor.Yes) {
		return k.Known + ", " + k.At.Format(time.DateOnly)
	}
	return k.Known
}

// Change is the JSON of a command that changes a profile.
type Change struct {
	Scope   string            `json:"scope"`
	Changed bool              `json:"changed"`
	Before  profile.Effective `json:"before"`
	After   profile.Effective `json:"after"`
	// Portal are the steps by which a person brings Zoom's portal to After.
	Portal []PortalStep `json:"portal"`
	// Revoked are the permissions deleted in Entra.
	Revoked []string `json:"revoked"`
}

// ChangeListing shows a change, setting by setting.
func ChangeListing(c Change) Listing {
	l := Listing{Value: c, Columns: []string{"setting", "before", "after"}, Empty: "Nothing to change."}
	before, after := c.Before.Settings(), c.After.Settings()
	for _, key := range profile.Keys {
		l.Rows = append(l.Rows, []string{key, before.Get(key), after.Get(key)})
	}
	return l
}

// Groups is the JSON of group list.
type Groups struct {
	Groups []Group `json:"groups"`
	// CheckedAgainstZoom is false when nobody looked at Zoom's groups.
	CheckedAgainstZoom bool `json:"checked_against_zoom"`
}

// Group is a group of Zoom, of the file, or of both.
type Group struct {
	Name string `json:"name"`
	// InZoom and Members are null when nobody looked.
	InZoom    *bool             `json:"in_zoom"`
	Members   *int              `json:"members"`
	Profile   *profile.Settings `json:"profile"`
	Effective profile.Effective `json:"effective"`
}

// GroupListing shows groups.
func GroupListing(g Groups) Listing {
	l := Listing{
		Value:   g,
		Columns: []string{"name", "in_zoom", "members", "profile", "setup_by", "enabled"},
		Empty:   "No group has a profile; Zoom's groups could not be read.",
	}
	if g.CheckedAgainstZoom {
		l.Empty = "No group has a profile, and Zoom has no groups."
	}
	for _, one := range g.Groups {
		inZoom, members, own := "unknown", "", "none (inherits the account)"
		if one.InZoom != nil {
			inZoom = YesNo(*one.InZoom)
		}
		if one.Members != nil {
			members = strconv.Itoa(*one.Members)
		}
		if one.Profile != nil {
			own = settingsLine(*one.Profile)
		}
		l.Rows = append(
			l.Rows,
			[]string{one.Name, inZoom, members, own, string(one.Effective.SetupBy), YesNo(one.Effective.Enabled)},
		)
	}
	return l
}

func settingsLine(s profile.Settings) string {
	var set []string
	for _, key := range profile.Keys {
		if v := s.Get(key); v != "" {
			set = append(set, key+"="+v)
		}
	}
	if len(set) == 0 {
		return "inherits everything"
	}
	return strings.Join(set, " ")
}

// Calendars is the JSON of calendar list.
type Calendars struct {
	Users []UserCalendars `json:"users"`
}

// UserCalendars are one person's calendars.
type UserCalendars struct {
	User      string         `json:"user"`
	Calendars []Calendar     `json:"calendars"`
	Error     *CalendarError `json:"error"`
}

// Calendar is one calendar.
type Calendar struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Primary    bool   `json:"primary"`
	UsedByZoom bool   `json:"used_by_zoom"`
	Owner      string `json:"owner"`
	CanEdit    bool   `json:"can_edit"`
}

// CalendarError says why a person has no calendars to show. Code is no-mailbox,
// no-user, denied or error.
type CalendarError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// CalendarListing shows calendars.
func CalendarListing(c Calendars) Listing {
	l := Listing{
		Value:   c,
		Columns: []string{"user", "calendar", "primary", "used_by_zoom", "owner", "error"},
		Empty:   "Nobody to show.",
	}
	for _, u := range c.Users {
		if u.Error != nil {
			l.Rows = append(l.Rows, []string{u.User, "", "", "", "", u.Error.Message})
		}
		for _, one := range u.Calendars {
			l.Rows = append(l.Rows, []string{u.User, one.Name, YesNo(one.Primary), YesNo(one.UsedByZoom), one.Owner, ""})
		}
	}
	return l
}

// yesNoUnknown writes an answer that may not be known.
func yesNoUnknown(b *bool) string {
	if b == nil {
		return "unknown"
	}
	return YesNo(*b)
}
