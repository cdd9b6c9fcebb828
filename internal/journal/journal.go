// Package journal owns the record beside the tenant file: one JSON object a
// line, appended and synced, never edited in place. What holds now is the fold
// of its lines.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
)

// Version of the line format.
const Version = 1

// Action is what was done.
type Action string

// The actions.
const (
	// ProfileChanged: the tenant file was changed by a command.
	ProfileChanged Action = "profile-changed"
	// Authorized: Entra showed the consent that the scope needs.
	Authorized Action = "authorized"
	// AuthorizationRemoved: the scope is no longer authorized by an admin.
	AuthorizationRemoved Action = "authorization-removed"
	// PortalConfirmed: a person said that a step in Zoom's portal was done.
	PortalConfirmed Action = "portal-confirmed"
	// GrantsRevoked: app role assignments were deleted in Entra.
	GrantsRevoked Action = "grants-revoked"
	// ZoomEmailChanged: a Zoom user got another email.
	ZoomEmailChanged Action = "zoom-email-changed"
	// UPNChanged: a Microsoft user got another UPN.
	UPNChanged Action = "upn-changed"
	// StepStarted: a step of a plan is about to be done; StepFound: one that was
	// started and whose end was not recorded turned out to be done.
	StepStarted Action = "step-started"
	StepFound   Action = "step-found-done"
	// StepLeft: a person's step was begun and left, or is not needed any more.
	StepLeft Action = "step-left"
	// PermissionGranted: Zoom's application got a permission.
	PermissionGranted Action = "permission-granted"
	// ApplicationEnabled: Zoom's application may sign in again.
	ApplicationEnabled Action = "application-enabled"
	// GroupCreated and GroupDeleted: a group of Zoom.
	GroupCreated Action = "group-created"
	GroupDeleted Action = "group-deleted"
	// PortalWithdrawn: a confirmation was taken back.
	PortalWithdrawn Action = "portal-withdrawn"
	// Observed: what was there when everything was as wanted; drift is measured
	// against it.
	Observed Action = "observed"
)

// Entry is one line.
type Entry struct {
	V      int       `json:"v"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action Action    `json:"action"`
	// Scope is "account" or "group:NAME".
	Scope  string          `json:"scope"`
	Tenant string          `json:"tenant,omitempty"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	// Evidence is what was observed, with its source.
	Evidence json.RawMessage `json:"evidence,omitempty"`
	// Steps are portal step codes, with PortalConfirmed; Answer says how they were
	// confirmed: "asked" is a person's answer to the question, "--yes" the flag.
	Steps  []string `json:"steps,omitempty"`
	Answer string   `json:"answer,omitempty"`
	// Voids are portal step codes whose confirmation this ends, with Authorized and
	// AuthorizationRemoved; a removal of an older version has none and ends all.
	Voids []string `json:"voids,omitempty"`
	// Principal is the object ID of the service principal that a step is about.
	Principal string `json:"principal,omitempty"`
	// Plan and Step say which step of which plan this was.
	Plan string `json:"plan,omitempty"`
	Step string `json:"step,omitempty"`
	// Undoes is the ID of the entry that this one takes back.
	Undoes string `json:"undoes,omitempty"`
	// Previous is the hash of the line before, "first" in the first line; empty in
	// lines of older versions.
	Previous string `json:"previous,omitempty"`

	// ID is the beginning of the line's own hash; it is not in the line.
	ID string `json:"-"`
}

// Path is the journal beside a tenant file: zo365.yaml has
// zo365.journal.jsonl.
func Path(tenantFile string) string {
	base := strings.TrimSuffix(filepath.Base(tenantFile), filepath.Ext(tenantFile))
	return filepath.Join(filepath.Dir(tenantFile), base+".journal.jsonl")
}

// Append writes the entries in one go and syncs them. A torn last line, left by
// a power cut, is closed first so that it cannot swallow a new one.
func Append(ctx context.Context, path string, entries ...Entry) (err error) {
	unlock, err := atomicfile.Lock(ctx, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	torn, err := isTorn(f)
	if err != nil {
		return fmt.Errorf("reading the journal's end: %w", err)
	}
	previous, err := lastHash(f)
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	text, err := chained(previous, entries)
	if err != nil {
		return err
	}
	if torn {
		text = append([]byte{'\n'}, text...)
	}
	if _, err := f.Write(text); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

func isTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}

// Torn is a line that is not a whole entry.
type Torn struct {
	Line int
	Err  error
}

// Read returns the entries in order and the lines that are none. A missing
// journal is an empty one.
func Read(path string) ([]Entry, []Torn, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening the journal: %w", err)
	}
	defer f.Close()
	var entries []Entry
	var torn []Torn
	err = eachLine(f, func(n int, _ []byte, e *Entry, err error) {
		if err != nil {
			torn = append(torn, Torn{Line: n, Err: err})
			return
		}
		entries = append(entries, *e)
	})
	return entries, torn, err
}
