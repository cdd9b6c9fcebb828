package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// Entra is what steps of the kind graph need.
type Entra interface {
	Grant(ctx context.Context, principalID, permission string) error
	Revoke(ctx context.Context, principalID, assignmentID string) error
	EnablePrincipal(ctx context.Context, principalID string) error
}

// Groups is what steps of the kind zoom need.
type Groups interface {
	Groups(ctx context.Context) ([]tenant.ZoomGroup, error)
	CreateGroup(ctx context.Context, name string) (tenant.ZoomGroup, error)
}

// Services carry out what services and zo365 itself can do, and write each step
// down before and after.
type Services struct {
	Entra  Entra
	Groups Groups
	// Consent reads Zoom's application as Entra has it now.
	Consent func(ctx context.Context) (tenant.Consent, error)
	// Record records the consent of a scope, once it is complete; an *Unfinished
	// error says that it is not.
	Record func(ctx context.Context, scope string) (journal.Entry, error)
	// Note appends to the journal and syncs it.
	Note func(ctx context.Context, entries ...journal.Entry) error
	// Plan and Actor stand in every entry.
	Plan, Actor string
	// Limit bounds the wait for a write to show; Waiting is told that it begins.
	Limit   time.Duration
	Waiting func(s plan.Step)
}

// Do carries one step out.
func (h Services) Do(ctx context.Context, s plan.Step) (already bool, err error) {
	switch doctor.Action(s.Action) {
	case doctor.GrantPermission:
		return h.grant(ctx, s)
	case doctor.RevokePermission:
		return h.revoke(ctx, s)
	case doctor.EnableApp:
		return h.enable(ctx, s)
	case doctor.CreateGroup:
		return h.group(ctx, s)
	case doctor.RecordConsent:
		return h.record(ctx, s)
	case doctor.ForgetConsent:
		return false, h.noted(ctx, s, journal.Entry{Action: journal.AuthorizationRemoved, Voids: doctor.VoidedByRemoval})
	case doctor.Click: // a person's
	}
	return false, fmt.Errorf("nobody knows how to do %q", s.Action)
}

// noted writes an entry of a step.
func (h Services) noted(ctx context.Context, s plan.Step, e journal.Entry) error {
	e.At, e.Actor, e.Scope, e.Plan, e.Step = time.Now(), h.Actor, s.Scope, h.Plan, s.ID
	// A step that was done is written down although the run was just interrupted.
	if err := h.Note(context.WithoutCancel(ctx), e); err != nil {
		return &recordError{err}
	}
	return nil
}

// write begins a step in the journal, makes the change, waits until it shows, and
// ends the step in the journal.
func (h Services) write(ctx context.Context, s plan.Step, principal string, change func() error, shows func(context.Context) (bool, error), e journal.Entry) error {
	if err := h.noted(ctx, s, journal.Entry{Action: journal.StepStarted, Principal: principal}); err != nil {
		return err
	}
	e.Principal = principal
	if err := change(); err != nil {
		return err
	}
	settled := Settle(ctx, h.Limit, shows, func() { h.Waiting(s) })
	var slow *NotSettled
	if settled != nil && !errors.As(settled, &slow) {
		return settled
	}
	// The service took it, so it is done, whether it shows or not.
	return errors.Join(h.noted(ctx, s, e), settled)
}

// application is Zoom's; without it nothing can be granted.
func (h Services) application(ctx context.Context) (tenant.Consent, error) {
	c, err := h.Consent(ctx)
	if err == nil && c.Principal == nil {
		err = &Unfinished{"Zoom's application is not in the tenant: nobody has pressed Authorize and Save and accepted"}
	}
	return c, err
}

func holds(c tenant.Consent, permission string) bool {
	return slices.ContainsFunc(c.Grants, func(g tenant.Grant) bool { return g.Permission == permission })
}

func (h Services) grant(ctx context.Context, s plan.Step) (bool, error) {
	c, err := h.application(ctx)
	if err != nil || holds(c, s.Target) {
		return err == nil, err
	}
	return false, h.write(ctx, s, c.Principal.ID, func() error { return h.Entra.Grant(ctx, c.Principal.ID, s.Target) }, func(ctx context.Context) (bool, error) {
		now, err := h.Consent(ctx)
		return holds(now, s.Target), err
	}, journal.Entry{Action: journal.PermissionGranted, Before: asJSON(false), After: asJSON(true), Evidence: asJSON([]string{s.Target})})
}

func (h Services) revoke(ctx context.Context, s plan.Step) (bool, error) {
	c, err := h.Consent(ctx)
	if err != nil || !holds(c, s.Target) {
		return err == nil, err
	}
	change := func() error {
		for _, g := range c.Grants {
			if g.Permission != s.Target {
				continue
			}
			if err := h.Entra.Revoke(ctx, c.Principal.ID, g.ID); err != nil {
				return err
			}
		}
		return nil
	}
	return false, h.write(ctx, s, c.Principal.ID, change, func(ctx context.Context) (bool, error) {
		now, err := h.Consent(ctx)
		return !holds(now, s.Target), err
	}, journal.Entry{Action: journal.GrantsRevoked, Before: asJSON(true), After: asJSON(false), Evidence: asJSON([]string{s.Target})})
}

func (h Services) enable(ctx context.Context, s plan.Step) (bool, error) {
	c, err := h.application(ctx)
	if err != nil || c.Principal.Enabled {
		return err == nil, err
	}
	return false, h.write(ctx, s, c.Principal.ID, func() error { return h.Entra.EnablePrincipal(ctx, c.Principal.ID) }, func(ctx context.Context) (bool, error) {
		now, err := h.Consent(ctx)
		return now.Principal != nil && now.Principal.Enabled, err
	}, journal.Entry{Action: journal.ApplicationEnabled, Before: asJSON(false), After: asJSON(true)})
}

func (h Services) group(ctx context.Context, s plan.Step) (bool, error) {
	there := func(ctx context.Context) (bool, error) {
		all, err := h.Groups.Groups(ctx)
		return slices.ContainsFunc(all, func(g tenant.ZoomGroup) bool {
			return strings.EqualFold(strings.TrimSpace(g.Name), strings.TrimSpace(s.Target))
		}), err
	}
	if ok, err := there(ctx); ok || err != nil {
		return ok, err
	}
	if err := h.noted(ctx, s, journal.Entry{Action: journal.StepStarted}); err != nil {
		return false, err
	}
	made, err := h.Groups.CreateGroup(ctx, s.Target)
	if err != nil {
		return false, err
	}
	settled := Settle(ctx, h.Limit, there, func() { h.Waiting(s) })
	return false, errors.Join(h.noted(ctx, s, journal.Entry{Action: journal.GroupCreated, After: asJSON(map[string]string{"id": made.ID, "name": made.Name})}), settled)
}

func (h Services) record(ctx context.Context, s plan.Step) (bool, error) {
	e, err := h.Record(ctx, s.Scope)
	if err != nil {
		return false, err
	}
	if by := e.Actor; by != "" { // who consented, where that is known
		h.Actor = by
	}
	e.Voids = doctor.VoidedByConsent
	return false, h.noted(ctx, s, e)
}

// asJSON encodes values of this program's own types.
func asJSON(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a type that cannot be encoded is a mistake in this package
	}
	return text
}
