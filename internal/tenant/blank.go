package tenant

import "unicode"

// IsBlank says whether a letter takes no ink: white space, and the marks without width that
// copying from mails and pages leaves around an address.
func IsBlank(r rune) bool {
	switch {
	case unicode.IsSpace(r), r == '\u00ad', r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e',
		r >= '\u2060' && r <= '\u2064', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
		return true
	}
	return false
}
