// Package journal owns the record beside the tenant file: one JSON object a
// line, appended and synced, never edited in place. What holds now is the fold
// of its lines.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Version of the line format. Lines of version 1, which follow from the line before
// them, are read for ever.
const Version = 2

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
	// StepLeft: a step was begun and left, or is not needed any more; StepRefused: the
	// service refused it.
	StepLeft    Action = "step-left"
	StepRefused Action = "step-refused"
	// PermissionGranted: Zoom's application got a permission.
	PermissionGranted Action = "permission-granted"
	// ApplicationEnabled: Zoom's application may sign in again.
	ApplicationEnabled Action = "application-enabled"
	// ApplicationDisabled: that was taken back.
	ApplicationDisabled Action = "application-disabled"
	// RegistrationCreated: an app registration for zo365 was made.
	RegistrationCreated Action = "registration-created"
	// GroupCreated and GroupDeleted: a group of Zoom.
	GroupCreated Action = "group-created"
	GroupDeleted Action = "group-deleted"
	// PortalWithdrawn: a confirmation was taken back.
	PortalWithdrawn Action = "portal-withdrawn"
	// RoleAssigned and RoleRemoved: a role of Zoom's application in Exchange Online.
	RoleAssigned Action = "exchange-role-assigned"
	RoleRemoved  Action = "exchange-role-removed"
	// ScopeCreated and ScopeRemoved: a custom scope in Exchange Online.
	ScopeCreated Action = "exchange-scope-created"
	ScopeRemoved Action = "exchange-scope-removed"
	// ScopeTested: the roles were seen to reach whom the tenant file wants, and nobody else.
	ScopeTested Action = "scope-tested"
	// Waited: Exchange's cache, or tokens, were waited for.
	Waited Action = "waited"
	// ExchangeRead: somebody handed over what they read in Exchange Online PowerShell.
	ExchangeRead Action = "exchange-read"
	// DelegatedRevoked: a delegated grant was deleted; ApplicationDeleted: the application was
	// taken out of the tenant.
	DelegatedRevoked   Action = "delegated-grant-revoked"
	ApplicationDeleted Action = "application-deleted"
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
	// Scope is "account" or "group:NAME", "tenant" for what belongs to neither, and
	// "microsoft" for that section of the tenant file.
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
	// Principal is the object ID of the service principal that a step of version 1 is
	// about; today's have Application.
	Principal string `json:"principal,omitempty"`
	// Plan and Step say which step of which plan this was.
	Plan string `json:"plan,omitempty"`
	Step string `json:"step,omitempty"`
	// Undoes is the ID of the entry that this one takes back.
	Undoes string `json:"undoes,omitempty"`
	// Target is the tenant and the Zoom account that the entry is about; how each half
	// is known: seen in the service's answer, or stated in the tenant file.
	Target *tenant.Target         `json:"target,omitempty"`
	Basis  map[string]tenant.Half `json:"basis,omitempty"`
	// Application and Permission are what was granted, revoked or enabled, exactly.
	Application *tenant.Application `json:"application,omitempty"`
	Permission  *tenant.Permission  `json:"permission,omitempty"`
	// Assignment is the ID of the app role assignment that was made, with
	// PermissionGranted.
	Assignment string `json:"assignment,omitempty"`
	// Role is a role in Exchange Online, with its scope, that was assigned or removed.
	Role *tenant.ExchangeRole `json:"exchange_role,omitempty"`
	// Why says why a step was refused or left.
	Why string `json:"why,omitempty"`
	// Parents are the hashes of the lines that this one follows from, "first" in the
	// first line; Previous is that of lines of version 1. Writer and Seq number the
	// entries of one machine, Offset is the byte at which the line was written.
	Parents  []string `json:"parents,omitempty"`
	Previous string   `json:"previous,omitempty"`
	Writer   string   `json:"writer,omitempty"`
	Seq      int      `json:"seq,omitempty"`
	Offset   int64    `json:"offset,omitempty"`

	// ID is the beginning of the line's own hash; it is not in the line.
	ID string `json:"-"`
}

// Path is the journal beside a tenant file: zo365.yaml has zo365.journal.jsonl. That
// of a link lies beside the file that it leads to.
func Path(tenantFile string) string {
	if target, err := filepath.EvalSymlinks(tenantFile); err == nil {
		tenantFile = target
	}
	base := strings.TrimSuffix(filepath.Base(tenantFile), filepath.Ext(tenantFile))
	return filepath.Join(filepath.Dir(tenantFile), base+".journal.jsonl")
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
	var newer error
	err = eachLine(f, func(n int, _ int64, _ []byte, e *Entry, err error) {
		if err != nil {
			torn = append(torn, Torn{Line: n, Err: err})
			return
		}
		if e.V > Version && newer == nil {
			newer = &NewerError{Line: n, Version: e.V}
		}
		entries = append(entries, *e)
	})
	if newer != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, newer)
	}
	return entries, torn, err
}

// JSON encodes a value of this program's own types for an entry.
func JSON(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a type that cannot be encoded is a mistake in this program
	}
	return text
}
