package authorize

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

// Look reads Zoom's application as Entra has it now. A zero Consent means that
// it is not in the tenant.
type Look func(ctx context.Context) (tenant.Consent, error)

// Events reads the consent events of the audit log since a time.
type Events func(ctx context.Context, since time.Time) ([]tenant.ConsentEvent, error)

// PendingError says that the consent did not show within the time.
type PendingError struct {
	Waited time.Duration
	// Check is what Entra showed at the end.
	Check doctor.ConsentCheck
}

func (e *PendingError) Error() string {
	switch {
	case !e.Check.Present:
		return fmt.Sprintf("Zoom's application is not in the tenant after %s: nobody has accepted the consent yet", e.Waited.Round(time.Second))
	case len(e.Check.Missing) > 0:
		return fmt.Sprintf("the consent is not complete after %s: missing %s", e.Waited.Round(time.Second), strings.Join(e.Check.Missing, ", "))
	}
	return fmt.Sprintf("no new consent showed within %s", e.Waited.Round(time.Second))
}

// DeclinedError says that Entra's audit log shows a declined consent.
type DeclinedError struct {
	By     string
	Reason string
}

func (e *DeclinedError) Error() string {
	text := "the consent was declined"
	if e.By != "" {
		text += " by " + e.By
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Watch is one wait for a consent.
type Watch struct {
	Look Look
	// Events may be nil, and may fail for want of a permission: then a declined
	// consent is not noticed before the time is over.
	Events Events
	Want   Want
	// Start is when the watch began; older events do not count.
	Start time.Time
	// Fresh asks for a consent that came after Start, even though an earlier one
	// is complete.
	Fresh bool
	// Limit is how long to wait; zero looks once.
	Limit time.Duration
	// Progress is told the state at every look; it may be nil.
	Progress func(doctor.ConsentCheck, time.Duration)
}

// The pauses between two looks: Entra is eventually consistent, a person slow.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Run looks until the consent is complete, was declined, or the time is over.
// The consent and its check are returned with a *PendingError too.
func (w Watch) Run(ctx context.Context) (tenant.Consent, doctor.ConsentCheck, error) {
	pause := firstPause
	for {
		consent, err := w.Look(ctx)
		if err != nil {
			return consent, doctor.ConsentCheck{}, err
		}
		check := doctor.CheckConsent(consent, doctor.Wanted{Required: w.Want.Required, MailRead: w.Want.MailRead})
		renewed, err := w.events(ctx, consent)
		if err != nil {
			return consent, check, err
		}
		if check.Complete() && (!w.Fresh || renewed || newest(consent).After(w.Start)) {
			return consent, check, nil
		}
		waited := time.Since(w.Start)
		if waited+pause > w.Limit {
			return consent, check, &PendingError{Waited: waited, Check: check}
		}
		if w.Progress != nil {
			w.Progress(check, waited)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return consent, check, ctx.Err()
		}
		pause = min(pause*3/2, lastPause)
	}
}

// events looks for a consent or a refusal since the start.
func (w Watch) events(ctx context.Context, consent tenant.Consent) (renewed bool, err error) {
	if w.Events == nil {
		return false, nil
	}
	events, err := w.Events(ctx, w.Start)
	var needs *tenant.NeedsError
	if errors.As(err, &needs) {
		return false, nil // without the audit log a refusal is seen as a timeout
	}
	if err != nil {
		return false, err
	}
	for _, e := range events {
		ours := consent.Principal == nil || e.PrincipalID == "" || e.PrincipalID == consent.Principal.ID
		if !ours || e.At.Before(w.Start.Truncate(time.Second)) {
			continue
		}
		if e.Failed && consent.Principal == nil || e.Failed && !renewed {
			err = &DeclinedError{By: e.UPN, Reason: e.Reason}
		}
		if !e.Failed {
			renewed, err = true, nil
		}
	}
	return renewed, err
}

func newest(consent tenant.Consent) time.Time {
	var at time.Time
	for _, g := range consent.Grants {
		if g.At.After(at) {
			at = g.At
		}
	}
	return at
}
