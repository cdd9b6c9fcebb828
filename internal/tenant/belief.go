package tenant

// Belief is what zo365 takes for true of a service, and how far that can be relied on.
type Belief struct {
	// ID is stable, for example "zoom.plan-codes".
	ID string
	// About is what it is about, Value what is believed, for people.
	About, Value string
	Certainty    Certainty
	// Page says so; Looked is the day on which it was read last, 2006-01-02.
	Page, Looked string
}

// Beliefs is the table of one service.
type Beliefs struct {
	// Service is whose they are, for example "Zoom's API".
	Service string
	// Looked is the day of all of them.
	Looked string
	All    []Belief
}

// Add writes one more belief down.
func (b *Beliefs) Add(id, about, value string, c Certainty, page string) {
	b.All = append(b.All, Belief{
		ID:        id,
		About:     about,
		Value:     value,
		Certainty: c,
		Page:      page,
		Looked:    b.Looked,
	})
}

// Supports says whether a step that writes may rest on a belief of this certainty; one that
// takes something away needs more.
func (c Certainty) Supports(takesAway bool) bool {
	return c == Documented || c == Observed || c == Reported && !takesAway
}
