// Package portal imitates the web portals in which a person clicks: Zoom's, Entra's admin
// center and the Microsoft 365 admin center.
package portal

import (
	"github.com/zo365/zo365/internal/sandbox/entra"
	"github.com/zo365/zo365/internal/sandbox/world"
)

// Service answers requests to the portals.
type Service struct {
	*world.Host

	Entra *entra.Service
	Pages *Sessions
}
