// Package authorize owns the consent journey: whether this person can
// authorize, the watch for the consent in Entra, and what is recorded of it.
package authorize

import (
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

// Want is what is to be authorized.
type Want struct {
	// Required replaces the built-in list of permissions when not empty.
	Required []string
	// MailRead says that Mail: Read is approved, in the profile or by flag.
	MailRead bool
	// By is the authorizing person's UPN when nobody is signed in.
	By string
}

// Verdict is one of the questions asked before the browser opens.
type Verdict struct {
	Question string
	// Answer is what was found, in one sentence.
	Answer string
	// OK is false when the journey cannot go on.
	OK bool
	// Unknown is true when it could not be found out; then OK says whether the
	// journey may go on all the same.
	Unknown bool
	// Next is what to do.
	Next string
}

// Refusal is why a person cannot authorize.
type Refusal struct {
	// Verdicts are those that failed, in order.
	Verdicts []Verdict
	// Needs names a missing role or permission, when that is the first reason.
	Needs string
}

func (e *Refusal) Error() string {
	lines := make([]string, len(e.Verdicts))
	for i, v := range e.Verdicts {
		lines[i] = v.Answer
	}
	return strings.Join(lines, "; ")
}

// Checked is the outcome of the questions.
type Checked struct {
	Verdicts []Verdict
	Signer   doctor.Signer
}

// Refused returns a *Refusal when any question stands in the way.
func (c Checked) Refused() error {
	var failed []Verdict
	for _, v := range c.Verdicts {
		if !v.OK {
			failed = append(failed, v)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	r := &Refusal{Verdicts: failed}
	switch {
	case failed[0].Question == questionRole:
		r.Needs = strings.Join(doctor.ConsentRoles, " or ")
	case failed[0].Unknown:
		r.Needs = failed[0].Next
	}
	return r
}

// The questions, in the order in which an administrator works.
const (
	questionWho    = "who is authorizing"
	questionRole   = "may this person consent"
	questionUPN    = "does the UPN equal the Zoom email"
	questionDomain = "does a domain match"
)

// Check answers the questions from the facts.
func Check(f tenant.Facts, w Want) Checked {
	var c Checked
	who := checkWho(f, w)
	c.Verdicts = append(c.Verdicts, who)
	if w.By == "" && f.Me.Seen() {
		c.Verdicts = append(c.Verdicts, checkRole(f.Roles))
	}
	var upn Verdict
	c.Signer, upn = checkUPN(f, w)
	c.Verdicts = append(c.Verdicts, upn, checkDomain(f))
	return c
}

func checkWho(f tenant.Facts, w Want) Verdict {
	v := Verdict{Question: questionWho, OK: true}
	switch {
	case w.By != "":
		v.Answer = w.By + ", as you say (an application is signed in)"
	case f.Me.Seen():
		v.Answer = f.Me.Value.UPN
	default:
		v.Unknown = true
		v.Answer = "not known yet: an application is signed in; the consent's record in the audit log will say"
	}
	return v
}

func checkRole(roles tenant.Reading[[]tenant.DirectoryRole]) Verdict {
	v := Verdict{Question: questionRole}
	if !roles.Seen() {
		v.OK, v.Unknown = true, true
		v.Answer = fmt.Sprintf("unknown: %v; Entra's page will decide", roles.Err)
		return v
	}
	check := doctor.CheckRoles(roles.Value)
	switch {
	case check.May:
		v.OK = true
		v.Answer = "yes, as " + check.By
		return v
	case check.OnlyApps:
		v.Answer = "no: Cloud Application Administrator, which Zoom's pages name, cannot consent to Microsoft Graph application permissions"
	case len(check.Has) == 0:
		v.Answer = "no: the signed-in person has no directory role"
	default:
		v.Answer = "no: " + strings.Join(check.Has, ", ") + " cannot consent to Microsoft Graph application permissions"
	}
	v.Next = "sign in as a " + strings.Join(doctor.ConsentRoles, " or ") + ": zo365 login microsoft"
	return v
}

func checkUPN(f tenant.Facts, w Want) (doctor.Signer, Verdict) {
	v := Verdict{Question: questionUPN}
	upn := w.By
	if upn == "" {
		upn = f.Me.Value.UPN
	}
	if upn == "" {
		v.OK, v.Unknown, v.Answer = true, true, "unknown until the consent's record names the person"
		return doctor.Signer{}, v
	}
	if !f.MyZoom.Seen() {
		v.Unknown = true
		v.Answer = fmt.Sprintf("unknown: %v", f.MyZoom.Err)
		v.Next = needs(f.MyZoom.Err)
		return doctor.Signer{UPN: upn}, v
	}
	s := doctor.CheckSigner(upn, f.MyZoom.Value)
	switch {
	case s.Match:
		v.OK, v.Answer = true, "yes: "+s.UPN
	case w.MailRead && s.ZoomEmail != "":
		v.OK, v.Answer = true, fmt.Sprintf("no: the UPN is %s, the Zoom email %s; Mail: Read is approved instead", s.UPN, s.ZoomEmail)
	case s.ZoomEmail == "":
		v.Answer = fmt.Sprintf("no: %s has no Zoom account under the UPN or the mail address", s.UPN)
		v.Next = "name the person's Zoom account with --zoom-email, or authorize as somebody who has one"
	default:
		v.Answer = fmt.Sprintf("no: the UPN is %s, the Zoom email %s, and Zoom connects only when they are equal", s.UPN, s.ZoomEmail)
		v.Next = fmt.Sprintf("make them equal (zo365 upn check %s says how), or approve Mail: Read in the Zoom portal and run zo365 authorize --approve-mail-read", s.ZoomEmail)
	}
	return s, v
}

func checkDomain(f tenant.Facts) Verdict {
	v := Verdict{Question: questionDomain}
	for _, err := range []error{f.Domains.Err, f.ZoomDomains.Err} {
		if err != nil {
			v.Unknown, v.Answer, v.Next = true, fmt.Sprintf("unknown: %v", err), needs(err)
			return v
		}
	}
	match := doctor.MatchDomains(f.ZoomDomains.Value, f.Domains.Value, nil)
	if match.OK() {
		v.OK, v.Answer = true, "yes: "+strings.Join(match.Matches(), ", ")
		return v
	}
	v.Answer = "no: no associated domain of the Zoom account equals a verified custom domain of the tenant"
	v.Next = "zo365 verify-domain"
	return v
}

// needs names what is missing for a fact that could not be read.
func needs(err error) string {
	return fmt.Sprintf("%v", err)
}
