package world

// MicrosoftCloud is one of Microsoft's clouds as the sandbox imitates it.
type MicrosoftCloud struct {
	// Login and Graph are host names.
	Login, Graph string
	// Audience is what Entra takes in a token of another identity provider.
	Audience string
	// GraphTools: Microsoft Graph Command Line Tools exists.
	GraphTools bool
	// SignInReport and DirectoryAudits: these calls of Graph exist.
	SignInReport, DirectoryAudits bool
}

// MicrosoftClouds are Microsoft's clouds by the names that tenant files use.
//
// https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
// https://learn.microsoft.com/graph/deployments
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
// https://learn.microsoft.com/powershell/microsoftgraph/authentication-commands
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
// https://learn.microsoft.com/graph/api/directoryaudit-list
var MicrosoftClouds = map[string]MicrosoftCloud{
	"global": {
		Login:           "login.microsoftonline.com",
		Graph:           "graph.microsoft.com",
		Audience:        "api://AzureADTokenExchange",
		GraphTools:      true,
		SignInReport:    true,
		DirectoryAudits: true,
	},
	"gcc-high": {
		Login:           "login.microsoftonline.us",
		Graph:           "graph.microsoft.us",
		Audience:        "api://AzureADTokenExchangeUSGov",
		GraphTools:      true,
		DirectoryAudits: true,
	},
	"dod": {
		Login:           "login.microsoftonline.us",
		Graph:           "dod-graph.microsoft.us",
		Audience:        "api://AzureADTokenExchangeUSGov",
		GraphTools:      true,
		DirectoryAudits: true,
	},
	"china": {
		Login:    "login.partner.microsoftonline.cn",
		Graph:    "microsoftgraph.chinacloudapi.cn",
		Audience: "api://AzureADTokenExchangeChina",
	},
}

// ZoomCloud is one of Zoom's platforms: host names.
type ZoomCloud struct{ Portal, API string }

// ZoomClouds are Zoom's platforms by the names that tenant files use.
//
// https://developers.zoom.us/docs/api/using-zoom-apis/
var ZoomClouds = map[string]ZoomCloud{
	"global": {Portal: "zoom.us", API: "api.zoom.us"},
	"gov":    {Portal: "zoomgov.com", API: "api.zoomgov.com"},
}
