package render

import (
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Person is one line of the UPN reports.
type Person struct {
	ZoomEmail  string   `json:"zoom_email"`
	Class      string   `json:"class"`
	Flags      []string `json:"flags"`
	EntraUPN   string   `json:"entra_upn"`
	EntraID    string   `json:"entra_id"`
	MatchedOn  string   `json:"matched_on"`
	Suggestion string   `json:"suggestion"`
	// TakenBy is the Zoom user who matches the person already, for the class taken.
	TakenBy string `json:"taken_by,omitempty"`
	Remedy  string `json:"remedy"`
}

// personColumns are the columns of the UPN reports.
var personColumns = []string{
	"zoom_email",
	"class",
	"flags",
	"entra_upn",
	"entra_id",
	"matched_on",
	"suggestion",
	"remedy",
}

// importance are the columns of the UPN reports, those first that a narrow table shows.
var importance = []string{"zoom_email", "class", "entra_upn", "flags", "suggestion", "remedy", "matched_on", "entra_id"}

// PersonColumns are the names of the columns of the UPN reports.
func PersonColumns() []string { return slices.Clone(personColumns) }

// NewPerson shows a result. Its texts are those of the result.
func NewPerson(r *upn.Result) Person {
	p := Person{
		ZoomEmail:  r.ZoomEmail,
		Class:      string(r.Class),
		Flags:      []string{},
		MatchedOn:  r.MatchedOn,
		Suggestion: r.Suggestion,
		TakenBy:    r.TakenBy,
		Remedy:     r.Remedy(),
	}
	for _, f := range r.Flags {
		p.Flags = append(p.Flags, string(f))
	}
	if r.Entra != nil {
		p.EntraUPN, p.EntraID = r.Entra.UPN, r.Entra.ID
	}
	return p
}

// NewOther shows a Microsoft user whom no Zoom user matches: nobody of Zoom is
// there to have a class.
func NewOther(u tenant.User) Person {
	r := upn.Result{Entra: &u, Flags: append([]upn.Flag{upn.NotInZoom}, upn.FlagsOf(u)...)}
	return NewPerson(&r)
}

// Row is a person as a line.
func (p Person) Row() []string {
	return []string{
		p.ZoomEmail,
		p.Class,
		strings.Join(p.Flags, " "),
		p.EntraUPN,
		p.EntraID,
		p.MatchedOn,
		p.Suggestion,
		p.Remedy,
	}
}

// Source is where one side of a report comes from: a file, or a service.
type Source struct {
	// Side is Zoom or Microsoft.
	Side string `json:"side"`
	// Name is the file's, or the service's.
	Name string `json:"name"`
	// Kind is what a file was recognised as.
	Kind string `json:"kind"`
	// Dated is when a file was written last, or when a service was read.
	Dated time.Time `json:"dated"`
	// SHA256 is that of a file, in hexadecimal digits.
	SHA256 string `json:"sha256,omitempty"`
	// Rows are how many were met: people, who are compared, apart, who are none, and rejected,
	// which could not be read. They are not counted for a service.
	Rows     int `json:"rows"`
	People   int `json:"people"`
	Apart    int `json:"apart"`
	Rejected int `json:"rejected"`
	// Unknown is what the file does not tell, and what that costs.
	Unknown []string `json:"unknown"`
}

// Report is the JSON of upn report.
type Report struct {
	// Made is when.
	Made time.Time `json:"made"`
	// Tenant is the name of the Microsoft tenant; empty where nothing names it.
	Tenant  string   `json:"tenant"`
	Sources []Source `json:"sources"`
	// Partial is true when an input said that it was not complete.
	Partial bool           `json:"partial"`
	Summary map[string]int `json:"summary"`
	// Domains are those of Zoom emails with mismatches, the most first.
	Domains []DomainCount `json:"domains"`
	People  []Person      `json:"people"`
	// NotInZoom are the UPNs of members whom no Zoom user matches.
	NotInZoom []string `json:"not_in_zoom"`
}

// DomainCount says how many people of a domain do not match.
type DomainCount struct {
	Domain     string `json:"domain"`
	Mismatches int    `json:"mismatches"`
	People     int    `json:"people"`
}

// WatchEvent is a line of upn watch.
type WatchEvent struct {
	At time.Time `json:"at"`
	// Event is new, changed or settled.
	Event string `json:"event"`
	// Was is the class before, with changed and settled.
	Was string `json:"was"`
	// Person is as they are now; for settled, as they were.
	Person
}

// Row is an event as a line.
func (e WatchEvent) Row() []string {
	return append([]string{e.At.Format(time.RFC3339), e.Event, e.Was}, e.Person.Row()...)
}

// EventListing shows events.
func EventListing(events []WatchEvent) Listing {
	l := Listing{Value: events, Columns: append([]string{"at", "event", "was"}, personColumns...)}
	for _, e := range events {
		l.Rows = append(l.Rows, e.Row())
		l.Lines = append(l.Lines, e)
	}
	return l
}

// EventLines are events as text that is read as it comes: no line can know how
// wide the later ones will be.
func EventLines(events []WatchEvent) string {
	var b strings.Builder
	for _, e := range events {
		now := e.Class
		if e.Event == "settled" {
			now = "settled, was " + e.Was
		} else if e.Was != "" {
			now += ", was " + e.Was
		}
		line := e.At.Format(time.RFC3339) + "  " + visible(e.ZoomEmail) + "  " + now
		if e.EntraUPN != "" {
			line += "  " + visible(e.EntraUPN)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// Cache is the JSON of cache list.
type Cache struct {
	Files []CacheFile `json:"files"`
}

// CacheFile is a file in the cache.
type CacheFile struct {
	File    string    `json:"file"`
	Bytes   int64     `json:"bytes"`
	Written time.Time `json:"written"`
}
