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
	FactsVersion = 1
)

// FactsFile is a gathering as it is saved and sent. It holds no secret, but it
// names people.
type FactsFile struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Facts   Facts  `json:"facts"`
}

// NewFactsFile wraps facts.
func NewFactsFile(f Facts) FactsFile {
	return FactsFile{Format: FactsFormat, Version: FactsVersion, Facts: f}
}

// DecodeFacts reads a file of facts; an unknown key is an error, since it could be
// a fact that goes unnoticed.
func DecodeFacts(text []byte) (Facts, error) {
	var f FactsFile
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&f); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return f.Facts, fmt.Errorf("line %d: this is not JSON: %w", 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
		}
		return f.Facts, fmt.Errorf("this is not a file of facts: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return f.Facts, errors.New("something stands behind the facts")
	}
	if f.Format != FactsFormat || f.Version != FactsVersion {
		return f.Facts, fmt.Errorf("format %q, version %d: this zo365 reads %q, version %d", f.Format, f.Version, FactsFormat, FactsVersion)
	}
	return f.Facts, nil
}
