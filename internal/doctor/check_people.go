package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

func checkSignerUPN(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.skip("No profile asks for application permissions")
		return
	}
	s, one := signer(in)
	if one.Severity != "" {
		f.add(one)
		return
	}
	switch {
	case s.Match:
		one.Severity, one.Saw = OK, s.UPN
	case consentComplete(in) && inUse(in, "").Truth == Yes:
		one.Severity, one.Saw = OK, "Zoom is connected already: "+inUse(in, "").Why
	case s.ZoomEmail == "":
		one.Severity, one.Saw = Fail, s.UPN+" has no Zoom account under the UPN or the mail address"
		one.Fix = "zo365 authorize --zoom-email EMAIL, or zo365 login microsoft as somebody who has one"
	case wantedOf(in).MailRead:
		one.Severity = Info
		one.Saw = fmt.Sprintf("The UPN is %s, the Zoom email %s; Mail: Read is approved instead", s.UPN, s.ZoomEmail)
	default:
		one.Severity, one.Saw = Fail, fmt.Sprintf(
			"The UPN is %s, the Zoom email %s, and Zoom connects only when they are equal",
			s.UPN,
			s.ZoomEmail,
		)
		one.Fix = "zo365 integration enable --mail-read approved"
	}
	f.add(one)
}

// SignerOf is who authorizes, as far as it is known.
func SignerOf(in Input) Signer {
	s, _ := signer(in)
	return s
}

// Consenter is who gave a consent. Match is nil where it is not known whether their UPN is
// their Zoom email.
type Consenter struct {
	UPN, ZoomEmail string
	Match          *bool
	// Seen says that the audit log names them; else they are whom the rules are held against.
	Seen bool
}

// ConsenterOf is who gave the consent that is there.
func ConsenterOf(in Input) Consenter {
	c := ZoomApplication(in).Consent
	judged, finding := signer(in)
	match := &judged.Match
	if judged.UPN == "" || finding.Severity == Unknown && !judged.Match { // nobody looked
		match = nil
	}
	upn, at := consentedBy(in, c)
	switch {
	case upn == "" || at.Before(newest(c.Grants).Add(-sameConsent)):
		// The log comes minutes later than the consent: what it has is of an older one.
		return Consenter{UPN: judged.UPN, ZoomEmail: judged.ZoomEmail, Match: match}
	case strings.EqualFold(upn, judged.UPN):
		return Consenter{
			UPN:       judged.UPN,
			ZoomEmail: judged.ZoomEmail,
			Match:     match,
			Seen:      true,
		}
	}
	s := consenter(in, upn)
	one := Consenter{UPN: upn, ZoomEmail: s.ZoomEmail, Seen: true}
	if s.Match || in.Facts.ZoomPeople.Seen() && in.Facts.ZoomPeople.Value.All() {
		one.Match = &s.Match
	}
	return one
}

// sameConsent is how far the audit log's time of a consent and those of its assignments may
// be apart.
const sameConsent = 10 * time.Minute

// newest is when the last of some assignments was made.
func newest(grants []tenant.Grant) (at time.Time) {
	for _, g := range grants {
		if g.At.After(at) {
			at = g.At
		}
	}
	return at
}

// consenter is a person of the audit log, with the Zoom account of the same address where
// Zoom's people show one.
func consenter(in Input, upn string) Signer {
	s := Signer{UPN: upn}
	if slices.ContainsFunc(in.Facts.ZoomPeople.Value.Emails, func(e string) bool { return strings.EqualFold(e, upn) }) {
		s.ZoomEmail, s.Match = upn, true
	}
	return s
}

// signer is who authorizes: whom a person named, the signed-in person, or whom the
// audit log names. A finding with a severity says why it is not known.
func signer(in Input) (Signer, Finding) {
	if in.By != "" {
		one := &findings{}
		if unseen(one, in.Facts.MyZoom, "the Zoom account of "+in.By) {
			return Signer{UPN: in.By}, one.all[0]
		}
		return CheckSigner(in.By, in.Facts.MyZoom.Value), Finding{Evidence: evidence(in.Facts.MyZoom)}
	}
	if recorded, one, ok := recordedSigner(in); ok {
		return recorded, one
	}
	if in.Facts.SignedIn.Value.Person {
		one := &findings{}
		if unseen(one, in.Facts.Me, "who is signed in") ||
			unseen(one, in.Facts.MyZoom, "the signed-in person's Zoom account") {
			return Signer{}, one.all[0]
		}
		saw := append(evidence(in.Facts.Me), evidence(in.Facts.MyZoom)...)
		return CheckSigner(in.Facts.Me.Value.UPN, in.Facts.MyZoom.Value), Finding{Evidence: saw}
	}
	upn, _ := consentedBy(in, ZoomApplication(in).Consent)
	switch {
	case upn == "":
		return Signer{}, Finding{
			Severity:  Info,
			Undecided: true,
			Saw:       "An application is signed in, and it is not known who authorizes; authorize --authorized-by and apply --by name the person",
			Evidence:  evidence(in.Facts.SignedIn),
		}
	case !in.Facts.ZoomPeople.Seen():
		one := &findings{}
		unseen(one, in.Facts.ZoomPeople, "Zoom's people")
		return Signer{}, one.all[0]
	}
	s := consenter(in, upn)
	if !s.Match && !in.Facts.ZoomPeople.Value.All() {
		return s, Finding{
			Severity: Unknown,
			Saw:      upn + " consented; only the first of Zoom's people were read",
			Needs:    []string{"zo365 upn check " + upn},
			Fix:      "zo365 upn check " + upn,
			Evidence: evidence(in.Facts.ZoomPeople),
		}
	}
	return s, Finding{Evidence: append(evidence(in.Facts.Events), evidence(in.Facts.ZoomPeople)...)}
}

// recordedSigner is who connected Zoom, where the consent stands and a person confirmed
// what the portal shows: whoever looks later need not be the same.
func recordedSigner(in Input) (Signer, Finding, bool) {
	if savePending(in) {
		return Signer{}, Finding{}, false // somebody is about to authorize, who need not be the same
	}
	for _, s := range recordedScopes(in.Record) {
		a := in.Record.Authorized[s]
		if a.UPN != "" && a.ZoomEmail != "" && consentComplete(in) && confirmed(in, s).Truth == Yes {
			return Signer{UPN: a.UPN, ZoomEmail: a.ZoomEmail, Match: a.Match},
				Finding{Evidence: []Evidence{{Source: "the journal", At: a.At}}}, true
		}
	}
	return Signer{}, Finding{}, false
}

func recordedScopes(r Record) []string {
	var all []string
	for s := range r.Authorized {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func checkMailboxes(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.skip("No profile connects people's calendars")
		return
	}
	without, people := in.Facts.Mailless, in.Facts.ZoomPeople
	if unseen(f, without, "who has no mailbox") || unseen(f, people, "Zoom's people") {
		return
	}
	inZoom := map[string]bool{}
	for _, e := range people.Value.Emails {
		inZoom[strings.ToLower(e)] = true
	}
	for _, g := range in.Facts.ZoomMembers.Value {
		for _, e := range g.Emails {
			inZoom[strings.ToLower(e)] = true
		}
	}
	var both []string
	for _, p := range without.Value.People {
		// By any of their addresses, as the comparison of people does.
		if slices.ContainsFunc(p.Addresses, func(a string) bool { return inZoom[strings.ToLower(a)] }) {
			both = append(both, strings.ToLower(p.UPN))
		}
	}
	slices.Sort(both)
	one := Finding{
		Severity: OK,
		Saw:      "All of Zoom's people have an Exchange plan",
		Evidence: append(evidence(without), evidence(people)...),
	}
	partial := without.Value.Total > len(without.Value.People) || !people.Value.All()
	switch {
	case len(both) > 0:
		one.Severity, one.Saw = Warn, fmt.Sprintf(
			"%s without an Exchange plan: %s",
			counted(len(both), "person", "people"),
			some(both),
		)
		if partial {
			one.Saw = "At least " + one.Saw
		}
		one.Fix = "assign a licence with Exchange Online: " + menu.MicrosoftUsers + "; " +
			"zo365 calendar list --user UPN says who has a mailbox all the same"
	case partial && without.Value.Total > 0:
		one.Severity = Unknown
		one.Saw = counted(
			without.Value.Total,
			"user has",
			"users have",
		) + " no Exchange plan; which of them are in Zoom was not read to the end"
		one.Needs, one.Fix = []string{"zo365 upn report"}, "zo365 upn report"
	}
	f.add(one)
}
