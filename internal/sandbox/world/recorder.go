package world

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// Recorder holds an answer until it is complete, so that it can be logged,
// spoiled by a fault, or put into a batch.
type Recorder struct {
	Status int
	Head   http.Header
	Body   bytes.Buffer
	// Allowed are the permissions or scopes that let the request pass.
	Allowed []string
	// Cut makes the connection break off after half of the body.
	Cut bool
}

// NewRecorder is an answer that says 200 and nothing else yet.
func NewRecorder() *Recorder { return &Recorder{Status: http.StatusOK, Head: http.Header{}} }

// Header is that of http.ResponseWriter.
func (r *Recorder) Header() http.Header { return r.Head }

// Write is that of http.ResponseWriter.
func (r *Recorder) Write(p []byte) (int, error) { return r.Body.Write(p) }

// WriteHeader is that of http.ResponseWriter.
func (r *Recorder) WriteHeader(status int) { r.Status = status }

// Send gives the answer to a client.
func (r *Recorder) Send(w http.ResponseWriter) {
	for name, values := range r.Head {
		w.Header()[name] = values
	}
	body := r.Body.Bytes()
	if r.Cut {
		body = body[:len(body)/2]
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // the client may have gone; pages escape what they show
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
