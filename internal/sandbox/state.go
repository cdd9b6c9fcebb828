package sandbox

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// serveState shows the imitated state, for tests. zo365 itself never asks.
func (s *Server) serveState(rec *world.Recorder) {
	states := []json.RawMessage{s.state()}
	for _, other := range s.others {
		other.world.Mu.Lock()
		states = append(states, other.state())
		other.world.Mu.Unlock()
	}
	rec.Head.Set("Content-Type", "application/json; charset=utf-8")
	if len(states) == 1 {
		rec.Body.Write(append(states[0], '\n'))
		return
	}
	text, err := json.MarshalIndent(states, "", "  ")
	if err != nil {
		panic(err) // JSON already
	}
	rec.Body.Write(append(text, '\n'))
}

// state is the state of one tenant and its Zoom account.
func (s *Server) state() json.RawMessage {
	type app struct {
		ID          string   `json:"id"`
		AppID       string   `json:"app_id"`
		DisplayName string   `json:"display_name"`
		Permissions []string `json:"permissions"`
		Enabled     bool     `json:"enabled"`
		SignedIn    bool     `json:"signed_in"`
	}
	apps := []app{}
	for _, sp := range s.world.Apps {
		one := app{
			ID:          sp.ID,
			AppID:       sp.AppID,
			DisplayName: sp.Name,
			Permissions: []string{},
			Enabled:     !sp.Disabled,
			SignedIn:    !sp.SignedIn.IsZero(),
		}
		for _, g := range sp.Grants {
			if g.DeletedAt.IsZero() {
				one.Permissions = append(one.Permissions, g.Written())
			}
		}
		slices.Sort(one.Permissions)
		apps = append(apps, one)
	}
	portal := map[string]world.PortalSettings{"account": *s.world.Portal[""]}
	for _, g := range s.world.ZoomGroups {
		if own := s.world.Portal[g.ID]; own != nil {
			portal["group:"+g.Name] = *own
		}
	}
	people, emails := map[string]string{}, []string{}
	const shown = 1000 // a state of a million people helps nobody
	if len(s.world.Users)+len(s.world.ZoomUsers) <= shown {
		for _, u := range s.world.Users {
			people[u.ID] = u.UPN
		}
		for _, z := range s.world.ZoomUsers {
			emails = append(emails, z.Email)
		}
		slices.Sort(emails)
	}
	groups := []string{}
	for _, g := range s.world.ZoomGroups {
		groups = append(groups, g.Name)
	}
	text, err := json.MarshalIndent(map[string]any{
		"exchange_roles": len(s.world.Held()),
		"exchange":       s.exchangeState(),
		"reach":          s.reachState(false),
		"reach_cached":   s.reachState(true),
		"delegated":      len(s.world.Delegations),
		"zoom_account":   s.world.AccountID,
		"upns":           people,
		"zoom_emails":    emails,
		"zoom_groups":    groups,
		"registrations":  append([]string{}, s.world.Registrations...),
		"scenario":       s.world.Scenario.Name,
		"tenant_id":      s.world.TenantID,
		"users":          len(s.world.Users),
		"zoom_users":     len(s.world.ZoomUsers),
		"applications":   apps,
		"consent_events": len(s.world.Audit),
		"portal":         portal,
	}, "", "  ")
	if err != nil {
		panic(err) // plain values
	}
	return text
}

// exchangeState are the roles that applications hold, each with its scope, and the policies.
func (s *Server) exchangeState() map[string]any {
	roles, policies := []string{}, []string{}
	for _, a := range s.world.Held() {
		name := a.Principal
		if sp := s.world.Principal(a.Principal); sp != nil {
			name = sp.Name
		}
		roles = append(roles, name+": "+strings.TrimSpace(a.Role+" "+s.world.ScopeName(a.Scope)))
	}
	for _, p := range s.world.Policies {
		policies = append(policies, p.AppID+" "+p.Right+" "+p.Group.Name)
	}
	slices.Sort(roles)
	return map[string]any{"roles": roles, "policies": policies, "scopes": len(s.world.Scopes)}
}

// reachState is what each application reaches, person by person, in a small world: those that
// reach something at all.
func (s *Server) reachState(cached bool) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	const small = 200
	if len(s.world.Users) > small {
		return all
	}
	for _, sp := range s.world.Apps {
		if len(sp.Grants) > 0 || slices.Contains(s.world.Pointers, sp.ID) {
			all[sp.Name] = s.world.Reachable(sp, cached)
		}
	}
	return all
}
