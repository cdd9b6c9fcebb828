package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/secret"
)

// instanceMetadata is the address of the metadata service on a virtual machine;
// AZURE_POD_IDENTITY_AUTHORITY_HOST replaces its origin, as in Microsoft's own
// libraries.
const instanceMetadata = "http://169.254.169.254"

// HasManagedIdentity says whether the environment is that of an App Service or a Function,
// or of a server of Azure Arc. A virtual machine cannot be told without asking, and Cloud
// Shell's identity is that of the person in it (reported,
// https://github.com/Azure/azure-sdk-for-go/pull/16946,
// https://github.com/MicrosoftDocs/azure-docs/issues/36816): there it must be
// chosen explicitly.
func HasManagedIdentity(getenv func(string) string) bool {
	place := placeOf(getenv)
	return place == onAppService || place == onArc
}

// identityPlace is where a managed identity comes from.
type identityPlace string

// The places, as errors name them.
const (
	onAppService identityPlace = "the App Service's managed identity"
	onArc        identityPlace = "Azure Arc's managed identity"
	onCloudShell identityPlace = "Cloud Shell's managed identity"
	onMachine    identityPlace = "the machine's managed identity"
)

// placeOf tells the places apart by their variables.
func placeOf(getenv func(string) string) identityPlace {
	switch {
	case getenv("IDENTITY_ENDPOINT") != "" && getenv("IDENTITY_HEADER") != "":
		return onAppService
	case getenv("IDENTITY_ENDPOINT") != "" && getenv("IMDS_ENDPOINT") != "":
		return onArc
	case getenv("MSI_ENDPOINT") != "" && getenv("MSI_SECRET") == "":
		return onCloudShell
	}
	return onMachine
}

// ManagedIdentity signs in as the identity of the machine. clientID chooses a
// user-assigned identity; empty is the system's own. c must not use a proxy: the endpoints
// are this machine's own, and what they answer is a secret.
//
// https://learn.microsoft.com/azure/app-service/overview-managed-identity
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
// https://learn.microsoft.com/azure/cloud-shell/msi-authorization
func ManagedIdentity(
	ctx context.Context,
	c *http.Client,
	clientID, resource string,
	getenv func(string) string,
) (Access, error) {
	place := placeOf(getenv)
	q := identityRequest{
		method:  http.MethodGet,
		query:   url.Values{"resource": {resource}},
		headers: map[string]string{},
	}
	if clientID != "" {
		if place == onArc || place == onCloudShell {
			return Access{}, fmt.Errorf("%s is the only one there: unset AZURE_CLIENT_ID", place)
		}
		q.query.Set("client_id", clientID)
	}
	switch place {
	case onAppService:
		q.query.Set("api-version", "2019-08-01")
		q.address = getenv("IDENTITY_ENDPOINT")
		q.headers["X-IDENTITY-HEADER"] = getenv("IDENTITY_HEADER")
	case onArc:
		q.query.Set("api-version", "2019-11-01")
		q.address = getenv("IDENTITY_ENDPOINT")
		q.headers["Metadata"] = "true"
		key, err := arcKey(ctx, c, q, arcFolder(getenv))
		if err != nil {
			return Access{}, err
		}
		q.headers["Authorization"] = "Basic " + key
	case onCloudShell:
		q.method, q.address = http.MethodPost, getenv("MSI_ENDPOINT")
		q.headers["Metadata"] = "true"
	case onMachine:
		q.query.Set("api-version", "2018-02-01")
		origin := instanceMetadata
		if other := getenv("AZURE_POD_IDENTITY_AUTHORITY_HOST"); other != "" {
			origin = other
		}
		q.address = origin + "/metadata/identity/oauth2/token"
		q.headers["Metadata"] = "true"
	}
	var body struct {
		Token string `json:"access_token"`
		// ExpiresOn is in seconds since 1970, as a text.
		ExpiresOn string `json:"expires_on"`
	}
	req, err := q.make(ctx, place)
	if err != nil {
		return Access{}, err
	}
	if err := answerOf(c, req, string(place), &body); err != nil {
		return Access{}, err
	}
	seconds, err := strconv.ParseInt(body.ExpiresOn, 10, 64)
	if err != nil || body.Token == "" {
		return Access{}, fmt.Errorf("%s answered with something that is no token", place)
	}
	return Access{Token: secret.New(body.Token), Expiry: time.Unix(seconds, 0)}, nil
}

// identityRequest is a question for a token; a POST has the query as its body.
type identityRequest struct {
	method, address string
	query           url.Values
	headers         map[string]string
}

func (q identityRequest) make(ctx context.Context, place identityPlace) (*http.Request, error) {
	address, body := q.address+"?"+q.query.Encode(), io.Reader(http.NoBody)
	if q.method == http.MethodPost {
		address, body = q.address, strings.NewReader(q.query.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("%s: the address for tokens cannot be used", place)
	}
	if q.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range q.headers {
		req.Header.Set(name, value)
	}
	return req, nil
}

// arcFolder is where the agent of Azure Arc puts its keys; only its group can read them.
func arcFolder(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(getenv("ProgramData"), "AzureConnectedMachineAgent", "Tokens")
	}
	return "/var/opt/azcmagent/tokens"
}

// largestKey is the size of a key file at most, in bytes.
const largestKey = 4096

// arcKey asks for a token without a key, which is refused with the name of a file: whoever
// can read it is allowed to ask. The file must be one of the agent's, or an endpoint could
// make us send it any file of this machine.
func arcKey(ctx context.Context, c *http.Client, q identityRequest, folder string) (string, error) {
	req, err := q.make(ctx, onArc)
	if err != nil {
		return "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking %s for a token: %w", onArc, err)
	}
	_ = resp.Body.Close() // which has nothing for us
	_, file, found := strings.Cut(resp.Header.Get("WWW-Authenticate"), "Basic realm=")
	if resp.StatusCode != http.StatusUnauthorized || !found {
		return "", fmt.Errorf("%s refused a token: it answered %d without naming a key", onArc, resp.StatusCode)
	}
	file = filepath.Clean(strings.Trim(file, `"`))
	if filepath.Dir(file) != filepath.Clean(folder) || filepath.Ext(file) != ".key" {
		return "", fmt.Errorf("%s names a key that is not a .key file in %s: it was not read", onArc, folder)
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrPermission):
		return "", fmt.Errorf("reading the key of %s: %w; add this user to the group himds", onArc, err)
	case err != nil:
		return "", fmt.Errorf("reading the key of %s: %w", onArc, err)
	case info.Size() > largestKey:
		return "", fmt.Errorf("%s names a key of %d bytes: it was not read", onArc, info.Size())
	}
	key, err := os.ReadFile(file)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("reading the key of %s: %w; add this user to the group himds", onArc, err)
	}
	if err != nil {
		return "", fmt.Errorf("reading the key of %s: %w", onArc, err)
	}
	return string(key), nil
}
