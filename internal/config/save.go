package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zo365/zo365/internal/atomicfile"
)

// asInvalid reports whether err is an InvalidError.
func asInvalid(err error, target **InvalidError) bool { return errors.As(err, target) }

// Edit changes the tenant file at path: it waits for other processes, reads the
// file as it is now, runs change and writes the result in one step. When change
// fails nothing is written; when it changes nothing the file is not touched.
func Edit(ctx context.Context, path string, change func(*Document) error) (*Document, error) {
	unlock, err := atomicfile.Lock(ctx, folder(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	doc, err := Load(path)
	if err != nil {
		return nil, err
	}
	before := doc.text
	if err := change(doc); err != nil {
		return nil, err
	}
	if bytes.Equal(before, doc.text) {
		return doc, nil
	}
	return doc, atomicfile.Write(path, doc.text, 0o644)
}

// ExistsError says that init would overwrite a file.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string { return e.Path + " exists already" }

// Create writes a new tenant file after checking that its text is valid. An
// existing file is replaced only when force is set.
func Create(ctx context.Context, path string, text []byte, force bool) error {
	if _, err := Parse(path, text); err != nil {
		return err
	}
	if err := os.MkdirAll(folder(path), 0o755); err != nil {
		return fmt.Errorf("making the tenant file's folder: %w", err)
	}
	unlock, err := atomicfile.Lock(ctx, folder(path))
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil && !force {
		return &ExistsError{Path: path}
	}
	return atomicfile.Write(path, text, 0o644)
}

func folder(path string) string { return filepath.Dir(path) }
