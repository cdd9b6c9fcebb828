package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// FactsListing shows a gathering: JSON has all of it, a table what each fact
// amounts to.
func FactsListing(file tenant.FactsFile) Listing {
	f := file.Facts
	l := Listing{Value: file, Columns: []string{"fact", "saw", "source", "at"}}
	row(&l, "signed in", f.SignedIn, func(s tenant.SignIn) string { return s.Name + ", " + s.By })
	row(
		&l,
		"organization",
		f.Organization,
		func(o tenant.Organization) string { return o.DisplayName + " (" + o.ID + ")" },
	)
	row(&l, "domains", f.Domains, func(all []tenant.Domain) string {
		return names(all, func(d tenant.Domain) string { return d.Name + word(!d.Verified, " (unverified)") })
	})
	row(&l, "me", f.Me, func(u tenant.User) string { return u.UPN })
	row(&l, "my roles", f.Roles, func(all []tenant.DirectoryRole) string {
		return names(all, func(r tenant.DirectoryRole) string { return r.Name })
	})
	row(&l, "credentials of zo365", f.Credentials, func(all []tenant.AppCredential) string {
		return names(all, func(c tenant.AppCredential) string {
			return c.Kind + " until " + c.Expires.UTC().Format(time.DateOnly)
		})
	})
	row(&l, "applications", f.Consents, func(all []tenant.Consent) string { return names(all, consentWords) })
	row(&l, "their sign-ins", f.SignIns, func(all []tenant.AppSignIn) string {
		return names(all, func(s tenant.AppSignIn) string { return s.Last.UTC().Format(time.RFC3339) })
	})
	row(&l, "consent events", f.Events, func(all []tenant.ConsentEvent) string { return strconv.Itoa(len(all)) })
	row(&l, "their exchange roles", f.Exchange, func(all []tenant.ExchangeRole) string {
		return names(all, func(r tenant.ExchangeRole) string { return r.Role + word(r.Scope != "", " in "+r.Scope) })
	})
	row(&l, "user consent", f.UserConsent, func(c tenant.UserConsent) string {
		return names(c.Policies, func(p string) string { return p })
	})
	row(&l, "without a mail plan", f.Mailless, func(m tenant.Mailless) string { return strconv.Itoa(m.Total) })
	row(&l, "zoom account", f.ZoomAccount, func(a tenant.ZoomAccount) string { return a.ID + ", owner " + a.Owner })
	row(
		&l,
		"zoom plan",
		f.ZoomPlan,
		func(p tenant.ZoomPlan) string {
			return fmt.Sprintf("%s, %d of %d hosts", strings.Join(append([]string{p.Type}, p.Bundles...), " "), p.Usage, p.Hosts)
		},
	)
	row(&l, "zoom roles", f.ZoomRoles, func(all []tenant.ZoomRole) string {
		return names(all, func(r tenant.ZoomRole) string { return fmt.Sprintf("%s %d", r.Name, r.Members) })
	})
	row(&l, "zoom domains", f.ZoomDomains, func(all []tenant.ZoomDomain) string {
		return names(all, func(d tenant.ZoomDomain) string { return d.Name + " (" + d.Status + ")" })
	})
	row(&l, "zoom groups", f.ZoomGroups, func(all []tenant.ZoomGroup) string {
		return names(all, func(g tenant.ZoomGroup) string { return fmt.Sprintf("%s %d", g.Name, g.Members) })
	})
	row(
		&l,
		"zoom group members",
		f.ZoomMembers,
		func(all []tenant.GroupMembers) string {
			said := fmt.Sprintf("of %d groups", len(all))
			for _, g := range all {
				if g.Unseen != "" {
					said += "; " + couldNotSee + g.Group + ": " + g.Unseen
				}
			}
			return said
		},
	)
	row(&l, "zoom people", f.ZoomPeople, func(p tenant.ZoomPeople) string { return strconv.Itoa(p.Total) })
	row(&l, "my zoom account", f.MyZoom, func(z *tenant.ZoomUser) string {
		if z == nil {
			return "none"
		}
		return z.Email + ", " + z.Role
	})
	row(&l, "clocks ahead", f.Clocks, func(all []tenant.Clock) string {
		return names(all, func(c tenant.Clock) string { return fmt.Sprintf("%s %ds", c.Host, c.AheadSeconds) })
	})
	return l
}

// couldNotSee begins what a fact amounts to that could not be read.
const couldNotSee = "could not see: "

// Unseen are the facts of a listing that could not be read.
func Unseen(facts Listing) []string {
	var all []string
	for _, r := range facts.Rows {
		if strings.Contains(r[1], couldNotSee) {
			all = append(all, r[0])
		}
	}
	return all
}

func row[T any](l *Listing, name string, r tenant.Reading[T], words func(T) string) {
	saw := "not asked"
	switch {
	case r.Err != nil:
		saw = couldNotSee + r.Err.Error()
	case r.Seen():
		if saw = words(r.Value); saw == "" {
			saw = "none"
		}
	}
	at := ""
	if !r.At.IsZero() {
		at = r.At.UTC().Format(time.RFC3339)
	}
	l.Rows = append(l.Rows, []string{name, saw, r.Source, at})
}

func names[T any](all []T, name func(T) string) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = name(one)
	}
	return strings.Join(texts, ", ")
}

func word(when bool, text string) string {
	if when {
		return text
	}
	return ""
}

func consentWords(c tenant.Consent) string {
	if c.Principal == nil {
		return "none"
	}
	granted := strings.Join(c.Labels(), ", ")
	return c.Principal.DisplayName + " (" + c.Principal.AppID + ")" + word(
		!c.Principal.Enabled,
		" (disabled)",
	) + ": " + granted
}

// UsedApplication is the JSON of integration use-application.
type UsedApplication struct {
	Changed bool   `json:"changed"`
	Before  string `json:"before"`
	After   string `json:"after"`
}

// ApplicationListing shows which application the tenant file names.
func ApplicationListing(u UsedApplication) Listing {
	return Listing{Value: u, Columns: []string{"before", "after"}, Rows: [][]string{{u.Before, u.After}}}
}
