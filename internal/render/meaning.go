package render

import "github.com/zo365/zo365/internal/tenant"

// Meanings is the JSON of explain.
type Meanings struct {
	Meanings []Meaning `json:"meanings"`
}

// Meaning explains one code.
type Meaning struct {
	Code      string           `json:"code"`
	Kind      string           `json:"kind"`
	Meaning   string           `json:"meaning"`
	Cause     string           `json:"cause"`
	Next      string           `json:"next"`
	Source    string           `json:"source"`
	Certainty tenant.Certainty `json:"certainty"`
}

func meaningsOf(all []tenant.Meaning) Meanings {
	m := Meanings{Meanings: []Meaning{}}
	for _, one := range all {
		m.Meanings = append(m.Meanings, Meaning(one))
	}
	return m
}

// MeaningsListing lists codes.
func MeaningsListing(all []tenant.Meaning) Listing {
	l := Listing{Value: meaningsOf(all), Columns: []string{"code", "kind", "meaning"}}
	for _, m := range all {
		l.Rows = append(l.Rows, []string{m.Code, m.Kind, m.Meaning})
	}
	return l
}

// MeaningListing explains a code, once for each service that has it.
func MeaningListing(all []tenant.Meaning) Listing {
	l := Listing{Value: meaningsOf(all), Columns: []string{"code", "field", "text"}}
	for _, m := range all {
		for _, field := range [][2]string{
			{"kind", m.Kind},
			{"meaning", m.Meaning},
			{"cause", m.Cause},
			{"next", m.Next},
			{"source", m.Source},
			{"certainty", string(m.Certainty)},
		} {
			if field[1] != "" {
				l.Rows = append(l.Rows, []string{m.Code, field[0], field[1]})
			}
		}
	}
	return l
}
