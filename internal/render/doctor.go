package render

import (
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
)

// Doctor is the JSON of doctor.
type Doctor struct {
	// OK is false when a finding that is not muted has the severity fail.
	OK       bool           `json:"ok"`
	Worst    string         `json:"worst"`
	Counts   SeverityCounts `json:"counts"`
	Findings []Finding      `json:"findings"`
}

// SeverityCounts are the findings by severity; muted ones count as muted alone.
type SeverityCounts struct {
	OK      int `json:"ok"`
	Info    int `json:"info"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
	Skipped int `json:"skipped"`
	Muted   int `json:"muted"`
}

// Finding is what one check found.
type Finding struct {
	Code     string     `json:"code"`
	Scope    string     `json:"scope"`
	Severity string     `json:"severity"`
	Title    string     `json:"title"`
	Saw      string     `json:"saw"`
	Evidence []Evidence `json:"evidence"`
	Why      string     `json:"why"`
	Source   string     `json:"source"`
	Needs    []string   `json:"needs"`
	Fix      string     `json:"fix"`
	// Steps are the IDs of the plan's steps that fix it.
	Steps []string `json:"steps"`
	Muted *Muted   `json:"muted"`
}

// Evidence is a fact that a finding rests on.
type Evidence struct {
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}

// Muted says why a finding is accepted and until when.
type Muted struct {
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

// NewDoctor is the JSON of findings.
func NewDoctor(all []doctor.Finding) Doctor {
	d := Doctor{Worst: string(doctor.Worst(all)), Counts: count(all), Findings: []Finding{}}
	d.OK = d.Counts.Fail == 0
	for _, f := range all {
		one := Finding{
			Code:     f.Code,
			Scope:    f.Scope,
			Severity: string(f.Severity),
			Title:    f.Title,
			Saw:      f.Saw,
			Evidence: []Evidence{},
			Why:      f.Why,
			Source:   f.Source,
			Needs:    append([]string{}, f.Needs...),
			Fix:      f.Fix,
			Steps:    []string{},
		}
		for _, e := range f.Evidence {
			one.Evidence = append(one.Evidence, Evidence{Source: e.Source, At: e.At.UTC()})
		}
		for _, s := range f.Steps {
			one.Steps = append(one.Steps, s.ID)
		}
		if f.Muted != nil {
			one.Muted = &Muted{Reason: f.Muted.Reason, Until: string(f.Muted.Until)}
		}
		d.Findings = append(d.Findings, one)
	}
	return d
}

func count(all []doctor.Finding) SeverityCounts {
	var n SeverityCounts
	for _, f := range all {
		switch {
		case f.Muted != nil:
			n.Muted++
		case f.Severity == doctor.Info:
			n.Info++
		case f.Severity == doctor.Warn:
			n.Warn++
		case f.Severity == doctor.Fail:
			n.Fail++
		case f.Severity == doctor.Unknown:
			n.Unknown++
		case f.Severity == doctor.Skipped:
			n.Skipped++
		default:
			n.OK++
		}
	}
	return n
}

// DoctorListing shows findings. file is the tenant file, which the pipelines'
// formats name as the place of a finding; people is how the text for people is laid out.
func DoctorListing(all []doctor.Finding, file string, people DoctorView) Listing {
	value := NewDoctor(all)
	l := Listing{Value: value, Columns: []string{"check", "scope", "severity", "saw", "fix"}}
	for _, f := range value.Findings {
		severity := f.Severity
		if f.Muted != nil {
			severity = "muted until " + f.Muted.Until
		}
		l.Rows = append(l.Rows, []string{f.Code, f.Scope, severity, f.Saw, f.Fix})
	}
	l.Text = func(w io.Writer, paint Paint) error { return people.text(w, paint, value) }
	l.Reports = map[Format]func() ([]byte, error){
		JUnit: func() ([]byte, error) { return junit(value, file) },
		SARIF: func() ([]byte, error) { return sarif(value, file) },
	}
	return l
}

// explained is the whole of a finding in lines.
func (f Finding) explained() string {
	lines := []string{f.Saw, "why: " + f.Why}
	if f.Source != "" {
		lines = append(lines, "see: "+f.Source)
	}
	if len(f.Needs) > 0 {
		lines = append(lines, "needs: "+strings.Join(f.Needs, " or "))
	}
	for _, e := range f.Evidence {
		lines = append(lines, "evidence: "+e.Source+" at "+e.At.Format(time.RFC3339))
	}
	if f.Fix != "" {
		lines = append(lines, "fix: "+f.Fix)
	}
	return strings.Join(lines, "\n")
}
