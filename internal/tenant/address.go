package tenant

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsAddress says whether a text is one email address and nothing else: there is a domain, nothing
// stands in it that has no ink or parts several, and no prefix but that of mail.
func IsAddress[T string | []byte](text T) bool {
	at, dot := -1, 0
	for i, r := range string(text) {
		switch {
		case r >= utf8.RuneSelf:
			if r == utf8.RuneError || !unicode.IsPrint(r) {
				return false
			}
		case noPart[r]:
			return false
		case r == ':' && !strings.EqualFold(string(text[:i]), "smtp"):
			return false
		case r == '@' && at >= 0:
			return false
		case r == '@':
			at = i
		case r == '.':
			dot = i
		}
	}
	last := len(text) - 1
	return at > 0 && dot > at+1 && dot < last && (text[0] != '\'' || text[last] != '\'')
}

// noPart are the signs that are in no address: those without ink, and those that part several.
var noPart = func() (none [utf8.RuneSelf]bool) {
	for c := range none {
		none[c] = c <= ' ' || c == 0x7f || strings.ContainsRune(`<>,;"()[]\`, rune(c))
	}
	return none
}()
