package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// Severity is how bad a finding is.
type Severity string

// The severities. Unknown is never as good as OK: something could not be seen.
const (
	OK      Severity = "ok"
	Info    Severity = "info"
	Warn    Severity = "warn"
	Fail    Severity = "fail"
	Unknown Severity = "unknown"
	// Skipped: the check does not apply here. It is no success.
	Skipped Severity = "skipped"
)

// Evidence is a fact that a finding rests on.
type Evidence struct {
	// Source is the request or the record that said it.
	Source string
	At     time.Time
}

// Finding is what one check found in one scope.
type Finding struct {
	// Code is stable: scripts and mutes name it.
	Code string
	// Scope is "account", "group:NAME" or "tenant".
	Scope    string
	Severity Severity
	// Title is what the check asks for; Saw what was found, in a sentence.
	Title, Saw string
	Evidence   []Evidence
	// Why says why it matters, Source where that is written.
	Why, Source string
	// Needs are the permissions without which nobody can tell, with Unknown.
	Needs []string
	// Fix is the command that fixes it, or where a person does; empty when nothing
	// is wrong.
	Fix string
	// Steps are the remedy as data.
	Steps []Step
	// Absent says that what fails is merely still to come: Zoom's application before the
	// consent. Undecided says that the finding is no failure and no pass: who authorizes
	// is not known yet.
	Absent, Undecided bool
	// Muted is set when the tenant file accepts the finding.
	Muted *profile.Mute
}

// Input is all that a judgement rests on.
type Input struct {
	File   profile.File
	Facts  tenant.Facts
	Record Record
	Now    time.Time
	// Target is what the facts are of.
	Target tenant.Target
	// By is the UPN of who authorizes, where a person named somebody else than who is
	// signed in; their Zoom account is MyZoom.
	By string
	// Allowed are the codes of checks that a person accepts unseen.
	Allowed []string
	// About is the ID of the application that all of this is about, where it is about another than
	// the one for people; File is then what is wanted of it (see AboutRooms, AboutApplication).
	About string
}

// Record is what the journal says of now.
type Record struct {
	// Portal holds what a person confirmed of Zoom's portal, by scope and step code.
	Portal map[string]map[string]Confirmed
	// Authorized holds the consents that were observed, by scope.
	Authorized map[string]Authorized
	// Granted are the permissions that zo365 granted: no consent of a person did.
	Granted []tenant.Permission
	// Pinned is the application of a consent that a person confirmed, or the one that a
	// run or an unfinished step is about; zero when there is none.
	Pinned tenant.Application
	// Exchange is what somebody read in Exchange Online PowerShell; nil when nobody did.
	Exchange *tenant.ExchangeEvidence
	// Tested is when a set of roles was first seen to be as wanted, by its fingerprint.
	Tested map[string]time.Time
}

// Confirmed is a person's word that a control of the portal shows a value.
type Confirmed struct {
	Choose string
	By     string
	// At is by this machine's clock.
	At time.Time
	// Proved: zo365 had seen the proof when the word was taken.
	Proved bool
}

// Authorized is a consent as it was recorded.
type Authorized struct {
	// UPN and ZoomEmail are the authorizing person's; empty when not known.
	UPN, ZoomEmail string
	Match          bool
	Application    tenant.Application
	Granted        []string
	At             time.Time
}

// check is one row of doctor's table.
type check struct {
	code, title, why, source string
	// facts are those that the check looks at.
	facts []tenant.Fact
	run   func(Input, *findings)
}

// findings collects what one check finds; the row's words are added to each.
type findings struct {
	row check
	all []Finding
}

func (f *findings) add(one Finding) {
	one.Code, one.Title, one.Why, one.Source = f.row.code, f.row.title, f.row.why, f.row.source
	if one.Scope == "" {
		one.Scope = ScopeTenant
	}
	f.all = append(f.all, one)
}

// skip says that the check does not apply, and why.
func (f *findings) skip(why string) { f.add(Finding{Severity: Skipped, Saw: why}) }

// ScopeTenant is the scope of what is not the account's or a group's alone.
const ScopeTenant = "tenant"

// unseen adds an unknown for a fact that could not be read, and says so.
func unseen[T any](f *findings, r tenant.Reading[T], what string) bool {
	if r.Seen() {
		return false
	}
	if errors.Is(r.Err, tenant.ErrNotInCloud) {
		f.skip(capital(what) + ": not available in this cloud")
		return true
	}
	if r.At.IsZero() {
		f.add(Finding{Severity: Unknown, Saw: capital(what) + " was not read", Fix: "zo365 facts"})
		return true
	}
	one := Finding{
		Severity: Unknown,
		Saw:      fmt.Sprintf("Could not see %s: %v", what, r.Err),
		Fix:      "zo365 doctor --debug",
		Evidence: evidence(r),
	}
	var missing *tenant.NeedsError
	if errors.As(r.Err, &missing) {
		one.Needs, one.Fix = missing.AnyOf, getting(missing, f.row.code)
	}
	f.add(one)
	return true
}

// getting says where a person gets what a check needs.
func getting(missing *tenant.NeedsError, code string) string {
	needs := strings.Join(missing.AnyOf, " or ")
	if missing.Instead != "" {
		return missing.Instead
	}
	switch missing.Service {
	case "Microsoft Graph":
		how := "grant " + needs + " to the application that zo365 signs in with, then: zo365 login microsoft --for doctor"
		if len(missing.Roles) > 0 {
			how += "; a person also needs one of the roles " + strings.Join(missing.Roles, ", ")
		}
		return how
	case "Zoom":
		return "add " + needs + " to the server-to-server app (" + menu.ZoomApps + "), then: zo365 login zoom"
	}
	return "get " + needs + ", or accept it: a mute of " + code + " in the tenant file"
}

func evidence[T any](r tenant.Reading[T]) []Evidence {
	return []Evidence{{Source: r.Source, At: r.At}}
}

// Examine runs every check, in the order in which an administrator works.
func Examine(in Input) []Finding {
	var all []Finding
	for _, row := range checks() {
		f := &findings{row: row}
		row.run(in, f)
		all = append(all, f.all...)
	}
	return append(mute(in, all), deadMutes(in)...)
}

// FactsFor are the facts that some checks look at; nil codes are all checks.
func FactsFor(codes []string) []tenant.Fact {
	var facts []tenant.Fact
	for _, row := range checks() {
		if codes != nil && !slices.Contains(codes, row.code) {
			continue
		}
		for _, f := range row.facts {
			if !slices.Contains(facts, f) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// Codes are the checks' codes with their titles, in order.
func Codes() [][2]string {
	var all [][2]string
	for _, row := range checks() {
		all = append(all, [2]string{row.code, row.title})
	}
	return all
}

// Worst is the worst severity among the findings that are not muted: fail, then
// unknown, warn, info, ok.
func Worst(all []Finding) Severity {
	order := []Severity{Skipped, OK, Info, Warn, Unknown, Fail}
	worst := 0
	for _, f := range all {
		for i, s := range order {
			if f.Muted == nil && f.Severity == s && i > worst {
				worst = i
			}
		}
	}
	return order[worst]
}

// Blind are the codes of the checks that could not see a fact and would block the steps
// of a scope if they failed. allowed are those that a person accepts unseen.
func Blind(all []Finding, allowed []string) []string {
	var codes []string
	for _, code := range Unseen(all) {
		if (slices.Contains(Blockers, code) || code == "consent-complete") && !slices.Contains(allowed, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// Unseen are the codes of the checks that could not see a fact. What waits for a
// person's word is not among them.
func Unseen(all []Finding) []string {
	var codes []string
	for _, f := range all {
		if f.Severity == Unknown && f.Muted == nil && f.Code != codePortal && !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// codePortal is the check of what only a person can see.
const codePortal = "portal"

// scopes are the account and the groups that have a profile of their own, with
// their settings; a scope that sets nothing wants nothing.
func scopes(f profile.File) []scope {
	var all []scope
	account, _ := f.Effective("")
	if !f.Account.PortalEmpty() {
		all = append(all, scope{"", account})
	}
	for _, g := range f.Groups {
		e, _ := f.Effective(g.Name) // it has a profile
		if !g.PortalEmpty() {
			all = append(all, scope{g.Name, e})
		}
	}
	return all
}

// PortalScopes are the account ("") and the groups whose settings stand in Zoom's
// portal.
func PortalScopes(f profile.File) []string {
	var groups []string
	for _, s := range scopes(f) {
		groups = append(groups, s.group)
	}
	return groups
}

// scope is the account (group "") or a group with what is wanted of it.
type scope struct {
	group     string
	effective profile.Effective
}

func (s scope) name() string { return profile.Scope(s.group) }

// words names a scope in a sentence.
func (s scope) words() string {
	if s.group == "" {
		return "the account"
	}
	return "the group " + s.group
}

// authorizable are the scopes that need an administrator's consent. A group that
// inherits everything is the account's matter.
func authorizable(f profile.File) []scope {
	var some []scope
	for _, s := range scopes(f) {
		if s.effective.Authorizable() {
			some = append(some, s)
		}
	}
	return some
}
