package msgraph

import "github.com/zo365/zo365/internal/tenant"

// The pages of the codes.
const (
	errorsPage   = "https://learn.microsoft.com/graph/errors"
	throttling   = "https://learn.microsoft.com/graph/throttling"
	exchangePage = "https://learn.microsoft.com/exchange/permissions-exo/application-rbac"
)

// Codes are the errors of Microsoft Graph, and of Exchange behind it, that people meet.
func Codes() []tenant.Meaning {
	const graph, exchange = "Microsoft Graph", "Exchange Online"
	return []tenant.Meaning{
		{
			Code:      "Authorization_RequestDenied",
			Kind:      graph,
			Meaning:   "the sign-in may not do this",
			Cause:     "a permission was not consented, or the signed-in person lacks a role in Entra",
			Next:      "zo365 auth permissions shows what each command needs",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "InvalidAuthenticationToken",
			Kind:      graph,
			Meaning:   "the access token is not accepted",
			Cause:     "it was revoked or is for another cloud, or the clock of this machine is wrong; zo365 took a new one already",
			Next:      "zo365 login microsoft, and zo365 doctor compares the clocks",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "Request_ResourceNotFound",
			Kind:      graph,
			Meaning:   "the tenant has no such object",
			Cause:     "the UPN or the ID is misspelled, the object was deleted, or a change has not reached all servers yet",
			Next:      "zo365 upn check shows who is there",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "Request_UnsupportedQuery",
			Kind:      graph,
			Meaning:   "Graph does not take this query",
			Cause:     "the property cannot be filtered in this way, or only with the advanced query header",
			Next:      "report it with the output of --debug: zo365 has to ask in another way",
			Source:    "https://learn.microsoft.com/graph/aad-advanced-queries",
			Certainty: tenant.Documented,
		},
		{
			Code:      "TooManyRequests",
			Kind:      graph,
			Meaning:   "Graph asks for a pause",
			Cause:     "this or another program sent more requests than the tenant may",
			Next:      "run the command again later, or allow longer pauses with --max-wait",
			Source:    throttling,
			Certainty: tenant.Documented,
		},
		{
			Code:      "serviceNotAvailable",
			Kind:      graph,
			Meaning:   "Graph cannot answer now",
			Cause:     "maintenance or an overload",
			Next:      "run the command again later",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "syncStateNotFound",
			Kind:      graph,
			Meaning:   "Graph no longer knows the state that changes are told from",
			Cause:     "it keeps that for seven days",
			Next:      "nothing: zo365 reads everybody again",
			Source:    "https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset",
			Certainty: tenant.Documented,
		},
		{
			Code:      codeNoLicence,
			Kind:      graph,
			Meaning:   "the report belongs to a larger licence",
			Cause:     "the tenant has no Microsoft Entra ID P1 or P2",
			Next:      "go on without it: zo365 reports the sign-ins of Zoom's app as unknown",
			Source:    "https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/errors-sign-in-activity-report",
			Certainty: tenant.Documented,
		},
		{
			Code:      "ErrorAccessDenied",
			Kind:      exchange,
			Meaning:   "the mailbox may not be reached",
			Cause:     "with \"[RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings\" an access policy or a scope in Exchange keeps the application out; otherwise a permission is missing",
			Next:      "ask an Exchange administrator for Get-ApplicationAccessPolicy and Test-ServicePrincipalAuthorization",
			Source:    exchangePage,
			Certainty: tenant.Reported,
		},
		{
			Code:      "MailboxNotEnabledForRESTAPI",
			Kind:      exchange,
			Meaning:   "the person has no mailbox in Exchange Online",
			Cause:     "no licence with a mailbox, a soft-deleted mailbox, or one on premises",
			Next:      "zo365 upn check shows the licence; give the person one with Exchange Online",
			Source:    "https://github.com/microsoftgraph/microsoft-graph-docs/issues/10481",
			Certainty: tenant.Reported,
		},
		{
			Code:      "ResourceNotFound",
			Kind:      exchange,
			Meaning:   "the person has no mailbox in Exchange Online",
			Cause:     "the same as MailboxNotEnabledForRESTAPI: Exchange gives one or the other at different times",
			Next:      "zo365 upn check shows the licence; give the person one with Exchange Online",
			Source:    "https://github.com/microsoftgraph/microsoft-graph-docs/issues/10481",
			Certainty: tenant.Reported,
		},
	}
}

// Failure takes the error apart.
func (e *Error) Failure() tenant.Failure {
	return tenant.Failure{
		Doing:     e.Doing,
		Service:   "Microsoft Graph",
		Status:    e.Status,
		Code:      e.Code,
		RequestID: e.RequestID,
	}
}
