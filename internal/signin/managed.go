package signin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/zo365/zo365/internal/secret"
)

// instanceMetadata is the address of the metadata service on a virtual machine;
// AZURE_POD_IDENTITY_AUTHORITY_HOST replaces its origin, as in Microsoft's own
// libraries.
const instanceMetadata = "http://169.254.169.254"

// HasManagedIdentity says whether the environment is that of an App Service or a
// Function with a managed identity. A virtual machine cannot be told without
// asking, so there the identity must be chosen explicitly.
func HasManagedIdentity(getenv func(string) string) bool {
	return getenv("IDENTITY_ENDPOINT") != "" && getenv("IDENTITY_HEADER") != ""
}

// ManagedIdentity signs in as the identity of the machine: an App Service's
// endpoint, else the metadata service of a virtual machine. clientID chooses a
// user-assigned identity; empty is the system's own.
//
// https://learn.microsoft.com/azure/app-service/overview-managed-identity
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
func ManagedIdentity(
	ctx context.Context,
	c *http.Client,
	clientID, resource string,
	getenv func(string) string,
) (Access, error) {
	query := url.Values{"resource": {resource}}
	if clientID != "" {
		query.Set("client_id", clientID)
	}
	var address, place string
	headers := map[string]string{}
	if HasManagedIdentity(getenv) {
		query.Set("api-version", "2019-08-01")
		address, place = getenv("IDENTITY_ENDPOINT"), "the App Service's managed identity"
		headers["X-IDENTITY-HEADER"] = getenv("IDENTITY_HEADER")
	} else {
		query.Set("api-version", "2018-02-01")
		origin := instanceMetadata
		if other := getenv("AZURE_POD_IDENTITY_AUTHORITY_HOST"); other != "" {
			origin = other
		}
		address, place = origin+"/metadata/identity/oauth2/token", "the machine's managed identity"
		headers["Metadata"] = "true"
	}
	var body struct {
		Token string `json:"access_token"`
		// ExpiresOn is in seconds since 1970, as a text.
		ExpiresOn string `json:"expires_on"`
	}
	if err := askFor(ctx, c, http.MethodGet, address+"?"+query.Encode(), headers, place, &body); err != nil {
		return Access{}, err
	}
	seconds, err := strconv.ParseInt(body.ExpiresOn, 10, 64)
	if err != nil || body.Token == "" {
		return Access{}, fmt.Errorf("%s answered with something that is no token", place)
	}
	return Access{Token: secret.New(body.Token), Expiry: time.Unix(seconds, 0)}, nil
}
