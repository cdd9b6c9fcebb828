package profile

import "strings"

// MailboxScope says which mailboxes Zoom's application may reach: those of a group's direct
// members, of an administrative unit, or whom a recipient filter matches. It has one of the three;
// the zero value is every mailbox, and in a group that the account's scope holds.
//
// https://learn.microsoft.com/exchange/permissions-exo/application-rbac
type MailboxScope struct {
	Group  string `yaml:"group" json:"group,omitempty" jsonschema:"description=Name or object ID of a group in Entra; only its direct members count."`
	Unit   string `yaml:"administrative_unit" json:"administrative_unit,omitempty" jsonschema:"description=Name or object ID of an administrative unit in Entra."`
	Filter string `yaml:"recipient_filter" json:"recipient_filter,omitempty" jsonschema:"description=Recipient filter of Exchange; for example Department -eq 'Sales'."`
}

// Rooms is what is wanted of Zoom's applications for conference rooms, which are others than the
// one for people.
type Rooms struct {
	MailboxScope MailboxScope `yaml:"mailbox_scope" json:"mailbox_scope,omitzero" jsonschema:"description=Which mailboxes Zoom's applications for rooms may reach (RBAC for Applications in Exchange Online); every mailbox when unset. zo365 rbac --rooms brings it about."`
}

// scopeKeys are the kinds of scope, as they are written.
var scopeKeys = []string{"group", "administrative_unit", "recipient_filter"}

// Empty says whether no scope is set.
func (m MailboxScope) Empty() bool { return m == MailboxScope{} }

// parts are the key and the value of each kind that is set.
func (m MailboxScope) parts() [][2]string {
	var all [][2]string
	for i, value := range []string{m.Group, m.Unit, m.Filter} {
		if value != "" {
			all = append(all, [2]string{scopeKeys[i], value})
		}
	}
	return all
}

// String writes a scope in one text: group:Zoom Users.
func (m MailboxScope) String() string {
	parts := m.parts()
	if len(parts) == 0 {
		return ""
	}
	return parts[0][0] + ":" + parts[0][1]
}

// YAML is the scope as the tenant file's mapping has it: its key and its value.
func (m MailboxScope) YAML() (key, value string) {
	parts := m.parts()
	if len(parts) == 0 {
		return "", ""
	}
	return parts[0][0], parts[0][1]
}

// NoScope stands in a text for no scope: it takes the setting out of the file.
const NoScope = "none"

// ParseMailboxScope reads such a text.
func ParseMailboxScope(text string) (MailboxScope, error) {
	key, value, found := strings.Cut(text, ":")
	if value = strings.TrimSpace(value); !found || value == "" {
		return MailboxScope{}, badScope(text)
	}
	switch strings.TrimSpace(key) {
	case "group":
		return MailboxScope{Group: value}, nil
	case "administrative_unit":
		return MailboxScope{Unit: value}, nil
	case "recipient_filter":
		return MailboxScope{Filter: value}, nil
	}
	return MailboxScope{}, badScope(text)
}

func badScope(text string) error {
	return &ValueError{
		Key:     scopeKey,
		Value:   text,
		Allowed: []string{"group:NAME", "administrative_unit:NAME", "recipient_filter:FILTER", NoScope},
	}
}

// checkMailboxScope: a scope has one kind.
func checkMailboxScope(group, field string, m MailboxScope) []Problem {
	if len(m.parts()) < 2 {
		return nil
	}
	return []Problem{{
		Severity: Refused,
		Group:    group,
		Field:    field,
		Message:  "one of group, administrative_unit and recipient_filter; not several",
	}}
}
