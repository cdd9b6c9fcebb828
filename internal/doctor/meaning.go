package doctor

import "github.com/zo365/zo365/internal/tenant"

// Meanings explain the checks.
func Meanings() []tenant.Meaning {
	all := make([]tenant.Meaning, 0, len(checks()))
	for _, c := range checks() {
		all = append(all, tenant.Meaning{
			Code:      c.code,
			Kind:      "doctor check",
			Meaning:   c.title,
			Cause:     c.why,
			Next:      "zo365 doctor shows what it found and the fix",
			Source:    c.source,
			Certainty: tenant.Documented,
		})
	}
	return all
}
