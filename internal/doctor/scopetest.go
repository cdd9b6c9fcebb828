package doctor

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// Fingerprint names a set of roles with their scopes: Exchange's cache is as old as they are.
func Fingerprint(roles []tenant.ExchangeRole) string {
	var ids []string
	for _, r := range roles {
		ids = append(ids, r.ID+" "+r.Role+" "+string(r.Kind)+" "+r.ScopeID+" "+r.Filter)
	}
	slices.Sort(ids)
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	const bytes = 8
	return hex.EncodeToString(sum[:bytes])
}

// ScopeTest is what a look at the roles alone shows.
type ScopeTest struct {
	Fingerprint string `json:"fingerprint"`
	// Roles are the scoped roles, in words; In is how many people in scope they reach.
	Roles []string `json:"roles"`
	In    int      `json:"people_in_scope"`
	// Filters are wanted filters, whose people are not listed.
	Filters []string `json:"filters,omitempty"`
	// Missing is what is not as wanted; empty when all is.
	Missing []string `json:"missing,omitempty"`
}

// TestMailboxes looks whether the roles alone reach everybody who is in scope, by every
// permission of names: as it will be once the grants in Entra are gone.
func TestMailboxes(in Input) ScopeTest {
	c := ZoomApplication(in)
	a := ReachOf(in, c.Consent)
	alone := a
	alone.Grants = nil
	alone.Roles = nil
	t := ScopeTest{Fingerprint: Fingerprint(a.Roles), Roles: []string{}}
	n := Narrowing{Wanted: MailboxesWanted(in.File)}
	w := narrowing{
		in:  in,
		app: a,
		c:   c,
		out: &n,
	}
	for _, m := range n.Wanted.Scopes {
		r, members, problem := wantedRole(in, m)
		if problem != "" {
			t.Missing = append(t.Missing, m.String()+": "+problem)
			return t
		}
		n.Roles, n.Members = append(n.Roles, r), append(n.Members, members)
	}
	for _, r := range a.Roles {
		if w.wantedScope(r) {
			alone.Roles = append(alone.Roles, r)
			t.Roles = append(t.Roles, RoleLabel(in, r))
		}
	}
	names := w.sources()
	for i, want := range n.Roles {
		for _, name := range names {
			if !slices.ContainsFunc(alone.Roles, func(r tenant.ExchangeRole) bool {
				return r.Role == name && reach.SameScope(r, want)
			}) {
				t.Missing = append(t.Missing, name+" in "+want.Scope)
			}
		}
		if n.Members[i] == nil {
			t.Filters = append(t.Filters, want.Filter)
			continue
		}
		for _, m := range n.Members[i].People {
			box := reach.Mailbox{ID: m.ID, UPN: m.UPN}
			for _, name := range names {
				gives, _ := reach.RoleGives(name)
				if slices.ContainsFunc(gives, func(p string) bool { return !has(alone, box, p) }) {
					t.Missing = append(t.Missing, m.UPN+" by "+name)
				}
			}
			t.In++
		}
	}
	for _, row := range testsOf(in, a.Principal) {
		box := boxNamed(a, row.Mailbox)
		if row.InScope == nil || *row.InScope || box.ID == "" || inScopeElsewhere(in, a.Principal, row) {
			continue
		}
		for _, r := range alone.Roles {
			own := reach.Application{
				Principal: a.Principal,
				Roles:     []tenant.ExchangeRole{r},
				Custom:    a.Custom,
				Members:   a.Members,
			}.Ways(box)
			if r.Role == row.Role && len(own) == 1 && own[0].Answer == reach.Yes {
				t.Missing = append(
					t.Missing,
					"Test-ServicePrincipalAuthorization says that "+row.Mailbox+" is not in scope of "+r.Role,
				)
				break
			}
		}
	}
	return t
}

// testsOf are Exchange's own tests of an application, as somebody read them.
func testsOf(in Input, of tenant.ServicePrincipal) []tenant.RoleTest {
	read := in.Record.Exchange
	if read == nil || !strings.EqualFold(read.AppID, of.AppID) {
		return nil
	}
	return read.Tests
}

// inScopeElsewhere says whether another row has the mailbox in scope of the same role: an
// application can hold a role in several scopes, and each has a row.
func inScopeElsewhere(in Input, of tenant.ServicePrincipal, row tenant.RoleTest) bool {
	return slices.ContainsFunc(testsOf(in, of), func(other tenant.RoleTest) bool {
		return other.Role == row.Role && strings.EqualFold(other.Mailbox, row.Mailbox) && other.InScope != nil &&
			*other.InScope
	})
}

// boxNamed finds somebody among those who are in the scopes.
func boxNamed(a reach.Application, upn string) reach.Mailbox {
	for _, s := range a.Members {
		for _, m := range s.People {
			if strings.EqualFold(m.UPN, upn) {
				return reach.Mailbox{ID: m.ID, UPN: m.UPN}
			}
		}
	}
	return reach.Mailbox{}
}
