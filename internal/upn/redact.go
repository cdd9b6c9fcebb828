package upn

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/zo365/zo365/internal/tenant"
)

// Pseudonyms replace people by names that are the same for the same person as
// long as the key is, and that nobody without the key can turn back.
type Pseudonyms struct{ key []byte }

// NewPseudonyms makes pseudonyms with a secret key.
func NewPseudonyms(key []byte) Pseudonyms { return Pseudonyms{key: key} }

func (p Pseudonyms) digest(kind, text string, bytes int) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(kind + "\x00" + text)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:bytes])
}

// Address replaces both parts of an address. The same local part under two
// domains stays the same, and the tenant's initial domain stays one: both carry
// the meaning of a class.
func (p Pseudonyms) Address(text string) string {
	if text == "" {
		return ""
	}
	a := Normal(text)
	local := "person-" + p.digest("local", a.Local(), 5)
	if IsGuest(text) {
		local += "#EXT#"
	}
	if !a.Complete() {
		return local
	}
	return local + "@" + p.Domain(a.Domain())
}

// Domain replaces a domain.
func (p Pseudonyms) Domain(domain string) string {
	if strings.HasSuffix(domain, ".onmicrosoft.com") {
		return "tenant-" + p.digest("domain", domain, 3) + ".onmicrosoft.com"
	}
	return "domain-" + p.digest("domain", domain, 3) + ".example"
}

// Tenant replaces the name or the ID of a tenant.
func (p Pseudonyms) Tenant(tenant string) string {
	switch {
	case tenant == "":
		return ""
	case strings.Contains(tenant, "."):
		return p.Domain(NormalDomain(tenant))
	}
	return "tenant-" + p.digest("tenant", strings.ToLower(tenant), 3)
}

// Result replaces everybody in a result, and in its explanation and remedies, which stay those
// of the people behind the pseudonyms.
func (p Pseudonyms) Result(r Result) Result {
	behind := &redacted{Result: r, names: p}
	r.redacted = behind
	r.ZoomEmail, r.MatchedOn = p.Address(r.ZoomEmail), p.Address(r.MatchedOn)
	r.TakenBy, r.Suggestion = p.Address(r.TakenBy), p.Address(r.Suggestion)
	candidates := make([]string, len(r.Candidates))
	for i, c := range r.Candidates {
		candidates[i] = p.Address(c)
	}
	r.Candidates = candidates
	if r.Entra != nil {
		u := p.User(*r.Entra)
		r.Entra = &u
	}
	return r
}

// User replaces a person.
func (p Pseudonyms) User(u tenant.User) tenant.User {
	u.ID, u.UPN, u.Mail, u.DisplayName = "id-"+p.digest("id", u.ID, 8), p.Address(u.UPN), p.Address(u.Mail), ""
	proxies := make([]string, 0, len(u.Proxies))
	for _, x := range u.Proxies {
		if Normal(x) != "" {
			proxies = append(proxies, "smtp:"+p.Address(x))
		}
	}
	u.Proxies = proxies
	return u
}

// redacted is a result that is shown with pseudonyms.
type redacted struct {
	Result
	names Pseudonyms
}

// hide replaces everybody in a text, in whatever quotes their addresses stand.
func (h *redacted) hide(text string) string {
	if text == "" {
		return ""
	}
	addresses := append([]string{h.ZoomEmail, h.MatchedOn, h.TakenBy, h.Suggestion}, h.Candidates...)
	if h.Entra != nil {
		addresses = append(addresses, h.Entra.UPN, h.Entra.Mail)
	}
	pairs := map[string]string{}
	for _, a := range addresses {
		if Trim(a) == "" {
			continue
		}
		name, domain := h.names.Address(a), Normal(a).Domain()
		for _, form := range []string{a, Trim(a), string(Normal(a))} {
			quoted := shell.PowerShell(form)
			twice := shell.PowerShell(quoted)
			for _, one := range []string{form, quoted[1 : len(quoted)-1], twice[3 : len(twice)-3], shell.Word(form)} {
				pairs[one] = name
			}
		}
		if domain != "" {
			pairs[domain] = h.names.Domain(domain)
		}
	}
	longest := slices.SortedFunc(maps.Keys(pairs), func(a, b string) int { return len(b) - len(a) })
	both := make([]string, 0, 2*len(longest))
	for _, one := range longest {
		both = append(both, one, pairs[one])
	}
	return strings.NewReplacer(both...).Replace(text)
}

func (h *redacted) hideAll(texts []string) []string {
	hidden := make([]string, len(texts))
	for i, text := range texts {
		hidden[i] = h.hide(text)
	}
	return hidden
}
