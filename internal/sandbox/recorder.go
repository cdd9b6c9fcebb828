package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
)

// recorder holds an answer until it is complete, so that it can be logged,
// spoiled by a fault, or put into a batch.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
	// cut makes the connection break off after half of the body.
	cut bool
}

func newRecorder() *recorder { return &recorder{status: http.StatusOK, header: http.Header{}} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(status int)      { r.status = status }

func (r *recorder) send(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	body := r.body.Bytes()
	if r.cut {
		body = body[:len(body)/2]
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(body) // the client may have gone; pages escape what they show
}

// json writes a value as the services do, without a line break at the end.
func (r *recorder) json(status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // the values are the sandbox's own maps and structs
	}
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", "application/json; charset=utf-8")
	}
	r.status = status
	r.body.Write(text)
}

// amend adds a key to an answer that is an object.
func (r *recorder) amend(key string, value any) {
	var object map[string]any
	if err := json.Unmarshal(r.body.Bytes(), &object); err != nil {
		panic(err) // this program's own answer
	}
	object[key] = value
	r.body.Reset()
	r.json(r.status, object)
}

func withBody(r *http.Request, body []byte) *http.Request {
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// discardLog drops what net/http says of clients that do not trust the
// authority; they say it themselves.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
