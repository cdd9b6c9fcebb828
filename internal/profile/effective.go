package profile

import "fmt"

// Effective is a complete set of settings: what holds for the account or for a
// group once inheritance is resolved.
type Effective struct {
	Enabled        bool     `json:"enabled"`
	DefaultService Service  `json:"default_service"`
	AuthorizeWith  API      `json:"authorize_with"`
	SetupBy        SetupBy  `json:"setup_by"`
	MailRead       Approval `json:"mail_read"`
	// MailboxScope is zero where every mailbox is meant.
	MailboxScope MailboxScope `json:"mailbox_scope,omitzero"`
}

// NoGroupError says that the file has no profile for a group.
type NoGroupError struct{ Name string }

func (e *NoGroupError) Error() string {
	return fmt.Sprintf("the tenant file has no profile for the group %q", e.Name)
}

// Effective resolves the settings of a group, or of the account when group is
// empty. A group without a profile has the account's settings; NoGroupError
// says so and the settings are valid all the same.
func (f File) Effective(group string) (Effective, error) {
	account := f.Account.over(resolve(Defaults()))
	if group == "" {
		return account, nil
	}
	g, ok := f.Find(group)
	if !ok {
		return account, &NoGroupError{Name: group}
	}
	return g.over(account), nil
}

// over lays the settings that are set over a complete base.
func (s Settings) over(base Effective) Effective {
	if s.Enabled != nil {
		base.Enabled = *s.Enabled
	}
	base.DefaultService = or(s.DefaultService, base.DefaultService)
	base.AuthorizeWith = or(s.AuthorizeWith, base.AuthorizeWith)
	base.SetupBy = or(s.SetupBy, base.SetupBy)
	base.MailRead = or(s.MailRead, base.MailRead)
	if !s.MailboxScope.Empty() {
		base.MailboxScope = s.MailboxScope
	}
	return base
}

func resolve(s Settings) Effective {
	return Effective{
		Enabled:        *s.Enabled,
		DefaultService: s.DefaultService,
		AuthorizeWith:  s.AuthorizeWith,
		SetupBy:        s.SetupBy,
		MailRead:       s.MailRead,
		MailboxScope:   s.MailboxScope,
	}
}

func or[T ~string](value, fallback T) T {
	if value == "" {
		return fallback
	}
	return value
}

// Authorizable says whether this scope is set up by an administrator's consent.
func (e Effective) Authorizable() bool { return e.Enabled && e.SetupBy == Admin }
