package doctor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/tenant"
)

// Narrowing is the way from what Zoom's application reaches to what the tenant file wants.
type Narrowing struct {
	Wanted Mailboxes
	// Roles are the wanted scopes as roles without a name have them, beside their members where
	// those can be listed.
	Roles   []tenant.ExchangeRole
	Members []*tenant.ScopeMembers
	// Steps bring it about: first what adds nothing to what is reached, then the look at it, the
	// wait for Exchange's cache, and only then what takes the wide ways away.
	Steps []Step
	// Open is what the steps do not mend, in sentences; Wide is that of it by which mailboxes out
	// of scope are, or may be, reached. Problem is why there are no steps.
	Open    []string
	Wide    []string
	Problem string
	// Fix is the next command for the problem.
	Fix string
}

// NarrowOptions say what a person allows.
type NarrowOptions struct {
	// Wider: roles may be given for mailboxes that the application does not reach now.
	Wider bool
	// Cache is how long Exchange's cache may go on with what was before.
	Cache time.Duration
	// Named are mailboxes that somebody says must be in scope: whom a filter matches is not listed.
	Named []tenant.MailboxOwner
	// Script: the way becomes a script, which tests mailboxes itself before it removes anything.
	Script bool
}

// Narrow makes the way.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
func Narrow(in Input, opt NarrowOptions) Narrowing {
	n := Narrowing{Wanted: MailboxesWanted(in.File)}
	c := ZoomApplication(in)
	a := ReachOf(in, c.Consent)
	switch {
	case len(n.Wanted.Scopes) == 0 && len(n.Wanted.Unasked) > 0:
		n.Problem = strings.Join(n.Wanted.Unasked, ", ") + " has a mailbox_scope and asks for no application permissions " +
			"(setup_by: users, or off), so that there is nothing of Zoom's to narrow"
		n.Fix = "zo365 integration enable"
	case len(n.Wanted.Scopes) == 0:
		n.Problem = "no profile has a mailbox_scope, so that every mailbox is meant"
		n.Fix = "zo365 integration enable --mailbox-scope 'group:NAME'"
	case len(n.Wanted.Everybody) > 0:
		n.Problem = strings.Join(n.Wanted.Everybody, ", ") + " has no mailbox_scope and wants every mailbox; " +
			"Zoom has one application for all profiles, so that nothing can be narrowed"
		n.Fix = "give the account a mailbox_scope: zo365 integration enable --mailbox-scope 'group:NAME'"
	case !in.Facts.Consents.Seen():
		n.Problem, n.Fix = notSeen(in.Facts.Consents, "the applications"), "zo365 doctor"
	case c.Principal == nil && len(c.Unclear) > 0:
		n.Problem = "it is not known which application is Zoom's: " + appNames(c.Unclear)
		n.Fix = "zo365 integration use-application APP-ID"
	case c.Principal == nil:
		n.Problem, n.Fix = c.Absence(), "zo365 authorize"
	case a.RolesUnseen != "":
		n.Problem = "could not see " + a.RolesUnseen
		n.Fix = "grant RoleManagement.Read.Exchange to the sign-in, or: zo365 rbac script --inventory, then zo365 rbac confirm"
	case a.CustomUnseen != "":
		n.Problem, n.Fix = "could not see "+a.CustomUnseen, "zo365 rbac show --debug"
	default:
		w := narrowing{
			in:  in,
			opt: opt,
			app: a,
			c:   c,
			out: &n,
		}
		w.make()
	}
	return n
}

// narrowing makes the steps of one application.
type narrowing struct {
	in  Input
	opt NarrowOptions
	app reach.Application
	c   Choice
	out *Narrowing
	// assigned are the roles that the plan gives; takenGrants and takenRoles what it takes.
	assigned    []tenant.ExchangeRole
	takenGrants []tenant.Grant
	takenRoles  []tenant.ExchangeRole
}

func (w *narrowing) make() {
	for _, m := range w.out.Wanted.Scopes {
		r, members, problem := wantedRole(w.in, m)
		switch {
		case problem != "":
			w.out.Problem = "mailbox_scope " + m.String() + ": " + problem
			w.out.Fix = "zo365 rbac plan --debug shows what the service answered"
			switch {
			case members != nil && members.Absent:
				w.out.Fix = "name a group, a unit or a filter that there is: zo365 integration enable --mailbox-scope 'group:NAME'"
			case members != nil && members.Several:
				w.out.Fix = "name it by its object ID: zo365 integration enable --mailbox-scope group:ID"
			}
			return
		case r.Kind == tenant.ScopeFilter && !reach.Understood(r.Filter):
			w.out.Open = append(w.out.Open, "zo365 cannot evaluate the recipient filter "+r.Filter+
				": whom it reaches is for Exchange to say (zo365 rbac script tests it)")
		}
		if members != nil && len(members.Groups) > 0 {
			w.out.Open = append(w.out.Open, fmt.Sprintf(
				"%s has groups within it (%s), whose members Exchange does not count",
				r.Scope, strings.Join(members.Groups, ", ")))
		}
		w.out.Roles, w.out.Members = append(w.out.Roles, r), append(w.out.Members, members)
	}
	names := w.sources()
	if len(names) == 0 && len(w.takenGrants)+len(w.takenRoles) == 0 {
		if len(w.app.Permissions()) == 0 {
			w.out.Problem = AppName(w.c.Consent) + " holds no permission in mailboxes, so that there is nothing to narrow"
			w.out.Fix = "zo365 authorize"
		}
		return
	}
	makes := w.scopes()
	gives := w.assign(names, makes)
	removes := w.take(names)
	steps := slices.Concat(makes, gives)
	if len(removes) > 0 {
		after := idsOf(steps)
		test := Step{
			ID:          "local/test-scope",
			Kind:        Local,
			Action:      TestScope,
			Scope:       ScopeTenant,
			Target:      w.scopeNames(),
			Before:      "not tested",
			After:       "reached by roles, whoever is in scope",
			Application: w.c.Application(),
			DependsOn:   after,
			Stopped:     removes[0].Stopped,
		}
		wait := Step{
			ID:          "local/await-exchange-cache",
			Kind:        Local,
			Action:      Await,
			Scope:       ScopeTenant,
			Target:      AwaitCache,
			Before:      "Exchange may go by what was before",
			After:       w.opt.Cache.String(),
			Application: w.c.Application(),
			DependsOn:   []string{test.ID},
		}
		steps = append(steps, test, wait)
		for i := range removes {
			removes[i].DependsOn = []string{wait.ID}
		}
	}
	w.out.Steps = append(append(steps, removes...), w.policies(idsOf(removes))...)
}

// What a step waits for: Exchange's cache of roles, or tokens that were given before a grant.
const (
	AwaitCache  = "exchange-cache"
	AwaitTokens = "tokens"
)

func idsOf(steps []Step) []string {
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.ID
	}
	return ids
}

func (w *narrowing) scopeNames() string {
	names := make([]string, len(w.out.Roles))
	for i, r := range w.out.Roles {
		names[i] = r.Scope
	}
	return strings.Join(names, " and ")
}

// sources finds what reaches too much, and the names of the roles that give the same within a
// scope.
func (w *narrowing) sources() []string {
	var names []string
	add := func(role string) {
		if !slices.Contains(names, role) {
			names = append(names, role)
		}
	}
	var held []string // bare names of permissions that a scoped role will give
	for _, r := range w.app.Roles {
		gives, known := reach.RoleGives(r.Role)
		if !known {
			if !w.wantedScope(r) {
				w.wide(RoleLabel(w.in, r) +
					": the role is none of Microsoft's, so that zo365 does not know what it gives, and leaves it")
			}
			continue
		}
		add(r.Role)
		held = append(held, gives...)
		if !w.wantedScope(r) {
			w.takenRoles = append(w.takenRoles, r)
		}
	}
	var rest []tenant.Grant
	for _, g := range w.app.Grants {
		if !g.Permission.ReachesMailboxes() {
			continue
		}
		role := reach.RoleFor(reach.Name(g.Permission))
		if role == "" {
			rest = append(rest, g)
			continue
		}
		add(role)
		held = append(held, reach.Name(g.Permission))
		w.takenGrants = append(w.takenGrants, g)
	}
	for _, g := range rest {
		bare := strings.TrimPrefix(reach.Name(g.Permission), "exchange:")
		covered := slices.ContainsFunc(held, func(p string) bool { return reach.Includes(p, bare) })
		if covered {
			w.takenGrants = append(w.takenGrants, g)
			continue
		}
		w.wide(g.Permission.Label() + " has no role in Exchange that could narrow it, and reaches every mailbox; " +
			"if the integration does not need it: zo365 permissions trim " + shell.Word(reach.Name(g.Permission)))
	}
	slices.Sort(names)
	return names
}

func (w *narrowing) wide(text string) {
	w.out.Open, w.out.Wide = append(w.out.Open, text), append(w.out.Wide, text)
}

// wantedScope says whether a role is limited to one of the wanted scopes.
func (w *narrowing) wantedScope(r tenant.ExchangeRole) bool {
	return slices.ContainsFunc(w.out.Roles, func(want tenant.ExchangeRole) bool { return reach.SameScope(r, want) })
}

// scopes makes the custom scopes of wanted filters that are not there.
func (w *narrowing) scopes() []Step {
	var steps []Step
	for i, r := range w.out.Roles {
		if r.Kind != tenant.ScopeFilter || r.ScopeID != "" {
			continue
		}
		w.out.Roles[i].Scope = FilterScopeName(r.Filter)
		role := w.out.Roles[i]
		steps = append(steps, Step{
			ID:          "exchange/create-scope/" + role.Scope,
			Kind:        Graph,
			Action:      CreateScope,
			Scope:       ScopeTenant,
			Target:      role.Scope,
			Before:      "missing",
			After:       r.Filter,
			Application: w.c.Application(),
			Role:        &role,
		})
	}
	return steps
}

// FilterScopeName names the scope of a filter: the same filter has the same name everywhere.
func FilterScopeName(filter string) string {
	sum := sha256.Sum256([]byte(filter))
	const letters = 8
	return "zo365 Zoom " + hex.EncodeToString(sum[:])[:letters]
}

// assign gives each role in each wanted scope, where it is not held there.
func (w *narrowing) assign(names []string, makes []Step) []Step {
	var steps []Step
	for i, want := range w.out.Roles {
		for _, name := range names {
			r := want
			r.Role, r.PrincipalID = name, w.c.Principal.ID
			if slices.ContainsFunc(w.app.Roles, func(has tenant.ExchangeRole) bool {
				return has.Role == name && reach.SameScope(has, want)
			}) {
				continue
			}
			s := Step{
				ID:          roleID("assign-role", r),
				Kind:        Graph,
				Action:      AssignRole,
				Scope:       ScopeTenant,
				Target:      name,
				Before:      "missing",
				After:       "in " + r.Scope,
				Application: w.c.Application(),
				Role:        &r,
				DependsOn:   idsOf(makes),
				Stopped:     w.wider(r, w.out.Members[i]),
			}
			w.assigned = append(w.assigned, r)
			steps = append(steps, s)
		}
	}
	return steps
}

func roleID(what string, r tenant.ExchangeRole) string {
	scope := r.ScopeID
	switch {
	case r.Kind == tenant.ScopeFilter:
		scope = FilterScopeName(r.Filter)
	case r.Unlimited():
		scope = "every-mailbox"
	}
	return "exchange/" + what + "/" + strings.ReplaceAll(r.Role, " ", "-") + "/" + scope
}

// removeID names one assignment: an application can hold a role twice in one scope.
func removeID(r tenant.ExchangeRole) string { return roleID("remove-role", r) + "/" + r.ID }

// wider says why a role might let Zoom reach a mailbox that it does not reach now.
func (w *narrowing) wider(r tenant.ExchangeRole, members *tenant.ScopeMembers) *Stopped {
	if w.opt.Wider {
		return nil
	}
	gives, _ := reach.RoleGives(r.Role)
	if members == nil { // whom a filter matches is not listed: every mailbox must be reached
		for _, p := range gives {
			if !w.everywhere(p) && !slices.ContainsFunc(w.app.Roles, func(has tenant.ExchangeRole) bool {
				given, _ := reach.RoleGives(has.Role)
				return reach.SameScope(has, r) && slices.ContainsFunc(given, func(q string) bool { return reach.Includes(q, p) })
			}) {
				stopped := &Stopped{
					Check: "mailbox-scope",
					Why: r.Role + " in " + r.Scope + " may reach mailboxes that Zoom does not reach now; " +
						"who matches the filter is not listed, and " + w.policyWords(),
					Fix: w.widerFix(),
				}
				if w.app.PoliciesUnseen != "" {
					stopped.Check = codePolicies
				}
				return stopped
			}
		}
		return nil
	}
	var more, unsure []string
	for _, m := range members.People {
		box := reach.Mailbox{ID: m.ID, UPN: m.UPN}
		for _, p := range gives {
			if w.covered(box, p) {
				continue
			}
			if w.app.Permission(box, p) == reach.Unknown {
				unsure = append(unsure, m.UPN)
			} else {
				more = append(more, m.UPN)
			}
			break
		}
	}
	switch {
	case len(more) > 0:
		return &Stopped{
			Check: "mailbox-scope",
			Why:   r.Role + " in " + r.Scope + " would let Zoom reach mailboxes that it does not reach now: " + few(more),
			Fix:   w.widerFix(),
		}
	case len(unsure) > 0 && w.app.PoliciesUnseen == "":
		return &Stopped{
			Check: "mailbox-scope",
			Why: "whether Zoom reaches " + few(unsure) + " now is not known (" + w.policyWords() + "), so that " +
				r.Role + " in " + r.Scope + " may reach more",
			Fix: w.widerFix(),
		}
	case len(unsure) > 0:
		return &Stopped{
			Check: codePolicies,
			Why: "whether Zoom reaches " + few(unsure) + " now is not known (" + w.policyWords() +
				"), so that " + r.Role + " in " + r.Scope + " may reach more",
			Fix: "zo365 rbac script --inventory reads the policies, zo365 rbac confirm takes the result; " +
				"if there are none: --allow-unknown " + codePolicies,
		}
	}
	return nil
}

// everywhere says whether the application has a permission in every mailbox there is: nothing, no
// policy and no exclusive scope, can keep it out of one.
func (w *narrowing) everywhere(p string) bool {
	if !w.app.Principal.Enabled {
		return false
	}
	policed := w.app.PoliciesUnseen != "" || slices.ContainsFunc(w.app.Policies, func(one tenant.AccessPolicy) bool {
		return one.For(w.app.Principal.AppID)
	})
	if !policed && slices.ContainsFunc(w.app.Grants, func(g tenant.Grant) bool {
		return g.Permission.ReachesMailboxes() && reach.Includes(reach.Name(g.Permission), p)
	}) {
		return true
	}
	exclusive := w.app.CustomUnseen != "" ||
		slices.ContainsFunc(w.app.Custom, func(s tenant.ExchangeScope) bool { return s.Exclusive })
	return !exclusive && slices.ContainsFunc(w.app.Roles, func(r tenant.ExchangeRole) bool {
		gives, _ := reach.RoleGives(r.Role)
		return r.Unlimited() && slices.ContainsFunc(gives, func(q string) bool { return reach.Includes(q, p) })
	})
}

func (w *narrowing) widerFix() string {
	if w.app.PoliciesUnseen != "" {
		return "zo365 rbac script --inventory reads the access policies, zo365 rbac confirm takes the result; " +
			"if there are none: --allow-unknown " + codePolicies
	}
	return "if that is meant: zo365 rbac apply --allow-wider"
}

func (w *narrowing) policyWords() string {
	if w.app.PoliciesUnseen != "" {
		return w.app.PoliciesUnseen
	}
	return "an access policy or a scope limits what it reaches"
}

// few names some of many.
func few(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// covered says whether the application has a permission in a mailbox now, or a wider one.
func (w *narrowing) covered(m reach.Mailbox, p string) bool { return has(w.app, m, p) }

func has(a reach.Application, m reach.Mailbox, p string) bool {
	if a.Permission(m, p) == reach.Yes {
		return true
	}
	return slices.ContainsFunc(a.Permissions(), func(q string) bool {
		return q != p && reach.Includes(q, p) && a.Permission(m, q) == reach.Yes
	})
}
