package zoom

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

var accessRoomServices = access("RoomServices", tenant.Access{
	Why: "the calendar services of Zoom Rooms and their rooms",
	Scopes: []string{
		"zoom_rooms:read:list_calendar_services:admin",
		"zoom_rooms:read:list_calendar_resources:admin",
	},
	Or: []string{"room:read:admin"},
})

// noRooms begins Zoom's words for an account without Zoom Rooms, whose code has other meanings.
const noRooms = "Zoom Room subscription not found"

// RoomServices lists the calendar services of Zoom Rooms with the rooms' calendars; none for an
// account without Zoom Rooms. Which API a service uses is not in the answer.
//
// https://developers.zoom.us/changelog/rooms/july-18-2022
func (c *Client) RoomServices(ctx context.Context) ([]tenant.RoomService, error) {
	var services []struct {
		ID   string `json:"calendar_service_id"`
		Name string `json:"calendar_service_name"`
	}
	q := call{
		doing:  "listing the calendar services of Zoom Rooms",
		access: accessRoomServices,
		path:   "/rooms/calendar/services",
	}
	err := c.all(ctx, q, "calendar_services", &services)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == codeSeveral && strings.Contains(refused.Message, noRooms) {
		return []tenant.RoomService{}, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]tenant.RoomService, len(services))
	for i, s := range services {
		all[i] = tenant.RoomService{ID: s.ID, Name: s.Name, Resources: []tenant.RoomResource{}}
		var found []struct {
			Email string `json:"calendar_resource_email"`
			Name  string `json:"calendar_resource_name"`
			Room  string `json:"assigned_room_id"`
			Sync  string `json:"sync_status"`
		}
		q := call{
			doing:  "listing the rooms of the calendar service " + s.Name,
			access: accessRoomServices,
			path:   "/rooms/calendar/services/" + url.PathEscape(s.ID) + "/resources",
			query:  url.Values{"page_size": {"300"}},
		}
		err := c.all(ctx, q, "calendar_resources", &found)
		if tenant.Stops(err) || ctx.Err() != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		if err != nil { // the other services' rooms are listed all the same
			all[i].Unseen = err.Error()
			continue
		}
		for _, r := range found {
			all[i].Resources = append(all[i].Resources, tenant.RoomResource{
				Email:  r.Email,
				Name:   r.Name,
				RoomID: r.Room,
				Synced: r.Sync,
			})
		}
	}
	return all, nil
}
