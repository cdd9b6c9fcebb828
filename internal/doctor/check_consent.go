package doctor

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// zoomConsent is Zoom's application for personal calendars in the tenant: the one
// that the tenant file names, the one that the journal knows, the only one that holds
// calendar permissions, or the only one with a role in Exchange. Its Principal is
// nil when there is none; several are those that it may be.
func zoomConsent(in Input) (tenant.Consent, []tenant.Consent) {
	all := in.Facts.Consents.Value
	if id := in.File.Microsoft.ZoomAppID; id != "" {
		for _, c := range all {
			if c.Principal != nil && strings.EqualFold(c.Principal.AppID, id) {
				return c, nil
			}
		}
		return tenant.Consent{}, nil
	}
	known := []string{}
	for _, s := range recordedScopes(in.Record) {
		known = append(known, in.Record.Authorized[s].PrincipalID)
	}
	for _, id := range append(known, in.Record.Principal) {
		for _, c := range all {
			if c.Principal != nil && c.Principal.ID == id {
				return c, nil
			}
		}
	}
	found, several := PickZoom(all)
	if found != nil {
		return *found, nil
	}
	for _, c := range all {
		if len(several) == 0 && c.Principal != nil && len(exchangeRoles(in, c)) > 0 {
			return c, nil
		}
	}
	return tenant.Consent{}, several
}

// ZoomConsent is Zoom's application for personal calendars, as every check takes it;
// its Principal is nil when it is not there or not clear which it is.
func ZoomConsent(in Input) tenant.Consent {
	c, _ := zoomConsent(in)
	return c
}

// ConsentOf compares Zoom's application with what the profiles need.
func ConsentOf(in Input) ConsentCheck { return consentCheck(in) }

func recordedScopes(r Record) []string {
	var all []string
	for s := range r.Authorized {
		all = append(all, s)
	}
	sort.Strings(all)
	return all
}

// wantedOf is what the profiles need of the application.
func wantedOf(in Input) Wanted {
	w := Wanted{Required: in.File.Microsoft.RequiredPermissions}
	for _, s := range authorizable(in.File) {
		w.MailRead = w.MailRead || s.effective.MailRead == profile.Approved
	}
	c, _ := zoomConsent(in)
	for _, r := range exchangeRoles(in, c) {
		w.ByExchange = append(w.ByExchange, permissionOf(r))
	}
	return w
}

func consentCheck(in Input) ConsentCheck {
	c, _ := zoomConsent(in)
	return CheckConsent(c, wantedOf(in))
}

func consentComplete(in Input) bool { return in.Facts.Consents.Seen() && consentCheck(in).Complete() }

// applies is the beginning of every check of the consent: something wants it, and
// it could be read.
func applies(in Input, f *findings) bool {
	if len(authorizable(in.File)) == 0 {
		f.add(Finding{Severity: OK, Saw: "no profile asks for application permissions"})
		return false
	}
	return !unseen(f, in.Facts.Consents, "Zoom's application")
}

func checkEnabled(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	c, _ := zoomConsent(in)
	one := Finding{Severity: OK, Saw: "it may", Evidence: evidence(in.Facts.Consents)}
	switch {
	case c.Principal == nil:
		one.Saw = "it is not in the tenant"
	case !c.Principal.Enabled:
		one.Severity, one.Saw, one.Fix = Fail, c.Principal.DisplayName+" is disabled", "zo365 apply"
		one.Steps = []Step{{ID: enableID, Kind: Graph, Action: EnableApp, Scope: ScopeTenant, Target: c.Principal.DisplayName, Before: "disabled", After: "enabled"}}
	}
	f.add(one)
}

func checkPresent(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	c, several := zoomConsent(in)
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.Consents)}
	switch {
	case len(several) > 1:
		one.Severity, one.Saw = Fail, "several applications of Zoom hold calendar permissions: "+appNames(several)
		one.Fix = "zo365 integration use-application APP-ID"
	case c.Principal == nil:
		one.Severity, one.Saw, one.Fix = Fail, "Zoom's application is not in the tenant", "zo365 apply"
	default:
		one.Saw = c.Principal.DisplayName + " is in the tenant"
		if by, at := consentedBy(in, c); by != "" {
			one.Saw += "; " + by + " consented on " + at.UTC().Format(time.DateOnly)
			one.Evidence = append(one.Evidence, evidence(in.Facts.Events)...)
		}
	}
	f.add(one)
}

func appNames(all []tenant.Consent) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Principal.DisplayName + " (" + c.Principal.AppID + ")"
	}
	return strings.Join(names, ", ")
}

// ConsentedBy finds the person of the newest successful consent to a service
// principal, and when; empty when the audit log does not say.
func ConsentedBy(events []tenant.ConsentEvent, principalID string) (upn string, at time.Time) {
	for _, e := range events {
		if !e.Failed && e.UPN != "" && e.PrincipalID == principalID && e.At.After(at) {
			upn, at = e.UPN, e.At
		}
	}
	return upn, at
}

func consentedBy(in Input, c tenant.Consent) (upn string, at time.Time) {
	if !in.Facts.Events.Seen() || c.Principal == nil {
		return "", at
	}
	return ConsentedBy(in.Facts.Events.Value, c.Principal.ID)
}

// saves are the IDs of the steps that ask for the consent.
func saves(in Input) []string {
	var ids []string
	for _, s := range authorizable(in.File) {
		ids = append(ids, clickID(s.name(), StepSave))
	}
	return ids
}

func checkComplete(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	c := consentCheck(in)
	w := wantedOf(in)
	one := Finding{Severity: OK, Saw: "it holds " + strings.Join(c.Granted, ", "), Evidence: evidence(in.Facts.Consents)}
	if len(c.Missing) > 0 {
		one.Severity, one.Saw, one.Fix = Fail, "missing: "+strings.Join(c.Missing, ", "), "zo365 apply"
		if !c.Present {
			one.Saw = "nothing is granted yet; needed: " + strings.Join(w.Permissions(), ", ")
		}
		for _, p := range c.Missing {
			one.Steps = append(one.Steps, Step{ID: grantID(p), Kind: Graph, Action: GrantPermission, Scope: ScopeTenant, Target: p, Before: "missing", After: "granted", DependsOn: saves(in)})
		}
	}
	f.add(one)
}

func checkExcess(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	more := slices.DeleteFunc(consentCheck(in).Unexpected, func(p string) bool { return p == mailRead })
	one := Finding{Severity: OK, Saw: "it has nothing beyond", Evidence: evidence(in.Facts.Consents)}
	if len(more) > 0 {
		one.Severity, one.Saw, one.Fix = Warn, "not needed: "+strings.Join(more, ", "), "zo365 apply"
		one.Steps = revokes(more, saves(in))
	}
	f.add(one)
}

func revokes(permissions, after []string) []Step {
	var steps []Step
	for _, p := range permissions {
		steps = append(steps, Step{ID: revokeID(p), Kind: Graph, Action: RevokePermission, Scope: ScopeTenant, Target: p, Before: "granted", After: "revoked", DependsOn: after})
	}
	return steps
}

func checkMailRead(in Input, f *findings) {
	if !applies(in, f) {
		return
	}
	w, c := wantedOf(in), consentCheck(in)
	one := Finding{Severity: OK, Saw: "it is not granted", Evidence: evidence(in.Facts.Consents)}
	switch {
	case w.MailRead:
		one.Severity, one.Saw = Info, "Mail: Read is approved in the profile; set mail_read: not-approved once Zoom is connected"
	case slices.Contains(w.Permissions(), mailRead):
		one.Saw = "microsoft.required_permissions names it"
	case slices.Contains(c.Granted, mailRead):
		one.Severity, one.Saw, one.Fix = Warn, "Mail.Read is still granted and reaches every mailbox", "zo365 apply"
		one.Steps = revokes([]string{mailRead}, saves(in))
	}
	f.add(one)
}

func checkUnneeded(in Input, f *findings) {
	if unseen(f, in.Facts.Consents, "Zoom's application") {
		return
	}
	c, _ := zoomConsent(in)
	one := Finding{Severity: OK, Saw: "nobody does", Evidence: evidence(in.Facts.Consents)}
	granted := consentCheck(in).Granted
	switch {
	case len(authorizable(in.File)) > 0:
		one.Saw = "a profile wants it"
	case len(scopes(in.File)) == 0 && len(granted) > 0:
		one.Severity, one.Saw = Info, c.Principal.DisplayName+" holds permissions, and the tenant file has no settings that say whether it should"
	case len(granted) > 0:
		one.Severity, one.Saw, one.Fix = Warn, c.Principal.DisplayName+" holds "+strings.Join(granted, ", "), "zo365 apply"
		var after []string
		for _, s := range scopes(in.File) {
			after = append(after, clickID(s.name(), StepDisable), clickID(s.name(), StepIntegrate))
		}
		one.Steps = revokes(granted, after)
	}
	f.add(one)
}
