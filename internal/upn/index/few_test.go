package index

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// sidesOf are both sides in memory, as exports hand them over.
func sidesOf(emails []string, people []tenant.User) Sides {
	return Sides{
		Microsoft: func(keep func(*export.Person) bool) (some []tenant.User, _ bool, _ error) {
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
			return some, true, nil
		},
		Zoom: func(keep func(*export.Account) bool) (some []tenant.ZoomUser, _ error) {
			for _, e := range emails {
				if keep(&export.Account{Email: []byte(e)}) {
					some = append(some, tenant.ZoomUser{Email: e})
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
		all := compare(emails, people, nil)
		asked := emails[:min(len(emails), 1+random.IntN(3))]
		few, err := CompareFew(asked, sidesOf(emails, people))
		if err != nil {
			t.Fatal(err)
		}
		for _, email := range asked {
			want, _ := all.Find(email)
			got, _ := few.Find(email)
			if classes[got.Class]++; !reflect.DeepEqual(got, want) {
				t.Fatalf("round %d: %q of\n%q\n%+v\ngot  %+v\nwant %+v", round, email, emails, people, got, want)
			}
			if _, ok := few.Zoom[upn.Normal(email)]; !ok {
				t.Fatalf("round %d: %q is not in Zoom", round, email)
			}
		}
	}
	for _, class := range upn.Classes {
		if classes[class] == 0 && class != upn.Unresolved {
			t.Errorf("nobody was %s", class)
		}
	}
}
