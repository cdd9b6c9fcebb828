package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/tenant"
)

// RoomRow is one conference room: as Zoom has it, as the tenant has it, or both.
type RoomRow struct {
	Address, Name string
	// InZoom and InTenant say where it is known; InTenant is unknown where rooms could not be read.
	InZoom   bool
	InTenant reach.Answer
	// Service is Zoom's calendar service, Room the Zoom Room, Synced Zoom's word.
	Service, Room, Synced string
	// Readers are the applications that reach its calendar, and by what.
	Readers []string
	// Reached says whether one of Zoom's applications reaches its calendar.
	Reached reach.Answer
	// Breaks says whether it would be out of reach once people's mailboxes are narrowed; EWS whether
	// it is reached by Exchange Web Services only.
	Breaks, EWS reach.Answer
}

// RoomFacts are what the list of rooms rests on, beside the applications.
type RoomFacts struct {
	Services []tenant.RoomService
	// Rooms are the tenant's; RoomsUnseen says why they could not be read.
	Rooms       []tenant.Room
	RoomsUnseen string
	// Owners are the rooms' mailboxes, by address in lower case.
	Owners map[string]tenant.MailboxOwner
}

// Rooms lays Zoom's rooms beside the tenant's, and says by which application each is read.
func Rooms(in Input, facts RoomFacts) []RoomRow {
	var rows []RoomRow
	find := func(address string) *RoomRow {
		i := slices.IndexFunc(rows, func(r RoomRow) bool { return strings.EqualFold(r.Address, address) })
		if i < 0 {
			rows = append(rows, RoomRow{Address: address, InTenant: reach.No})
			i = len(rows) - 1
		}
		return &rows[i]
	}
	for _, s := range facts.Services {
		for _, r := range s.Resources {
			row := find(r.Email)
			row.InZoom, row.Service, row.Room, row.Synced, row.Name = true, s.Name, r.RoomID, r.Synced, r.Name
		}
	}
	for _, r := range facts.Rooms {
		row := find(r.Address)
		row.InTenant = reach.Yes
		if row.Name == "" {
			row.Name = r.Name
		}
	}
	for i := range rows {
		if facts.RoomsUnseen != "" {
			rows[i].InTenant = reach.Unknown
		}
		judgeRoom(in, facts, &rows[i])
	}
	slices.SortStableFunc(rows, func(a, b RoomRow) int {
		return strings.Compare(strings.ToLower(a.Address), strings.ToLower(b.Address))
	})
	return rows
}

// judgeRoom finds what reaches the room's calendar.
func judgeRoom(in Input, facts RoomFacts, row *RoomRow) {
	row.Reached, row.Breaks, row.EWS = reach.No, reach.No, reach.Unknown
	owner, ok := facts.Owners[strings.ToLower(row.Address)]
	if !ok {
		row.Reached, row.Breaks = reach.Unknown, reach.Unknown
		return
	}
	box := reach.Mailbox{ID: owner.ID, UPN: owner.UPN, Properties: owner.Properties}
	byRooms, byPeople := reach.No, reach.No
	// How the rooms' own applications reach it counts; people's only where those do not.
	type ways struct{ graph, ews bool }
	rooms, people := ways{}, ways{}
	for _, h := range Holdings(in, false) {
		if h.Purpose != ForRooms && h.Purpose != ForPeople {
			continue
		}
		v := ReachOf(in, h.Consent).Judge(box)
		for _, w := range v.Ways {
			if w.Answer == reach.No || !slices.ContainsFunc(w.Gives, reach.OpensCalendar) {
				continue
			}
			row.Readers = append(row.Readers, h.Consent.Principal.DisplayName+" by "+w.Name)
			by := &people
			if h.Purpose == ForRooms {
				by = &rooms
			}
			old := slices.Contains(w.Gives, "exchange:"+reach.EWS)
			by.ews, by.graph = by.ews || old, by.graph || !old
		}
		if h.Purpose == ForRooms {
			byRooms = reach.Or(byRooms, v.Calendar)
		} else {
			byPeople = reach.Or(byPeople, v.Calendar)
		}
	}
	row.Reached = reach.Or(byRooms, byPeople)
	by := rooms
	if !rooms.graph && !rooms.ews {
		by = people
	}
	switch {
	case by.ews && !by.graph:
		row.EWS = reach.Yes
	case by.graph && !by.ews:
		row.EWS = reach.No
	}
	if byRooms != reach.No {
		switch roomWanted(in, box) {
		case reach.Yes:
		case reach.No:
			row.Breaks, byRooms = byRooms, reach.No
		case reach.Unknown:
			row.Breaks = reach.Unknown
		}
	}
	if byRooms != reach.Yes && byPeople != reach.No && MailboxesWanted(in.File).Narrow() {
		switch WantedMailbox(in, box) {
		case string(reach.Yes):
		case string(reach.No):
			row.Breaks = reach.Yes
			if byRooms == reach.Unknown || byPeople == reach.Unknown {
				row.Breaks = reach.Unknown
			}
		default:
			row.Breaks = reach.Unknown
		}
	}
}

// roomWanted says whether the tenant file wants the rooms' applications to reach a mailbox: yes
// where it sets no scope for them.
func roomWanted(in Input, box reach.Mailbox) reach.Answer {
	apps := RoomsApplications(in)
	if len(apps) == 0 {
		return reach.Yes
	}
	about, problem, _ := AboutRooms(in, apps[0].Principal.AppID)
	if problem != "" {
		return reach.Yes
	}
	return reach.Answer(WantedMailbox(about, box))
}

// checkRooms judges Zoom's applications for conference rooms, where there are any.
func checkRooms(in Input, f *findings) {
	if unseen(f, in.Facts.Consents, "the tenant's applications") {
		return
	}
	var names, old, disabled []string
	for _, h := range Holdings(in, false) {
		if h.Purpose != ForRooms {
			continue
		}
		names = append(names, AppName(h.Consent))
		if !h.Consent.Principal.Enabled {
			disabled = append(disabled, AppName(h.Consent))
		}
		graph, ews := false, false
		for _, one := range h.All {
			graph = graph || one.Mailboxes && !opensEWS(one) && one.Kind != AsDelegated
			ews = ews || opensEWS(one)
		}
		if ews && !graph {
			old = append(old, AppName(h.Consent))
		}
	}
	one := Finding{
		Severity: OK,
		Saw:      "Zoom's applications for rooms: " + strings.Join(names, ", "),
		Evidence: evidence(in.Facts.Consents),
	}
	switch {
	case len(names) == 0:
		f.skip("Zoom's applications for conference rooms are not in the tenant")
		return
	case len(disabled) > 0:
		one.Severity, one.Saw = Fail, "Sign-in is disabled, so that rooms are not read: "+strings.Join(disabled, ", ")
		one.Fix = "switch its sign-in on: " + menu.EntraApps + " > (the application) > Properties"
	case len(old) > 0:
		one.Severity, one.Fix = Fail, "zo365 migrate ews"
		one.Saw = "Reaches rooms by Exchange Web Services only, which is being switched off: " + strings.Join(old, ", ")
	}
	f.add(one)
}
