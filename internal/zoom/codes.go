package zoom

import (
	"strconv"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

const errorsPage = "https://developers.zoom.us/docs/api/errors/"

// Codes are the errors of Zoom's API and token endpoint that people meet.
func Codes() []tenant.Meaning {
	const api, tokens = "Zoom API", "Zoom sign-in"
	scope := tenant.Meaning{
		Kind:      api,
		Meaning:   "the server-to-server app lacks a scope",
		Cause:     "the scope that the message names was not added, or was added after the app was activated",
		Next:      "add it at " + menu.ZoomApps + " > your app > Scopes; zo365 auth permissions lists all of them",
		Source:    "https://devforum.zoom.us/t/111305",
		Certainty: tenant.Reported,
	}
	all := []tenant.Meaning{
		{
			Code:      "124",
			Kind:      api,
			Meaning:   "the access token is not valid any more",
			Cause:     "another program took a newer one, or it was revoked; zo365 took a new one already",
			Next:      "check that the server-to-server app is activated, then zo365 login zoom",
			Source:    "https://devforum.zoom.us/t/72070",
			Certainty: tenant.Reported,
		},
		{
			Code:      "200",
			Kind:      api,
			Meaning:   "Zoom refuses, and its words say why",
			Cause:     "several: no permission, a plan without the feature (free accounts), or an API that is not enabled for the account",
			Next:      "read Zoom's message; check the plan under " + menu.ZoomBilling + " and the role of whoever made the app",
			Source:    "https://github.com/skwirrel/ZoomAPIWrapper/issues/4",
			Certainty: tenant.Reported,
		},
		{
			Code:      "300",
			Kind:      api,
			Meaning:   "a value of the request is not accepted",
			Cause:     "the message names the field; a page token is valid for 15 minutes",
			Next:      "run the command again; if it stays, report it with the output of --debug",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "429",
			Kind:      api,
			Meaning:   "Zoom asks for a pause",
			Cause:     "the account's requests of this second or of this day are used up",
			Next:      "run the command again later; zo365 names the time when a day's limit ends",
			Source:    "https://developers.zoom.us/docs/api/rate-limits/",
			Certainty: tenant.Documented,
		},
		{
			Code:      "1001",
			Kind:      api,
			Meaning:   "the account has no such user",
			Cause:     "the email is misspelled, or the person was removed",
			Next:      "zo365 upn check shows the nearest people",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "1010",
			Kind:      api,
			Meaning:   "the user belongs to another Zoom account",
			Cause:     "the person has an account of their own, or one of another company",
			Next:      "invite the person to this account, or ask them to switch: " + menu.ZoomUsers + " > Add users",
			Source:    "https://github.com/jrchamp/moodle-mod_zoom/issues/64",
			Certainty: tenant.Reported,
		},
		{
			Code:      "4130",
			Kind:      api,
			Meaning:   "the account has no such group",
			Cause:     "the group was deleted or belongs to another account",
			Next:      "zo365 group list shows the groups",
			Source:    errorsPage,
			Certainty: tenant.Documented,
		},
		{
			Code:      "invalid_client",
			Kind:      tokens,
			Meaning:   "Zoom does not know the app or its secret",
			Cause:     "the client ID, the client secret or the account ID is wrong, or the app is not activated",
			Next:      "compare them with " + menu.ZoomApps + " > your app > App Credentials, then zo365 login zoom",
			Source:    "https://developers.zoom.us/docs/internal-apps/s2s-oauth/",
			Certainty: tenant.Documented,
		},
		{
			Code:      "unsupported_grant_type",
			Kind:      tokens,
			Meaning:   "the app is no server-to-server OAuth app",
			Cause:     "it was made as another kind of app",
			Next:      "make one: " + menu.ZoomNewApp,
			Source:    "https://developers.zoom.us/docs/internal-apps/s2s-oauth/",
			Certainty: tenant.Documented,
		},
	}
	for _, code := range missingScopes {
		scope.Code = strconv.Itoa(code)
		all = append(all, scope)
	}
	return all
}

// Failure takes the error apart.
func (e *Error) Failure() tenant.Failure {
	return tenant.Failure{
		Doing:     e.Doing,
		Service:   "Zoom",
		Status:    e.Status,
		Code:      strconv.Itoa(e.Code),
		RequestID: e.TrackingID,
	}
}
