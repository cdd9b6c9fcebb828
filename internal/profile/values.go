package profile

import "strings"

// Cloud is a Microsoft national cloud.
type Cloud string

// The clouds that Microsoft documents at
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
const (
	Global  Cloud = "global"
	GCCHigh Cloud = "gcc-high"
	DoD     Cloud = "dod"
	China   Cloud = "china"
)

// Values lists the allowed words in the order they are shown.
func (Cloud) Values() []string {
	return []string{string(Global), string(GCCHigh), string(DoD), string(China)}
}

// ZoomCloud is a Zoom platform.
type ZoomCloud string

// The two platforms: zoom.us and zoomgov.com.
const (
	ZoomGlobal ZoomCloud = "global"
	ZoomGov    ZoomCloud = "gov"
)

// Values lists the allowed words in the order they are shown.
func (ZoomCloud) Values() []string { return []string{string(ZoomGlobal), string(ZoomGov)} }

// Service is the default calendar and contact service.
type Service string

// The portal's choices.
const (
	Office365 Service = "office365"
	Google    Service = "google"
	Exchange  Service = "exchange"
)

// Values lists the allowed words in the order they are shown.
func (Service) Values() []string {
	return []string{string(Office365), string(Google), string(Exchange)}
}

// API is what Zoom talks to in Microsoft 365.
type API string

// The portal's choices.
const (
	Graph API = "graph"
	EWS   API = "ews"
)

// Values lists the allowed words in the order they are shown.
func (API) Values() []string { return []string{string(Graph), string(EWS)} }

// SetupBy says who authorizes.
type SetupBy string

// The portal's choices: "Office 365 admin can set up the integration by using
// Application Permissions" and "Users can set up the integration by using
// OAuth".
const (
	Admin SetupBy = "admin"
	Users SetupBy = "users"
)

// Values lists the allowed words in the order they are shown.
func (SetupBy) Values() []string { return []string{string(Admin), string(Users)} }

// Approval says whether Mail: Read is approved in the portal.
type Approval string

// The two states of the approval.
const (
	NotApproved Approval = "not-approved"
	Approved    Approval = "approved"
)

// Values lists the allowed words in the order they are shown.
func (Approval) Values() []string { return []string{string(NotApproved), string(Approved)} }

// Feature is something that people may expect of a calendar integration.
type Feature string

// The features, the first of which the integration has (KB0077944, "Limitations").
const (
	PrimaryCalendar   Feature = "primary_calendar"
	MultipleCalendars Feature = "multiple_calendars"
	Attachments       Feature = "attachments"
	CreateCalendar    Feature = "create_calendar"
	SearchCalendar    Feature = "search_calendar"
	ProposeNewTime    Feature = "propose_new_time"
	FindTime          Feature = "find_time"
	SuggestedTimes    Feature = "suggested_times"
)

// Values lists the allowed words in the order they are shown.
func (Feature) Values() []string {
	return []string{
		string(PrimaryCalendar), string(MultipleCalendars), string(Attachments), string(CreateCalendar),
		string(SearchCalendar), string(ProposeNewTime), string(FindTime), string(SuggestedTimes),
	}
}

// Date is a day as it stands in the tenant file: 2006-01-02.
type Date string

// SameName compares group names as Zoom does: letter case and outer blanks
// aside.
func SameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
