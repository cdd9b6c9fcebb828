package index

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

var domains = []tenant.Domain{
	{Name: "contoso.com", Verified: true},
	{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true},
	{Name: "old.example", Verified: false},
}

var people = []tenant.User{
	{
		ID:      "1",
		UPN:     "match@contoso.com",
		Mail:    "match@contoso.com",
		Enabled: yes(),
	},
	{
		ID:      "2",
		UPN:     "upn@contoso.com",
		Mail:    "mail@contoso.com",
		Enabled: no(),
	},
	{
		ID:       "3",
		UPN:      "main@contoso.com",
		Mail:     "main@contoso.com",
		Proxies:  []string{"SMTP:main@contoso.com", "smtp:alias@contoso.com", "sip:sip@contoso.com"},
		MailPlan: no(),
	},
	{
		ID:    "4",
		UPN:   "pat_fabrikam.com#EXT#@contoso.onmicrosoft.com",
		Mail:  "pat@fabrikam.com",
		Guest: true,
	},
	{ID: "5", UPN: "initial@contoso.onmicrosoft.com", Synced: &isTrue},
	{ID: "6", UPN: "verified@fabrikam.com"},
	{ID: "7", UPN: "unverified@old.example"},
	{ID: "8", UPN: "two@fabrikam.com"},
	{ID: "9", UPN: "two@northwind.com"},
	{ID: "a", UPN: "shared1@contoso.com", Mail: "shared@contoso.com"},
	{ID: "b", UPN: "shared2@contoso.com", Mail: "shared@contoso.com"},
	{
		ID:      "c",
		UPN:     "0123456789abcdef0123456789abcdefgone@contoso.com",
		Mail:    "gone@contoso.com",
		Deleted: true,
	},
	{ID: "d", UPN: "joni.sherman@contoso.com"},
}

func TestMatch(t *testing.T) {
	tests := map[string]struct {
		class upn.Class
		id    string
		flags []upn.Flag
		kind  upn.DomainKind
	}{
		"match@contoso.com":      {upn.Match, "1", nil, ""},
		"Match@Contoso.com ":     {upn.Match, "1", []upn.Flag{upn.Case}, ""},
		"mail@contoso.com":       {upn.Mail, "2", []upn.Flag{upn.Disabled}, ""},
		"alias@contoso.com":      {upn.Alias, "3", []upn.Flag{upn.NoMailbox}, ""},
		"sip@contoso.com":        {upn.Missing, "", nil, ""},
		"pat@fabrikam.com":       {upn.Guest, "4", []upn.Flag{upn.UnverifiedDomain}, ""},
		"initial@contoso.com":    {upn.Domain, "5", []upn.Flag{upn.Synced}, upn.InitialDomain},
		"verified@contoso.com":   {upn.Domain, "6", nil, upn.OtherVerified},
		"unverified@contoso.com": {upn.Domain, "7", nil, upn.UnverifiedKind},
		"two@contoso.com":        {upn.Ambiguous, "", nil, ""},
		"shared@contoso.com":     {upn.Ambiguous, "", nil, ""},
		"gone@contoso.com":       {upn.Deleted, "c", nil, ""},
		"nobody@contoso.com":     {upn.Missing, "", nil, ""},
		"x@elsewhere.example":    {upn.Missing, "", []upn.Flag{upn.UnverifiedDomain}, ""},
		"not an address":         {upn.Missing, "", []upn.Flag{upn.UnverifiedDomain}, ""},
	}
	for email, test := range tests {
		t.Run(email, func(t *testing.T) {
			// Once everybody alone, since a typo depends on who is free.
			r := compare([]string{email}, people, domains).Result(0)
			id := ""
			if r.Entra != nil {
				id = r.Entra.ID
			}
			if r.Class != test.class || id != test.id || r.Kind != test.kind || !reflect.DeepEqual(r.Flags, test.flags) {
				t.Errorf("got %s %q %q %v, want %+v", r.Class, id, r.Kind, r.Flags, test)
			}
			if r.Why() == "" || (r.Class != upn.Match) != (r.Remedy() != "") {
				t.Errorf("why %q, remedy %q", r.Why(), r.Remedy())
			}
		})
	}
}

func TestATypoIsASuggestionOnly(t *testing.T) {
	tests := map[string]struct {
		zoom []string
		want upn.Class
		who  string
	}{
		"one letter off":      {[]string{"jony.sherman@contoso.com"}, upn.Typo, "joni.sherman@contoso.com"},
		"two letters swapped": {[]string{"join.sherman@contoso.com"}, upn.Typo, "joni.sherman@contoso.com"},
		"three letters off":   {[]string{"jxxx.sherman@contoso.com"}, upn.Missing, ""},
		"the near person is somebody else's match": {
			[]string{"jony.sherman@contoso.com", "joni.sherman@contoso.com"},
			upn.Missing,
			"",
		},
		"another domain": {[]string{"jony.sherman@fabrikam.com"}, upn.Missing, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := compare(test.zoom, people, domains)
			for r := range c.Results(0, c.Len()) {
				if r.ZoomEmail == test.zoom[0] && (r.Class != test.want || r.Suggestion != test.who || r.Entra != nil) {
					t.Errorf("got %+v", r)
				}
			}
		})
	}
}

// compare gives both sides to a Matcher.
func compare(emails []string, people []tenant.User, domains []tenant.Domain) *Comparison {
	var m Matcher
	for _, e := range emails {
		m.AddZoom(e)
	}
	for _, u := range people {
		m.AddMicrosoft(u)
	}
	return m.Compare(domains)
}

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
		all.NotInZoom = append(all.NotInZoom, tenant.User{ID: u.ID, UPN: u.UPN})
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
		if total != len(emails) {
			t.Fatalf("round %d: %d people in classes, want %d", round, total, len(emails))
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

func TestWhatToDoFirst(t *testing.T) {
	emails := []string{
		"match@contoso.com",
		"mail@contoso.com",
		"alias@contoso.com",
		"nobody@contoso.com",
		"noone@contoso.com",
		"x@a.example",
		"y@b.example",
	}
	c := compare(emails, people, domains)
	want := []DomainCount{{"contoso.com", 4, 5}, {"a.example", 1, 1}, {"b.example", 1, 1}}
	if got := c.WorstDomains(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if !strings.HasPrefix(c.First(), "some Zoom users are nobody in the tenant") {
		t.Error(c.First())
	}
	if got := compare(nil, people, nil).First(); got != "" {
		t.Error(got)
	}
}

func TestPseudonyms(t *testing.T) {
	p := upn.NewPseudonyms([]byte("key"))
	for range 100 {
		if upn.NewPseudonyms([]byte("key")).Address("A@Contoso.com") != p.Address("a@contoso.com ") {
			t.Fatal("the same person has two names")
		}
	}
	local := func(a string) string {
		name := p.Address(a)
		return name[:strings.LastIndexByte(name, '@')]
	}
	if local("a@contoso.com") != local("a@contoso.onmicrosoft.com") || local("a@contoso.com") == local("b@contoso.com") {
		t.Error("the local part does not stay the same under another domain, or is not its own")
	}
	if !strings.HasSuffix(p.Address("a@contoso.onmicrosoft.com"), ".onmicrosoft.com") || p.Address("") != "" ||
		p.Address("a@contoso.com") == upn.NewPseudonyms([]byte("other")).Address("a@contoso.com") {
		t.Error("the kind of domain is lost, nobody has a name, or the key does not matter")
	}
	for _, email := range []string{
		"mail@contoso.com",
		"shared@contoso.com",
		"initial@contoso.com",
		"gone@contoso.com",
		"pat@fabrikam.com",
	} {
		r := p.Result(compare([]string{email}, people, domains).Result(0))
		text := r.Story(true, "the test", time.Unix(0, 0)) + strings.Join(r.Remedies(), " ")
		for _, name := range []string{"mail@", "shared", "initial@", "gone@", "pat", "contoso", "fabrikam"} {
			if strings.Contains(text, name) {
				t.Errorf("%s: %q is in %s", email, name, text)
			}
		}
	}
}
