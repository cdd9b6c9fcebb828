package upn

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

func TestNormal(t *testing.T) {
	for text, want := range map[string]Address{
		"A@Contoso.COM":                    "a@contoso.com",
		"  a@contoso.com\t":                "a@contoso.com",
		"SMTP:A@contoso.com":               "a@contoso.com",
		"smtp: a@contoso.com":              "a@contoso.com",
		"sip:a@contoso.com":                "",
		"X500:/o=Contoso/cn=a":             "",
		"a+tag@contoso.com":                "a+tag@contoso.com",
		"a@münchen.example":                "a@xn--mnchen-3ya.example",
		"A@MÜNCHEN.example":                "a@xn--mnchen-3ya.example",
		"o'neil@contoso.com":               "o'neil@contoso.com",
		"pat_f.com#EXT#@c.onmicrosoft.com": "pat_f.com#ext#@c.onmicrosoft.com",
		"nobody":                           "nobody",
		"":                                 "",
	} {
		if got := Normal(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

var domains = []tenant.Domain{{Name: "contoso.com", Verified: true}, {Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}, {Name: "old.example", Verified: false}}

var people = []tenant.User{
	{ID: "1", UPN: "match@contoso.com", Mail: "match@contoso.com", Enabled: yes()},
	{ID: "2", UPN: "upn@contoso.com", Mail: "mail@contoso.com", Enabled: no()},
	{ID: "3", UPN: "main@contoso.com", Mail: "main@contoso.com", Proxies: []string{"SMTP:main@contoso.com", "smtp:alias@contoso.com", "sip:sip@contoso.com"}, MailPlan: no()},
	{ID: "4", UPN: "pat_fabrikam.com#EXT#@contoso.onmicrosoft.com", Mail: "pat@fabrikam.com", Guest: true},
	{ID: "5", UPN: "initial@contoso.onmicrosoft.com", Synced: true},
	{ID: "6", UPN: "verified@fabrikam.com"},
	{ID: "7", UPN: "unverified@old.example"},
	{ID: "8", UPN: "two@fabrikam.com"},
	{ID: "9", UPN: "two@northwind.com"},
	{ID: "a", UPN: "shared1@contoso.com", Mail: "shared@contoso.com"},
	{ID: "b", UPN: "shared2@contoso.com", Mail: "shared@contoso.com"},
	{ID: "c", UPN: "0123456789abcdef0123456789abcdefgone@contoso.com", Mail: "gone@contoso.com", Deleted: true},
	{ID: "d", UPN: "joni.sherman@contoso.com"},
}

func TestMatch(t *testing.T) {
	tests := map[string]struct {
		class Class
		id    string
		flags []Flag
		kind  DomainKind
	}{
		"match@contoso.com":      {Match, "1", nil, ""},
		"Match@Contoso.com ":     {Match, "1", []Flag{Case}, ""},
		"mail@contoso.com":       {Mail, "2", []Flag{Disabled}, ""},
		"alias@contoso.com":      {Alias, "3", []Flag{NoMailbox}, ""},
		"sip@contoso.com":        {Missing, "", nil, ""},
		"pat@fabrikam.com":       {Guest, "4", []Flag{UnverifiedDomain}, ""},
		"initial@contoso.com":    {Domain, "5", []Flag{Synced}, InitialDomain},
		"verified@contoso.com":   {Domain, "6", nil, OtherVerified},
		"unverified@contoso.com": {Domain, "7", nil, UnverifiedKind},
		"two@contoso.com":        {Ambiguous, "", nil, ""},
		"shared@contoso.com":     {Ambiguous, "", nil, ""},
		"gone@contoso.com":       {Deleted, "c", nil, ""},
		"nobody@contoso.com":     {Missing, "", nil, ""},
		"x@elsewhere.example":    {Missing, "", []Flag{UnverifiedDomain}, ""},
		"not an address":         {Missing, "", []Flag{UnverifiedDomain}, ""},
	}
	ix := NewIndex(people, domains)
	for email, test := range tests {
		t.Run(email, func(t *testing.T) {
			r := ix.Match(email)
			id := ""
			if r.Entra != nil {
				id = r.Entra.ID
			}
			if r.Class != test.class || id != test.id || r.Kind != test.kind || !reflect.DeepEqual(r.Flags, test.flags) {
				t.Errorf("got %s %q %q %v, want %+v", r.Class, id, r.Kind, r.Flags, test)
			}
			if r.Why() == "" || (r.Class != Match) != (r.Remedy() != "") {
				t.Errorf("why %q, remedy %q", r.Why(), r.Remedy())
			}
		})
	}
}

func TestATypoIsASuggestionOnly(t *testing.T) {
	tests := map[string]struct {
		zoom []string
		want Class
		who  string
	}{
		"one letter off":                           {[]string{"jony.sherman@contoso.com"}, Typo, "joni.sherman@contoso.com"},
		"two letters swapped":                      {[]string{"join.sherman@contoso.com"}, Typo, "joni.sherman@contoso.com"},
		"three letters off":                        {[]string{"jxxx.sherman@contoso.com"}, Missing, ""},
		"the near person is somebody else's match": {[]string{"jony.sherman@contoso.com", "joni.sherman@contoso.com"}, Missing, ""},
		"another domain":                           {[]string{"jony.sherman@fabrikam.com"}, Missing, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var users []tenant.ZoomUser
			for _, z := range test.zoom {
				users = append(users, tenant.ZoomUser{Email: z})
			}
			for _, r := range Compare(users, NewIndex(people, domains)).Results {
				if r.ZoomEmail == test.zoom[0] && (r.Class != test.want || r.Suggestion != test.who || r.Entra != nil) {
					t.Errorf("got %+v", r)
				}
			}
		})
	}
}

// The result does not depend on the order of either side, and everybody is in
// exactly one class.
func TestOrderDoesNotMatter(t *testing.T) {
	var zoomUsers []tenant.ZoomUser
	for _, e := range []string{"match@contoso.com", "mail@contoso.com", "alias@contoso.com", "pat@fabrikam.com", "initial@contoso.com", "two@contoso.com", "shared@contoso.com", "gone@contoso.com", "jony.sherman@contoso.com", "nobody@contoso.com"} {
		zoomUsers = append(zoomUsers, tenant.ZoomUser{Email: e})
	}
	first := Compare(zoomUsers, NewIndex(people, domains))
	total := 0
	for _, class := range Classes {
		total += first.Count(class)
	}
	if total != len(zoomUsers) {
		t.Errorf("%d people in classes, want %d", total, len(zoomUsers))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		shuffledPeople := append([]tenant.User{}, people...)
		random.Shuffle(len(shuffledPeople), func(i, j int) { shuffledPeople[i], shuffledPeople[j] = shuffledPeople[j], shuffledPeople[i] })
		random.Shuffle(len(zoomUsers), func(i, j int) { zoomUsers[i], zoomUsers[j] = zoomUsers[j], zoomUsers[i] })
		if got := Compare(zoomUsers, NewIndex(shuffledPeople, domains)); !reflect.DeepEqual(got, first) {
			t.Fatalf("another order, another answer:\n%+v\n%+v", got, first)
		}
	}
}

func TestSplitList(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"SMTP:a@c.com+smtp:b@c.com":         {"SMTP:a@c.com", "smtp:b@c.com"},
		"SMTP:a+tag@c.com+smtp:b@c.com":     {"SMTP:a+tag@c.com", "smtp:b@c.com"},
		"SMTP:a@c.com;smtp:b@c.com":         {"SMTP:a@c.com", "smtp:b@c.com"},
		"{SMTP:a@c.com, smtp:b@c.com}":      {"SMTP:a@c.com", "smtp:b@c.com"},
		"SMTP:a@c.com\r\nsmtp:b@c.com":      {"SMTP:a@c.com", "smtp:b@c.com"},
		`["SMTP:a@c.com","smtp:b+x@c.com"]`: {"SMTP:a@c.com", "smtp:b+x@c.com"},
	} {
		if got := splitList(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzReaders(f *testing.F) {
	f.Add("userPrincipalName,mail\na@c.com,a@c.com\n")
	f.Add("\ufeffEmail;First Name\r\n\"a@c.com\";\"x\"\r\n")
	f.Add(`{"value":[{"userPrincipalName":"a@c.com"}],"@odata.nextLink":"x"}`)
	f.Add(`[{"users":[{"email":"a@c.com"}]}]`)
	f.Add("#TYPE System\nUserPrincipalName\na\n")
	f.Fuzz(func(_ *testing.T, text string) {
		// Whatever comes, it is people or an error, never a panic.
		_, _ = ReadMicrosoft("f", strings.NewReader(text), true)
		_, _ = ReadZoom("f", strings.NewReader(text), false)
	})
}

func TestUTF16FromPowerShell(t *testing.T) {
	utf16 := "\xff\xfe"
	for _, r := range "UserPrincipalName\r\na@c.com\r\n" {
		utf16 += string([]byte{byte(r), 0})
	}
	e, err := ReadMicrosoft("f.csv", strings.NewReader(utf16), false)
	if err != nil || len(e.People) != 1 || e.People[0].UPN != "a@c.com" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestWhatToDoFirst(t *testing.T) {
	var users []tenant.ZoomUser
	for _, e := range []string{"match@contoso.com", "mail@contoso.com", "alias@contoso.com", "nobody@contoso.com", "noone@contoso.com", "x@a.example", "y@b.example"} {
		users = append(users, tenant.ZoomUser{Email: e})
	}
	c := Compare(users, NewIndex(people, domains))
	want := []DomainCount{{"contoso.com", 4, 5}, {"a.example", 1, 1}, {"b.example", 1, 1}}
	if got := c.WorstDomains(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if !strings.HasPrefix(c.First(), "some Zoom users are nobody in the tenant") {
		t.Error(c.First())
	}
	if got := (Comparison{}).First(); got != "" {
		t.Error(got)
	}
}

func TestPseudonyms(t *testing.T) {
	p := NewPseudonyms([]byte("key"))
	for range 100 {
		if NewPseudonyms([]byte("key")).Address("A@Contoso.com") != p.Address("a@contoso.com ") {
			t.Fatal("the same person has two names")
		}
	}
	local := func(a string) string { l, _, _ := cutLast(p.Address(a)); return l }
	if local("a@contoso.com") != local("a@contoso.onmicrosoft.com") || local("a@contoso.com") == local("b@contoso.com") {
		t.Error("the local part does not stay the same under another domain, or is not its own")
	}
	if !strings.HasSuffix(p.Address("a@contoso.onmicrosoft.com"), ".onmicrosoft.com") || p.Address("") != "" || p.Address("a@contoso.com") == NewPseudonyms([]byte("other")).Address("a@contoso.com") {
		t.Error("the kind of domain is lost, nobody has a name, or the key does not matter")
	}
	ix := NewIndex(people, domains)
	for _, email := range []string{"mail@contoso.com", "shared@contoso.com", "initial@contoso.com", "gone@contoso.com", "pat@fabrikam.com"} {
		r := p.Result(ix.Match(email))
		text := r.Story(true, "the test", time.Unix(0, 0)) + strings.Join(r.Remedies(), " ")
		for _, name := range []string{"mail@", "shared", "initial@", "gone@", "pat", "contoso", "fabrikam"} {
			if strings.Contains(text, name) {
				t.Errorf("%s: %q is in %s", email, name, text)
			}
		}
	}
}
