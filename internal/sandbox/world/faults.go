package world

import (
	"net/http"
)

// FaultOn finds a fault of one of the kinds for a request and uses it up.
func (w *World) FaultOn(r *http.Request, kinds ...string) *Fault {
	line := r.Method + " " + r.URL.Path
	for _, f := range w.faults {
		if f.On != line || f.Times < 0 {
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
