package config

import (
	"fmt"
	"strings"
)

// Template is what a new tenant file says; an empty value is left as a comment.
type Template struct {
	Tenant, Cloud, ClientID, ZoomAppID     string
	ZoomAccountID, ZoomClientID, ZoomCloud string
}

// Unset names the values without which nobody can sign in.
func (t Template) Unset() []string {
	unset := []string{}
	for _, one := range []struct{ key, value string }{
		{"microsoft.tenant", t.Tenant}, {"zoom.account_id", t.ZoomAccountID}, {"zoom.client_id", t.ZoomClientID},
	} {
		if one.value == "" {
			unset = append(unset, one.key)
		}
	}
	return unset
}

// Text is the commented file.
func (t Template) Text() []byte {
	var b strings.Builder
	b.WriteString(
		`# yaml-language-server: $schema=https://raw.githubusercontent.com/zo365/zo365/main/docs/zo365.schema.json
# The wanted state of one tenant's Zoom and Office 365 calendar integration.
# Never put a secret here; commit this file to git.
version: 1

microsoft:
`,
	)
	b.WriteString(line("tenant", t.Tenant, "contoso.onmicrosoft.com", "tenant ID or one of its domains"))
	b.WriteString(line("cloud", t.Cloud, "global", "global, gcc-high, dod or china"))
	b.WriteString(
		line("client_id", t.ClientID, "00000000-0000-0000-0000-000000000000", "the application zo365 signs in with"),
	)
	b.WriteString(
		line(
			"zoom_app_id",
			t.ZoomAppID,
			"00000000-0000-0000-0000-000000000000",
			"Zoom's enterprise application; looked up in the tenant when unset",
		),
	)
	b.WriteString("\nzoom:\n")
	b.WriteString(
		line("account_id", t.ZoomAccountID, "AbCdEfGhIjKlMnOpQrStUv", "shown beside the server-to-server app's credentials"),
	)
	b.WriteString(line("client_id", t.ZoomClientID, "AbCdEfGhIjKlMnOpQrStUv", "of the server-to-server app"))
	b.WriteString(line("cloud", t.ZoomCloud, "global", "global or gov"))
	b.WriteString(`
# The account profile, as Zoom's Mail & Calendar tab has it.
account:
  enabled: true                 # Integrate third-party mail and calendar services
  default_service: office365    # office365, google or exchange
  authorize_with: graph         # graph; ews is being switched off since 2026-10-01
  setup_by: users               # users, or admin: an Office 365 admin by application permissions
  mail_read: not-approved       # approved while the authorizing user's UPN is not their Zoom email
  # mailbox_scope: {group: NAME}  # the mailboxes that Zoom may reach; every one when unset (zo365 rbac)

# Group profiles; a group inherits what it does not set. Example:
#   - name: Sales
#     setup_by: users
groups: []
`)
	return []byte(b.String())
}

func line(key, value, example, comment string) string {
	if value == "" {
		return fmt.Sprintf("  # %s: %s  # %s\n", key, example, comment)
	}
	return fmt.Sprintf("  %s: %s  # %s\n", key, scalar(value), comment)
}
