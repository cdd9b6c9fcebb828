package rest

import "fmt"

// Named is the ID by which a service's support finds an answer, for the end of a sentence:
// " (request-id 1)"; nothing where the answer, perhaps a proxy's, has none.
func Named(name, id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" (%s %s)", name, id)
}
