package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
	one := Finding{Severity: OK, Saw: "within a minute of the services' clocks", Evidence: evidence(r)}
	if worst.Abs() >= skewWarns {
		one.Severity = Warn
		if worst.Abs() >= skewFails {
			one.Severity = Fail
		}
		direction := "behind"
		if worst < 0 {
			direction = "ahead of"
		}
		one.Saw = fmt.Sprintf("this machine's clock is %s %s %s", worst.Abs(), direction, host)
		one.Fix = "sudo timedatectl set-ntp true"
	}
	f.add(one)
}

// A secret that ends within these times is said, and is an error.
const (
	expiryWarns = 30 * 24 * time.Hour
	expiryFails = 3 * 24 * time.Hour
)

func checkExpiry(in Input, f *findings) {
	kind, ok := map[string]string{"secret": "secret", "certificate": "certificate"}[in.Facts.SignedIn.Value.By]
	if !ok {
		f.add(Finding{Severity: OK, Saw: "the sign-in renews itself", Evidence: evidence(in.Facts.SignedIn)})
		return
	}
	r := in.Facts.Credentials
	if unseen(f, r, "when the "+kind+" ends") {
		return
	}
	var last time.Time
	for _, c := range r.Value {
		if c.Kind == kind && c.Expires.After(last) {
			last = c.Expires
		}
	}
	one := Finding{Severity: OK, Evidence: evidence(r)}
	if last.IsZero() {
		one.Severity, one.Saw = Info, "the application is registered in another tenant; its "+kind+" cannot be seen from here"
		f.add(one)
		return
	}
	left := last.Sub(in.Now)
	one.Saw = fmt.Sprintf("the newest %s is good until %s", kind, last.UTC().Format(time.DateOnly))
	if left < expiryWarns {
		one.Severity = Warn
		if left < expiryFails {
			one.Severity = Fail
		}
		one.Fix = "zo365 apply"
		one.Steps = []Step{newSecret(in, kind, last)}
	}
	f.add(one)
}

func newSecret(in Input, kind string, last time.Time) Step {
	button := map[string]string{"secret": "New client secret", "certificate": "Upload certificate"}[kind]
	return Step{
		ID: clickID(ScopeTenant, ClickCredential), Kind: Portal, Action: Click, Scope: ScopeTenant, Target: ClickCredential,
		Before: endsOn(last), After: aNew + kind,
		Page: &Page{
			Site: EntraCenter, Path: "/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/" + in.Facts.SignedIn.Value.Name,
			Menu: "App registrations > (the application zo365 signs in with) > Certificates & secrets", Control: button,
			Choose: "a new one, then put it where the pipeline takes it from", Proof: "GET /applications shows one that ends later",
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
		f.add(Finding{Severity: OK, Saw: "no consent is to be given"})
		return
	}
	if !in.Facts.SignedIn.Value.Person {
		f.add(Finding{Severity: Info, Saw: "an application is signed in; who may consent shows when a person does", Evidence: evidence(in.Facts.SignedIn)})
		return
	}
	if unseen(f, in.Facts.Roles, "the signed-in person's roles") {
		return
	}
	role := CheckRoles(in.Facts.Roles.Value)
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.Roles), Saw: "yes, as " + role.By}
	if !role.May {
		one.Severity = Fail
		one.Saw = in.Facts.Me.Value.UPN + " has no directory role"
		if len(role.Has) > 0 {
			one.Saw = in.Facts.Me.Value.UPN + " has " + strings.Join(role.Has, ", ") + ", which is not enough"
		}
		one.Fix = "zo365 login microsoft"
	}
	f.add(one)
}

func checkZoomRole(in Input, f *findings) {
	if len(authorizable(in.File)) == 0 {
		f.add(Finding{Severity: OK, Saw: "nothing is to be authorized"})
		return
	}
	if !in.Facts.SignedIn.Value.Person {
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
		one := Finding{Severity: OK, Saw: fmt.Sprintf("owners and admins of the Zoom account: %d", n), Evidence: evidence(roles)}
		if n == 0 {
			one.Severity, one.Saw, one.Fix = Warn, "nobody in Zoom has the role Owner or Admin", "give somebody the role in Zoom: User Management > Roles"
		}
		f.add(one)
		return
	}
	if unseen(f, in.Facts.MyZoom, "the signed-in person's Zoom account") {
		return
	}
	one := Finding{Severity: OK, Evidence: evidence(in.Facts.MyZoom)}
	switch z := in.Facts.MyZoom.Value; {
	case z == nil:
		one.Severity, one.Saw = Warn, in.Facts.Me.Value.UPN+" has no Zoom account under the UPN or the mail address"
		one.Fix = "zo365 login microsoft, as somebody who is owner or admin in Zoom"
	case strings.EqualFold(z.Role, "member"):
		one.Severity, one.Saw = Warn, z.Email+" is a member in Zoom and does not see the settings"
		one.Fix = "zo365 login microsoft, as somebody who is owner or admin in Zoom"
	default:
		one.Saw = z.Email + " is " + z.Role
	}
	f.add(one)
}
