package world

import (
	"strings"
)

// entry is a permission of Microsoft Graph: its app role ID (application) and
// its scope ID (delegated), either of which may be empty.
type entry struct{ Name, Role, Scope string }

// GraphPermissions are those the sandbox knows, with Microsoft's own IDs.
//
// https://learn.microsoft.com/graph/permissions-reference
var GraphPermissions = []entry{
	{"AdministrativeUnit.Read.All", "134fd756-38ce-4afd-ba33-e9623dbe66c2", "3361d15d-be43-4de6-b441-3c746d05163d"},
	{"Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "c79f8feb-a9db-4090-85f9-90d820caa0eb"},
	{"Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "bdfbf15f-ee85-4955-8675-146e8e5296b5"},
	{"AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f", "84bccea3-f856-4a8a-967b-dbe0a3d53a64"},
	{"AuditLog.Read.All", "b0afded3-3588-46d8-8b3d-9842eff778da", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20"},
	{"Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338", "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42"},
	{"Calendars.ReadBasic.All", "8ba4a692-bc31-4128-9094-475872af8a53", ""},
	{"Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99", "1ec239c2-d7c9-4623-a91a-a9775856bb36"},
	{"Contacts.Read", "089fe4d0-434a-44c5-8827-41ba8a0b17f5", "ff74d97f-43af-4b68-9f2a-b77ee6968c5d"},
	{"Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491", "d56682ec-c09e-4743-aaf4-1a3aac4caa21"},
	{
		"DelegatedPermissionGrant.ReadWrite.All", "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
		"41ce6ca6-6826-4807-84f1-1c82854f7ee5",
	},
	{"Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "06da0dbc-49e2-44d2-8312-53f166ab848a"},
	{"Domain.Read.All", "dbb9058a-0e50-45d7-ae91-66909b5d4664", "2f9ee017-59c1-4f1d-9472-bd5529a7b311"},
	{"GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6", "bc024368-1153-4739-b217-4326f2e966d0"},
	{"Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "570282fd-fa5c-430d-a7fd-fc8dc98a9dca"},
	{"Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9", "024d486e-b451-40bb-833d-3e66d98c5c73"},
	{"Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96", "e383f46e-2787-4529-855e-0e479a3ffac0"},
	{"MailboxSettings.Read", "40f97065-369a-49f4-947c-6a255697ae91", "87f447af-9fa4-4c32-9dfa-4a57a73d18ce"},
	{"MailboxSettings.ReadWrite", "6931bccd-447a-43d1-b442-00a195474933", "818c620a-27a9-40bd-a6a5-d96f7d610b4b"},
	{"Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6", "4908d5b9-3fb2-4b1e-9336-1888b7937185"},
	{"Place.Read.All", "913b9306-0ce1-42b8-9137-6a7df690a760", "cb8f45a0-5c2e-4ea1-b803-84b870a7d7ec"},
	{"Policy.Read.All", "246dd0d5-5bd0-4def-940b-0421030a5b68", "572fea84-0151-49b2-9301-11cb16974376"},
	{"RoleManagement.Read.Exchange", "c769435f-f061-4d0b-8ff1-3d39870e5f85", "3bc15058-7858-4141-b24f-ae43b4e80b52"},
	{"RoleManagement.ReadWrite.Exchange", "025d3225-3f02-4882-b4c0-cd5b541a4e80", "c1499fe0-52b1-4b22-bed2-7a244e0e879f"},
	{"RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c", "741c54c3-0c1e-44a1-818b-3f97ab4e8c83"},
	{"User.Read", "", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"},
	{"User.Read.All", "df021288-bdef-4463-88db-98f22de89214", "a154be20-db9c-4678-8ab7-66f6cc099a59"},
	{"User.RevokeSessions.All", "", "fc30e98b-8810-4501-81f5-c20a3196387b"},
	{"User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca", "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4"},
	{"User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1", "b340eb25-3456-403f-be2f-af7a0d370277"},
}

// exchangePermissions are app roles of Office 365 Exchange Online, some of which have
// the names of Graph's. Only the ID of full_access_as_app is Microsoft's own; the
// others are made up, since no page names them.
//
// https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-authenticate-an-ews-application-by-using-oauth
var exchangePermissions = []entry{
	{Name: "full_access_as_app", Role: "dc890d15-9560-4a4c-9b7f-a736ec74ec40"},
	{Name: "Mail.Read", Role: "7a6f3336-0000-4000-8000-000000000001"},
	{Name: "Calendars.ReadWrite.All", Role: "7a6f3336-0000-4000-8000-000000000002"},
	{Name: "Calendars.ReadWrite", Role: "7a6f3336-0000-4000-8000-000000000003"},
}

// permissionOf finds a permission as a scenario writes it, and the application ID of
// its API.
func permissionOf(written string) (resource string, p entry) {
	name, ok := strings.CutPrefix(written, "exchange:")
	if !ok {
		return GraphAppID, PermissionNamed(written)
	}
	for _, one := range exchangePermissions {
		if one.Name == name {
			return exchangeAppID, one
		}
	}
	return exchangeAppID, entry{}
}

// AppRolesOf are the app roles that an API has.
func AppRolesOf(appID string) []entry {
	switch appID {
	case GraphAppID:
		return GraphPermissions
	case exchangeAppID:
		return exchangePermissions
	}
	return nil
}

// Written is a grant's permission as a scenario writes it.
func (g Grant) Written() string {
	if g.Resource == exchangeAppID {
		return "exchange:" + g.Permission.Name
	}
	return g.Permission.Name
}

// PermissionNamed finds a permission of Microsoft Graph; zero when there is none.
func PermissionNamed(name string) entry {
	for _, p := range GraphPermissions {
		if p.Name == name {
			return p
		}
	}
	return entry{}
}

// RoleTemplates are Entra's built-in roles that matter here.
//
// https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
var RoleTemplates = map[string]string{
	"Global Administrator":            "62e90394-69f5-4237-9190-012177145e10",
	"Privileged Role Administrator":   "e8611ab8-c189-46e8-94e1-60213ab1f814",
	"Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
	"Application Administrator":       "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
	"Exchange Administrator":          "29232cdf-9323-42fd-ade2-1d097af3e4de",
	"Global Reader":                   "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
	"Security Reader":                 "5d6b6bb7-de71-4623-b4af-96380a352509",
	"User Administrator":              "fe930be7-5e62-47db-91af-98c3a49a38b1",
}

// MayConsent says whether a role suffices for application permissions of
// Microsoft Graph.
//
// https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent#prerequisites
func MayConsent(roles []string) bool {
	for _, r := range roles {
		if r == "Global Administrator" || r == "Privileged Role Administrator" {
			return true
		}
	}
	return false
}

// zoomScopes are the granular scopes of a server-to-server app that may do all
// that the sandbox imitates.
//
// https://developers.zoom.us/docs/internal-apps/oauth-scopes-granular/
var zoomScopes = []string{
	"account:read:managed_domains:master",
	"account:read:settings:admin",
	"group:read:list_groups:admin",
	"group:read:group:admin",
	"group:read:list_members:admin",
	"role:read:list_roles:admin",
	"billing:read:plan_usage:admin",
	"user:read:list_users:admin",
	"user:read:user:admin",
	"user:update:email:admin",
	"group:write:group:admin",
	"group:delete:group:admin",
	"zoom_rooms:read:list_calendar_services:admin",
	"zoom_rooms:read:list_calendar_resources:admin",
}
