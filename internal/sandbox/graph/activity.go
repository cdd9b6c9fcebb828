package graph

import (
	"crypto/sha1" //nolint:gosec // Entra names certificates by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// updatePrincipal switches sign-in to an application on or off:
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (s *Service) updatePrincipal(g *graphCall) {
	if !s.allowed(g, "Application.ReadWrite.All") {
		return
	}
	sp := s.findPrincipal(g)
	if sp == nil {
		return
	}
	var body map[string]bool
	enabled, ok := false, false
	if json.NewDecoder(g.r.Body).Decode(&body) == nil {
		enabled, ok = body["accountEnabled"]
	}
	if !ok || len(body) != 1 {
		s.badQuery(g, "The sandbox changes accountEnabled only.")
		return
	}
	sp.Disabled = !enabled
	g.rec.Head.Del("Content-Type")
	g.rec.Status = http.StatusNoContent
}

// getApplication shows the registration that zo365 signs in with; all others are
// registered elsewhere: https://learn.microsoft.com/graph/api/application-get
func (s *Service) getApplication(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if !strings.EqualFold(g.path[1], "appId="+world.OwnAppID) {
		s.notFound(g, strings.TrimPrefix(g.path[1], "appId="))
		return
	}
	// The hint of a secret is its first three characters; a certificate is known by its
	// thumbprint: https://learn.microsoft.com/graph/api/resources/passwordcredential
	secrets := []any{password("pipeline", s.Entra.ClientSecret[:3], s.World.RegistrationID, s.World.SecretEnds)}
	for i, left := range s.World.Scenario.Tenant.App.OtherSecrets {
		id := s.World.RegistrationID[:len(s.World.RegistrationID)-2] + fmt.Sprintf("%02d", i)
		secrets = append(
			secrets,
			password("other "+strconv.Itoa(i+1), "~"+strconv.Itoa(i)+"~", id, s.World.Started.Add(left)),
		)
	}
	certificate := s.Entra.Workload.Certificate
	thumbprint := sha1.Sum(certificate.Raw) //nolint:gosec // Entra's own way of naming certificates
	item := world.Entity{
		"id": s.World.RegistrationID, "appId": world.OwnAppID, "displayName": "zo365",
		"keyCredentials": []any{map[string]any{
			"customKeyIdentifier": strings.ToUpper(hex.EncodeToString(thumbprint[:])),
			"displayName":         certificate.Subject.String(),
			"startDateTime":       world.Stamp(certificate.NotBefore),
			"endDateTime":         world.Stamp(certificate.NotAfter),
			"keyId":               s.World.RegistrationID,
			"type":                "AsymmetricX509Cert",
			"usage":               "Verify",
			"key":                 nil,
		}},
		"passwordCredentials": secrets,
	}
	s.one(
		g,
		collection{
			context: "applications",
			kind:    "microsoft.graph.application",
			items:   []world.Entity{item},
			known:   []string{"id", "appId", "displayName", "passwordCredentials", "keyCredentials"},
		},
	)
}

func password(name, hint, id string, ends time.Time) map[string]any {
	return map[string]any{
		"customKeyIdentifier": nil,
		"displayName":         name,
		"startDateTime":       world.Stamp(ends.AddDate(-1, 0, 0)),
		"endDateTime":         world.Stamp(ends),
		"hint":                hint,
		"keyId":               id,
		"secretText":          nil,
	}
}

// signInActivities is a report of the larger licences:
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
func (s *Service) signInActivities(g *graphCall) {
	if !s.Cloud.SignInReport {
		s.notHere(g)
		return
	}
	if !s.allowed(g, "AuditLog.Read.All") {
		return
	}
	if s.World.Scenario.Tenant.Licence == "free" {
		s.Error(
			g.rec,
			g.r,
			http.StatusForbidden,
			"Authentication_RequestFromNonPremiumTenantOrB2CTenant",
			"Neither tenant is B2C or tenant doesn't have premium license",
		)
		return
	}
	var items []world.Entity
	for i, sp := range s.World.Apps {
		if sp.SignedIn.IsZero() {
			continue
		}
		last := map[string]any{"lastSignInDateTime": world.Stamp(sp.SignedIn), "lastSignInRequestId": s.World.RegistrationID}
		items = append(items, world.Entity{
			"id": "em9vbQ" + strconv.Itoa(i), "appId": sp.AppID,
			"applicationAuthenticationClientSignInActivity": last, "lastSignInActivity": last,
		})
	}
	s.list(g, collection{
		context: "reports/servicePrincipalSignInActivities",
		kind:    "microsoft.graph.servicePrincipalSignInActivity",
		items:   items,
		page:    100,
		most:    999,
		known:   []string{"id", "appId", "applicationAuthenticationClientSignInActivity", "lastSignInActivity"},
	})
}

// authorizationPolicy says what people may do and consent to.
//
// https://learn.microsoft.com/graph/api/authorizationpolicy-get
// https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent
func (s *Service) authorizationPolicy(g *graphCall) {
	if !s.allowed(g, "Policy.Read.All") {
		return
	}
	assigned := []string{}
	for _, policy := range s.World.Scenario.Tenant.UserConsent {
		if policy != "none" {
			assigned = append(assigned, "ManagePermissionGrantsForSelf."+policy)
		}
	}
	if len(s.World.Scenario.Tenant.UserConsent) == 0 {
		assigned = []string{"ManagePermissionGrantsForSelf.microsoft-user-default-recommended"}
	}
	g.rec.JSON(http.StatusOK, map[string]any{
		"@odata.context":      s.contextOf(g, "policies/authorizationPolicy") + "/$entity",
		"id":                  "authorizationPolicy",
		"displayName":         "Authorization Policy",
		"description":         "Used to manage authorization related settings across the company.",
		"allowInvitesFrom":    "everyone",
		"blockMsolPowerShell": false,
		"defaultUserRolePermissions": map[string]any{
			"allowedToCreateApps":             true,
			"allowedToCreateSecurityGroups":   true,
			"allowedToReadOtherUsers":         true,
			"permissionGrantPoliciesAssigned": assigned,
		},
	})
}

// notHere refuses a call that this cloud does not have; the words are ours.
func (s *Service) notHere(g *graphCall) {
	s.badQuery(g, "Resource not found for the segment '"+g.path[len(g.path)-1]+"': it is not of this cloud.")
}
