package upn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/zo365/zo365/internal/menu"
)

// Remedies are the ways to make the two sides equal, the best one first: exact
// commands and portal paths.
func (r Result) Remedies() []string {
	if r.redacted != nil {
		return r.redacted.hideAll(r.redacted.Remedies())
	}
	upn := ""
	if r.Entra != nil {
		upn = r.Entra.UPN
	}
	ways := r.ways(upn)
	if len(ways) > 0 {
		ways[0] = r.statusFirst() + ways[0]
		return ways
	}
	if r.Inactive || r.Pending {
		return []string{strings.TrimSuffix(r.statusFirst(), thenWords)}
	}
	return nil
}

// thenWords join what comes first for somebody who cannot use Zoom now with the rest.
const thenWords = "; then "

// statusFirst is what comes before every other remedy for somebody who cannot use Zoom now.
func (r Result) statusFirst() string {
	switch {
	case r.Inactive:
		return "activate the Zoom user, who is inactive, if they still work here: " + menu.ZoomUsers + thenWords
	case r.Pending:
		return "ask the Zoom user, who is pending, to accept the invitation, or send it again: " + menu.ZoomUsers + thenWords
	}
	return ""
}

func (r Result) ways(upn string) []string {
	switch r.Class {
	case Mail, Alias, Domain:
		if r.Entra.Resource {
			return []string{
				"ask whose Zoom user this is: " + upn + " is a room, a shared mailbox or a service's account, whose calendar is nobody's",
			}
		}
		if r.stranger() {
			return append([]string{r.askFirst()}, r.withTool(
				"or with a command: zo365 upn fix --plan fixes.jsonl --class domain --include "+shell.Word(r.ZoomEmail))...)
		}
		ways := r.equal(upn)
		if r.Class == Domain && r.Unread != 0 {
			for i := range ways {
				ways[i] = "if nobody has it: " + ways[i]
			}
			return append([]string{r.lookFirst()}, ways...)
		}
		return append(
			append(ways, r.further()...),
			r.withTool("for many people at once: zo365 upn fix --plan fixes.jsonl")...)
	case Guest:
		return []string{"connect this person's calendar in their home tenant, or give them an account in this one"}
	case Taken:
		return append([]string{
			fmt.Sprintf(
				"ask who uses %s: if it is the same person as %s, one of the two Zoom users goes: "+menu.ZoomUsers,
				r.ZoomEmail,
				r.TakenBy,
			),
		}, r.withTool("if it is somebody else: zo365 upn fix --plan fixes.jsonl --class taken --include "+shell.Word(r.ZoomEmail+"=UPN"))...)
	case Typo:
		return append([]string{
			fmt.Sprintf(
				"ask whether %s is meant%s; if so change the email in Zoom: "+menu.ZoomUsers+" > %s > Edit",
				r.Suggestion,
				likenessNote(r.likeness()),
				r.ZoomEmail,
			),
		}, r.withTool("or with a command: zo365 upn fix --plan fixes.jsonl --class typo --include "+shell.Word(r.ZoomEmail))...)
	case Ambiguous:
		return []string{r.oneOfThem()}
	case Deleted:
		if r.Unread != 0 {
			return []string{r.lookFirst() + "; if nobody has it, restore the account: " + menu.EntraDeletedUsers}
		}
		return []string{"restore the account: " + menu.EntraDeletedUsers + ", or remove the Zoom user"}
	case Unresolved:
		return []string{r.lookFirst()}
	case Missing:
		return []string{r.create() + ", or remove the Zoom user: " + menu.ZoomUsers + " > " + r.ZoomEmail}
	case Match, Unknown:
	}
	return nil
}

func (r Result) withCommand(address string) string {
	if r.For == ForCustomer {
		return ""
	}
	return ": zo365 upn check " + shell.Word(address)
}

// withTool is a remedy that needs zo365, for who has it.
func (r Result) withTool(remedy string) []string {
	if r.For == ForCustomer {
		return nil
	}
	return []string{remedy}
}

// equal are the ways to make a Zoom email and a UPN equal: those that can be done, as far as
// is known.
func (r Result) equal(upn string) (ways []string) {
	refused, verified := Refused(r.ZoomEmail), !slices.Contains(r.Flags, UnverifiedDomain)
	if r.zoomTakes() {
		ways = append(ways, r.changeZoom(upn))
	}
	if refused == "" && verified {
		ways = append(ways, r.changeUPN(upn))
	}
	if len(ways) > 0 {
		return ways
	}
	switch {
	case refused != "":
		ways = []string{"choose an address for both sides: Entra takes no UPN like " + r.ZoomEmail + " (" + refused + ")"}
	case !verified:
		ways = []string{
			"verify " + Normal(r.ZoomEmail).Domain() + " in Entra first: " + menu.EntraDomains + "; then " + r.changeUPN(upn),
		}
	}
	if !r.upnFirst() { // the UPN's domain can still become the Zoom account's
		ways = append(
			ways,
			"add "+Normal(upn).Domain()+" to the Zoom account first: "+menu.ZoomDomains+"; then "+r.changeZoom(upn),
		)
	}
	return ways
}

// zoomTakes says whether the UPN can become the Zoom email, as far as is known.
func (r Result) zoomTakes() bool { return !r.upnFirst() && !r.ForeignUPN }

// Remedy is the first remedy, or empty.
func (r Result) Remedy() string {
	if r.redacted != nil {
		return r.redacted.hide(r.redacted.Remedy())
	}
	switch { // the most, so not all are made for the first
	case r.Class != Mail && r.Class != Alias && r.Class != Domain,
		r.Class == Domain && r.Unread != 0,
		r.Inactive,
		r.Pending,
		r.Entra.Resource:
	case r.stranger():
		return r.askFirst()
	case r.zoomTakes():
		return r.changeZoom(r.Entra.UPN)
	case Refused(r.ZoomEmail) == "" && !slices.Contains(r.Flags, UnverifiedDomain):
		return r.changeUPN(r.Entra.UPN)
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
	if r.UnsureDomain {
		r.UnsureDomain = false
		return "if " + Normal(r.ZoomEmail).Domain() + " is verified in Entra (" + menu.EntraDomains + "), " + r.changeUPN(upn)
	}
	if r.For == ForCustomer {
		return r.changeUPNByHand(upn)
	}
	there := onPremises(upn, r.ZoomEmail)
	if r.Entra.OnPremises() {
		return "change the UPN on premises, since the account is synced: " + there
	}
	here := "change the UPN in Entra: Update-MgUser -UserId " + shell.PowerShell(upn) +
		" -UserPrincipalName " + shell.PowerShell(r.ZoomEmail)
	if r.Entra.Synced == nil {
		return here + "; or, if the account comes from an on-premises directory, which is not known: " + there
	}
	return here
}

// changeUPNByHand is the same in the portals.
func (r Result) changeUPNByHand(upn string) string {
	there := "Active Directory Users and Computers > " + upn + " > Account > User logon name"
	here := menu.EntraUsers + " > " + upn + " > Edit properties > User principal name"
	switch {
	case r.Entra.OnPremises():
		return "change the UPN to " + r.ZoomEmail + " on premises, since the account is synced: " + there
	case r.Entra.Synced == nil:
		return "change the UPN to " + r.ZoomEmail + ": " + here +
			"; or, if the account comes from an on-premises directory, which is not known: " + there
	}
	return "change the UPN to " + r.ZoomEmail + ": " + here
}

func (r Result) further() []string {
	if r.Class == Domain {
		return []string{
			"add the Zoom email as an alias of the mailbox: " + menu.MicrosoftUsers + " > Manage username and email",
		}
	}
	if r.For == ForCustomer {
		return []string{"for the authorizing user only: approve Mail: Read in the Zoom portal"}
	}
	return []string{
		"for the authorizing user only: approve Mail: Read in the Zoom portal (zo365 authorize --approve-mail-read)",
	}
}
