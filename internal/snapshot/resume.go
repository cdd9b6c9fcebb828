package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
)

// errShortPart says that the people of an interrupted read are not all there.
var errShortPart = errors.New("the people that were read are not all there")

// resume reads how far an interrupted read came. A torn last line is left out,
// and so is what the part file has beyond the last whole one.
func (r *reader) resume() (start progress, ok bool, err error) {
	text, err := os.ReadFile(r.folder.path(progressFile))
	if errors.Is(err, os.ErrNotExist) {
		return progress{}, false, nil
	}
	if err != nil {
		return progress{}, false, fmt.Errorf("reading how far the last read came: %w", err)
	}
	last := map[msgraph.Range]task{{}: {}}
	whole := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var p progress
		if json.Unmarshal(lines.Bytes(), &p) != nil {
			break
		}
		whole += len(lines.Bytes()) + 1
		if p.Delta != "" {
			start, r.whole = p, p.Whole
			continue
		}
		r.bytes = max(r.bytes, p.Bytes)
		delete(last, p.Range)
		for _, into := range p.Into {
			last[into] = task{r: into}
		}
		if !p.Done && p.Into == nil {
			last[p.Range] = task{r: p.Range, next: p.Next}
		}
	}
	if start.Target != r.folder.Target {
		return progress{}, false, nil // begun for another tenant
	}
	if start.Delta == "" || time.Since(start.At) > resumable || r.bytes == 0 {
		return progress{}, false, nil
	}
	for _, t := range last {
		r.waiting = append(r.waiting, t)
	}
	slices.SortFunc(r.waiting, func(a, b task) int { return strings.Compare(a.r.From, b.r.From) })
	err = r.reopen(int64(min(whole, len(text))))
	if errors.Is(err, errShortPart) {
		return progress{}, false, nil
	}
	if err != nil {
		return progress{}, false, err
	}
	r.folder.say(
		"going on with the read of %s: %d people are there already",
		start.At.Local().Format("15:04"),
		len(r.seen),
	)
	return start, true, nil
}

func (r *reader) reopen(progressBytes int64) (err error) {
	// A part that is shorter than the progress says would be filled up with nothing.
	if part, err := os.Stat(r.folder.path(partFile)); err != nil || part.Size() < r.bytes {
		return errors.Join(errShortPart, err)
	}
	if err := os.Truncate(r.folder.path(partFile), r.bytes); err != nil {
		return fmt.Errorf("going on with the last read: %w", err)
	}
	if err := os.Truncate(r.folder.path(progressFile), progressBytes); err != nil {
		return fmt.Errorf("going on with the last read: %w", err)
	}
	if err := r.folder.each(partFile, func(u tenant.User) { r.seen[u.ID] = struct{}{} }); err != nil {
		return err
	}
	const flags = os.O_APPEND | os.O_RDWR
	if r.part, err = os.OpenFile(r.folder.path(partFile), flags, 0o600); err != nil {
		return err
	}
	r.progress, err = os.OpenFile(r.folder.path(progressFile), flags, 0o600)
	return err
}
