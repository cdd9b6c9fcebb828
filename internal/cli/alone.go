package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/connect"
)

// soon is how long another run may take before its presence is said.
const soon = 500 * time.Millisecond

// alone waits until no other run on this machine changes the tenant of a file: two
// at once would make the same changes twice. A run on another machine is kept away by
// the pipeline (docs/ci).
func (env *Env) alone(ctx context.Context) (release func(), err error) {
	path, err := env.path()
	if err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the tenant file: %w", err)
	}
	cache, err := connect.CacheFolder()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(absolute))
	dir := filepath.Join(cache, "applying", hex.EncodeToString(sum[:12]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the cache folder: %w", err)
	}
	short, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	release, err = atomicfile.Lock(short, dir)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return release, err
	}
	env.say("another zo365 changes the tenant of %s; waiting for it", path)
	return atomicfile.Lock(ctx, dir)
}
