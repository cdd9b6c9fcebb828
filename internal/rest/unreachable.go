package rest

import (
	"context"
	"errors"
	"fmt"

	"github.com/zo365/zo365/internal/tenant"
)

// Unreachable sorts the errors that are not an answer of a service. One that says already
// that the run stops, or that it was cancelled, stays as it is.
func Unreachable(service, doing string, err error) error {
	var (
		patience *PatienceError
		stop     *tenant.StopError
		cut      *CutError
		large    *TooLargeError
		stalled  *StalledError
	)
	switch {
	case errors.As(err, &stop): // without the address that net/http puts before it
		return fmt.Errorf("%s: %w", doing, stop)
	case errors.As(err, &cut):
		return fmt.Errorf("%s: %w", doing, cut) // of this one thing
	case errors.As(err, &stalled):
		err = stalled // without the address that net/http puts before it
	case errors.As(err, &large):
		return fmt.Errorf("%s: %w", doing, large)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, &patience):
		return &tenant.StopError{
			Reason:  tenant.OutOfPatience,
			Service: service,
			Doing:   doing,
			Err:     fmt.Errorf("%s: %w", doing, patience),
		}
	}
	return &tenant.StopError{
		Reason:  tenant.Offline,
		Service: service,
		Doing:   doing,
		Err:     fmt.Errorf("%s: %w", doing, err),
	}
}
