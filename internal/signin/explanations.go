package signin

import "fmt"

// Explanation is the plain meaning of one of Entra's errors and what to do.
type Explanation struct {
	// Number is the AADSTS number, or zero.
	Number int
	// Meaning is one sentence.
	Meaning string
	// Next is what to do, usually a command.
	Next string
}

// Page is Microsoft's page about the number, or "".
func (x Explanation) Page() string {
	if x.Number == 0 {
		return ""
	}
	return fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", x.Number)
}

// The words that several explanations share.
const (
	nextBrowser = "sign in with the browser: zo365 login microsoft --browser"
	nextAgain   = "sign in again: zo365 login microsoft"
	nextTenant  = "check microsoft.tenant in zo365.yaml or ZO365_MICROSOFT_TENANT"
	nextClient  = "check microsoft.client_id in zo365.yaml or ZO365_MICROSOFT_CLIENT_ID"
	nextConsent = "let a Global Administrator or Privileged Role Administrator sign in once and consent for the organization"
)

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
		Next:    "assign the account under Entra > Enterprise applications > (application) > Users and groups",
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
		Next:    "make a new one under Entra > App registrations > Certificates & secrets",
	},
	7000218: {
		Meaning: "the application is not marked as a public client",
		Next:    "turn on \"Allow public client flows\" under Entra > App registrations > Authentication",
	},
	7000112: {
		Meaning: "the application is disabled in the tenant",
		Next:    "enable it under Entra > Enterprise applications > (application) > Properties",
	},
	50011: {
		Meaning: "the redirect address http://localhost is not registered for this application",
		Next:    "add it under Entra > App registrations > Authentication > Mobile and desktop applications",
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
		Next:    "upload the certificate under Entra > App registrations > Certificates & secrets",
	},
	70021: {
		Meaning: "no federated credential of the application matches the token; issuer, subject and audience are compared with their letter case",
		Next:    "compare them under Entra > App registrations > Certificates & secrets > Federated credentials",
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
