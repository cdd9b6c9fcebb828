package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/plan"
)

// noSteps says that a plan has none, and why nothing can be said beyond that.
func noSteps(p plan.Plan) string {
	switch {
	case len(p.Open) > 0:
		return "No steps: what is wrong is for a person to decide or to fix."
	case len(p.Unseen) > 0:
		return "Nothing to do in what could be seen."
	}
	return "Nothing to do: everything is as the tenant file says."
}

// PlanListing shows a plan: JSON is what a saved plan is.
func PlanListing(p plan.Plan) Listing {
	l := Listing{
		Value:   p,
		Columns: []string{"kind", "scope", "what", "before", "after", "check", "blocked_by"},
		Empty:   noSteps(p),
	}
	for _, s := range p.Steps {
		blocked := ""
		if s.Blocked != nil {
			blocked = s.Blocked.Check
		}
		l.Rows = append(l.Rows, []string{s.Kind, s.Scope, StepWords(s), s.Before, s.After, s.Finding, blocked})
	}
	l.Text = func(w io.Writer, paint Paint) error { return planText(w, paint, p) }
	l.Reports = map[Format]func() ([]byte, error){Markdown: func() ([]byte, error) { return []byte(planMarkdown(p)), nil }}
	return l
}

// planText is the plan as a difference that people read. Portal steps of one page
// stand together.
func planText(w io.Writer, paint Paint, p plan.Plan) error {
	var b strings.Builder
	if p.Application != nil {
		fmt.Fprintf(
			&b,
			"  Zoom's application: %s (%s), because %s\n",
			visible(p.Application.Name),
			p.Application.AppID,
			p.Application.Basis,
		)
	}
	if p.Empty() {
		b.WriteString(noSteps(p) + "\n")
	} else {
		stepsText(&b, paint, p)
	}
	if blocked := p.Blocked(); blocked != nil {
		fmt.Fprintf(&b, "\n%s %s: %s\n", paint.text(Bad, "blocked by"), blocked.Check, visible(blocked.Why))
		fmt.Fprintf(&b, "  fix: %s\n", visible(blocked.Fix))
	}
	for i, o := range p.Open {
		if i == 0 {
			b.WriteString("\nNot mended by a step:\n")
		}
		fmt.Fprintf(&b, "  %-4s %s: %s\n", o.Severity, o.Check, visible(o.Saw))
		if o.Fix != "" {
			fmt.Fprintf(&b, "       fix: %s\n", visible(o.Fix))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func stepsText(b *strings.Builder, paint Paint, p plan.Plan) {
	colours := map[string]Colour{"+": Good, "-": Bad, "~": Doubtful}
	menu := ""
	for i, s := range p.Steps {
		if s.Page != nil && s.Page.Menu != menu {
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(b, "  a person, at %s\n  (%s; %s)\n", s.Page.Menu, s.Page.Address, MenuDecides)
		}
		if menu != "" && s.Page == nil {
			b.WriteString("\n")
		}
		menu = ""
		if s.Page != nil {
			menu = s.Page.Menu
		}
		blocked := ""
		if s.Blocked != nil {
			blocked = " (blocked)"
		}
		fmt.Fprintf(
			b,
			"  %s %-7s %s: %s -> %s%s\n",
			paint.text(colours[mark(s)], mark(s)),
			s.Kind,
			visible(StepWords(s)),
			visible(s.Before),
			visible(s.After),
			blocked,
		)
	}
	n := p.Count()
	fmt.Fprintf(
		b,
		"\nPlan %s: %d by Graph, %d by Zoom's API, %d by a person, %d in the journal\n",
		p.ID,
		n["graph"],
		n["zoom"],
		n["portal"]+n["exchange"],
		n["local"],
	)
}

// Markdown is for comments and tickets.
const Markdown Format = "markdown"

// planMarkdown is a plan as a comment on a change: what zo365 does, and a checklist
// of what a person does.
func planMarkdown(p plan.Plan) string {
	var b strings.Builder
	blind := openMarkdown(p)
	if len(p.Unseen) > 0 {
		blind += "\nCould not be seen: " + plainText(strings.Join(p.Unseen, ", ")) + ". `zo365 doctor` says why.\n"
	}
	if p.Empty() {
		return "### zo365 plan\n\n" + noSteps(p) + "\n" + blind
	}
	n := p.Count()
	fmt.Fprintf(
		&b,
		"### zo365 plan `%s`\n\n%d by Graph, %d by Zoom's API, %d by a person, %d in the journal.\n",
		p.ID,
		n["graph"],
		n["zoom"],
		n["portal"],
		n["local"],
	)
	if n["portal"] < len(p.Steps) {
		b.WriteString("\n```diff\n")
	}
	for _, s := range p.Steps {
		if s.Page == nil {
			fmt.Fprintf(
				&b,
				"%s %s %s: %s -> %s\n",
				strings.ReplaceAll(mark(s), "~", "!"),
				s.Kind,
				fenced(StepWords(s)),
				fenced(s.Before),
				fenced(s.After),
			)
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
			fmt.Fprintf(&b, "\n**%s** <%s> (%s)\n\n", plainText(menu), s.Page.Address, MenuDecides)
		}
		fmt.Fprintf(&b, "- [ ] **%s**: %s\n", plainText(s.Page.Control), plainText(s.Page.Choose))
		if s.Page.Proof != "" {
			fmt.Fprintf(&b, "      zo365 looks for: %s\n", plainText(s.Page.Proof))
		}
	}
	return b.String() + blind
}

// openMarkdown lists what blocks the plan and what no step mends.
func openMarkdown(p plan.Plan) string {
	var b strings.Builder
	if blocked := p.Blocked(); blocked != nil {
		fmt.Fprintf(&b, "\n**Blocked** by `%s`: %s Fix: %s\n", blocked.Check, plainText(blocked.Why), plainText(blocked.Fix))
	}
	for i, o := range p.Open {
		if i == 0 {
			b.WriteString("\nNot mended by a step:\n\n")
		}
		fmt.Fprintf(&b, "- %s `%s`: %s\n", o.Severity, o.Check, plainText(o.Saw))
	}
	return b.String()
}

// fenced keeps a text within a fenced block.
func fenced(text string) string { return strings.ReplaceAll(visible(text), "`", "'") }

// mark is + for what comes, - for what goes, ~ for what changes.
func mark(s plan.Step) string {
	switch s.Action {
	case "grant-permission", "create-group", "record-consent", "confirm-control", "create-registration",
		"assign-exchange-role", "create-exchange-scope", "create-exchange-pointer":
		return "+"
	case "revoke-permission", "forget-consent", "delete-group", "withdraw-confirmation", "remove-exchange-role",
		"delete-exchange-scope", "remove-access-policy", "revoke-delegated-permission", "delete-application":
		return "-"
	}
	return "~"
}

// StepWords name what a step is done to.
func StepWords(s plan.Step) string {
	switch s.Action {
	case "grant-permission", "revoke-permission":
		return s.Target + " of Zoom's application"
	case "enable-application", "disable-application":
		return "sign-in to " + s.Target
	case "create-group", "delete-group":
		return "group " + s.Target
	case "record-consent", "forget-consent":
		return "consent of " + s.Target
	case "click":
		return s.Page.Control
	case "assign-exchange-role", "remove-exchange-role":
		return "role " + s.Target
	case "create-exchange-scope", "delete-exchange-scope":
		return "scope " + s.Target
	case "test-scope":
		return "test of " + s.Target
	case "await":
		return awaited[s.Target]
	case "remove-access-policy":
		return "access policy for " + s.Target
	case "revoke-delegated-permission":
		return "delegated grant " + s.Target
	case "delete-application":
		return "enterprise application " + s.Target
	}
	return s.Target
}

// awaited are what a plan waits for, in words.
var awaited = map[string]string{
	"exchange-cache": "wait for Exchange's cache",
	"tokens":         "wait for Zoom's tokens",
}

// Drift is the JSON of plan --drift.
type Drift struct {
	Drifted bool `json:"drifted"`
	// Since is when the baseline was observed.
	Since time.Time `json:"since"`
	Moved []Moved   `json:"moved"`
	// Unseen is what could not be compared.
	Unseen []string `json:"unseen"`
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
	value := Drift{
		Drifted: len(moved) > 0,
		Since:   since.UTC(),
		Moved:   []Moved{},
		Unseen:  append([]string{}, unseen...),
	}
	l := Listing{
		Columns: []string{"what", "name", "was", "is"},
		Empty:   "Nothing moved since " + since.UTC().Format(time.RFC3339) + ".",
	}
	if len(unseen) > 0 {
		l.Empty = "Nothing moved in what could be compared since " + since.UTC().Format(
			time.RFC3339,
		) + "; not compared: " + strings.Join(
			unseen,
			", ",
		) + "."
	}
	for _, m := range moved {
		value.Moved = append(value.Moved, Moved(m))
		l.Rows = append(l.Rows, []string{m.What, m.Name, m.Was, m.Is})
	}
	l.Value = value
	return l
}
