package upn

import (
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/menu"
)

// Why says in one sentence what a class means for the integration.
func (r Result) Why() string {
	switch r.Class {
	case Match:
		return "the UPN equals the Zoom email: the calendar can connect"
	case Mail:
		return "Zoom's email is the person's mail address, not their UPN; as the authorizing user they would need Mail: Read approved"
	case Alias:
		return "Zoom's email is only an alias of the mailbox; the UPN differs"
	case Guest:
		return "the person is a guest of this tenant; their mailbox is elsewhere"
	case Domain:
		return fmt.Sprintf("the same name stands under another domain of the tenant (%s): %s", r.Kind, r.Entra.UPN)
	case Taken:
		return fmt.Sprintf("the address leads to %s, who matches another Zoom user: %s", r.Entra.UPN, r.TakenBy)
	case Typo:
		if likeness := r.likeness(); likeness != "" {
			return "nobody has this address; that of one person is nearly the same: " + likeness
		}
		return "nobody has this address; one person's is nearly the same"
	case Ambiguous:
		return "several people have this address: " + strings.Join(r.Candidates, ", ")
	case Deleted:
		return "the Microsoft account was deleted (it can be restored for 30 days)"
	case Unresolved:
		return "nobody has this address as UPN or mail; whether it is somebody's alias is not known"
	case Missing:
		return "nobody in the tenant has this address"
	case Unknown:
		return "the person could not be looked up"
	}
	return ""
}

// Remedies are the ways to make the two sides equal, the best one first: exact
// commands and portal paths.
func (r Result) Remedies() []string {
	upn := ""
	if r.Entra != nil {
		upn = r.Entra.UPN
	}
	switch r.Class {
	case Mail, Alias, Domain:
		var ways []string
		if !r.upnFirst() {
			ways = append(ways, r.changeZoom(upn))
		}
		if refused := Refused(r.ZoomEmail); refused == "" {
			ways = append(ways, r.changeUPN(upn))
		} else if r.upnFirst() {
			ways = append(ways, "choose an address for both sides: Entra takes no UPN like "+r.ZoomEmail+" ("+refused+")")
		}
		if r.Class == Domain && r.Unread {
			ways = append([]string{readAliases + "; if nobody has it, one of these"}, ways...)
		}
		return append(append(ways, r.further()...), "for many people at once: zo365 upn fix --plan fixes.jsonl")
	case Guest:
		return []string{"connect this person's calendar in their home tenant, or give them an account in this one"}
	case Taken:
		return []string{
			fmt.Sprintf(
				"ask who uses %s: if it is the same person as %s, one of the two Zoom users goes: "+menu.ZoomUsers,
				r.ZoomEmail,
				r.TakenBy,
			),
			"if it is somebody else: zo365 upn fix --plan fixes.jsonl --include " + r.ZoomEmail + "=UPN",
		}
	case Typo:
		return []string{
			fmt.Sprintf(
				"ask whether %s is meant%s; if so change the email in Zoom: "+menu.ZoomUsers+" > %s > Edit",
				r.Suggestion,
				likenessNote(r.likeness()),
				r.ZoomEmail,
			),
			"or with a command: zo365 upn fix --plan fixes.jsonl --include " + r.ZoomEmail,
		}
	case Ambiguous:
		return []string{"take the address away from all but one of them: " + strings.Join(r.Candidates, ", ")}
	case Deleted:
		if r.Unread {
			return []string{readAliases + "; if nobody has it, restore the account: " + menu.EntraDeletedUsers}
		}
		return []string{"restore the account: " + menu.EntraDeletedUsers + ", or remove the Zoom user"}
	case Unresolved:
		return []string{readAliases}
	case Missing:
		return []string{
			"create the person in Microsoft 365, or remove the Zoom user: " + menu.ZoomUsers + " > " + r.ZoomEmail,
		}
	case Match, Unknown:
	}
	return nil
}

func likenessNote(likeness string) string {
	if likeness == "" {
		return ""
	}
	return " (" + likeness + ")"
}

// Without is what a class means, and what to do, for somebody whom Zoom does not have.
func (r Result) Without() (why string, remedies []string) {
	invite := "invite them to Zoom: " + menu.ZoomUsers + " > Add Users"
	switch r.Class {
	case Match:
		return "Zoom has nobody with this email, which is the UPN of somebody in Microsoft 365", []string{invite}
	case Mail, Alias, Guest, Domain, Taken, Deleted:
		return "Zoom has nobody with this email, by which Microsoft 365 knows " + r.Entra.UPN,
			[]string{"look whether they are in Zoom by their UPN: zo365 upn check " + r.Entra.UPN, invite}
	case Typo:
		return "neither Zoom nor Microsoft 365 has this address; one person's UPN is nearly the same",
			[]string{"check the spelling: zo365 upn check " + r.Suggestion}
	case Ambiguous:
		return "Zoom has nobody with this email, which several people in Microsoft 365 have: " +
			strings.Join(r.Candidates, ", "), nil
	case Unresolved, Missing, Unknown:
	}
	return "neither Zoom nor Microsoft 365 has anybody with this address", []string{
		"check the spelling; somebody new is created in Microsoft 365 first, then invited to Zoom: " +
			menu.MicrosoftUsers + "; " + menu.ZoomUsers + " > Add Users",
	}
}

// readAliases is the first thing to do where nobody knows whose alias an address may be.
const readAliases = "look whose alias it is: export the users with ProxyAddresses, or leave out --microsoft-export to ask Microsoft Graph"

// Remedy is the first remedy, or empty.
func (r Result) Remedy() string {
	switch { // the most, so not all are made for the first
	case r.Class != Mail && r.Class != Alias && r.Class != Domain, r.Class == Domain && r.Unread:
	case r.upnFirst() && Refused(r.ZoomEmail) == "":
		return r.changeUPN(r.Entra.UPN)
	case r.upnFirst():
	default:
		return r.changeZoom(r.Entra.UPN)
	}
	if all := r.Remedies(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// upnFirst says whether no Zoom email should become the UPN: it stands under the
// tenant's initial domain, which no Zoom account manages, or under one that is not
// even verified.
func (r Result) upnFirst() bool {
	return r.Kind == UnverifiedKind || IsInitialDomain(Normal(r.Entra.UPN).Domain())
}

func (r Result) changeZoom(upn string) string {
	return "change the email in Zoom to " + upn + ": " + menu.ZoomUsers + " > " + r.ZoomEmail + " > Edit"
}

func (r Result) changeUPN(upn string) string {
	there := onPremises(upn, r.ZoomEmail)
	if r.Entra.OnPremises() {
		return "change the UPN on premises, since the account is synced: " + there
	}
	here := "change the UPN in Entra: Update-MgUser -UserId " + powerShell(upn) +
		" -UserPrincipalName " + powerShell(r.ZoomEmail)
	if r.Entra.Synced == nil {
		return here + "; or, if the account comes from an on-premises directory, which is not known: " + there
	}
	return here
}

func (r Result) further() []string {
	if r.Class == Domain {
		return []string{
			"add the Zoom email as an alias of the mailbox: " + menu.MicrosoftUsers + " > Manage username and email",
		}
	}
	return []string{
		"for the authorizing user only: approve Mail: Read in the Zoom portal (zo365 authorize --approve-mail-read)",
	}
}
