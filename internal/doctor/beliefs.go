package doctor

import (
	"strings"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

const (
	fieldGuide   = "https://library.zoom.com/admin-corner/third-party-integrations/microsoft-365-calendaring-field-guide"
	planPage     = "https://developers.zoom.us/docs/api/references/manage-plans/"
	domainsPage  = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0066259"
	reportedPage = "https://c7solutions.com/2021/03"
	explainer    = "https://library.zoom.com/admin-corner/third-party-integrations/zoom-calendaring-integration-explainer/provider-specific-details"
)

// Beliefs are the rules of the integration, what is known of Zoom's application, of Zoom's
// portal and of Entra's and Exchange's rules about both.
func Beliefs() tenant.Beliefs {
	b := tenant.Beliefs{Service: "The integration, Zoom's portal, Entra and Exchange", Looked: "2026-11-25"}
	b.Add("integration.app-id", "the ID of Zoom's application for personal calendars",
		"not known: chosen by the tenant file, a confirmed consent, or one candidate that a person agrees to", tenant.Open,
		fieldGuide+"/connecting-personal-calendars-with-microsoft-365")
	b.Add("integration.not-for-calendars", "applications of Zoom that are never it", strings.Join(notForCalendars, ", "),
		tenant.Documented, explainer)
	b.Add("integration.publisher", "the verified publisher of Zoom's application", strings.Join(zoomPublishers, ", "),
		tenant.Inferred, explainer)
	b.Add("integration.permissions", "all permissions of Zoom's application",
		"not known: Zoom's own list is a picture, and the tenant file can name them (microsoft.required_permissions)",
		tenant.Open, fieldGuide+"/connecting-personal-calendars-with-microsoft-365")
	b.Add("integration.calendars", "what it needs at least", strings.Join(requiredPermissions, ", "), tenant.Reported,
		reportedPage)
	b.Add("integration.companions", "what may stand beside it without a remark", strings.Join(companions, ", "),
		tenant.Inferred, reportedPage)
	b.Add("integration.mail-read", "needed only while the authorizing person's UPN is not their Zoom email", mailRead,
		tenant.Documented, article)
	b.Add("integration.upn-rule", "the authorizing person's UPN equals their Zoom email, or Mail: Read is approved",
		"in the newer copy of the article only", tenant.Documented, article)
	b.Add("integration.domain-rule", "an associated domain equals a custom domain verified in Entra", "at least one",
		tenant.Documented, article)
	b.Add("integration.primary", "which calendar is used", "the primary one only", tenant.Documented, article)
	b.Add("integration.plan", "which plans have it", "Pro, Business or Enterprise", tenant.Documented, article)
	b.Add("integration.consent-is-no-connection", "a consent in Entra",
		"does not prove that Zoom is connected: Zoom checks its rules afterwards", tenant.Documented, article)
	b.Add(
		"zoom.plan-codes",
		"the codes of billing",
		strings.Join(proPlans, ", ")+" are Pro; business_... and edu... name "+
			"themselves; a bundle is a plan; any other code is unknown",
		tenant.Documented,
		planPage,
	)
	b.Add("zoom.associated-domains-on-pro", "whether a Pro account can associate domains",
		"KB0077944: yes; 203395207: Business, Education or Enterprise", tenant.Conflict, domainsPage)
	b.Add("zoom.group-priority", "which of two groups wins",
		"by priority and product where an account has it (all since 2026-01-10), else the primary group; not readable",
		tenant.Documented, groupArticle)
	b.Add("zoom.consent-loop", "setup_by: users", "Zoom's own switch must say what Entra's says; no API shows it",
		tenant.Documented, consentLoopPage)
	b.Add(
		"zoom.consent-switch",
		"the label of that switch",
		zoomSwitch,
		tenant.Reported,
		"https://support.zoom.us/hc/en-us/articles/360032224571-Account-Level-Calendar-and-Contacts-Integration-for-Office-365",
	)
	b.Add("zoom.deep-links", "the address of the Mail & Calendar tab",
		"not known: "+PortalPage("", "")+" opens the settings, and the menu decides", tenant.Open, article)
	b.Add("zoom.group-link", "the address of a group's page", "/account/group#/detail/{groupId}/detail", tenant.Reported,
		groupArticle)
	b.Add("zoom.ews-choice", "the other choice of \"Authorize with\"", apiLabel[profile.EWS], tenant.Documented, article)
	b.Add("exchange.ews", "Exchange Web Services in Exchange Online",
		"switched off tenant by tenant since "+profile.EWSBlocked+", for good starting "+profile.EWSGone+
			"; Exchange on premises is not affected", tenant.Documented, ewsArticle)
	b.Add(
		"exchange.adds-up",
		"roles of RBAC for Applications",
		"add to Entra's grants, and narrow none",
		tenant.Documented,
		exchangePage,
	)
	b.Add("exchange.roles", "what each application role of Exchange gives",
		"the permission in its name; Mail Full Access, Exchange Full Access and EWS.AccessAsApp give several",
		tenant.Documented, exchangePage)
	b.Add("exchange.direct-members", "who is in a role's group", "its direct members only", tenant.Documented,
		"https://learn.microsoft.com/powershell/module/exchange/new-managementroleassignment")
	b.Add("exchange.app-only", "what roles of RBAC for Applications and access policies are about",
		"access as an application; delegated access is the signed-in person's own", tenant.Documented, exchangePage)
	b.Add("exchange.cache", "how long Exchange may go by roles as they were", "30 minutes to 2 hours", tenant.Documented,
		exchangePage)
	b.Add("exchange.pointer", "whether a role can be given through Graph before New-ServicePrincipal",
		"told nowhere: a refusal names the script that makes the pointer", tenant.Open, exchangePage)
	b.Add("exchange.policy-nesting", "whether groups within an access policy's group count",
		"a merged change of the page says yes, reports say no: unknown for their members", tenant.Conflict,
		"https://github.com/MicrosoftDocs/office-docs-powershell/pull/12367")
	b.Add("exchange.policy-precedence", "which access policy wins", "deny before restrict, restrict before none",
		tenant.Documented, "https://learn.microsoft.com/powershell/module/exchange/new-applicationaccesspolicy")
	b.Add(
		"entra.deleted-app",
		"a deleted enterprise application",
		"loses its grants with it, and comes back by a new consent",
		tenant.Documented,
		"https://learn.microsoft.com/graph/api/serviceprincipal-delete",
	)
	b.Add("entra.consent-roles", "who may consent to Graph's application permissions",
		strings.Join(ConsentRoles, ", ")+", or a custom role that may grant permissions, which cannot be seen",
		tenant.Documented, consentPage)
	b.Add("entra.disabled-app", "a disabled enterprise application", "gets no tokens", tenant.Documented, disablePage)
	b.Add("entra.skew", "how far a clock may be off", skewFails.String(), tenant.Documented, errorsPage)
	return b
}
