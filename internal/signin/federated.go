package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/secret"
)

// federatedAudiences are what Entra expects in a token of another identity provider, by
// cloud. GCC High and DoD share one Entra.
//
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
var federatedAudiences = map[profile.Cloud]string{
	profile.Global:  "api://AzureADTokenExchange",
	profile.GCCHigh: "api://AzureADTokenExchangeUSGov",
	profile.DoD:     "api://AzureADTokenExchangeUSGov",
	profile.China:   "api://AzureADTokenExchangeChina",
}

// Federation is a place that hands out tokens of another identity provider.
type Federation struct {
	// Name says where the token comes from.
	Name string
	// Token asks for a fresh one.
	Token func(ctx context.Context, client *http.Client) (secret.Secret, error)
}

// FindFederation looks for such a place in the environment: a token or a file
// that was named, a Kubernetes workload identity, GitHub Actions, Azure
// Pipelines. GitLab writes its token into a variable that the pipeline names
// (id_tokens), so it is the first case.
func FindFederation(cloud profile.Cloud, getenv func(string) string) (Federation, bool) {
	switch {
	case getenv("ZO365_MICROSOFT_FEDERATED_TOKEN") != "":
		return Federation{"ZO365_MICROSOFT_FEDERATED_TOKEN", func(context.Context, *http.Client) (secret.Secret, error) {
			return secret.New(getenv("ZO365_MICROSOFT_FEDERATED_TOKEN")), nil
		}}, true
	case getenv("ZO365_MICROSOFT_FEDERATED_TOKEN_FILE") != "":
		return tokenFile("ZO365_MICROSOFT_FEDERATED_TOKEN_FILE", getenv), true
	case getenv("AZURE_FEDERATED_TOKEN_FILE") != "":
		return tokenFile("AZURE_FEDERATED_TOKEN_FILE", getenv), true
	case getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "" && getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN") != "":
		return Federation{
			"GitHub Actions",
			func(ctx context.Context, c *http.Client) (secret.Secret, error) {
				return gitHubToken(ctx, c, cloud, getenv)
			},
		}, true
	case getenv("SYSTEM_OIDCREQUESTURI") != "" && getenv("SYSTEM_ACCESSTOKEN") != "":
		return Federation{"Azure Pipelines", func(ctx context.Context, c *http.Client) (secret.Secret, error) {
			return pipelinesToken(ctx, c, getenv)
		}}, true
	}
	return Federation{}, false
}

// tokenFile reads a file each time, since it is rotated, as with Kubernetes'
// projected tokens.
//
// https://learn.microsoft.com/azure/aks/workload-identity-overview
func tokenFile(variable string, getenv func(string) string) Federation {
	return Federation{variable, func(context.Context, *http.Client) (secret.Secret, error) {
		text, err := os.ReadFile(getenv(variable))
		if err != nil {
			return secret.Secret{}, fmt.Errorf("reading the federated token that %s names: %w", variable, err)
		}
		return secret.New(strings.TrimSpace(string(text))), nil
	}}
}

// gitHubToken: the address has a query already, so the audience is appended.
//
// https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect
func gitHubToken(
	ctx context.Context,
	c *http.Client,
	cloud profile.Cloud,
	getenv func(string) string,
) (secret.Secret, error) {
	audience := federatedAudiences[cmp.Or(cloud, profile.Global)]
	address := getenv("ACTIONS_ID_TOKEN_REQUEST_URL") + "&audience=" + url.QueryEscape(audience)
	var body struct {
		Value string `json:"value"`
	}
	err := askFor(
		ctx,
		c,
		http.MethodGet,
		address,
		map[string]string{"Authorization": "Bearer " + getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")},
		"GitHub Actions",
		&body,
	)
	return secret.New(body.Value), err
}

// pipelinesToken: https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
func pipelinesToken(ctx context.Context, c *http.Client, getenv func(string) string) (secret.Secret, error) {
	connection := getenv("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
	if connection == "" {
		return secret.Secret{}, fmt.Errorf(
			"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set: Azure Pipelines issues a token for a service connection",
		)
	}
	address := getenv(
		"SYSTEM_OIDCREQUESTURI",
	) + "?" + url.Values{
		"api-version":         {"7.1"},
		"serviceConnectionId": {connection},
	}.Encode()
	var body struct {
		Token string `json:"oidcToken"`
	}
	headers := map[string]string{
		"Authorization":         "Bearer " + getenv("SYSTEM_ACCESSTOKEN"),
		"Content-Type":          "application/json",
		"X-TFS-FedAuthRedirect": "Suppress",
	}
	err := askFor(ctx, c, http.MethodPost, address, headers, "Azure Pipelines", &body)
	return secret.New(body.Token), err
}

// askFor gets a small JSON object from a place that hands out tokens. Its
// errors never show the address's query or the answer.
func askFor(
	ctx context.Context,
	c *http.Client,
	method, address string,
	headers map[string]string,
	place string,
	out any,
) error {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("%s: the address for tokens cannot be used", place)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	return answerOf(c, req, place, out)
}

// answerOf sends a question for a token.
func answerOf(c *http.Client, req *http.Request, place string, out any) error {
	resp, err := c.Do(req)
	if err != nil {
		return fmt.Errorf("asking %s for a token: %w", place, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("asking %s for a token: %w", place, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s refused a token: it answered %d", place, resp.StatusCode)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s answered with something that is no token", place)
	}
	return nil
}
