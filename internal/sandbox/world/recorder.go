package world

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// Recorder holds an answer until it is complete, so that it can be logged,
// spoiled by a fault, or put into a batch.
type Recorder struct {
	Status int
	Head   http.Header
	Body   bytes.Buffer
	// Allowed are the permissions or scopes that let the request pass.
	Allowed []string
	// Spoiled says that a fault changed the answer, so that no contract describes it.
	Spoiled bool
	// Broken is how the answer fails to arrive; empty is not at all.
	Broken Breakage
}

// Breakage is how an answer fails to arrive.
type Breakage string

// The ways in which answers break.
const (
	// Reset ends the connection before the answer, Cut within it.
	Reset Breakage = "reset"
	Cut   Breakage = "cut"
	// Silent never answers, Stall sends the headers and nothing more.
	Silent Breakage = "silent"
	Stall  Breakage = "stall"
	// Huge sends a gigabyte, Bomb the same compressed.
	Huge Breakage = "huge"
	Bomb Breakage = "bomb"
)

// NewRecorder is an answer that says 200 and nothing else yet.
func NewRecorder() *Recorder { return &Recorder{Status: http.StatusOK, Head: http.Header{}} }

// Header is that of http.ResponseWriter.
func (r *Recorder) Header() http.Header { return r.Head }

// Write is that of http.ResponseWriter.
func (r *Recorder) Write(p []byte) (int, error) { return r.Body.Write(p) }

// WriteHeader is that of http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) { r.Status = status }

// Send gives the answer to a client; gone is closed when it does not wait any more.
func (r *Recorder) Send(w http.ResponseWriter, gone <-chan struct{}) {
	for name, values := range r.Head {
		w.Header()[name] = values
	}
	if r.Broken != "" {
		r.breakOff(w, gone)
		return
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body.Bytes()) // the client may have gone; pages escape what they show
}

// breakOff sends what is left of a broken answer. The silent ones end when the client goes.
func (r *Recorder) breakOff(w http.ResponseWriter, gone <-chan struct{}) {
	body := r.Body.Bytes()
	switch r.Broken {
	case Reset:
		panic(http.ErrAbortHandler)
	case Cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(r.Status)
		_, _ = w.Write(body[:len(body)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	case Silent:
		<-gone
	case Stall:
		w.WriteHeader(r.Status)
		flush(w)
		<-gone
	case Huge:
		w.WriteHeader(r.Status)
		gigabyte(w)
	case Bomb:
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(r.Status)
		zipped := gzip.NewWriter(w)
		gigabyte(zipped)
		_ = zipped.Close()
	}
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// gigabyte writes one text of that length, until nobody reads it.
func gigabyte(w io.Writer) {
	const chunk, chunks = 1 << 20, 1 << 10
	text := bytes.Repeat([]byte("a"), chunk)
	if _, err := w.Write([]byte(`{"value":"`)); err != nil {
		return
	}
	for range chunks {
		if _, err := w.Write(text); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`"}`)) // the client may have gone
}

// JSON writes a value as the services do, without a line break at the end.
func (r *Recorder) JSON(status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // the values are the sandbox's own maps and structs
	}
	if r.Head.Get("Content-Type") == "" {
		r.Head.Set("Content-Type", "application/json; charset=utf-8")
	}
	r.Status = status
	r.Body.Write(text)
}

// Amend adds a key to an answer that is an object.
func (r *Recorder) Amend(key string, value any) {
	var object map[string]any
	if err := json.Unmarshal(r.Body.Bytes(), &object); err != nil {
		panic(err) // this program's own answer
	}
	object[key] = value
	r.Body.Reset()
	r.JSON(r.Status, object)
}
