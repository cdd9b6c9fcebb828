package signin

import (
	"strings"
	"testing"
)

// TestExplanationOfAFlow holds advice against how the sign-in was tried: whoever came by the
// browser, or has none, is not sent there, and who has not signed in yet has nothing saved.
func TestExplanationOfAFlow(t *testing.T) {
	for name, c := range map[string]struct {
		err EntraError
		// want and not are texts of the advice; want empty is no explanation at all.
		want, not string
	}{
		"blocked device code": {
			EntraError{Code: "invalid_grant", AADSTS: []int{53003}, Flow: ByDevice},
			"--browser", "",
		},
		"blocked browser": {
			EntraError{Code: "invalid_grant", AADSTS: []int{53003}, Flow: ByBrowser},
			"Sign-in logs", "--browser",
		},
		"blocked application": {
			EntraError{Code: "invalid_grant", AADSTS: []int{53003}, Flow: ByApplication},
			"workload identities", "browser",
		},
		"a device by the browser": {
			EntraError{Code: "invalid_grant", AADSTS: []int{53001}, Flow: ByBrowser},
			"Sign-in logs", "--browser",
		},
		"another provider's page, first sign-in": {
			EntraError{Code: "invalid_grant", AADSTS: []int{50158}, Flow: ByDevice},
			"another provider", "saved",
		},
		"an unfinished second factor": {
			EntraError{Code: "invalid_grant", AADSTS: []int{500121}, Flow: ByDevice},
			"not finished", "saved",
		},
		"an unknown number, first sign-in": {
			EntraError{Code: "invalid_grant", AADSTS: []int{999999}, Flow: ByDevice},
			"", "",
		},
		"an unknown number of a saved sign-in": {
			EntraError{Code: "invalid_grant", AADSTS: []int{999999}, Flow: ByRefresh},
			"saved sign-in is not valid", "",
		},
		"a subject": {
			EntraError{Code: "invalid_client", AADSTS: []int{700213}, Flow: ByApplication},
			"issuer, subject and audience", "",
		},
		"another cloud": {
			EntraError{Code: "invalid_request", AADSTS: []int{900382}, Flow: ByApplication},
			"microsoft.cloud", "",
		},
	} {
		x, ok := c.err.Explanation()
		text := x.Meaning + "; " + x.Next
		if ok != (c.want != "") || !strings.Contains(text, c.want) || c.not != "" && strings.Contains(text, c.not) {
			t.Errorf("%s: %v %q", name, ok, text)
		}
	}
}

// TestErrorPage leads to the cloud that answered.
func TestErrorPage(t *testing.T) {
	for login, want := range map[string]string{
		"":                                 "https://login.microsoftonline.com/error?code=53003",
		"https://localhost:8443":           "https://login.microsoftonline.com/error?code=53003",
		"https://login.microsoftonline.us": "https://login.microsoftonline.us/error?code=53003",
		"https://login.partner.microsoftonline.cn": "https://login.partner.microsoftonline.cn/error?code=53003",
	} {
		e := EntraError{AADSTS: []int{53003}, Login: login}
		if got := e.Page(); got != want {
			t.Errorf("%s: got %s", login, got)
		}
	}
}
