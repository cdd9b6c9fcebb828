package cli

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows on a terminal how far work has come that takes longer than a second. A nil
// one shows nothing.
type progress struct {
	to    *talk
	mu    sync.Mutex
	works []*work
	quit  chan struct{}
	done  chan struct{}
}

// work is something that takes long.
type work struct {
	name  string
	bytes bool // or people
	begun time.Time
	// now is how much is done, of how much; zero is not known.
	now, of atomic.Int64
	over    atomic.Bool
	bar     *mpb.Bar
}

// progress begins to show what is begun from here on, where a person looks at it.
func (env *Env) progress() *progress {
	to, ok := env.Err.(*talk)
	if !ok || !env.ScreenErr || env.flags.quiet || env.flags.debug {
		return nil
	}
	p := &progress{to: to, quit: make(chan struct{}), done: make(chan struct{})}
	go p.show()
	return p
}

// begin says that something begins; the work is safe for use without a progress.
func (p *progress) begin(name string, inBytes bool, of int64) *work {
	w := &work{name: name, bytes: inBytes, begun: time.Now()}
	w.of.Store(of)
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.works = append(p.works, w)
	}
	return w
}

// came shows how many people of each service are read.
func (p *progress) came() func(service string, people, of int) {
	if p == nil {
		return nil
	}
	var mu sync.Mutex
	services := map[string]*work{}
	return func(service string, people, of int) {
		mu.Lock()
		defer mu.Unlock()
		if services[service] == nil {
			services[service] = p.begin("reading "+service, false, int64(of))
		}
		services[service].reach(int64(people), int64(of))
	}
}

func (w *work) end() { w.over.Store(true) }

// reach says how far it has come.
func (w *work) reach(now, of int64) {
	w.now.Store(now)
	w.of.Store(of)
}

// reader counts what is read.
func (w *work) reader(r io.Reader) io.Reader { return &countedReader{r, w} }

type countedReader struct {
	r io.Reader
	w *work
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.w.now.Add(int64(n))
	return n, err
}

// stop takes everything off the screen.
func (p *progress) stop() {
	if p == nil {
		return
	}
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
	<-p.done
}

func (p *progress) show() {
	defer close(p.done)
	select {
	case <-time.After(time.Second):
	case <-p.quit:
		return
	}
	bars := mpb.New(mpb.WithOutput(p.to.out), mpb.WithAutoRefresh())
	p.to.goAbove(bars)
	defer func() {
		p.to.goAbove(nil)
		p.draw(bars, true)
		bars.Wait()
	}()
	const often = 100 * time.Millisecond
	for tick := time.NewTicker(often); ; {
		p.draw(bars, false)
		select {
		case <-tick.C:
		case <-p.quit:
			tick.Stop()
			return
		}
	}
}

// draw brings the bars up to date; in the end it drops them.
func (p *progress) draw(bars *mpb.Progress, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.works {
		switch {
		case w.bar != nil && (last || w.over.Load()):
			w.bar.Abort(true)
		case last || w.over.Load():
		case w.bar == nil:
			w.bar = w.newBar(bars)
			fallthrough
		default:
			now := w.now.Load()
			w.bar.SetTotal(max(w.of.Load(), now+1), false) // it ends when it is said to end
			w.bar.SetCurrent(now)
		}
	}
}

func (w *work) newBar(bars *mpb.Progress) *mpb.Bar {
	name := decor.Name(w.name, decor.WCSyncSpaceR)
	speed := decor.NewAverageSpeed(0, "% .0f people/s", w.begun, decor.WCSyncSpace)
	count, total := decor.CountersNoUnit("%d / %d", decor.WCSyncSpace), decor.CurrentNoUnit("%d", decor.WCSyncSpace)
	if w.bytes {
		speed = decor.NewAverageSpeed(decor.SizeB1000(0), "% .0f", w.begun, decor.WCSyncSpace)
		count = decor.CountersKiloByte("% .1f / % .1f", decor.WCSyncSpace)
		total = decor.CurrentKiloByte("% .0f", decor.WCSyncSpace)
	}
	switch {
	case w.of.Load() > 0:
		left := decor.NewAverageETA(decor.ET_STYLE_GO, w.begun, nil, decor.WCSyncSpace)
		return bars.AddBar(0, mpb.PrependDecorators(name), mpb.AppendDecorators(count, speed, left))
	case w.bytes || w.now.Load() > 0:
		return bars.AddSpinner(0, mpb.PrependDecorators(name), mpb.AppendDecorators(total, speed))
	}
	return bars.AddSpinner(0, mpb.PrependDecorators(name))
}

// talk is where messages go: above the bars while there are some.
type talk struct {
	out   io.Writer
	mu    sync.Mutex
	above io.Writer
}

// Write writes a message.
func (t *talk) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.above != nil {
		if n, err := t.above.Write(text); err == nil {
			return n, nil
		}
	}
	return t.out.Write(text)
}

// terminal is standard error as it is, for a program that draws on it itself.
func (env *Env) terminal() io.Writer {
	if t, ok := env.Err.(*talk); ok {
		return t.out
	}
	return env.Err
}

func (t *talk) goAbove(bars *mpb.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = nil
	if bars != nil {
		t.above = bars
	}
}
