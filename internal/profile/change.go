package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PortalKeys are the names of the settings that Zoom's portal has, in its order; Keys are all.
var (
	PortalKeys = []string{"enabled", "default_service", "authorize_with", "setup_by", "mail_read"}
	Keys       = append(slices.Clone(PortalKeys), scopeKey)
)

// scopeKey is the setting that Exchange has, and not the portal.
const scopeKey = "mailbox_scope"

// ValueError says that a setting does not take a value.
type ValueError struct {
	Key, Value string
	Allowed    []string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: %q is not allowed; use %s", e.Key, e.Value, strings.Join(e.Allowed, ", "))
}

// Allowed lists the words that a setting takes; nil for one that takes any, and for an unknown key.
func Allowed(key string) []string {
	switch key {
	case "enabled":
		return []string{"true", "false"}
	case "default_service":
		return Service("").Values()
	case "authorize_with":
		return API("").Values()
	case "setup_by":
		return SetupBy("").Values()
	case "mail_read":
		return Approval("").Values()
	}
	return nil
}

// Set changes one setting by its key.
func (s *Settings) Set(key, value string) error {
	allowed := Allowed(key)
	if key == scopeKey {
		scope, err := ParseMailboxScope(value)
		if err == nil {
			s.MailboxScope = scope
		}
		return err
	}
	if !slices.Contains(allowed, value) {
		return &ValueError{Key: key, Value: value, Allowed: allowed}
	}
	switch key {
	case "enabled":
		on, err := strconv.ParseBool(value)
		if err != nil {
			return &ValueError{Key: key, Value: value, Allowed: allowed}
		}
		s.Enabled = &on
	case "default_service":
		s.DefaultService = Service(value)
	case "authorize_with":
		s.AuthorizeWith = API(value)
	case "setup_by":
		s.SetupBy = SetupBy(value)
	case "mail_read":
		s.MailRead = Approval(value)
	}
	return nil
}

// Get returns the value of one setting in the file's words; empty when unset.
func (s Settings) Get(key string) string {
	switch key {
	case "enabled":
		if s.Enabled == nil {
			return ""
		}
		return strconv.FormatBool(*s.Enabled)
	case "default_service":
		return string(s.DefaultService)
	case "authorize_with":
		return string(s.AuthorizeWith)
	case "setup_by":
		return string(s.SetupBy)
	case "mail_read":
		return string(s.MailRead)
	case scopeKey:
		return s.MailboxScope.String()
	}
	return ""
}

// Unset makes one setting inherit again.
func (s *Settings) Unset(key string) {
	switch key {
	case "enabled":
		s.Enabled = nil
	case "default_service":
		s.DefaultService = ""
	case "authorize_with":
		s.AuthorizeWith = ""
	case "setup_by":
		s.SetupBy = ""
	case "mail_read":
		s.MailRead = ""
	case scopeKey:
		s.MailboxScope = MailboxScope{}
	}
}

// Empty says whether nothing is set, so that everything is inherited.
func (s Settings) Empty() bool {
	for _, key := range Keys {
		if s.Get(key) != "" {
			return false
		}
	}
	return true
}

// PortalEmpty says whether nothing is set that Zoom's portal has.
func (s Settings) PortalEmpty() bool {
	s.MailboxScope = MailboxScope{}
	return s.Empty()
}

// Settings returns the complete settings as a Settings value.
func (e Effective) Settings() Settings {
	on := e.Enabled
	return Settings{
		Enabled:        &on,
		DefaultService: e.DefaultService,
		AuthorizeWith:  e.AuthorizeWith,
		SetupBy:        e.SetupBy,
		MailRead:       e.MailRead,
		MailboxScope:   e.MailboxScope,
	}
}

// Clone returns a copy that shares nothing with f.
func (f File) Clone() File {
	f.Microsoft.RequiredPermissions = slices.Clone(f.Microsoft.RequiredPermissions)
	f.Zoom.AssociatedDomains = slices.Clone(f.Zoom.AssociatedDomains)
	f.Account = f.Account.clone()
	f.Features = slices.Clone(f.Features)
	f.Muted = slices.Clone(f.Muted)
	f.Groups = slices.Clone(f.Groups)
	for i := range f.Groups {
		f.Groups[i].Settings = f.Groups[i].clone()
	}
	return f
}

func (s Settings) clone() Settings {
	if s.Enabled != nil {
		on := *s.Enabled
		s.Enabled = &on
	}
	return s
}
