package tenant

import "errors"

// Failure is an error answer of a service, taken apart.
type Failure struct {
	// Doing is what was tried, for example "listing domains".
	Doing string
	// Service is whose answer it is, for example "Microsoft Graph".
	Service string
	// Status is the one of HTTP; zero where there is none.
	Status int
	// Code is the service's own, RequestID what its support asks for.
	Code, RequestID string
}

// ErrNoPlan says that Zoom shows no plan of the account: a free one answers so, and others do.
var ErrNoPlan = errors.New("Zoom shows no plan of this account (a free account answers so, and others do)")

// ErrNotInCloud says that a fact can be read in Microsoft's global cloud, and not in this one.
var ErrNotInCloud = errors.New("not available in this cloud")

// Certainty is how far a belief about a service can be relied on.
type Certainty string

// The certainties, from the best down.
const (
	Documented Certainty = "documented"
	Observed   Certainty = "observed"
	Reported   Certainty = "reported"
	Inferred   Certainty = "inferred"
	Conflict   Certainty = "conflict"
	Open       Certainty = "open"
)

// Meaning explains one code to an administrator.
type Meaning struct {
	// Code is as the service writes it: AADSTS50076, Authorization_RequestDenied, 4711.
	Code string
	// Kind says whose it is, for example "Entra sign-in".
	Kind string
	// Meaning is what it says, Cause why that comes about, Next what to do.
	Meaning, Cause, Next string
	// Source is the page, and Certainty how sure it is.
	Source    string
	Certainty Certainty
}
