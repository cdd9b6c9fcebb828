package sandbox

import "encoding/json"

// lists keeps what a listing of many people costs to make, until the imitated
// state changes: the services have indexes.
type lists struct {
	version  int
	users    map[bool][]entity
	filtered map[string][]entity
	zoom     map[string][]any
	encoded  map[string]map[string]json.RawMessage // by the fields chosen, by ID
}

// listed returns the lists of the state as it is.
func (s *Server) listed() *lists {
	if s.lists.users == nil || s.lists.version != s.world.version {
		s.lists = lists{
			version:  s.world.version,
			users:    map[bool][]entity{},
			filtered: map[string][]entity{},
			zoom:     map[string][]any{},
			encoded:  map[string]map[string]json.RawMessage{},
		}
	}
	return &s.lists
}

// encode makes an item's JSON once for each choice of fields.
func (l *lists) encode(item entity, fields []string, choice string) any {
	id, _ := item["id"].(string)
	byID := l.encoded[choice]
	if byID == nil {
		byID = map[string]json.RawMessage{}
		l.encoded[choice] = byID
	}
	if text, ok := byID[id]; ok {
		return text
	}
	text, err := json.Marshal(item.only(fields))
	if err != nil {
		panic(err) // plain values
	}
	byID[id] = text
	return json.RawMessage(text)
}
