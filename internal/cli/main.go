// Package cli is the roof: the command tree, flags in, one call down, one
// rendering out. Errors become words and an exit code here and nowhere else. It
// knows no rule of the integration.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// Main runs one command line and returns the exit code. Ctrl-C ends every wait.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := System()
	root := NewRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errStopped) {
		return exitDone
	}
	if err != nil && ctx.Err() != nil {
		err = context.Canceled // whatever the interrupted call made of it
	}
	return report(env, err)
}
