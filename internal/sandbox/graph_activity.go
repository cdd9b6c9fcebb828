package sandbox

import (
	"crypto/sha1" //nolint:gosec // Entra names certificates by it
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// updatePrincipal switches sign-in to an application on or off:
// https://learn.microsoft.com/graph/api/serviceprincipal-update
func (s *Server) updatePrincipal(g *graphCall) {
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
	sp.disabled = !enabled
	g.rec.header.Del("Content-Type")
	g.rec.status = http.StatusNoContent
}

// getApplication shows the registration that zo365 signs in with; all others are
// registered elsewhere: https://learn.microsoft.com/graph/api/application-get
func (s *Server) getApplication(g *graphCall) {
	if !s.allowed(g, applicationReaders...) {
		return
	}
	if !strings.EqualFold(g.path[1], "appId="+ownAppID) {
		s.notFound(g, strings.TrimPrefix(g.path[1], "appId="))
		return
	}
	// The hint of a secret is its first three characters; a certificate is known by its
	// thumbprint: https://learn.microsoft.com/graph/api/resources/passwordcredential
	secrets := []any{password("pipeline", s.entra.clientSecret[:3], s.world.registrationID, s.world.secretEnds)}
	for i, left := range s.world.scenario.Tenant.App.OtherSecrets {
		id := s.world.registrationID[:len(s.world.registrationID)-2] + fmt.Sprintf("%02d", i)
		secrets = append(
			secrets,
			password("other "+strconv.Itoa(i+1), "~"+strconv.Itoa(i)+"~", id, s.world.started.Add(left)),
		)
	}
	certificate := s.entra.workload.certificate
	thumbprint := sha1.Sum(certificate.Raw) //nolint:gosec // Entra's own way of naming certificates
	item := entity{
		"id": s.world.registrationID, "appId": ownAppID, "displayName": "zo365",
		"keyCredentials": []any{map[string]any{
			"customKeyIdentifier": strings.ToUpper(hex.EncodeToString(thumbprint[:])),
			"displayName":         certificate.Subject.String(),
			"startDateTime":       stamp(certificate.NotBefore),
			"endDateTime":         stamp(certificate.NotAfter),
			"keyId":               s.world.registrationID,
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
			items:   []entity{item},
			known:   []string{"id", "appId", "displayName", "passwordCredentials", "keyCredentials"},
		},
	)
}

func password(name, hint, id string, ends time.Time) map[string]any {
	return map[string]any{
		"customKeyIdentifier": nil,
		"displayName":         name,
		"startDateTime":       stamp(ends.AddDate(-1, 0, 0)),
		"endDateTime":         stamp(ends),
		"hint":                hint,
		"keyId":               id,
		"secretText":          nil,
	}
}

// signInActivities is a report of the larger licences:
// https://learn.microsoft.com/graph/api/reportroot-list-serviceprincipalsigninactivities
func (s *Server) signInActivities(g *graphCall) {
	if !s.allowed(g, "AuditLog.Read.All") {
		return
	}
	if s.world.scenario.Tenant.Licence == "free" {
		s.graphError(
			g.rec,
			g.r,
			http.StatusForbidden,
			"Authentication_RequestFromNonPremiumTenantOrB2CTenant",
			"Neither tenant is B2C or tenant doesn't have premium license",
		)
		return
	}
	var items []entity
	for i, sp := range s.world.apps {
		if sp.signedIn.IsZero() {
			continue
		}
		last := map[string]any{"lastSignInDateTime": stamp(sp.signedIn), "lastSignInRequestId": s.world.registrationID}
		items = append(items, entity{
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

// daysLeft are those of the pipeline's client secret.
func (w *world) daysLeft() int { return int(w.secretEnds.Sub(w.now()) / (24 * time.Hour)) }
