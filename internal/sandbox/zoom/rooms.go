package zoom

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// The calendar services of Zoom Rooms. Zoom's description of these calls is not among the
// project's; the fields follow Zoom's own reference.
//
// https://developers.zoom.us/changelog/rooms/july-18-2022

// roomServices lists the services; an account without one has no rooms.
func (s *Service) roomServices(rec *world.Recorder, _ url.Values, _ []string) {
	services := s.World.Scenario.Zoom.RoomServices
	if len(services) == 0 {
		Error(rec, http.StatusBadRequest, 200,
			"Zoom Room subscription not found. Try again after purchasing a Zoom Room subscription.")
		return
	}
	items := []any{}
	for i, one := range services {
		assigned := 0
		for _, r := range one.Resources {
			if r.Room != "" {
				assigned++
			}
		}
		items = append(items, map[string]any{
			"calendar_service_id":               roomServiceID(i),
			"calendar_service_name":             one.Name,
			"calendar_resource_total_number":    len(one.Resources),
			"calendar_resource_assigned_number": assigned,
			"added_date_time":                   world.Stamp(s.World.Started),
			"latest_synced_date_time":           world.Stamp(s.World.Started),
		})
	}
	rec.JSON(http.StatusOK, map[string]any{"calendar_services": items})
}

func roomServiceID(i int) string { return fmt.Sprintf("service%014d", i) }

// roomResources lists the resources of one service, in pages.
func (s *Service) roomResources(rec *world.Recorder, q url.Values, keys []string) {
	for i, one := range s.World.Scenario.Zoom.RoomServices {
		if roomServiceID(i) != keys[0] {
			continue
		}
		items := []any{}
		for k, r := range one.Resources {
			item := map[string]any{
				"calendar_resource_id":    fmt.Sprintf("resource%d-%d", i, k),
				"calendar_resource_email": r.Email,
				"calendar_resource_name":  r.Name,
				"sync_status":             "Success",
			}
			if r.Room != "" {
				item["assigned_room_id"] = r.Room
			}
			if r.Failed {
				item["sync_status"] = "Failed"
			}
			items = append(items, item)
		}
		s.zoomPaged(rec, q, "calendar_resources", 300, items)
		return
	}
	Error(rec, http.StatusNotFound, 4061, "Calendar service does not exist: "+keys[0])
}
