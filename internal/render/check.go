package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// Check is the JSON of upn check.
type Check struct {
	People []CheckedPerson `json:"people"`
	// At and Sources are when and where they were looked up, for the forms that people read.
	At      time.Time `json:"-"`
	Sources string    `json:"-"`
}

// CheckedPerson is one person with both sides and what to do.
type CheckedPerson struct {
	Person
	// Asked is the address that was asked for, where Zoom has the person by another one.
	Asked string `json:"asked,omitempty"`
	// InZoom is false when the Zoom account has nobody with this email.
	InZoom     bool     `json:"in_zoom"`
	ZoomStatus string   `json:"zoom_status"`
	EntraMail  string   `json:"entra_mail"`
	Aliases    []string `json:"aliases"`
	Why        string   `json:"why"`
	Remedies   []string `json:"remedies"`
	// Story is the text for a ticket, with --explain and in Markdown.
	Story string `json:"story,omitempty"`
}

// CheckColumns are the names of the columns of upn check.
func CheckColumns() []string {
	return []string{"zoom_email", "in_zoom", "class", "flags", "entra_upn", "entra_mail", "matched_on", "suggestion"}
}

// CheckListing shows the two sides of each person.
func CheckListing(c Check) Listing {
	l := Listing{
		Value:   c,
		Page:    c.page,
		Reports: map[Format]func() ([]byte, error){Markdown: c.markdown},
		Columns: CheckColumns(),
		Important: []string{
			"zoom_email", "class", "entra_upn", "in_zoom", "flags", "suggestion", "matched_on", "entra_mail",
		},
	}
	for _, p := range c.People {
		l.Rows = append(
			l.Rows,
			[]string{
				p.ZoomEmail,
				YesNo(p.InZoom),
				p.Class,
				strings.Join(p.Flags, " "),
				p.EntraUPN,
				p.EntraMail,
				p.MatchedOn,
				p.Suggestion,
			},
		)
	}
	return l
}

// markdown is the stories, for a ticket.
func (c Check) markdown() ([]byte, error) {
	stories := make([]string, len(c.People))
	for i, p := range c.People {
		stories[i] = p.Story
	}
	return []byte(strings.Join(stories, "\n")), nil
}

//go:embed check.html
var checkPage string

var checkTemplate = template.Must(
	template.New("check").Funcs(template.FuncMap{"meaning": meaningOf}).Parse(checkPage),
)

// page is the same as one page that needs nothing else.
func (c Check) page(w io.Writer) error {
	title := fmt.Sprintf("Calendar integration: %d people", len(c.People))
	if len(c.People) == 1 {
		title = "Calendar integration: " + c.People[0].ZoomEmail
	}
	return checkTemplate.Execute(w, map[string]any{
		"Title":   title,
		"At":      c.At.UTC().Format("2006-01-02 15:04 UTC"),
		"Sources": c.Sources,
		"People":  c.People,
	})
}

// FoundPerson is somebody whom upn find shows.
type FoundPerson struct {
	// Side is Zoom or Microsoft.
	Side string `json:"side"`
	Name string `json:"name"`
	// Address is the Zoom email or the UPN.
	Address string   `json:"address"`
	Mail    string   `json:"mail"`
	Aliases []string `json:"aliases"`
	// Status is Zoom's, or guest, disabled or deleted.
	Status string `json:"status"`
	// FoundIn is name, address, mail or alias, the first that has the text.
	FoundIn string `json:"found_in"`
}

// Found is the JSON of upn find.
type Found struct {
	People []FoundPerson `json:"people"`
	// More says that there are more than were asked for.
	More bool `json:"more"`
}

// FoundListing shows who is meant.
func FoundListing(f Found) Listing {
	l := Listing{
		Value:     f,
		Columns:   []string{"side", "address", "name", "mail", "status", "found_in", "aliases"},
		Important: []string{"address", "side", "name", "status", "found_in", "mail", "aliases"},
		Empty:     "Nobody to show.",
	}
	for _, p := range f.People {
		l.Rows = append(l.Rows, []string{
			p.Side, p.Address, p.Name, p.Mail, p.Status, p.FoundIn, strings.Join(p.Aliases, " "),
		})
	}
	return l
}
