package upn

import (
	"fmt"
	"strings"
)

// The longest parts of a UPN.
const (
	maxUserName   = 64
	maxUserDomain = 48
)

// userNameLetters are those that a UPN may have before its @, beside letters and digits.
const userNameLetters = "'.-_!#^~"

// Refused says why Entra takes no UPN like an address; empty is that it does.
//
// https://learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization
func Refused(address string) string {
	local, domain, found := cutLast(strings.TrimSpace(address))
	switch {
	case !found || local == "" || domain == "":
		return "it is no address"
	case len(local) > maxUserName:
		return fmt.Sprintf("the part before the @ has more than %d letters", maxUserName)
	case len(domain) > maxUserDomain:
		return fmt.Sprintf("the domain has more than %d letters", maxUserDomain)
	case strings.HasSuffix(local, "."):
		return "a dot stands before the @"
	}
	for _, part := range []struct{ text, letters string }{{local, userNameLetters}, {domain, "-."}} {
		for _, r := range part.text {
			plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !plain && !strings.ContainsRune(part.letters, r) {
				return fmt.Sprintf("%q is none of the letters that a UPN may have", r)
			}
		}
	}
	return ""
}
