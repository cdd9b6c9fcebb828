// Package menu has the way through each portal's menus to each page that zo365 sends a
// person to, once: words only. Portals move their pages, and the menu decides, not an address.
package menu

// Zoom's web portal, zoom.us, and its marketplace of apps.
const (
	// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
	ZoomSettings = "Account Management > Account Settings"
	// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0066259
	ZoomDomains = "Account Management > Account Profile"
	// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0060580
	ZoomBilling = "Account Management > Billing (newer accounts: Plans and Billing)"
	// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0076377
	ZoomGroups = "User Management > Groups"
	// https://support.zoom.us/hc/en-us/articles/201363183-Managing-users
	ZoomUsers = "User Management > Users"
	// Reported, a copy of Zoom's article:
	// https://equityandhelp.freshdesk.com/support/solutions/articles/44002276742-using-role-management-in-zoom-admin-settings
	ZoomRoles = "User Management > Roles"
	// https://developers.zoom.us/docs/internal-apps/s2s-oauth/
	ZoomApps = "marketplace.zoom.us > Manage"
	// https://developers.zoom.us/docs/internal-apps/create/
	ZoomNewApp = "marketplace.zoom.us > Develop > Build App > Server-to-Server OAuth App"
	// MailAndCalendar is the tab of the integration, of the account's settings or of a
	// group's page.
	//
	// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
	MailAndCalendar = "Mail & Calendar"
)

// The Microsoft Entra admin center, entra.microsoft.com, and the Microsoft 365 admin center.
const (
	// https://learn.microsoft.com/entra/fundamentals/add-custom-domain
	EntraDomains = "Entra ID > Domain names"
	// https://learn.microsoft.com/entra/identity/enterprise-apps/view-applications-portal
	EntraApps = "Entra ID > Enterprise apps"
	// https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent
	EntraUserConsent = "Entra ID > Enterprise apps > Consent and permissions > User consent settings"
	// https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
	EntraRegistrations = "Entra ID > App registrations"
	// https://learn.microsoft.com/entra/fundamentals/how-to-create-delete-users
	EntraUsers = "Entra ID > Users"
	// https://learn.microsoft.com/entra/fundamentals/users-restore
	EntraDeletedUsers = "Entra ID > Users > Deleted users"
	// https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-ins
	EntraSignIns = "Entra ID > Monitoring & health > Sign-in logs"
	// https://learn.microsoft.com/microsoft-365/admin/add-users/change-a-user-name-and-email-address
	MicrosoftUsers = "Microsoft 365 admin center > Users > Active users"
)
