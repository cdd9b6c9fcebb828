package index

import (
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

func TestWhatIsChanged(t *testing.T) {
	people := []tenant.User{
		{ID: "1", UPN: "upn@contoso.com", Mail: "mail@contoso.com"},
		{ID: "2", UPN: "a@contoso.onmicrosoft.com"},
		{ID: "3", UPN: "o'neil@contoso.onmicrosoft.com", Synced: &isTrue},
		{ID: "4", UPN: "joni.sherman@contoso.com"},
		{ID: "5", UPN: "far@other.example", Mail: "far@nowhere.example"},
		{
			ID:    "6",
			UPN:   "g_x.com#EXT#@contoso.onmicrosoft.com",
			Mail:  "g@x.com",
			Guest: true,
		},
	}
	known := upn.FixRules{
		ZoomDomains:  map[string]bool{"contoso.com": true},
		EntraDomains: map[string]bool{"contoso.com": true},
	}
	microsoft := known
	microsoft.MicrosoftFirst = true
	listed := known
	listed.Listed = map[upn.Address]string{
		"jony.sherman@contoso.com": "",
		"g@x.com":                  "",
		"nobody@contoso.com":       "upn@contoso.com",
	}
	tests := map[string]struct {
		email string
		rules upn.FixRules
		kind  upn.FixKind
		to    string
	}{
		"a Zoom email becomes the UPN":               {"mail@contoso.com", known, upn.ZoomEmail, "upn@contoso.com"},
		"or the UPN the Zoom email":                  {"mail@contoso.com", microsoft, upn.EntraUPN, "mail@contoso.com"},
		"nobody's email becomes an initial domain's": {"a@contoso.com", known, upn.EntraUPN, "a@contoso.com"},
		"not even when the domains are not known":    {"a@contoso.com", upn.FixRules{}, upn.EntraUPN, "a@contoso.com"},
		"a synced account is changed where it comes from": {
			"o'neil@contoso.com",
			known,
			upn.OnPremises,
			"o'neil@contoso.com",
		},
		"a typo is left alone": {"jony.sherman@contoso.com", known, "", ""},
		"unless it is named": {
			"jony.sherman@contoso.com",
			listed,
			upn.ZoomEmail,
			"joni.sherman@contoso.com",
		},
		"a guest is left alone, named or not":      {"g@x.com", listed, "", ""},
		"somebody missing can be named with a UPN": {"nobody@contoso.com", listed, upn.ZoomEmail, "upn@contoso.com"},
		"neither domain can be changed to":         {"far@nowhere.example", known, "", ""},
		"a match needs nothing":                    {"upn@contoso.com", known, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := compare([]string{test.email}, people, domains).Result(0)
			f, u := test.rules.Fix(&r)
			if f != nil && u != nil {
				t.Fatal("changed and left alone")
			}
			if test.kind == "" {
				if f != nil || (u == nil) != (r.Class == upn.Match) {
					t.Errorf("got %+v, %+v", f, u)
				}
				return
			}
			if f == nil || f.Kind != test.kind || f.To != test.to {
				t.Fatalf("got %+v, %+v", f, u)
			}
			if back := f.Undo(); back.To != f.From || back.From != f.To || back.Undo().Key() != f.Key() {
				t.Errorf("the way back is %+v", back)
			}
		})
	}
}

// Two who would get the same address get none.
func TestOneAddressForOnePerson(t *testing.T) {
	people := []tenant.User{
		{
			ID:      "1",
			UPN:     "upn@contoso.com",
			Mail:    "mail@contoso.com",
			Proxies: []string{"smtp:alias@contoso.com"},
		},
	}
	fixes, unfixed := FixAll(compare([]string{"mail@contoso.com", "alias@contoso.com"}, people, nil), upn.FixRules{})
	if len(fixes) != 0 || len(unfixed) != 2 {
		t.Errorf("%+v, %+v", fixes, unfixed)
	}
}

// Somebody who matches is nobody else's answer: neither side of them is changed, and
// both people are named.
func TestWhoMatchesIsLeftAlone(t *testing.T) {
	people := []tenant.User{
		{
			ID:      "1",
			UPN:     "megan@contoso.com",
			Mail:    "megan.bowen@contoso.com",
			Proxies: []string{"smtp:boss@contoso.com"},
		},
		{ID: "2", UPN: "alex@contoso.com", Proxies: []string{"smtp:al@contoso.com", "smtp:ax@contoso.com"}},
	}
	for _, email := range []string{"megan.bowen@contoso.com", "boss@contoso.com", "megan@fabrikam.com"} {
		c := compare([]string{"megan@contoso.com", email}, people, domains)
		r, _ := c.Find(email)
		if r.Class != upn.Taken || r.Entra.UPN != "megan@contoso.com" || r.TakenBy != "megan@contoso.com" {
			t.Errorf("%s: %+v", email, r)
		}
		for _, rules := range []upn.FixRules{
			{},
			{MicrosoftFirst: true},
			{Listed: map[upn.Address]string{upn.Address(email): ""}},
		} {
			fixes, unfixed := FixAll(c, rules)
			if len(fixes) != 0 || len(unfixed) != 1 || !strings.Contains(unfixed[0].Why, "megan@contoso.com") {
				t.Errorf("%s with %+v: %+v, %+v", email, rules, fixes, unfixed)
			}
		}
	}
	c := compare([]string{"megan@contoso.com", "boss@contoso.com", "al@contoso.com", "ax@contoso.com"}, people, domains)
	for name, rules := range map[string]upn.FixRules{
		"two with one account":           {MicrosoftFirst: true},
		"two with one address":           {},
		"an email that another user has": {Listed: map[upn.Address]string{"boss@contoso.com": "megan@contoso.com"}},
	} {
		if fixes, unfixed := FixAll(c, rules); len(fixes) != 0 || len(unfixed) != 3 {
			t.Errorf("%s: %+v, %+v", name, fixes, unfixed)
		}
	}
}
