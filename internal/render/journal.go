package render

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Journal is the JSON of journal show.
type Journal struct {
	Entries []JournalEntry `json:"entries"`
}

// JournalEntry is one line of the journal.
type JournalEntry struct {
	// ID names the entry for undo: the beginning of its line's hash.
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor"`
	Action   string          `json:"action"`
	Scope    string          `json:"scope"`
	Tenant   string          `json:"tenant"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
	Evidence json.RawMessage `json:"evidence,omitempty"`
	Steps    []string        `json:"steps"`
	Answer   string          `json:"answer,omitempty"`
	Plan     string          `json:"plan,omitempty"`
	Step     string          `json:"step,omitempty"`
	Undoes   string          `json:"undoes,omitempty"`
	// Target, Application and Permission say exactly what was changed where.
	Target      *tenant.Target      `json:"target,omitempty"`
	Application *tenant.Application `json:"application,omitempty"`
	Permission  *tenant.Permission  `json:"permission,omitempty"`
	Assignment  string              `json:"assignment,omitempty"`
	Why         string              `json:"why,omitempty"`
}

// JournalListing shows entries.
func JournalListing(entries []JournalEntry) Listing {
	l := Listing{
		Value:   Journal{Entries: entries},
		Columns: []string{"id", "at", "actor", "action", "scope", "what", "before", "after"},
		Empty:   "Nothing was recorded yet.",
	}
	for _, e := range entries {
		l.Rows = append(l.Rows, []string{
			e.ID,
			e.At.UTC().Format(time.RFC3339),
			e.Actor,
			e.Action,
			e.Scope,
			e.what(),
			string(e.Before),
			string(e.After),
		})
	}
	return l
}

// what is the permission, or the step that an entry is about.
func (e JournalEntry) what() string {
	if e.Permission != nil {
		return e.Permission.Label()
	}
	return e.Step
}

// JournalCheck is the JSON of journal verify; broken and torn are line numbers.
type JournalCheck struct {
	OK      bool   `json:"ok"`
	File    string `json:"file"`
	Entries int    `json:"entries"`
	// Unchained are lines of older versions, which have no hash.
	Unchained int   `json:"unchained"`
	Broken    []int `json:"broken"`
	// Faults say of each broken line what is wrong with it.
	Faults []string `json:"faults"`
	Torn   []int    `json:"torn"`
	// Ends are the lines that no later line names: one, or one a merged branch.
	Ends []int `json:"ends"`
	// Cut says that a line which somebody remembers is gone; EndVerified whether anybody
	// remembers one, and VerifiedBy who.
	Cut         bool     `json:"cut"`
	EndVerified bool     `json:"end_verified"`
	VerifiedBy  []string `json:"verified_by"`
}

// JournalCheckListing shows the check.
func JournalCheckListing(c JournalCheck) Listing {
	return Listing{
		Value:   c,
		Columns: []string{"ok", "entries", "unchained", "broken_lines", "torn_lines", "end"},
		Rows: [][]string{
			{YesNo(c.OK), strconv.Itoa(c.Entries), strconv.Itoa(c.Unchained), numbers(c.Broken), numbers(c.Torn), c.end()},
		},
	}
}

func (c JournalCheck) end() string {
	switch {
	case c.Cut:
		return "cut off"
	case !c.EndVerified:
		return "not verified"
	}
	return "verified by " + strings.Join(c.VerifiedBy, " and ")
}

func numbers(lines []int) string {
	texts := make([]string, len(lines))
	for i, n := range lines {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, " ")
}
