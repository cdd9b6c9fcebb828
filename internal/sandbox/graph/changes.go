package graph

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// usersDelta: without a token everybody, page by page; with "latest" nobody; with
// a token of ours whoever changed since then, a deleted person as @removed. Each
// way ends with a delta link that holds the request's options.
//
// https://learn.microsoft.com/graph/api/user-delta
// https://learn.microsoft.com/graph/delta-query-overview
func (s *Service) usersDelta(g *graphCall) {
	if !s.allowed(g, usersReaders...) {
		return
	}
	c := s.users(false)
	for key := range g.query {
		if !slices.Contains([]string{"$select", "$deltatoken", "$deltaToken", "$skiptoken"}, key) {
			s.badQuery(g, "The query parameter '"+key+"' is not one that the sandbox imitates with delta.")
			return
		}
	}
	fields, ok := s.selected(g, c)
	if !ok {
		return
	}
	token := cmp.Or(g.query.Get("$deltatoken"), g.query.Get("$deltaToken"))
	items := []any{}
	next := 0
	switch {
	case token == "latest":
	case token != "":
		raw, err := base64.RawURLEncoding.DecodeString(token)
		since, notNumber := strconv.Atoi(string(raw))
		if err != nil || notNumber != nil || since > s.World.Version {
			s.Error(g.rec, g.r, http.StatusBadRequest, "Directory_InvalidDeltaToken", "The delta token is not valid.")
			return
		}
		items = s.changesSince(since, fields)
	default:
		start, ok := s.pageStart(g, len(c.items))
		if !ok {
			return
		}
		end := min(start+c.page, len(c.items))
		for _, item := range c.items[start:end] {
			items = append(items, item.Only(fields))
		}
		if end < len(c.items) {
			next = end
		}
	}
	body := map[string]any{"@odata.context": s.contextOf(g, "users"), "value": items}
	if next > 0 {
		body["@odata.nextLink"] = s.nextLink(g, next)
	} else {
		body["@odata.deltaLink"] = s.deltaLink(g)
	}
	g.rec.JSON(http.StatusOK, body)
}

func (s *Service) changesSince(version int, fields []string) []any {
	items, seen := []any{}, map[string]bool{}
	for _, change := range slices.Backward(s.World.Changes) {
		u := change.User
		if change.Version <= version || seen[u.ID] {
			continue
		}
		seen[u.ID] = true
		if !u.DeletedAt.IsZero() {
			items = append(items, map[string]any{"id": u.ID, "@removed": map[string]any{"reason": "changed"}})
			continue
		}
		item := userEntity(u).Only(fields)
		item["id"] = u.ID
		items = append(items, item)
	}
	return items
}

func (s *Service) deltaLink(g *graphCall) string {
	q := g.r.URL.Query()
	for _, old := range []string{"$deltaToken", "$skiptoken"} {
		q.Del(old)
	}
	q.Set("$deltatoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(s.World.Version))))
	return s.asked(g) + "/v1.0/users/delta?" + q.Encode()
}

// writable is the person of a request that may change them; nil once it was
// refused.
func (s *Service) writable(g *graphCall) *world.User {
	if !s.allowed(g, "User.ReadWrite.All", "Directory.ReadWrite.All") {
		return nil
	}
	u := s.World.Person(g.path[1])
	if u == nil {
		s.notFound(g, g.path[1])
	}
	return u
}

// updateUser changes the properties of a person that a report rests on. A UPN
// must be under a verified domain and nobody else's; one that comes from an
// on-premises directory cannot be changed here.
//
// https://learn.microsoft.com/graph/api/user-update
func (s *Service) updateUser(g *graphCall) {
	u := s.writable(g)
	if u == nil {
		return
	}
	var body struct {
		Type    string  `json:"@odata.type"` // which the SDKs send
		UPN     *string `json:"userPrincipalName"`
		Name    *string `json:"displayName"`
		Enabled *bool   `json:"accountEnabled"`
	}
	decoder := json.NewDecoder(g.r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		s.badQuery(g, "The sandbox does not imitate this update: "+err.Error())
		return
	}
	if body.UPN != nil && !s.newUPN(g, u, *body.UPN) {
		return
	}
	if body.Name != nil {
		u.Name = *body.Name
	}
	if body.Enabled != nil {
		u.Disabled = !*body.Enabled
	}
	s.World.Changed(u)
	g.rec.Status = http.StatusNoContent
}

func (s *Service) newUPN(g *graphCall, u *world.User, upn string) bool {
	_, domain, _ := strings.Cut(upn, "@")
	verified := slices.ContainsFunc(
		s.World.Scenario.Tenant.Domains,
		func(d world.EntraDomain) bool { return d.Verified && strings.EqualFold(d.Name, domain) },
	)
	other := s.World.Person(upn)
	switch {
	case u.Synced:
		s.badQuery(
			g,
			"Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.",
		)
	case !verified:
		s.badQuery(
			g,
			"Property userPrincipalName is invalid: the domain portion is not one of the verified domains of the tenant.",
		)
	case other != nil && other != u:
		s.badQuery(g, "Another object with the same value for property userPrincipalName already exists.")
	default:
		u.UPN = upn
		return true
	}
	return false
}

// deleteUser moves a person to the deleted, from where they can be restored.
//
// https://learn.microsoft.com/graph/api/user-delete
func (s *Service) deleteUser(g *graphCall) {
	u := s.writable(g)
	if u == nil {
		return
	}
	u.DeletedAt = s.World.Now()
	u.UPN = strings.ReplaceAll(u.ID, "-", "") + u.UPN
	s.World.Changed(u)
	g.rec.Status = http.StatusNoContent
}
