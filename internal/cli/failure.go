package cli

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/tenant"
)

// answersJSON says whether errors are JSON, too: as the output is, also where the command
// line was wrong and no setting was read.
func (env *Env) answersJSON() bool {
	if env.name != "" { // one tenant of a fleet, whose output has its error
		return false
	}
	if env.settings.Output != "" {
		return env.settings.Output == string(render.JSON)
	}
	for i, arg := range env.args {
		switch {
		case arg == "--":
			return false
		case arg == "-ojson", arg == "-o=json", arg == "--output=json":
			return true
		case (arg == "-o" || arg == "--output") && i+1 < len(env.args):
			return env.args[i+1] == "json"
		}
	}
	return false
}

// sayJSON writes an error as the last line of talk.
func (env *Env) sayJSON(f render.Failure) {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // texts and numbers
	}
	env.say("%s", text)
}

// failureOf takes an error apart for a program.
func failureOf(err error, code int, hints []string) render.Failure {
	f := render.Failure{Error: render.FailureDetails{
		Message:  err.Error(),
		Needs:    []string{},
		Hint:     strings.Join(hints, "\n"),
		ExitCode: code,
	}}
	if code == exitInterrupted {
		f.Error.Message = "interrupted"
	}
	var (
		answer interface{ Failure() tenant.Failure }
		needs  *tenant.NeedsError
		stop   *tenant.StopError
	)
	if errors.As(err, &stop) {
		f.Error.Service, f.Error.Doing = stop.Service, stop.Doing
	}
	if pause := (*rest.PatienceError)(nil); errors.As(err, &pause) {
		f.Error.Status = pause.Status
		if !pause.Until.IsZero() {
			at := pause.Until.UTC().Truncate(time.Second)
			f.Error.RetryAt = &at
		}
	}
	if errors.As(err, &needs) {
		f.Error.Service, f.Error.Doing, f.Error.Needs = needs.Service, needs.Doing, needs.AnyOf
	}
	if errors.As(err, &answer) {
		a := answer.Failure()
		f.Error.Doing, f.Error.Service = a.Doing, a.Service
		f.Error.Status, f.Error.Code, f.Error.RequestID = a.Status, a.Code, a.RequestID
	}
	return f
}
