package journal

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// State is what the journal says of now.
type State struct {
	// Authorizations holds the evidence of the last Authorized entry by scope.
	Authorizations map[string]Authorization
	// Portal holds the last confirmation of each step, by scope and step code.
	Portal map[string]map[string]Confirmation
	// Open are the steps that were started and have no end, in order.
	Open []Entry
	// Steps are all steps of plans, in order.
	Steps []PlanStep
	// Pinned is the application of the last consent that a person confirmed.
	Pinned tenant.Application
	// Granted are the permissions that zo365 itself granted, or began to.
	Granted []tenant.Permission
	// Tested is when each set of roles was first seen to be as wanted, by its fingerprint; Granted
	// is when the newest permission was granted.
	Tested    map[string]time.Time
	GrantedAt time.Time
	// Exchange is what somebody last read in Exchange Online; nil when nobody did.
	Exchange *tenant.ExchangeEvidence
	// Baseline is the last Observed entry's state; nil when there is none.
	Baseline json.RawMessage
}

// Authorization is a consent that was observed.
type Authorization struct {
	At       time.Time
	Actor    string
	Evidence json.RawMessage
	// Application is whose consent it was.
	Application tenant.Application
}

// applicationOf is the application of a recorded consent; lines of version 1 have it
// in their evidence.
func applicationOf(e Entry) tenant.Application {
	if e.Application != nil {
		return *e.Application
	}
	var evidence struct {
		Principal struct {
			ID    string `json:"id"`
			AppID string `json:"app_id"`
		} `json:"service_principal"`
	}
	_ = json.Unmarshal(e.Evidence, &evidence) // what is not there is not known
	return tenant.Application{AppID: evidence.Principal.AppID, PrincipalID: evidence.Principal.ID}
}

// pin keeps the application whose consent a person confirmed. In lines of version 1
// every recorded consent was either a person's or adopted, and was worked with.
func (s *State) pin(e Entry) {
	if app := applicationOf(e); !app.Empty() {
		s.Pinned = app
	}
}

// Confirmation says who said that a portal step was done, what was chosen, and when.
type Confirmation struct {
	By string
	// Choose is the value; empty in lines of older versions, which did not say.
	Choose string
	At     time.Time
	// Proved: zo365 had seen the proof when the word was taken.
	Proved bool
}

// Fold reads the entries from first to last.
func Fold(entries []Entry) State {
	s := State{Authorizations: map[string]Authorization{}, Portal: map[string]map[string]Confirmation{}}
	for _, e := range entries {
		switch e.Action {
		case Authorized:
			s.Authorizations[e.Scope] = Authorization{
				At:          e.At,
				Actor:       e.Actor,
				Evidence:    e.Evidence,
				Application: applicationOf(e),
			}
			if e.V < 2 {
				s.pin(e)
			}
		case AuthorizationRemoved:
			delete(s.Authorizations, e.Scope)
			if len(e.Voids) == 0 {
				delete(s.Portal, e.Scope)
			}
		case PortalConfirmed:
			s.confirm(e)
		case PortalWithdrawn:
			for _, step := range e.Steps {
				delete(s.Portal[e.Scope], step)
			}
		case Observed:
			s.Baseline = e.After
		case ScopeTested:
			s.tested(e)
		case ExchangeRead:
			s.read(e)
		case PermissionGranted:
			s.GrantedAt = e.At
		case RoleAssigned:
			if e.Undoes != "" { // given back
				s.GrantedAt = e.At
			}
		default: // history only
		}
		for _, step := range e.Voids {
			delete(s.Portal[e.Scope], step)
		}
		s.grant(e)
		s.follow(e)
	}
	return s
}

// tested keeps the first time: Exchange's cache is as old as the roles are, at most.
func (s *State) tested(e Entry) {
	var t struct {
		Fingerprint string `json:"fingerprint"`
	}
	if json.Unmarshal(e.Evidence, &t) != nil || t.Fingerprint == "" {
		return
	}
	if s.Tested == nil {
		s.Tested = map[string]time.Time{}
	}
	if _, known := s.Tested[t.Fingerprint]; !known {
		s.Tested[t.Fingerprint] = e.At
	}
}

// read lays what was read over what was read before: a part that is not there now stays.
func (s *State) read(e Entry) {
	var now tenant.ExchangeEvidence
	if json.Unmarshal(e.Evidence, &now) != nil {
		return
	}
	if old := s.Exchange; old != nil && strings.EqualFold(old.AppID, now.AppID) {
		if now.Pointer == nil {
			now.Pointer = old.Pointer
		}
		if now.Roles == nil {
			now.Roles = old.Roles
		}
		if now.Policies == nil {
			now.Policies = old.Policies
		}
		if now.EWS == nil {
			now.EWS = old.EWS
		}
	}
	s.Exchange = &now
}

// grant keeps what was granted; of a run that was killed, what it had begun.
func (s *State) grant(e Entry) {
	begun := e.Action == StepStarted && strings.HasPrefix(e.Step, "graph/grant/")
	if e.Permission != nil && (e.Action == PermissionGranted || begun) && !slices.Contains(s.Granted, *e.Permission) {
		s.Granted = append(s.Granted, *e.Permission)
	}
}

func (s *State) confirm(e Entry) {
	if s.Portal[e.Scope] == nil {
		s.Portal[e.Scope] = map[string]Confirmation{}
	}
	chosen := map[string]string{}
	if len(e.After) > 0 {
		_ = json.Unmarshal(e.After, &chosen) // a value that is not there is an empty one
	}
	if e.Application != nil {
		s.Pinned = *e.Application
	}
	for _, step := range e.Steps {
		s.Portal[e.Scope][step] = Confirmation{
			By:     e.Actor,
			Choose: chosen[step],
			At:     e.At,
			Proved: len(e.Evidence) > 0, // portal confirm has none
		}
	}
}

// follow keeps the steps of plans: what was begun, and what of it has an end.
func (s *State) follow(e Entry) {
	if e.Step == "" {
		return
	}
	s.Steps = append(s.Steps, PlanStep{
		Plan:  e.Plan,
		Step:  e.Step,
		At:    e.At,
		Ended: e.Action != StepStarted,
	})
	if e.Action == StepStarted {
		s.Open = append(s.Open, e)
		return
	}
	s.Open = slices.DeleteFunc(s.Open, func(open Entry) bool { return open.Step == e.Step })
}

// PlanStep is a step of a plan as the journal knows it.
type PlanStep struct {
	Plan, Step string
	At         time.Time
	Ended      bool
}

// StepsOf are the IDs of a plan's steps that were begun or done.
func (s State) StepsOf(plan string) []string {
	var ids []string
	for _, one := range s.Steps {
		if one.Plan == plan {
			ids = append(ids, one.Step)
		}
	}
	return ids
}
