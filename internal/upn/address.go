// Package upn has the rules by which a person of a Zoom account and a person of a
// Microsoft tenant belong together: the normal form of addresses, the classes, what
// each means and what to do about it, and which changes are safe. Package index
// compares everybody by them, package export reads who there is.
//
// Why it matters: the UPN of the authorizing user must equal their Zoom email,
// https://support.zoom.com/hc/en/article?id=zm_kb&sysparm_article=KB0077944
package upn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/zo365/zo365/internal/tenant"
)

// Address is an address in its normal form: no outer blanks, no prefix, lower
// case, an international domain in its ASCII form.
type Address string

// Normal brings an address into its normal form. A prefix such as SMTP: or
// smtp: is dropped; an address of another kind (sip:, x500:, spo:) is empty.
func Normal(text string) Address {
	text = Trim(text)
	if prefix, rest, found := strings.Cut(text, ":"); found && !strings.Contains(prefix, "@") {
		if !strings.EqualFold(prefix, "smtp") {
			return ""
		}
		text = Trim(rest)
	}
	local, domain, found := cutLast(text)
	if !found {
		return Address(lower(text))
	}
	return Address(lower(local) + "@" + NormalDomain(domain))
}

// lower makes letters small. A letter of another alphabet whose small one is ours, such as the
// Kelvin sign, stays what it is: it is another letter.
func lower(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if small := unicode.ToLower(r); r < utf8.RuneSelf || small >= utf8.RuneSelf {
					return small
				}
				return r
			}, text)
		}
	}
	return strings.ToLower(text)
}

// Trim cuts what takes no ink before and behind an address.
func Trim(text string) string { return strings.TrimFunc(text, tenant.IsBlank) }

// OneAddress says whether a text, once trimmed, is one address and nothing else. Where it is
// not, within is the address that stands in angle brackets, if one does.
func OneAddress(text string) (ok bool, within string) {
	text = Trim(text)
	if _, rest, found := strings.Cut(text, "<"); found {
		inner, _, closed := strings.Cut(rest, ">")
		if one, _ := OneAddress(inner); closed && one {
			return false, Trim(inner)
		}
		return false, ""
	}
	if prefix, rest, found := strings.Cut(text, ":"); found {
		if one, _ := OneAddress(rest); one && !strings.Contains(prefix, "@") {
			return false, Trim(rest)
		}
		return false, ""
	}
	return tenant.IsAddress(text), ""
}

// NormalDomain is a domain in lower case and its ASCII form. One whose letters are only drawn
// as ours, wide ones for example, has no such form: it is a look-alike.
func NormalDomain(domain string) string {
	domain = lower(domain)
	for i := range len(domain) {
		if domain[i] >= utf8.RuneSelf {
			if ascii, err := idna.Lookup.ToASCII(domain); err == nil && sameLabels(domain, ascii) {
				return ascii
			}
			break
		}
	}
	return domain
}

// sameLabels says whether each part of a domain is in ASCII what it was, or its coded form.
func sameLabels(domain, ascii string) bool {
	before, after := strings.Split(domain, "."), strings.Split(ascii, ".")
	if len(before) != len(after) {
		return false
	}
	for i, label := range before {
		if label != after[i] && !strings.HasPrefix(after[i], "xn--") {
			return false
		}
	}
	return true
}

// Local is the part before the @.
func (a Address) Local() string { local, _, _ := cutLast(string(a)); return local }

// Domain is the part behind the @.
func (a Address) Domain() string { _, domain, _ := cutLast(string(a)); return domain }

// Complete says whether there is a local part and a domain.
func (a Address) Complete() bool {
	local, domain, found := cutLast(string(a))
	return found && local != "" && domain != ""
}

// cutLast cuts at the last @: a guest's UPN has none before #EXT#, and a quoted
// local part may hold more.
func cutLast(text string) (local, domain string, found bool) {
	i := strings.LastIndexByte(text, '@')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// IsGuest says whether a UPN is that of an external person:
// a_fabrikam.com#EXT#@contoso.onmicrosoft.com.
func IsGuest(upn string) bool {
	return strings.IndexByte(upn, '#') >= 0 && strings.Contains(strings.ToUpper(upn), "#EXT#")
}

// LiveUPN drops the object ID (32 hexadecimal digits) that Entra puts before
// the UPN of a soft-deleted person.
func LiveUPN(upn string) string {
	const digits = 32
	if len(upn) <= digits {
		return upn
	}
	for i := range digits {
		c := upn[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return upn
		}
	}
	return upn[digits:]
}

// IsInitialDomain says whether a domain is one that Microsoft gives a tenant at first.
func IsInitialDomain(domain string) bool {
	return strings.HasSuffix(domain, ".onmicrosoft.com") || strings.HasSuffix(domain, ".partner.onmschina.cn") ||
		strings.HasSuffix(domain, ".onmicrosoft.us")
}
