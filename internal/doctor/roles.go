package doctor

import (
	"slices"

	"github.com/zo365/zo365/internal/tenant"
)

// Roles that may consent to application permissions of Microsoft Graph, by
// template ID.
//
// https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent#prerequisites
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
var consentingRoles = []string{
	"62e90394-69f5-4237-9190-012177145e10", // Global Administrator
	"e8611ab8-c189-46e8-94e1-60213ab1f814", // Privileged Role Administrator
}

// ConsentRoles are the names of the roles that may consent.
var ConsentRoles = []string{"Global Administrator", "Privileged Role Administrator"}

// RoleCheck says whether a person may consent and with what.
type RoleCheck struct {
	// May is true when one of the roles suffices.
	May bool
	// By is the name of the role that suffices.
	By string
	// Has are the names of all the person's roles.
	Has []string
	// OnlyApps is true when the best the person has is Cloud Application
	// Administrator or Application Administrator, which Zoom's pages name and
	// which Microsoft does not accept for Graph's application permissions.
	OnlyApps bool
}

var applicationRoles = []string{
	"158c047a-c907-4556-b7ef-446551a6b5f7", // Cloud Application Administrator
	"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", // Application Administrator
}

// CheckRoles decides whether the roles allow the consent.
func CheckRoles(roles []tenant.DirectoryRole) RoleCheck {
	check := RoleCheck{Has: []string{}}
	for _, r := range roles {
		check.Has = append(check.Has, r.Name)
		if slices.Contains(consentingRoles, r.TemplateID) && !check.May {
			check.May, check.By = true, r.Name
		}
		if slices.Contains(applicationRoles, r.TemplateID) {
			check.OnlyApps = true
		}
	}
	slices.Sort(check.Has)
	check.OnlyApps = check.OnlyApps && !check.May
	return check
}
