package upn

import "github.com/zo365/zo365/internal/tenant"

// Beliefs are what the rules about people take for true of Entra.
func Beliefs() tenant.Beliefs {
	b := tenant.Beliefs{Service: "People", Looked: "2026-11-25"}
	b.Add("entra.upn-characters", "what stands before the @ of a UPN", "A-Z a-z 0-9 ' . - _ ! # ^ ~", tenant.Documented,
		"https://learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization")
	b.Add("entra.upn-lengths", "the longest parts of a UPN", "64 before the @, 48 behind it", tenant.Documented,
		"https://learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization")
	b.Add("entra.deleted-users", "how long a deleted person can be restored", "30 days", tenant.Documented,
		"https://learn.microsoft.com/entra/fundamentals/users-restore")
	return b
}
