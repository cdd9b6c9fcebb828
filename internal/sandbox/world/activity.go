package world

import (
	"time"
)

// DaysLeft are those of the pipeline's client secret.
func (w *World) DaysLeft() int { return int(w.SecretEnds.Sub(w.Now()) / (24 * time.Hour)) }
