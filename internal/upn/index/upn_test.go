package index

import (
	"reflect"
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
	users := make([]tenant.ZoomUser, len(emails))
	for i, e := range emails {
		users[i].Email = e
	}
	return compareUsers(users, people, domains)
}

func compareUsers(users []tenant.ZoomUser, people []tenant.User, domains []tenant.Domain) *Comparison {
	var m Matcher
	for _, z := range users {
		m.AddZoom(z.Email, z.Status)
	}
	for _, u := range people {
		m.AddMicrosoft(u)
	}
	return m.Compare(domains)
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
