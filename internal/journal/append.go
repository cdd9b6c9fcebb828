package journal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/zo365/zo365/internal/atomicfile"
)

// AppendError says that entries could not be written down. What they tell may have
// happened: Lines is what is to be appended to the journal by hand.
type AppendError struct {
	Path  string
	Lines []byte
	Err   error
}

func (e *AppendError) Error() string { return e.Err.Error() }
func (e *AppendError) Unwrap() error { return e.Err }

// Append writes the entries in one go and syncs them. A torn last line, left by
// a power cut, is closed first so that it cannot swallow a new one. Only the file's end
// is read, so that the millionth line costs what the first does. memory is the folder in
// which this machine remembers how far it wrote; empty is none.
func Append(ctx context.Context, path, memory string, entries ...Entry) (err error) {
	unlock, err := atomicfile.Lock(ctx, filepath.Dir(path))
	if err != nil {
		return &AppendError{path, plainly(entries), err}
	}
	defer unlock()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return &AppendError{path, plainly(entries), fmt.Errorf("opening the journal: %w", err)}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := readEnd(f)
	if err != nil {
		return &AppendError{path, plainly(entries), fmt.Errorf("reading the journal's end: %w", err)}
	}
	m := remember(memory, path)
	// A kill between the journal and the memory leaves the memory behind.
	if err := m.catchUp(f, end); err != nil {
		return &AppendError{path, plainly(entries), fmt.Errorf("reading the journal's end: %w", err)}
	}
	text, last, err := m.chained(end, entries)
	if err != nil {
		return err
	}
	if err := write(f, end.size, text); err != nil {
		return &AppendError{path, text, err}
	}
	m.Head = last
	if err := m.save(); err != nil {
		return nil // the journal itself is written; only the memory of its end is older
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}

// write appends and syncs; a write that came short is taken back, so that no half of an
// entry stays.
func write(f *os.File, size int64, text []byte) error {
	if _, err := f.Write(text); err != nil {
		return errors.Join(fmt.Errorf("writing the journal: %w", err), f.Truncate(size))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return nil
}

// plainly are the entries for a person to append, where the end of the file could not
// be read.
func plainly(entries []Entry) []byte {
	text, _, _ := (&memo{}).chained(tail{}, entries) // plain values
	return text
}

// tail is the end of a journal.
type tail struct {
	// parents are the hashes that a new entry follows from.
	parents []string
	last    Entry
	size    int64
	torn    bool
}

// readEnd finds what a new entry follows from. The last line says where it began when
// it was written: as long as that is where it stands, everything before it led to it.
// Otherwise branches were merged, and the whole file is read for their ends.
func readEnd(f *os.File) (tail, error) {
	info, err := f.Stat()
	if err != nil {
		return tail{}, err
	}
	end := tail{size: info.Size(), parents: []string{first}}
	if end.size == 0 {
		return end, nil
	}
	for window := int64(1 << 16); ; window *= 8 {
		from := max(0, end.size-window)
		text := make([]byte, end.size-from)
		if _, err := f.ReadAt(text, from); err != nil {
			return end, err
		}
		end.torn = text[len(text)-1] != '\n'
		line, at, ok := lastEntry(text)
		if !ok && from > 0 {
			continue
		}
		if !ok {
			return end, nil // nothing but torn lines
		}
		var e Entry
		_ = json.Unmarshal(line, &e) // lastEntry has tried
		if e.V > Version {
			return end, &NewerError{Version: e.V}
		}
		end.parents, end.last = []string{hashLine(line)}, e
		if e.V >= 2 && e.Offset != from+at {
			return allEnds(f, end)
		}
		return end, nil
	}
}

// lastEntry is the last whole line of a text that begins somewhere in a file, and where
// it begins; the first, which may be cut, counts only where nothing else is there.
func lastEntry(text []byte) (line []byte, at int64, ok bool) {
	end := len(text)
	for end > 0 {
		begin := bytes.LastIndexByte(text[:end-1], '\n') + 1
		line := bytes.TrimRight(text[begin:end], "\r\n")
		var e Entry
		if len(line) > 0 && json.Unmarshal(line, &e) == nil && e.Action != "" {
			return line, int64(begin), true
		}
		end = begin
	}
	return nil, 0, false
}

func allEnds(f *os.File, end tail) (tail, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return end, err
	}
	c := newCheck()
	if err := eachLine(f, c.line); err != nil {
		return end, err
	}
	end.parents = slices.Sorted(slices.Values(c.ends))
	return end, nil
}

// memo is what a machine remembers of a journal that it writes.
type memo struct {
	// Writer tells this machine's entries from others', Seq numbers them, Head is the
	// hash of the last one.
	Writer string `json:"writer"`
	Seq    int    `json:"seq"`
	Head   string `json:"head"`

	file string
}

// Remembered is the hash of the last line that this machine wrote to a journal; empty
// when it wrote none, or does not remember.
func Remembered(memory, path string) string { return remember(memory, path).Head }

func remember(memory, path string) *memo {
	m := &memo{}
	if memory != "" {
		absolute, err := filepath.Abs(path)
		if err == nil {
			m.file = filepath.Join(memory, hashLine([]byte(absolute))[:24]+".json")
			if text, err := os.ReadFile(m.file); err == nil {
				_ = json.Unmarshal(text, m) // a memory that cannot be read is none
			}
		}
	}
	if m.Writer == "" {
		var id [6]byte
		_, _ = rand.Read(id[:]) // never fails since Go 1.24
		m.Writer, m.Seq = hex.EncodeToString(id[:]), 0
	}
	return m
}

func (m *memo) save() error {
	if m.file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return atomicfile.Write(m.file, append(text, '\n'), 0o600)
}

// catchUp takes the number of this writer's newest line, where the memory has an older
// one. Lines of other writers behind it are passed over from the end.
func (m *memo) catchUp(f *os.File, end tail) error {
	if m.Seq == 0 || end.size == 0 {
		return nil // a new writer has no line yet
	}
	if end.last.Writer == m.Writer {
		m.Seq = max(m.Seq, end.last.Seq)
		return nil
	}
	mark := []byte(`"writer":"` + m.Writer + `"`)
	for window := int64(1 << 16); ; window *= 8 {
		from := max(0, end.size-window)
		text := make([]byte, end.size-from)
		if _, err := f.ReadAt(text, from); err != nil {
			return err
		}
		for at := bytes.LastIndex(text, mark); at >= 0; at = bytes.LastIndex(text[:at], mark) {
			begin := bytes.LastIndexByte(text[:at], '\n') + 1
			line, _, _ := bytes.Cut(text[begin:], []byte{'\n'})
			var e Entry
			if json.Unmarshal(line, &e) == nil && e.Writer == m.Writer {
				m.Seq = max(m.Seq, e.Seq)
				return nil
			}
		}
		if from == 0 {
			return nil
		}
	}
}

// chained encodes entries as lines, each following from the one before it.
func (m *memo) chained(end tail, entries []Entry) (text []byte, last string, err error) {
	var lines bytes.Buffer
	if end.torn {
		lines.WriteByte('\n')
	}
	parents := end.parents
	for _, e := range entries {
		m.Seq++
		e.V, e.At, e.Previous = Version, e.At.UTC(), ""
		e.Parents, e.Writer, e.Seq, e.Offset = parents, m.Writer, m.Seq, end.size+int64(lines.Len())
		var one bytes.Buffer
		encode := json.NewEncoder(&one)
		encode.SetEscapeHTML(false)
		if err := encode.Encode(e); err != nil {
			return nil, "", fmt.Errorf("encoding a journal entry: %w", err)
		}
		lines.Write(one.Bytes())
		last = hashLine(bytes.TrimSuffix(one.Bytes(), []byte{'\n'}))
		parents = []string{last}
	}
	return lines.Bytes(), last, nil
}
