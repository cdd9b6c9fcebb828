package index

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// whole is a comparison as values.
func whole(c *Comparison) oracleComparison {
	var all oracleComparison
	for i := range c.Len() {
		r := c.Result(i)
		if r.Entra != nil {
			r.Entra = &tenant.User{ID: r.Entra.ID, UPN: r.Entra.UPN}
		}
		all.Results = append(all.Results, r)
	}
	for u := range c.NotInZoom() {
		all.NotInZoom = append(all.NotInZoom, tenant.User{ID: strings.Clone(u.ID), UPN: strings.Clone(u.UPN)})
	}
	return all
}

// The Matcher says of random people what the plain way says, in any order of
// either side: every class, flag, candidate and suggestion.
func TestTheMatcherSaysWhatTheOracleSays(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for round := range 3000 {
		emails, people := randomTenant(random)
		zoomUsers := make([]tenant.ZoomUser, len(emails))
		for i, e := range emails {
			zoomUsers[i].Email = e
		}
		want := oracleCompare(zoomUsers, newOracle(people, domains))
		for i, r := range want.Results {
			if r.Entra != nil {
				want.Results[i].Entra = &tenant.User{ID: r.Entra.ID, UPN: r.Entra.UPN}
			}
		}
		for i, u := range want.NotInZoom {
			want.NotInZoom[i] = tenant.User{ID: u.ID, UPN: u.UPN}
		}
		random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		random.Shuffle(len(emails), func(i, j int) { emails[i], emails[j] = emails[j], emails[i] })
		got := whole(compare(emails, people, domains))
		for i := range want.Results {
			if !reflect.DeepEqual(got.Results[i], want.Results[i]) {
				t.Fatalf(
					"round %d: %q of\n%q\n%+v\ngot  %+v\nwant %+v",
					round,
					want.Results[i].ZoomEmail,
					emails,
					people,
					got.Results[i],
					want.Results[i],
				)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: not in Zoom: got %+v, want %+v", round, got.NotInZoom, want.NotInZoom)
		}
		total := 0
		c := compare(emails, people, domains)
		for _, class := range upn.Classes {
			total += c.Count(class)
		}
		if total != len(want.Results) {
			t.Fatalf("round %d: %d people in classes, want %d", round, total, len(want.Results))
		}
	}
}

// randomTenant makes few names, so that they meet in every way.
func randomTenant(random *rand.Rand) (emails []string, people []tenant.User) {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	local := func() string {
		return pick(
			"a",
			"ab",
			"abc",
			"abcd",
			"abdc",
			"adele.vance",
			"adele.vanec",
			"adelle.vance",
			"A.Vance",
			"ädele",
			"ädelé",
			"straße",
			"strasse",
			"stra_sse",
			"o'neil",
			"x+tag",
			"e12345",
			"e12346",
			"e12354",
			"e21345",
		)
	}
	address := func() string {
		return local() + "@" + pick(
			"contoso.com",
			"Contoso.com",
			"contoso.com",
			"old.example",
			"münchen.example",
			"xn--mnchen-3ya.example",
			"contoso.onmicrosoft.com",
		)
	}
	seen := map[upn.Address]bool{}
	for range random.IntN(12) {
		e := pick("", "", "", " ") + address()
		if !seen[upn.Normal(e)] {
			seen[upn.Normal(e)] = true
			emails = append(emails, e)
		}
	}
	upns := map[upn.Address]bool{}
	for i := range random.IntN(12) {
		u := tenant.User{
			ID:     pick("", "", "724c81ec-b8a8-f117-749b-36731") + strconv.Itoa(1000000+i),
			UPN:    address(),
			Synced: choice(random.IntN(5) == 0, random.IntN(2) == 0),
			Guest:  random.IntN(9) == 0,
		}
		if random.IntN(2) == 0 {
			u.Mail = address()
		}
		for range random.IntN(3) {
			u.Proxies = append(u.Proxies, pick("SMTP:", "smtp:", "sip:", "")+address())
		}
		switch random.IntN(12) {
		case 0:
			u.UPN = local() + "_x.com#EXT#@contoso.onmicrosoft.com"
		case 1:
			u.UPN, u.Deleted = "0123456789abcdef0123456789abcdef"+u.UPN, true
		case 2:
			u.Enabled = no()
		}
		if upns[upn.Normal(u.UPN)] {
			continue // a tenant has each UPN once
		}
		upns[upn.Normal(u.UPN)] = true
		people = append(people, u)
	}
	return emails, people
}
