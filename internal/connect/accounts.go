package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
)

// Account is a sign-in of this machine as the list of them knows it: keyrings
// cannot be listed, so what lies where is noted in a file of its own. It holds no
// secret.
type Account struct {
	// Service is "Microsoft" or "Zoom".
	Service string `json:"service"`
	// Of is the tenant or the Zoom account, Host where it was signed in.
	Of       string    `json:"of"`
	Host     string    `json:"host"`
	As       string    `json:"as"`
	ClientID string    `json:"client_id"`
	Store    Source    `json:"store"`
	SignedIn time.Time `json:"signed_in"`
	// Current marks the one that is used when nothing names another.
	Current bool `json:"current"`
	// With is the tenant, or the Zoom account, of the other service that this sign-in was
	// used with; empty when it was used with none yet.
	With string `json:"with,omitempty"`
}

func (a Account) same(b Account) bool {
	return a.Service == b.Service && strings.EqualFold(a.Of, b.Of) && a.Host == b.Host &&
		(a.Service == "Microsoft" || a.ClientID == b.ClientID)
}

func accountsFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("finding the config folder: %w", err)
	}
	return filepath.Join(dir, "zo365", "accounts.json"), nil
}

// Accounts lists the sign-ins of this machine in the order they were made.
func Accounts() ([]Account, error) {
	path, err := accountsFile()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of sign-ins: %w", err)
	}
	var all []Account
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("reading the list of sign-ins %s: %w", path, err)
	}
	return all, nil
}

// editAccounts changes the list while no other process does.
func editAccounts(ctx context.Context, edit func([]Account) []Account) error {
	path, err := accountsFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the config folder: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	all, err := Accounts()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(edit(all), "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the list of sign-ins: %w", err)
	}
	return atomicfile.Write(path, append(text, '\n'), 0o600)
}

// note puts a sign-in on the list and makes it the current one of its service. A sign-in
// that was never used with one of the other service is taken for the other half of the
// current one's pair, if that one has no other half either.
func note(ctx context.Context, a Account) error {
	return editAccounts(ctx, func(all []Account) []Account {
		for _, old := range all {
			if old.same(a) {
				a.With = old.With
			}
		}
		all = slices.DeleteFunc(all, a.same)
		for i := range all {
			switch other := &all[i]; {
			case other.Service == a.Service:
				other.Current = false
			case other.Current && a.With == "" && other.With == "":
				a.With, other.With = other.Of, a.Of
			}
		}
		a.Current = true
		return append(all, a)
	})
}

// pair remembers that two sign-ins were used together.
func pair(ctx context.Context, a, b Account) error {
	all, err := Accounts()
	if err != nil {
		return err
	}
	known := func(x Account, with string) bool {
		return !slices.ContainsFunc(all, x.same) ||
			slices.ContainsFunc(all, func(y Account) bool { return y.same(x) && y.With == with })
	}
	if known(a, b.Of) && known(b, a.Of) {
		return nil
	}
	return editAccounts(ctx, func(all []Account) []Account {
		for i := range all {
			switch {
			case all[i].same(a):
				all[i].With = b.Of
			case all[i].same(b):
				all[i].With = a.Of
			}
		}
		return all
	})
}

// MixedError says that the two current sign-ins were never used together: they may be two
// customers'.
type MixedError struct{ Tenant, Account string }

func (e *MixedError) Error() string {
	return fmt.Sprintf(
		"the current sign-ins, the tenant %s and the Zoom account %s, were never used together, and no tenant file names them",
		e.Tenant,
		e.Account,
	)
}

// belongs notes a sign-in that a run opens, and refuses the second of two that do not
// belong together, whichever command opens it.
func (d *Doors) belongs(ctx context.Context, microsoft, zoom *Found) error {
	d.opening.Lock()
	defer d.opening.Unlock()
	if microsoft != nil {
		d.opened.microsoft = microsoft
	}
	if zoom != nil {
		d.opened.zoom = zoom
	}
	if d.opened.microsoft == nil || d.opened.zoom == nil {
		return nil
	}
	return d.together(ctx, *d.opened.microsoft, *d.opened.zoom)
}

// together refuses two sign-ins that only the list of current ones brings together,
// unless they are known as a pair.
func (d *Doors) together(ctx context.Context, microsoft, zoom Found) error {
	if !microsoft.byCurrent && !zoom.byCurrent {
		return pair(ctx, microsoft.account(), zoom.account())
	}
	all, err := Accounts()
	if err != nil {
		return err
	}
	paired := slices.ContainsFunc(all, func(a Account) bool {
		return a.same(microsoft.account()) && strings.EqualFold(a.With, zoom.Of) ||
			a.same(zoom.account()) && strings.EqualFold(a.With, microsoft.Of)
	})
	for _, a := range all {
		// The same tenant may have been signed in to by another of its names.
		if !paired && a.same(zoom.account()) && a.With != "" {
			paired = d.sameTenant(ctx, a.With, microsoft.Of)
		}
	}
	if !paired {
		return &MixedError{Tenant: microsoft.Of, Account: zoom.Of}
	}
	return nil
}

// forget takes a sign-in off the list.
func forget(ctx context.Context, a Account) error {
	all, err := Accounts()
	if err != nil || !slices.ContainsFunc(all, a.same) {
		return err
	}
	return editAccounts(ctx, func(all []Account) []Account { return slices.DeleteFunc(all, a.same) })
}

// NoAccountError says that no sign-in of this machine has a name.
type NoAccountError struct {
	Name  string
	Known []string
}

func (e *NoAccountError) Error() string {
	return fmt.Sprintf("no sign-in on this machine is of %q", e.Name)
}

// Switch makes the sign-in of a tenant or a Zoom account the current one of its service,
// and the one that was used with it that of the other, and returns them.
func Switch(ctx context.Context, name string) ([]Account, error) {
	all, err := Accounts()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(a Account) bool { return strings.EqualFold(a.Of, name) })
	if i < 0 {
		e := &NoAccountError{Name: name}
		for _, a := range all {
			e.Known = append(e.Known, a.Of)
		}
		return nil, e
	}
	chosen := []Account{all[i]}
	if all[i].With != "" {
		for _, a := range all {
			if a.Service != all[i].Service && strings.EqualFold(a.Of, all[i].With) {
				chosen = append(chosen, a)
				break
			}
		}
	}
	for i := range chosen {
		chosen[i].Current = true
	}
	return chosen, editAccounts(ctx, func(all []Account) []Account {
		for i := range all {
			for _, c := range chosen {
				if all[i].Service == c.Service {
					all[i].Current = all[i].same(c)
				}
			}
		}
		return all
	})
}

// current is the sign-in to use when nothing names a tenant or an account.
func (d *Doors) current(service, host string) Account {
	all, err := Accounts()
	if err != nil {
		d.opts.Warn(err)
		return Account{}
	}
	for _, a := range all {
		if a.Service == service && a.Current && a.Host == host {
			return a
		}
	}
	return Account{}
}
