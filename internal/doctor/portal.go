package doctor

import (
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
)

// PortalStep is something that only a person can do in Zoom's web portal,
// because Zoom's public API has no call for it: one control of the Mail &
// Calendar tab, in the article's words (KB0077944).
type PortalStep struct {
	// Code is stable: the journal keeps it.
	Code string
	// Control is the label in the portal.
	Control string
	// Choose is the value to choose.
	Choose string
}

// The codes of the steps.
const (
	StepIntegrate = "integrate"
	StepService   = "default-service"
	StepAuthorize = "authorize-with"
	StepSetupBy   = "setup-by"
	StepMailRead  = "mail-read"
	StepSave      = "authorize-and-save"
	StepDisable   = "disable-and-delete"
)

var (
	serviceLabel = map[profile.Service]string{
		profile.Office365: "Office 365",
		profile.Google:    "Google",
		profile.Exchange:  "Exchange",
	}
	apiLabel   = map[profile.API]string{profile.Graph: "Graph API", profile.EWS: "Exchange Web Services(EWS)"}
	setupLabel = map[profile.SetupBy]string{
		profile.Admin: "Office 365 admin can set up the integration by using Application Permissions",
		profile.Users: "Users can set up the integration by using OAuth",
	}
)

// PortalSteps are the steps that bring the portal to a scope's settings.
func PortalSteps(e profile.Effective) []PortalStep {
	integrate := PortalStep{
		StepIntegrate,
		"Integrate third-party mail and calendar services",
		"on (then Enable, if a dialog asks)",
	}
	if !e.Enabled {
		integrate.Choose = "off (then Disable, if a dialog asks)"
		return []PortalStep{integrate}
	}
	steps := []PortalStep{
		integrate,
		{StepService, "Choose default calendar and contact services for users", serviceLabel[e.DefaultService]},
		{StepAuthorize, "Authorize with", apiLabel[e.AuthorizeWith]},
		{StepSetupBy, "Who can set up the integration", setupLabel[e.SetupBy]},
	}
	if e.SetupBy != profile.Admin {
		return append(
			steps,
			PortalStep{StepDisable, "the dialog that appears, if admins had authorized before", "Disable and Delete"},
		)
	}
	if e.MailRead == profile.Approved {
		steps = append(steps, PortalStep{StepMailRead, "Mail: Read access", "approve"})
	}
	return append(
		steps,
		PortalStep{StepSave, "Authorize and Save", "press it; sign in to Microsoft in the new tab and accept"},
	)
}

// PortalPath is the way through the portal's menus to a scope's page.
func PortalPath(group string) string {
	if group == "" {
		return menu.ZoomSettings + " > " + menu.MailAndCalendar
	}
	return menu.ZoomGroups + " > " + group + " > " + menu.MailAndCalendar
}
