package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
)

// Apply is the JSON of apply.
type Apply struct {
	// Status is nothing, applied, pending, blocked, unknown or failed.
	Status string `json:"status"`
	Plan   string `json:"plan"`
	Steps  []Done `json:"steps"`
	// Connections are what is known of each scope afterwards.
	Connections []ScopeConnection `json:"connections"`
	// Open are findings that no step mends, Unseen checks that could not look.
	Open   []plan.Open `json:"open"`
	Unseen []string    `json:"unseen"`
}

// ScopeConnection is what is known of the connection of one scope.
type ScopeConnection struct {
	Scope  string `json:"scope"`
	Status string `json:"status"`
	Why    string `json:"why"`
	Connection
}

// NewConnections are the JSON of connections.
func NewConnections(all []doctor.Connection) []ScopeConnection {
	some := []ScopeConnection{}
	for _, c := range all {
		some = append(
			some,
			ScopeConnection{
				Scope:      c.Scope,
				Status:     string(c.State),
				Why:        c.Why,
				Connection: NewConnection(c),
			},
		)
	}
	return some
}

// Done is a step with what became of it.
type Done struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Scope string `json:"scope"`
	What  string `json:"what"`
	// Status is done, already, confirmed, evidenced, pending, blocked, failed or not begun.
	Status string `json:"status"`
	Why    string `json:"why"`
}

// ApplyListing shows what was done and what was not.
func ApplyListing(a Apply) Listing {
	l := Listing{Value: a, Columns: []string{"kind", "scope", "what", "status", "why"}, Empty: "No step was done."}
	if a.Status == "nothing" {
		l.Empty = "Nothing to do."
	}
	for _, s := range a.Steps {
		l.Rows = append(l.Rows, []string{s.Kind, s.Scope, s.What, s.Status, s.Why})
	}
	return l
}

// Portal is the JSON of portal list.
type Portal struct {
	Pending int             `json:"pending"`
	Steps   []PortalControl `json:"steps"`
}

// PortalControl is a control of Zoom's portal with what is wanted and who confirmed
// it.
type PortalControl struct {
	// Step names the control on the command line: account/setup-by.
	Step        string     `json:"step"`
	Scope       string     `json:"scope"`
	Menu        string     `json:"menu"`
	Address     string     `json:"address"`
	Control     string     `json:"control"`
	Choose      string     `json:"choose"`
	ConfirmedBy *string    `json:"confirmed_by"`
	At          *time.Time `json:"at"`
}

// PortalListing shows the controls.
func PortalListing(all []PortalControl) Listing {
	value := Portal{Steps: append([]PortalControl{}, all...)}
	l := Listing{
		Columns: []string{"step", "control", "choose", "confirmed_by", "at"},
		Empty:   "The tenant file sets nothing that stands in Zoom's portal.",
	}
	for _, c := range all {
		by, at := "pending", ""
		if c.ConfirmedBy != nil {
			by, at = *c.ConfirmedBy, c.At.UTC().Format(time.RFC3339)
		} else {
			value.Pending++
		}
		l.Rows = append(l.Rows, []string{c.Step, c.Control, c.Choose, by, at})
	}
	l.Value = value
	return l
}

// Checklist is what is pending in portals, as Markdown for a ticket.
func Checklist(tenantName string, all []PortalControl) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Zoom and Office 365 calendar integration: %s\n", plainText(tenantName))
	menu, n := "", 0
	for _, c := range all {
		if c.ConfirmedBy != nil {
			continue
		}
		if c.Menu != menu {
			menu, n = c.Menu, 0
			fmt.Fprintf(&b, "\n### %s\n\n<%s> (%s)\n\n", plainText(menu), c.Address, MenuDecides)
		}
		n++
		fmt.Fprintf(&b, "- [ ] %s. **%s**: %s (`%s`)\n", strconv.Itoa(n), plainText(c.Control), plainText(c.Choose), c.Step)
	}
	if menu == "" {
		b.WriteString("\nNothing is left to do in a portal, as people confirmed it. What Entra shows of it: zo365 plan\n")
		return b.String()
	}
	b.WriteString("\nWhen it is done: `zo365 portal confirm --all --by YOUR-UPN`, then `zo365 apply`.\n")
	return b.String()
}

// plainText keeps names from being read as Markdown.
func plainText(text string) string { return asPlainText.Replace(visible(text)) }

var asPlainText = strings.NewReplacer(
	`\`, `\\`,
	"*", `\*`,
	"_", `\_`,
	"`", "\\`",
	"<", "&lt;",
	"[", `\[`,
	"|", `\|`,
	"\n", " ",
)

// StepName names a portal step on the command line.
func StepName(scope string, s doctor.PortalStep) string { return scope + "/" + s.Code }
