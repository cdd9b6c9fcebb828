// Package graph imitates Microsoft Graph.
package graph

import (
	"net/http"

	"github.com/zo365/zo365/internal/sandbox/entra"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// Service answers requests to Graph.
type Service struct {
	*world.Host

	Entra *entra.Service
	// Fault answers a request of a batch that the scenario refuses, and says whether it did.
	Fault func(rec *world.Recorder, r *http.Request) bool
}
