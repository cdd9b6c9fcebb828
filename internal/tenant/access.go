package tenant

import (
	"slices"
	"strings"
)

// Access is what one call of a service needs to be allowed. It stands beside the call, and
// every list of permissions is made from it.
type Access struct {
	// Why says what the call is good for, in a list of permissions.
	Why string
	// Delegated are the permissions of a person's sign-in, Application those of an
	// application's: the least that are enough, all of them together. A call that one kind
	// of sign-in cannot make has none for it.
	Delegated, Application []string
	// Scopes are granular scopes of Zoom's server-to-server app.
	Scopes []string
	// Or are wider ones, each of which is enough alone.
	Or []string
	// Roles are those of Entra one of which a person must have beside the permission.
	Roles []string
	// Certainty is how sure the permissions are; empty is documented.
	Certainty Certainty
	// Instead says what serves where the permission cannot be had; empty where it always can.
	Instead string
}

// AnyOf are the ways to be allowed the call, for an error that names them.
func (a Access) AnyOf() []string {
	var ways []string
	for _, together := range [][]string{a.Application, a.Delegated, a.Scopes} {
		way := strings.Join(together, " and ")
		if way != "" && !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	for _, wider := range a.Or {
		if !slices.Contains(ways, wider) {
			ways = append(ways, wider)
		}
	}
	return ways
}

// Same is an access that a person and an application get by the same permissions.
func Same(why string, permissions ...string) Access {
	return Access{Why: why, Delegated: permissions, Application: permissions}
}
