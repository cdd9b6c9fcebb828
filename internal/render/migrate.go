package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/zo365/zo365/internal/doctor"
)

// EWSMigration is the JSON of migrate ews.
type EWSMigration struct {
	Uses    []EWSUse  `json:"uses"`
	Setting string    `json:"organization_setting"`
	Steps   []EWSStep `json:"steps"`
	Unseen  []string  `json:"could_not_see"`
}

// EWSUse is something on Exchange Web Services.
type EWSUse struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Works string `json:"works_today"`
	Why   string `json:"why"`
	Ends  string `json:"ends"`
}

// EWSStep is a step of the way out.
type EWSStep struct {
	What    string `json:"what"`
	Command string `json:"command"`
	Why     string `json:"why"`
}

// NewEWSMigration is a way as it is shown.
func NewEWSMigration(way doctor.EWSWay, unseen []string) EWSMigration {
	m := EWSMigration{
		Uses:    []EWSUse{},
		Setting: way.Setting,
		Steps:   []EWSStep{},
		Unseen:  append([]string{}, unseen...),
	}
	for _, u := range way.Uses {
		m.Uses = append(m.Uses, EWSUse{
			Kind:  u.Kind,
			Name:  u.Name,
			Works: string(u.Works),
			Why:   u.Why,
			Ends:  u.Ends,
		})
	}
	for _, s := range way.Steps {
		m.Steps = append(m.Steps, EWSStep(s))
	}
	return m
}

// EWSListing shows what uses it and the way out.
func EWSListing(m EWSMigration) Listing {
	l := Listing{
		Value:   m,
		Columns: []string{"kind", "name", "works_today", "ends", "why"},
	}
	for _, u := range m.Uses {
		l.Rows = append(l.Rows, []string{u.Kind, u.Name, u.Works, u.Ends, u.Why})
	}
	l.Text = func(w io.Writer, _ Paint) error {
		var b strings.Builder
		if len(m.Uses) == 0 {
			b.WriteString("Nothing that zo365 can see uses Exchange Web Services.\n")
		}
		for _, u := range m.Uses {
			fmt.Fprintf(&b, "%s: %s\n  works today: %s (%s)\n  ends:        %s\n", u.Kind, visible(u.Name), u.Works,
				visible(u.Why), u.Ends)
		}
		fmt.Fprintf(&b, "The organization's setting: %s\n", visible(m.Setting))
		for i, s := range m.Steps {
			if i == 0 {
				b.WriteString("\nThe way to Microsoft Graph, in this order:\n")
			}
			fmt.Fprintf(&b, "  %d. %s\n     %s\n     (%s)\n", i+1, visible(s.What), visible(s.Command), s.Why)
		}
		_, err := io.WriteString(w, b.String())
		return err
	}
	return l
}

// Rooms is the JSON of rooms list.
type Rooms struct {
	Rooms  []Room   `json:"rooms"`
	Unseen []string `json:"could_not_see"`
}

// Room is one conference room.
type Room struct {
	Address  string   `json:"address"`
	Name     string   `json:"name"`
	InZoom   bool     `json:"in_zoom"`
	InTenant string   `json:"in_tenant"`
	Service  string   `json:"zoom_service"`
	RoomID   string   `json:"zoom_room"`
	Synced   string   `json:"sync_status"`
	Reached  string   `json:"reached"`
	Readers  []string `json:"readers"`
	Breaks   string   `json:"breaks_with_scope"`
	EWS      string   `json:"ews"`
}

// NewRooms are rows as they are shown.
func NewRooms(rows []doctor.RoomRow, unseen []string) Rooms {
	all := Rooms{Rooms: []Room{}, Unseen: append([]string{}, unseen...)}
	for _, r := range rows {
		all.Rooms = append(all.Rooms, Room{
			Address:  r.Address,
			Name:     r.Name,
			InZoom:   r.InZoom,
			InTenant: string(r.InTenant),
			Service:  r.Service,
			RoomID:   r.Room,
			Synced:   r.Synced,
			Reached:  string(r.Reached),
			Readers:  append([]string{}, r.Readers...),
			Breaks:   string(r.Breaks),
			EWS:      string(r.EWS),
		})
	}
	return all
}

// RoomsListing shows rooms and who reads them.
func RoomsListing(rooms Rooms) Listing {
	l := Listing{
		Value: rooms,
		Columns: []string{
			"address", "name", "zoom_service", "zoom_room", "sync_status", "in_tenant", "reached", "readers",
			"breaks_with_scope", "ews",
		},
		Important: []string{
			"address", "reached", "breaks_with_scope", "ews", "zoom_service", "sync_status", "in_tenant", "zoom_room",
			"readers", "name",
		},
		Empty: "Neither Zoom nor the tenant has conference rooms that zo365 can see.",
	}
	for _, r := range rooms.Rooms {
		l.Rows = append(l.Rows, []string{
			r.Address,
			r.Name,
			r.Service,
			r.RoomID,
			r.Synced,
			r.InTenant,
			r.Reached,
			strings.Join(r.Readers, "; "),
			r.Breaks,
			r.EWS,
		})
	}
	return l
}
