package tenant

import "time"

// ConsentRecord is what was seen of a consent: the journal keeps it as evidence, and the
// JSON of authorize begins with it.
type ConsentRecord struct {
	Status           string             `json:"status"`
	Scope            string             `json:"scope"`
	TenantID         string             `json:"tenant_id"`
	AuthorizedBy     AuthorizedBy       `json:"authorized_by"`
	ServicePrincipal *RecordedPrincipal `json:"service_principal"`
	Granted          []string           `json:"granted"`
	Missing          []string           `json:"missing"`
	Unexpected       []string           `json:"unexpected"`
	// Domains says how Zoom's associated domains were known: seen, stated, or empty.
	Domains string `json:"domains_basis,omitempty"`
	// ObservedAt is when Entra showed this, UTC.
	ObservedAt time.Time `json:"observed_at"`
}

// Where the authorizing person of a record is known from.
const (
	// FromAuditLog: the directory audit log names who consented.
	FromAuditLog = "audit-log"
	// FromJudgement: the log names nobody, and this is whom the rules were held against.
	FromJudgement = "judged"
)

// AuthorizedBy is the authorizing person on both sides.
type AuthorizedBy struct {
	// Basis is FromAuditLog or FromJudgement; empty in records of older versions.
	Basis     string  `json:"basis,omitempty"`
	UPN       *string `json:"upn"`
	ZoomEmail *string `json:"zoom_email"`
	// Match is nil where it is not known whether the UPN is the Zoom email.
	Match *bool `json:"match"`
}

// RecordedPrincipal is Zoom's application in the tenant.
type RecordedPrincipal struct {
	ID          string `json:"id"`
	AppID       string `json:"app_id"`
	DisplayName string `json:"display_name"`
}
