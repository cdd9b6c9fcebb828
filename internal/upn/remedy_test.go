package upn_test

import (
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/upn"
)

// Nobody is told to create a person whom Entra refuses.
func TestWhoIsMissingIsCreatedAsEntraTakesThem(t *testing.T) {
	tests := map[string]struct {
		email string
		flags []upn.Flag
		want  string
	}{
		"as it is": {"sam@contoso.com", nil, "create the person in Microsoft 365, or remove"},
		"letters that no UPN has": {
			"s/am@contoso.com",
			nil,
			`under another UPN and change the email in Zoom to it, since Entra takes no UPN like this ('/' is none`,
		},
		"a dot before the @": {"sam.@contoso.com", nil, "(a dot stands before the @)"},
		"a domain that is not verified": {
			"sam@old.example",
			[]upn.Flag{upn.UnverifiedDomain},
			"verify old.example in Entra (Entra ID > ",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := upn.Result{ZoomEmail: test.email, Class: upn.Missing, Flags: test.flags}
			if got := r.Remedy(); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}
