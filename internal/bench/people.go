package main

import (
	"fmt"
	"strconv"
	"strings"
)

// row is a Microsoft user of the generated tenant.
type row struct {
	id, upn, mail string
	proxies       []string
	disabled      bool
	guest         bool
	synced        bool
	deleted       bool
}

// answer is what a report must say of one Zoom user.
type answer struct {
	email, class, flags, upn, id, matchedOn, suggestion string
}

// person is one place of the generated tenant: who is there on both sides and
// what is right to say of them. Nobody has an email that is empty.
type person struct {
	email  string
	rows   []row
	answer answer
}

// parts of the whole, in thousandths, in this order.
var parts = []struct {
	class string
	share uint64
}{
	{"match", 700},
	{"mail", 80},
	{"alias", 60},
	{"guest", 10},
	{"domain", 40},
	{"typo", 30},
	{"ambiguous", 15},
	{"deleted", 15},
	{"missing", 50},
}

// extra is the share of Microsoft users without a Zoom user, in thousandths of
// the Zoom users.
const extra = 50

const initial = "contoso.onmicrosoft.com"

// dice are the numbers that decide about one place.
type dice struct{ state uint64 }

// roll is splitmix64.
//
// https://prng.di.unimi.it/splitmix64.c
func (d *dice) roll(n uint64) uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return (z ^ z>>31) % n
}

// place makes the person at i of n. Places from n on have no Zoom user.
func place(i, n int) person {
	d := &dice{state: uint64(i) << 20}
	domain := []string{"contoso.com", "contoso.com", "contoso.com", "fabrikam.com", "northwind.com"}[d.roll(5)]
	// An odd factor permutes the numbers below 2^32: no two people are alike.
	tag := strconv.FormatUint(uint64(uint32(i)*2654435761), 36)
	local := firstNames[d.roll(uint64(len(firstNames)))] + "." + lastNames[d.roll(uint64(len(lastNames)))] + tag
	at := "@" + domain
	u := row{
		id:       guid(d),
		upn:      local + at,
		mail:     local + at,
		disabled: d.roll(100) < 3,
		synced:   d.roll(100) < 20,
	}
	aliases := []string{"smtp:" + tag + at, "smtp:" + local + "@mail." + domain, "smtp:" + local + ".old@" + domain}
	p := person{}
	set := func(class, email, on string) {
		p.email = email
		p.answer = answer{
			email:     email,
			class:     class,
			upn:       u.upn,
			id:        u.id,
			matchedOn: on,
		}
	}
	switch class := classOf(d, i, n); class {
	case "match":
		set(class, u.upn, u.upn)
		if d.roll(20) == 0 {
			p.email = strings.ToUpper(local[:1]) + local[1:] + at
			p.answer.email = p.email
		}
	case "mail":
		u.upn = "u" + tag + at
		set(class, u.mail, u.mail)
	case "alias":
		email := strings.TrimPrefix(aliases[0], "smtp:")
		set(class, email, email)
	case "guest":
		u.mail = local + "@partner.example"
		u.upn, u.guest, u.synced = local+"_partner.example#EXT#@"+initial, true, false
		set(class, u.mail, u.mail)
		aliases = nil
	case "domain":
		email := local + at
		elsewhere := []string{initial, "tailspin.com"}[d.roll(2)]
		u.upn, u.mail, aliases = local+"@"+elsewhere, "", aliases[:1]
		set(class, email, u.upn)
	case "typo":
		set(class, mistype(d, local)+at, "")
		p.answer.suggestion, p.answer.upn, p.answer.id = u.upn, "", ""
		u.synced, u.disabled = false, false
	case "ambiguous":
		return ambiguous(d, local, tag, at, u)
	case "deleted":
		email := u.upn
		u.upn, u.deleted = strings.ReplaceAll(u.id, "-", "")+u.upn, true
		set(class, email, email)
	case "missing":
		email := "ghost." + tag + at
		p.email, p.answer = email, answer{email: email, class: class}
		return p
	default: // in Microsoft only
	}
	u.proxies = aliases
	if u.mail != "" {
		u.proxies = append([]string{"SMTP:" + u.mail}, aliases...)
	}
	p.rows = []row{u}
	if p.answer.upn != "" {
		p.answer.flags = flags(u, p.email)
	}
	return p
}

func classOf(d *dice, i, n int) string {
	u := d.roll(1000)
	if i >= n {
		return ""
	}
	for _, part := range parts {
		if u < part.share {
			return part.class
		}
		u -= part.share
	}
	panic("the parts make no whole")
}

// ambiguous is one Zoom user whom one rule finds twice: by mail, by alias or by
// the local part.
func ambiguous(d *dice, local, tag, at string, u row) person {
	other := row{id: guid(d), upn: "x" + tag + at}
	u.upn, u.mail = "u"+tag+at, ""
	email := local + at
	switch d.roll(3) {
	case 0:
		u.mail, other.mail = email, email
	case 1:
		u.proxies, other.proxies = []string{"smtp:" + email}, []string{"smtp:" + email}
	case 2:
		u.upn, other.upn = local+"@"+initial, local+"@tailspin.com"
	}
	return person{email: email, rows: []row{u, other}, answer: answer{email: email, class: "ambiguous"}}
}

func flags(u row, email string) string {
	var all []string
	if u.disabled {
		all = append(all, "disabled")
	}
	if u.synced {
		all = append(all, "synced")
	}
	if email != u.upn && strings.EqualFold(email, u.upn) {
		all = append(all, "case")
	}
	return strings.Join(all, " ")
}

// mistype makes one or two mistakes in a name.
func mistype(d *dice, name string) string {
	wrong := name
	for range 1 + d.roll(2) {
		at := 1 + int(d.roll(uint64(len(wrong)-2)))
		letter := string(rune('a' + d.roll(26)))
		switch d.roll(4) {
		case 0:
			wrong = wrong[:at] + letter + wrong[at+1:]
		case 1:
			wrong = wrong[:at] + letter + wrong[at:]
		case 2:
			wrong = wrong[:at] + wrong[at+1:]
		case 3:
			wrong = wrong[:at] + wrong[at+1:at+2] + wrong[at:at+1] + wrong[at+2:]
		}
	}
	if wrong == name {
		return name + "q"
	}
	return wrong
}

func guid(d *dice) string {
	a, b := d.roll(1<<63), d.roll(1<<63)
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", uint32(a), uint16(a>>32), uint16(a>>47), uint16(b), b>>15)
}

var firstNames = strings.Fields(`adele alex ali amira ana anders anna antoine aoife astrid ben bianca carla carlos
cedric chen chiara claire daniel david diego elena emil emma erik fatima felix finn gabriel grace hana hannah
hugo ida ines isaac ivan jan joao johanna joni jonas julia kai karim karin lara laura lea lee leon linnea louis
lucia luis lynne magnus mai marco maria marta mateo megan mia miriam mohamed nadia nestor nils noah nora olga
omar oscar patti paul pedro pia pradeep rafael rania rosa ruth sam sara sven tariq theo tomas vera wei yara zoe`)

var lastNames = strings.Fields(`abbas almeida andersen bauer becker berg bianchi blanc bondarenko brown carter
castro chen cohen costa dahl diaz dubois eriksen esposito evans fernandez ferrari fischer fontaine fuchs garcia
gomez graf green haddad hansen hill hoffmann horvat huang ito ivanov jansen jensen johnson jones kaya keller
khan kim klein kovacs kumar lambert larsen lee lehmann lopez lund maier marin martin meyer miller moreau moreno
muller nagy nakamura nguyen nielsen novak olsen ortega park patel pereira petrov peters popescu qureshi ramos
rossi roux ruiz santos sato schmidt schneider schulz sherman silva singh smith sousa suzuki tanaka taylor
thomas torres vance vargas vogel wagner walker wang weber white wilber wilson wolf wright yamada yilmaz young
zhang zimmermann`)
