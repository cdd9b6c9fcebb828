package judges

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

func token(t *testing.T, c azcore.TokenCredential, scope string) {
	t.Helper()
	got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
	if err != nil || got.Token == "" {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin()+"/v1.0/domains", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+got.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("Graph answers %d", resp.StatusCode)
	}
}

func TestAzidentityCertificate(t *testing.T) {
	for _, file := range []struct{ path, password string }{{lab["ZO365_SANDBOX_CERTIFICATE"], ""}} {
		data, err := os.ReadFile(file.path)
		if err != nil {
			t.Fatal(err)
		}
		certificates, key, err := azidentity.ParseCertificates(data, []byte(file.password))
		if err != nil {
			t.Fatal(err)
		}
		c, err := azidentity.NewClientCertificateCredential(
			lab["ZO365_MICROSOFT_TENANT"],
			lab["ZO365_MICROSOFT_CLIENT_ID"],
			certificates,
			key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true},
		)
		if err != nil {
			t.Fatal(err)
		}
		token(t, c, origin()+"/.default")
	}
}

func TestAzidentityWorkloadIdentity(t *testing.T) {
	file := t.TempDir() + "/token"
	if err := os.WriteFile(file, []byte(actionsToken(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
		ClientOptions:            options(),
		DisableInstanceDiscovery: true,
		TenantID:                 lab["ZO365_MICROSOFT_TENANT"],
		ClientID:                 lab["ZO365_MICROSOFT_CLIENT_ID"],
		TokenFilePath:            file,
	})
	if err != nil {
		t.Fatal(err)
	}
	token(t, c, origin()+"/.default")
}

func TestAzidentityClientAssertion(t *testing.T) {
	c, err := azidentity.NewClientAssertionCredential(lab["ZO365_MICROSOFT_TENANT"], lab["ZO365_MICROSOFT_CLIENT_ID"],
		func(context.Context) (string, error) { return actionsToken(t), nil },
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	token(t, c, origin()+"/.default")
}

func TestAzidentityAzurePipelines(t *testing.T) {
	t.Setenv("SYSTEM_OIDCREQUESTURI", lab["ZO365_SANDBOX_PIPELINES_URL"])
	c, err := azidentity.NewAzurePipelinesCredential(
		lab["ZO365_MICROSOFT_TENANT"],
		lab["ZO365_MICROSOFT_CLIENT_ID"],
		"11111111-2222-3333-4444-555555555555",
		lab["ZO365_SANDBOX_PIPELINES_TOKEN"],
		&azidentity.AzurePipelinesCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	token(t, c, origin()+"/.default")
}

func TestAzidentityManagedIdentity(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", lab["ZO365_SANDBOX_MSI_URL"])
	t.Setenv("IDENTITY_HEADER", lab["ZO365_SANDBOX_MSI_HEADER"])
	c, err := azidentity.NewManagedIdentityCredential(
		&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options()},
	)
	if err != nil {
		t.Fatal(err)
	}
	token(t, c, "https://graph.microsoft.com/.default")
}

// actionsToken asks the sandbox's imitation of GitHub Actions for a token.
func actionsToken(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodGet,
		lab["ZO365_SANDBOX_ACTIONS_URL"]+"&audience=api://AzureADTokenExchange",
		http.NoBody,
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+lab["ZO365_SANDBOX_ACTIONS_TOKEN"])
	return answer(t, req)["value"].(string)
}

func authority() string { return origin() + "/" + lab["ZO365_MICROSOFT_TENANT"] }

// MSAL itself: device code, silent renewal, and the confidential client's three
// kinds of credential.
func TestMSALPublicClient(t *testing.T) {
	app, err := public.New(
		lab["ZO365_MICROSOFT_CLIENT_ID"],
		public.WithAuthority(authority()),
		public.WithInstanceDiscovery(false),
	)
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{"https://graph.microsoft.com/User.Read"}
	code, err := app.AcquireTokenByDeviceCode(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := code.AuthenticationResult(t.Context())
	if err != nil || got.Account.PreferredUsername != "admin@contoso.com" ||
		got.IDToken.TenantID != lab["ZO365_MICROSOFT_TENANT"] {
		t.Fatalf("%+v, %v", got.Account, err)
	}
	silent, err := app.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(got.Account))
	if err != nil || silent.AccessToken == "" {
		t.Errorf("silently: %v", err)
	}
	// A permission that nobody consented to needs the person again.
	if _, err := app.AcquireTokenSilent(
		t.Context(),
		[]string{"https://graph.microsoft.com/Mail.Read"},
		public.WithSilentAccount(got.Account),
	); err == nil {
		t.Error("a permission without consent came silently")
	}
}

func TestMSALConfidentialClient(t *testing.T) {
	data, err := os.ReadFile(lab["ZO365_SANDBOX_CERTIFICATE"])
	if err != nil {
		t.Fatal(err)
	}
	certificates, key, err := confidential.CertFromPEM(data, "")
	if err != nil {
		t.Fatal(err)
	}
	byCertificate, err := confidential.NewCredFromCert(certificates, key)
	if err != nil {
		t.Fatal(err)
	}
	bySecret, err := confidential.NewCredFromSecret(lab["ZO365_MICROSOFT_CLIENT_SECRET"])
	if err != nil {
		t.Fatal(err)
	}
	byAssertion := confidential.NewCredFromAssertionCallback(
		func(context.Context, confidential.AssertionRequestOptions) (string, error) {
			return actionsToken(t), nil
		},
	)
	for name, credential := range map[string]confidential.Credential{"certificate": byCertificate, "secret": bySecret, "assertion": byAssertion} {
		app, err := confidential.New(
			authority(),
			lab["ZO365_MICROSOFT_CLIENT_ID"],
			credential,
			confidential.WithInstanceDiscovery(false),
		)
		if err != nil {
			t.Fatal(err)
		}
		got, err := app.AcquireTokenByCredential(t.Context(), []string{origin() + "/.default"})
		if err != nil || got.AccessToken == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// MSAL's own browser flow, walked through the sandbox's pages by its robot.
func TestMSALInteractive(t *testing.T) {
	app, err := public.New(
		lab["ZO365_MICROSOFT_CLIENT_ID"],
		public.WithAuthority(authority()),
		public.WithInstanceDiscovery(false),
	)
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.AcquireTokenInteractive(
		t.Context(),
		[]string{"https://graph.microsoft.com/User.Read"},
		public.WithOpenURL(func(address string) error {
			return exec.CommandContext(t.Context(), binary, "sandbox", "visit", address).Start()
		}),
	)
	if err != nil || got.AccessToken == "" || got.Account.PreferredUsername != "admin@contoso.com" {
		t.Fatalf("%+v, %v", got.Account, err)
	}
}
