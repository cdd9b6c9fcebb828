package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/upn"
)

// Undo is the file beside a list that gets the way back of each change before the
// change is made. It is a list itself.
type Undo struct {
	file *os.File
	have map[string]bool
}

// OpenUndo begins the file, or goes on with it after an interruption.
func OpenUndo(plan string, list List) (*Undo, error) {
	path := plan + ".undo"
	u := &Undo{have: map[string]bool{}}
	old, err := Read(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		header := Header{Made: time.Now().UTC().Truncate(time.Second), Target: list.Header.Target, Undoes: list.Fingerprint}
		if err := Write(path, header, nil); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case old.Header.Undoes != list.Fingerprint:
		return nil, fmt.Errorf("%s is the way back of another list; nothing was changed", path)
	}
	for _, f := range old.Fixes {
		u.have[f.Key()] = true
	}
	u.file, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the way back: %w", err)
	}
	return u, atomicfile.SyncDir(filepath.Dir(path))
}

// Add writes the way back of one change, synced.
func (u *Undo) Add(f upn.Fix) error {
	back := f.Undo()
	back.Listed = true
	if u.have[back.Key()] {
		return nil
	}
	text, err := json.Marshal(back)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(u.file, string(text)+"\n"); err != nil {
		return fmt.Errorf("writing the way back: %w", err)
	}
	return u.file.Sync()
}

// Close ends the file.
func (u *Undo) Close() error { return u.file.Close() }

// WriteScript writes the changes that a person makes on premises beside the list,
// and returns the file's name; without such changes an older one goes away, so
// that nobody runs it.
func WriteScript(plan string, fixes []upn.Fix) (string, error) {
	path := plan + ".ps1"
	if script := upn.Script(fixes); script != "" {
		return path, atomicfile.Write(path, []byte(script), 0o600)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("removing the script of an older list: %w", err)
	}
	return "", nil
}
