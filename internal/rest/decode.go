package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// PageError says that something which speaks for a service answered with a page for people.
type PageError struct{ Host string }

func (e *PageError) Error() string {
	return fmt.Sprintf(
		"%s answered with a web page: a proxy or a network that wants a sign-in of its own may stand between",
		e.Host,
	)
}

// Decode reads an answer as JSON.
func Decode(resp *http.Response, out any) error {
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return &PageError{Host: resp.Request.URL.Host}
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
