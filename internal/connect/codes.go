package connect

import (
	"slices"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// Codes are the error codes of all doors.
func Codes() []tenant.Meaning { return slices.Concat(signin.Codes(), msgraph.Codes(), zoom.Codes()) }
