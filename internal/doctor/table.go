package doctor

// Where the rules are written.
const (
	article      = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944"
	ewsArticle   = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077079"
	consentPage  = "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent"
	exchangePage = "https://learn.microsoft.com/exchange/permissions-exo/application-rbac"
)

// checks is doctor's table, in the order in which an administrator works.
func checks() []check {
	return []check{
		{"clock", "This machine's clock is right", "Tokens are refused when the clock is off by more than five minutes, with errors that name something else.", "https://learn.microsoft.com/entra/identity-platform/reference-error-codes", checkClock},
		{"credential-expiry", "The sign-in of zo365 does not end soon", "A pipeline whose secret has ended sees nothing any more, and nobody is told that the integration broke.", "https://learn.microsoft.com/graph/api/resources/passwordcredential", checkExpiry},
		{"zoom-plan", "The Zoom plan has the integration", "The integration needs a Pro, Business or Enterprise account.", article, checkPlan},
		{"zoom-role", "The authorizing person is an owner or admin in Zoom", "Only an account owner or admin sees the settings in Zoom's portal.", article, checkZoomRole},
		{"domain-match", "A Zoom associated domain is a verified domain in Entra", "At least one associated domain of the Zoom account must equal a custom domain that is verified in the Office 365 tenant.", article, checkDomains},
		{"consent-role", "The signed-in person may consent", "Application permissions of Microsoft Graph need a Global Administrator or a Privileged Role Administrator; the Cloud Application Administrator that Zoom's pages name is not enough.", consentPage, checkConsentRole},
		{"application-enabled", "Zoom's application may sign in", "A disabled enterprise application gets no tokens, whatever was consented.", "https://learn.microsoft.com/entra/identity/enterprise-apps/disable-user-sign-in-portal", checkEnabled},
		{"consent-present", "An administrator has consented", "Without the consent Zoom cannot reach any calendar.", article, checkPresent},
		{"consent-complete", "Zoom's application has all it needs", "A permission that was taken away breaks a part of the integration without a word to anybody.", article, checkComplete},
		{"consent-excess", "Zoom's application has no more than it needs", "Every application permission reaches every mailbox.", exchangePage, checkExcess},
		{"mail-read", "Mail.Read was taken away after connecting", "Mail.Read is needed only to connect while the UPN is not the Zoom email; afterwards it can be removed.", article, checkMailRead},
		{"consent-unneeded", "Nobody holds a consent that no profile wants", "Zoom keeps no credentials after Disable and Delete, but Entra keeps the permissions until somebody removes them.", article, checkUnneeded},
		{"signer-upn", "The authorizing person's UPN is their Zoom email", "The UPN of the authorizing user must equal their Zoom email; otherwise Mail: Read must be approved to connect.", article, checkSignerUPN},
		{"rbac-scope", "The scope in Exchange really narrows", "A role of RBAC for Applications and the consent in Entra add up: a scoped role narrows nothing while the unscoped permission stands.", exchangePage, checkExchange},
		{"ews", "Nothing uses Exchange Web Services", "Exchange Web Services has been blocked in Exchange Online since 2026-10-01 and ends on 2027-04-01.", ewsArticle, checkEWS},
		{"primary-calendar", "People use their primary calendar", "Zoom sees the primary calendar only; several calendars cannot be chosen.", article, checkPrimary},
		{"features", "Nobody counts on what the integration does not do", "The article lists what is not supported.", article, checkFeatures},
		{"group-missing", "Every group profile has its group in Zoom", "A profile without a group reaches nobody.", article, checkGroups},
		{"group-conflict", "Nobody is in two groups with different profiles", "A person in several groups has the settings of the primary group, by default the first they were added to.", "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0062584", checkConflicts},
		{"mailboxes", "Zoom's people have mailboxes", "Without a mailbox in Exchange Online there is no calendar to connect.", article, checkMailboxes},
		{codePortal, "Zoom's portal shows what the profiles want", "Zoom's public API has no call for these settings: a person's word is all there is.", article, checkPortal},
		{"record", "The journal knows what Entra shows", "What was recorded is what drift is measured against.", "", checkRecord},
		{"last-use", "Zoom's application has signed in lately", "An application that is set up and never signs in is not used, or cannot.", "https://learn.microsoft.com/graph/api/resources/serviceprincipalsigninactivity", checkLastUse},
	}
}
