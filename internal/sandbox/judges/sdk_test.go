package judges

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/coreos/go-oidc/v3/oidc"
	kiota "github.com/microsoft/kiota-authentication-azure-go"
	msgraph "github.com/microsoftgraph/msgraph-sdk-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

func options() policy.ClientOptions {
	return policy.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: origin()}}
}

func secretCredential(t *testing.T) azcore.TokenCredential {
	t.Helper()
	c, err := azidentity.NewClientSecretCredential(
		lab["ZO365_MICROSOFT_TENANT"],
		lab["ZO365_MICROSOFT_CLIENT_ID"],
		lab["ZO365_MICROSOFT_CLIENT_SECRET"],
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAzidentityClientSecret(t *testing.T) {
	token, err := secretCredential(
		t,
	).GetToken(
		t.Context(),
		policy.TokenRequestOptions{Scopes: []string{origin() + "/.default"}},
	)
	if err != nil || token.Token == "" || token.ExpiresOn.IsZero() {
		t.Fatalf("%+v, %v", token, err)
	}
	wrong, err := azidentity.NewClientSecretCredential(
		lab["ZO365_MICROSOFT_TENANT"],
		lab["ZO365_MICROSOFT_CLIENT_ID"],
		"wrong",
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(), DisableInstanceDiscovery: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.GetToken(
		t.Context(),
		policy.TokenRequestOptions{Scopes: []string{origin() + "/.default"}},
	); err == nil ||
		!strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestAzidentityDeviceCode(t *testing.T) {
	prompted := ""
	c, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions:            options(),
		DisableInstanceDiscovery: true,
		TenantID:                 lab["ZO365_MICROSOFT_TENANT"],
		ClientID:                 lab["ZO365_MICROSOFT_CLIENT_ID"],
		UserPrompt:               func(_ context.Context, m azidentity.DeviceCodeMessage) error { prompted = m.Message; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.GetToken(
		t.Context(),
		policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/User.Read"}},
	)
	if err != nil || token.Token == "" || !strings.Contains(prompted, "enter the code") {
		t.Fatalf("%v, prompted %q", err, prompted)
	}
}

func graph(t *testing.T) (*msgraph.GraphServiceClient, *msgraph.GraphRequestAdapter) {
	t.Helper()
	host, err := url.Parse(origin())
	if err != nil {
		t.Fatal(err)
	}
	auth, err := kiota.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(
		secretCredential(t),
		[]string{origin() + "/.default"},
		[]string{host.Host, host.Hostname()},
	)
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := msgraph.NewGraphRequestAdapter(auth)
	if err != nil {
		t.Fatal(err)
	}
	adapter.SetBaseUrl(origin() + "/v1.0")
	return msgraph.NewGraphServiceClient(adapter), adapter
}

func TestGraphSDKDomains(t *testing.T) {
	client, _ := graph(t)
	page, err := client.Domains().Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	verified := 0
	for _, d := range page.GetValue() {
		if *d.GetIsVerified() && !*d.GetIsInitial() {
			verified++
		}
	}
	if verified != 1 {
		t.Errorf("%d verified custom domains", verified)
	}
}

func TestGraphSDKPagesThroughUsers(t *testing.T) {
	client, adapter := graph(t)
	top := int32(500)
	page, err := client.Users().Get(
		t.Context(),
		&users.UsersRequestBuilderGetRequestConfiguration{QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
			Top: &top,
			Select: []string{
				"id",
				"userPrincipalName",
				"proxyAddresses",
				"accountEnabled",
				"userType",
				"assignedPlans",
				"createdDateTime",
			},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := core.NewPageIterator[models.Userable](
		page,
		adapter,
		models.CreateUserCollectionResponseFromDiscriminatorValue,
	)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	if err := pages.Iterate(t.Context(), func(u models.Userable) bool {
		seen[*u.GetId()] = u.GetAccountEnabled() != nil && u.GetProxyAddresses() != nil && u.GetCreatedDateTime() != nil
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1207 {
		t.Errorf("%d users", len(seen))
	}
	for id, whole := range seen {
		if !whole {
			t.Errorf("%s lacks properties", id)
		}
	}
}

func TestGraphSDKCalendars(t *testing.T) {
	client, _ := graph(t)
	page, err := client.Users().ByUserId("adele.vance@contoso.com").Calendars().Get(t.Context(), nil)
	if err != nil || len(page.GetValue()) != 2 || !*page.GetValue()[0].GetIsDefaultCalendar() ||
		*page.GetValue()[0].GetOwner().GetAddress() != "adele.vance@contoso.com" {
		t.Errorf("%v", err)
	}
	if _, err := client.Users().ByUserId("grady.archie@contoso.com").Calendars().Get(t.Context(), nil); err == nil {
		t.Error("a missing mailbox has calendars")
	}
}

func TestGraphSDKServicePrincipals(t *testing.T) {
	client, _ := graph(t)
	filter := "displayName eq 'Microsoft Graph'"
	page, err := client.ServicePrincipals().Get(
		t.Context(),
		&serviceprincipals.ServicePrincipalsRequestBuilderGetRequestConfiguration{
			QueryParameters: &serviceprincipals.ServicePrincipalsRequestBuilderGetQueryParameters{Filter: &filter},
		},
	)
	if err != nil || len(page.GetValue()) != 1 {
		t.Fatalf("%v", err)
	}
	names := map[string]bool{}
	for _, role := range page.GetValue()[0].GetAppRoles() {
		names[*role.GetValue()] = role.GetId() != nil && *role.GetIsEnabled()
	}
	if !names["Calendars.ReadWrite"] {
		t.Errorf("roles %v", names)
	}
	app := lab["ZO365_MICROSOFT_CLIENT_ID"]
	one, err := client.ServicePrincipalsWithAppId(&app).Get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	assigned, err := client.ServicePrincipals().ByServicePrincipalId(
		*one.GetId(),
	).AppRoleAssignments().Get(
		t.Context(),
		nil,
	)
	if err != nil || len(assigned.GetValue()) != 10 || assigned.GetValue()[0].GetAppRoleId() == nil ||
		assigned.GetValue()[0].GetCreatedDateTime() == nil {
		t.Errorf("%v", err)
	}
}

// The SDK reads everybody by delta, follows to the delta link, and then sees one
// change.
func TestGraphSDKDelta(t *testing.T) {
	client, _ := graph(t)
	page, err := client.Users().Delta().GetAsDeltaGetResponse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	everybody := len(page.GetValue())
	for page.GetOdataNextLink() != nil {
		if page, err = client.Users().Delta().WithUrl(
			*page.GetOdataNextLink(),
		).GetAsDeltaGetResponse(
			t.Context(),
			nil,
		); err != nil {
			t.Fatal(err)
		}
		everybody += len(page.GetValue())
	}
	if everybody < 5 || page.GetOdataDeltaLink() == nil {
		t.Fatalf("%d people, no delta link", everybody)
	}
	link := *page.GetOdataDeltaLink()
	user := models.NewUser()
	name := "Changed By The SDK"
	user.SetDisplayName(&name)
	if _, err := client.Users().ByUserId("adele.vance@contoso.com").Patch(t.Context(), user, nil); err != nil {
		t.Fatal(err)
	}
	if page, err = client.Users().Delta().WithUrl(link).GetAsDeltaGetResponse(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(page.GetValue()) != 1 || *page.GetValue()[0].GetDisplayName() != name {
		t.Errorf("%d people changed", len(page.GetValue()))
	}
}

func TestGraphSDKBatch(t *testing.T) {
	client, adapter := graph(t)
	batch := core.NewBatchRequest(adapter)
	one, err := client.Users().ByUserId("admin@contoso.com").ToGetRequestInformation(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := client.Organization().ToGetRequestInformation(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := batch.AddBatchRequestStep(*one)
	if err != nil {
		t.Fatal(err)
	}
	other, err := batch.AddBatchRequestStep(*two)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := batch.Send(t.Context(), adapter)
	if err != nil {
		t.Fatal(err)
	}
	user, err := core.GetBatchResponseById[models.Userable](
		answer,
		*first.GetId(),
		models.CreateUserFromDiscriminatorValue,
	)
	if err != nil || *user.GetUserPrincipalName() != "admin@contoso.com" {
		t.Errorf("%v", err)
	}
	orgs, err := core.GetBatchResponseById[models.OrganizationCollectionResponseable](
		answer,
		*other.GetId(),
		models.CreateOrganizationCollectionResponseFromDiscriminatorValue,
	)
	if err != nil || *orgs.GetValue()[0].GetDisplayName() != "Contoso" {
		t.Errorf("%v", err)
	}
}

// A standard OpenID client verifies the signature of an ID token.
func TestOpenIDVerification(t *testing.T) {
	issuer := origin() + "/" + lab["ZO365_MICROSOFT_TENANT"] + "/v2.0"
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, form url.Values) map[string]any {
		return postForm(t, origin()+"/"+lab["ZO365_MICROSOFT_TENANT"]+path, form)
	}
	app := lab["ZO365_MICROSOFT_CLIENT_ID"]
	code := post("/oauth2/v2.0/devicecode", url.Values{"client_id": {app}, "scope": {"openid profile User.Read"}})
	tokens := post(
		"/oauth2/v2.0/token",
		url.Values{"grant_type": {"device_code"}, "client_id": {app}, "device_code": {code["device_code"].(string)}},
	)
	token, err := provider.Verifier(&oidc.Config{ClientID: app}).Verify(t.Context(), tokens["id_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Name string `json:"preferred_username"`
		OID  string `json:"oid"`
		TID  string `json:"tid"`
	}
	if err := token.Claims(
		&claims,
	); err != nil || claims.Name != "admin@contoso.com" || claims.OID == "" ||
		claims.TID != lab["ZO365_MICROSOFT_TENANT"] {
		t.Errorf("%+v, %v", claims, err)
	}
	forged := tokens["id_token"].(string)
	forged = forged[:len(forged)-4] + "AAAA"
	if _, err := provider.Verifier(&oidc.Config{ClientID: app}).Verify(t.Context(), forged); err == nil {
		t.Error("a forged token is accepted")
	}
}
