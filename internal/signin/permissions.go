package signin

// Permission is a delegated permission that zo365 asks for when a person signs
// in, with the reason.
type Permission struct{ Name, Why string }

// Delegated are the permissions of a person's sign-in: they read and
// change nothing. Descriptions: https://learn.microsoft.com/graph/permissions-reference
var Delegated = []Permission{
	{"User.Read", "who is signed in"},
	{"User.Read.All", "people by UPN, mail and alias (upn, calendar)"},
	{"Domain.Read.All", "custom domains and whether they are verified (verify-domain)"},
	{"Organization.Read.All", "the tenant's name and ID"},
	{"Application.Read.All", "Zoom's enterprise application and its permissions (authorize)"},
	{"RoleManagement.Read.Directory", "whether the signed-in person may consent (authorize)"},
	{"AuditLog.Read.All", "who consented and when (authorize)"},
	{"Directory.Read.All", "asked for by the audit log beside AuditLog.Read.All (authorize)"},
	{"Calendars.Read", "the signed-in person's own calendars (calendar list)"},
}

// DelegatedScopes are the scopes to ask for at sign-in.
func DelegatedScopes() []string {
	scopes := []string{"openid", "profile", "offline_access"}
	for _, p := range Delegated {
		scopes = append(scopes, p.Name)
	}
	return scopes
}
