package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// zoomChangeEmail gives a Zoom user another email. Zoom's own description and
// the field name the rules: a managed domain, nobody else's address, not an
// administrator's but by themselves, three times in 24 hours.
//
// https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email
func (s *Server) zoomChangeEmail(rec *recorder, body []byte, keys []string) {
	z := s.world.zoomUser(keys[0])
	if z == nil {
		zoomError(rec, http.StatusNotFound, 1001, "User does not exist: "+keys[0]+".")
		return
	}
	var wanted struct {
		Email string `json:"email"`
	}
	if err := json.Unmarshal(body, &wanted); err != nil || !strings.Contains(wanted.Email, "@") {
		zoomError(rec, http.StatusBadRequest, 300, "Email is required.")
		return
	}
	_, domain, _ := strings.Cut(wanted.Email, "@")
	managed := slices.ContainsFunc(
		s.world.scenario.Zoom.Domains,
		func(d ManagedDomain) bool { return strings.EqualFold(d.Name, domain) && d.Status == "verified" },
	)
	recent := slices.DeleteFunc(
		slices.Clone(z.emailChanges),
		func(at time.Time) bool { return s.world.now().Sub(at) > 24*time.Hour },
	)
	const most = 3
	switch other := s.world.zoomUser(wanted.Email); {
	case z.Role != "Member":
		zoomError(rec, http.StatusBadRequest, 1000, "No permission to change the email of an administrator.")
	case !managed:
		zoomError(rec, http.StatusBadRequest, 1117, "The email's domain is not one of the account's managed domains.")
	case other != nil && other != z:
		zoomError(rec, http.StatusBadRequest, 1005, "Email "+wanted.Email+" has been used.")
	case len(recent) >= most:
		zoomError(
			rec,
			http.StatusBadRequest,
			1010,
			"The email of this user was changed "+strconv.Itoa(most)+" times within 24 hours.",
		)
	default:
		z.Email = wanted.Email
		recent = append(recent, s.world.now())
		z.emailChanges = recent
		s.world.version++
		rec.status = http.StatusNoContent
	}
}

// zoomLimits are the requests a second that each plan may make, by label.
//
// https://developers.zoom.us/docs/api/rate-limits/
var zoomLimits = map[string]map[string]int{
	"Basic":    {"LIGHT": 4, "MEDIUM": 2},
	"Pro":      {"LIGHT": 30, "MEDIUM": 20},
	"Business": {"LIGHT": 80, "MEDIUM": 60},
}

// zoomLimited refuses a request beyond the plan's limit.
func (s *Server) zoomLimited(rec *recorder, label string) bool {
	limits, ok := zoomLimits[s.world.scenario.Zoom.Plan]
	if !ok {
		limits = zoomLimits["Business"]
	}
	now := s.world.now()
	recent := slices.DeleteFunc(s.zoom.recent[label], func(at time.Time) bool { return now.Sub(at) >= time.Second })
	rec.header.Set("X-Ratelimit-Category", label)
	rec.header.Set("X-Ratelimit-Limit", strconv.Itoa(limits[label]))
	rec.header.Set("X-Ratelimit-Remaining", strconv.Itoa(max(0, limits[label]-len(recent)-1)))
	if len(recent) >= limits[label] {
		s.zoom.recent[label] = recent
		rec.header.Set("X-Ratelimit-Type", "QPS")
		rec.header.Set("Retry-After", "1")
		zoomError(
			rec,
			http.StatusTooManyRequests,
			429,
			"You have reached the maximum per-second rate limit for this API. Try again later.",
		)
		return true
	}
	s.zoom.recent[label] = append(recent, now)
	return false
}

// zoomCreateGroup makes a group without members. That a name is taken is refused
// with 300; the real code is not documented.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/post/groups
func (s *Server) zoomCreateGroup(rec *recorder, body []byte, _ []string) {
	if !s.paid(rec) {
		return
	}
	var wanted struct {
		Name string `json:"name"`
	}
	switch err := json.Unmarshal(body, &wanted); {
	case err != nil || strings.TrimSpace(wanted.Name) == "":
		zoomError(rec, http.StatusBadRequest, 300, "Group name is required.")
	case slices.ContainsFunc(
		s.world.zoomGroups,
		func(g *zoomGroup) bool { return strings.EqualFold(g.Name, wanted.Name) },
	):
		zoomError(rec, http.StatusConflict, 300, "Group name "+wanted.Name+" is already in use.")
	default:
		g := &zoomGroup{ID: s.world.zoomID(), Name: wanted.Name}
		s.world.zoomGroups = append(s.world.zoomGroups, g)
		rec.json(http.StatusCreated, s.groupItem(g))
	}
}

// zoomDeleteGroup: https://developers.zoom.us/docs/api/users/#tag/groups/delete/groups/{groupId}
func (s *Server) zoomDeleteGroup(rec *recorder, _ []byte, keys []string) {
	if s.world.group(keys[0]) == nil {
		zoomError(rec, http.StatusNotFound, 4130, "A group with this "+keys[0]+" does not exist.")
		return
	}
	s.world.zoomGroups = slices.DeleteFunc(s.world.zoomGroups, func(g *zoomGroup) bool { return g.ID == keys[0] })
	for _, z := range s.world.zoomUsers {
		z.groups = slices.DeleteFunc(z.groups, func(id string) bool { return id == keys[0] })
	}
	rec.status = http.StatusNoContent
}
