package doctor

import "github.com/zo365/zo365/internal/profile"

// StillAuthorized names the scopes whose profile needs an administrator's
// consent. The consent is one for the whole tenant, whichever scope it was given
// for.
func StillAuthorized(f profile.File) []string {
	var scopes []string
	if account, _ := f.Effective(""); account.Authorizable() {
		scopes = append(scopes, "the account")
	}
	for _, g := range f.Groups {
		if e, err := f.Effective(g.Name); err == nil && e.Authorizable() {
			scopes = append(scopes, "the group "+g.Name)
		}
	}
	return scopes
}
