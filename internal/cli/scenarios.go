package cli

import (
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// scenarioListing shows the shipped scenarios.
func scenarioListing() (render.Listing, error) {
	type scenario struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Admin       string `json:"admin"`
	}
	all := []scenario{}
	l := render.Listing{Columns: []string{"name", "description"}}
	for _, name := range world.Names() {
		s, err := world.LoadScenario(name)
		if err != nil {
			return l, err
		}
		all = append(all, scenario{Name: s.Name, Description: s.Description, Admin: s.Admin})
		l.Rows = append(l.Rows, []string{s.Name, s.Description})
	}
	l.Value = map[string]any{"scenarios": all}
	return l, nil
}
