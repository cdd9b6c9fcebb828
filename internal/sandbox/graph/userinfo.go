package graph

import (
	"net/http"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// UserInfo answers /oidc/userinfo: https://learn.microsoft.com/entra/identity-platform/userinfo
func (s *Service) UserInfo(rec *world.Recorder, r *http.Request) {
	token, ok := s.bearer(r)
	if !ok || token.User == nil {
		rec.Head.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		s.Error(
			rec,
			r,
			http.StatusUnauthorized,
			"InvalidAuthenticationToken",
			"Access token is empty, unknown to the sandbox or expired.",
		)
		return
	}
	rec.JSON(
		http.StatusOK,
		map[string]any{
			"sub":         token.User.ID,
			"name":        token.User.Name,
			"given_name":  token.User.Given,
			"family_name": token.User.Surname,
			"email":       token.User.Mail,
		},
	)
}
