package workspace

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/zo365/zo365/internal/journal"
)

// Remembered are the hashes of lines that must be in a journal, by who remembers them:
// this machine, for what it wrote, and git, for what was committed.
func Remembered(path string) map[string]string {
	return map[string]string{
		"this machine": journal.Remembered(Memory(), path),
		"git":          committed(path),
	}
}

// committed is the hash of the last line of a journal as git has it; empty where there
// is no git, or it does not have the file.
func committed(path string) string {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-C", filepath.Dir(path), "show", "HEAD:./"+filepath.Base(path))
	text, err := cmd.Output()
	if err != nil {
		return ""
	}
	last, err := journal.LastHash(bytes.NewReader(text))
	if err != nil {
		return ""
	}
	return last
}
