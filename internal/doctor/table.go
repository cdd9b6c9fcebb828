package doctor

import "github.com/zo365/zo365/internal/tenant"

// Where the rules are written.
const (
	article         = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944"
	ewsArticle      = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077079"
	groupArticle    = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0076377"
	consentPage     = "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent"
	consentLoopPage = "https://library.zoom.com/admin-corner/third-party-integrations/microsoft-365-calendaring-field-guide/before-you-begin"
	exchangePage    = "https://learn.microsoft.com/exchange/permissions-exo/application-rbac"
	errorsPage      = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
	secretsPage     = "https://learn.microsoft.com/graph/api/resources/passwordcredential"
	disablePage     = "https://learn.microsoft.com/entra/identity/enterprise-apps/disable-user-sign-in-portal"
	signInPage      = "https://learn.microsoft.com/graph/api/resources/serviceprincipalsigninactivity"
)

func with(more ...tenant.Fact) []tenant.Fact { return append(more, ApplicationFacts...) }

// checks is doctor's table, in the order in which an administrator works.
func checks() []check {
	return []check{
		{
			"clock", "This machine's clock is right",
			"Tokens are refused when the clock is off by more than five minutes, with errors that name something else.",
			errorsPage,
			[]tenant.Fact{tenant.FactOrganization},
			checkClock,
		},
		{
			"credential-expiry", "The sign-in of zo365 does not end soon",
			"A pipeline whose secret has ended sees nothing any more, and nobody is told that the integration broke.",
			secretsPage,
			[]tenant.Fact{tenant.FactCredentials},
			checkExpiry,
		},
		{
			"zoom-plan",
			"The Zoom plan has the integration",
			"The integration needs a Pro, Business or Enterprise account (KB0077944); a plan whose code is not known is not judged.",
			article,
			[]tenant.Fact{tenant.FactZoomPlan},
			checkPlan,
		},
		{
			"zoom-role", "The authorizing person sees the settings in Zoom",
			"Only an account owner or admin sees the settings in Zoom's portal.",
			article,
			[]tenant.Fact{tenant.FactMe, tenant.FactMyZoom, tenant.FactZoomRoles},
			checkZoomRole,
		},
		{
			"domain-match",
			"A Zoom associated domain is a verified domain in Entra",
			"At least one associated domain of the Zoom account must equal a custom domain that is verified in the Office 365 tenant.",
			article,
			[]tenant.Fact{tenant.FactDomains, tenant.FactZoomDomains},
			checkDomains,
		},
		{
			"consent-role",
			"The signed-in person may consent",
			"Application permissions of Microsoft Graph need a Global Administrator, a Privileged Role Administrator, or a custom role " +
				"that may grant permissions; the Cloud Application Administrator that Zoom's pages name is not enough by itself.",
			consentPage,
			with(tenant.FactMe, tenant.FactRoles),
			checkConsentRole,
		},
		{
			"application-enabled", "Zoom's application may sign in",
			"A disabled enterprise application gets no tokens, whatever was consented.",
			disablePage, ApplicationFacts, checkEnabled,
		},
		{
			"consent-present", "Zoom's application is in the tenant",
			"Without the consent Zoom cannot reach any calendar.",
			article, with(tenant.FactEvents), checkPresent,
		},
		{
			"consent-complete", "Zoom's application has all it needs",
			"A permission that was taken away breaks a part of the integration without a word to anybody.",
			article, with(tenant.FactEvents), checkComplete,
		},
		{
			"consent-excess", "Zoom's application has no more than it needs",
			"Every application permission reaches every mailbox.",
			exchangePage, ApplicationFacts, checkExcess,
		},
		{
			"mail-read", "Mail.Read was taken away after connecting",
			"Mail.Read is needed only to connect while the UPN is not the Zoom email; afterwards it can be removed.",
			article, ApplicationFacts, checkMailRead,
		},
		{
			"consent-unneeded", "No consent is left that no profile wants",
			"Zoom keeps no credentials after Disable and Delete, but Entra keeps the permissions until somebody removes them.",
			article, ApplicationFacts, checkUnneeded,
		},
		{
			"other-applications", "Which other applications reach mailboxes",
			"A second application of Zoom, or of anybody, with calendar or mail permissions reaches every mailbox, too.",
			exchangePage, ApplicationFacts, checkOthers,
		},
		{
			"signer-upn",
			"The authorizing person's UPN is their Zoom email",
			"The UPN of the authorizing user must equal their Zoom email; otherwise Mail: Read must be approved to connect.",
			article,
			with(tenant.FactMe, tenant.FactMyZoom, tenant.FactEvents, tenant.FactSignIns, tenant.FactZoomPeople),
			checkSignerUPN,
		},
		{
			"rbac-scope", "The scope in Exchange really narrows",
			"A role of RBAC for Applications and the consent in Entra add up: " +
				"a scoped role narrows nothing while the unscoped permission stands.",
			exchangePage, ApplicationFacts, checkExchange,
		},
		{
			"mailbox-scope",
			"Zoom reaches only the mailboxes that the profiles want",
			"Application permissions reach every mailbox; roles with a scope in Exchange narrow them once the grants in Entra are gone.",
			exchangePage,
			with(tenant.FactScopes),
			checkMailboxScope,
		},
		{
			codePolicies, "No access policy of the old kind is left",
			"Application access policies are replaced by roles; they constrain grants in Entra only, and no API shows them.",
			"https://learn.microsoft.com/powershell/module/exchange/new-applicationaccesspolicy",
			ApplicationFacts,
			checkPolicies,
		},
		{
			"rooms", "Zoom's applications for conference rooms can read them",
			"Rooms are read by two applications of their own; those that use Exchange Web Services stop with it.",
			"https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0063474",
			ApplicationFacts,
			checkRooms,
		},
		{
			"rooms-scope",
			"Zoom's applications for rooms reach only the mailboxes that the tenant file wants",
			"The applications for rooms are others than the one for people, and reach every mailbox until a role narrows them, too.",
			exchangePage,
			with(tenant.FactScopes),
			checkRoomsScope,
		},
		{
			"ews",
			"Nothing uses Exchange Web Services",
			"Exchange Online is switching Exchange Web Services off tenant by tenant since 2026-10-01, for good starting 2027-04-01; " +
				"Exchange on premises is not affected.",
			ewsArticle,
			nil,
			checkEWS,
		},
		{
			"primary-calendar", "People use their primary calendar",
			"Zoom sees the primary calendar only; several calendars cannot be chosen.",
			article, nil, checkPrimary,
		},
		{
			"features", "Nobody counts on what the integration does not do",
			"The article lists what is not supported.",
			article, nil, checkFeatures,
		},
		{
			"user-consent", "People may consent where they set it up themselves",
			"With setup_by: users Zoom's own switch for user consent must say what Entra's setting says; " +
				"otherwise people go round between the two consent pages.",
			consentLoopPage,
			[]tenant.Fact{tenant.FactUserConsent},
			checkUserConsent,
		},
		{
			"group-missing", "Every group profile has its group in Zoom",
			"A profile without a group reaches nobody.",
			article,
			[]tenant.Fact{tenant.FactZoomGroups},
			checkGroups,
		},
		{
			"group-conflict",
			"Nobody is in two groups with different profiles",
			"Which group's settings a person in several groups has depends on the account: the group's priority, or the primary group.",
			groupArticle,
			[]tenant.Fact{tenant.FactZoomGroups, tenant.FactZoomMembers},
			checkConflicts,
		},
		{
			"mailboxes", "Zoom's people have mailboxes",
			"Without a mailbox in Exchange Online there is no calendar to connect.",
			article,
			[]tenant.Fact{tenant.FactMailless, tenant.FactZoomPeople, tenant.FactZoomGroups, tenant.FactZoomMembers},
			checkMailboxes,
		},
		{
			codePortal, "Zoom's portal shows what the profiles want",
			"Zoom's public API has no call for these settings: a person's word is all there is.",
			article, ApplicationFacts, checkPortal,
		},
		{
			"record", "The journal knows what Entra shows",
			"What was recorded is what drift is measured against.",
			"", ApplicationFacts, checkRecord,
		},
		{
			"last-use", "Zoom's application has signed in lately",
			"An application that is set up and never signs in is not used, or cannot.",
			signInPage, with(tenant.FactSignIns), checkLastUse,
		},
	}
}
