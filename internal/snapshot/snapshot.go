// Package snapshot reads both directories: Microsoft's into a file in the user's
// cache folder, which later runs only bring up to date, Zoom's page by page. A
// read that was interrupted goes on where it stopped, and one that comes up short
// of the service's own count is never called complete.
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
)

// Folder is where the snapshot of one tenant lies, as one sign-in sees it. Its
// files can be read by their owner alone.
type Folder struct {
	Dir string
	// Target is whose people they are; a snapshot of another target is none.
	Target tenant.Target
	// Partial accepts a read that comes up short.
	Partial bool
	// Say is told what takes long; it may be nil.
	Say func(format string, args ...any)
	// Came is told how many people of a service are read, of how many; it may be nil.
	Came func(service string, people, of int)
}

func (f Folder) came(service string, people, of int) {
	if f.Came != nil {
		f.Came(service, people, of)
	}
}

// Microsoft is what a snapshot needs of Graph.
type Microsoft interface {
	CountUsers(ctx context.Context) (int, error)
	UsersPage(ctx context.Context, r msgraph.Range, next string) ([]tenant.User, string, error)
	DeltaLatest(ctx context.Context) (string, error)
	Changes(ctx context.Context, link string) ([]tenant.UserChange, string, error)
	User(ctx context.Context, key string) (*tenant.User, error)
}

// Taken is a snapshot as it is now.
type Taken struct {
	// File holds everybody but the deleted, as CSV with Graph's property names.
	File string
	// Since is when everybody was read last; Changed is how many people changed
	// since the last run, and is meaningless when everybody was read now.
	Since   time.Time
	Changed int
	Fresh   bool
	// Partial is true when fewer were read than the service counts.
	Partial bool
}

// ShortError says that fewer people were read than the service counts.
type ShortError struct {
	Service   string
	Got, Want int
}

func (e *ShortError) Error() string {
	return fmt.Sprintf(
		"%s: %d people were read, and the service counts %d: the read is not complete",
		e.Service,
		e.Got,
		e.Want,
	)
}

// version of the files; another one is read anew.
const version = 2

// meta is kept beside the people.
type meta struct {
	Version int           `json:"version"`
	Target  tenant.Target `json:"target"`
	People  int           `json:"people"`
	Delta   string        `json:"delta"`
	Since   time.Time     `json:"since"`
}

func (f Folder) path(name string) string { return filepath.Join(f.Dir, name) }

const (
	peopleFile   = "microsoft.csv"
	metaFile     = "microsoft.json"
	partFile     = "microsoft.part"
	progressFile = "microsoft.progress"
)

// Microsoft brings the snapshot up to date: by what changed, or by reading
// everybody where there is none yet, its delta link is too old, or fresh asks for
// it.
func (f Folder) Microsoft(ctx context.Context, m Microsoft, fresh bool) (Taken, error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return Taken{}, fmt.Errorf("making the cache folder: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, f.Dir)
	if err != nil {
		return Taken{}, err
	}
	defer unlock()
	have, err := f.load()
	if err != nil {
		return Taken{}, err
	}
	if have != nil && !fresh {
		taken, err := f.refresh(ctx, m, *have)
		if err == nil || !msgraph.IsGone(err) {
			return taken, err
		}
		f.say("Graph no longer knows the last state; reading everybody again")
	}
	return f.readAll(ctx, m, fresh)
}

// load returns nil where there is no snapshot that this version can use.
func (f Folder) load() (*meta, error) {
	text, err := os.ReadFile(f.path(metaFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	var have meta
	if json.Unmarshal(text, &have) != nil || have.Version != version || have.Delta == "" {
		return nil, nil //nolint:nilerr // what cannot be used is read anew
	}
	if have.Target != f.Target {
		f.say("the snapshot is of another target; reading everybody anew")
		return nil, nil
	}
	_, err = os.Stat(f.path(peopleFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // without its people it is none
	}
	return &have, err
}

func (f Folder) save(have meta) error {
	have.Version, have.Target = version, f.Target
	text, err := json.Marshal(have)
	if err != nil {
		return err
	}
	return atomicfile.Write(f.path(metaFile), text, 0o600)
}

func (f Folder) say(format string, args ...any) {
	if f.Say != nil {
		f.Say(format, args...)
	}
}

// refresh applies what changed since the last run.
func (f Folder) refresh(ctx context.Context, m Microsoft, have meta) (Taken, error) {
	changes, link, err := m.Changes(ctx, have.Delta)
	if err != nil {
		return Taken{}, err
	}
	taken := Taken{File: f.path(peopleFile), Since: have.Since, Changed: len(changes)}
	if len(changes) > 0 {
		if have.People, err = f.apply(ctx, m, changes); err != nil {
			return Taken{}, err
		}
	}
	have.Delta = link
	if err := f.save(have); err != nil {
		return Taken{}, err
	}
	want, err := m.CountUsers(ctx)
	if err != nil {
		return Taken{}, err
	}
	if have.People < want { // the index of counts is behind, or something was missed
		f.say("the snapshot has %d people and Graph counts %d; reading everybody again", have.People, want)
		return f.readAll(ctx, m, true)
	}
	return taken, nil
}
