package doctor

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// Mailboxes are those that the profiles want Zoom's application to reach. It is one application
// for all profiles, so that their scopes add up.
type Mailboxes struct {
	// Scopes are the wanted scopes, each once, in the file's order.
	Scopes []profile.MailboxScope
	// Everybody are the scopes, in words, that want every mailbox: while one does, nothing is
	// narrowed.
	Everybody []string
	// Unasked have a mailbox_scope and ask for no application permissions, in words, so that
	// their scope counts for nothing.
	Unasked []string
}

// Narrow says whether anything is to be narrowed.
func (m Mailboxes) Narrow() bool { return len(m.Scopes) > 0 && len(m.Everybody) == 0 }

// MailboxesWanted are the mailboxes that a tenant file wants.
func MailboxesWanted(f profile.File) Mailboxes {
	var m Mailboxes
	add := func(words string, e profile.Effective) {
		switch {
		case !e.Authorizable() && !e.MailboxScope.Empty():
			m.Unasked = append(m.Unasked, words)
		case !e.Authorizable():
		case e.MailboxScope.Empty():
			m.Everybody = append(m.Everybody, words)
		case !slices.Contains(m.Scopes, e.MailboxScope):
			m.Scopes = append(m.Scopes, e.MailboxScope)
		}
	}
	account, _ := f.Effective("")
	if !f.Account.Empty() {
		add("the account", account)
	}
	for _, g := range f.Groups {
		if e, _ := f.Effective(g.Name); !g.Empty() { // it has a profile
			add("the group "+g.Name, e)
		}
	}
	return m
}

// Narrowed says whether Zoom's application reaches mailboxes by roles with a scope alone, where
// the file wants that: a consent that is given again brings every mailbox back.
func Narrowed(in Input) bool {
	if !MailboxesWanted(in.File).Narrow() || !in.Facts.Consents.Seen() || !in.Facts.Exchange.Seen() {
		return false
	}
	c := ZoomApplication(in)
	if c.Principal == nil || c.Reach() {
		return false
	}
	return slices.ContainsFunc(exchangeRoles(in, c.Consent), func(r tenant.ExchangeRole) bool { return !r.Unlimited() })
}

// reconsent is what stands against pressing Authorize and Save then.
func reconsent() *Stopped {
	return &Stopped{
		Check: "mailbox-scope",
		Why: "Zoom is narrowed by roles in Exchange, and Authorize and Save gives every grant back: " +
			"Zoom would reach every mailbox again",
		Fix: "if the portal shows it all as wanted and saved: zo365 portal confirm --all --by UPN; " +
			"if it has to be pressed: zo365 authorize --again, then zo365 rbac apply",
	}
}

// PolicyAge is how long the access policies count as known that somebody read: no API shows one
// that was made since.
const PolicyAge = 30 * 24 * time.Hour

// PoliciesOf are the application access policies that somebody read in Exchange; none is not
// nothing: no API shows them.
func PoliciesOf(in Input) []tenant.AccessPolicy {
	policies, _ := policiesRead(in)
	return policies
}

// PoliciesKnown says whether the access policies count as read.
func PoliciesKnown(in Input) bool { return whyUnread(in) == "" }

// policiesRead are the policies, or why they are not known.
func policiesRead(in Input) (policies []tenant.AccessPolicy, why string) {
	read := in.Record.Exchange
	switch {
	case read == nil || read.Policies == nil:
		return nil, "no API shows access policies, and nobody has read them in Exchange Online PowerShell yet"
	case !slices.ContainsFunc(in.Facts.Consents.Value, func(c tenant.Consent) bool {
		return c.Principal != nil && strings.EqualFold(c.Principal.AppID, read.AppID)
	}):
		return nil, "no API shows access policies, and what was read in Exchange is of an application that the tenant " +
			"does not have: " + read.AppID
	case in.Now.Sub(read.At) > PolicyAge:
		return nil, "no API shows access policies, and they were last read on " + read.At.UTC().Format(time.DateOnly) +
			", more than 30 days ago"
	}
	return *read.Policies, ""
}

// codePolicies is what --allow-unknown names where access policies are not known.
const codePolicies = "access-policies"

// ReachOf is all that is known of what an application may do in mailboxes: what the services
// show, and what somebody read in Exchange where no API shows it.
func ReachOf(in Input, c tenant.Consent) reach.Application {
	a := reach.Application{Grants: c.Grants}
	if c.Principal != nil {
		a.Principal = *c.Principal
	}
	f, read := in.Facts, in.Record.Exchange
	ours := read != nil && strings.EqualFold(read.AppID, a.Principal.AppID)
	switch {
	case f.Exchange.Seen():
		a.Roles = exchangeRoles(in, c)
	case ours && read.Roles != nil && in.Now.Sub(read.At) <= PolicyAge:
		a.Roles = *read.Roles
	default:
		a.RolesUnseen = notSeen(f.Exchange, "its roles in Exchange Online")
	}
	switch {
	case f.Scopes.Seen():
		a.Custom, a.Members = f.Scopes.Value.Custom, f.Scopes.Value.Members
	default:
		a.CustomUnseen = notSeen(f.Scopes, "Exchange's scopes")
	}
	policies, why := policiesRead(in)
	switch {
	case why == "":
		a.Policies = policies
	case !slices.Contains(in.Allowed, codePolicies):
		a.PoliciesUnseen = why
	}
	return a
}

func notSeen[T any](r tenant.Reading[T], what string) string {
	if r.Err != nil {
		return what + ": " + r.Err.Error()
	}
	return what + " were not read"
}

// wantedRole is a wanted scope as a role without a name has it; problem says why there is none.
func wantedRole(
	in Input,
	m profile.MailboxScope,
) (r tenant.ExchangeRole, members *tenant.ScopeMembers, problem string) {
	kind, key := tenant.ScopeGroup, m.Group
	switch {
	case m.Filter != "":
		r = tenant.ExchangeRole{Kind: tenant.ScopeFilter, Filter: m.Filter, Scope: m.Filter}
		for _, s := range in.Facts.Scopes.Value.Custom {
			if s.Filter == m.Filter && !s.Exclusive {
				r.ScopeID, r.Scope = s.ID, s.Name
			}
		}
		return r, nil, ""
	case m.Unit != "":
		kind, key = tenant.ScopeUnit, m.Unit
	}
	for i, one := range in.Facts.Scopes.Value.Members {
		if one.Kind != kind || !strings.EqualFold(one.Name, key) && !strings.EqualFold(one.ID, key) {
			continue
		}
		if one.Unseen != "" {
			return r, &in.Facts.Scopes.Value.Members[i], one.Unseen
		}
		r = tenant.ExchangeRole{Kind: kind, ScopeID: one.ID, Scope: ScopeLabel(kind, one.Name)}
		return r, &in.Facts.Scopes.Value.Members[i], ""
	}
	return r, nil, "who is in " + ScopeLabel(kind, key) + " was not read"
}

// ScopeLabel names a scope for people.
func ScopeLabel(kind tenant.ScopeKind, name string) string {
	switch kind {
	case tenant.ScopeGroup:
		return "group " + name
	case tenant.ScopeUnit:
		return "administrative unit " + name
	case tenant.ScopeFilter:
		return "filter " + name
	case tenant.ScopeUser, tenant.ScopeOther:
	}
	return name
}

// RoleLabel names a role with its scope.
func RoleLabel(in Input, r tenant.ExchangeRole) string {
	if r.Unlimited() {
		return r.Role + " for every mailbox"
	}
	name := r.Scope
	if r.Kind == tenant.ScopeGroup || r.Kind == tenant.ScopeUnit {
		name = ScopeLabel(r.Kind, r.ScopeID)
	}
	for _, one := range in.Facts.Scopes.Value.Members {
		if one.Kind == r.Kind && one.ID != "" && strings.EqualFold(one.ID, r.ScopeID) {
			name = ScopeLabel(r.Kind, one.Name)
		}
	}
	return r.Role + " in " + name
}

// WantedMailbox says whether the profiles want a mailbox to be reached: yes, no or unknown; empty
// where none of them has a mailbox_scope.
func WantedMailbox(in Input, m reach.Mailbox) string {
	want := MailboxesWanted(in.File)
	switch {
	case len(want.Scopes) == 0:
		return ""
	case len(want.Everybody) > 0:
		return string(reach.Yes)
	}
	a := reach.Application{
		Principal: tenant.ServicePrincipal{Enabled: true},
		Custom:    []tenant.ExchangeScope{},
		Members:   in.Facts.Scopes.Value.Members,
	}
	unsure := false
	for _, scope := range want.Scopes {
		r, _, problem := wantedRole(in, scope)
		if problem != "" {
			unsure = true
			continue
		}
		a.Roles = append(a.Roles, r)
	}
	answer := reach.No
	for _, way := range a.Ways(reach.Mailbox{ID: m.ID, UPN: m.UPN, Properties: m.Properties}) {
		switch way.Answer {
		case reach.Yes:
			return string(reach.Yes)
		case reach.Unknown:
			answer = reach.Unknown
		case reach.No:
		}
	}
	if unsure {
		answer = reach.Unknown
	}
	return string(answer)
}

// Without is what a person looks at before a role goes: what else gives its permissions.
type Without struct {
	// Principal is the application's object ID, Role the name of the role that goes, Removed the
	// IDs of all that go with it.
	Principal, Role string
	Removed         []string
	// Given and GivenRoles come before.
	Given      []tenant.Permission
	GivenRoles []tenant.ExchangeRole
}

// Missing is a permission of the role that nothing else gives in every mailbox; empty where all is
// given, or where no profile wants any.
func (o Without) Missing(in Input) string {
	want := MailboxesWanted(in.File)
	if len(want.Scopes)+len(want.Everybody) == 0 && in.File.Rooms.MailboxScope.Empty() {
		return ""
	}
	var has []string
	unlimited := func(r tenant.ExchangeRole) {
		if r.Unlimited() {
			names, _ := reach.RoleGives(r.Role)
			has = append(has, names...)
		}
	}
	for _, p := range o.Given {
		has = append(has, reach.Name(p))
	}
	for _, r := range o.GivenRoles { // in whatever scope: that is what was there before
		names, _ := reach.RoleGives(r.Role)
		has = append(has, names...)
	}
	for _, c := range in.Facts.Consents.Value {
		if c.Principal != nil && c.Principal.ID == o.Principal {
			for _, g := range c.Grants {
				has = append(has, reach.Name(g.Permission))
			}
		}
	}
	for _, r := range in.Facts.Exchange.Value {
		if r.PrincipalID == o.Principal && !slices.Contains(o.Removed, r.ID) {
			unlimited(r)
		}
	}
	needs, _ := reach.RoleGives(o.Role)
	for _, p := range needs {
		if !slices.ContainsFunc(has, func(q string) bool { return reach.Includes(q, p) }) {
			return p
		}
	}
	return ""
}

// NamesOf are the permissions that a grant or a role gives, by their bare names.
func NamesOf(p *tenant.Permission, r *tenant.ExchangeRole) []string {
	var names []string
	if p != nil {
		names = append(names, reach.Name(*p))
	}
	if r != nil {
		gives, _ := reach.RoleGives(r.Role)
		names = append(names, gives...)
	}
	return names
}
