// Package tenant owns what was observed: facts about the Microsoft tenant and
// the Zoom account, each a Reading with its source and time. A fact that could
// not be read is a value too, never "none". The package knows nothing of what
// is wanted.
package tenant

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reading is one fact: the value, or why it could not be read.
type Reading[T any] struct {
	// Value is meaningful only when Err is nil and At is set.
	Value T
	// Err says why the fact could not be read; a *NeedsError names the missing
	// permission.
	Err error
	// Source is the request that answered, for example "GET /domains".
	Source string
	// At is when the answer came, UTC. Zero means that nobody looked.
	At time.Time
}

// Seen says whether the value was observed.
func (r Reading[T]) Seen() bool { return r.Err == nil && !r.At.IsZero() }

// NeedsError says that a fact could not be read, or a change not made, for want
// of a permission or a role.
type NeedsError struct {
	// Service is "Microsoft Graph", "Zoom", or what sells a licence: "Microsoft Entra ID".
	Service string
	// AnyOf names the permissions (Graph), scopes (Zoom) or licences, one of which
	// is enough.
	AnyOf []string
	// Doing is what was tried, for example "listing domains".
	Doing string
	// Roles and Instead are those of the call's Access.
	Roles   []string
	Instead string
	// Err is the service's own answer.
	Err error
}

func (e *NeedsError) Error() string {
	return fmt.Sprintf("%s needs %s in %s", e.Doing, strings.Join(e.AnyOf, " or "), e.Service)
}

func (e *NeedsError) Unwrap() error { return e.Err }

// Reason says why a whole run cannot go on.
type Reason int

// The reasons, each with an exit code of its own upstairs.
const (
	// SignedOut: no usable sign-in; the person must sign in.
	SignedOut Reason = iota + 1
	// Offline: the service could not be reached at all.
	Offline
	// OutOfPatience: the service asked to wait longer than the run may.
	OutOfPatience
)

// StopError ends a whole run, where a mere fact that could not be read does not.
type StopError struct {
	Reason Reason
	// Service is "Microsoft" or "Zoom".
	Service string
	// Doing is what was tried; empty while signing in.
	Doing string
	Err   error
}

func (e *StopError) Error() string { return e.Err.Error() }

func (e *StopError) Unwrap() error { return e.Err }

// Stops says whether an error ends the whole run.
func Stops(err error) bool {
	var stop *StopError
	return errors.As(err, &stop)
}

// ErrAlready says that a service had a change already: this call made nothing.
var ErrAlready = errors.New("it was so already")
