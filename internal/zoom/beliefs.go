package zoom

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// Beliefs are what the client takes for true of Zoom's API, beside the scopes of its calls.
func Beliefs() tenant.Beliefs {
	b := tenant.Beliefs{Service: "Zoom's API", Looked: "2026-11-25"}
	codes := make([]string, len(missingScopes))
	for i, c := range missingScopes {
		codes[i] = strconv.Itoa(c)
	}
	b.Add("zoom.missing-scope", "the codes of a missing scope", strings.Join(codes, ", "), tenant.Reported,
		"https://devforum.zoom.us/t/111305")
	b.Add("zoom.token-invalidated", "code 124 with 401: another program took a newer token",
		"the token is dropped, one is taken, one more try", tenant.Reported, "https://devforum.zoom.us/t/72070")
	b.Add("zoom.no-user", "no such user", strconv.Itoa(codeNoUser), tenant.Documented, errorsPage)
	b.Add("zoom.elsewhere", "a user of another account", strconv.Itoa(codeElsewhere), tenant.Reported,
		"https://github.com/jrchamp/moodle-mod_zoom/issues/64")
	b.Add("zoom.code-200", "code 200", "several meanings: Zoom's words are shown, nothing is concluded", tenant.Reported,
		"https://github.com/skwirrel/ZoomAPIWrapper/issues/4")
	b.Add("zoom.daily-limit", "the daily limit",
		"429 with X-RateLimit-Type: Daily-limit and an ISO 8601 Retry-After; without either, or 403, it is known by its text",
		tenant.Reported, "https://developers.zoom.us/docs/api/rate-limits/")
	b.Add("zoom.limits", "requests labelled Medium a second",
		fmt.Sprintf("Pro %d, Business %d", ProMedium, businessMedium), tenant.Documented,
		"https://developers.zoom.us/docs/api/rate-limits/")
	b.Add("zoom.large-account", "an account of more people is on a larger plan than Pro",
		strconv.Itoa(proUsers), tenant.Inferred, "https://developers.zoom.us/docs/api/rate-limits/")
	b.Add(
		"zoom.pages",
		"items on a page at most",
		fmt.Sprintf("users %d, groups %d", userPage, groupPage),
		tenant.Documented,
		"https://developers.zoom.us/docs/api/users/",
	)
	b.Add("zoom.domain-status", "an associated domain is verified", "status verified or approved", tenant.Inferred,
		"https://developers.zoom.us/docs/api/accounts/#tag/accounts/get/accounts/{accountId}/managed_domains")
	b.Add("zoom.managed-domains", "who may read the associated domains",
		"accounts that have master APIs, by their owner's app; or an app of classic scopes", tenant.Documented,
		"https://developers.zoom.us/docs/integrations/oauth-scopes-overview/")
	b.Add("zoom.plan-usage", "whether a standard account may read its plan", "Zoom's own pages disagree", tenant.Conflict,
		"https://developers.zoom.us/docs/api/billing/")
	b.Add("zoom.me", "who \"me\" is for a server-to-server app", "the account's owner", tenant.Open,
		"https://developers.zoom.us/docs/internal-apps/s2s-oauth/")
	b.Add("zoom.groups", "new groups", "at most 100 a day and 5,000 in an account", tenant.Documented,
		"https://developers.zoom.us/docs/api/users/#tag/groups/post/groups")
	b.Add("zoom.change-email", "a change of an email",
		"inside a managed domain, three times in 24 hours; not of an administrator (reported)", tenant.Documented,
		"https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email")
	b.Add("zoom.change-email-mail", "whether Zoom mails the person whose email is changed", "not known", tenant.Open,
		"https://developers.zoom.us/docs/api/users/#tag/users/put/users/{userId}/email")
	return b
}
