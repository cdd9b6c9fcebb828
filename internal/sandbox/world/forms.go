package world

import (
	"net/http"
)

// FormValue is a field of a form in the request's body.
func FormValue(r *http.Request, key string) string {
	if r.PostForm == nil {
		if err := r.ParseForm(); err != nil {
			return ""
		}
	}
	return r.PostForm.Get(key)
}
