package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// A consent that was blocked is shown with its reason where it is of the same application and
// newer than the last that succeeded; nobody is said to have declined.
func TestAFailedConsentIsShownAndConcludesNothing(t *testing.T) {
	failed := func(principal string, at time.Time) tenant.ConsentEvent {
		return tenant.ConsentEvent{
			At:          at,
			PrincipalID: principal,
			Failed:      true,
			Reason:      "UserConsentBlockedForRiskyAppsException",
		}
	}
	for name, test := range map[string]struct {
		events []tenant.ConsentEvent
		said   bool
	}{
		"of the same application": {[]tenant.ConsentEvent{failed("sp", today)}, true},
		"of another one":          {[]tenant.ConsentEvent{failed("other", today)}, false},
		"before one that succeeded": {
			[]tenant.ConsentEvent{{At: today, UPN: "a@a.com", PrincipalID: "sp"}, failed("sp", today.Add(-time.Hour))},
			false,
		},
		"before an application's consent": {
			[]tenant.ConsentEvent{{At: today, PrincipalID: "sp"}, failed("sp", today.Add(-time.Hour))},
			false,
		},
		"nothing": {nil, false},
	} {
		in := healthy()
		in.Facts.Consents = saw([]tenant.Consent{zoomApp("Contacts.Read")})
		in.File.Microsoft.ZoomAppID = "zoom"
		in.Facts.Events = saw(test.events)
		f := of(Examine(in), "consent-complete")
		if got := strings.Contains(
			f.Saw,
			"failed on 2026-11-25: UserConsentBlocked",
		); got != test.said ||
			f.Severity != Fail {
			t.Errorf("%s: %+v", name, f)
		}
		for _, one := range Examine(in) {
			if strings.Contains(one.Saw, "declined") || strings.Contains(one.Saw, "refused by") {
				t.Errorf("%s: %s", name, one.Saw)
			}
		}
	}
}
