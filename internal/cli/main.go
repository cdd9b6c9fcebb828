// Package cli is the roof: the command tree, flags in, one call down, one
// rendering out. Errors become words and an exit code here and nowhere else. It
// knows no rule of the integration.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/zo365/zo365/internal/connect"
)

// Main runs one command line and returns the exit code. Ctrl-C ends every wait.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := System()
	err := execute(ctx, env, args)
	var interaction *connect.InteractionError
	if errors.As(err, &interaction) && env.interactive() && ctx.Err() == nil {
		// One new sign-in and one more try, never a loop.
		if again := env.signInAgain(ctx, interaction); again == nil {
			err = execute(ctx, env, args)
		}
	}
	if errors.Is(err, errStopped) {
		return exitDone
	}
	var exited *exitedError
	if errors.As(err, &exited) {
		return exited.code
	}
	if err != nil && ctx.Err() != nil {
		err = context.Canceled // whatever the interrupted call made of it
	}
	return report(env, err)
}

func execute(ctx context.Context, env *Env, args []string) error {
	env.args = args
	root := NewRoot(env) //nolint:contextcheck // every command gets the context of ExecuteContext
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	env.command = strings.TrimPrefix(cmd.CommandPath(), "zo365 ")
	return err
}
