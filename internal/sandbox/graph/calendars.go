package graph

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

var calendarProperties = []string{
	"id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems", "canEdit",
	"allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses", "isRemovable", "owner",
}

// calendars: https://learn.microsoft.com/graph/api/user-list-calendars
func (s *Service) calendars(g *graphCall) {
	u, ok := s.mailbox(g)
	if !ok {
		return
	}
	items := []world.Entity{calendarEntity(u, "Calendar", true)}
	for _, name := range u.Calendars {
		items = append(items, calendarEntity(u, name, false))
	}
	s.list(
		g,
		collection{
			context: "users('" + u.ID + "')/calendars",
			kind:    "microsoft.graph.calendar",
			items:   items,
			known:   calendarProperties,
			page:    10,
			most:    999,
		},
	)
}

// primaryCalendar: https://learn.microsoft.com/graph/api/calendar-get
func (s *Service) primaryCalendar(g *graphCall) {
	if u, ok := s.mailbox(g); ok {
		s.one(
			g,
			collection{
				context: "users('" + u.ID + "')/calendar",
				kind:    "microsoft.graph.calendar",
				items:   []world.Entity{calendarEntity(u, "Calendar", true)},
				known:   calendarProperties,
			},
		)
	}
}

func calendarEntity(u *world.User, name string, primary bool) world.Entity {
	return world.Entity{
		"id": base64.URLEncoding.EncodeToString(
			[]byte("calendar:" + u.ID + ":" + name),
		),
		"name":                name,
		"color":               "auto",
		"hexColor":            "",
		"isDefaultCalendar":   primary,
		"changeKey":           base64.StdEncoding.EncodeToString([]byte(u.ID[:8])),
		"canShare":            primary,
		"canViewPrivateItems": true,
		"canEdit":             true,
		"allowedOnlineMeetingProviders": []any{
			"teamsForBusiness",
		},
		"defaultOnlineMeetingProvider": "teamsForBusiness",
		"isTallyingResponses":          primary,
		"isRemovable":                  !primary,
		"owner":                        map[string]any{"name": u.Name, "address": cmp.Or(u.Mail, u.UPN)},
	}
}

// mailbox finds whose calendars are asked for, with the refusals of Exchange
// that the field reports: one and the same missing mailbox answers
// MailboxNotEnabledForRESTAPI or ResourceNotFound, by turns here
// (microsoftgraph/microsoft-graph-docs issue 10481).
func (s *Service) mailbox(g *graphCall) (*world.User, bool) {
	me := strings.EqualFold(g.path[0], "me")
	if me && !s.signedIn(g) {
		return nil, false
	}
	u := g.token.User
	if !me {
		u = s.World.Person(g.path[1])
	}
	readers := []string{"Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"}
	by := slices.IndexFunc(readers, func(p string) bool { return slices.Contains(g.token.Permissions, p) })
	may := by >= 0
	if may {
		g.rec.Allowed = append(g.rec.Allowed, readers[by])
	}
	scoped := false
	if u != nil && !me && g.token.User == nil {
		may, scoped = s.reaches(g, u, readers, may)
	}
	switch {
	case u == nil:
		s.Error(g.rec, g.r, http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+g.path[1]+"' is invalid.")
	case !may, g.token.User != nil && g.token.User != u:
		s.Error(
			g.rec,
			g.r,
			http.StatusForbidden,
			"ErrorAccessDenied",
			"Access is denied. Check credentials and try again.",
		)
	case scoped, u.AccessPolicy && g.token.User == nil:
		// reported: https://github.com/microsoftgraph/microsoft-graph-docs/issues/10103
		s.Error(
			g.rec,
			g.r,
			http.StatusForbidden,
			"ErrorAccessDenied",
			"Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
		)
	case u.NoMailbox:
		u.RefusedCalendarsBy++
		if u.RefusedCalendarsBy%2 == 1 {
			s.Error(
				g.rec,
				g.r,
				http.StatusNotFound,
				"MailboxNotEnabledForRESTAPI",
				"The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
			)
		} else {
			s.Error(g.rec, g.r, http.StatusNotFound, "ResourceNotFound", "Resource could not be discovered.")
		}
	default:
		return u, true
	}
	return nil, false
}

// reaches answers for an application as Exchange does: by its grants and the policies, or by its
// roles as Exchange's cache has them. scoped says that policies or scopes keep it out.
func (s *Service) reaches(g *graphCall, u *world.User, readers []string, granted bool) (may, scoped bool) {
	sp := s.World.App(g.token.AppID())
	if sp == nil {
		return granted, false
	}
	reach := s.World.Reach(sp, u, true)
	may = slices.ContainsFunc(readers, func(p string) bool { return slices.Contains(reach, p) })
	roles := slices.ContainsFunc(s.World.Held(), func(a world.ExchangeAssignment) bool { return a.Principal == sp.ID })
	if u.NoMailbox {
		return granted || roles, false
	}
	return may || granted || roles, !may && (granted || roles)
}
