package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/zo365/zo365/internal/doctor"
)

// Encode writes a plan; the same plan has the same bytes.
func (p Plan) Encode() ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	err := out.Encode(p)
	return text.Bytes(), err
}

// FileError says what is wrong with a saved plan.
type FileError struct{ File, Message string }

func (e *FileError) Error() string { return e.File + ": " + e.Message }

// Decode reads a saved plan. All of it must be understood: a step that was edited
// into something else must not be carried out.
func Decode(file string, text []byte) (Plan, error) {
	var p Plan
	wrong := func(format string, args ...any) (Plan, error) {
		return Plan{}, &FileError{File: file, Message: fmt.Sprintf(format, args...)}
	}
	var version struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	// The version comes first: a plan of another one is named, not taken apart.
	if json.Unmarshal(text, &version) == nil && version.Format == Format && version.Version != Version {
		return wrong("the plan has version %d, and this zo365 reads version %d", version.Version, Version)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
			return wrong("line %d: this is not JSON: %v", line, err)
		}
		return wrong("this is not a plan: %v", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return wrong("something stands behind the plan")
	}
	if p.Format != Format || p.Version != Version {
		return wrong("format %q, version %d: this zo365 reads %q, version %d", p.Format, p.Version, Format, Version)
	}
	if p.Target.Empty() {
		return wrong("target: the plan says for no tenant that it is for")
	}
	if p.Goal != Everything {
		return wrong("goal: %q is not one that is carried out from a file", p.Goal)
	}
	if p.ID != together(p.Parts) {
		return wrong("id: it does not belong to the parts; the file was changed")
	}
	for i, s := range p.Steps {
		switch {
		case !slices.Contains(doctor.Kinds, doctor.Kind(s.Kind)):
			return wrong("steps[%d].kind: %q is not one that zo365 knows", i, s.Kind)
		case !slices.Contains(doctor.Actions, doctor.Action(s.Action)):
			return wrong("steps[%d].action: %q is not one that zo365 knows", i, s.Action)
		case s.ID == "", s.Target == "":
			return wrong("steps[%d]: id and target must be there", i)
		case (s.Page != nil) != (s.Kind == string(doctor.Portal)):
			return wrong("steps[%d].page: it belongs to portal steps", i)
		}
		for _, d := range s.DependsOn {
			if !slices.ContainsFunc(p.Steps[:i], func(b Step) bool { return b.ID == d }) {
				return wrong("steps[%d].depends_on: no step before it has the ID %q", i, d)
			}
		}
	}
	return p, nil
}
