package render

import "strconv"

// Fleet is the JSON of a command over several tenants.
type Fleet struct {
	ExitCode int           `json:"exit_code"`
	Tenants  []FleetTenant `json:"tenants"`
}

// FleetTenant is what one tenant came to.
type FleetTenant struct {
	File     string  `json:"file"`
	ExitCode int     `json:"exit_code"`
	Result   string  `json:"result"`
	Error    *string `json:"error"`
}

// FleetListing shows a fleet.
func FleetListing(lines []FleetTenant, code int) Listing {
	l := Listing{
		Value:   Fleet{ExitCode: code, Tenants: append([]FleetTenant{}, lines...)},
		Columns: []string{"file", "exit", "result"},
	}
	for _, t := range lines {
		words := t.Result
		if t.Error != nil {
			words = "error: " + *t.Error
		}
		l.Rows = append(l.Rows, []string{t.File, strconv.Itoa(t.ExitCode), words})
	}
	return l
}
