package msgraph

import (
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Beliefs are what the client takes for true of Microsoft Graph, beside the permissions of
// its calls.
func Beliefs() tenant.Beliefs {
	b := tenant.Beliefs{Service: "Microsoft Graph", Looked: "2026-11-25"}
	b.Add("graph.mail-plan", "a plan comes with a mailbox that works",
		"service "+tenant.ExchangeService+", capabilityStatus "+strings.Join(tenant.MailPlanStatuses, " or "),
		tenant.Documented, "https://learn.microsoft.com/graph/api/resources/assignedplan")
	b.Add("graph.cast", "an OData cast is an advanced query",
		"sent with ConsistencyLevel: eventual and $count=true; whether Graph insists is open, and both are harmless",
		tenant.Documented, "https://learn.microsoft.com/graph/aad-advanced-queries")
	b.Add("graph.upn-ranges", "ge and le on userPrincipalName",
		"the page of the user allows them, the table of filters leaves them out: a 400 falls back to one sequence of pages",
		tenant.Conflict, "https://learn.microsoft.com/graph/aad-advanced-queries#user-properties")
	b.Add("graph.already-assigned", "the refusal of a second assignment of an app role",
		strconv.Quote(assignedAlready), tenant.Reported,
		"https://github.com/hashicorp/terraform-provider-azuread/issues/1035")
	b.Add("graph.report-licence", "the sign-in report without a licence answers 403",
		codeNoLicence, tenant.Documented,
		"https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/errors-sign-in-activity-report")
	b.Add("graph.sign-in-report", "the sign-in report of applications is not in",
		strings.Join(notIn["SignIns"], ", "), tenant.Documented,
		"https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities")
	b.Add("graph.audit-log", "the directory audit log is not in",
		strings.Join(notIn["Consents"], ", "), tenant.Documented,
		"https://learn.microsoft.com/graph/api/directoryaudit-list")
	b.Add("graph.refused-consent", "a refused consent in the audit log",
		"nothing shows it there, and none is ever concluded from it", tenant.Open,
		"https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities")
	b.Add("graph.raop", "an Exchange policy denies a mailbox",
		"ErrorAccessDenied whose text begins with [RAOP]: no permission is missing", tenant.Reported,
		"https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/10103")
	b.Add("graph.user-consent", "what people may consent to for themselves",
		"permissionGrantPoliciesAssigned that begin with ManagePermissionGrantsForSelf", tenant.Documented,
		"https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent")
	b.Add("graph.public-client", "an app registration of this tenant alone that is a public client",
		"signInAudience AzureADMyOrg, isFallbackPublicClient, a redirect on loopback", tenant.Documented,
		"https://learn.microsoft.com/graph/api/application-post-applications")
	return b
}
