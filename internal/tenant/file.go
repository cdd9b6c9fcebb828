package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// FactsFormat and FactsVersion stand in every file of facts.
const (
	FactsFormat  = "zo365 facts"
	FactsVersion = 2
)

// FactsFile is a gathering as it is saved and sent. It holds no secret, but it
// names people.
type FactsFile struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Target is whose facts they are.
	Target Target `json:"target"`
	Facts  Facts  `json:"facts"`
}

// NewFactsFile wraps facts.
func NewFactsFile(t Target, f Facts) FactsFile {
	return FactsFile{
		Format:  FactsFormat,
		Version: FactsVersion,
		Target:  t,
		Facts:   f,
	}
}

// DecodeFacts reads a file of facts; an unknown key is an error, since it could be
// a fact that goes unnoticed.
func DecodeFacts(text []byte) (FactsFile, error) {
	var version struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	// The version comes first: a file of another one is named, not taken apart.
	if json.Unmarshal(text, &version) == nil && version.Format == FactsFormat && version.Version != FactsVersion {
		return FactsFile{}, fmt.Errorf(
			"the facts have version %d, and this zo365 reads version %d",
			version.Version,
			FactsVersion,
		)
	}
	var f FactsFile
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&f); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
			return f, fmt.Errorf("line %d: this is not JSON: %w", line, err)
		}
		return f, fmt.Errorf("this is not a file of facts: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("something stands behind the facts")
	}
	if f.Format != FactsFormat || f.Version != FactsVersion {
		return f, fmt.Errorf(
			"format %q, version %d: this zo365 reads %q, version %d",
			f.Format,
			f.Version,
			FactsFormat,
			FactsVersion,
		)
	}
	return f, nil
}
