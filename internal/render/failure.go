package render

import "time"

// Failure is the JSON of an error, one line on standard error.
type Failure struct {
	Error FailureDetails `json:"error"`
}

// FailureDetails is what is known of an error. Needs names the permissions, scopes or
// licences one of which is enough; what does not apply is empty, or zero.
type FailureDetails struct {
	Message   string   `json:"message"`
	Doing     string   `json:"doing"`
	Service   string   `json:"service"`
	Status    int      `json:"status"`
	Code      string   `json:"code"`
	RequestID string   `json:"request_id"`
	Needs     []string `json:"needs"`
	Hint      string   `json:"hint"`
	ExitCode  int      `json:"exit_code"`
	// RetryAt is when the service takes requests again; null where it did not say.
	RetryAt *time.Time `json:"retry_at"`
}
