package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// encoded is a Reading in a facts file: a value, or why there is none. A reading
// that nobody took is null.
type encoded struct {
	Value  json.RawMessage `json:"value,omitempty"`
	Unseen *unseen         `json:"could_not_see,omitempty"`
	Source string          `json:"source"`
	At     time.Time       `json:"at"`
}

type unseen struct {
	Why     string   `json:"why"`
	Service string   `json:"service,omitempty"`
	Doing   string   `json:"doing,omitempty"`
	Needs   []string `json:"needs,omitempty"`
}

// MarshalJSON writes a reading so that UnmarshalJSON gives the same again, but for
// the kind of an error that names no permission.
func (r Reading[T]) MarshalJSON() ([]byte, error) {
	if r.At.IsZero() {
		return []byte("null"), nil
	}
	e := encoded{Source: r.Source, At: r.At.UTC()}
	if r.Err == nil {
		var err error
		if e.Value, err = json.Marshal(r.Value); err != nil {
			return nil, err
		}
		return json.Marshal(e)
	}
	e.Unseen = &unseen{Why: r.Err.Error()}
	var needs *NeedsError
	if errors.As(r.Err, &needs) {
		e.Unseen.Service, e.Unseen.Doing, e.Unseen.Needs = needs.Service, needs.Doing, needs.AnyOf
		if needs.Err != nil {
			e.Unseen.Why = needs.Err.Error()
		}
	}
	return json.Marshal(e)
}

var errFact = errors.New("a fact has either a value or could_not_see, and the time it was read at")

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Reading[T]) UnmarshalJSON(text []byte) error {
	*r = Reading[T]{}
	var e *encoded
	if err := json.Unmarshal(text, &e); err != nil || e == nil {
		return err
	}
	if (e.Value == nil) == (e.Unseen == nil) || e.At.IsZero() {
		return errFact
	}
	r.Source, r.At = e.Source, e.At
	if e.Unseen == nil {
		return json.Unmarshal(e.Value, &r.Value)
	}
	r.Err = errors.New(e.Unseen.Why)
	for _, known := range []error{ErrNotInCloud, ErrNoPlan} {
		if rest, ok := strings.CutPrefix(e.Unseen.Why, known.Error()); ok {
			r.Err = fmt.Errorf("%w%s", known, rest)
		}
	}
	if len(e.Unseen.Needs) > 0 {
		r.Err = &NeedsError{
			Service: e.Unseen.Service,
			AnyOf:   e.Unseen.Needs,
			Doing:   e.Unseen.Doing,
			Err:     r.Err,
		}
	}
	return nil
}
