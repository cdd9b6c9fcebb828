package sandbox

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

var calendarProperties = []string{
	"id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems", "canEdit",
	"allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses", "isRemovable", "owner",
}

// calendars: https://learn.microsoft.com/graph/api/user-list-calendars
func (s *Server) calendars(g *graphCall) {
	u, ok := s.mailbox(g)
	if !ok {
		return
	}
	items := []entity{calendarEntity(u, "Calendar", true)}
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
func (s *Server) primaryCalendar(g *graphCall) {
	if u, ok := s.mailbox(g); ok {
		s.one(
			g,
			collection{
				context: "users('" + u.ID + "')/calendar",
				kind:    "microsoft.graph.calendar",
				items:   []entity{calendarEntity(u, "Calendar", true)},
				known:   calendarProperties,
			},
		)
	}
}

func calendarEntity(u *user, name string, primary bool) entity {
	return entity{
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
		"owner":                        map[string]any{"name": u.Name, "address": or(u.Mail, u.UPN)},
	}
}

// mailbox finds whose calendars are asked for, with the refusals of Exchange
// that the field reports: one and the same missing mailbox answers
// MailboxNotEnabledForRESTAPI or ResourceNotFound, by turns here
// (microsoftgraph/microsoft-graph-docs issue 10481).
func (s *Server) mailbox(g *graphCall) (*user, bool) {
	me := strings.EqualFold(g.path[0], "me")
	if me && !s.signedIn(g) {
		return nil, false
	}
	u := g.token.user
	if !me {
		u = s.world.person(g.path[1])
	}
	may := slices.ContainsFunc(
		[]string{"Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"},
		func(p string) bool { return slices.Contains(g.token.permissions, p) },
	)
	switch {
	case u == nil:
		s.graphError(g.rec, g.r, http.StatusNotFound, "ErrorInvalidUser", "The requested user '"+g.path[1]+"' is invalid.")
	case !may, g.token.user != nil && g.token.user != u:
		s.graphError(
			g.rec,
			g.r,
			http.StatusForbidden,
			"ErrorAccessDenied",
			"Access is denied. Check credentials and try again.",
		)
	case u.NoMailbox:
		u.refusedCalendarsBy++
		if u.refusedCalendarsBy%2 == 1 {
			s.graphError(
				g.rec,
				g.r,
				http.StatusNotFound,
				"MailboxNotEnabledForRESTAPI",
				"The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
			)
		} else {
			s.graphError(g.rec, g.r, http.StatusNotFound, "ResourceNotFound", "Resource could not be discovered.")
		}
	default:
		return u, true
	}
	return nil, false
}
