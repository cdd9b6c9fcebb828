package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Truth is what is known of a fact about a connection.
type Truth string

// The truths. Unknown is neither of the others.
const (
	Yes      Truth = "yes"
	No       Truth = "no"
	NotKnown Truth = "unknown"
)

// Known is one fact about a connection.
type Known struct {
	Truth Truth
	// By is the person, At when, Why how it is known or why it is not.
	By  string
	At  time.Time
	Why string
}

// State is what can be said of a scope's connection.
type State string

// The states. Only StateAuthorized says that Zoom is connected as far as anybody can know.
const (
	// StateAuthorized: Zoom's application has signed in since the consent; or Entra shows the
	// consent, a named person confirmed that the portal shows it saved, and every rule
	// passed.
	StateAuthorized State = "authorized"
	// StateConsented: Entra shows the consent, and that is all that is known.
	StateConsented State = "consented"
	// StatePending: there is no complete consent yet.
	StatePending State = "pending"
	// StateBlocked: a rule is not met, so that Zoom would refuse the connection.
	StateBlocked State = "blocked"
)

// Connection is what is known of one scope. A consent in Entra is no connection: Zoom
// refuses one whose signer or domain does not fit, after Entra has recorded the consent.
type Connection struct {
	Scope string
	// Consented: Entra shows the consent, complete.
	Consented Known
	// Confirmed: a named person says that Zoom's portal shows it saved.
	Confirmed Known
	// InUse: Zoom's application has signed in since the consent.
	InUse Known
	State State
	// Why says what the state rests on, or what is missing.
	Why string
}

// Blockers are the checks whose failure makes Zoom or Entra refuse the connection of a
// scope, in the order in which an administrator works.
var Blockers = []string{
	"zoom-plan",
	"zoom-role",
	"domain-match",
	"consent-role",
	"consent-present",
	"application-enabled",
	"signer-upn",
}

// Connections are those of every scope that wants an administrator's consent.
func Connections(in Input) []Connection {
	all := Examine(in)
	var some []Connection
	for _, s := range authorizable(in.File) {
		some = append(some, connection(in, all, s.name()))
	}
	return some
}

// ConnectionOf is what is known of one scope.
func ConnectionOf(in Input, all []Finding, scope string) Connection {
	return connection(in, all, scope)
}

func connection(in Input, all []Finding, scope string) Connection {
	c := Connection{
		Scope:     scope,
		Consented: consented(in),
		Confirmed: confirmed(in, scope),
		InUse:     inUse(in, scope),
	}
	failing, unknown := rules(in, all)
	switch {
	case c.Consented.Truth == Yes && c.InUse.Truth == Yes:
		c.State, c.Why = StateAuthorized, c.InUse.Why
	case len(failing) > 0:
		c.State, c.Why = StateBlocked, failing[0].Saw
	case c.Consented.Truth != Yes:
		c.State, c.Why = StatePending, c.Consented.Why
	case c.Confirmed.Truth != Yes:
		c.State, c.Why = StateConsented, c.Confirmed.Why
	case len(unknown) > 0:
		c.State, c.Why = StateConsented, "not known: "+strings.Join(codesOf(unknown), ", ")
	default:
		c.State, c.Why = StateAuthorized, c.Confirmed.Why
	}
	return c
}

// rules sorts the findings that decide whether Zoom accepts the connection.
// That Zoom's application is not in the tenant yet is no failed rule.
func rules(in Input, all []Finding) (failing, unknown []Finding) {
	for _, f := range all {
		switch {
		case !slices.Contains(Blockers, f.Code), f.Absent, f.Muted != nil:
		case f.Severity == Unknown && slices.Contains(in.Allowed, f.Code):
		case f.Severity == Fail:
			failing = append(failing, f)
		case f.Severity == Unknown, f.Undecided:
			unknown = append(unknown, f)
		}
	}
	return failing, unknown
}

func codesOf(all []Finding) []string {
	var codes []string
	for _, f := range all {
		codes = append(codes, f.Code)
	}
	return codes
}

func consented(in Input) Known {
	if !in.Facts.Consents.Seen() {
		return Known{Truth: NotKnown, Why: whyUnseen(in.Facts.Consents)}
	}
	c, check := ZoomApplication(in), ConsentOf(in)
	switch {
	case c.Principal == nil:
		return c.absent()
	case !check.Complete():
		return Known{Truth: No, Why: "the consent is not complete: missing " + strings.Join(check.Missing, ", ")}
	}
	by, at := consentedBy(in, c.Consent)
	if at.IsZero() {
		at = newestGrant(c.Consent)
	}
	return Known{
		Truth: Yes,
		By:    by,
		At:    at,
		Why:   "Entra shows " + heldWords(check, wantedOf(in)),
	}
}

// absent is what is known where no application was chosen.
func (c Choice) absent() Known {
	switch {
	case len(c.Unclear) > 0:
		return Known{Truth: NotKnown, Why: "it is not known which application is Zoom's: " + appNames(c.Unclear)}
	case c.Hidden != nil:
		return Known{Truth: NotKnown, Why: "it could not be seen " + whichByExchange + ": " + c.Hidden.Error()}
	}
	return Known{Truth: No, Why: c.Absence()}
}

// newestGrant is when the newest permission was granted, by the service's clock.
func newestGrant(c tenant.Consent) time.Time {
	var at time.Time
	for _, g := range c.Grants {
		if g.At.After(at) {
			at = g.At
		}
	}
	return at
}

// givenAt is when a person gave the consent, by the service's clock: when the first of its
// permissions was granted that zo365 did not grant itself. Zero is not known.
func givenAt(in Input, c tenant.Consent) time.Time {
	var at time.Time
	for _, g := range c.Grants {
		ours := slices.ContainsFunc(in.Record.Granted, func(p tenant.Permission) bool {
			return p.Label() == g.Permission.Label() // a role's ID may not have been looked up then
		})
		if !ours && !g.At.IsZero() && (at.IsZero() || g.At.Before(at)) {
			at = g.At
		}
	}
	return at
}

func confirmed(in Input, scope string) Known {
	s, ok := scopeNamed(in, scope)
	if !ok {
		return Known{Truth: No, Why: "no profile wants it"}
	}
	word, ok := in.Record.Portal[scope][StepSave]
	wanted := slices.ContainsFunc(PortalSteps(s.effective), func(p PortalStep) bool {
		return p.Code == StepSave && (word.Choose == p.Choose || word.Choose == "")
	})
	switch {
	case !ok || !wanted:
		return Known{Truth: No, Why: "nobody confirmed that Zoom's portal shows it saved"}
	case word.By == "":
		return Known{Truth: No, Why: "nobody is named who confirmed it"}
	}
	if c := ZoomApplication(in); in.Facts.Consents.Seen() && c.Principal != nil && outdated(in, word, c.Consent) {
		return Known{Truth: No, Why: fmt.Sprintf(
			"%s confirmed it at %s, before the consent of %s: nobody has since",
			word.By,
			toService(in, word).UTC().Format(time.RFC3339),
			givenAt(in, c.Consent).UTC().Format(time.RFC3339),
		)}
	}
	return Known{
		Truth: Yes,
		By:    word.By,
		At:    word.At,
		Why:   word.By + " confirmed on " + word.At.UTC().Format(time.DateOnly) + " that Zoom's portal shows it saved",
	}
}

func scopeNamed(in Input, name string) (scope, bool) {
	all := authorizable(in.File)
	if i := slices.IndexFunc(all, func(s scope) bool { return s.name() == name }); i >= 0 {
		return all[i], true
	}
	group, ok := strings.CutPrefix(name, "group:")
	e, err := in.File.Effective(group)
	if ok && err != nil && e.Authorizable() { // a group without a profile has the account's settings
		return scope{group: group, effective: e}, true
	}
	return scope{}, false
}

// inUse says whether Zoom's application signed in after the newest of its permissions
// was granted. One application serves every scope, so that with several its sign-ins do
// not tell which of them is connected.
func inUse(in Input, scope string) Known {
	r := in.Facts.SignIns
	if !r.Seen() {
		return Known{Truth: NotKnown, Why: whyUnseen(r)}
	}
	c := ZoomApplication(in)
	switch {
	case c.Principal == nil:
		return c.absent()
	case !c.Principal.Enabled:
		return Known{Truth: No, Why: c.Principal.DisplayName + " is disabled and cannot sign in"}
	case sharesApplication(in, scope):
		return Known{
			Truth: NotKnown,
			Why:   "one application serves the account and the groups: its sign-ins do not tell which of them is connected",
		}
	}
	last, since := lastSignIn(in, c.Consent), newestGrant(c.Consent)
	if since.IsZero() { // Exchange gives the permissions; the record says since when
		for _, a := range in.Record.Authorized {
			since = a.At
		}
	}
	switch {
	case since.IsZero():
		return Known{Truth: NotKnown, Why: "it is not known when the consent was given"}
	case last.IsZero():
		return Known{Truth: NotKnown, Why: "Zoom's application has not signed in yet; the report is some hours behind"}
	case last.Before(since.Truncate(time.Second)): // the report counts whole seconds
		return Known{
			Truth: No,
			At:    last,
			Why:   "Zoom's application has not signed in since the consent of " + since.UTC().Format(time.RFC3339),
		}
	case in.Now.Sub(last) > quiet:
		return Known{Truth: No, At: last, Why: "Zoom's application signed in last on " + last.UTC().Format(time.DateOnly)}
	}
	return Known{
		Truth: Yes,
		At:    last,
		Why:   "Zoom's application signed in on " + last.UTC().Format(time.RFC3339) + ", after the consent",
	}
}

// sharesApplication says whether the application serves more than one scope: those that
// the file has, the one that is asked for, and those that the journal has. An empty scope
// is whichever it is.
func sharesApplication(in Input, scope string) bool {
	all := map[string]bool{}
	for _, s := range authorizable(in.File) {
		all[s.name()] = true
	}
	for _, s := range recordedScopes(in.Record) {
		all[s] = true
	}
	if scope != "" {
		all[scope] = true
	}
	return len(all) > 1
}

func lastSignIn(in Input, c tenant.Consent) time.Time {
	var last time.Time
	for _, s := range in.Facts.SignIns.Value {
		if strings.EqualFold(s.AppID, c.Principal.AppID) && s.Last.After(last) {
			last = s.Last
		}
	}
	return last
}

func whyUnseen[T any](r tenant.Reading[T]) string {
	if r.Err != nil {
		return r.Err.Error()
	}
	return "it was not read"
}

// RecordedConnection is what the journal alone says of a scope's connection: nobody asked
// the services.
func RecordedConnection(in Input, scope string) Connection {
	c := Connection{Scope: scope, Confirmed: confirmed(in, scope), State: StatePending}
	c.InUse = Known{Truth: NotKnown, Why: "no request was made"}
	c.Consented = Known{Truth: NotKnown, Why: "no consent is recorded, and no request was made"}
	if a, ok := in.Record.Authorized[scope]; ok {
		c.Consented = Known{
			Truth: Yes,
			By:    a.UPN,
			At:    a.At,
			Why:   "recorded on " + a.At.UTC().Format(time.DateOnly),
		}
		c.State = StateConsented
	}
	return c
}
