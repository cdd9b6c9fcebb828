package render

import "strings"

// Validation is the JSON of validate.
type Validation struct {
	Files []Validated `json:"files"`
}

// Validated is one file.
type Validated struct {
	File string `json:"file"`
	// Kind is "tenant file" or "plan".
	Kind     string   `json:"kind"`
	Valid    bool     `json:"valid"`
	Problems []string `json:"problems"`
}

// ValidationListing shows which files are valid, and what is wrong with the others.
func ValidationListing(v Validation) Listing {
	l := Listing{Value: v, Columns: []string{"file", "kind", "valid", "problems"}}
	for _, f := range v.Files {
		l.Rows = append(l.Rows, []string{f.File, f.Kind, YesNo(f.Valid), strings.Join(f.Problems, "; ")})
	}
	return l
}
