package sandbox

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/sandbox/world"
)

func TestFormatsOfVariables(t *testing.T) {
	vars := []world.Variable{
		{Name: "ZO365_A", Value: `it's 100% "\back" $HOME; & done`},
		{Name: "ZO365_B", Value: "plain"},
	}
	const cmd = "@echo off\r\nchcp 65001 >nul\r\n" +
		"set \"ZO365_A=it's 100%% \"\\back\" $HOME; & done\"\r\nset \"ZO365_B=plain\"\r\n"
	for file, want := range map[string]string{
		"env.sh":  "export ZO365_A='it'\\''s 100% \"\\back\" $HOME; & done'\nexport ZO365_B='plain'\n",
		"none":    "export ZO365_A='it'\\''s 100% \"\\back\" $HOME; & done'\nexport ZO365_B='plain'\n",
		"e.PS1":   "\ufeff$env:ZO365_A = 'it''s 100% \"\\back\" $HOME; & done'\n$env:ZO365_B = 'plain'\n",
		"env.cmd": cmd,
		"env.bat": cmd,
		"x/.env":  "ZO365_A=it's 100% \"\\back\" $HOME; & done\nZO365_B=plain\n",
		"e.fish":  "set -gx ZO365_A 'it\\'s 100% \"\\\\back\" $HOME; & done'\nset -gx ZO365_B 'plain'\n",
	} {
		if got := FormatOf(file).Text(vars); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

// TestRealShellsReadTheVariables: what a shell makes of the file is the value.
func TestRealShellsReadTheVariables(t *testing.T) {
	vars := []world.Variable{{Name: "ZO365_A", Value: `it's 100% "\back" $HOME; & done`}}
	for shell, f := range map[string]Format{"sh": Sh, "bash": Sh, "zsh": Sh, "fish": Fish} {
		out, err := exec.Command(shell, "-c", f.Text(vars)+"printf %s \"$ZO365_A\"").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != vars[0].Value {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
	}
}
