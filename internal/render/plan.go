package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/plan"
)

// PlanListing shows a plan: JSON is what a saved plan is.
func PlanListing(p plan.Plan) Listing {
	l := Listing{Value: p, Columns: []string{"kind", "scope", "what", "before", "after", "check"}, Empty: "Nothing to do: everything that can be seen is as wanted."}
	for _, s := range p.Steps {
		l.Rows = append(l.Rows, []string{s.Kind, s.Scope, StepWords(s), s.Before, s.After, s.Finding})
	}
	l.Text = func(w io.Writer, paint Paint) error { return planText(w, paint, p) }
	l.Reports = map[Format]func() ([]byte, error){Markdown: func() ([]byte, error) { return []byte(planMarkdown(p)), nil }}
	return l
}

// planText is the plan as a difference that people read. Portal steps of one page
// stand together.
func planText(w io.Writer, paint Paint, p plan.Plan) error {
	colours := map[string]Colour{"+": Good, "-": Bad, "~": Doubtful}
	if p.Empty() {
		_, err := fmt.Fprintln(w, "Nothing to do: everything that can be seen is as wanted.")
		return err
	}
	var b strings.Builder
	menu := ""
	for _, s := range p.Steps {
		if s.Page != nil && s.Page.Menu != menu {
			fmt.Fprintf(&b, "\n  a person, at %s\n  (%s)\n", s.Page.Menu, s.Page.Address)
		}
		if menu != "" && s.Page == nil {
			b.WriteString("\n")
		}
		menu = ""
		if s.Page != nil {
			menu = s.Page.Menu
		}
		fmt.Fprintf(&b, "  %s %-7s %s: %s -> %s\n", paint.text(colours[mark(s)], mark(s)), s.Kind, visible(StepWords(s)), visible(s.Before), visible(s.After))
	}
	n := p.Count()
	_, err := fmt.Fprintf(w, "%s\nPlan %s: %d by Graph, %d by Zoom's API, %d by a person, %d in the journal\n", strings.TrimPrefix(b.String(), "\n"), p.ID, n["graph"], n["zoom"], n["portal"], n["local"])
	return err
}

// Markdown is for comments and tickets.
const Markdown Format = "markdown"

// planMarkdown is a plan as a comment on a change: what zo365 does, and a checklist
// of what a person does.
func planMarkdown(p plan.Plan) string {
	var b strings.Builder
	blind := ""
	if len(p.Unseen) > 0 {
		blind = "\nCould not be seen: " + plainText(strings.Join(p.Unseen, ", ")) + ". `zo365 doctor` says why.\n"
	}
	if p.Empty() {
		return "### zo365 plan\n\nNothing to do: everything that can be seen is as wanted.\n" + blind
	}
	n := p.Count()
	fmt.Fprintf(&b, "### zo365 plan `%s`\n\n%d by Graph, %d by Zoom's API, %d by a person, %d in the journal.\n", p.ID, n["graph"], n["zoom"], n["portal"], n["local"])
	if n["portal"] < len(p.Steps) {
		b.WriteString("\n```diff\n")
	}
	for _, s := range p.Steps {
		if s.Page == nil {
			fmt.Fprintf(&b, "%s %s %s: %s -> %s\n", strings.ReplaceAll(mark(s), "~", "!"), s.Kind, fenced(StepWords(s)), fenced(s.Before), fenced(s.After))
		}
	}
	if n["portal"] < len(p.Steps) {
		b.WriteString("```\n")
	}
	menu := ""
	for _, s := range p.Steps {
		if s.Page == nil {
			continue
		}
		if s.Page.Menu != menu {
			menu = s.Page.Menu
			fmt.Fprintf(&b, "\n**%s** <%s>\n\n", plainText(menu), s.Page.Address)
		}
		fmt.Fprintf(&b, "- [ ] **%s**: %s\n", plainText(s.Page.Control), plainText(s.Page.Choose))
		if s.Page.Proof != "" {
			fmt.Fprintf(&b, "      zo365 looks for: %s\n", plainText(s.Page.Proof))
		}
	}
	return b.String() + blind
}

// fenced keeps a text within a fenced block.
func fenced(text string) string { return strings.ReplaceAll(visible(text), "`", "'") }

// mark is + for what comes, - for what goes, ~ for what changes.
func mark(s plan.Step) string {
	switch s.Action {
	case "grant-permission", "create-group", "record-consent":
		return "+"
	case "revoke-permission", "forget-consent":
		return "-"
	}
	return "~"
}

// StepWords name what a step is done to.
func StepWords(s plan.Step) string {
	switch s.Action {
	case "grant-permission", "revoke-permission":
		return s.Target + " of Zoom's application"
	case "enable-application":
		return "sign-in to " + s.Target
	case "create-group":
		return "group " + s.Target
	case "record-consent", "forget-consent":
		return "consent of " + s.Target
	}
	return s.Page.Control
}

// Drift is the JSON of plan --drift.
type Drift struct {
	Drifted bool `json:"drifted"`
	// Since is when the baseline was observed.
	Since  time.Time `json:"since"`
	Moved  []Moved   `json:"moved"`
	Unseen []string  `json:"unseen"`
}

// Moved is one thing that is not as it was.
type Moved struct {
	What string `json:"what"`
	Name string `json:"name"`
	Was  string `json:"was"`
	Is   string `json:"is"`
}

// DriftListing shows drift.
func DriftListing(since time.Time, moved []plan.Moved, unseen []string) Listing {
	value := Drift{Drifted: len(moved) > 0, Since: since.UTC(), Moved: []Moved{}, Unseen: append([]string{}, unseen...)}
	l := Listing{Columns: []string{"what", "name", "was", "is"}, Empty: "Nothing moved since " + since.UTC().Format(time.RFC3339) + "."}
	for _, m := range moved {
		value.Moved = append(value.Moved, Moved(m))
		l.Rows = append(l.Rows, []string{m.What, m.Name, m.Was, m.Is})
	}
	l.Value = value
	return l
}
