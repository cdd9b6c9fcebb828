package signin

import (
	"maps"
	"slices"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

const nationalClouds = "https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud"

// Beliefs are what signing in takes for true of Entra, of Zoom's tokens and of the clouds.
func Beliefs() tenant.Beliefs {
	b := tenant.Beliefs{Service: "Signing in, and the clouds", Looked: "2026-11-25"}
	for _, cloud := range slices.Sorted(maps.Keys(microsoftHosts)) {
		h := microsoftHosts[cloud]
		b.Add("entra.hosts."+string(cloud), "Entra, Graph and the admin center of "+string(cloud), h[0]+", "+h[1]+", "+h[2],
			tenant.Documented, nationalClouds)
	}
	for _, cloud := range slices.Sorted(maps.Keys(zoomHosts)) {
		h := zoomHosts[cloud]
		b.Add("zoom.hosts."+string(cloud), "Zoom's tokens, API and portal of "+string(cloud), h[0]+", "+h[1]+", "+h[2],
			tenant.Documented, "https://developers.zoom.us/docs/api/using-zoom-apis/")
	}
	for _, cloud := range slices.Sorted(maps.Keys(federatedAudiences)) {
		b.Add("entra.audience."+string(cloud), "the audience of a federated credential in "+string(cloud),
			federatedAudiences[cloud], tenant.Documented,
			"https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust")
	}
	b.Add(
		"entra.graph-tools",
		"the public client of a person's sign-in, in every tenant but those of "+string(profile.China),
		GraphCommandLineTools,
		tenant.Documented,
		"https://learn.microsoft.com/powershell/microsoftgraph/authentication-commands",
	)
	b.Add("entra.federated-numbers", "a federated token that does not match",
		"AADSTS700211 issuer, 700212 audience, 700213 subject, 7002138 letter case, 70021 of old", tenant.Reported,
		"https://github.com/Azure/login/issues/482")
	b.Add("entra.app-service", "managed identity of App Service", "IDENTITY_ENDPOINT and IDENTITY_HEADER, 2019-08-01",
		tenant.Documented, "https://learn.microsoft.com/azure/app-service/overview-managed-identity")
	b.Add("entra.arc", "managed identity of Azure Arc",
		"IDENTITY_ENDPOINT and IMDS_ENDPOINT, 2019-11-01, a key of at most 4096 bytes from the agent's own folder",
		tenant.Documented, "https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication")
	b.Add("entra.cloud-shell", "managed identity of Cloud Shell", "a POST of the resource to MSI_ENDPOINT",
		tenant.Documented, "https://learn.microsoft.com/azure/cloud-shell/msi-authorization")
	b.Add("entra.machine", "managed identity of a virtual machine", instanceMetadata+", 2018-02-01",
		tenant.Documented,
		"https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token")
	return b
}
