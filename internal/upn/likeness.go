package upn

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// lookAlikes are letters of other alphabets that are drawn as those of ours.
//
// https://www.unicode.org/Public/security/latest/confusables.txt
var lookAlikes = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "к", "k", "ӏ", "l", "м", "m", "п", "n",
	"о", "o", "р", "p", "ԛ", "q", "г", "r", "ѕ", "s", "т", "t", "ѵ", "v", "ѡ", "w", "х", "x", "у", "y",
	"α", "a", "ε", "e", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x", "γ", "y",
	"ı", "i", "ɑ", "a", "ɡ", "g",
)

// Drawn is how a part of an address looks: wide, bold and other forms of a letter, and its doubles of
// other alphabets, are the plain letter.
func Drawn(part string) string {
	for i := range len(part) {
		if part[i] >= 0x80 {
			return lookAlikes.Replace(strings.ToLower(norm.NFKC.String(part)))
		}
	}
	return part
}

// WithoutTag is a local part without the tag behind a plus, as Exchange delivers it.
//
// https://learn.microsoft.com/exchange/recipients-in-exchange-online/plus-addressing-in-exchange-online
func WithoutTag(local string) string {
	if base, _, tagged := strings.Cut(local, "+"); tagged && base != "" {
		return base
	}
	return local
}

// likeness says in which way the suggested person's address is nearly the Zoom email.
func (r Result) likeness() string {
	zoom, near := Normal(r.ZoomEmail).Local(), Normal(r.Suggestion).Local()
	elsewhere := Normal(r.ZoomEmail).Domain() != Normal(r.Suggestion).Domain()
	switch {
	case zoom == near && !elsewhere:
	case WithoutTag(zoom) == near:
		return "it is the address with a tag behind a plus"
	case elsewhere, Drawn(zoom) == Drawn(near):
		return "it is a look-alike, with letters of another alphabet or form"
	}
	return ""
}

// HomeAddress is the address of a guest at home, which Entra writes into the UPN:
// a_partner.example#EXT#@contoso.onmicrosoft.com is a@partner.example. Empty is not known.
//
// https://learn.microsoft.com/entra/external-id/user-properties
func HomeAddress(name string) string {
	local, _, guest := strings.Cut(name, "#")
	if !guest || !IsGuest(name) {
		return ""
	}
	at := strings.LastIndexByte(local, '_') // a domain has none
	if at <= 0 || at == len(local)-1 {
		return ""
	}
	return local[:at] + "@" + local[at+1:]
}
