package doctor

import (
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Signer is the rule "the UPN of the authorizing user must match the Zoom user
// account email address" (KB0077944), decided for one person.
type Signer struct {
	UPN string
	// ZoomEmail is empty when the person has no Zoom account under their UPN or
	// mail address.
	ZoomEmail string
	Match     bool
}

// CheckSigner compares the two sides of the authorizing person.
func CheckSigner(upn string, zoom *tenant.ZoomUser) Signer {
	s := Signer{UPN: upn}
	if zoom != nil {
		s.ZoomEmail = zoom.Email
		s.Match = strings.EqualFold(strings.TrimSpace(zoom.Email), strings.TrimSpace(upn))
	}
	return s
}
