package world

import (
	"net/http"
	"slices"
	"strings"
)

// FaultOn finds a fault of one of the kinds for a request and uses it up.
func (w *World) FaultOn(r *http.Request, kinds ...string) *Fault {
	for _, f := range w.faults {
		if !f.meets(r) || f.Times < 0 {
			continue
		}
		for _, kind := range kinds {
			if f.Do != kind {
				continue
			}
			if f.After > 0 {
				f.After--
				break
			}
			if f.Times > 0 {
				if f.Times--; f.Times == 0 {
					f.Times = -1 // used up; zero would mean every request
				}
			}
			return f
		}
	}
	return nil
}

// Awaits says whether a fault of one of the kinds will meet a request, and leaves it unused.
func (w *World) Awaits(r *http.Request, kinds ...string) bool {
	return slices.ContainsFunc(w.faults, func(f *Fault) bool {
		return f.Times >= 0 && f.After == 0 && f.meets(r) && slices.Contains(kinds, f.Do)
	})
}

func (f *Fault) meets(r *http.Request) bool {
	method, path, _ := strings.Cut(f.On, " ")
	if method != "*" && method != r.Method {
		return false
	}
	start, open := strings.CutSuffix(path, "*")
	end, anywhere := strings.CutPrefix(path, "*")
	return r.URL.Path == path || open && strings.HasPrefix(r.URL.Path, start) ||
		anywhere && strings.HasSuffix(r.URL.Path, end)
}
