package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// EntraError is an error body of Entra,
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
type EntraError struct {
	// Code is the OAuth error; the only field that logic may depend on.
	Code string
	// AADSTS holds Entra's own numbers, for explanations.
	AADSTS []int
	// Description is Entra's first sentence, without IDs and times.
	Description string
	// Claims is a challenge that a new sign-in must answer; usually empty.
	Claims string
	// Status is the one of HTTP; zero where the answer came by the browser.
	Status int
	// TraceID, CorrelationID and Timestamp are what Microsoft's support asks for.
	TraceID, CorrelationID, Timestamp string
	// Flow is how the sign-in was tried, Login the origin of the cloud's Entra.
	Flow  Flow
	Login string
}

// Flow is a way to sign in.
type Flow string

// The flows.
const (
	ByDevice      Flow = "device code"
	ByBrowser     Flow = "browser"
	ByRefresh     Flow = "saved sign-in"
	ByApplication Flow = "application"
)

func (e *EntraError) Error() string {
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	return text
}

// Explanation returns what an administrator needs to know about the error, and
// whether there is anything.
func (e *EntraError) Explanation() (Explanation, bool) {
	for _, number := range e.AADSTS {
		if x, ok := explanations[number]; ok {
			x.Number = number
			return x.of(e.Flow), true
		}
	}
	if e.Code == "invalid_grant" && e.Flow != ByRefresh {
		return Explanation{}, false // nothing was saved: Entra's own words must do
	}
	x, ok := byCode[e.Code]
	return x, ok
}

// Page is Entra's own page about the error's number, in the cloud that answered; empty
// without a number.
func (e *EntraError) Page() string {
	if len(e.AADSTS) == 0 {
		return ""
	}
	return ErrorPage(e.Login, e.AADSTS[0])
}

// ErrorPage is Entra's own page about a number; a sandbox has none, so that it names the
// global one.
//
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes#lookup-current-error-code-information
func ErrorPage(login string, number int) string {
	if login == "" || loopback(login) == "" {
		login = microsoftHosts[profile.Global][0]
	}
	return fmt.Sprintf("%s/error?code=%d", login, number)
}

// Failure takes the error apart.
func (e *EntraError) Failure() tenant.Failure {
	code := e.Code
	if len(e.AADSTS) > 0 {
		code = fmt.Sprintf("AADSTS%d", e.AADSTS[0])
	}
	return tenant.Failure{
		Doing:     "signing in to Microsoft",
		Service:   "Microsoft Entra ID",
		Status:    e.Status,
		Code:      code,
		RequestID: e.TraceID,
	}
}

// interactive are the AADSTS numbers that only a new sign-in by the person can
// answer although the OAuth error is invalid_grant: consent, multi-factor
// authentication, Conditional Access, revoked and expired sign-ins.
var interactive = []int{
	65001,
	50072,
	50074,
	50076,
	50079,
	50097,
	50173,
	53000,
	53003,
	530036,
	70000,
	70008,
	70043,
	700082,
}

// NeedsPerson says whether a new sign-in of the person can mend the error. The
// OAuth error decides; the numbers only widen invalid_grant.
//
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application
func (e *EntraError) NeedsPerson() bool {
	switch e.Code {
	case "interaction_required", "consent_required", "login_required":
		return true
	case "invalid_grant":
		return slices.ContainsFunc(e.AADSTS, func(n int) bool { return slices.Contains(interactive, n) })
	}
	return false
}

// BlocksDeviceCode says whether a policy does not let a device code through,
// where the browser of a managed machine may do. After the browser, or of an application,
// it is no device code that is blocked.
func (e *EntraError) BlocksDeviceCode() bool {
	return e.Flow != ByBrowser && e.Flow != ByApplication && slices.ContainsFunc(
		e.AADSTS,
		func(n int) bool { return slices.Contains([]int{50005, 50097, 53000, 53003, 530036}, n) },
	)
}

// Support is the line to give to Microsoft's support.
func (e *EntraError) Support() string {
	if e.CorrelationID == "" && e.TraceID == "" {
		return ""
	}
	return fmt.Sprintf("correlation ID %s, trace ID %s, %s", e.CorrelationID, e.TraceID, e.Timestamp)
}

// failed turns an OAuth library error into an EntraError, and leaves every
// other error as it is.
func (e Entra) failed(err error, flow Flow) error {
	var retrieve *oauth2.RetrieveError
	if !errors.As(err, &retrieve) {
		return err
	}
	var body struct {
		Error         string `json:"error"`
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		Timestamp     string `json:"timestamp"`
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
		Claims        string `json:"claims"`
	}
	if json.Unmarshal(retrieve.Body, &body) != nil || body.Error == "" {
		if retrieve.Response == nil {
			return errors.New("the token endpoint's answer could not be read")
		}
		return fmt.Errorf(
			"the token endpoint answered %d with something that is no OAuth error",
			retrieve.Response.StatusCode,
		)
	}
	described := describeEntra(body.Error, body.Description, body.Codes, body.TraceID, body.CorrelationID, body.Timestamp)
	described.Claims, described.Flow, described.Login = body.Claims, flow, e.Login
	if retrieve.Response != nil {
		described.Status = retrieve.Response.StatusCode
	}
	return described
}

var aadsts = regexp.MustCompile(`AADSTS(\d+)`)

func describeEntra(code, description string, codes []int, trace, correlation, timestamp string) *EntraError {
	first, _, _ := strings.Cut(description, "\r\n")
	first, _, _ = strings.Cut(first, " Trace ID:")
	if len(codes) == 0 {
		if m := aadsts.FindStringSubmatch(description); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				codes = []int{n}
			}
		}
	}
	return &EntraError{
		Code:          code,
		Description:   first,
		AADSTS:        codes,
		TraceID:       trace,
		CorrelationID: correlation,
		Timestamp:     timestamp,
	}
}
