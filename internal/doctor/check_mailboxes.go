package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// CacheLimit is how long Exchange may go by its roles as they were, at most.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
const CacheLimit = 2 * time.Hour

// checkMailboxScope compares what Zoom reaches with what the profiles want it to reach.
func checkMailboxScope(in Input, f *findings) {
	want := MailboxesWanted(in.File)
	switch {
	case len(want.Scopes) == 0 && len(want.Unasked) > 0:
		f.skip(capital(strings.Join(want.Unasked, ", ")) + " has a mailbox_scope and asks for no application permissions")
		return
	case len(want.Scopes) == 0:
		f.skip("No profile has a mailbox_scope: every mailbox is meant")
		return
	}
	if _, ok := appliesToApp(in, f); !ok {
		return
	}
	if unseen(f, in.Facts.Exchange, "the roles in Exchange Online") ||
		unseen(f, in.Facts.Scopes, "the scopes in Exchange and who is in them") {
		return
	}
	f.add(judgeScope(in, "Zoom", "zo365 rbac", ""))
}

// judgeScope compares what an application reaches with what the file wants of it; who is its name,
// and flags are those of the commands that narrow it.
func judgeScope(in Input, who, command, flags string) Finding {
	n := Narrow(in, NarrowOptions{Cache: CacheLimit})
	one := Finding{Severity: OK, Evidence: append(evidence(in.Facts.Exchange), evidence(in.Facts.Scopes)...)}
	one.Saw = who + " reaches the mailboxes in " + strings.Join(
		scopesOf(n),
		" and ",
	) + ", and no other by a grant or role that is seen"
	takes := 0
	for _, s := range n.Steps {
		if s.Action == RevokePermission || s.Action == RemoveRole {
			takes++
		}
	}
	app := ZoomApplication(in).Consent
	since, tested := in.Record.Tested[Fingerprint(ReachOf(in, app).Roles)]
	// What was granted after the roles were tested is no remainder of before: somebody consented
	// again.
	again := tested && slices.ContainsFunc(app.Grants, func(g tenant.Grant) bool {
		return g.Permission.ReachesMailboxes() && g.At.After(since)
	})
	switch {
	case n.Problem != "":
		one.Severity, one.Saw, one.Fix = Fail, capital(n.Problem), n.Fix
	case takes > 0 && again:
		one.Severity, one.Fix = Fail, command+" plan"+flags
		one.Saw = fmt.Sprintf("%s reaches more than the tenant file wants: somebody consented again after it was narrowed, "+
			"and %d grants or roles are wider than %s", who, takes, strings.Join(scopesOf(n), " and "))
	case takes > 0 && tested && !stopped(n):
		one.Severity, one.Fix = Warn, command+" apply"+flags
		one.Saw = fmt.Sprintf(
			"The roles are in place and tested; waiting for Exchange's cache since %s (until %s at the latest)",
			since.UTC().Format(time.RFC3339),
			since.Add(CacheLimit).UTC().Format(time.RFC3339),
		)
		if in.Now.After(since.Add(CacheLimit)) {
			one.Saw = "The roles are in place and tested, and Exchange's cache has been waited for; the wide grants are still there"
		}
	case takes > 0:
		one.Severity, one.Fix = Fail, command+" plan"+flags
		one.Saw = fmt.Sprintf("%s reaches more than the tenant file wants: %d grants or roles are wider than %s",
			who, takes, strings.Join(scopesOf(n), " and "))
	case len(n.Wide) > 0:
		one.Severity, one.Fix = Fail, command+" show"+flags
		one.Saw = who + " reaches more than the tenant file wants: " + strings.Join(n.Wide, "; ")
	case byHand(n):
		one.Severity, one.Fix = Warn, command+" script"+flags+" --out rest.ps1"
		one.Saw += "; an access policy of the old kind is left for Exchange Online PowerShell"
	case len(n.Steps) > 0:
		one.Severity, one.Saw, one.Fix = Fail, who+" does not have its roles in all scopes that the tenant file wants", command+" plan"+flags
	case len(n.Open) > 0:
		one.Severity, one.Fix = Warn, command+" show"+flags
		one.Saw += "; " + strings.Join(n.Open, "; ")
	}
	return one
}

// byHand says whether all that is left is for Exchange Online PowerShell.
func byHand(n Narrowing) bool {
	return len(n.Steps) > 0 && !slices.ContainsFunc(n.Steps, func(s Step) bool { return s.Kind != Exchange })
}

func stopped(n Narrowing) bool {
	for _, s := range n.Steps {
		if s.Stopped != nil {
			return true
		}
	}
	return false
}

func scopesOf(n Narrowing) []string {
	var names []string
	for _, m := range n.Wanted.Scopes {
		_, name := m.YAML()
		names = append(names, name)
	}
	return names
}

// checkPolicies names application access policies, which roles replace and no API shows.
func checkPolicies(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok {
		return
	}
	a := ReachOf(in, c.Consent)
	read := in.Record.Exchange
	granted := false
	for _, g := range c.Grants {
		granted = granted || g.Permission.ReachesMailboxes()
	}
	one := Finding{
		Severity: OK,
		Saw:      "No access policy is about Zoom's application",
		Evidence: evidence(in.Facts.Consents),
	}
	switch {
	case a.PoliciesUnseen != "" && len(MailboxesWanted(in.File).Scopes) == 0:
		f.skip("No profile narrows Zoom to some mailboxes; no API shows access policies")
		return
	case a.PoliciesUnseen != "" && !granted:
		f.skip("Zoom's application holds no grant in Entra that an access policy could constrain")
		return
	case a.PoliciesUnseen != "":
		one.Severity, one.Saw = Unknown, capital(a.PoliciesUnseen)
		one.Fix = "zo365 rbac script --inventory --out inventory.ps1, run it in Exchange Online PowerShell, then: zo365 rbac confirm --from result.json"
	case len(in.Allowed) > 0 && whyUnread(in) != "":
		one.Saw = "A person accepts that access policies are not known (--allow-unknown " + codePolicies + ")"
	default:
		one.Evidence = append(
			one.Evidence,
			Evidence{Source: "Exchange Online PowerShell, handed over by " + read.By, At: read.At},
		)
		var about []string
		one.Saw += ", as read on " + read.At.UTC().Format(time.DateOnly) + " by " + read.By
		for _, p := range a.Policies {
			if p.For(c.Principal.AppID) {
				about = append(about, p.Right+" "+p.Group)
			}
		}
		if len(about) > 0 {
			one.Severity = Warn
			one.Saw = "Access policies, which roles replace, are about Zoom's application: " + strings.Join(about, ", ")
			one.Fix = "zo365 integration enable --mailbox-scope 'group:NAME', then: zo365 rbac plan"
			if len(MailboxesWanted(in.File).Scopes) > 0 {
				one.Fix = "zo365 rbac plan"
			}
		}
	}
	f.add(one)
}

func whyUnread(in Input) string {
	_, why := policiesRead(in)
	return why
}
