package world

// Entity is one object with all the properties the sandbox imitates, in JSON's
// types. A property that is null is there with nil.
type Entity map[string]any

// Only keeps some of the properties.
func (e Entity) Only(fields []string) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		if value, ok := e[f]; ok {
			out[f] = value
		}
	}
	return out
}
