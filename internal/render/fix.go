package render

import "github.com/zo365/zo365/internal/upn"

// Fixes is the JSON of upn fix --plan.
type Fixes struct {
	Changes   []upn.Fix     `json:"changes"`
	LeftAlone []upn.Unfixed `json:"left_alone"`
}

// FixListing shows a list of changes, and who is left alone.
func FixListing(fixes []upn.Fix, unfixed []upn.Unfixed) Listing {
	l := Listing{
		Value:   Fixes{Changes: append([]upn.Fix{}, fixes...), LeftAlone: append([]upn.Unfixed{}, unfixed...)},
		Columns: []string{"kind", "class", "from", "to", "why_not"}, Empty: "Nothing to change.",
	}
	for _, f := range fixes {
		l.Rows = append(l.Rows, []string{string(f.Kind), string(f.Class), f.From, f.To, ""})
	}
	for _, u := range unfixed {
		l.Rows = append(l.Rows, []string{"", string(u.Class), u.ZoomEmail, "", u.Why})
	}
	return l
}

// Applied is the JSON of upn fix --apply.
type Applied struct {
	// DryRun is true when nothing was changed.
	DryRun  bool            `json:"dry_run"`
	Changes []AppliedChange `json:"changes"`
}

// AppliedChange is a change with what became of it: done, already, would do, by
// hand or refused.
type AppliedChange struct {
	Kind    string `json:"kind"`
	From    string `json:"from"`
	To      string `json:"to"`
	Outcome string `json:"outcome"`
	Why     string `json:"why"`
}

// AppliedListing shows what became of each change.
func AppliedListing(a Applied) Listing {
	l := Listing{Value: a, Columns: []string{"outcome", "kind", "from", "to", "why"}, Empty: "Nothing to change."}
	for _, c := range a.Changes {
		l.Rows = append(l.Rows, []string{c.Outcome, c.Kind, c.From, c.To, c.Why})
	}
	return l
}
