package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/shell"
	"github.com/zo365/zo365/internal/tenant"
)

// EWSUse is something that still uses Exchange Web Services.
type EWSUse struct {
	// Kind is profile, application or delegated; Name says which.
	Kind, Name string
	// Works says whether it works today, Why what that rests on, Ends when it ends at the latest.
	Works reach.Answer
	Why   string
	Ends  string
}

// EWSWay is the way out of Exchange Web Services.
type EWSWay struct {
	Uses []EWSUse
	// Steps are what to do, in an order in which calendars go on working.
	Steps []EWSStep
	// Setting says in words what the organization's setting is, as of when and by whom.
	Setting string
}

// EWSStep is a step of the way: a command, or what a person does where.
type EWSStep struct {
	What, Command, Why string
}

// EWS finds what still uses Exchange Web Services, and the way to Microsoft Graph.
//
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077079
func EWS(in Input) EWSWay {
	way := EWSWay{Setting: "not known: no API that zo365 may use shows it (zo365 rbac script --inventory reads it)"}
	works, why := ewsWorks(in, &way)
	profiles := false
	for _, s := range scopes(in.File) {
		if e := s.effective; e.Enabled && e.AuthorizeWith == profile.EWS && e.DefaultService != profile.Exchange {
			profiles = true
			way.add(EWSUse{
				Kind:  "profile",
				Name:  capital(s.words()),
				Works: works(""),
				Why:   why,
			})
		}
	}
	var people, rooms []string
	for _, h := range Holdings(in, true) {
		for _, one := range h.All {
			if !opensEWS(one) {
				continue
			}
			name := AppName(h.Consent) + ": " + one.Name + " for " + one.For
			kind := "application"
			if one.Kind == AsDelegated {
				kind = "delegated"
			}
			way.add(EWSUse{
				Kind:  kind,
				Name:  name,
				Works: works(h.Consent.Principal.AppID),
				Why:   why,
			})
			switch {
			case h.Purpose == ForPeople && one.Kind == AsApplication:
				people = append(people, TickName(one))
			case h.Purpose == ForPeople && one.Kind == AsRole:
				people = append(people, TickName(one))
			case h.Purpose == ForRooms:
				rooms = append(rooms, AppName(h.Consent))
			}
		}
	}
	way.Steps = ewsSteps(in, profiles, people, slices.Compact(rooms))
	return way
}

func opensEWS(one Held) bool {
	if one.Need == Missing {
		return false
	}
	return one.Name == reach.EWS || strings.HasPrefix(one.Name, "EWS.") || one.Name == "Application EWS.AccessAsApp"
}

func (w *EWSWay) add(u EWSUse) {
	u.Ends = "starting " + profile.EWSGone
	w.Uses = append(w.Uses, u)
}

// ewsWorks judges by the organization's setting, where somebody read it, and by the day.
//
// https://learn.microsoft.com/powershell/module/exchange/set-organizationconfig
func ewsWorks(in Input, way *EWSWay) (works func(appID string) reach.Answer, why string) {
	always := func(a reach.Answer) func(string) reach.Answer { return func(string) reach.Answer { return a } }
	read := in.Record.Exchange
	if read != nil && read.EWS != nil {
		way.Setting = fmt.Sprintf(
			"%s, as read on %s by %s",
			ewsWords(*read.EWS),
			read.At.UTC().Format(time.DateOnly),
			read.By,
		)
	}
	switch today := in.Now.UTC().Format(time.DateOnly); {
	case today < profile.EWSBlocked:
		return always(reach.Yes), "Exchange Online switches it off from " + profile.EWSBlocked + " on"
	case today >= profile.EWSGone:
		return always(reach.Unknown), "Exchange Online switches it off for good starting " + profile.EWSGone +
			"; whether this tenant is done is not known"
	case read == nil || read.EWS == nil:
		return always(reach.Unknown), "Exchange Online is switching it off tenant by tenant since " + profile.EWSBlocked +
			"; whether this tenant is done is not known"
	case read.EWS.Enabled == nil:
		return always(reach.Unknown), "the organization has no setting of its own, so that Microsoft's turn decides"
	case !*read.EWS.Enabled:
		return always(reach.No), "the organization's EwsEnabled is false"
	}
	allowed := read.EWS.Allowed
	if len(allowed) == 0 {
		return always(reach.Yes), "the organization's EwsEnabled is true, and no list of applications limits it"
	}
	return func(appID string) reach.Answer {
		switch {
		case appID == "":
			return reach.Unknown
		case slices.ContainsFunc(allowed, func(id string) bool { return strings.EqualFold(id, appID) }):
			return reach.Yes
		}
		return reach.No
	}, "the organization's EwsEnabled is true, and its list of applications decides"
}

func ewsWords(s tenant.EWSSetting) string {
	switch {
	case s.Enabled == nil:
		return "EwsEnabled is not set"
	case !*s.Enabled:
		return "EwsEnabled is false"
	case len(s.Allowed) > 0:
		return "EwsEnabled is true for " + strings.Join(s.Allowed, ", ")
	}
	return "EwsEnabled is true"
}

// ewsSteps go to Graph first, and take the old way away only when the new one is there.
func ewsSteps(in Input, profiles bool, people, rooms []string) []EWSStep {
	var steps []EWSStep
	ready := consentComplete(in)
	if profiles {
		steps = append(steps,
			EWSStep{
				What:    "Let the profiles authorize with Microsoft Graph by an administrator's consent",
				Command: "zo365 integration enable",
				Why:     "it changes the tenant file only; calendars go on by the old way",
			},
			EWSStep{
				What:    "Give the consent in Zoom's portal; the old connection works until it is saved",
				Command: "zo365 authorize",
				Why:     "Zoom changes over when Authorize and Save has been pressed",
			})
	} else if len(people) > 0 && !ready && len(authorizable(in.File)) > 0 {
		steps = append(steps, EWSStep{
			What:    "Complete the consent to Microsoft Graph",
			Command: "zo365 authorize",
			Why:     "the permission for Exchange Web Services may be all that there is",
		})
	}
	if MailboxesWanted(in.File).Narrow() && (profiles || len(people) > 0) && !Narrowed(in) {
		steps = append(steps, EWSStep{
			What:    "Narrow Zoom to the mailboxes of the profiles",
			Command: "zo365 rbac apply",
			Why:     "a consent reaches every mailbox",
		})
	}
	if len(people) > 0 {
		steps = append(steps, EWSStep{
			What:    "When calendars work by Microsoft Graph, take the old permission away",
			Command: "zo365 permissions trim " + shell.Words(people),
			Why:     "it opens every mailbox whole",
		})
	}
	for _, name := range rooms {
		steps = append(steps, EWSStep{
			What:    "Authorize the calendar service of " + name + " again with Microsoft Graph in Zoom's portal, then look",
			Command: "zo365 rooms list",
			Why:     "no API of Zoom changes a calendar service's way of signing in",
		})
	}
	return steps
}
