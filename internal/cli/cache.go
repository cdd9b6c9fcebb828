package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/render"
)

func newCacheCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "See and erase what is kept to be fast",
		Long: `zo365 keeps two things in the user's cache folder, readable by their owner alone:
snapshots of the Microsoft directory, so that a second report reads only what
changed, and access tokens, sealed with a key from the credential store. Both can
be erased at any time; nothing is lost but time.`,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:     "list",
			Short:   "Show what is in the cache",
			Example: "  zo365 cache list -o json",
			Args:    flagsOnly,
			Long:    "Show the files of the cache, their sizes in bytes and when they were written.",
			RunE:    func(*cobra.Command, []string) error { return runCacheList(env) },
		},
		&cobra.Command{
			Use:     "clear",
			Short:   "Erase the cache",
			Example: "  zo365 cache clear",
			Args:    flagsOnly,
			Long:    "Erase all snapshots and sealed access tokens. Sign-ins stay: they are in the\ncredential store.",
			RunE:    func(cmd *cobra.Command, _ []string) error { return runCacheClear(cmd.Context(), env) },
		},
	)
	return cmd
}

func runCacheList(env *Env) error {
	files, err := cacheFiles()
	if err != nil {
		return err
	}
	l := render.Listing{
		Value:   render.Cache{Files: files},
		Columns: []string{"file", "bytes", "written"},
		Empty:   "The cache is empty.",
	}
	for _, f := range files {
		l.Rows = append(l.Rows, []string{f.File, strconv.FormatInt(f.Bytes, 10), f.Written.Format(time.RFC3339)})
	}
	return env.show(l)
}

// cacheFiles are all files in the cache, by name.
func cacheFiles() ([]render.CacheFile, error) {
	files := []render.CacheFile{}
	dir, err := connect.CacheFolder()
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files = append(
			files,
			render.CacheFile{File: path, Bytes: info.Size(), Written: info.ModTime().UTC().Truncate(time.Second)},
		)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the cache folder: %w", err)
	}
	return files, nil
}

func runCacheClear(_ context.Context, env *Env) error {
	files, err := cacheFiles()
	if err != nil {
		return err
	}
	dir, err := connect.CacheFolder()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("erasing the cache: %w", err)
	}
	env.say("erased %d files in %s", len(files), dir)
	return nil
}
