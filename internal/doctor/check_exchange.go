package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// exchangeRoles are the roles in Exchange Online of one application.
func exchangeRoles(in Input, c tenant.Consent) []tenant.ExchangeRole {
	var own []tenant.ExchangeRole
	if c.Principal == nil || !in.Facts.Exchange.Seen() {
		return nil
	}
	for _, r := range in.Facts.Exchange.Value {
		if r.PrincipalID == c.Principal.ID {
			own = append(own, r)
		}
	}
	return own
}

// permissionsOf are the permissions of Graph that a role gives: the role "Application
// Calendars.ReadWrite" gives Calendars.ReadWrite, and some give several. A role that is none of
// Microsoft's gives nothing that is known.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
func permissionsOf(r tenant.ExchangeRole) []string {
	gives, _ := reach.RoleGives(r.Role)
	return slices.DeleteFunc(gives, func(p string) bool { return strings.HasPrefix(p, "exchange:") })
}

func checkExchange(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok || unseen(f, in.Facts.Exchange, "the roles in Exchange Online") {
		return
	}
	one := Finding{
		Severity: Info,
		Saw:      "No role in Exchange narrows it: the consent reaches every mailbox",
		Evidence: evidence(in.Facts.Exchange),
	}
	granted := graphNames(c.Consent)
	var defeated, needed, unscoped, names []string
	for _, r := range exchangeRoles(in, c.Consent) {
		if r.Scope == "" {
			unscoped = append(unscoped, r.Role)
			continue
		}
		names = append(names, RoleLabel(in, r))
		gives := permissionsOf(r)
		for _, g := range granted {
			alike := slices.ContainsFunc(gives, func(p string) bool { return g == p || covers[p] == g || covers[g] == p })
			switch {
			case !alike, slices.Contains(defeated, g), slices.Contains(needed, g):
			case slices.Contains(wantedOf(in).Permissions(), g) && !wantedOf(in).byExchange(g):
				needed = append(needed, g) // Exchange gives less than the profiles need
			default:
				defeated = append(defeated, g)
			}
		}
	}
	again := regranted(in, c.Consent, exchangeRoles(in, c.Consent), granted)
	switch {
	case len(names) == 0:
	case len(unscoped) > 0:
		one.Severity, one.Saw = Fail, fmt.Sprintf(
			"%s is given without a scope, so %s narrows nothing",
			strings.Join(unscoped, ", "),
			strings.Join(names, ", "),
		)
		one.Fix = "in Exchange Online PowerShell: Get-ManagementRoleAssignment -RoleAssigneeType ServicePrincipal, then Remove-ManagementRoleAssignment the one without a scope"
	case len(needed) > 0:
		one.Severity, one.Saw = Fail, fmt.Sprintf(
			"%s narrows nothing while %s stands in Entra, and Exchange gives less than that",
			strings.Join(names, ", "),
			strings.Join(needed, ", "),
		)
		one.Fix = fmt.Sprintf(
			"in Exchange Online PowerShell: New-ManagementRoleAssignment -Role 'Application %s' -App %s with a scope, then zo365 apply",
			needed[0],
			c.Principal.ID,
		)
		one.Steps = append(revokes(c.Consent, grantsNamed(c.Consent, defeated), saves(in)), again...)
	case len(defeated) > 0:
		one.Severity, one.Fix = Fail, "zo365 apply --allow-revoke"
		one.Saw = fmt.Sprintf(
			"%s narrows nothing while %s stands in Entra",
			strings.Join(names, ", "),
			strings.Join(defeated, ", "),
		)
		one.Steps = append(revokes(c.Consent, grantsNamed(c.Consent, defeated), saves(in)), again...)
	case len(again) > 0:
		one.Severity, one.Saw, one.Steps = Info, strings.Join(
			names,
			", ",
		)+"; the consent that is still to be given would defeat it, and is narrowed afterwards", again
	default:
		one.Severity, one.Saw = OK, strings.Join(names, ", ")
	}
	if len(one.Steps) > 0 && MailboxesWanted(in.File).Narrow() {
		// It waits for Exchange's cache, so that calendars go on working.
		one.Steps, one.Fix = nil, "zo365 rbac apply"
	}
	f.add(one)
}

// grantsNamed are Graph's grants of some names.
func grantsNamed(c tenant.Consent, names []string) []tenant.Grant {
	return slices.DeleteFunc(slices.Clone(c.Grants), func(g tenant.Grant) bool {
		return !g.Permission.OfGraph() || !slices.Contains(names, g.Permission.Name)
	})
}

// regranted are steps that take away again what a consent that is still to be given
// brings back: consenting once more grants everything that Zoom's application asks
// for, whatever was narrowed before.
func regranted(in Input, c tenant.Consent, roles []tenant.ExchangeRole, granted []string) []Step {
	if !savePending(in) {
		return nil
	}
	var names []string
	var coming []tenant.Grant
	for _, r := range roles {
		for _, p := range permissionsOf(r) {
			if r.Scope != "" && !slices.Contains(granted, p) && !slices.Contains(names, p) {
				names = append(names, p)
				coming = append(coming, tenant.Grant{Permission: tenant.GraphPermission(p)})
			}
		}
	}
	steps := revokes(c, coming, saves(in))
	for i := range steps {
		steps[i].Before = "granted by the consent"
	}
	return steps
}

// savePending says whether somebody has still to press Authorize and Save.
func savePending(in Input) bool {
	for _, s := range authorizable(in.File) {
		for _, p := range Unconfirmed(s.effective, standing(in, s.name())) {
			if p.Code == StepSave {
				return true
			}
		}
	}
	return false
}
