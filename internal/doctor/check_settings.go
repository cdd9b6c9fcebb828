package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/shell"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

func checkEWS(in Input, f *findings) {
	blocked, _ := time.Parse(time.DateOnly, profile.EWSBlocked) // constants
	gone, _ := time.Parse(time.DateOnly, profile.EWSGone)
	used := false
	for _, s := range scopes(in.File) {
		if !s.effective.Enabled || s.effective.AuthorizeWith != profile.EWS {
			continue
		}
		used = true
		one := Finding{
			Scope:    s.name(),
			Severity: Fail,
			Fix:      "zo365 integration enable" + flag(s.group),
		}
		switch uses := capital(s.words()) + " uses it"; {
		case s.effective.DefaultService == profile.Exchange:
			one.Severity, one.Fix = Info, ""
			one.Saw = uses + " with default_service: exchange; Exchange on premises is not affected"
		case !in.Now.Before(gone):
			one.Saw = uses + ", and Exchange Online switches it off for good, starting " + profile.EWSGone + ewsAsOf
		case !in.Now.Before(blocked):
			one.Saw = uses + ", and Exchange Online is switching it off tenant by tenant since " + profile.EWSBlocked +
				", for good starting " + profile.EWSGone + ewsAsOf
		default:
			one.Severity = Warn
			one.Saw = uses + "; Exchange Online switches it off tenant by tenant from " + profile.EWSBlocked +
				" on, for good starting " + profile.EWSGone + ewsAsOf
		}
		f.add(one)
	}
	if !used {
		if len(scopes(in.File)) == 0 {
			f.skip("The tenant file sets nothing")
			return
		}
		f.add(Finding{Severity: OK, Saw: "No profile uses Exchange Web Services"})
	}
}

// ewsAsOf dates what is known of the end: no later announcement was found.
const ewsAsOf = " (as of Microsoft's announcement of June 2026, MC1227454)"

func flag(group string) string {
	if group == "" {
		return ""
	}
	return " --group " + shell.Word(group)
}

func checkPrimary(in Input, f *findings) {
	for _, s := range scopes(in.File) {
		if s.effective.Enabled {
			f.add(Finding{Severity: Info, Saw: "Only the primary calendar is used; zo365 calendar list shows which that is"})
			return
		}
	}
	f.skip("The integration is off, or nothing is set")
}

// unsupported are the article's words for what the integration does not do.
var unsupported = map[profile.Feature]string{
	profile.MultipleCalendars: "several calendars cannot be selected",
	profile.Attachments:       "attachments cannot be included",
	profile.CreateCalendar:    "a calendar cannot be created under Settings",
	profile.SearchCalendar:    "one cannot search within the calendar",
	profile.ProposeNewTime:    "a new time cannot be proposed",
	profile.FindTime:          "there is no find time",
	profile.SuggestedTimes:    "there are no suggested times",
}

func checkFeatures(in Input, f *findings) {
	var asked []string
	for _, feature := range in.File.Features {
		if words, ok := unsupported[feature]; ok {
			asked = append(asked, fmt.Sprintf("%s (%s)", feature, words))
		}
	}
	if len(in.File.Features) == 0 {
		f.skip("The tenant file names no features")
		return
	}
	one := Finding{Severity: OK, Saw: "Every feature that the tenant file names is supported"}
	if len(asked) > 0 {
		one.Severity, one.Saw = Warn, "Asked for and not supported: "+strings.Join(asked, "; ")
		one.Fix = "tell your people, and remove it from features: in the tenant file"
	}
	f.add(one)
}

func checkPortal(in Input, f *findings) {
	found := false
	for _, s := range scopes(in.File) {
		found = true
		confirmed := standing(in, s.name())
		pending := Unconfirmed(s.effective, confirmed)
		all := len(PortalSteps(s.effective))
		one := Finding{
			Scope:    s.name(),
			Severity: OK,
			Saw:      fmt.Sprintf("%d of %d controls are confirmed by a person", all-len(pending), all),
		}
		for _, c := range PortalSteps(s.effective) {
			if by, ok := confirmed[c.Code]; ok {
				one.Evidence = []Evidence{{Source: "the word of " + by.By, At: by.At}}
			}
		}
		if len(pending) > 0 {
			one.Severity, one.Fix = Unknown, "zo365 apply"
			one.Needs = []string{"a person's confirmation"}
			var labels []string
			for _, p := range pending {
				labels = append(labels, p.Control)
			}
			one.Saw += "; not: " + strings.Join(labels, ", ")
			if Narrowed(in) && slices.ContainsFunc(pending, func(p PortalStep) bool { return p.Code == StepSave }) {
				stopped := reconsent()
				one.Saw += ". " + stopped.Why
				one.Fix = stopped.Fix
			}
			after := []string{enableID, forgetID(s.name())}
			if s.effective.Authorizable() {
				after = append(after, zoomName, entraName)
			}
			if s.group != "" {
				after = append(after, groupID(s.group))
			}
			one.Steps = clicks(in, s.group, pending, after)
		}
		f.add(one)
	}
	if !found {
		f.skip("The tenant file sets nothing")
	}
}

func checkRecord(in Input, f *findings) {
	wanted := map[string]bool{}
	consent := ZoomApplication(in)
	now := ConsentOf(in)
	for _, s := range authorizable(in.File) {
		wanted[s.name()] = true
		if unseen(f, in.Facts.Consents, "Zoom's application") {
			return
		}
		recorded, ok := in.Record.Authorized[s.name()]
		one := Finding{
			Scope:    s.name(),
			Severity: OK,
			Saw:      "The journal has the consent that Entra shows",
			Evidence: evidence(in.Facts.Consents),
		}
		step := Step{
			ID:        recordID(s.name()),
			Kind:      Local,
			Action:    RecordConsent,
			Scope:     s.name(),
			Target:    s.name(),
			Before:    NotRecorded,
			After:     "recorded",
			DependsOn: beforeRecord(in),
		}
		switch {
		case !ok && !now.Complete():
			one.Severity, one.Saw = Info, "There is no complete consent to record yet"
			one.Steps = []Step{step}
		case !ok:
			one.Severity, one.Saw, one.Fix = Warn, "Entra shows a complete consent that the journal does not know", "zo365 apply"
			one.Steps = []Step{step}
		case !now.Complete():
			one.Severity, one.Saw, one.Fix = Warn, "The consent that was recorded on "+recorded.At.UTC().Format(
				time.DateOnly,
			)+" is not complete any more", "zo365 apply"
			step.Before = "recorded " + recorded.At.UTC().Format(time.DateOnly)
			one.Steps = []Step{step}
		case recorded.Application.PrincipalID != consent.Principal.ID ||
			!slices.Equal(sorted(recorded.Granted), settled(in, now)):
			one.Severity, one.Saw, one.Fix = Warn, "Entra shows other permissions than were recorded: "+strings.Join(
				now.Granted,
				", ",
			), "zo365 apply"
			step.Before = strings.Join(recorded.Granted, ", ")
			one.Steps = []Step{step}
		case savePending(in):
			one.Severity, one.Saw = Info, "The consent that is still to be given will be recorded again"
			step.Before, step.After = "recorded "+recorded.At.UTC().Format(time.DateOnly), "recorded again"
			one.Steps = []Step{step}
		}
		f.add(one)
	}
	for _, s := range recordedScopes(in.Record) {
		if !wanted[s] && !inherits(in.File, s) {
			f.add(Finding{
				Scope:    s,
				Severity: Warn,
				Saw:      "A consent is recorded that no profile wants any more",
				Fix:      "zo365 apply",
				Evidence: []Evidence{{Source: "the journal", At: in.Record.Authorized[s].At}},
				Steps: []Step{
					{
						ID:     forgetID(s),
						Kind:   Local,
						Action: ForgetConsent,
						Scope:  s,
						Target: s,
						Before: "recorded",
						After:  "forgotten",
					},
				},
			})
		}
	}
	if len(f.all) == 0 {
		f.skip("There is nothing to record")
	}
}

// inherits says whether a recorded scope is a group that sets nothing and has the
// account's admin setup: somebody authorized for it by name.
func inherits(f profile.File, scope string) bool {
	group, ok := strings.CutPrefix(scope, "group:")
	e, _ := f.Effective(group) // a group without a profile has the account's settings
	return ok && !f.Account.Empty() && e.Authorizable()
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// settled is what will be granted once the excess is gone: the plan takes it away
// before it records.
func settled(in Input, c ConsentCheck) []string {
	var left []string
	gone := leaving(in)
	for _, g := range c.Granted {
		if !slices.Contains(gone, g) {
			left = append(left, g)
		}
	}
	return left
}

// leaving are the permissions that other checks take away, as people read them.
func leaving(in Input) []string {
	var gone []string
	for _, s := range leavingSteps(in) {
		gone = append(gone, s.Target)
	}
	return gone
}

func leavingSteps(in Input) []Step {
	var all []Finding
	for _, row := range checks() {
		if slices.Contains([]string{"consent-excess", "mail-read", "rbac-scope"}, row.code) {
			f := &findings{row: row}
			row.run(in, f)
			all = append(all, f.all...)
		}
	}
	var steps []Step
	for _, one := range mute(in, all) {
		if one.Muted == nil {
			steps = append(steps, one.Steps...)
		}
	}
	return steps
}

// beforeRecord are the steps after which the consent is as it shall be.
func beforeRecord(in Input) []string {
	ids := append(saves(in), enableID)
	for _, p := range wantedOf(in).Permissions() {
		ids = append(ids, grantID(tenant.GraphPermission(p)))
	}
	for _, s := range leavingSteps(in) {
		ids = append(ids, s.ID)
	}
	return ids
}

// A pause of the application that is worth a look.
const quiet = 14 * 24 * time.Hour

func checkLastUse(in Input, f *findings) {
	c, ok := appliesToApp(in, f)
	if !ok || unseen(f, in.Facts.SignIns, "the application's sign-ins") {
		return
	}
	last := lastSignIn(in, c.Consent)
	one := Finding{
		Severity: OK,
		Evidence: evidence(in.Facts.SignIns),
		Saw:      "It signed in on " + last.UTC().Format(time.DateOnly),
	}
	switch {
	case last.IsZero():
		one.Severity, one.Saw = Info, "It has not signed in yet; the report is some hours behind"
	case in.Now.Sub(last) > quiet:
		one.Severity, one.Saw = Warn, "It has not signed in since "+last.UTC().Format(time.DateOnly)
		one.Fix = "zo365 authorize --again"
	}
	f.add(one)
}
