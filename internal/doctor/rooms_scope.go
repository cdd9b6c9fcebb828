package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// AboutRooms is the same, about one of Zoom's applications for conference rooms: it is the
// application, and the tenant file's rooms.mailbox_scope what is wanted of it. With an empty ID
// the one is taken that holds a permission in mailboxes; problem says why none is chosen, and fix
// what to do.
func AboutRooms(in Input, appID string) (about Input, problem, fix string) {
	scope := in.File.Rooms.MailboxScope
	if scope.Empty() {
		return in, "the tenant file has no rooms: mailbox_scope, so that rooms' applications may reach every mailbox",
			"write it into the tenant file: rooms: {mailbox_scope: {group: NAME}}"
	}
	there := RoomsApplications(in)
	var names, ids []string
	for _, c := range there {
		if appID != "" && !strings.EqualFold(appID, c.Principal.AppID) {
			continue
		}
		names, ids = append(names, AppName(c)), append(ids, c.Principal.AppID)
	}
	switch {
	case !in.Facts.Consents.Seen():
		return in, notSeen(in.Facts.Consents, "the applications"), "zo365 doctor"
	case len(ids) == 0 && !in.Facts.Exchange.Seen():
		return in, notSeen(in.Facts.Exchange, "the roles in Exchange Online"), "zo365 doctor --check rooms-scope"
	case len(ids) == 0 && appID != "":
		return in, "none of Zoom's applications for rooms in the tenant has the ID " + appID + " and a permission in mailboxes",
			"zo365 permissions list"
	case len(ids) == 0:
		return in, "none of Zoom's applications for rooms in the tenant holds a permission in mailboxes", "zo365 rooms list"
	case len(ids) > 1:
		return in, "two of Zoom's applications for rooms hold permissions in mailboxes: " + strings.Join(names, ", "),
			"name one: zo365 rbac plan --rooms --application " + ids[0]
	}
	on := true
	in.About = ids[0]
	in.File.Groups = nil
	in.File.Account = profile.Settings{
		Enabled:        &on,
		DefaultService: profile.Office365,
		AuthorizeWith:  profile.Graph,
		SetupBy:        profile.Admin,
		MailboxScope:   scope,
	}
	return in, "", ""
}

// AboutApplication is the same about any application: of one for rooms the file may want a scope,
// of another it wants nothing.
func AboutApplication(in Input, appID string) Input {
	about, problem, _ := AboutRooms(in, appID)
	if problem != "" {
		about.File.Account, about.File.Groups = profile.Settings{}, nil
	}
	about.About = appID
	return about
}

// IsForRooms says whether an application is one of Zoom's two for conference rooms.
func IsForRooms(appID string) bool { return slices.Contains(roomsApplications, strings.ToLower(appID)) }

// RoomsApplications are Zoom's applications for conference rooms that reach mailboxes, by Entra or
// by a role in Exchange.
func RoomsApplications(in Input) []tenant.Consent {
	var all []tenant.Consent
	for _, c := range in.Facts.Consents.Value {
		if c.Principal != nil && IsForRooms(c.Principal.AppID) &&
			(c.Reach() || len(exchangeRoles(in, c)) > 0) {
			all = append(all, c)
		}
	}
	return all
}

// checkRoomsScope compares what Zoom's applications for rooms reach with what the tenant file
// wants of them.
func checkRoomsScope(in Input, f *findings) {
	if in.File.Rooms.MailboxScope.Empty() {
		f.skip("The tenant file has no rooms: mailbox_scope: rooms' applications may reach every mailbox")
		return
	}
	if unseen(f, in.Facts.Consents, "the tenant's applications") ||
		unseen(f, in.Facts.Exchange, "the roles in Exchange Online") {
		return
	}
	apps := RoomsApplications(in)
	if len(apps) == 0 {
		f.skip("None of Zoom's applications for rooms in the tenant holds a permission in mailboxes")
		return
	}
	if unseen(f, in.Facts.Scopes, "the scopes in Exchange and who is in them") {
		return
	}
	for _, c := range apps {
		about, problem, fix := AboutRooms(in, c.Principal.AppID)
		if problem != "" {
			f.add(Finding{Severity: Fail, Saw: capital(problem), Fix: fix})
			continue
		}
		f.add(judgeScope(about, AppName(c), "zo365 rbac", " --rooms --application "+c.Principal.AppID))
	}
}
