package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
)

// soon is how long another run may take before its presence is said.
const soon = 500 * time.Millisecond

// Alone waits until no other run of this person changes the tenant of a file: two at
// once would make the same changes twice. It lies in the config folder, where clearing
// the cache does not reach it. A run on another machine is kept away by the pipeline
// (docs/ci).
func Alone(ctx context.Context, path string, say func(format string, args ...any)) (release func(), err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the tenant file: %w", err)
	}
	if target, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = target
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("finding the config folder: %w", err)
	}
	sum := sha256.Sum256([]byte(absolute))
	dir := filepath.Join(config, "zo365", "running", hex.EncodeToString(sum[:12]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder in which runs take turns: %w", err)
	}
	holder := filepath.Join(dir, "holder")
	short, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	unlock, err := atomicfile.Lock(short, dir)
	if err != nil {
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return nil, err
		}
		say("Another zo365 changes the tenant of %s%s. Waiting for it (Ctrl-C ends the wait)", path, heldBy(holder))
		if unlock, err = atomicfile.Lock(ctx, dir); err != nil {
			return nil, err
		}
	}
	note := fmt.Sprintf("process %d since %s", os.Getpid(), time.Now().UTC().Format(time.RFC3339))
	if err := os.WriteFile(holder, []byte(note), 0o600); err != nil {
		unlock()
		return nil, fmt.Errorf("noting who runs: %w", err)
	}
	return func() {
		_ = os.Remove(holder) // a note that stays is overwritten by the next run
		unlock()
	}, nil
}

// heldBy says which process it is and since when, as it noted itself.
func heldBy(holder string) string {
	text, err := os.ReadFile(holder)
	if err != nil || len(text) == 0 {
		return ""
	}
	return " (" + strings.TrimSpace(string(text)) + ")"
}
