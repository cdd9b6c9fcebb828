package doctor

import (
	"fmt"
	"slices"
	"strings"
)

func checkSignerUPN(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.add(Finding{Severity: OK, Saw: "nothing is to be authorized"})
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
	case s.ZoomEmail == "":
		one.Severity, one.Saw = Fail, s.UPN+" has no Zoom account under the UPN or the mail address"
		one.Fix = "zo365 authorize --zoom-email EMAIL, or zo365 login microsoft as somebody who has one"
	case wantedOf(in).MailRead:
		one.Severity, one.Saw = Info, fmt.Sprintf("the UPN is %s, the Zoom email %s; Mail: Read is approved instead", s.UPN, s.ZoomEmail)
	case consentComplete(in) && len(in.Record.Authorized) > 0:
		one.Severity, one.Saw = Info, fmt.Sprintf("the UPN is %s, the Zoom email %s; Zoom is connected, and the next time needs Mail: Read", s.UPN, s.ZoomEmail)
	default:
		one.Severity, one.Saw = Fail, fmt.Sprintf("the UPN is %s, the Zoom email %s", s.UPN, s.ZoomEmail)
		one.Fix = "zo365 integration enable --mail-read approved"
	}
	f.add(one)
}

// SignerOf is who authorizes, as far as it is known.
func SignerOf(in Input) Signer {
	s, _ := signer(in)
	return s
}

// signer is who authorizes: whom the journal recorded, the signed-in person, or
// whom the audit log names. A finding with a severity says why it is not known.
func signer(in Input) (Signer, Finding) {
	for _, s := range recordedScopes(in.Record) {
		if a := in.Record.Authorized[s]; a.UPN != "" && consentComplete(in) {
			return Signer{UPN: a.UPN, ZoomEmail: a.ZoomEmail, Match: a.Match}, Finding{Evidence: []Evidence{{Source: "the journal", At: a.At}}}
		}
	}
	if in.Facts.SignedIn.Value.Person {
		one := &findings{}
		if unseen(one, in.Facts.Me, "who is signed in") || unseen(one, in.Facts.MyZoom, "the signed-in person's Zoom account") {
			return Signer{}, one.all[0]
		}
		return CheckSigner(in.Facts.Me.Value.UPN, in.Facts.MyZoom.Value), Finding{Evidence: append(evidence(in.Facts.Me), evidence(in.Facts.MyZoom)...)}
	}
	c, _ := zoomConsent(in)
	upn, _ := consentedBy(in, c)
	switch {
	case upn == "":
		return Signer{}, Finding{Severity: Info, Saw: "an application is signed in, and nobody's consent is on record; it shows when a person authorizes", Evidence: evidence(in.Facts.SignedIn)}
	case !in.Facts.ZoomPeople.Seen():
		one := &findings{}
		unseen(one, in.Facts.ZoomPeople, "Zoom's people")
		return Signer{}, one.all[0]
	}
	s := Signer{UPN: upn}
	if slices.ContainsFunc(in.Facts.ZoomPeople.Value.Emails, func(e string) bool { return strings.EqualFold(e, upn) }) {
		s.ZoomEmail, s.Match = upn, true
	} else if !in.Facts.ZoomPeople.Value.All() {
		return s, Finding{Severity: Unknown, Saw: upn + " consented; only the first of Zoom's people were read", Needs: []string{"zo365 upn check " + upn}, Fix: "zo365 upn check " + upn, Evidence: evidence(in.Facts.ZoomPeople)}
	}
	return s, Finding{Evidence: append(evidence(in.Facts.Events), evidence(in.Facts.ZoomPeople)...)}
}

func checkMailboxes(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.add(Finding{Severity: OK, Saw: "no profile connects people's calendars"})
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
	for _, upn := range without.Value.UPNs {
		if inZoom[strings.ToLower(upn)] {
			both = append(both, strings.ToLower(upn))
		}
	}
	slices.Sort(both)
	one := Finding{Severity: OK, Saw: "all of them have an Exchange plan", Evidence: append(evidence(without), evidence(people)...)}
	partial := without.Value.Total > len(without.Value.UPNs) || !people.Value.All()
	switch {
	case len(both) > 0:
		one.Severity, one.Saw = Warn, fmt.Sprintf("%d without an Exchange plan: %s", len(both), some(both))
		if partial {
			one.Saw = "at least " + one.Saw
		}
		one.Fix = "assign a licence with Exchange Online: https://admin.microsoft.com > Users > Active users; zo365 calendar list --user UPN says who has a mailbox all the same"
	case partial && without.Value.Total > 0:
		one.Severity, one.Saw = Unknown, fmt.Sprintf("%d users have no Exchange plan; which of them are in Zoom was not read to the end", without.Value.Total)
		one.Needs, one.Fix = []string{"zo365 upn report"}, "zo365 upn report"
	}
	f.add(one)
}
