// Package plan makes a plan of doctor's findings: their remedies, in order, as a
// value that can be saved, reviewed and carried out later. It decides nothing that
// doctor did not find.
package plan

import (
	"slices"
	"time"

	"github.com/zo365/zo365/internal/doctor"
)

// Format and Version stand in every saved plan.
const (
	Format  = "zo365 plan"
	Version = 1
)

// Plan is the way from what is to what is wanted, for one tenant. It holds no
// secret.
type Plan struct {
	Format  string `json:"format" jsonschema:"enum=zo365 plan"`
	Version int    `json:"version" jsonschema:"enum=1"`
	// ID is the fingerprint of everything that the plan rests on.
	ID string `json:"id" jsonschema:"description=Fingerprint of the facts and wishes that the plan was made from."`
	// At is when the newest of the facts was read, UTC.
	At     time.Time `json:"at" jsonschema:"description=When the newest of the facts was read."`
	Tenant string    `json:"tenant" jsonschema:"description=ID of the Microsoft tenant."`
	Zoom   string    `json:"zoom_account" jsonschema:"description=ID of the Zoom account."`
	// Parts are the fingerprints of the single facts and wishes.
	Parts []Part `json:"parts" jsonschema:"description=Fingerprints of the single facts and wishes; apply refuses a plan when one has moved."`
	// Unseen are the checks that could not look.
	Unseen []string `json:"unseen" jsonschema:"description=Codes of the checks that could not see a fact; the plan does not know what they would have found."`
	Steps  []Step   `json:"steps" jsonschema:"description=What is to be done, in order. Steps that do not depend on each other can be done at the same time."`
}

// Part is the fingerprint of one thing that a plan rests on.
type Part struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

// Step is one thing to do.
type Step struct {
	ID        string   `json:"id" jsonschema:"description=Stable: the same remedy has the same ID in every plan."`
	Kind      string   `json:"kind" jsonschema:"enum=graph,enum=zoom,enum=portal,enum=local,description=Who can do it: Microsoft Graph; Zoom's API; a person in a portal; zo365 in the journal."`
	Action    string   `json:"action" jsonschema:"enum=grant-permission,enum=revoke-permission,enum=enable-application,enum=create-group,enum=click,enum=record-consent,enum=forget-consent"`
	Scope     string   `json:"scope" jsonschema:"description=account or group:NAME or tenant."`
	Target    string   `json:"target" jsonschema:"description=What the action is done to: a permission; a group's name; a control's code."`
	Before    string   `json:"before"`
	After     string   `json:"after"`
	Page      *Page    `json:"page" jsonschema:"description=Where a person clicks; null for other kinds."`
	DependsOn []string `json:"depends_on" jsonschema:"description=IDs of steps of this plan that come first."`
	Finding   string   `json:"finding" jsonschema:"description=Code of the check of zo365 doctor whose remedy this is."`
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
	p := Plan{Format: Format, Version: Version, At: newest(in), Tenant: in.Facts.Organization.Value.ID, Zoom: in.Facts.ZoomAccount.Value.ID, Parts: parts(in), Unseen: append([]string{}, doctor.Unseen(all)...), Steps: []Step{}}
	p.ID = together(p.Parts)
	var steps []doctor.Step
	known := map[string]bool{}
	for _, f := range all {
		if f.Muted != nil || f.Severity == doctor.OK {
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
	for _, s := range inOrder(steps, known) {
		p.Steps = append(p.Steps, stepOf(s, known, portals))
	}
	return p
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
		ID: s.ID, Kind: string(s.Kind), Action: string(s.Action), Scope: s.Scope, Target: s.Target,
		Before: s.Before, After: s.After, DependsOn: []string{}, Finding: s.Finding,
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
		one.Page = &Page{Address: base + s.Page.Path, Menu: s.Page.Menu, Control: s.Page.Control, Choose: s.Page.Choose, Proof: s.Page.Proof}
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
