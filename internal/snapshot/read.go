package snapshot

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

const (
	// atOnce is how many pages are under way at a time.
	atOnce = 8
	// mostParts is into how many ranges the directory is cut at most, and
	// manyPages when one has turned out too long and is cut again.
	mostParts, manyPages = 16, 6
	pageSize             = 999
	// resumable is how long a next link is tried again.
	resumable = time.Hour
)

// progress is a line of the progress file: the first one has Delta, each other
// one says how far a range was read and how long the part file is.
type progress struct {
	Delta  string        `json:"delta,omitempty"`
	Target tenant.Target `json:"target,omitzero"`
	Count  int           `json:"count,omitempty"`
	At     time.Time     `json:"at,omitzero"`
	Range  msgraph.Range `json:"range"`
	Next   string        `json:"next,omitempty"`
	Done   bool          `json:"done,omitempty"`
	// Whole says that the directory is read in one sequence.
	Whole bool `json:"whole,omitempty"`
	// Into are the ranges that take this one's place.
	Into  []msgraph.Range `json:"into,omitempty"`
	Bytes int64           `json:"bytes,omitempty"`
}

// reader reads everybody in ranges.
type reader struct {
	folder Folder
	graph  Microsoft

	mu       sync.Mutex
	part     *os.File
	progress *os.File
	bytes    int64
	count    int // what Graph counts
	// whole: Graph takes no ranges, and everybody is read in one sequence.
	whole   bool
	seen    map[string]struct{}
	wake    *sync.Cond
	waiting []task
	running int
	failed  error
}

// task is a range with the next link to go on at.
type task struct {
	r    msgraph.Range
	next string
	page int
	// pages are those that were read of the range.
	pages *rest.Pages
}

// readAll reads everybody, or goes on with a read that was interrupted.
func (f Folder) readAll(ctx context.Context, m Microsoft, fresh bool) (Taken, error) {
	r := &reader{folder: f, graph: m, seen: map[string]struct{}{}}
	r.wake = sync.NewCond(&r.mu)
	start, err := r.open(ctx, fresh)
	if err != nil {
		return Taken{}, err
	}
	r.count = start.Count
	err = r.run(ctx)
	if !r.whole && msgraph.IsRangeRefused(err) {
		f.say("Graph takes no ranges of UPNs here: people are read in one sequence, which is slower")
		if err = r.anew(start); err == nil {
			err = r.run(ctx)
		}
	}
	if err = errors.Join(err, r.part.Close(), r.progress.Close()); err != nil {
		return Taken{}, err
	}
	want, err := m.CountUsers(ctx)
	if err != nil {
		return Taken{}, err
	}
	// Whoever came or went meanwhile is in the next changes, so the smaller count
	// is the one that must be reached.
	taken := Taken{File: f.path(peopleFile), Since: start.At, Fresh: true}
	if want = min(want, start.Count); len(r.seen) < want {
		if !f.Partial {
			return Taken{}, errors.Join(&ShortError{Service: "Microsoft Graph", Got: len(r.seen), Want: want}, f.discard())
		}
		f.say("warning: %v", &ShortError{Service: "Microsoft Graph", Got: len(r.seen), Want: want})
		taken.Partial, taken.File = true, f.path(partFile)
		return taken, os.Remove(f.path(progressFile)) // what is short is not gone on with
	}
	if err := os.Rename(f.path(partFile), f.path(peopleFile)); err != nil {
		return Taken{}, fmt.Errorf("keeping the snapshot: %w", err)
	}
	if err := f.save(meta{People: len(r.seen), Delta: start.Delta, Since: start.At}); err != nil {
		return Taken{}, err
	}
	return taken, os.Remove(f.path(progressFile))
}

// discard drops a read that cannot be gone on with.
func (f Folder) discard() error {
	var all error
	for _, name := range []string{partFile, progressFile} {
		if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// open begins a read, or takes up the one that was interrupted less than an hour
// ago.
func (r *reader) open(ctx context.Context, fresh bool) (progress, error) {
	if !fresh {
		start, ok, err := r.resume()
		if ok || err != nil {
			return start, err
		}
	}
	// The link is asked for first: what changes while people are read is in the
	// first changes.
	delta, err := r.graph.DeltaLatest(ctx)
	if err != nil {
		return progress{}, err
	}
	count, err := r.graph.CountUsers(ctx)
	if err != nil {
		return progress{}, err
	}
	start := progress{
		Delta:  delta,
		Target: r.folder.Target,
		Count:  count,
		At:     time.Now().UTC(),
	}
	return start, r.begin(start)
}

// anew begins again, in one sequence.
func (r *reader) anew(start progress) error {
	if err := errors.Join(r.part.Close(), r.progress.Close()); err != nil {
		return err
	}
	r.failed, start.Whole = nil, true
	return r.begin(start)
}

// begin writes the heads of both files. What a look at an older read left behind counts no
// more.
func (r *reader) begin(start progress) error {
	r.whole, r.bytes, r.seen, r.waiting = start.Whole, 0, map[string]struct{}{}, []task{{}}
	if err := r.create(); err != nil {
		return err
	}
	if err := r.note(start); err != nil {
		return err
	}
	n, err := io.WriteString(r.part, strings.Join(header, ",")+"\n")
	r.bytes += int64(n)
	return err
}

func (r *reader) create() (err error) {
	const flags = os.O_CREATE | os.O_TRUNC | os.O_RDWR
	if r.part, err = os.OpenFile(r.folder.path(partFile), flags, 0o600); err != nil {
		return fmt.Errorf("beginning the snapshot: %w", err)
	}
	if r.progress, err = os.OpenFile(r.folder.path(progressFile), flags, 0o600); err != nil {
		return fmt.Errorf("beginning the snapshot: %w", err)
	}
	return nil
}

// run reads all ranges, some at a time.
func (r *reader) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for {
				t, ok := r.take()
				if !ok {
					return
				}
				if err := r.read(ctx, t); err != nil {
					cancel()
				}
			}
		})
	}
	all.Wait()
	return r.failed
}

// take waits for a range; it is false when none will come any more.
func (r *reader) take() (task, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) == 0 && r.running > 0 && r.failed == nil {
		r.wake.Wait()
	}
	if len(r.waiting) == 0 || r.failed != nil {
		return task{}, false
	}
	t := r.waiting[0]
	r.waiting = r.waiting[1:]
	r.running++
	return t, true
}

// read reads one page of a range and hands the rest on: as it is, or cut into
// smaller ranges when it is long.
func (r *reader) read(ctx context.Context, t task) (err error) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.running--
		if err != nil && r.failed == nil {
			r.failed = err
		}
		r.wake.Broadcast()
	}()
	page, next, err := r.graph.UsersPage(ctx, t.r, t.next)
	if err != nil && t.next != "" && msgraph.IsGone(err) {
		t.pages = nil
		page, next, err = r.graph.UsersPage(ctx, t.r, "") // the link is too old: the range anew
	}
	if err != nil {
		return err
	}
	if t.pages == nil {
		t.pages = &rest.Pages{}
	}
	if err := t.pages.Add(idsOf(page), len(page), next); err != nil {
		return fmt.Errorf("listing users: %w", err)
	}
	var text bytes.Buffer
	r.mu.Lock()
	defer r.mu.Unlock()
	out := csv.NewWriter(&text)
	for _, u := range page {
		if _, twice := r.seen[u.ID]; twice {
			continue
		}
		r.seen[u.ID] = struct{}{}
		if err := out.Write(row(u)); err != nil {
			return err
		}
	}
	out.Flush()
	r.folder.came("Microsoft Graph", len(r.seen), r.count)
	p := progress{Range: t.r, Next: next, Done: next == ""}
	switch {
	case next == "", r.whole:
	case t.page == 0 && t.r == msgraph.Range{}:
		p.Into = cut(t.r, page, min(r.count/pageSize+1, mostParts))
	case t.page >= manyPages:
		p.Into = cut(t.r, page, atOnce)
	}
	if len(p.Into) > 1 {
		for _, into := range p.Into {
			r.waiting = append(r.waiting, task{r: into})
		}
	} else if p.Into = nil; next != "" {
		r.waiting = append([]task{{
			r:     t.r,
			next:  next,
			page:  t.page + 1,
			pages: t.pages,
		}}, r.waiting...)
	}
	return r.keep(text.Bytes(), p)
}

// idsOf tells a page from another one.
func idsOf(page []tenant.User) []byte {
	var ids []byte
	for _, u := range page {
		ids = append(append(ids, u.ID...), '\n')
	}
	return ids
}

// keep writes the people first, then how far they reach.
func (r *reader) keep(text []byte, p progress) error {
	n, err := r.part.Write(text)
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	r.bytes += int64(n)
	p.Bytes = r.bytes
	return r.note(p)
}

func (r *reader) note(p progress) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = r.progress.Write(append(text, '\n'))
	return err
}

// cut divides a range at the UPNs of a page of it. Nobody can fall between,
// whatever order of texts the service has: on the way from one end to the other,
// whose ends are shared, each UPN is passed somewhere.
func cut(r msgraph.Range, page []tenant.User, parts int) []msgraph.Range {
	upns := make([]string, 0, len(page))
	for _, u := range page {
		if text := strings.ToLower(u.UPN); text > strings.ToLower(r.From) && (r.To == "" || text < strings.ToLower(r.To)) {
			upns = append(upns, text)
		}
	}
	slices.Sort(upns)
	upns = slices.Compact(upns)
	if len(upns) < parts {
		return nil
	}
	var into []msgraph.Range
	from := r.From
	for i := 1; i < parts; i++ {
		if at := upns[len(upns)*i/parts]; at != from {
			into, from = append(into, msgraph.Range{From: from, To: at}), at
		}
	}
	return append(into, msgraph.Range{From: from, To: r.To})
}
