package world

import (
	"time"
)

// Stamp is a time as Graph writes it.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
