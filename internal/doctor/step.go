package doctor

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// Kind says who can do a step.
type Kind string

// The kinds.
const (
	// Graph: Microsoft Graph can.
	Graph Kind = "graph"
	// Zoom: Zoom's API can.
	Zoom Kind = "zoom"
	// Portal: only a person can, in a web portal.
	Portal Kind = "portal"
	// Local: zo365 itself, in the journal.
	Local Kind = "local"
	// Exchange: only a person can, in Exchange Online PowerShell.
	Exchange Kind = "exchange"
)

// Kinds are all of them, in the order in which they are shown.
var Kinds = []Kind{Graph, Zoom, Portal, Exchange, Local}

// Action is what a step does.
type Action string

// The actions.
const (
	GrantPermission  Action = "grant-permission"
	RevokePermission Action = "revoke-permission"
	EnableApp        Action = "enable-application"
	CreateGroup      Action = "create-group"
	Click            Action = "click"
	RecordConsent    Action = "record-consent"
	ForgetConsent    Action = "forget-consent"
)

// Actions that are no remedies: what a person asks for one by one, and the reverses.
const (
	DisableApp     Action = "disable-application"
	DeleteGroup    Action = "delete-group"
	ConfirmPortal  Action = "confirm-control"
	WithdrawWord   Action = "withdraw-confirmation"
	ChangeEmail    Action = "change-zoom-email"
	ChangeUPN      Action = "change-upn"
	ChangeOnPrem   Action = "change-on-premises"
	RegisterClient Action = "create-registration"
)

// Actions of zo365 rbac and zo365 permissions trim.
const (
	CreatePointer   Action = "create-exchange-pointer"
	CreateScope     Action = "create-exchange-scope"
	DeleteScope     Action = "delete-exchange-scope"
	AssignRole      Action = "assign-exchange-role"
	RemoveRole      Action = "remove-exchange-role"
	TestScope       Action = "test-scope"
	Await           Action = "await"
	RemovePolicy    Action = "remove-access-policy"
	RevokeDelegated Action = "revoke-delegated-permission"
	DeleteApp       Action = "delete-application"
)

// Actions are those that a saved plan can have.
var Actions = []Action{GrantPermission, RevokePermission, EnableApp, CreateGroup, Click, RecordConsent, ForgetConsent}

// Step is one remedy as data.
type Step struct {
	// ID is stable: the same remedy has the same ID in every plan.
	ID     string
	Kind   Kind
	Action Action
	Scope  string
	// Target is what the action is done to: a permission, a group's name, a portal
	// step's code.
	Target string
	// Before and After are the two sides of the difference, for people.
	Before, After string
	// Page is where a person clicks, with Portal.
	Page *Page
	// Application is the one that a step of Graph is about; empty for one that is still
	// to come into the tenant. Permission is what is granted or revoked.
	Application tenant.Application
	Permission  *tenant.Permission
	// Role is a role in Exchange Online that is assigned or removed, or the scope that is made.
	Role *tenant.ExchangeRole
	// Object is the ID of what is deleted.
	Object string
	// Stopped says why the step must not be done; nil where nothing stands against it.
	Stopped *Stopped
	// DependsOn are the IDs of steps that come first, if they are in the plan at all.
	DependsOn []string
	// Finding is the code of the check whose remedy this is.
	Finding string
}

// Stopped is what stands against a step: the code of what is not known or not so, and a way out.
type Stopped struct{ Check, Why, Fix string }

// Site is a web portal.
type Site string

// The sites.
const (
	ZoomPortal  Site = "zoom"
	EntraCenter Site = "entra"
)

// Page is a control on a page of a portal and what to do with it.
type Page struct {
	Site Site
	// Path is below the site's address; Menu is the way through its menus.
	Path, Menu string
	// Control is the label, Choose what to choose or press.
	Control, Choose string
	// Proof is what zo365 looks for afterwards; empty when nothing can be seen and a
	// person's word has to do.
	Proof string
}

// The IDs of steps.
func grantID(p tenant.Permission) string  { return "graph/grant/" + permissionID(p) }
func revokeID(p tenant.Permission) string { return "graph/revoke/" + permissionID(p) }
func clickID(scope, code string) string   { return "portal/" + scope + "/" + code }
func groupID(name string) string          { return "zoom/create-group/" + name }
func recordID(scope string) string        { return "local/record-consent/" + scope }
func forgetID(scope string) string        { return "local/forget-consent/" + scope }

// permissionID tells permissions of the same name of two APIs apart.
func permissionID(p tenant.Permission) string {
	if p.OfGraph() {
		return p.Name
	}
	return p.Name + "@" + p.Resource
}

const enableID = "graph/enable-application"

// PortalPage is where a scope's Mail & Calendar tab is reached, below the portal's address:
// the tab's own address is not known (open), so the menu path stands beside it wherever it
// is shown. A group's page is known by the group's ID; the query tells a reader which group
// is meant and is ignored by the page.
func PortalPage(group, groupID string) string {
	switch {
	case group == "":
		return "/account/setting"
	case groupID == "":
		return "/account/group?" + url.Values{"name": {group}}.Encode()
	}
	return "/account/group?" + url.Values{"name": {group}}.Encode() + "#/detail/" + url.PathEscape(groupID) + "/detail"
}

// VoidedByConsent and VoidedByRemoval are the portal steps whose confirmation ends
// when a consent is recorded, and when it is no longer wanted: Disable and Delete has
// to be pressed after a consent, and Authorize and Save after a removal.
var (
	VoidedByConsent = []string{StepDisable}
	VoidedByRemoval = []string{StepSave}
)

// Unconfirmed are the controls of a scope's page of which no word stands that they are as
// the profile wants them.
func Unconfirmed(e profile.Effective, standing map[string]Confirmed) []PortalStep {
	var left []PortalStep
	for _, s := range PortalSteps(e) {
		c, ok := standing[s.Code]
		if !ok || c.Choose != s.Choose {
			left = append(left, s)
		}
	}
	return left
}

// standing are the words about a scope's page that still count. The button that asks for
// the consent counts as pressed only while Entra shows the consent, and a word that is older
// than the consent is about nothing that anybody could have seen.
func standing(in Input, scope string) map[string]Confirmed {
	words := maps.Clone(in.Record.Portal[scope])
	if word, ok := words[StepSave]; ok && in.Facts.Consents.Seen() {
		if c := ZoomApplication(in); c.Principal == nil || outdated(in, word, c.Consent) {
			delete(words, StepSave)
		}
	}
	return words
}

// outdated says whether a word was given before the consent was.
func outdated(in Input, word Confirmed, c tenant.Consent) bool {
	first := givenAt(in, c)
	return !first.IsZero() && toService(in, word).Before(first.Truncate(time.Second))
}

// toService is when a word was given by the services' clock. The seconds of their answers
// make up to noise of difference, which is held against nobody who saw the proof.
func toService(in Input, word Confirmed) time.Time {
	const noise = 30 * time.Second
	at := word.At
	for _, c := range in.Facts.Clocks.Value {
		if ahead := time.Duration(c.AheadSeconds) * time.Second; ahead.Abs() >= noise {
			at = word.At.Add(ahead)
			break
		}
	}
	if word.Proved {
		at = at.Add(noise)
	}
	return at
}

// WantsConsent says whether a scope wants an administrator's consent.
func WantsConsent(in Input, scope string) bool {
	_, ok := scopeNamed(in, scope)
	return ok
}

// ConsentSteps bring the consent of one scope: the controls of its page that nobody has
// confirmed (all of them when again), and the record of what Entra then shows. None are
// left when the consent is recorded and confirmed as it is.
func ConsentSteps(in Input, scope string, again bool) []Step {
	s, ok := scopeNamed(in, scope)
	if !ok {
		return nil
	}
	c, check := ZoomApplication(in), ConsentOf(in)
	words := standing(in, scope)
	if again {
		words = nil
	}
	pending := Unconfirmed(s.effective, words)
	steps := clicks(in, s.group, pending, nil)
	for i := range steps {
		steps[i].Finding = codePortal
		if again { // somebody asked for it
			steps[i].Stopped = nil
		}
	}
	recorded, known := in.Record.Authorized[scope]
	asIs := known && check.Complete() && recorded.Application.PrincipalID == c.Principal.ID &&
		slices.Equal(sorted(recorded.Granted), check.Granted)
	if asIs && len(pending) == 0 {
		return nil
	}
	record := Step{
		ID:        recordID(scope),
		Kind:      Local,
		Action:    RecordConsent,
		Scope:     scope,
		Target:    scope,
		Before:    NotRecorded,
		After:     "recorded",
		Finding:   "record",
		DependsOn: []string{clickID(scope, StepSave)},
	}
	if known {
		record.Before = "recorded " + recorded.At.UTC().Format(time.DateOnly)
	}
	return append(steps, record)
}

// NotRecorded is what a consent is before its first record.
const NotRecorded = "not recorded"

// clicks are portal steps as steps of a plan, each after the one before.
func clicks(in Input, group string, pending []PortalStep, after []string) []Step {
	zoomGroup, _ := groupNamed(in, group) // without an ID where it is not there yet
	var steps []Step
	scope := profile.Scope(group)
	previous := slices.Clone(after)
	// Whoever is led to the page to confirm the rest of it would press the button, too.
	var stopped *Stopped
	if Narrowed(in) && slices.ContainsFunc(pending, func(p PortalStep) bool { return p.Code == StepSave }) {
		stopped = reconsent()
	}
	for _, p := range pending {
		s := Step{
			ID: clickID(
				scope,
				p.Code,
			),
			Kind:   Portal,
			Action: Click,
			Scope:  scope,
			Target: p.Code,
			Before: "not confirmed",
			After:  p.Choose,
			Page: &Page{
				Site:    ZoomPortal,
				Path:    PortalPage(group, zoomGroup.ID),
				Menu:    PortalPath(group),
				Control: p.Control,
				Choose:  p.Choose,
			},
			DependsOn: previous,
			Stopped:   stopped,
		}
		if p.Code == StepSave {
			s.Page.Proof = "Zoom's application and its permissions in Entra"
		}
		steps = append(steps, s)
		previous = []string{s.ID}
	}
	return steps
}
