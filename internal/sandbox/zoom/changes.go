package zoom

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// zoomChangeEmail gives a Zoom user another email. Zoom's own description and
// the field name the rules: a managed domain, nobody else's address, not an
// administrator's but by themselves, three times in 24 hours.
//
// https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email
func (s *Service) zoomChangeEmail(rec *world.Recorder, body []byte, keys []string) {
	z := s.World.ZoomUser(keys[0])
	if z == nil {
		Error(rec, http.StatusNotFound, 1001, "User does not exist: "+keys[0]+".")
		return
	}
	var wanted struct {
		Email string `json:"email"`
	}
	if err := json.Unmarshal(body, &wanted); err != nil || !strings.Contains(wanted.Email, "@") {
		Error(rec, http.StatusBadRequest, 300, "Email is required.")
		return
	}
	_, domain, _ := strings.Cut(wanted.Email, "@")
	managed := slices.ContainsFunc(
		s.World.Scenario.Zoom.Domains,
		func(d world.ManagedDomain) bool { return strings.EqualFold(d.Name, domain) && d.Status == "verified" },
	)
	recent := slices.DeleteFunc(
		slices.Clone(z.EmailChanges),
		func(at time.Time) bool { return s.World.Now().Sub(at) > 24*time.Hour },
	)
	const most = 3
	switch other := s.World.ZoomUser(wanted.Email); {
	case z.Role != "Member":
		Error(rec, http.StatusBadRequest, 1000, "No permission to change the email of an administrator.")
	case !managed:
		Error(rec, http.StatusBadRequest, 1117, "The email's domain is not one of the account's managed domains.")
	case other != nil && other != z:
		Error(rec, http.StatusBadRequest, 1005, "Email "+wanted.Email+" has been used.")
	case len(recent) >= most:
		Error(
			rec,
			http.StatusBadRequest,
			1010,
			"The email of this user was changed "+strconv.Itoa(most)+" times within 24 hours.",
		)
	default:
		z.Email = wanted.Email
		recent = append(recent, s.World.Now())
		z.EmailChanges = recent
		s.World.Version++
		rec.Status = http.StatusNoContent
	}
}

// zoomLimits are the requests a second that each plan may make, by label.
//
// https://developers.zoom.us/docs/api/rate-limits/
var zoomLimits = map[string]map[string]int{
	"Basic":    {"LIGHT": 4, "MEDIUM": 2, "HEAVY": 1},
	"Pro":      {"LIGHT": 30, "MEDIUM": 20, "HEAVY": 10},
	"Business": {"LIGHT": 80, "MEDIUM": 60, "HEAVY": 40},
}

// zoomLimited refuses a request beyond the plan's limit.
func (s *Service) zoomLimited(rec *world.Recorder, label string) bool {
	limits, ok := zoomLimits[s.World.Scenario.Zoom.Plan]
	if !ok {
		limits = zoomLimits["Business"]
	}
	now := s.World.Now()
	recent := slices.DeleteFunc(s.OAuth.recent[label], func(at time.Time) bool { return now.Sub(at) >= time.Second })
	rec.Head.Set("X-Ratelimit-Category", label)
	rec.Head.Set("X-Ratelimit-Limit", strconv.Itoa(limits[label]))
	rec.Head.Set("X-Ratelimit-Remaining", strconv.Itoa(max(0, limits[label]-len(recent)-1)))
	if len(recent) >= limits[label] {
		s.OAuth.recent[label] = recent
		rec.Head.Set("X-Ratelimit-Type", "QPS")
		rec.Head.Set("Retry-After", "1")
		Error(
			rec,
			http.StatusTooManyRequests,
			429,
			"You have reached the maximum per-second rate limit for this API. Try again later.",
		)
		return true
	}
	s.OAuth.recent[label] = append(recent, now)
	return false
}

// zoomCreateGroup makes a group without members. That a name is taken is refused
// with 300; the real code is not documented.
//
// https://developers.zoom.us/docs/api/users/#tag/groups/post/groups
func (s *Service) zoomCreateGroup(rec *world.Recorder, body []byte, _ []string) {
	if !s.paid(rec) {
		return
	}
	var wanted struct {
		Name string `json:"name"`
	}
	switch err := json.Unmarshal(body, &wanted); {
	case err != nil || strings.TrimSpace(wanted.Name) == "":
		Error(rec, http.StatusBadRequest, 300, "Group name is required.")
	case slices.ContainsFunc(
		s.World.ZoomGroups,
		func(g *world.AccountGroup) bool { return strings.EqualFold(g.Name, wanted.Name) },
	):
		Error(rec, http.StatusConflict, 300, "Group name "+wanted.Name+" is already in use.")
	default:
		g := &world.AccountGroup{ID: s.World.ZoomID(), Name: wanted.Name}
		s.World.ZoomGroups = append(s.World.ZoomGroups, g)
		rec.JSON(http.StatusCreated, s.groupItem(g))
	}
}

// zoomDeleteGroup: https://developers.zoom.us/docs/api/users/#tag/groups/delete/groups/{groupId}
func (s *Service) zoomDeleteGroup(rec *world.Recorder, _ []byte, keys []string) {
	if s.World.Group(keys[0]) == nil {
		Error(rec, http.StatusNotFound, 4130, "A group with this "+keys[0]+" does not exist.")
		return
	}
	s.World.ZoomGroups = slices.DeleteFunc(s.World.ZoomGroups, func(g *world.AccountGroup) bool { return g.ID == keys[0] })
	for _, z := range s.World.ZoomUsers {
		z.Groups = slices.DeleteFunc(z.Groups, func(id string) bool { return id == keys[0] })
	}
	rec.Status = http.StatusNoContent
}
