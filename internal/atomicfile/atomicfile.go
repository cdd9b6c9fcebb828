// Package atomicfile replaces files whole and lets processes take turns in a
// folder. It is ground floor: config, journal and secret all write files that
// must never be seen half-written.
package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// Write replaces the file at path: a temporary file in the same folder, synced,
// then renamed over it, then the folder synced. A reader sees the old text or
// the new one. A symbolic link keeps pointing where it points.
func Write(path string, data []byte, perm os.FileMode) error {
	return replace(path, perm, true, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Fill is Write for what is made as it is written and can be made again, a report
// or a snapshot: whoever reads it, even after this process was killed, sees the old
// text or the new one, but it is not forced to the disk. An error of fill leaves
// the file as it was. What is no file, a pipe or a device, is written to and stays.
func Fill(path string, perm os.FileMode, fill func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			err = errors.Join(fill(f), f.Close())
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		return nil
	}
	return replace(path, perm, false, fill)
}

func replace(path string, perm os.FileMode, sync bool, fill func(io.Writer) error) (err error) {
	if target, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
		path = target
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, errors.Join(err, discard(tmp)))
		}
	}()
	if info, statErr := os.Stat(path); statErr == nil {
		perm = info.Mode().Perm()
	}
	if err := tmp.Chmod(perm); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := fill(tmp); err != nil {
		return err
	}
	if sync {
		if err := tmp.Sync(); err != nil {
			return err
		}
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil || !sync {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

func discard(tmp *os.File) error {
	_ = tmp.Close() // it may be closed already
	if err := os.Remove(tmp.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// SyncDir makes a rename in a folder last through a power cut.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows does not sync folders
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock waits for a folder's turn and returns what gives it up. On Unix the
// folder itself is locked, so that no lock file is left in somebody's git
// repository; where a folder cannot be locked (Windows, some network file
// systems) a file .zo365.lock in it is.
func Lock(ctx context.Context, dir string) (unlock func(), err error) {
	if runtime.GOOS != "windows" {
		l := flock.New(dir, flock.SetFlag(os.O_RDONLY))
		if ok, lockErr := l.TryLockContext(ctx, 20*time.Millisecond); lockErr == nil && ok {
			return func() { _ = l.Unlock() }, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("waiting for another zo365 that holds %s: %w", dir, ctx.Err())
		}
	}
	l := flock.New(filepath.Join(dir, ".zo365.lock"))
	if ok, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return func() { _ = l.Unlock() }, nil
}

// LockFile waits for the turn of a file that is there for nothing else.
func LockFile(ctx context.Context, path string) (unlock func(), err error) {
	l := flock.New(path)
	if ok, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return func() { _ = l.Unlock() }, nil
}
