package export

import (
	"bytes"
	"strings"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/tenant"
)

// cells are a row in its fields, from CSV or from JSON.
type cells struct {
	text [][]byte
	// quoted says of a cell of CSV whether it was in quotes: only then can it hold commas and
	// line breaks.
	quoted []bool
	// lists are those of JSON, a list of texts each.
	lists [][][]byte
	// plan is what JSON says of the assigned plans.
	plan *bool
	// mixed: commas do not separate cells, so a list may be joined by them.
	mixed bool
	rooms bool
	// onPremises: everybody of the file is in an on-premises directory. cloud: the person has Graph's
	// property, which is null for those who never were.
	onPremises, cloud bool
	seen              []seen
	proxies           [][]byte
}

func newCells(fields int) cells {
	return cells{
		text:   make([][]byte, fields),
		quoted: make([]bool, fields),
		lists:  make([][][]byte, fields),
		seen:   make([]seen, fields),
	}
}

// filled counts a cell that says something.
func (c *cells) filled(f Field) []byte {
	if len(c.text[f]) > 0 {
		c.seen[f].filled++
	}
	return c.text[f]
}

func (c *cells) truth(f Field) *bool { return truth(c.text[f], &c.seen[f]) }

// aliases are the SMTP addresses of a list of JSON or of a cell.
func (c *cells) aliases() [][]byte {
	c.proxies = c.proxies[:0]
	if list := c.lists[Aliases]; list != nil {
		if len(list) > 0 {
			c.seen[Aliases].filled++
		}
		for _, one := range list {
			one = trim(one)
			if bytes.IndexByte(one, '@') < 0 && bytes.IndexByte(one, ':') < 0 {
				c.seen[Aliases].strange(one)
			}
			if address, ok := smtpAddress(one); ok {
				c.proxies = append(c.proxies, address)
			}
		}
		return c.proxies
	}
	c.proxies = addresses(c.proxies, c.text[Aliases], c.quoted[Aliases] || c.mixed, &c.seen[Aliases])
	return c.proxies
}

var microsoft = side[tenant.User, Person]{
	service:      "Microsoft",
	columns:      microsoftColumns,
	required:     UPN,
	without:      "this user has no user principal name",
	lacking:      `the column "userPrincipalName" (or "User principal name") is missing`,
	hint:         "export the users again with the column userPrincipalName",
	other:        "this looks like a Zoom export: give it as --zoom-export",
	otherColumns: []string{"email", "users"},
	lists:        []string{"value", "resources"},
	kind: func(has func(string) bool, json bool) string {
		kind := kindOf(has)
		if json && kind == "Graph properties" {
			return "Graph JSON"
		}
		return kind
	},
	notes:      microsoftNotes,
	row:        readPerson,
	apart:      func(*cells) bool { return false },
	keepsApart: true,
	whole:      (*Person).user,
}

func readPerson(c *cells, p *Person) bool {
	recipient := c.text[Recipient]
	*p = Person{
		UPN:      c.filled(UPN),
		Mail:     c.filled(Mail),
		ID:       c.filled(ID),
		Name:     c.filled(Name),
		Proxies:  c.aliases(),
		Enabled:  c.truth(Enabled),
		MailPlan: c.truth(MailPlan),
		Synced:   c.truth(Synced),
		Guest:    fold(c.filled(Type), "guest") || fold(recipient, "guestmailuser"),
		Deleted:  len(c.text[Deleted]) > 0,
		Resource: !isPerson(recipient) || isServiceAccount(c.text[UPN], c.text[Object]),
	}
	if blocked := c.truth(Blocked); p.Enabled == nil {
		p.Enabled = not(blocked)
	}
	if c.plan != nil {
		p.MailPlan = c.plan
	}
	switch {
	case c.onPremises:
		p.Synced = choice(true)
	case c.cloud && p.Synced == nil && len(c.text[Synced]) == 0:
		p.Synced = choice(false)
	}
	apart := p.Resource && !c.rooms
	p.Resource = apart
	return !apart
}

var zoom = side[tenant.ZoomUser, Account]{
	service:      "Zoom",
	columns:      zoomColumns,
	required:     Email,
	without:      "this user has no email",
	lacking:      `the column "Email" is missing`,
	hint:         "export the users again, in Zoom's portal: " + menu.ZoomUsers + " > Export",
	other:        "this looks like a Microsoft export: give it as --microsoft-export",
	otherColumns: []string{"userprincipalname", "value"},
	lists:        []string{"users", "resources"},
	kind: func(_ func(string) bool, json bool) string {
		if json {
			return "Zoom JSON"
		}
		return "Zoom user export"
	},
	notes: zoomNotes,
	row:   readAccount,
	apart: func(c *cells) bool { return isRoom(c.text[License]) },
	whole: (*Account).user,
}

func readAccount(c *cells, a *Account) bool {
	*a = Account{
		Email: c.filled(Email),
		ID:    c.filled(ZoomID),
		Name:  c.filled(ZoomName),
		First: c.text[FirstName],
		Last:  c.text[LastName],
	}
	for _, f := range []Field{Status, Active} {
		cell := c.filled(f)
		status, known := statusOf(cell)
		if !known {
			c.seen[f].strange(cell)
			status = tenant.UnclearStatus
		}
		if a.Status == "" {
			a.Status = status
		}
	}
	for _, id := range c.lists[Groups] {
		a.Groups = append(a.Groups, string(id))
	}
	return c.rooms || !isRoom(c.filled(License))
}

// user is the person with all that the row says.
func (p *Person) user() tenant.User {
	u := tenant.User{
		UPN:         string(p.UPN),
		Mail:        string(p.Mail),
		ID:          string(p.ID),
		DisplayName: string(p.Name),
		Enabled:     p.Enabled,
		MailPlan:    p.MailPlan,
		Guest:       p.Guest,
		Synced:      p.Synced,
		Deleted:     p.Deleted,
		Resource:    p.Resource,
	}
	for _, address := range p.Proxies {
		u.Proxies = append(u.Proxies, string(address))
	}
	return u
}

// user is the account with all that the row says.
func (a *Account) user() tenant.ZoomUser {
	name := string(a.Name)
	if name == "" {
		name = strings.TrimSpace(string(a.First) + " " + string(a.Last))
	}
	return tenant.ZoomUser{
		ID:          string(a.ID),
		Email:       string(a.Email),
		DisplayName: name,
		Status:      a.Status,
		GroupIDs:    a.Groups,
	}
}
