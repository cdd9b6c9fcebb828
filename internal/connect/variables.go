package connect

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/zo365/zo365/internal/profile"
)

// VariableError says that a variable holds something that cannot be meant. The value is
// not shown: it may be a secret.
type VariableError struct{ Name, Reason string }

func (e *VariableError) Error() string { return e.Name + " " + e.Reason }

// identityVariables name a tenant, an account or an application; the rest of variables hold
// secrets.
var identityVariables = []string{
	"ZO365_MICROSOFT_TENANT", "ZO365_MICROSOFT_CLIENT_ID", "ZO365_ZOOM_ACCOUNT_ID", "ZO365_ZOOM_CLIENT_ID",
	"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID",
}

// trimmed reads variables without the line end that files and clipboards leave behind it:
// no value of ours ends in one.
func trimmed(getenv func(string) string) func(string) string {
	ours := slices.Concat(identityVariables, secretVariables, zoomSecrets)
	return func(name string) string {
		if slices.Contains(ours, name) {
			return strings.TrimRightFunc(getenv(name), unicode.IsSpace)
		}
		return getenv(name)
	}
}

// checkVariables names what was pasted with quotes around it, or as an address. What other
// tools left does not matter where the file names a tenant or an account.
func checkVariables(getenv func(string) string, file profile.File) error {
	for _, name := range slices.Concat(identityVariables, secretVariables, zoomSecrets) {
		value := getenv(name)
		switch {
		case value == "":
		case strings.HasPrefix(name, "AZURE_") && file.Microsoft.Tenant != "":
		case strings.HasPrefix(name, "ZOOM_") && file.Zoom.AccountID != "":
		case strings.ContainsAny(value, "\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb"):
			return &VariableError{name, "has typographic quotes in it; set it without quotes"}
		case len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[0] == value[len(value)-1]:
			return &VariableError{name, fmt.Sprintf("has quotes (%c) around its value; set it without them", value[0])}
		case slices.Contains(identityVariables, name) && strings.Contains(value, "://"):
			if strings.HasSuffix(name, "_TENANT") || strings.HasSuffix(name, "_TENANT_ID") {
				return &VariableError{name, "holds an address; set the tenant's domain or ID alone"}
			}
			return &VariableError{name, "holds an address; set the ID alone"}
		}
	}
	return nil
}
