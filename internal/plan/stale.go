package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

// StaleError says that a saved plan does not fit what is there now.
type StaleError struct {
	// Moved are the parts that are not as they were.
	Moved []string
	// Gone and New are the IDs of steps that nothing asks for any more, and of those
	// that something asks for now.
	Gone, New []string
}

func (e *StaleError) Error() string {
	text := "the plan is out of date: since it was made, " + strings.Join(e.Moved, ", ") + " changed"
	if len(e.Gone) > 0 {
		text += fmt.Sprintf("; not needed any more: %s", strings.Join(e.Gone, ", "))
	}
	if len(e.New) > 0 {
		text += fmt.Sprintf("; needed now: %s", strings.Join(e.New, ", "))
	}
	return text
}

// Remaining are the steps of a saved plan that are still to be done, as a plan of
// now. done are the steps that a journal says were done or begun for this plan. They
// may be gone, since this plan made them so, and so may what a person did in a portal
// as the plan told them, and what followed from that. Everything else must be as it
// was.
func (p Plan) Remaining(now Plan, done []string) (Plan, error) {
	e := &StaleError{Moved: p.moved(now)}
	if differs := now.Target.Differs(p.Target); differs != "" {
		return Plan{}, &WrongTargetError{Differs: differs}
	}
	left := p
	left.Steps = []Step{}
	progress := len(done) > 0
	for _, s := range p.Steps {
		i := slices.IndexFunc(now.Steps, func(q Step) bool { return q.ID == s.ID })
		switch {
		case i >= 0 && !alike(s, now.Steps[i]):
			return Plan{}, &EditedError{Step: s.ID}
		case i >= 0:
			// What a person reads, an address above all, is never taken from a file.
			left.Steps = append(left.Steps, now.Steps[i])
		case slices.Contains(done, s.ID):
		case p.byPerson(s):
			progress = true
		default:
			e.Gone = append(e.Gone, s.ID)
		}
	}
	for _, s := range now.Steps {
		if !p.has(s.ID) {
			e.New = append(e.New, s.ID)
		}
	}
	if len(e.Gone)+len(e.New) > 0 || len(e.Moved) > 0 && !progress {
		if len(e.Moved) == 0 {
			e.Moved = []string{"the rules of zo365"}
		}
		return Plan{}, e
	}
	for i := range left.Steps {
		left.Steps[i].DependsOn = slices.DeleteFunc(
			slices.Clone(left.Steps[i].DependsOn),
			func(id string) bool { return !left.has(id) },
		)
	}
	return left, nil
}

// moved are the parts that are not as they were.
func (p Plan) moved(now Plan) []string {
	var moved []string
	for _, part := range now.Parts {
		i := slices.IndexFunc(p.Parts, func(q Part) bool { return q.Name == part.Name })
		if i < 0 || p.Parts[i].Fingerprint != part.Fingerprint {
			moved = append(moved, part.Name)
		}
	}
	return moved
}

// byPerson says whether a step is a person's, or is a permission that a person's
// consent brings.
func (p Plan) byPerson(s Step) bool {
	if s.Page != nil {
		return true
	}
	if s.Action != string(doctor.GrantPermission) {
		return false
	}
	for _, id := range s.DependsOn {
		if i := slices.IndexFunc(p.Steps, func(q Step) bool { return q.ID == id }); i >= 0 && p.byPerson(p.Steps[i]) {
			return true
		}
	}
	return false
}

// WrongTargetError says that a plan, a list or an entry is for another target.
type WrongTargetError struct{ Differs string }

func (e *WrongTargetError) Error() string {
	return "this is for another target: " + e.Differs + "; nothing was changed"
}

// EditedError says that a step of a saved plan is not what zo365 makes of it now,
// although it has the same ID.
type EditedError struct{ Step string }

func (e *EditedError) Error() string { return "the step " + e.Step + " is not as zo365 made it" }

// alike says whether two steps do the same.
func alike(a, b Step) bool {
	return a.Kind == b.Kind && a.Action == b.Action && a.Scope == b.Scope && a.Target == b.Target &&
		sameApplication(a.Application, b.Application) && samePermission(a.Permission, b.Permission) && a.Person == nil
}

// sameApplication says whether a saved step is about the application of now; one that was
// still to come into the tenant may have come.
func sameApplication(saved, now *tenant.Application) bool {
	return saved == nil || now != nil && *saved == *now
}

func samePermission(saved, now *tenant.Permission) bool {
	if saved == nil || now == nil {
		return saved == now
	}
	return saved.Same(*now)
}

func (p Plan) has(id string) bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.ID == id })
}
