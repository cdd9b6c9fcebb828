package connect

import (
	"context"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/zoom"
)

// Pair is a client of each service for one run, chosen as a pair.
type Pair struct {
	Graph *msgraph.Client
	Zoom  *zoom.Client
	// Microsoft and Account are the sign-ins that they use.
	Microsoft, Account Found
}

// Both opens both services for a command. Sign-ins that nothing but the list of current
// ones brings together must have been used together before.
func (d *Doors) Both(ctx context.Context, command string) (Pair, error) {
	var p Pair
	var err error
	if p.Graph, p.Microsoft, err = d.Graph(ctx, command); err != nil {
		return p, err
	}
	if p.Zoom, p.Account, err = d.Zoom(ctx); err != nil {
		return p, err
	}
	return p, nil
}
