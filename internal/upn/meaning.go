package upn

import (
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

// Meanings explain the classes and the flags.
func Meanings() []tenant.Meaning {
	const class, flag = "people class", "people flag"
	const rule = "https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944"
	const ways = "zo365 upn check EMAIL shows the ways for one person, zo365 upn fix --plan FILE for many"
	rows := []struct{ code, kind, meaning, next string }{
		{string(Match), class, "the UPN equals the Zoom email", "nothing"},
		{string(Mail), class, "the Zoom email is the person's mail address, not their UPN", ways},
		{string(Alias), class, "the Zoom email is an alias of the person's mailbox", ways},
		{string(Guest), class, "the person is a guest of the tenant", "connect the calendar in the person's home tenant"},
		{string(Domain), class, "the same name is under another domain of the tenant", ways},
		{string(Taken), class, "the address leads to somebody who matches another Zoom user", ways},
		{string(Typo), class, "nobody has the address, and one person's is nearly the same", ways},
		{string(Ambiguous), class, "several people have the address, or the same name under other domains", ways},
		{
			string(Deleted),
			class,
			"the Microsoft account was deleted",
			"restore it under " + menu.EntraDeletedUsers + " within 30 days",
		},
		{
			string(Unresolved),
			class,
			"nobody was found, and not all people and aliases of the tenant are known",
			"export everybody with ProxyAddresses, or ask Microsoft Graph",
		},
		{string(Missing), class, "nobody in the tenant has the address", ways},
		{
			string(Unknown),
			class,
			"the person could not be looked up",
			"the reason is beside the person; run the command again",
		},
		{
			string(Disabled),
			flag,
			"the Microsoft account is blocked from signing in",
			menu.EntraUsers + " > (person) > Edit > Account enabled",
		},
		{
			string(NoMailbox),
			flag,
			"the person has no plan with a mailbox",
			menu.MicrosoftUsers + " > Licenses and apps",
		},
		{string(Synced), flag, "the account comes from an on-premises directory", "change it there, not in Entra"},
		{
			string(Resource),
			flag,
			"the account is a room, equipment, a shared mailbox or a service's, no person",
			"ask whether the Zoom user is a person",
		},
		{string(Case), flag, "the two addresses differ in letter case only", "nothing"},
		{
			string(UnverifiedDomain),
			flag,
			"the Zoom email's domain is not verified in the tenant",
			"zo365 verify-domain shows the domains of both sides",
		},
		{
			string(Inactive),
			flag,
			"the Zoom user is deactivated",
			"activate them, if they still work here: " + menu.ZoomUsers,
		},
		{
			string(Pending),
			flag,
			"the Zoom user has not accepted the invitation yet",
			"ask them, or send it again: " + menu.ZoomUsers,
		},
		{
			string(NotInZoom),
			flag,
			"no Zoom user matches the Microsoft user",
			menu.ZoomUsers + " > Add Users",
		},
	}
	all := make([]tenant.Meaning, len(rows))
	for i, r := range rows {
		all[i] = tenant.Meaning{
			Code:      r.code,
			Kind:      r.kind,
			Meaning:   r.meaning,
			Next:      r.next,
			Source:    rule,
			Certainty: tenant.Documented,
		}
	}
	return all
}
