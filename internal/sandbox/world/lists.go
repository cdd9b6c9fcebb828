package world

import (
	"encoding/json"
)

// Lists keeps what a listing of many people costs to make, until the imitated
// state changes: the services have indexes.
type Lists struct {
	version  int
	Users    map[bool][]Entity
	Filtered map[string][]Entity
	Zoom     map[string][]any
	encoded  map[string]map[string]json.RawMessage // by the fields chosen, by ID
}

// Listed returns the lists of the state as it is.
func (s *Host) Listed() *Lists {
	if s.lists.Users == nil || s.lists.version != s.World.Version {
		s.lists = Lists{
			version:  s.World.Version,
			Users:    map[bool][]Entity{},
			Filtered: map[string][]Entity{},
			Zoom:     map[string][]any{},
			encoded:  map[string]map[string]json.RawMessage{},
		}
	}
	return &s.lists
}

// Encode makes an item's JSON once for each choice of fields.
func (l *Lists) Encode(item Entity, fields []string, choice string) any {
	id, _ := item["id"].(string)
	byID := l.encoded[choice]
	if byID == nil {
		byID = map[string]json.RawMessage{}
		l.encoded[choice] = byID
	}
	if text, ok := byID[id]; ok {
		return text
	}
	text, err := json.Marshal(item.Only(fields))
	if err != nil {
		panic(err) // plain values
	}
	byID[id] = text
	return json.RawMessage(text)
}
