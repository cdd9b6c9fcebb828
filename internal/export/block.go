package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"runtime"
	"sync"
)

// blockSize is how much of a file one processor reads at a time; maxRecord is
// the longest record, so that an open quote cannot take all the memory.
const (
	blockSize = 1 << 19
	maxRecord = 16 << 20
)

// block is a piece of a CSV file that begins and ends between records.
type block struct {
	text []byte
	// line is the 1-based number of the first line.
	line int
}

// blocks cuts a CSV file into blocks.
type blocks struct {
	file string
	r    io.Reader
	// rest is the beginning of a record whose end was not read yet.
	rest []byte
	line int
	done bool
	free chan []byte
}

func newBlocks(file string, r io.Reader) *blocks {
	return &blocks{
		file: file,
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
			return b.cut(text, n), nil
		}
		if err != nil {
			return block{}, err
		}
		if end := lastRecordEnd(text); end > 0 {
			b.rest = append(b.rest[:0], text[end:]...)
			return b.cut(text, end), nil
		}
		if n > maxRecord {
			return block{}, &FormatError{
				File:    b.file,
				Line:    b.line,
				Message: "a record that begins near here does not end: a quote may be open",
				Hint:    "the file may be cut or edited by hand; export it again",
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

// inOrder works on the blocks on all processors and hands the outcomes to
// collect in the order of the file. The first error in that order ends it.
func inOrder[T any](b *blocks, first block, work func(block) (T, error), collect func(T)) error {
	type outcome struct {
		value T
		err   error
	}
	type job struct {
		block block
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
		for one, err := first, error(nil); !errors.Is(err, io.EOF); one, err = b.next() {
			j := job{block: one, done: make(chan outcome, 1)}
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
				value, err := work(j.block)
				b.release(j.block)
				j.done <- outcome{value, err}
			}
		})
	}
	for j := range queue {
		o := <-j.done
		if o.err != nil {
			return o.err
		}
		collect(o.value)
	}
	return nil
}

// records reads the records of a block. It keeps only the columns that have a
// role, as slices of the block.
type records struct {
	text []byte
	pos  int
	// comma separates cells.
	comma byte
	// roles maps a column to its place in cells; -1 is not wanted. Columns
	// beyond it are not wanted either. Nil wants all.
	roles []int
	cells [][]byte
	// inQuotes says of each role's cell whether it was in quotes: only then can it
	// hold commas and line breaks.
	inQuotes []bool
	plain    []byte // cells whose quotes were doubled
	start    int    // where the record begins
}

// next reads a record and is false behind the last one. Empty lines are passed
// over. Its rules are those of encoding/csv, which the tests hold it against.
func (r *records) next() (bool, error) {
	for r.pos < len(r.text) {
		end := lineEnd(r.text, r.pos)
		line := r.text[r.pos:end]
		if len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if len(line) == 0 {
			r.pos = end + 1
			continue
		}
		r.start = r.pos
		r.reset()
		if bytes.IndexByte(line, '"') < 0 {
			r.pos = end + 1
			r.simple(line)
			return true, nil
		}
		return true, r.quoted(end)
	}
	return false, nil
}

// lineEnd is the place of the next line break, or of the end of the text.
func lineEnd(text []byte, from int) int {
	if i := bytes.IndexByte(text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(text)
}

func (r *records) reset() {
	if r.roles == nil {
		r.cells = r.cells[:0]
	}
	clear(r.cells)
	clear(r.inQuotes)
	r.plain = r.plain[:0]
}

func (r *records) keep(column int, cell []byte) {
	switch {
	case r.roles == nil:
		r.cells = append(r.cells, cell)
	case column < len(r.roles) && r.roles[column] >= 0:
		r.cells[r.roles[column]] = trim(cell)
	}
}

func (r *records) mark(column int) {
	if column < len(r.roles) && r.roles[column] >= 0 {
		r.inQuotes[r.roles[column]] = true
	}
}

// simple splits a line without quotes.
func (r *records) simple(line []byte) {
	for column := 0; r.roles == nil || column < len(r.roles); column++ {
		i := bytes.IndexByte(line, r.comma)
		if i < 0 {
			r.keep(column, line)
			return
		}
		r.keep(column, line[:i])
		line = line[i+1:]
	}
}

// quoted splits a record with quotes, which may go over several lines; end is
// where its first line ends.
func (r *records) quoted(end int) error {
	text, p := r.text, r.pos
	quote := p - 1 // the next quote at or behind p, once looked for
	for column := 0; ; column++ {
		if p < len(text) && text[p] == '"' {
			cell, after, err := r.unquote(p + 1)
			if err != nil {
				return err
			}
			r.keep(column, cell)
			r.mark(column)
			p = after
			switch {
			case p < len(text) && text[p] == r.comma:
				p++
				continue
			case p+1 < len(text) && text[p] == '\r' && text[p+1] == '\n', p+1 == len(text) && text[p] == '\r':
				r.pos = p + 2
				return nil
			case p == len(text), text[p] == '\n':
				r.pos = p + 1
				return nil
			}
			r.pos = p
			return csv.ErrQuote
		}
		if end < p {
			end, quote = lineEnd(text, p), p-1
		}
		cell, last := text[p:end], true
		if i := bytes.IndexByte(cell, r.comma); i >= 0 {
			cell, last = cell[:i], false
		} else if len(cell) > 0 && cell[len(cell)-1] == '\r' {
			cell = cell[:len(cell)-1]
		}
		if quote < p {
			if quote = len(text); p < end {
				if i := bytes.IndexByte(text[p:end], '"'); i >= 0 {
					quote = p + i
				}
			}
		}
		if quote < p+len(cell) {
			r.pos = quote
			return csv.ErrBareQuote
		}
		r.keep(column, cell)
		if last {
			r.pos = end + 1
			return nil
		}
		p += len(cell) + 1
	}
}

// unquote reads a cell behind its opening quote and returns the place behind
// the closing one.
func (r *records) unquote(from int) (cell []byte, after int, err error) {
	doubled := false
	for p := from; ; {
		i := bytes.IndexByte(r.text[p:], '"')
		if i < 0 {
			r.pos = from - 1 // where it was opened is what helps
			return nil, 0, csv.ErrQuote
		}
		p += i
		if p+1 < len(r.text) && r.text[p+1] == '"' {
			doubled = true
			p += 2
			continue
		}
		cell = r.text[from:p]
		if doubled || bytes.IndexByte(cell, '\r') >= 0 {
			cell = r.simplify(cell)
		}
		return cell, p + 1, nil
	}
}

// simplify halves doubled quotes and makes CRLF a line feed.
func (r *records) simplify(cell []byte) []byte {
	start := len(r.plain)
	for i := 0; i < len(cell); i++ {
		c := cell[i]
		if c == '\r' && i+1 < len(cell) && cell[i+1] == '\n' {
			continue
		}
		r.plain = append(r.plain, c)
		if c == '"' {
			i++
		}
	}
	return r.plain[start:len(r.plain):len(r.plain)]
}

// trim cuts outer white space.
func trim(cell []byte) []byte {
	if n := len(cell); n == 0 || solid(cell[0]) && solid(cell[n-1]) {
		return cell
	}
	return bytes.TrimSpace(cell)
}

func solid(c byte) bool { return c > ' ' && c < 0x80 }

// lineOf is the 1-based line of a place in the block.
func lineOf(b block, at int) int {
	return b.line + bytes.Count(b.text[:min(at, len(b.text))], []byte{'\n'})
}
