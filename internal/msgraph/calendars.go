package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

// ErrNoMailbox says that a person has no mailbox in Exchange Online.
var ErrNoMailbox = errors.New("no mailbox in Exchange Online: it is inactive, soft-deleted or on premises")

// ErrNoUser says that Graph knows no such person.
var ErrNoUser = errors.New("no such user in the tenant")

// ErrCalendarDenied says that the sign-in may not read this mailbox.
var ErrCalendarDenied = errors.New("access to this mailbox is denied")

// ErrMailboxScoped says that Exchange keeps applications out of this mailbox, by an access
// policy or a scope: no permission helps. Reported:
// https://github.com/microsoftgraph/microsoft-graph-docs/issues/10103
var ErrMailboxScoped = errors.New(
	"an application access policy or a scope in Exchange keeps this application out of the mailbox",
)

var readCalendars = tenant.Access{
	Why:         "the names of calendars: a person's own, and everybody's for an application",
	Delegated:   []string{"Calendars.Read"},
	Application: []string{"Calendars.ReadBasic.All"},
	Or:          []string{"Calendars.ReadWrite"},
}

// batchSize is Graph's limit, https://learn.microsoft.com/graph/json-batching
const batchSize = 20

// CalendarAnswer is the calendars of one person, or why there are none.
type CalendarAnswer struct {
	User      string
	Calendars []tenant.Calendar
	Err       error
}

type calendar struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	IsDefault bool   `json:"isDefaultCalendar"`
	CanEdit   bool   `json:"canEdit"`
	Owner     struct {
		Address string `json:"address"`
	} `json:"owner"`
}

var _ = access("Calendars", readCalendars)

// Calendars lists the calendars of many people, twenty in a request. An error
// is one that ends the whole run; what is wrong with one person stands in the
// person's answer.
//
// https://learn.microsoft.com/graph/api/user-list-calendars
func (c *Client) Calendars(ctx context.Context, users []string) ([]CalendarAnswer, error) {
	answers := make([]CalendarAnswer, 0, len(users))
	for start := 0; start < len(users); start += batchSize {
		some, err := c.calendarBatch(ctx, users[start:min(start+batchSize, len(users))])
		if err != nil {
			return nil, err
		}
		answers = append(answers, some...)
	}
	return answers, nil
}

type batchItem struct {
	ID     string          `json:"id"`
	Method string          `json:"method,omitempty"`
	URL    string          `json:"url,omitempty"`
	Status int             `json:"status,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
}

func (c *Client) calendarBatch(ctx context.Context, users []string) ([]CalendarAnswer, error) {
	var request struct {
		Requests []batchItem `json:"requests"`
	}
	for i, u := range users {
		request.Requests = append(
			request.Requests,
			batchItem{ID: strconv.Itoa(i), Method: http.MethodGet, URL: calendarPath(u)},
		)
	}
	var response struct {
		Responses []batchItem `json:"responses"`
	}
	q := call{
		doing:  "listing calendars",
		access: readCalendars,
		method: http.MethodPost,
		path:   "/$batch",
		body:   request,
	}
	if err := c.do(rest.Reading(ctx), q, &response); err != nil {
		return nil, err
	}
	answers := make([]CalendarAnswer, len(users))
	answered := make([]bool, len(users))
	for _, item := range response.Responses { // in any order
		i, err := strconv.Atoi(item.ID)
		if err != nil || i < 0 || i >= len(users) {
			continue
		}
		answered[i] = true
		answers[i] = c.calendarItem(ctx, users[i], item)
	}
	for i, ok := range answered {
		if !ok {
			answers[i] = CalendarAnswer{User: users[i], Err: errors.New("Graph's batch answer left this user out")}
		}
		if tenant.Stops(answers[i].Err) {
			return nil, answers[i].Err
		}
	}
	return answers, nil
}

// calendarItem reads one answer of a batch. An item that was throttled, or that
// has further pages, is asked for by itself, where the transport is patient.
func (c *Client) calendarItem(ctx context.Context, user string, item batchItem) CalendarAnswer {
	var page struct {
		Value []calendar `json:"value"`
		Next  string     `json:"@odata.nextLink"`
	}
	if item.Status == http.StatusOK {
		if err := json.Unmarshal(item.Body, &page); err != nil {
			return CalendarAnswer{User: user, Err: fmt.Errorf("reading the calendars of %s: %w", user, err)}
		}
		if page.Next == "" {
			return CalendarAnswer{User: user, Calendars: calendarFacts(page.Value)}
		}
	}
	switch item.Status {
	case http.StatusOK, http.StatusTooManyRequests, http.StatusUnauthorized:
		return c.calendarsOf(ctx, user) // the transport renews a token, too
	}
	if item.Status >= http.StatusInternalServerError {
		return c.calendarsOf(ctx, user)
	}
	return CalendarAnswer{User: user, Err: calendarError(item.Status, item.Body)}
}

func (c *Client) calendarsOf(ctx context.Context, user string) CalendarAnswer {
	var all []calendar
	q := call{
		doing:  "listing the calendars of " + user,
		access: readCalendars,
		method: http.MethodGet,
		path:   calendarPath(user),
	}
	err := list(ctx, c, q, func(page []calendar) { all = append(all, page...) })
	var refused *Error // also within the one that names a permission
	if !tenant.Stops(err) && errors.As(err, &refused) {
		err = mailboxError(refused.Status, refused.Code, refused.Message)
	}
	return CalendarAnswer{User: user, Calendars: calendarFacts(all), Err: err}
}

func calendarPath(user string) string {
	return userPath(user) + "/calendars" + query("$select", "id,name,isDefaultCalendar,canEdit,owner", "$top", "100")
}

func calendarFacts(wire []calendar) []tenant.Calendar {
	facts := make([]tenant.Calendar, len(wire))
	for i, w := range wire {
		facts[i] = tenant.Calendar{
			ID:      w.ID,
			Name:    w.Name,
			Primary: w.IsDefault,
			CanEdit: w.CanEdit,
			Owner:   w.Owner.Address,
		}
	}
	return facts
}

func calendarError(status int, body json.RawMessage) error {
	var answer struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("Graph answered %d", status)
	}
	return mailboxError(status, answer.Error.Code, answer.Error.Message)
}

// mailboxError reads Exchange's codes. One and the same mailbox problem is
// reported as MailboxNotEnabledForRESTAPI or as ResourceNotFound at different
// times (microsoftgraph/microsoft-graph-docs issue 10481).
func mailboxError(status int, code, message string) error {
	switch code {
	case "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ResourceNotFound":
		return ErrNoMailbox
	case "Request_ResourceNotFound", "ErrorInvalidUser":
		return ErrNoUser
	case "ErrorAccessDenied", "Authorization_RequestDenied":
		if strings.Contains(message, "[RAOP]") || strings.Contains(message, "AppOnly AccessPolicy") {
			return ErrMailboxScoped
		}
		return ErrCalendarDenied
	}
	return fmt.Errorf("Graph answered %d %s: %s", status, code, message)
}
