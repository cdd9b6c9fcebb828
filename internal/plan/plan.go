// Package plan makes a plan of doctor's findings: their remedies, in order, as a
// value that can be saved, reviewed and carried out later. It decides nothing that
// doctor did not find.
package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Format and Version stand in every saved plan.
const (
	Format  = "zo365 plan"
	Version = 2
)

// Plan is the way from what is to what is wanted, for one target. It holds no
// secret.
type Plan struct {
	Format  string `json:"format" jsonschema:"enum=zo365 plan"`
	Version int    `json:"version" jsonschema:"enum=2"`
	// ID is the fingerprint of everything that the plan rests on.
	ID string `json:"id" jsonschema:"description=Fingerprint of the facts and wishes that the plan was made from."`
	// Goal is what the plan is for: everything that the file wants, or one thing.
	Goal Goal `json:"goal" jsonschema:"enum=everything,enum=authorize,enum=revoke,enum=undo,enum=people,enum=confirm,enum=register,enum=narrow,enum=trim"`
	// At is when the newest of the facts was read, UTC.
	At     time.Time     `json:"at" jsonschema:"description=When the newest of the facts was read."`
	Target tenant.Target `json:"target" jsonschema:"description=The Microsoft tenant and the Zoom account that the plan is for."`
	// Application is Zoom's, as it was chosen; null when it is not in the tenant.
	Application *Application `json:"application" jsonschema:"description=Zoom's application in the tenant and why it is taken for it; null when it is not there."`
	// Parts are the fingerprints of the single facts and wishes.
	Parts []Part `json:"parts" jsonschema:"description=Fingerprints of the single facts and wishes; apply refuses a plan when one has moved."`
	// Unseen are the checks that could not look.
	Unseen []string `json:"unseen" jsonschema:"description=Codes of the checks that could not see a fact; the plan does not know what they would have found."`
	// Open are findings that fail or warn and that no step of the plan mends.
	Open  []Open `json:"open" jsonschema:"description=Findings that fail or warn and that no step mends."`
	Steps []Step `json:"steps" jsonschema:"description=What is to be done, in order. Steps that do not depend on each other can be done at the same time."`
}

// Goal is what a plan is for.
type Goal string

// The goals.
const (
	Everything Goal = "everything"
	Authorize  Goal = "authorize"
	Revoke     Goal = "revoke"
	Undo       Goal = "undo"
	People     Goal = "people"
	Confirm    Goal = "confirm"
	Register   Goal = "register"
	Narrow     Goal = "narrow"
	Trim       Goal = "trim"
)

// Application is Zoom's application in the tenant.
type Application struct {
	tenant.Application

	Name  string `json:"name"`
	Basis string `json:"basis" jsonschema:"description=Why it is taken for Zoom's."`
}

// Open is a finding that no step mends.
type Open struct {
	Check    string `json:"check"`
	Scope    string `json:"scope"`
	Severity string `json:"severity"`
	Saw      string `json:"saw"`
	Fix      string `json:"fix"`
}

// Part is the fingerprint of one thing that a plan rests on.
type Part struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

// Step is one thing to do.
type Step struct {
	ID     string `json:"id" jsonschema:"description=Stable: the same remedy has the same ID in every plan."`
	Kind   string `json:"kind" jsonschema:"enum=graph,enum=zoom,enum=portal,enum=exchange,enum=local,description=Who can do it: Microsoft Graph; Zoom's API; a person in a portal; a person in Exchange Online PowerShell; zo365 in the journal."`
	Action string `json:"action" jsonschema:"description=What is done; docs/json.md lists the actions."`
	Scope  string `json:"scope" jsonschema:"description=account or group:NAME or tenant."`
	Target string `json:"target" jsonschema:"description=What the action is done to: a permission; a group's name; a control's code; an address."`
	Before string `json:"before"`
	After  string `json:"after"`
	// Application and Permission say exactly what is granted, revoked or enabled.
	Application *tenant.Application `json:"application" jsonschema:"description=The application that the step is about; null for other steps and for one that is still to come."`
	Permission  *tenant.Permission  `json:"permission" jsonschema:"description=What is granted or revoked: the API by its application ID and the app role by its ID."`
	// Assignment is the one app role assignment that a reverse takes away.
	Assignment string `json:"assignment,omitempty" jsonschema:"description=ID of the app role assignment that is taken away; without it every one of the permission."`
	// Made is when the assignment was recorded whose ID an older version did not record.
	Made *time.Time `json:"made,omitempty" jsonschema:"description=When the assignment that is taken away was made, where its ID is not known."`
	// Person is whose address changes.
	Person *upn.Fix `json:"person,omitempty" jsonschema:"description=Whose address changes, with the actions that change one."`
	// Object is the ID of what is deleted again, with the reverse of a step that made it.
	Object string `json:"object,omitempty" jsonschema:"description=ID of a group that is deleted again."`
	// Role is a role in Exchange Online with its scope.
	Role      *tenant.ExchangeRole `json:"exchange_role,omitempty" jsonschema:"description=Role in Exchange Online with its scope that is assigned or removed."`
	Page      *Page                `json:"page" jsonschema:"description=Where a person clicks; null for other kinds."`
	DependsOn []string             `json:"depends_on" jsonschema:"description=IDs of steps of this plan that come first."`
	Finding   string               `json:"finding" jsonschema:"description=Code of the check of zo365 doctor whose remedy this is."`
	// Blocked says why the step cannot succeed now; it is not begun.
	Blocked *Blocked `json:"blocked" jsonschema:"description=The failing check that is in the way; null when nothing is."`
	// Undoes is the ID of the journal entry that the step takes back.
	Undoes string `json:"undoes,omitempty" jsonschema:"description=ID of the journal entry that the step takes back."`
}

// Blocked is the failing check that is in the way of a step.
type Blocked struct {
	Check string `json:"check"`
	Why   string `json:"why"`
	Fix   string `json:"fix"`
}

// Page is a control on a page.
type Page struct {
	Address string `json:"address"`
	Menu    string `json:"menu" jsonschema:"description=The way through the menus."`
	Control string `json:"control" jsonschema:"description=The control's label."`
	Choose  string `json:"choose" jsonschema:"description=What to choose or press."`
	Proof   string `json:"proof" jsonschema:"description=What zo365 looks for afterwards; empty when a person's word has to do."`
}

// Portals are the addresses of the web portals, without a trailing slash.
type Portals struct{ Zoom, Entra string }

// Make collects the remedies of the findings that are not muted. Steps come in the
// findings' order, each after those that it depends on.
func Make(in doctor.Input, all []doctor.Finding, portals Portals) Plan {
	return made(in, all, portals, Everything, remedies(all))
}

// ForScope is the part of a plan that brings the consent of one scope: its controls in
// the portal, and the record of the consent.
func ForScope(in doctor.Input, all []doctor.Finding, portals Portals, scope string, again bool) Plan {
	return made(in, all, portals, Authorize, doctor.ConsentSteps(in, scope, again))
}

// Revocation takes every permission of Zoom's application away; whole takes its delegated grants
// and roles in Exchange, too, and the application out of the tenant.
func Revocation(in doctor.Input, all []doctor.Finding, portals Portals, whole bool) Plan {
	p := made(in, all, portals, Revoke, doctor.Revocation(in, whole))
	p.Open = []Open{} // what doctor finds beside it is not what was asked for
	return p
}

// ForSteps is a plan of steps that were made for one goal.
func ForSteps(goal Goal, in doctor.Input, all []doctor.Finding, portals Portals, steps []doctor.Step) Plan {
	p := made(in, all, portals, goal, steps)
	p.Open = []Open{} // what doctor finds beside it is not what was asked for
	return p
}

// Of is a plan of steps that a person asked for one by one: the reverse of an entry, a
// list of people, words about the portal.
func Of(goal Goal, target tenant.Target, steps ...Step) Plan {
	p := Plan{
		Format:  Format,
		Version: Version,
		Goal:    goal,
		At:      time.Now().UTC(),
		Target:  target,
		Parts:   []Part{},
		Unseen:  []string{},
		Open:    []Open{},
		Steps:   steps,
	}
	for i := range p.Steps {
		if p.Steps[i].DependsOn == nil {
			p.Steps[i].DependsOn = []string{}
		}
	}
	p.ID = of([]any{goal, target, p.Steps})
	return p
}

func remedies(all []doctor.Finding) []doctor.Step {
	var steps []doctor.Step
	known := map[string]bool{}
	for _, f := range all {
		if f.Muted != nil || f.Severity == doctor.OK || f.Severity == doctor.Skipped {
			continue
		}
		for _, s := range f.Steps {
			if !known[s.ID] {
				known[s.ID] = true
				s.Finding = f.Code
				steps = append(steps, s)
			}
		}
	}
	return steps
}

func made(in doctor.Input, all []doctor.Finding, portals Portals, goal Goal, steps []doctor.Step) Plan {
	p := Plan{
		Format:  Format,
		Version: Version,
		Goal:    goal,
		At:      newest(in),
		Target:  in.Target,
		Parts:   parts(in),
		Unseen:  append([]string{}, doctor.Unseen(all)...),
		Open:    []Open{},
		Steps:   []Step{},
	}
	p.ID = together(p.Parts)
	if goal != Everything {
		p.ID = of([]string{p.ID, string(goal), stepIDs(steps)})
	}
	if c := doctor.ZoomApplication(in); c.Principal != nil {
		p.Application = &Application{Application: c.Application(), Name: c.Principal.DisplayName, Basis: string(c.Basis)}
	}
	known := map[string]bool{}
	for _, s := range steps {
		known[s.ID] = true
	}
	for _, s := range inOrder(steps, known) {
		p.Steps = append(p.Steps, stepOf(s, known, portals))
	}
	p.block(in, all)
	for _, f := range all {
		if f.Muted == nil && (f.Severity == doctor.Fail || f.Severity == doctor.Warn) && !f.Absent && len(f.Steps) == 0 {
			p.Open = append(p.Open, Open{
				Check:    f.Code,
				Scope:    f.Scope,
				Severity: string(f.Severity),
				Saw:      f.Saw,
				Fix:      f.Fix,
			})
		}
	}
	return p
}

func stepIDs(steps []doctor.Step) string {
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.ID
	}
	return strings.Join(ids, " ")
}

// block marks the steps of a scope that wants a consent while a check fails without
// which Zoom or Entra refuses it, unless the plan itself mends that first; and what
// follows from them.
func (p *Plan) block(in doctor.Input, all []doctor.Finding) {
	var by *Blocked
	for _, f := range all {
		mends := slices.ContainsFunc(f.Steps, func(s doctor.Step) bool { return p.has(s.ID) })
		if by == nil && slices.Contains(doctor.Blockers, f.Code) && f.Severity == doctor.Fail && !f.Absent &&
			f.Muted == nil &&
			!mends {
			by = &Blocked{Check: f.Code, Why: f.Saw, Fix: f.Fix}
		}
	}
	if by == nil || p.Goal != Everything && p.Goal != Authorize {
		return
	}
	blocked := map[string]bool{}
	for i, s := range p.Steps {
		wants := doctor.WantsConsent(in, s.Scope) && (s.Page != nil || s.Action == string(doctor.RecordConsent))
		behind := slices.ContainsFunc(s.DependsOn, func(id string) bool { return blocked[id] })
		if wants || behind {
			p.Steps[i].Blocked = by
			blocked[s.ID] = true
		}
	}
}

// Blocked is the first check that is in the way of a step; nil when none is.
func (p Plan) Blocked() *Blocked {
	for _, s := range p.Steps {
		if s.Blocked != nil {
			return s.Blocked
		}
	}
	return nil
}

// Without is the plan without some steps. What depends on them goes on without them,
// but a consent that is only recorded again because of them stays as it is recorded.
func (p Plan) Without(some []Step) Plan {
	gone := func(id string) bool { return slices.ContainsFunc(some, func(s Step) bool { return s.ID == id }) }
	left := p
	left.Steps = []Step{}
	for _, s := range p.Steps {
		again := s.Action == string(doctor.RecordConsent) && s.Before != doctor.NotRecorded
		if !gone(s.ID) &&
			!(again && len(s.DependsOn) > 0 && !slices.ContainsFunc(s.DependsOn, func(id string) bool { return !gone(id) })) {
			s.DependsOn = slices.DeleteFunc(slices.Clone(s.DependsOn), gone)
			left.Steps = append(left.Steps, s)
		}
	}
	return left
}

// Revokes are the steps that take a permission away.
func (p Plan) Revokes() []Step {
	var some []Step
	for _, s := range p.Steps {
		if s.Action == string(doctor.RevokePermission) {
			some = append(some, s)
		}
	}
	return some
}

// Has says whether a step is in the plan.
func (p Plan) Has(step string) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.ID == step })
}

// Empty says whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// inOrder puts each step behind those that it depends on, otherwise as they came.
func inOrder(steps []doctor.Step, known map[string]bool) []doctor.Step {
	var ordered []doctor.Step
	placed := map[string]bool{}
	for len(ordered) < len(steps) {
		before := len(ordered)
		for _, s := range steps {
			ready := !placed[s.ID]
			for _, d := range s.DependsOn {
				ready = ready && (placed[d] || !known[d])
			}
			if ready {
				placed[s.ID] = true
				ordered = append(ordered, s)
			}
		}
		if len(ordered) == before {
			panic("the steps depend on each other in a circle: " + steps[0].ID) // a mistake in doctor's table
		}
	}
	return ordered
}

func stepOf(s doctor.Step, known map[string]bool, portals Portals) Step {
	one := Step{
		ID:         s.ID,
		Kind:       string(s.Kind),
		Action:     string(s.Action),
		Scope:      s.Scope,
		Target:     s.Target,
		Before:     s.Before,
		After:      s.After,
		Permission: s.Permission,
		Role:       s.Role,
		Object:     s.Object,
		DependsOn:  []string{},
		Finding:    s.Finding,
	}
	if s.Stopped != nil {
		one.Blocked = &Blocked{Check: s.Stopped.Check, Why: s.Stopped.Why, Fix: s.Stopped.Fix}
	}
	if !s.Application.Empty() {
		app := s.Application
		one.Application = &app
	}
	for _, d := range s.DependsOn {
		if known[d] && !slices.Contains(one.DependsOn, d) {
			one.DependsOn = append(one.DependsOn, d)
		}
	}
	if s.Page != nil {
		base := portals.Zoom
		if s.Page.Site == doctor.EntraCenter {
			base = portals.Entra
		}
		one.Page = &Page{
			Address: base + s.Page.Path,
			Menu:    s.Page.Menu,
			Control: s.Page.Control,
			Choose:  s.Page.Choose,
			Proof:   s.Page.Proof,
		}
	}
	return one
}

// Count is how many steps of each kind there are, in the order of doctor.Kinds.
func (p Plan) Count() map[string]int {
	n := map[string]int{}
	for _, s := range p.Steps {
		n[s.Kind]++
	}
	return n
}
