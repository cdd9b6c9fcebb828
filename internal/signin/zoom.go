package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/tenant"
)

// Zoom signs in to a Zoom account with a server-to-server OAuth app.
//
// https://developers.zoom.us/docs/internal-apps/s2s-oauth/
type Zoom struct {
	// Login is the origin that issues tokens.
	Login     string
	AccountID string
	ClientID  string
	HTTP      *http.Client
}

// ZoomTokenError is an error body of Zoom's token endpoint. Zoom writes the
// words into "reason", where RFC 6749 has error_description.
type ZoomTokenError struct {
	Code, Reason string
	Status       int
}

func (e *ZoomTokenError) Error() string { return e.Code + ": " + e.Reason }

// Account asks for a token with the account_credentials grant. The token has no
// refresh token; it lives an hour.
func (z Zoom) Account(ctx context.Context, clientSecret secret.Secret) (Access, error) {
	config := clientcredentials.Config{
		ClientID:     z.ClientID,
		ClientSecret: clientSecret.Reveal(),
		TokenURL:     z.Login + "/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
		EndpointParams: url.Values{
			"grant_type": {"account_credentials"},
			"account_id": {z.AccountID},
		},
	}
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, z.HTTP))
	if err != nil {
		return Access{}, zoomTokenError(err)
	}
	a := access(token)
	if scope, ok := token.Extra("scope").(string); ok {
		a.Scopes = strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' || r == ',' })
	}
	return a, nil
}

func zoomTokenError(err error) error {
	var retrieve *oauth2.RetrieveError
	if !errors.As(err, &retrieve) {
		return err
	}
	var body struct {
		Error   string `json:"error"`
		Reason  string `json:"reason"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(retrieve.Body, &body) != nil || body.Error == "" && body.Reason == "" {
		return fmt.Errorf(
			"Zoom's token endpoint answered %d with something that is no OAuth error",
			retrieve.Response.StatusCode,
		)
	}
	if body.Reason == "" {
		body.Reason = body.Message
	}
	e := &ZoomTokenError{Code: body.Error, Reason: body.Reason}
	if retrieve.Response != nil {
		e.Status = retrieve.Response.StatusCode
	}
	return e
}

// Failure takes the error apart.
func (e *ZoomTokenError) Failure() tenant.Failure {
	return tenant.Failure{
		Doing:   "signing in to Zoom",
		Service: "Zoom",
		Status:  e.Status,
		Code:    e.Code,
	}
}

// Revoke ends an access token.
//
// https://developers.zoom.us/docs/integrations/oauth/
func (z Zoom) Revoke(ctx context.Context, clientSecret, token secret.Secret) error {
	req, err := http.NewRequestWithContext(
		ctx,
		http.MethodPost,
		z.Login+"/oauth/revoke",
		strings.NewReader(url.Values{"token": {token.Reveal()}}.Encode()),
	)
	if err != nil {
		return fmt.Errorf("revoking Zoom's token: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(z.ClientID, clientSecret.Reveal())
	resp, err := z.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("revoking Zoom's token: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("revoking Zoom's token: Zoom answered %d", resp.StatusCode)
	}
	return nil
}
