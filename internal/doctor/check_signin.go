package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

// Entra accepts assertions within five minutes of its own clock; a minute is worth
// a remark.
const (
	skewFails = 5 * time.Minute
	skewWarns = time.Minute
)

func checkClock(in Input, f *findings) {
	r := in.Facts.Clocks
	if unseen(f, r, "the services' clocks") {
		return
	}
	worst := time.Duration(0)
	host := ""
	for _, c := range r.Value {
		ahead := time.Duration(c.AheadSeconds) * time.Second
		if ahead.Abs() > worst.Abs() {
			worst, host = ahead, c.Host
		}
	}
	one := Finding{
		Severity: OK,
		Saw:      "This machine's clock is within a minute of the services' clocks",
		Evidence: evidence(r),
	}
	if worst.Abs() >= skewWarns {
		one.Severity = Warn
		if worst.Abs() >= skewFails {
			one.Severity = Fail
		}
		direction := "behind"
		if worst < 0 {
			direction = "ahead of"
		}
		one.Saw = fmt.Sprintf("This machine's clock is %s %s %s", worst.Abs(), direction, host)
		one.Fix = "sudo timedatectl set-ntp true"
	}
	f.add(one)
}

// A secret that ends within these times is said, and is an error.
const (
	expiryWarns = 30 * 24 * time.Hour
	expiryFails = 3 * 24 * time.Hour
)

// checkExpiry judges the credential that is in use: a newer one that nobody uses helps
// nobody.
func checkExpiry(in Input, f *findings) {
	kind, ok := map[string]string{"secret": "secret", "certificate": "certificate"}[in.Facts.SignedIn.Value.By]
	if !ok {
		f.skip("The sign-in renews itself")
		return
	}
	r := in.Facts.Credentials
	if unseen(f, r, "when the "+kind+" ends") {
		return
	}
	own, others := inUseOf(r.Value, kind)
	one := Finding{Severity: OK, Evidence: evidence(r)}
	if own == nil {
		one.Severity = Info
		one.Saw = "The application is registered in another tenant; its " + kind + " cannot be seen from here"
		if others > 0 {
			one.Severity = Unknown
			one.Saw = "Which of the application's " + counted(others, kind+"s is", kind+"s are") + " in use could not be seen"
			one.Fix = "remove the " + kind + "s that nobody uses: " + menu.EntraRegistrations + " > Certificates & secrets"
		}
		f.add(one)
		return
	}
	left := own.Expires.Sub(in.Now)
	one.Saw = fmt.Sprintf("The %s in use is good until %s", kind, own.Expires.UTC().Format(time.DateOnly))
	if left < expiryWarns {
		one.Severity = Warn
		if left < expiryFails {
			one.Severity = Fail
		}
		one.Fix = "zo365 apply"
		one.Steps = []Step{newSecret(in, kind, own.Expires)}
	}
	f.add(one)
}

// inUseOf is the credential in use; of several that may be it, the one that ends first.
// nil when none is known to be; others counts those of the kind.
func inUseOf(all []tenant.AppCredential, kind string) (own *tenant.AppCredential, others int) {
	for i, c := range all {
		if c.Kind != kind {
			continue
		}
		others++
		sure := c.InUse != nil && *c.InUse
		if sure && (own == nil || c.Expires.Before(own.Expires)) {
			own = &all[i]
		}
	}
	if own == nil && others == 1 { // there is no other that it could be
		for i, c := range all {
			if c.Kind == kind && c.InUse == nil {
				own = &all[i]
			}
		}
	}
	return own, others
}

func newSecret(in Input, kind string, last time.Time) Step {
	button := map[string]string{"secret": "New client secret", "certificate": "Upload certificate"}[kind]
	return Step{
		ID:     clickID(ScopeTenant, ClickCredential),
		Kind:   Portal,
		Action: Click,
		Scope:  ScopeTenant,
		Target: ClickCredential,
		Before: endsOn(last),
		After:  aNew + kind,
		Page: &Page{
			Site:    EntraCenter,
			Path:    "/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/" + in.Facts.SignedIn.Value.Name,
			Menu:    menu.EntraRegistrations + " > (the application zo365 signs in with) > Certificates & secrets",
			Control: button,
			Choose:  "a new one, then put it where the pipeline takes it from",
			Proof:   "GET /applications shows one that ends later",
		},
	}
}

// aNew and a kind are what newSecret asks for.
const aNew = "a new "

func endsOn(at time.Time) string { return "ends " + at.UTC().Format(time.DateOnly) }

// Renewed says whether a credential of the kind that a step asks for ends on a later
// day than before; before and after are the step's.
func Renewed(before, after string, all []tenant.AppCredential) bool {
	return slices.ContainsFunc(all, func(c tenant.AppCredential) bool {
		return aNew+c.Kind == after && endsOn(c.Expires) > before
	})
}

func checkConsentRole(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 || consentComplete(in) {
		f.skip("No consent is to be given")
		return
	}
	if !in.Facts.SignedIn.Value.Person {
		f.add(Finding{
			Severity: Info,
			Saw:      "An application is signed in; whether the authorizing person may consent shows when they do",
			Evidence: evidence(in.Facts.SignedIn),
		})
		return
	}
	if unseen(f, in.Facts.Roles, "the signed-in person's roles") {
		return
	}
	role := CheckRoles(in.Facts.Roles.Value)
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.Roles), Saw: "Yes, as " + role.By}
	if !role.May {
		// A custom role may hold the permission to grant permissions, and is not in this
		// list: https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
		who := in.Facts.Me.Value.UPN
		one.Severity = Unknown
		one.Needs = []string{strings.Join(ConsentRoles, " or ") + ", or a custom role that may grant permissions"}
		one.Fix = "zo365 login microsoft, as a " + strings.Join(ConsentRoles, " or ") +
			"; or, where a custom role of yours may grant permissions: --allow-unknown consent-role"
		const unsure = "; whether a custom role lets them consent cannot be seen"
		switch {
		case role.OnlyApps:
			one.Saw = who + " is Cloud Application Administrator, which Zoom's pages name and which by itself cannot consent to Microsoft Graph application permissions" + unsure
		case len(role.Has) > 0:
			one.Saw = who + " has " + strings.Join(
				role.Has,
				", ",
			) + ", which by itself cannot consent to Microsoft Graph application permissions" + unsure
		default:
			one.Saw = who + " has no built-in directory role" + unsure
		}
	}
	f.add(one)
}

func checkZoomRole(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.skip("No profile asks for application permissions")
		return
	}
	if !in.Facts.SignedIn.Value.Person && in.By == "" {
		zoomRoleHolders(in, f)
		return
	}
	who := in.By
	if who == "" {
		who = in.Facts.Me.Value.UPN
	}
	if unseen(f, in.Facts.MyZoom, "the authorizing person's Zoom account") {
		return
	}
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.MyZoom)}
	another := "zo365 login microsoft, as somebody who is owner or admin in Zoom"
	switch z := in.Facts.MyZoom.Value; {
	case z == nil:
		one.Severity, one.Fix = Fail, another
		one.Saw = who + " has no Zoom account under the UPN or the mail address"
	case strings.EqualFold(z.Role, "owner"), strings.EqualFold(z.Role, "admin"):
		one.Saw = z.Email + " is " + z.Role + " in Zoom"
	case strings.EqualFold(z.Role, "member"):
		one.Severity, one.Fix = Fail, another
		one.Saw = z.Email + " is a member in Zoom and does not see the settings"
	default:
		// What a role of the account's own may see is not in Zoom's answers.
		one.Severity = Unknown
		one.Saw = z.Email + " has the role " + quoted(z.Role) + " in Zoom; whether it sees the settings is not known"
		one.Needs = []string{"a look at Zoom's portal: " + menu.ZoomRoles}
		one.Fix = "zo365 apply --allow-unknown zoom-role, if the person can open " + menu.ZoomSettings
	}
	f.add(one)
}

func quoted(word string) string {
	if word == "" {
		return "(none)"
	}
	return word
}

// zoomRoleHolders looks for anybody who could authorize.
func zoomRoleHolders(in Input, f *findings) {
	roles := in.Facts.ZoomRoles
	if unseen(f, roles, "Zoom's roles") {
		return
	}
	n := 0
	for _, r := range roles.Value {
		if slices.Contains([]string{"owner", "admin"}, strings.ToLower(r.Name)) {
			n += r.Members
		}
	}
	one := Finding{
		Severity: OK,
		Saw:      counted(n, "person is", "people are") + " owner or admin of the Zoom account",
		Evidence: evidence(roles),
	}
	if n == 0 {
		one.Severity, one.Saw = Warn, "Nobody in Zoom has the role Owner or Admin"
		one.Fix = "give somebody the role in Zoom: " + menu.ZoomRoles
	}
	f.add(one)
}
