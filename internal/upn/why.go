package upn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/menu"
)

// Why says in one sentence what a class means for the integration.
func (r Result) Why() string {
	if r.redacted != nil {
		return r.redacted.hide(r.redacted.Why())
	}
	switch r.Class {
	case Match:
		return r.matches()
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
		return r.several() + ": " + strings.Join(r.Candidates, ", ")
	case Deleted:
		return "the Microsoft account was deleted (it can be restored for 30 days)"
	case Unresolved:
		if r.Unread == UnknownMail {
			return "nobody has this address as UPN or alias; whether it is somebody's mail is not known"
		}
		if r.Unread&UnknownAliases == 0 {
			return "nobody of those who were read has this address; not everybody was"
		}
		return "nobody has this address as UPN or mail; whether it is somebody's alias is not known"
	case Missing:
		return "nobody in the tenant has this address"
	case Unknown:
		return "the person could not be looked up"
	}
	return ""
}

func likenessNote(likeness string) string {
	if likeness == "" {
		return ""
	}
	return " (" + likeness + ")"
}

// Without is what a class means, and what to do, for somebody whom Zoom does not have.
func (r Result) Without() (why string, remedies []string) {
	if r.redacted != nil {
		why, remedies = r.redacted.Without()
		return r.redacted.hide(why), r.redacted.hideAll(remedies)
	}
	invite := "invite them to Zoom: " + menu.ZoomUsers + " > Add Users"
	switch r.Class {
	case Match:
		return "Zoom has nobody with this email, which is the UPN of somebody in Microsoft 365", []string{invite}
	case Mail, Alias, Guest, Domain, Taken, Deleted:
		return "Zoom has nobody with this email, by which Microsoft 365 knows " + r.Entra.UPN,
			[]string{"look whether they are in Zoom by their UPN" + r.withCommand(r.Entra.UPN), invite}
	case Typo:
		return "neither Zoom nor Microsoft 365 has this address; one person's UPN is nearly the same",
			[]string{"check the spelling: is " + r.Suggestion + " meant?" + r.withCommand(r.Suggestion)}
	case Ambiguous:
		return "Zoom has nobody with this email; " + r.several() + ": " + strings.Join(r.Candidates, ", "), nil
	case Unresolved, Missing, Unknown:
	}
	return "neither Zoom nor Microsoft 365 has anybody with this address", []string{
		"check the spelling; somebody new is created in Microsoft 365 first, then invited to Zoom: " +
			menu.MicrosoftUsers + "; " + menu.ZoomUsers + " > Add Users",
	}
}

// matches says of a match whether the calendar can connect.
func (r Result) matches() string {
	var but []string
	for _, one := range []struct {
		flag Flag
		what string
	}{
		{Disabled, "the Microsoft account is blocked from signing in"},
		{NoMailbox, "the person has no plan with a mailbox"},
		{Inactive, "the Zoom user is inactive"},
		{Pending, "the Zoom user has not accepted the invitation"},
	} {
		if slices.Contains(r.Flags, one.flag) {
			but = append(but, one.what)
		}
	}
	if len(but) == 0 {
		return "the UPN equals the Zoom email: the calendar can connect"
	}
	return "the UPN equals the Zoom email, but " + strings.Join(but, ", and ")
}
