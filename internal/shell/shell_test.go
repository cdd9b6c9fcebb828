package shell

import "testing"

func TestWord(t *testing.T) {
	for text, want := range map[string]string{
		"adele@contoso.com":     "adele@contoso.com",
		"a@contoso.com=UPN":     "a@contoso.com=UPN",
		"=ls@contoso.com":       "'=ls@contoso.com'", // zsh looks for a command
		"o'brien@contoso.com":   `'o'\''brien@contoso.com'`,
		"a b":                   "'a b'",
		"$(id)@contoso.com":     "'$(id)@contoso.com'",
		"a`id`&x@contoso.com":   "'a`id`&x@contoso.com'",
		"~root/file":            "'~root/file'",
		"j\u00f6rg@contoso.com": "'j\u00f6rg@contoso.com'",
	} {
		if got := Word(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
