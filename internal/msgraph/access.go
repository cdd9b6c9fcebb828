package msgraph

import (
	"maps"

	"github.com/zo365/zo365/internal/tenant"
)

// calls are what each call of the client needs, by the method's name.
var calls = map[string]tenant.Access{}

// access writes down what a call needs. It stands beside the call.
func access(method string, needs tenant.Access) tenant.Access {
	calls[method] = needs
	return needs
}

// Calls are what each call of the client needs, by the method's name.
func Calls() map[string]tenant.Access { return maps.Clone(calls) }
