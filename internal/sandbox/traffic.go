package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// trafficLog writes every exchange, so that a whole test run can be judged
// against the services' published contracts afterwards.
type trafficLog struct {
	w   io.Writer
	err error
}

// exchange is one line of the log.
type exchange struct {
	Method   string `json:"m"`
	URL      string `json:"url"`
	Status   int    `json:"st"`
	Request  any    `json:"req"`
	Response any    `json:"res"`
	// Allowed are the permissions or scopes that let the request pass.
	Allowed []string `json:"allowed,omitempty"`
	// Spoiled says that a fault changed the answer.
	Spoiled bool `json:"spoiled,omitempty"`
}

func (t *trafficLog) write(origin string, r *http.Request, body []byte, answer *world.Recorder) {
	if t.w == nil || t.err != nil {
		return
	}
	line, err := json.Marshal(exchange{
		Method:   r.Method,
		URL:      origin + shown(r.URL),
		Status:   answer.Status,
		Request:  readable(r.Header.Get("Content-Type"), body),
		Response: readable(answer.Head.Get("Content-Type"), answer.Body.Bytes()),
		Allowed:  answer.Allowed,
		Spoiled:  answer.Spoiled,
	})
	if err == nil {
		_, err = t.w.Write(append(line, '\n'))
	}
	t.err = err
}

// shown is an address without the values that could open something.
func shown(u *url.URL) string {
	query := u.Query()
	hidden := false
	for _, key := range secretKeys {
		if query.Has(key) {
			query.Set(key, "[redacted]")
			hidden = true
		}
	}
	if !hidden {
		return u.RequestURI()
	}
	copied := *u
	copied.RawQuery = query.Encode()
	return copied.RequestURI()
}

// secretKeys are left out of the log even though a sandbox's secrets open
// nothing else: somebody will attach a log to an issue.
var secretKeys = []string{
	"access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "device_code", "code",
	"code_verifier", "state", "ctx", "request", "token", "oidcToken", "value",
}

// readable turns a body into a value for the log: JSON as it is, a form as an
// object, a page as its length.
func readable(contentType string, body []byte) any {
	switch {
	case len(body) == 0:
		return nil
	case strings.HasPrefix(contentType, "application/json"):
		var value any
		if json.Unmarshal(body, &value) == nil {
			return hide(value)
		}
		return string(body)
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "an unreadable form"
		}
		object := map[string]any{}
		for key := range form {
			object[key] = form.Get(key)
		}
		return hide(object)
	}
	return map[string]any{"bytes": len(body), "type": contentType}
}

func hide(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for _, key := range secretKeys {
		if _, has := object[key].(string); has {
			object[key] = "[redacted]"
		}
	}
	return object
}

// issued notes the secrets of an answer.
func (s *Server) issued(answer *world.Recorder) {
	if s.opts.Issued == nil {
		return
	}
	var object map[string]any
	if json.Unmarshal(answer.Body.Bytes(), &object) == nil {
		for _, key := range secretKeys {
			if text, ok := object[key].(string); ok && len(text) > 15 {
				s.note(text)
			}
		}
	}
	if target, err := url.Parse(answer.Head.Get("Location")); err == nil {
		if code := target.Query().Get("code"); code != "" {
			s.note(code)
		}
	}
}

func (s *Server) note(text string) {
	if _, err := io.WriteString(s.opts.Issued, text+"\n"); err != nil && s.traffic.err == nil {
		s.traffic.err = err
	}
}
