package index

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// sidesOf are both sides in memory, as exports hand them over.
func sidesOf(users []tenant.ZoomUser, people []tenant.User) Sides {
	return Sides{
		Microsoft: func(keep func(*export.Person) bool) (some []tenant.User, _ upn.Unknowns, _ error) {
			for _, u := range people {
				p := export.Person{
					UPN:     []byte(u.UPN),
					Mail:    []byte(u.Mail),
					Guest:   u.Guest,
					Deleted: u.Deleted,
				}
				for _, proxy := range u.Proxies {
					if address := upn.Normal(proxy); address != "" {
						p.Proxies = append(p.Proxies, []byte(address))
					}
				}
				if keep(&p) {
					some = append(some, u)
				}
			}
			return some, 0, nil
		},
		Zoom: func(keep func(*export.Account) bool) (some []tenant.ZoomUser, _ error) {
			for _, u := range users {
				if keep(&export.Account{Email: []byte(u.Email)}) {
					some = append(some, u)
				}
			}
			return some, nil
		},
	}
}

// A few people get the answers that a comparison of everybody gives.
func TestAFewAreComparedAsEverybodyIs(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 4))
	classes := map[upn.Class]int{}
	for round := range 3000 {
		emails, people := randomTenant(random)
		users := listed(random, emails)
		all := compareUsers(users, people, nil)
		asked := emails[:min(len(emails), 1+random.IntN(3))]
		others := slices.Clone(asked) // who is asked for and not in Zoom takes nobody's place
		for _, u := range people {
			if _, there := all.Find(u.UPN); !there {
				others = append(others, u.UPN)
			}
		}
		few, err := CompareFew(others, sidesOf(users, people))
		if err != nil {
			t.Fatal(err)
		}
		for _, email := range asked {
			want, _ := all.Find(email)
			got, _ := few.Find(email)
			if classes[got.Class]++; !reflect.DeepEqual(got, want) {
				t.Fatalf("round %d: %q of\n%q\n%+v\ngot  %+v\nwant %+v", round, email, emails, people, got, want)
			}
			z, ok := few.Zoom[upn.Normal(email)]
			if !ok {
				t.Fatalf("round %d: %q is not in Zoom", round, email)
			}
			if got.Inactive != (z.Status == "inactive") || got.Pending != (z.Status == "pending") ||
				got.Unclear != (z.Status == tenant.UnclearStatus) {
				t.Fatalf("round %d: %q is %q and %+v", round, email, z.Status, got)
			}
		}
	}
	for _, class := range upn.Classes {
		if classes[class] == 0 && class != upn.Unresolved {
			t.Errorf("nobody was %s", class)
		}
	}
}

// listed are the Zoom users of some emails with a status each; some stand there again, where
// another status may be told.
func listed(random *rand.Rand, emails []string) (users []tenant.ZoomUser) {
	status := func() string { return []string{"active", "", "inactive", "pending"}[random.IntN(4)] }
	for _, email := range emails {
		users = append(users, tenant.ZoomUser{Email: email, Status: status()})
		if random.IntN(4) == 0 {
			users = append(users, tenant.ZoomUser{Email: strings.ToUpper(email), Status: status()})
		}
	}
	random.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
	return users
}
