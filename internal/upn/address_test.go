package upn

import "testing"

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

// A name goes into PowerShell as a literal, whatever is in it.
func TestOnPremisesQuotes(t *testing.T) {
	if got, want := onPremises(
		"o'neil@a",
		"o\u2019x@b",
	), `Get-ADUser -Filter 'UserPrincipalName -eq ''o''''neil@a''' | Set-ADUser -UserPrincipalName 'o`+"\u2019\u2019"+`x@b'`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
