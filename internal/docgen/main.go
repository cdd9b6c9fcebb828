// Command docgen writes what is generated: the command reference (Markdown and
// man pages), the pages of permissions and of facts, the shell completions and the JSON Schemas of
// the tenant file and of a saved plan. Its only argument is the folder to write into.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/zo365/zo365/internal/cli"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docgen FOLDER")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	root := cli.NewRoot(
		&cli.Env{
			In:     &bytes.Buffer{},
			Out:    &bytes.Buffer{},
			Err:    &bytes.Buffer{},
			Getenv: func(string) string { return "" },
		},
	)
	root.DisableAutoGenTag = true
	for _, sub := range []string{"docs/reference", "docs/man", "completions"} {
		// What a removed command leaves behind must go.
		if err := errors.Join(
			os.RemoveAll(filepath.Join(dir, sub)),
			os.MkdirAll(filepath.Join(dir, sub), 0o755),
		); err != nil {
			return err
		}
	}
	if err := doc.GenMarkdownTree(root, filepath.Join(dir, "docs/reference")); err != nil {
		return err
	}
	header := &doc.GenManHeader{
		Title:   "ZO365",
		Section: "1",
		Source:  "zo365",
		Manual:  "zo365 manual",
		Date:    &time.Time{},
	}
	if err := doc.GenManTree(root, header, filepath.Join(dir, "docs/man")); err != nil {
		return err
	}
	if err := completions(root, filepath.Join(dir, "completions")); err != nil {
		return err
	}
	page, err := permissions()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "docs/permissions.md"), page, 0o644); err != nil {
		return err
	}
	if page, err = facts(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "docs/facts.md"), page, 0o644); err != nil {
		return err
	}
	schema, err := tenantSchema()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "docs/zo365.schema.json"), schema, 0o644); err != nil {
		return err
	}
	if schema, err = planSchema(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "docs/plan.schema.json"), schema, 0o644)
}

func completions(root *cobra.Command, dir string) error {
	return errors.Join(
		root.GenBashCompletionFileV2(filepath.Join(dir, "zo365.bash"), true),
		root.GenZshCompletionFile(filepath.Join(dir, "_zo365")),
		root.GenFishCompletionFile(filepath.Join(dir, "zo365.fish"), true),
		root.GenPowerShellCompletionFileWithDesc(filepath.Join(dir, "zo365.ps1")),
	)
}
