package survey

import (
	"context"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// The sources of what is read again while something is applied.
const (
	consentSource = "GET /servicePrincipals, /appRoleAssignments"
	eventSource   = "GET /auditLogs/directoryAudits"
)

// Again reads Zoom's applications once more and puts them into facts.
func Again(ctx context.Context, apps Applications, appID string, f tenant.Facts) (tenant.Facts, error) {
	err := together(ctx, read(&f.Consents, consentSource, func(ctx context.Context) ([]tenant.Consent, error) { return consents(ctx, apps, appID) }))
	return f, err
}

// Consented reads Zoom's applications and who consented once more.
func Consented(ctx context.Context, apps Applications, activity Activity, appID string, f tenant.Facts) (tenant.Facts, error) {
	f, err := Again(ctx, apps, appID, f)
	if err != nil {
		return f, err
	}
	err = together(ctx, read(&f.Events, eventSource, func(ctx context.Context) ([]tenant.ConsentEvent, error) {
		return activity.Consents(ctx, time.Now().AddDate(0, 0, -auditDays))
	}))
	return f, err
}
