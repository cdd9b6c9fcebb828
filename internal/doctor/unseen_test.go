package doctor

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// What is missing says where: a permission, a scope and a licence are got in three places.
func TestUnseenSaysWhereToGetWhatIsMissing(t *testing.T) {
	for service, test := range map[string]struct{ needs, fix, never string }{
		"Microsoft Graph":    {"Domain.Read.All", "grant Domain.Read.All to the application", "server-to-server"},
		"Zoom":               {"user:read:admin", "add user:read:admin to the server-to-server app", "grant "},
		"Microsoft Entra ID": {"a Microsoft Entra ID P1 or P2 licence", "get a Microsoft Entra ID P1 or P2 licence, or accept it: a mute of last-use", "grant "},
	} {
		t.Run(service, func(t *testing.T) {
			in := healthy()
			err := &tenant.NeedsError{
				Service: service,
				AnyOf:   []string{test.needs},
				Doing:   "looking",
				Err:     errors.New("403"),
			}
			in.Facts.SignIns = tenant.Reading[[]tenant.AppSignIn]{
				Err:    fmt.Errorf("page 2: %w", err),
				Source: "GET /x",
				At:     today,
			}
			f := of(Examine(in), "last-use")
			if f.Severity != Unknown || len(f.Needs) != 1 || f.Needs[0] != test.needs {
				t.Errorf("%+v", f)
			}
			if !strings.Contains(f.Fix, test.fix) || strings.Contains(f.Fix, test.never) {
				t.Errorf("fix %q", f.Fix)
			}
		})
	}
}

// What is not seen yet as proof is what its check would still find.
func TestProofsAgreeWithTheChecks(t *testing.T) {
	step := newSecret(healthy(), "secret", today)
	for name, test := range map[string]struct {
		has  tenant.AppCredential
		want bool
	}{
		"the old one":     {tenant.AppCredential{Kind: "secret", Expires: today}, false},
		"a later one":     {tenant.AppCredential{Kind: "secret", Expires: today.AddDate(1, 0, 0)}, true},
		"of another kind": {tenant.AppCredential{Kind: "certificate", Expires: today.AddDate(1, 0, 0)}, false},
	} {
		if got := Renewed(step.Before, step.After, []tenant.AppCredential{test.has}); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestConsentedBy(t *testing.T) {
	at := time.Unix(1000, 0)
	events := []tenant.ConsentEvent{
		{At: at, UPN: "first@c.com", PrincipalID: "sp"},
		{At: at.Add(2), UPN: "last@c.com", PrincipalID: "sp"},
		{
			At:          at.Add(3),
			UPN:         "declined@c.com",
			PrincipalID: "sp",
			Failed:      true,
		},
		{At: at.Add(4), UPN: "other@c.com", PrincipalID: "other"},
		{At: at.Add(5), PrincipalID: "sp"},
	}
	if got, _ := ConsentedBy(events, "sp"); got != "last@c.com" {
		t.Error(got)
	}
	if got, _ := ConsentedBy(nil, "sp"); got != "" {
		t.Error(got)
	}
}
