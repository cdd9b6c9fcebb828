package upn

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Class says how a Zoom user and a Microsoft user belong together.
type Class string

// The classes; the words are stable.
const (
	// Match: found by UPN.
	Match Class = "match"
	// Mail: found by the mail attribute; the UPN differs.
	Mail Class = "mail"
	// Alias: found by a proxy address.
	Alias Class = "alias"
	// Guest: found by one of these, and the person is a guest of the tenant.
	Guest Class = "guest"
	// Domain: the same local part under another domain of the tenant.
	Domain Class = "domain"
	// Taken: found by one of mail, alias and domain, and the person found matches
	// another Zoom user: one of the two Zoom users is not that person.
	Taken Class = "taken"
	// Typo: not found; one nearest person is a suggestion, never a match.
	Typo Class = "typo"
	// Ambiguous: the first rule that finds anybody finds several people.
	Ambiguous Class = "ambiguous"
	// Deleted: found only among soft-deleted people.
	Deleted Class = "deleted"
	// Unresolved: nobody was found, and the aliases of the tenant's people are unknown, one of
	// which may be the address.
	Unresolved Class = "unresolved"
	// Missing: nobody.
	Missing Class = "missing"
	// Unknown: the person could not be looked up; no report of everybody has it.
	Unknown Class = "unknown"
)

// Classes lists all of them in the order they are shown.
var Classes = []Class{Match, Mail, Alias, Guest, Domain, Taken, Typo, Ambiguous, Deleted, Unresolved, Missing}

// Flag is a circumstance beside the class.
type Flag string

// The flags; the words are stable.
const (
	// Disabled: the Microsoft account is blocked from signing in.
	Disabled Flag = "disabled"
	// NoMailbox: the person has no plan with a mailbox.
	NoMailbox Flag = "no-mailbox"
	// Synced: the account comes from an on-premises directory; changes belong there.
	Synced Flag = "synced"
	// Case: the addresses differ in letter case only.
	Case Flag = "case"
	// UnverifiedDomain: the Zoom email's domain is not verified in the tenant.
	UnverifiedDomain Flag = "unverified-domain"
	// Resource: the account is a room, equipment, a shared mailbox or a service's, no person.
	Resource Flag = "resource"
	// Inactive: the Zoom user is deactivated. Pending: the invitation to Zoom is not accepted.
	Inactive Flag = "inactive"
	Pending  Flag = "pending"
	// NotInZoom marks a Microsoft user whom no Zoom user matches.
	NotInZoom Flag = "not-in-zoom"
)

// DomainKind says what other domain a person was found under.
type DomainKind string

// The kinds of another domain of the tenant.
const (
	InitialDomain  DomainKind = "initial"
	UnverifiedKind DomainKind = "unverified"
	OtherVerified  DomainKind = "other verified"
)

// Result is what was found for one Zoom user.
type Result struct {
	// ZoomEmail is as Zoom has it.
	ZoomEmail string
	Class     Class
	Flags     []Flag
	// Entra is the person found; nil for typo, ambiguous and missing.
	Entra *tenant.User
	// MatchedOn is the address that found the person.
	MatchedOn string
	// Kind is set for the class domain.
	Kind DomainKind
	// Candidates are the people of an ambiguous result, by UPN.
	Candidates []string
	// TakenBy is the Zoom email of who matches the person already, for the class taken.
	TakenBy string
	// Suggestion is the nearest person's UPN for the class typo.
	Suggestion string
	// Inactive and Pending are the Zoom user's status.
	Inactive, Pending bool
	// Unclear: the status is a word that is not understood, or entries do not agree on it.
	Unclear bool
	// ForeignUPN: the UPN's domain is known to be none of the Zoom account's, so that no Zoom
	// email can be in it.
	ForeignUPN bool
	// For says for whom the remedies are worded.
	For Audience
	// Unread is what is unknown of the tenant's people, so that somebody else may have the
	// address.
	Unread Unknowns
	// UnsureDomain: whether the Zoom email's domain is verified in the tenant is unknown.
	UnsureDomain bool
	// Among is the class of a result with one of the candidates: domain where they have the same
	// name under other domains, deleted where they are.
	Among Class
	// redacted is the result behind pseudonyms.
	redacted *redacted
}

// Unknowns are what is unknown of a tenant's people as a whole.
type Unknowns uint8

// The unknowns.
const (
	// UnknownAliases: some people's aliases were not read.
	UnknownAliases Unknowns = 1 << iota
	// UnknownPeople: not everybody was read.
	UnknownPeople
	// UnknownMail: some people's mail addresses were not read.
	UnknownMail
)

// Audience says for whom a text is.
type Audience string

// The audiences. An admin, who is also meant by the empty one, has zo365 and PowerShell; a
// customer has the portals.
const (
	ForAdmin    Audience = "admin"
	ForCustomer Audience = "customer"
)

// status is the Zoom user's where they cannot use Zoom now.
func (r *Result) status() Flag {
	switch {
	case r.Inactive:
		return Inactive
	case r.Pending:
		return Pending
	}
	return ""
}

// stranger says whether a person was found by the name before the @ alone, under a domain that is
// none of the tenant's as far as is known: they may be somebody else.
func (r *Result) stranger() bool {
	return r.Class == Domain && (r.UnsureDomain || slices.Contains(r.Flags, UnverifiedDomain)) &&
		!IsInitialDomain(Normal(r.Entra.UPN).Domain())
}

// OK says whether nothing has to be done.
func (r Result) OK() bool { return r.Class == Match }

// FlagsOf are the flags of a Microsoft user, whoever they are in Zoom.
func FlagsOf(u tenant.User) []Flag { return appendUserFlags(nil, &u) }

func appendUserFlags(flags []Flag, u *tenant.User) []Flag {
	if u.Enabled != nil && !*u.Enabled {
		flags = append(flags, Disabled)
	}
	if u.MailPlan != nil && !*u.MailPlan {
		flags = append(flags, NoMailbox)
	}
	if u.OnPremises() {
		flags = append(flags, Synced)
	}
	if u.Resource {
		flags = append(flags, Resource)
	}
	return flags
}

// AppendFlags adds the flags of a result whose class and people are set.
func (r *Result) AppendFlags(flags []Flag, verified func(email string) (ok, known bool)) []Flag {
	if r.Inactive {
		flags = append(flags, Inactive)
	}
	if r.Pending {
		flags = append(flags, Pending)
	}
	zoomEmail, u := r.ZoomEmail, r.Entra
	if u != nil {
		flags = appendUserFlags(flags, u)
		if zoomEmail != u.UPN {
			if trimmed := strings.TrimSpace(zoomEmail); trimmed != u.UPN && strings.EqualFold(trimmed, u.UPN) {
				flags = append(flags, Case)
			}
		}
	}
	if ok, known := verified(zoomEmail); known && !ok {
		flags = append(flags, UnverifiedDomain)
	}
	if len(flags) == 0 {
		return nil
	}
	return flags
}
