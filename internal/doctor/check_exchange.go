package doctor

import (
	"fmt"
	"slices"
	"strings"

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

// permissionOf is the permission of Graph that a role gives: the role "Application
// Calendars.ReadWrite" gives Calendars.ReadWrite.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
func permissionOf(r tenant.ExchangeRole) string {
	return strings.TrimSpace(strings.TrimPrefix(r.Role, "Application "))
}

func checkExchange(in Input, f *findings) {
	if !applies(in, f) || unseen(f, in.Facts.Exchange, "the roles in Exchange Online") {
		return
	}
	c, _ := zoomConsent(in)
	one := Finding{Severity: Info, Saw: "no role in Exchange narrows it: the consent reaches every mailbox", Evidence: evidence(in.Facts.Exchange)}
	granted := consentCheck(in).Granted
	var defeated, unscoped, names []string
	for _, r := range exchangeRoles(in, c) {
		p := permissionOf(r)
		if r.Scope == "" {
			unscoped = append(unscoped, r.Role)
			continue
		}
		names = append(names, r.Role+" in "+r.Scope)
		for _, g := range granted {
			if (g == p || covers[p] == g || covers[g] == p) && !slices.Contains(defeated, g) {
				defeated = append(defeated, g)
			}
		}
	}
	switch {
	case len(names) == 0:
	case len(unscoped) > 0:
		one.Severity, one.Saw = Fail, fmt.Sprintf("%s is given without a scope, so %s narrows nothing", strings.Join(unscoped, ", "), strings.Join(names, ", "))
		one.Fix = "in Exchange Online PowerShell: Get-ManagementRoleAssignment -RoleAssigneeType ServicePrincipal, then Remove-ManagementRoleAssignment the one without a scope"
	case len(defeated) > 0:
		one.Severity, one.Fix = Fail, "zo365 apply"
		one.Saw = fmt.Sprintf("%s narrows nothing while %s stands in Entra", strings.Join(names, ", "), strings.Join(defeated, ", "))
		one.Steps = revokes(in, defeated, saves(in))
	default:
		one.Severity, one.Saw = OK, strings.Join(names, ", ")
	}
	f.add(one)
}
