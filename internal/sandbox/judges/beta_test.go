package judges

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	kiota "github.com/microsoft/kiota-authentication-azure-go"
	kiotahttp "github.com/microsoft/kiota-http-go"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-beta-sdk-go/models"
	"github.com/microsoftgraph/msgraph-beta-sdk-go/rolemanagement"
)

const exchangeWorld = `name: exchange
admin: admin@contoso.com
tenant:
  name: Contoso
  app: {permissions: [Application.Read.All, Directory.Read.All, RoleManagement.ReadWrite.Exchange]}
  groups: [{name: Zoom Users, members: [admin@contoso.com]}]
  exchange_scopes: [{name: Sales, filter: Department -eq 'Sales'}]
  zoom_app:
    permissions: [Calendars.ReadWrite]
    exchange_roles: [{role: Application Calendars.Read, scope: 'group:Zoom Users'}]
people:
  - {name: Alex Wilber, upn: admin@contoso.com, roles: [Global Administrator], zoom_role: Owner}
`

// exchangeOf is Microsoft's SDK for Graph beta, about roles in Exchange, at a sandbox of its own.
func exchangeOf(t *testing.T) *rolemanagement.ExchangeRequestBuilder {
	t.Helper()
	dir := t.TempDir()
	scenario := filepath.Join(dir, "scenario.yaml")
	if err := os.WriteFile(scenario, []byte(exchangeWorld), 0o600); err != nil {
		t.Fatal(err)
	}
	world, stop, err := sandbox(
		dir, "--auto-approve", "--scenario", scenario, "--traffic-log", filepath.Join(traffic, "judges-exchange.ndjson"),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	authority, err := os.ReadFile(world["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	base := world["ZO365_MICROSOFT_GRAPH_URL"]
	credential, err := azidentity.NewClientSecretCredential(
		world["ZO365_MICROSOFT_TENANT"],
		world["ZO365_MICROSOFT_CLIENT_ID"],
		world["ZO365_MICROSOFT_CLIENT_SECRET"],
		&azidentity.ClientSecretCredentialOptions{
			ClientOptions: policy.ClientOptions{
				Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: base},
				Transport: client,
			},
			DisableInstanceDiscovery: true,
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	host, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := kiota.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		credential, []string{base + "/.default"}, []string{host.Host, host.Hostname()},
	)
	if err != nil {
		t.Fatal(err)
	}
	parsers := serialization.NewParseNodeFactoryRegistry()
	parsers.ContentTypeAssociatedFactories["application/json"] = kiotajson.NewJsonParseNodeFactory()
	writers := serialization.NewSerializationWriterFactoryRegistry()
	writers.ContentTypeAssociatedFactories["application/json"] = kiotajson.NewJsonSerializationWriterFactory()
	adapter, err := kiotahttp.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		auth, parsers, writers, client,
	)
	if err != nil {
		t.Fatal(err)
	}
	adapter.SetBaseUrl(base + "/beta")
	return rolemanagement.NewRoleManagementRequestBuilderInternal(
		map[string]string{"baseurl": base + "/beta"}, adapter,
	).Exchange()
}

// TestGraphBetaSDKExchangeRoles: Microsoft's SDK reads, gives and takes roles and scopes in
// Exchange, and understands every answer.
func TestGraphBetaSDKExchangeRoles(t *testing.T) {
	exchange := exchangeOf(t)
	held, err := exchange.RoleAssignments().Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(held.GetValue()) != 1 {
		t.Fatalf("%d roles are held, want 1", len(held.GetValue()))
	}
	first := held.GetValue()[0]
	if first.GetDirectoryScopeId() == nil || first.GetAppScopeId() != nil {
		t.Errorf("the scope of a group: %v, %v", first.GetDirectoryScopeId(), first.GetAppScopeId())
	}
	definitions, err := exchange.RoleDefinitions().Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	role := ""
	for _, d := range definitions.GetValue() {
		if *d.GetDisplayName() == "Application Calendars.ReadWrite" {
			role = *d.GetId()
		}
	}
	if role == "" {
		t.Fatal("no role Application Calendars.ReadWrite")
	}

	attributes := models.NewCustomAppScopeAttributesDictionary()
	attributes.SetAdditionalData(map[string]any{"Exclusive": false, "RecipientFilter": "City -eq 'Seattle'"})
	kind, name := "RecipientScope", "Seattle"
	scope := models.NewCustomAppScope()
	scope.SetTypeEscaped(&kind)
	scope.SetDisplayName(&name)
	scope.SetCustomAttributes(attributes)
	made, err := exchange.CustomAppScopes().Post(t.Context(), scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	scopes, err := exchange.CustomAppScopes().Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(scopes.GetValue()) != 2 {
		t.Errorf("%d scopes, want 2", len(scopes.GetValue()))
	}

	given := models.NewUnifiedRoleAssignment()
	given.SetPrincipalId(first.GetPrincipalId())
	given.SetRoleDefinitionId(&role)
	given.SetAppScopeId(made.GetId())
	assigned, err := exchange.RoleAssignments().Post(t.Context(), given, nil)
	if err != nil {
		t.Fatal(err)
	}
	if assigned.GetId() == nil || *assigned.GetAppScopeId() != *made.GetId() {
		t.Errorf("what was given: %v", assigned)
	}
	both := "/"
	given.SetDirectoryScopeId(&both)
	if _, err := exchange.RoleAssignments().Post(t.Context(), given, nil); err == nil {
		t.Error("a role with two scopes was taken")
	}
	if err := exchange.RoleAssignments().ByUnifiedRoleAssignmentId(
		*assigned.GetId(),
	).Delete(
		t.Context(),
		nil,
	); err != nil {
		t.Fatal(err)
	}
	if err := exchange.CustomAppScopes().ByCustomAppScopeId(*made.GetId()).Delete(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	left, err := exchange.RoleAssignments().Get(t.Context(), nil)
	if err != nil || len(left.GetValue()) != 1 {
		t.Errorf("in the end: %v, %v", left, err)
	}
}
