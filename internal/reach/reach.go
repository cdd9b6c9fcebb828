// Package reach owns who can reach which mailbox: what an application's grants in Entra, its
// roles in Exchange Online and the access policies between them amount to, mailbox by mailbox. It
// is pure: the same facts give the same answer, and what was not seen is unknown.
package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Answer says whether an application reaches a mailbox.
type Answer string

// The answers. Unknown is neither of the others.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Application is all that is known of what one application may do in mailboxes.
type Application struct {
	Principal tenant.ServicePrincipal
	Grants    []tenant.Grant
	// Roles are those in Exchange Online; RolesUnseen says why they could not be read.
	Roles       []tenant.ExchangeRole
	RolesUnseen string
	// Policies are the application access policies; PoliciesUnseen says why they are not known.
	Policies       []tenant.AccessPolicy
	PoliciesUnseen string
	// Custom are Exchange's custom scopes, of which exclusive ones keep others out; CustomUnseen
	// says why they could not be read.
	Custom       []tenant.ExchangeScope
	CustomUnseen string
	// Members are who is in the groups and units that scopes and policies name.
	Members []tenant.ScopeMembers
}

// Mailbox is somebody's mailbox.
type Mailbox struct {
	ID, UPN string
	// Properties are what recipient filters look at, by name in lower case; nil are not known.
	Properties map[string]string
	// Missing is set where there may be no mailbox, and says why.
	Missing string
}

// Way is one grant or role and whether it leads into a mailbox.
type Way struct {
	// Kind is "entra" or "exchange".
	Kind Kind
	// Name is the permission or the role; Scope what it is limited to, empty for every mailbox.
	Name, Scope string
	// Gives are the permissions that it gives.
	Gives []string
	// Any: which permissions it gives is not known.
	Any    bool
	Answer Answer
	// Why says what the answer rests on.
	Why string
}

// Kind is where a way was given.
type Kind string

// The kinds.
const (
	Entra    Kind = "entra"
	Exchange Kind = "exchange"
)

// EWS is the permission of Exchange Web Services, which opens all of a mailbox.
const EWS = "full_access_as_app"

// Name is what the permission of a grant is called here: Graph's by its name, Office 365 Exchange
// Online's with "exchange:" before it, since two APIs have permissions of one name.
func Name(p tenant.Permission) string {
	if p.OfGraph() {
		return p.Name
	}
	if strings.EqualFold(p.Resource, tenant.ExchangeAPI) {
		return "exchange:" + p.Name
	}
	return p.Label()
}

// Label is such a name for people.
func Label(name string) string {
	if bare, ok := strings.CutPrefix(name, "exchange:"); ok {
		return bare + " of Office 365 Exchange Online"
	}
	return name
}

// Ways are the application's grants and roles, and whether each leads into a mailbox.
func (a Application) Ways(m Mailbox) []Way {
	var all []Way
	for _, g := range a.Grants {
		if !g.Permission.ReachesMailboxes() {
			continue
		}
		w := Way{Kind: Entra, Name: g.Permission.Label(), Gives: []string{Name(g.Permission)}}
		w.Answer, w.Why = a.granted(g.Permission, m)
		all = append(all, a.open(w, m))
	}
	for _, r := range a.Roles {
		gives, known := RoleGives(r.Role)
		w := Way{
			Kind:  Exchange,
			Name:  r.Role,
			Scope: a.scopeName(r),
			Gives: gives,
			Any:   !known,
		}
		w.Answer, w.Why = a.inScope(r, m)
		all = append(all, a.open(w, m))
	}
	return all
}

// scopeName names a scope: a group by its name, where that is known.
func (a Application) scopeName(r tenant.ExchangeRole) string {
	if members, ok := a.members(r.Kind, r.ScopeID); ok && r.ScopeID != "" {
		return string(r.Kind) + " " + members.Name
	}
	return r.Scope
}

// open applies what holds for every way: a disabled application gets no tokens, and without a
// mailbox there is nothing to reach.
func (a Application) open(w Way, m Mailbox) Way {
	switch {
	case !a.Principal.Enabled:
		w.Answer, w.Why = No, "sign-in to the application is disabled, so that it gets no tokens"
	case w.Answer == Yes && m.Missing != "":
		w.Answer, w.Why = Unknown, m.Missing
	}
	return w
}

// granted judges a grant in Entra: every mailbox, but for application access policies.
func (a Application) granted(p tenant.Permission, m Mailbox) (Answer, string) {
	const all = "granted in Entra for every mailbox"
	if a.PoliciesUnseen != "" {
		return Unknown, all + "; whether an application access policy keeps it out is not known: " + a.PoliciesUnseen
	}
	restricted, inside, denied := false, No, No
	for _, policy := range a.Policies {
		if !policy.For(a.Principal.AppID) {
			continue
		}
		in := a.policyHas(policy, m)
		switch policy.Right {
		case tenant.DenyAccess:
			denied = or(denied, in)
		case tenant.RestrictAccess:
			restricted, inside = true, or(inside, in)
		default:
			return Unknown, fmt.Sprintf("an application access policy says %q, which zo365 does not know", policy.Right)
		}
	}
	if !restricted {
		inside = Yes
	}
	answer, why := and(inside, not(denied)), all
	switch {
	case denied == Yes:
		why = "an application access policy denies it"
	case answer == No:
		why = "an application access policy restricts it to a group that this mailbox is not in"
	case answer == Unknown:
		why = "an application access policy is about a group of which it is not known whether this mailbox is in it"
	case restricted:
		why = "granted in Entra; an application access policy restricts it to a group that this mailbox is in"
	}
	if answer != Yes && !policed(p) {
		return Unknown, "granted in Entra for every mailbox; whether access policies constrain " + p.Label() + " is told nowhere"
	}
	return answer, why
}

// policed says whether application access policies are said to constrain a permission.
//
// https://learn.microsoft.com/graph/auth-limit-mailbox-access
func policed(p tenant.Permission) bool {
	if !p.OfGraph() {
		return true
	}
	return slices.Contains([]string{
		"Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read",
		"MailboxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite",
	}, p.Name)
}

// policyHas says whether a mailbox is in the group of a policy. Whether groups within it count is
// told in two ways.
//
// https://github.com/MicrosoftDocs/office-docs-powershell/pull/12367
// https://github.com/microsoftgraph/microsoft-graph-docs/issues/19315
func (a Application) policyHas(p tenant.AccessPolicy, m Mailbox) Answer {
	key := p.GroupID
	if key == "" {
		key = p.Group
	}
	members, ok := a.members(tenant.ScopeGroup, key)
	switch {
	case !ok || members.Unseen != "":
		return Unknown
	case members.Has(m.ID):
		return Yes
	case len(members.Groups) > 0:
		return Unknown
	}
	return No
}

// members finds who is in a group or unit.
func (a Application) members(kind tenant.ScopeKind, key string) (tenant.ScopeMembers, bool) {
	for _, one := range a.Members {
		if one.Kind == kind && (strings.EqualFold(one.ID, key) || one.ID == "" && strings.EqualFold(one.Name, key) ||
			strings.EqualFold(one.Name, key)) {
			return one, true
		}
	}
	return tenant.ScopeMembers{}, false
}

// inScope judges a role in Exchange.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
func (a Application) inScope(r tenant.ExchangeRole, m Mailbox) (Answer, string) {
	answer, why := a.scopeHas(r, m)
	if answer == No || r.Exclusive {
		return answer, why
	}
	switch a.exclusive(m) {
	case Yes:
		return No, "an exclusive scope has this mailbox, so that no other scope does"
	case Unknown:
		return Unknown, why + "; whether an exclusive scope has this mailbox is not known"
	case No:
	}
	return answer, why
}

func (a Application) scopeHas(r tenant.ExchangeRole, m Mailbox) (Answer, string) {
	if r.Unlimited() {
		return Yes, "a role in Exchange without a scope: every mailbox"
	}
	switch r.Kind {
	case tenant.ScopeGroup, tenant.ScopeUnit:
		members, ok := a.members(r.Kind, r.ScopeID)
		what := "the group "
		if r.Kind == tenant.ScopeUnit {
			what = "the administrative unit "
		}
		switch {
		case !ok:
			return Unknown, "who is in " + what + r.ScopeID + " was not read"
		case members.Unseen != "":
			return Unknown, members.Unseen
		case members.Has(m.ID):
			return Yes, "in " + what + members.Name
		}
		return No, "not directly in " + what + members.Name
	case tenant.ScopeUser:
		if strings.EqualFold(r.ScopeID, m.ID) {
			return Yes, "the role is for this mailbox"
		}
		return No, "the role is for another mailbox"
	case tenant.ScopeFilter:
		return Filter(r.Filter, m.Properties)
	case tenant.ScopeOther, "":
	}
	return Unknown, "the scope " + r.Scope + " is of a kind that zo365 does not know"
}

// exclusive says whether an exclusive scope has a mailbox.
func (a Application) exclusive(m Mailbox) Answer {
	if a.CustomUnseen != "" {
		return Unknown
	}
	answer := No
	for _, s := range a.Custom {
		if s.Exclusive {
			in, _ := Filter(s.Filter, m.Properties)
			answer = or(answer, in)
		}
	}
	return answer
}

// Permission says whether an application has a permission in a mailbox, by any way.
func (a Application) Permission(m Mailbox, name string) Answer { return a.from(a.Ways(m), name) }

func (a Application) from(ways []Way, name string) Answer {
	answer := No
	if a.RolesUnseen != "" && a.Principal.Enabled {
		answer = Unknown
	}
	for _, w := range ways {
		switch {
		case slices.Contains(w.Gives, name):
			answer = or(answer, w.Answer)
		case w.Any && w.Answer != No:
			answer = or(answer, Unknown)
		}
	}
	return answer
}

// Permissions are those that an application has by any way in any mailbox, sorted.
func (a Application) Permissions() []string {
	var all []string
	for _, g := range a.Grants {
		if g.Permission.ReachesMailboxes() {
			all = append(all, Name(g.Permission))
		}
	}
	for _, r := range a.Roles {
		gives, _ := RoleGives(r.Role)
		all = append(all, gives...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Verdict is what an application can do in one mailbox.
type Verdict struct {
	Mailbox Mailbox
	// Calendar says whether it can read or write the calendar, which the integration needs.
	Calendar Answer
	// Any says whether it can reach anything in the mailbox.
	Any Answer
	// Permissions are the answers by permission, in the order of Application.Permissions.
	Permissions []PermissionAnswer
	Ways        []Way
}

// PermissionAnswer is the answer for one permission.
type PermissionAnswer struct {
	Name   string
	Answer Answer
}

// Judge says what an application can do in a mailbox.
func (a Application) Judge(m Mailbox) Verdict {
	v := Verdict{
		Mailbox:  m,
		Calendar: No,
		Any:      No,
		Ways:     a.Ways(m),
	}
	for _, name := range a.Permissions() {
		one := a.from(v.Ways, name)
		v.Permissions = append(v.Permissions, PermissionAnswer{Name: name, Answer: one})
		v.Any = or(v.Any, one)
		if OpensCalendar(name) {
			v.Calendar = or(v.Calendar, one)
		}
	}
	if a.Principal.Enabled && a.RolesUnseen != "" {
		v.Any, v.Calendar = or(v.Any, Unknown), or(v.Calendar, Unknown)
	}
	for _, w := range v.Ways {
		if w.Any && w.Answer != No {
			v.Any, v.Calendar = or(v.Any, Unknown), or(v.Calendar, Unknown)
		}
	}
	return v
}

// OpensCalendar says whether a permission opens the calendar of a mailbox.
func OpensCalendar(name string) bool {
	bare := strings.TrimPrefix(name, "exchange:")
	return strings.HasPrefix(bare, "Calendars.") || bare == EWS
}

// Or is yes where one answer is, and no where both are.
func Or(a, b Answer) Answer { return or(a, b) }

// or is yes where one is, no where both are no.
func or(a, b Answer) Answer {
	switch {
	case a == Yes || b == Yes:
		return Yes
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return No
}

// and is no where one is, yes where both are yes.
func and(a, b Answer) Answer { return not(or(not(a), not(b))) }

func not(a Answer) Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	case Unknown:
	}
	return Unknown
}
