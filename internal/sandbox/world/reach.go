package world

import (
	"slices"
	"strings"
	"time"
)

// Reach are the permissions that an application has in a person's mailbox by now, sorted, each
// once: those of Graph by name, those of Office 365 Exchange Online as "exchange:NAME". cached
// answers as Exchange does while its cache is older than the last changes of roles.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
func (w *World) Reach(sp *ServicePrincipal, u *User, cached bool) []string {
	if sp.Disabled || u.NoMailbox || !u.DeletedAt.IsZero() {
		return []string{}
	}
	reach := []string{}
	for _, g := range sp.Grants {
		if g.DeletedAt.IsZero() && w.opens(g) && (!policed(g) || w.policiesLet(sp, u)) {
			reach = append(reach, g.Written())
		}
	}
	at := w.Now()
	if cached {
		at = at.Add(-w.Scenario.Tenant.ExchangeCache)
	}
	exclusive := w.exclusive(u)
	for _, a := range w.Assignments {
		alive := !a.CreatedAt.After(at) && (a.DeletedAt.IsZero() || a.DeletedAt.After(at))
		if a.Principal == sp.ID && alive && w.inScope(a, u, exclusive) {
			for _, p := range RoleGives(a.Role) {
				if p == EWS {
					p = "exchange:" + EWS
				}
				reach = append(reach, p)
			}
		}
	}
	slices.Sort(reach)
	return slices.Compact(reach)
}

// RoleGives are the permissions that a role gives.
func RoleGives(role string) []string {
	if all, ok := composites[role]; ok {
		return all
	}
	return []string{strings.TrimPrefix(role, "Application ")}
}

// opens says whether a grant leads into mailboxes at all.
func (w *World) opens(g Grant) bool {
	for _, word := range []string{"Calendars.", "Contacts.", "Mail.", "MailboxSettings.", EWS} {
		if strings.HasPrefix(g.Permission.Name, word) {
			return true
		}
	}
	return false
}

// policed says whether application access policies constrain a grant: the page's list has no
// Calendars.ReadBasic.
//
// https://learn.microsoft.com/graph/auth-limit-mailbox-access
func policed(g Grant) bool { return !strings.HasPrefix(g.Permission.Name, "Calendars.ReadBasic") }

// policiesLet: a policy that denies comes first, then one that restricts; with none that restricts
// every mailbox is open.
func (w *World) policiesLet(sp *ServicePrincipal, u *User) bool {
	restricted, inside := false, false
	for _, p := range w.Policies {
		if !strings.EqualFold(p.AppID, sp.AppID) || p.Group == nil {
			continue
		}
		member := w.policyMember(p.Group, u)
		if p.Right == "DenyAccess" && member {
			return false
		}
		if p.Right == "RestrictAccess" {
			restricted, inside = true, inside || member
		}
	}
	return !restricted || inside
}

// policyMember: whether groups within the group count is told in two ways, so that a scenario
// says which of them it is.
//
// https://github.com/MicrosoftDocs/office-docs-powershell/pull/12367
// https://github.com/microsoftgraph/microsoft-graph-docs/issues/19315
func (w *World) policyMember(g *DirectoryGroup, u *User) bool {
	if slices.Contains(g.Members, u) {
		return true
	}
	if !w.Scenario.Tenant.PolicyNesting {
		return false
	}
	return slices.ContainsFunc(g.Nested, func(inner *DirectoryGroup) bool { return w.policyMember(inner, u) })
}

// exclusive says whether an exclusive scope has a person: then no other scope has them.
func (w *World) exclusive(u *User) bool {
	return slices.ContainsFunc(w.Scopes, func(s *ExchangeScope) bool { return s.Exclusive && w.matches(s.Filter, u) })
}

// inScope: of a group the direct members count.
func (w *World) inScope(a ExchangeAssignment, u *User, exclusive bool) bool {
	kind, id, _ := strings.Cut(strings.TrimPrefix(a.Scope, "/"), "/")
	switch {
	case a.Scope == "" || a.Scope == "/":
		return !exclusive
	case strings.EqualFold(kind, "Groups"):
		g := w.DirectoryGroup(id)
		return !exclusive && g != nil && slices.Contains(g.Members, u)
	case strings.EqualFold(kind, "AdministrativeUnits"):
		g := w.Unit(id)
		return !exclusive && g != nil && slices.Contains(g.Members, u)
	case strings.EqualFold(kind, "Users"):
		return !exclusive && strings.EqualFold(id, u.ID)
	}
	s := w.Scope(a.Scope)
	return s != nil && (s.Exclusive || !exclusive) && w.matches(s.Filter, u)
}

// InScope says whether a role counts in a person's mailbox.
func (w *World) InScope(a ExchangeAssignment, u *User) bool { return w.inScope(a, u, w.exclusive(u)) }

// matches evaluates a recipient filter for a person. What it does not understand matches nobody.
//
// https://learn.microsoft.com/powershell/exchange/recipientfilter-properties
func (w *World) matches(filter string, u *User) bool {
	words := filterWords(filter)
	pos := 0
	var either func() bool
	one := func() bool {
		if pos >= len(words) {
			return false
		}
		word := words[pos]
		switch strings.ToLower(word) {
		case "(":
			pos++
			is := either()
			pos++ // )
			return is
		case "-not", "!":
			pos++
			if pos < len(words) && words[pos] == "(" {
				pos++
				is := either()
				pos++
				return !is
			}
			return false
		}
		if pos+2 >= len(words) {
			return false
		}
		op, want := strings.ToLower(words[pos+1]), strings.Trim(words[pos+2], `'"`)
		pos += 3
		is, known := w.property(word, want, u)
		switch {
		case known:
			return is == (op == "-eq")
		case op == "-like":
			return like(want, w.text(word, u))
		case op == "-ne":
			return !strings.EqualFold(w.text(word, u), want)
		}
		return strings.EqualFold(w.text(word, u), want)
	}
	both := func() bool {
		is := one()
		for pos < len(words) && strings.EqualFold(words[pos], "-and") {
			pos++
			next := one()
			is = is && next
		}
		return is
	}
	either = func() bool {
		is := both()
		for pos < len(words) && strings.EqualFold(words[pos], "-or") {
			pos++
			next := both()
			is = is || next
		}
		return is
	}
	return either() && pos == len(words)
}

// property are those whose values are not texts.
func (w *World) property(name, want string, u *User) (is, known bool) {
	switch strings.ToLower(name) {
	case "memberofgroup":
		cn, _, _ := strings.Cut(strings.TrimPrefix(want, "CN="), ",")
		g := w.DirectoryGroup(cn)
		return g != nil && slices.Contains(g.Members, u), true
	case "recipienttypedetails":
		kind := "UserMailbox"
		if u.Room {
			kind = "RoomMailbox"
		}
		return strings.EqualFold(want, kind), true
	}
	return false, false
}

func (w *World) text(name string, u *User) string {
	switch strings.ToLower(name) {
	case "department":
		return u.Department
	case "city":
		return u.City
	case "company":
		return u.Company
	case "office":
		return u.Office
	case "title":
		return u.Title
	case "userprincipalname":
		return u.UPN
	}
	return ""
}

func like(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	begins, ends := strings.HasSuffix(pattern, "*"), strings.HasPrefix(pattern, "*")
	inner := strings.Trim(pattern, "*")
	switch {
	case begins && ends:
		return strings.Contains(text, inner)
	case begins:
		return strings.HasPrefix(text, inner)
	case ends:
		return strings.HasSuffix(text, inner)
	}
	return text == inner
}

// filterWords takes a filter apart: parentheses, quoted texts and words.
func filterWords(filter string) []string {
	var words []string
	for i := 0; i < len(filter); {
		switch c := filter[i]; c {
		case ' ':
			i++
		case '(', ')':
			words = append(words, string(c))
			i++
		case '\'', '"':
			end := strings.IndexByte(filter[i+1:], c)
			if end < 0 {
				return []string{""}
			}
			words = append(words, filter[i:i+end+2])
			i += end + 2
		default:
			end := strings.IndexAny(filter[i:], " ()'\"")
			if end < 0 {
				end = len(filter) - i
			}
			words = append(words, filter[i:i+end])
			i += end
		}
	}
	return words
}

// Reachable is what an application reaches, person by person.
func (w *World) Reachable(sp *ServicePrincipal, cached bool) map[string][]string {
	all := map[string][]string{}
	for _, u := range w.Users {
		if u.DeletedAt.IsZero() {
			all[u.UPN] = w.Reach(sp, u, cached)
		}
	}
	return all
}

// Uncached is when Exchange will know what was changed by now.
func (w *World) Uncached() time.Time { return w.Now().Add(w.Scenario.Tenant.ExchangeCache) }

// ScopeName is a scope for people: the kind and the name.
func (w *World) ScopeName(scope string) string {
	kind, id, _ := strings.Cut(strings.TrimPrefix(scope, "/"), "/")
	switch {
	case strings.EqualFold(kind, "Groups"):
		if g := w.DirectoryGroup(id); g != nil {
			return "group:" + g.Name
		}
	case strings.EqualFold(kind, "AdministrativeUnits"):
		if u := w.Unit(id); u != nil {
			return "unit:" + u.Name
		}
	default:
		if s := w.Scope(scope); s != nil {
			return "filter:" + s.Filter
		}
	}
	return scope
}
