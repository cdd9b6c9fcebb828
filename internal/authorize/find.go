package authorize

import (
	"context"
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

// SeveralError says that more than one of the tenant's applications may be
// Zoom's for personal calendars; which one is not guessed.
type SeveralError struct{ Candidates []tenant.Consent }

func (e *SeveralError) Error() string {
	names := make([]string, len(e.Candidates))
	for i, c := range e.Candidates {
		names[i] = fmt.Sprintf("%s (%s)", c.Principal.DisplayName, c.Principal.AppID)
	}
	return "several enterprise applications of Zoom hold calendar permissions: " + strings.Join(names, ", ")
}

// Finder looks Zoom's application up.
type Finder struct {
	// AppID names the application; empty looks for it in the tenant.
	AppID string
	// One reads the named application, All reads every one of Zoom's.
	One func(ctx context.Context, appID string) (tenant.Consent, error)
	All func(ctx context.Context) ([]tenant.Consent, error)
}

// Look reads the application as Entra has it now; it is a Look.
func (f Finder) Look(ctx context.Context) (tenant.Consent, error) {
	if f.AppID != "" {
		return f.One(ctx, f.AppID)
	}
	all, err := f.All(ctx)
	if err != nil {
		return tenant.Consent{}, err
	}
	found, several := doctor.PickZoom(all)
	switch {
	case found != nil:
		return *found, nil
	case len(several) > 1:
		return tenant.Consent{}, &SeveralError{Candidates: several}
	}
	return tenant.Consent{}, nil
}

// Revoker deletes app role assignments.
type Revoker interface {
	Revoke(ctx context.Context, principalID, assignmentID string) error
}

// Revoke deletes everything that an application holds and returns the names of
// what is gone, also when it stops in the middle.
func Revoke(ctx context.Context, r Revoker, consent tenant.Consent) ([]string, error) {
	revoked := []string{}
	for _, g := range consent.Grants {
		if err := r.Revoke(ctx, consent.Principal.ID, g.ID); err != nil {
			return revoked, err
		}
		revoked = append(revoked, g.Permission)
	}
	return revoked, nil
}
