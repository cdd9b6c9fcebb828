// Package zoom imitates Zoom's OAuth and REST API.
package zoom

import "github.com/zo365/zo365/internal/sandbox/world"

// Service answers requests to Zoom.
type Service struct {
	*world.Host

	OAuth *OAuth
}
