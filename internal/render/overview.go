package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/profile"
)

// Overview is the JSON of status: the whole integration on one screen.
type Overview struct {
	Tenant      OverviewTenant `json:"tenant"`
	Application *OverviewApp   `json:"application"`
	// ApplicationWhy says why there is none.
	ApplicationWhy string          `json:"application_why"`
	Scopes         []OverviewScope `json:"scopes"`
	// Mailboxes is what Zoom is narrowed to.
	Mailboxes OverviewMailboxes `json:"mailboxes"`
	Waiting   []Waiting         `json:"waiting"`
	Problems  []OverviewProblem `json:"problems"`
	Counts    SeverityCounts    `json:"counts"`
	// Next is the command to run next.
	Next string    `json:"next"`
	At   time.Time `json:"at"`
}

// OverviewTenant is what is connected with what.
type OverviewTenant struct {
	Microsoft   string `json:"microsoft"`
	Name        string `json:"name"`
	Zoom        string `json:"zoom"`
	File        string `json:"file"`
	ZoomAccount string `json:"zoom_owner"`
}

// OverviewApp is Zoom's application.
type OverviewApp struct {
	Name  string `json:"name"`
	AppID string `json:"app_id"`
}

// OverviewScope is the account or a group.
type OverviewScope struct {
	Scope   string            `json:"scope"`
	Wanted  profile.Effective `json:"wanted"`
	Summary string            `json:"summary"`
	Status  string            `json:"status"`
	Why     string            `json:"why"`
	Connection
}

// OverviewMailboxes says whom Zoom reaches.
type OverviewMailboxes struct {
	// State is as with rbac show; Wanted the scopes in words, none where every mailbox is meant.
	State  string   `json:"state"`
	Wanted []string `json:"wanted"`
	// Problem is why it is not narrowed, with the states that have one.
	Problem string `json:"problem"`
}

// Waiting is something that waits for somebody.
type Waiting struct {
	For   string     `json:"for"`
	What  string     `json:"what"`
	Since *time.Time `json:"since"`
	Until *time.Time `json:"until"`
	Next  string     `json:"next"`
}

// OverviewProblem is a finding that needs somebody.
type OverviewProblem struct {
	Code     string `json:"code"`
	Scope    string `json:"scope"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Saw      string `json:"saw"`
	Fix      string `json:"fix"`
}

// WantedWords says in a few words what a profile wants.
func WantedWords(e profile.Effective) string {
	services := map[profile.Service]string{
		profile.Office365: "Office 365", profile.Google: "Google", profile.Exchange: "Exchange on premises",
	}
	switch {
	case !e.Enabled:
		return "off"
	case e.DefaultService != profile.Office365:
		return services[e.DefaultService]
	case e.SetupBy == profile.Admin:
		return "Office 365, set up by an admin"
	}
	words := "Office 365, set up by users"
	if e.AuthorizeWith == profile.EWS {
		words += ", by Exchange Web Services"
	}
	return words
}

// NewProblems are the findings that need somebody, worst first.
func NewProblems(all []doctor.Finding) []OverviewProblem {
	found := []OverviewProblem{}
	for _, severity := range problems {
		for _, f := range all {
			if f.Severity == severity && f.Muted == nil {
				found = append(found, OverviewProblem{
					Code:     f.Code,
					Scope:    f.Scope,
					Severity: string(f.Severity),
					Title:    f.Title,
					Saw:      f.Saw,
					Fix:      f.Fix,
				})
			}
		}
	}
	return found
}

// NewOverviewScope is a scope as it is shown.
func NewOverviewScope(scope string, wanted profile.Effective, c doctor.Connection) OverviewScope {
	one := OverviewScope{
		Scope:      scope,
		Wanted:     wanted,
		Summary:    WantedWords(wanted),
		Status:     string(c.State),
		Why:        c.Why,
		Connection: NewConnection(c),
	}
	if !wanted.Authorizable() {
		one.Status, one.Why = "not wanted", "the profile asks for no application permissions"
	}
	return one
}

// OverviewListing shows all of it on one screen.
func OverviewListing(o Overview) Listing {
	l := Listing{
		Value:   o,
		Columns: []string{"scope", "wanted", "status", "consented", "confirmed", "in_use", "why"},
		Text:    o.text,
		Page:    func(w io.Writer) error { return overviewTemplate.Execute(w, o) },
	}
	for _, s := range o.Scopes {
		l.Rows = append(l.Rows, []string{
			s.Scope, s.Summary, s.Status, s.Consented.withWho(), s.Confirmed.withWho(), s.InUse.withWho(), s.Why,
		})
	}
	return l
}

// withWho is a fact in a few words, with its day and who says so.
func (k Known) withWho() string {
	if k.Known == string(doctor.Yes) && k.By != nil {
		return k.short() + " by " + *k.By
	}
	return k.short()
}

var statusColours = map[string]Colour{
	string(doctor.StateAuthorized): Good,
	string(doctor.StateConsented):  Doubtful,
	string(doctor.StatePending):    Doubtful,
	string(doctor.StateBlocked):    Bad,
}

func (o Overview) text(w io.Writer, paint Paint) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Microsoft tenant   %s\n", visible(strings.TrimSpace(o.Tenant.Name+" "+o.Tenant.Microsoft)))
	fmt.Fprintf(&b, "Zoom account       %s\n", visible(strings.TrimSpace(o.Tenant.ZoomAccount+" "+o.Tenant.Zoom)))
	app := o.ApplicationWhy
	if o.Application != nil {
		app = o.Application.Name + " " + o.Application.AppID
	}
	fmt.Fprintf(&b, "Zoom's application %s\n", visible(app))
	fmt.Fprintf(&b, "Mailboxes          %s\n\n", visible(o.Mailboxes.words()))
	for _, s := range o.Scopes {
		fmt.Fprintf(&b, "%s: %s\n", visible(s.Scope), visible(s.Summary))
		if s.Status == "not wanted" {
			continue
		}
		fmt.Fprintf(&b, "  %s: %s\n", paint.text(statusColours[s.Status], s.Status), visible(s.Why))
		fmt.Fprintf(&b, "  consented %s; confirmed in the portal %s; in use %s\n",
			visible(s.Consented.withWho()), visible(s.Confirmed.withWho()), visible(s.InUse.withWho()))
	}
	if len(o.Waiting) > 0 {
		b.WriteString("\nWaiting\n")
		for _, one := range o.Waiting {
			fmt.Fprintf(&b, "  for %s: %s%s\n    %s\n", visible(one.For), visible(one.What), one.when(), visible(one.Next))
		}
	}
	if len(o.Problems) > 0 {
		b.WriteString("\nProblems (zo365 doctor says why they matter)\n")
		for _, p := range o.Problems {
			fmt.Fprintf(&b, "  %s %s (%s)\n", paint.text(severityColours[p.Severity], fmt.Sprintf("%-8s", p.Severity)),
				visible(p.Title), visible(p.Code))
		}
	}
	fmt.Fprintf(&b, "\nNext: %s\n", visible(o.Next))
	_, err := io.WriteString(w, b.String())
	return err
}

func (one Waiting) when() string {
	words := ""
	if one.Since != nil {
		words += ", since " + one.Since.UTC().Format(time.RFC3339)
	}
	if one.Until != nil {
		words += ", until " + one.Until.UTC().Format(time.RFC3339) + " at the latest"
	}
	return words
}

func (m OverviewMailboxes) words() string {
	if len(m.Wanted) == 0 {
		return "every one (no mailbox_scope is set)"
	}
	words := strings.Join(m.Wanted, " and ") + ": " + m.State
	if m.State == "not possible" { // of the others what waits says it
		words += " (" + m.Problem + ")"
	}
	return words
}

//go:embed overview.html
var overviewPage string

var overviewTemplate = template.Must(template.New("overview").Funcs(template.FuncMap{
	"short":     Known.withWho,
	"mailboxes": OverviewMailboxes.words,
	"when":      Waiting.when,
}).Parse(overviewPage))
