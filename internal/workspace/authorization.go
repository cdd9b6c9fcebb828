package workspace

import (
	"encoding/json"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/tenant"
)

// ConsentRecord is what is seen of the consent of a scope.
func ConsentRecord(in doctor.Input, scope, status string) tenant.ConsentRecord {
	c, check := doctor.ZoomApplication(in), doctor.ConsentOf(in)
	signer := doctor.ConsenterOf(in)
	basis := tenant.FromJudgement
	if signer.Seen {
		basis = tenant.FromAuditLog
	}
	r := tenant.ConsentRecord{
		Status:   status,
		Scope:    scope,
		TenantID: in.Target.Tenant,
		AuthorizedBy: tenant.AuthorizedBy{
			Basis:     basis,
			UPN:       orNull(signer.UPN),
			ZoomEmail: orNull(signer.ZoomEmail),
			Match:     signer.Match,
		},
		Granted:    append([]string{}, check.Granted...),
		Missing:    append([]string{}, check.Missing...),
		Unexpected: []string{},
		ObservedAt: in.Facts.Consents.At.UTC().Truncate(time.Second),
	}
	_, r.Domains = doctor.AssociatedDomains(in.Facts.ZoomDomains, in.File)
	if p := c.Principal; p != nil {
		r.ServicePrincipal = &tenant.RecordedPrincipal{ID: p.ID, AppID: p.AppID, DisplayName: p.DisplayName}
	}
	for _, g := range check.Unexpected {
		r.Unexpected = append(r.Unexpected, g.Permission.Label())
	}
	return r
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// authorized is a recorded consent in doctor's words; evidence that cannot be read is a
// consent of nobody knows whom.
func authorized(a journal.Authorization) doctor.Authorized {
	one := doctor.Authorized{At: a.At, Application: a.Application}
	var evidence tenant.ConsentRecord
	if json.Unmarshal(a.Evidence, &evidence) != nil {
		return one
	}
	one.Match, one.Granted = evidence.AuthorizedBy.Match != nil && *evidence.AuthorizedBy.Match, evidence.Granted
	if evidence.AuthorizedBy.UPN != nil {
		one.UPN = *evidence.AuthorizedBy.UPN
	}
	if evidence.AuthorizedBy.ZoomEmail != nil {
		one.ZoomEmail = *evidence.AuthorizedBy.ZoomEmail
	}
	return one
}

// Recorded is the consent of a scope as the journal has it; nil when it has none.
func (w *Workspace) Recorded(scope string) *tenant.ConsentRecord {
	recorded, ok := w.State.Authorizations[scope]
	if !ok {
		return nil
	}
	var r tenant.ConsentRecord
	if json.Unmarshal(recorded.Evidence, &r) != nil {
		r = tenant.ConsentRecord{Scope: scope} // what cannot be read is not made up
	}
	return &r
}
