package snapshot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

// Zoom is what reading everybody needs of Zoom's API, which has no delta query.
type Zoom interface {
	UsersPage(ctx context.Context, status string, number int) ([]tenant.ZoomUser, int, error)
	UsersOf(ctx context.Context, status string, each func([]tenant.ZoomUser)) error
}

const zoomFile = "zoom.progress"

// zoomPage is a page that an interrupted read had: it is taken again for as long
// as Zoom's own page tokens live, when the count is still the same.
type zoomPage struct {
	Status string    `json:"status"`
	Number int       `json:"number"`
	Total  int       `json:"total"`
	At     time.Time `json:"at"`
	Emails []string  `json:"emails"`
}

const zoomPageLife = 15 * time.Minute

// zoomReader reads the pages of all statuses at the same time.
type zoomReader struct {
	folder Folder
	zoom   Zoom
	each   func(email, status string)

	mu   sync.Mutex
	have map[string]map[int]zoomPage
	file *os.File
	slot chan struct{}
	// read are the people who are here, of how many Zoom counts.
	read, total int
}

// Zoom reads everybody of the account; each is called for one person at a time.
// A status whose pages do not add up to Zoom's own count, because somebody came
// or went between them, is read again one page after another.
func (f Folder) Zoom(ctx context.Context, z Zoom, each func(email, status string)) (partial bool, err error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return false, fmt.Errorf("making the cache folder: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, f.Dir)
	if err != nil {
		return false, err
	}
	defer unlock()
	r := &zoomReader{
		folder: f,
		zoom:   z,
		each:   each,
		slot:   make(chan struct{}, atOnce),
	}
	if err := r.open(f); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, status := range zoom.Statuses {
		all.Go(func() {
			switch err := r.status(ctx, status); {
			case errors.As(err, new(*zoom.ShortError)) && f.Partial:
				f.say("warning: %v", err)
				partial = true
			case err != nil:
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := r.file.Close(); err != nil {
		return false, err
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return partial, os.Remove(f.path(zoomFile))
}

// open takes up the pages of an interrupted read.
func (r *zoomReader) open(f Folder) (err error) {
	r.have = map[string]map[int]zoomPage{}
	for _, status := range zoom.Statuses {
		r.have[status] = map[int]zoomPage{}
	}
	if r.file, err = os.OpenFile(f.path(zoomFile), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("noting how far the read of Zoom comes: %w", err)
	}
	lines := bufio.NewScanner(r.file)
	const longest = 4 << 20
	lines.Buffer(nil, longest)
	people := 0
	for lines.Scan() {
		var p zoomPage
		if json.Unmarshal(lines.Bytes(), &p) == nil && time.Since(p.At) < zoomPageLife && r.have[p.Status] != nil {
			r.have[p.Status][p.Number] = p
			people += len(p.Emails)
		}
	}
	if people > 0 {
		f.say("going on with the last read of Zoom: %d people are there already", people)
	}
	return lines.Err()
}

// status reads one of the three lists.
func (r *zoomReader) status(ctx context.Context, status string) error {
	first, err := r.page(ctx, status, 1, -1)
	if err != nil {
		return err
	}
	count := (first.Total + zoom.PageSize - 1) / zoom.PageSize
	pages := make([]zoomPage, max(count, 1))
	pages[0] = first
	var all sync.WaitGroup
	var failed error
	for i := 1; i < count; i++ {
		all.Go(func() {
			p, err := r.page(ctx, status, i+1, first.Total)
			r.mu.Lock()
			defer r.mu.Unlock()
			if pages[i] = p; err != nil && failed == nil {
				failed = err
			}
		})
	}
	all.Wait()
	if failed != nil {
		return failed
	}
	seen := map[string]struct{}{}
	for _, p := range pages {
		for _, email := range p.Emails {
			seen[email] = struct{}{}
		}
	}
	if len(seen) >= first.Total {
		r.hand(pages)
		return nil
	}
	pages = pages[:1]
	pages[0].Emails = nil
	err = r.zoom.UsersOf(ctx, status, func(users []tenant.ZoomUser) {
		for _, u := range users {
			pages[0].Emails = append(pages[0].Emails, u.Email)
		}
	})
	if err == nil || errors.As(err, new(*zoom.ShortError)) {
		r.hand(pages)
	}
	return err
}

// hand gives each person once.
func (r *zoomReader) hand(pages []zoomPage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]struct{}{}
	for _, p := range pages {
		for _, email := range p.Emails {
			if _, twice := seen[email]; !twice {
				seen[email] = struct{}{}
				r.each(email, p.Status)
			}
		}
	}
}

// page reads a page, or takes the one that an interrupted read had; total is what
// it must say in all, -1 anything.
func (r *zoomReader) page(ctx context.Context, status string, number, total int) (zoomPage, error) {
	r.mu.Lock()
	p, ok := r.have[status][number]
	r.mu.Unlock()
	if ok && number > 1 && p.Total == total { // the first page always says how many there are now
		return p, nil
	}
	select {
	case r.slot <- struct{}{}:
		defer func() { <-r.slot }()
	case <-ctx.Done():
		return zoomPage{}, ctx.Err()
	}
	users, count, err := r.zoom.UsersPage(ctx, status, number)
	if err != nil {
		return zoomPage{}, err
	}
	p = zoomPage{
		Status: status,
		Number: number,
		Total:  count,
		At:     time.Now().UTC(),
	}
	for _, u := range users {
		p.Emails = append(p.Emails, u.Email)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read += len(users); number == 1 {
		r.total += count
	}
	r.folder.came("Zoom", r.read, r.total)
	_, err = r.file.Write(append(text, '\n'))
	return p, err
}
