package upn

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/menu"
)

// oneOfThem is how several people become one.
func (r Result) oneOfThem() string {
	them := strings.Join(r.Candidates, ", ")
	switch {
	case r.Among == Domain && r.Unread != 0:
		return r.lookFirst()
	case r.Among == Domain:
		return "ask which of them is meant, and change the email in Zoom to their UPN (" + them + "): " +
			menu.ZoomUsers + " > " + r.ZoomEmail + " > Edit"
	case r.Among == Deleted && r.Unread != 0:
		return r.lookFirst() + "; if nobody has it, restore the account that is meant: " + menu.EntraDeletedUsers
	case r.Among == Deleted:
		return "restore the account that is meant (" + them + "): " + menu.EntraDeletedUsers + ", or remove the Zoom user"
	}
	return "take the address away from all but one of them: " + them
}

// create is how somebody comes to be whom Microsoft does not have.
func (r Result) create() string {
	if refused := Refused(r.ZoomEmail); refused != "" {
		return "create the person in Microsoft 365 under another UPN and change the email in Zoom to it, since Entra takes no UPN like this (" +
			refused + ")"
	}
	if slices.Contains(r.Flags, UnverifiedDomain) {
		return "verify " + Normal(r.ZoomEmail).Domain() + " in Entra (" + menu.EntraDomains +
			") and create the person in Microsoft 365"
	}
	return "create the person in Microsoft 365"
}

// several says what the candidates have in common.
func (r Result) several() string {
	if r.Among == Domain {
		return "several people have the same name under other domains of the tenant"
	}
	if r.Among == Deleted {
		return "several deleted Microsoft accounts had this address"
	}
	return "several people have this address"
}

// lookFirst is the first thing to do where not everything is known of the tenant's people.
func (r Result) lookFirst() string {
	switch {
	case r.Unread == UnknownMail:
		return "look whether somebody in Entra has this address as mail, which the export does not tell: " + menu.EntraUsers +
			" > search for " + r.ZoomEmail
	case r.Unread&UnknownAliases == 0:
		return "look whether the person is in Entra, since not everybody was read: " + menu.EntraUsers +
			" > search for " + r.ZoomEmail
	case r.For == ForCustomer:
		return "look whose alias it is, who receives mail for " + r.ZoomEmail + ": " +
			menu.MicrosoftUsers + " > Manage username and email"
	}
	return "look whose alias it is: export the users with ProxyAddresses, or leave out --microsoft-export to ask Microsoft Graph"
}

// askFirst is what to do about somebody of whom only the name before the @ is the same.
func (r Result) askFirst() string {
	return "ask whether " + r.Entra.UPN + " is meant, of whom only the name before the @ is the same; if so " +
		r.changeZoom(r.Entra.UPN)
}
