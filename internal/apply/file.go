// Package apply carries reviewed changes out: the steps of a plan, by the services, a
// person and the journal, and lists of addresses. Each change is checked against what
// is there now and recorded before the next; what was done is not done again, and
// single changes can be taken back.
package apply

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// Format and Version are in the first line of a list.
const (
	Format  = "zo365 upn fix"
	Version = 2
)

// Header is the first line of a list of changes; each other line is one change,
// so that a list can be read, cut and held in git.
type Header struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Made    time.Time `json:"made"`
	// Target is whose people they are. A half that nobody was signed in to is empty: its
	// people come from an export.
	Target tenant.Target `json:"target"`
	// Undoes is the fingerprint of the list whose changes this one takes back.
	Undoes string `json:"undoes,omitempty"`
}

// List is a list of changes.
type List struct {
	Header Header
	Fixes  []upn.Fix
	// Fingerprint is of the file's bytes.
	Fingerprint string
}

// NamesTarget says whether the list names the service's tenant or account for each change
// that zo365 makes itself.
func (l List) NamesTarget() bool {
	t := l.Header.Target
	return !slices.ContainsFunc(l.Fixes, func(f upn.Fix) bool {
		return f.Kind == upn.ZoomEmail && t.ZoomAccount == "" || f.Kind == upn.EntraUPN && t.Tenant == ""
	})
}

// FileError says what is wrong with a list, and in which line.
type FileError struct {
	File    string
	Line    int
	Message string
}

func (e *FileError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message) }

// Write writes a list whole or not at all.
func Write(file string, header Header, fixes []upn.Fix) error {
	header.Format, header.Version = Format, Version
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(header); err != nil {
		return err
	}
	for _, f := range fixes {
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	return atomicfile.Write(file, text.Bytes(), 0o600)
}

// Read reads a list. Every line must be understood: a change that was edited into
// something else is not guessed at.
func Read(file string) (List, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return List{}, fmt.Errorf("reading the list of changes: %w", err)
	}
	sum := sha256.Sum256(text)
	l := List{Fingerprint: hex.EncodeToString(sum[:8])}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	seen, accounts, taken := map[string]int{}, map[string]int{}, map[string]int{}
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		if l.Header.Format == "" {
			var version Header
			if json.Unmarshal(lines.Bytes(), &version) == nil && version.Format == Format && version.Version != Version {
				return List{}, &FileError{
					file,
					n,
					fmt.Sprintf("the list has version %d; this zo365 reads version %d", version.Version, Version),
				}
			}
			if err := strict(lines.Bytes(), &l.Header); err != nil || l.Header.Format != Format {
				return List{}, &FileError{
					file,
					n,
					"this is not a list of changes made by zo365 upn fix --plan: its first line, which says for which tenant it is, is not there",
				}
			}
			if l.Header.Version != Version {
				return List{}, &FileError{
					file,
					n,
					fmt.Sprintf("the list has version %d; this zo365 reads version %d", l.Header.Version, Version),
				}
			}
			continue
		}
		var f upn.Fix
		if err := strict(lines.Bytes(), &f); err != nil {
			return List{}, &FileError{file, n, "this is not a change: " + err.Error()}
		}
		if problem := problemOf(f); problem != "" {
			return List{}, &FileError{file, n, problem}
		}
		if first := seen[f.Key()]; first > 0 {
			return List{}, &FileError{file, n, fmt.Sprintf("the same change is in line %d", first)}
		}
		seen[f.Key()] = n
		if first := accounts[accountOf(f)]; first > 0 {
			return List{}, &FileError{
				file,
				n,
				fmt.Sprintf("the same account is changed in line %d; one of the two must go", first),
			}
		}
		accounts[accountOf(f)] = n
		address := string(f.Kind) + " " + string(upn.Normal(f.To))
		if first := taken[address]; first > 0 {
			return List{}, &FileError{
				file,
				n,
				fmt.Sprintf("the account of line %d gets the address %s, too; one of the two must go", first, f.To),
			}
		}
		taken[address] = n
		l.Fixes = append(l.Fixes, f)
	}
	if l.Header.Format == "" {
		return List{}, &FileError{file, 1, "the list is empty"}
	}
	return l, lines.Err()
}

// accountOf names the account that a change is of: one account is changed once.
func accountOf(f upn.Fix) string {
	if f.Kind == upn.ZoomEmail {
		return "zoom " + string(upn.Normal(f.From))
	}
	if f.EntraID != "" {
		return "entra " + f.EntraID
	}
	return "entra " + string(upn.Normal(f.From))
}

func strict(line []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind it")
	}
	return nil
}

func problemOf(f upn.Fix) string {
	switch {
	case f.Kind != upn.ZoomEmail && f.Kind != upn.EntraUPN && f.Kind != upn.OnPremises:
		return fmt.Sprintf("kind: %q is none of zoom-email, entra-upn, on-premises", f.Kind)
	case !upn.Normal(f.From).Complete():
		return fmt.Sprintf("from: %q is not an address", f.From)
	case !upn.Normal(f.To).Complete():
		return fmt.Sprintf("to: %q is not an address", f.To)
	case !f.Listed && f.Class != upn.Mail && f.Class != upn.Alias && f.Class != upn.Domain:
		return fmt.Sprintf(
			"class: a person of the class %q is changed only when somebody named them; make the list with --include",
			f.Class,
		)
	}
	return ""
}
