package export

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"
)

// blockSize is how much of a file one processor reads at a time; maxRecord is
// the longest record: where a quote is open for longer, it is taken for a wrong one, and the
// rows behind it are read each by its line.
const (
	blockSize = 1 << 19
	maxRecord = 4 << 20
)

// maxLine is the longest line.
const maxLine = 64 << 20

// block is a piece of a CSV file that begins and ends between records.
type block struct {
	text []byte
	// line is the 1-based number of the first line.
	line int
	// last is the end of the file.
	last bool
}

// blocks cuts a CSV file into blocks.
type blocks struct {
	r io.Reader
	// rest is the beginning of a record whose end was not read yet.
	rest []byte
	line int
	done bool
	free chan []byte
}

func newBlocks(r io.Reader) *blocks {
	return &blocks{
		r:    r,
		line: 1,
		free: make(chan []byte, 4*runtime.GOMAXPROCS(0)),
	}
}

// next returns io.EOF behind the last block.
func (b *blocks) next() (block, error) {
	if b.done {
		return block{}, io.EOF
	}
	text := b.buffer(len(b.rest) + blockSize)
	n := copy(text[:cap(text)], b.rest)
	for {
		text = text[:cap(text)]
		read, err := io.ReadFull(b.r, text[n:])
		n += read
		text = text[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			b.done, b.rest = true, nil
			one := b.cut(text, n)
			one.last = true
			return one, nil
		}
		if err != nil {
			return block{}, err
		}
		end := lastRecordEnd(text)
		if end == 0 && n > maxRecord {
			end = bytes.LastIndexByte(text, '\n') + 1
		}
		if end > 0 {
			b.rest = append(b.rest[:0], text[end:]...)
			return b.cut(text, end), nil
		}
		if n > maxLine {
			return block{}, &FormatError{
				Line:    b.line,
				Message: "a line that begins here does not end",
				Hint:    "this is no list of users; export them again, as CSV",
			}
		}
		text = append(text, make([]byte, len(text))...)
	}
}

func (b *blocks) cut(text []byte, end int) block {
	one := block{text: text[:end], line: b.line}
	b.line += bytes.Count(one.text, []byte{'\n'})
	return one
}

func (b *blocks) buffer(size int) []byte {
	select {
	case old := <-b.free:
		if cap(old) >= size {
			return old[:0]
		}
	default:
	}
	return make([]byte, 0, size+blockSize/8)
}

// release gives a block's memory back.
func (b *blocks) release(one block) {
	select {
	case b.free <- one.text[:0]:
	default:
	}
}

// lastRecordEnd is the place behind the last line break outside quotes; zero
// when there is none. The text begins outside quotes.
func lastRecordEnd(text []byte) int {
	quotes := bytes.Count(text, []byte{'"'})
	end := len(text)
	for {
		at := bytes.LastIndexByte(text[:end], '\n')
		if at < 0 {
			return 0
		}
		quotes -= bytes.Count(text[at+1:end], []byte{'"'})
		if quotes%2 == 0 {
			return at + 1
		}
		end = at
	}
}

// inOrder works on the pieces of a file on all processors and hands the outcomes to
// collect in the order of the file. The first error in that order ends it.
func inOrder[J, T any](
	first J,
	next func() (J, error),
	work func(J) (T, error),
	release func(J),
	collect func(T) error,
) error {
	type outcome struct {
		value T
		err   error
	}
	type job struct {
		piece J
		done  chan outcome
	}
	workers := runtime.GOMAXPROCS(0)
	queue, jobs := make(chan job, 2*workers), make(chan job, workers)
	stop := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(stop)
	all.Go(func() {
		defer close(queue)
		defer close(jobs)
		for one, err := first, error(nil); !errors.Is(err, io.EOF); one, err = next() {
			j := job{piece: one, done: make(chan outcome, 1)}
			if err != nil {
				j.done <- outcome{err: err}
				select {
				case queue <- j:
				case <-stop:
				}
				return
			}
			select {
			case queue <- j:
			case <-stop:
				return
			}
			select {
			case jobs <- j:
			case <-stop:
				return
			}
		}
	})
	for range workers {
		all.Go(func() {
			for j := range jobs {
				value, err := work(j.piece)
				release(j.piece)
				j.done <- outcome{value, err}
			}
		})
	}
	for j := range queue {
		o := <-j.done
		if o.err != nil {
			return o.err
		}
		if err := collect(o.value); err != nil {
			return err
		}
	}
	return nil
}
