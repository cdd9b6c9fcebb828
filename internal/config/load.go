// Package config owns zo365.yaml on disk: finding it, reading it with
// positions, editing it in place without disturbing comments or layout, and
// writing it atomically under a lock. It also owns the tool's own settings.
package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/profile"
)

// Document is a tenant file as it stands on disk.
type Document struct {
	// Path is where the file lies.
	Path string
	// File is what it says.
	File profile.File
	// Warnings are combinations that work but are about to end.
	Warnings []Problem

	text  []byte
	root  *yaml.Node
	nodes map[string]*yaml.Node
}

// Load reads and checks a tenant file. An error is a *InvalidError when the
// file could be read and does not say something valid.
func Load(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, &NotFoundError{Tried: []string{path}}
		}
		return nil, fmt.Errorf("reading the tenant file: %w", err)
	}
	return Parse(path, text)
}

// Parse checks the text of a tenant file; path is used in messages only.
func Parse(path string, text []byte) (*Document, error) {
	doc := &Document{Path: path, text: text, nodes: map[string]*yaml.Node{}}
	var top yaml.Node
	if err := yaml.Unmarshal(text, &top); err != nil {
		return nil, &InvalidError{Problems: []Problem{syntaxProblem(path, err)}}
	}
	d := decoder{path: path, nodes: doc.nodes}
	if len(top.Content) == 0 {
		d.add(&yaml.Node{Line: 1, Column: 1}, "version", "", "the file is empty", nil)
		return nil, &InvalidError{Problems: d.problems}
	}
	doc.root = top.Content[0]
	d.file(doc.root, &doc.File)
	if len(d.problems) == 0 {
		d.meaning(doc.File, doc.root)
	}
	problems, warnings := split(d.problems)
	if len(problems) > 0 {
		return nil, &InvalidError{Problems: problems}
	}
	doc.Warnings = warnings
	return doc, nil
}

// syntaxLine finds the line in the YAML library's message: its syntax errors
// have no type that carries it ("yaml: line 3: did not find expected key").
var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

func syntaxProblem(path string, err error) Problem {
	p := Problem{Path: path, Line: 1, Message: "this is not valid YAML: " + err.Error()}
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		p.Message = "this is not valid YAML: " + m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			p.Line = n
		}
	}
	return p
}

func split(all []Problem) (refused, warned []Problem) {
	for _, p := range all {
		if p.Warning {
			warned = append(warned, p)
		} else {
			refused = append(refused, p)
		}
	}
	return refused, warned
}
