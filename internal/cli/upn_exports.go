package cli

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/render"
)

// exportReader reads one file of a side.
type exportReader = func(file string, r io.Reader, o export.Options) (export.Export, error)

// exports are the files of both sides while a command reads them. What was set aside is said
// once, however often a file is read.
type exports struct {
	env      *Env
	sources  upnSources
	progress *progress
	// hashed says that the report names the files by their SHA-256.
	hashed bool

	mu sync.Mutex
	// input is what standard input held, which can be read once.
	input    []byte
	read     bool
	said     map[string]bool // of files, and of sides
	named    int
	rejected int
	rejects  bytes.Buffer
	// found are the files as they were read first.
	found []render.Source
}

// newExports begins to read; what is read is shown.
func newExports(env *Env, sources upnSources) *exports {
	return &exports{
		env:      env,
		sources:  sources,
		progress: env.progress(),
		said:     map[string]bool{},
	}
}

// zoom and microsoft read all files of a side. partial says that people are missing.
func (e *exports) zoom(read exportReader) (partial bool, err error) {
	return e.side("Zoom", e.sources.ZoomExport, read)
}

func (e *exports) microsoft(read exportReader) (partial bool, err error) {
	return e.side("Microsoft", e.sources.MicrosoftExport, read)
}

func (e *exports) side(side string, files []string, read exportReader) (partial bool, err error) {
	var all []export.Export
	for _, file := range files {
		one, err := e.one(side, file, read)
		if err != nil {
			return false, err
		}
		all = append(all, one)
	}
	people := 0
	for _, one := range all {
		people += one.People
	}
	if people == 0 && !e.sources.AllowPartial {
		return false, &export.FormatError{
			File:    baseNames(files),
			Message: "there is nobody of " + side + " in it",
			Hint:    "look whether the export ended as it should, and make it again; --allow-partial goes on without anybody",
		}
	}
	missing := export.Missing(all)
	if missing != "" && e.sources.AllowPartial && !e.said[side] {
		e.said[side] = true // a side may be read several times
		e.env.say("warning: the %s side is partial: %s", side, missing)
	}
	if missing != "" && !e.sources.AllowPartial {
		return false, &export.FormatError{
			File:    baseNames(files),
			Message: "the " + side + " users are not complete: " + missing,
			Hint:    "give all files of them, or use --allow-partial for a report that says it is partial",
		}
	}
	return missing != "" || people == 0, nil
}

func (e *exports) one(side, file string, read exportReader) (export.Export, error) {
	name := file
	var text io.Reader
	if file == standardInput {
		name = "standard input"
		input, err := e.standardInput()
		if err != nil {
			return export.Export{}, fmt.Errorf("reading the %s export: %w", side, err)
		}
		text = bytes.NewReader(input)
	} else {
		f, err := os.Open(file)
		if err != nil {
			return export.Export{}, fmt.Errorf("reading the %s export: %w", side, err)
		}
		defer func() { _ = f.Close() }() // nothing was written
		text = f
	}
	reading := e.progress.begin("reading "+filepath.Base(name), true, sizeOf(file))
	defer reading.end()
	text = reading.reader(text)
	digest := sha256.New()
	e.mu.Lock()
	again := e.said[file]
	e.said[file] = true
	e.mu.Unlock()
	o := export.Options{
		AllowPartial: e.sources.AllowPartial,
		Strict:       e.sources.Strict,
		AllowRejects: e.sources.AllowRejects,
		Rooms:        e.sources.Rooms,
		Hide:         e.sources.hide,
	}
	if !again {
		o.Rejected = e.reject
	}
	if !again && e.hashed {
		text = io.TeeReader(text, digest)
	}
	found, err := read(name, text, o)
	if err == nil && !again {
		e.env.sayNotes(found.Notes)
		e.mu.Lock()
		defer e.mu.Unlock()
		source := render.Source{
			Side:     side,
			Name:     filepath.Base(name),
			Kind:     found.Kind,
			Dated:    dated(file),
			Rows:     found.Rows,
			People:   found.People,
			Apart:    found.Apart,
			Rejected: found.Rejected,
			Unknown:  append([]string{}, found.Unknown...),
		}
		if e.sources.hide { // a name may be the customer's
			source.Name = fmt.Sprintf("file %d", len(e.found)+1)
		}
		if e.hashed {
			source.SHA256 = hex.EncodeToString(digest.Sum(nil))
		}
		e.found = append(e.found, source)
	}
	return found, err
}

// sizeOf is how many bytes a file has; zero is not known.
func sizeOf(file string) int64 {
	if info, err := os.Stat(file); err == nil {
		return info.Size()
	}
	return 0
}

// dated is when a file was written last; standard input is new.
func dated(file string) time.Time {
	if info, err := os.Stat(file); err == nil {
		return info.ModTime().UTC().Truncate(time.Second)
	}
	return time.Now().UTC().Truncate(time.Second)
}

func (e *exports) standardInput() ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.read {
		return e.input, nil
	}
	var err error
	e.input, err = io.ReadAll(bufio.NewReader(e.env.In))
	e.read = err == nil
	return e.input, err
}

// shownRejects is how many rows are named on the terminal.
const shownRejects = 20

// reject names a row that was set aside.
func (e *exports) reject(r export.Reject) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rejected++
	if e.named < shownRejects {
		e.named++
		e.env.say("warning: %s:%d: set aside: %s", r.File, r.Line, r.Reason)
	}
	if e.sources.Rejects == "" {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic(err) // texts and a number
	}
	e.rejects.Write(line)
	e.rejects.WriteByte('\n')
}

// close says how many rows were set aside, where the command went on without them, and
// writes them where they are wanted: also where they are too many for it to go on.
func (e *exports) close(failed error) error {
	e.progress.stop()
	if e.rejected > 0 && failed == nil {
		rows := "1 row could not be read and is"
		if e.rejected > 1 {
			rows = fmt.Sprintf("%d rows could not be read and are", e.rejected)
		}
		more := "; --rejects FILE writes them all"
		if e.sources.Rejects != "" {
			more = "; they are in " + e.sources.Rejects
		}
		e.env.say("warning: %s not in the result%s", rows, more)
	}
	if e.sources.Rejects == "" {
		return nil
	}
	return atomicfile.Write(e.sources.Rejects, e.rejects.Bytes(), 0o600)
}
