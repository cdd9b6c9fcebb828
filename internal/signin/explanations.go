package signin

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

// Explanation is the plain meaning of one of Entra's errors and what to do.
type Explanation struct {
	// Number is the AADSTS number, or zero.
	Number int
	// Meaning is one sentence.
	Meaning string
	// Next is what to do, usually a command.
	Next string
}

// of is the explanation for one way to sign in: what a browser might mend is no advice for
// whoever came from it, nor for an application, which has none.
func (x Explanation) of(flow Flow) Explanation {
	if flow != ByBrowser && flow != ByApplication {
		return x
	}
	if x.Next == nextBrowser {
		x.Next = PolicyAdvice
	}
	switch {
	case x.Number == 53003 && flow == ByApplication:
		x.Meaning = "a Conditional Access policy for workload identities blocks the application"
	case x.Number == 53003 || x.Number == 530036:
		x.Meaning = "a Conditional Access policy blocks the sign-in"
	case x.Number == 50097 || x.Number == 53000:
		x.Meaning = "the policy wants a device that the tenant manages, and this one is not known as such"
	}
	return x
}

// Codes are the explanations by their codes.
func Codes() []tenant.Meaning {
	all := make([]tenant.Meaning, 0, len(explanations))
	for _, number := range slices.Sorted(maps.Keys(explanations)) {
		x := explanations[number]
		x.Number = number
		next := x.Next
		if app := x.of(ByApplication); app != x {
			next += "; an application's sign-in: " + app.Meaning + "; " + app.Next
		}
		all = append(all, tenant.Meaning{
			Code:      fmt.Sprintf("AADSTS%d", number),
			Kind:      "Entra sign-in",
			Meaning:   x.Meaning,
			Next:      next,
			Source:    ErrorPage("", number),
			Certainty: certaintyOf(number),
		})
	}
	return all
}

// The words that several explanations share.
const (
	nextBrowser = "sign in with the browser: zo365 login microsoft --browser"
	// PolicyAdvice is what helps where Conditional Access refuses an application.
	PolicyAdvice = "ask whoever manages Conditional Access: " + menu.EntraSignIns + " names the policy and its reason"
	nextAgain    = "sign in again: zo365 login microsoft"
	nextTenant   = "check microsoft.tenant in zo365.yaml or ZO365_MICROSOFT_TENANT"
	nextClient   = "check microsoft.client_id in zo365.yaml or ZO365_MICROSOFT_CLIENT_ID"
	nextCloud    = "check microsoft.cloud in zo365.yaml: global, gcc-high, dod or china"
	nextConsent  = "let a Global Administrator or Privileged Role Administrator sign in once and consent for the organization"
)

// nextFederated is for a workload's token that no federated credential takes.
const nextFederated = "compare issuer, subject and audience, letter by letter, under " +
	menu.EntraRegistrations + " > Certificates & secrets > Federated credentials"

// explanations by AADSTS number, from
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var explanations = map[int]Explanation{
	50020: {
		Meaning: "this account does not belong to the tenant",
		Next:    "sign in with an account of the tenant, or " + nextTenant,
	},
	50034: {Meaning: "the tenant does not know this account", Next: nextTenant},
	50057: {Meaning: "the account is disabled", Next: "ask a user administrator to enable it, or use another account"},
	50105: {
		Meaning: "the application is open to assigned people only, and this account is not assigned",
		Next:    "assign the account under " + menu.EntraApps + " > (application) > Users and groups",
	},
	50072: {Meaning: "the account must set up multi-factor authentication first", Next: nextBrowser},
	50074: {Meaning: "multi-factor authentication is required", Next: nextBrowser},
	50076: {Meaning: "multi-factor authentication is required", Next: nextBrowser},
	50079: {Meaning: "the account must set up multi-factor authentication first", Next: nextBrowser},
	50097: {Meaning: "a managed device is required, which a device code cannot prove", Next: nextBrowser},
	50005: {Meaning: "Conditional Access does not allow this kind of device", Next: nextBrowser},
	53000: {Meaning: "a compliant device is required, which a device code cannot prove", Next: nextBrowser},
	53003: {
		Meaning: "a Conditional Access policy blocks this way of signing in; many tenants block device codes",
		Next:    nextBrowser,
	},
	530036: {
		Meaning: "the sign-in began with a device code, and a Conditional Access policy now blocks those",
		Next:    nextBrowser,
	},
	53001: {Meaning: "a device joined to the domain is required, which a device code cannot prove", Next: nextBrowser},
	50158: {
		Meaning: "a page of another provider, for multi-factor authentication or terms of use, was not passed",
		Next:    nextBrowser,
	},
	500121: {
		Meaning: "multi-factor authentication was not finished: it was declined, or nobody answered in time",
		Next:    nextAgain,
	},
	700003: {
		Meaning: "the device was removed from the tenant, or is not known there",
		Next:    "join the device again under Windows Settings > Accounts > Access work or school, or sign in on another one",
	},
	50173:  {Meaning: "the sign-in was revoked, for example by a new password", Next: nextAgain},
	70000:  {Meaning: "the saved sign-in is not valid any more", Next: nextAgain},
	70008:  {Meaning: "the saved sign-in expired", Next: nextAgain},
	700082: {Meaning: "the saved sign-in expired because it was not used", Next: nextAgain},
	70043:  {Meaning: "the tenant's sign-in frequency asks for a new sign-in", Next: nextAgain},
	70019:  {Meaning: "the code expired before anybody entered it", Next: nextAgain},
	65001:  {Meaning: "nobody has consented to this application's permissions yet", Next: nextConsent},
	65004: {
		Meaning: "the consent was declined",
		Next:    "run the command again and accept, or ask an administrator who may",
	},
	90094:  {Meaning: "these permissions need an administrator's consent", Next: nextConsent},
	700016: {Meaning: "the tenant has no application with this client ID", Next: nextClient},
	7000215: {
		Meaning: "the client secret is wrong; a common mistake is to copy the secret's ID instead of its value",
		Next:    "set ZO365_MICROSOFT_CLIENT_SECRET to the secret's value",
	},
	7000222: {
		Meaning: "the client secret expired",
		Next:    "make a new one under " + menu.EntraRegistrations + " > Certificates & secrets",
	},
	7000218: {
		Meaning: "the application is not marked as a public client",
		Next:    "turn on \"Allow public client flows\" under " + menu.EntraRegistrations + " > Authentication",
	},
	7000112: {
		Meaning: "the application is disabled in the tenant",
		Next:    "enable it under " + menu.EntraApps + " > (application) > Properties",
	},
	50011: {
		Meaning: "the redirect address http://localhost is not registered for this application",
		Next:    "add it under " + menu.EntraRegistrations + " > Authentication > Mobile and desktop applications",
	},
	90002: {Meaning: "there is no such tenant in this cloud", Next: nextTenant + ", and microsoft.cloud"},
	500011: {
		Meaning: "the tenant does not have the API that the token is for",
		Next:    "check microsoft.cloud in zo365.yaml",
	},
	700024: {
		Meaning: "the signed assertion is not within its time range; the clock of this machine may be wrong",
		Next:    "set the clock and try again",
	},
	700027: {
		Meaning: "the assertion's signature is not of a certificate that the application has",
		Next:    "upload the certificate under " + menu.EntraRegistrations + " > Certificates & secrets",
	},
	700211: {
		Meaning: "the application has no federated credential with the token's issuer",
		Next:    nextFederated,
	},
	700212: {
		Meaning: "the application has no federated credential with the token's audience",
		Next:    nextFederated + "; the audience is of the cloud: api://AzureADTokenExchange, ...USGov or ...China",
	},
	700213: {
		Meaning: "the application has no federated credential with the token's subject: another repository, branch or environment",
		Next:    nextFederated,
	},
	900382: {Meaning: "the application or the account belongs to another cloud", Next: nextCloud},
	900432: {Meaning: "a confidential client cannot sign in across clouds: the tenant is in another one", Next: nextCloud},
	7000229: {
		Meaning: "the application is registered elsewhere and has no service principal in this tenant",
		Next:    "let an administrator of the tenant consent to it once, or " + nextClient,
	},
	900023: {Meaning: "microsoft.tenant is neither a domain nor an ID: it is misspelled, or an address", Next: nextTenant},
	650057: {
		Meaning: "the application's registration does not list the permission that was asked for",
		Next:    "add it under " + menu.EntraRegistrations + " > API permissions, and consent to it",
	},
	650052: {
		Meaning: "the tenant has no service that the application needs: it is not licensed, or nobody consented to it",
		Next:    nextConsent,
	},
	500014: {
		Meaning: "the service that the token is for is disabled in the tenant",
		Next:    "enable it under " + menu.EntraApps + " > (service) > Properties",
	},
	70021: {
		Meaning: "no federated credential of the application matches the token; issuer, subject and audience are compared with their letter case",
		Next:    "compare them under " + menu.EntraRegistrations + " > Certificates & secrets > Federated credentials",
	},
	7002138: {
		Meaning: "a federated credential matches the token but for its letter case",
		Next:    "write issuer, subject and audience exactly as the token has them",
	},
	50013: {
		Meaning: "the assertion is not accepted; the clock of this machine may be wrong",
		Next:    "set the clock and try again",
	},
	50194: {Meaning: "the application belongs to one tenant and was asked through another", Next: nextTenant},
}

// byCode explains the errors of RFC 6749 and RFC 8628 that come without a
// number.
var byCode = map[string]Explanation{
	"authorization_declined": {Meaning: "the sign-in was declined on the page", Next: nextAgain},
	"access_denied":          {Meaning: "the sign-in was declined on the page", Next: nextAgain},
	"expired_token":          {Meaning: "the code expired before anybody entered it", Next: nextAgain},
	"invalid_grant":          {Meaning: "the saved sign-in is not valid any more", Next: nextAgain},
}

// certaintyOf: what the numbers of federated credentials mean in particular is reported
// (entra.federated-numbers), the others are on Entra's page of errors.
func certaintyOf(number int) tenant.Certainty {
	switch number {
	case 70021, 700211, 700212, 700213, 7002138:
		return tenant.Reported
	}
	return tenant.Documented
}
