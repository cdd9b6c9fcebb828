package apply

import (
	"context"
	"encoding/json"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
)

// recordConsent writes down that Entra shows the consent of a scope.
func (h Hands) recordConsent(ctx context.Context, s plan.Step) (bool, error) {
	e, err := h.Authorization(ctx, s.Scope)
	if err != nil {
		return false, err
	}
	e.Voids = doctor.VoidedByConsent
	return false, h.note(ctx, s, e)
}

// forgetConsent writes down that no profile wants the consent of a scope any more.
func (h Hands) forgetConsent(ctx context.Context, s plan.Step) (bool, error) {
	return false, h.note(ctx, s, journal.Entry{Action: journal.AuthorizationRemoved, Voids: doctor.VoidedByRemoval})
}

// Word is a person's word about a control of the portal, as a step has it.
type Word struct {
	By     string `json:"by"`
	Answer string `json:"answer"`
	Choose string `json:"choose"`
}

// confirmControl writes down that a person says what a control shows.
func (h Hands) confirmControl(ctx context.Context, s plan.Step) (bool, error) {
	var w Word
	if err := json.Unmarshal([]byte(s.After), &w); err != nil {
		return false, err
	}
	return false, h.note(ctx, s, journal.Entry{
		Action: journal.PortalConfirmed,
		Actor:  w.By,
		Steps:  []string{s.Target},
		Answer: w.Answer,
		After:  journal.JSON(map[string]string{s.Target: w.Choose}),
	})
}

func reverseConfirm(e journal.Entry) (plan.Step, error) {
	text, err := json.Marshal(e.Steps)
	if err != nil || len(e.Steps) == 0 {
		return plan.Step{}, &NoWayBack{Why: "the entry names no control"}
	}
	return plan.Step{
		Kind:   string(doctor.Local),
		Action: string(doctor.WithdrawWord),
		Target: e.Steps[0],
		Before: string(text),
		After:  "not confirmed",
	}, nil
}

// withdrawWord takes a confirmation back.
func (h Hands) withdrawWord(ctx context.Context, s plan.Step) (bool, error) {
	var steps []string
	if err := json.Unmarshal([]byte(s.Before), &steps); err != nil {
		return false, err
	}
	return false, h.note(ctx, s, journal.Entry{Action: journal.PortalWithdrawn, Steps: steps, Before: journal.JSON(steps)})
}
