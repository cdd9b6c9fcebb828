package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/zo365/zo365/internal/doctor"
)

// DoctorView is how findings are laid out for people: problems first, each with why it matters and
// its fix, and what is fine in one line.
type DoctorView struct {
	// All has a line also for each check that passed or does not apply.
	All bool
	// Width is the terminal's; zero does not break lines.
	Width int
}

// problems are the severities that need somebody, worst first.
var problems = []doctor.Severity{doctor.Fail, doctor.Unknown, doctor.Warn}

var severityColours = map[string]Colour{
	string(doctor.OK):      Good,
	string(doctor.Fail):    Bad,
	string(doctor.Warn):    Doubtful,
	string(doctor.Unknown): Doubtful,
	string(doctor.Skipped): Faint,
	"muted":                Faint,
}

func (v DoctorView) text(w io.Writer, paint Paint, d Doctor) error {
	var b strings.Builder
	line := func(severity string, f Finding, rest string) {
		where := ""
		if f.Scope != doctor.ScopeTenant {
			where = f.Scope + ": "
		}
		fmt.Fprintf(&b, "%s %s\n", paint.text(severityColours[severity], fmt.Sprintf("%-8s", severity)),
			v.indented(visible(where+f.Title+" ("+f.Code+")"+rest)))
	}
	for _, severity := range problems {
		for _, f := range d.Findings {
			if f.Severity != string(severity) || f.Muted != nil {
				continue
			}
			line(f.Severity, f, "")
			v.field(&b, "", f.Saw)
			v.field(&b, "Why: ", f.Why)
			if f.Fix != "" {
				v.field(&b, "Fix: ", f.Fix)
			}
			b.WriteString("\n")
		}
	}
	for _, f := range d.Findings {
		if f.Muted != nil {
			line("muted", f, "")
			v.field(&b, "", f.Saw)
			v.field(&b, "Until "+f.Muted.Until+": ", f.Muted.Reason)
			b.WriteString("\n")
		}
	}
	short := []doctor.Severity{doctor.Info}
	if v.All {
		short = append(short, doctor.OK, doctor.Skipped)
	}
	before := b.Len()
	for _, severity := range short {
		for _, f := range d.Findings {
			if f.Severity == string(severity) && f.Muted == nil {
				line(f.Severity, f, ": "+f.Saw)
			}
		}
	}
	if b.Len() > before {
		b.WriteString("\n")
	}
	b.WriteString(v.rest(d.Counts) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// rest says how many checks passed, and how many do not apply.
func (v DoctorView) rest(n SeverityCounts) string {
	passed := fmt.Sprintf("%d checks passed", n.OK)
	if n.OK == 1 {
		passed = "1 check passed"
	}
	if n.Skipped == 1 {
		passed += ", 1 does not apply"
	} else if n.Skipped > 1 {
		passed += fmt.Sprintf(", %d do not apply", n.Skipped)
	}
	if !v.All && n.OK+n.Skipped > 0 {
		passed += " (zo365 doctor --all shows them)"
	}
	return passed
}

const findingIndent = 9 // as wide as a severity

func (v DoctorView) field(b *strings.Builder, name, text string) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", findingIndent), v.indented(visible(name+text)))
}

// indented breaks a text between words, so that it fits beside the severities.
func (v DoctorView) indented(text string) string {
	const least = 30
	room := v.Width - findingIndent
	if v.Width == 0 || room < least {
		return text
	}
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(text, " ") {
		width := twwidth.Width(word)
		switch {
		case i == 0:
		case used+1+width > room:
			b.WriteString("\n" + strings.Repeat(" ", findingIndent))
			used = 0
		default:
			b.WriteString(" ")
			used++
		}
		b.WriteString(word)
		used += width
	}
	return b.String()
}
