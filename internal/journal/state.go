package journal

import (
	"encoding/json"
	"time"
)

// State is what the journal says of now.
type State struct {
	// Authorizations holds the evidence of the last Authorized entry by scope.
	Authorizations map[string]Authorization
	// Portal holds the last confirmation of each step, by scope and step code.
	Portal map[string]map[string]Confirmation
}

// Authorization is a consent that was observed.
type Authorization struct {
	At       time.Time
	Actor    string
	Evidence json.RawMessage
}

// Confirmation says who said that a portal step was done, and when.
type Confirmation struct {
	By string
	At time.Time
}

// AccountScope is the scope of the account profile.
const AccountScope = "account"

// Scope names the account (group "") or a group.
func Scope(group string) string {
	if group == "" {
		return AccountScope
	}
	return "group:" + group
}

// Fold reads the entries from first to last.
func Fold(entries []Entry) State {
	s := State{Authorizations: map[string]Authorization{}, Portal: map[string]map[string]Confirmation{}}
	for _, e := range entries {
		switch e.Action {
		case Authorized:
			s.Authorizations[e.Scope] = Authorization{At: e.At, Actor: e.Actor, Evidence: e.Evidence}
		case AuthorizationRemoved:
			delete(s.Authorizations, e.Scope)
			delete(s.Portal, e.Scope)
		case PortalConfirmed:
			if s.Portal[e.Scope] == nil {
				s.Portal[e.Scope] = map[string]Confirmation{}
			}
			for _, step := range e.Steps {
				s.Portal[e.Scope][step] = Confirmation{By: e.Actor, At: e.At}
			}
		case ProfileChanged, GrantsRevoked, ZoomEmailChanged, UPNChanged: // history only
		}
	}
	return s
}
