package render

import (
	"strings"
	"testing"
)

func TestNothingSteersATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain text\n\twith lines":      "plain text\n\twith lines",
		"Zo\u00eb \u6771\u4eac \u05d0":  "Zo\u00eb \u6771\u4eac \u05d0",
		"clear \x1b[2J it":              "clear \ufffd[2J it",
		"title \x1b]0;mine\a end":       "title \ufffd]0;mine\ufffd end",
		"back\b\b and return\rforged":   "back\ufffd\ufffd and return\ufffdforged",
		"eight bits \u009b2J":           "eight bits \ufffd2J",
		"turned \u202egnp.exe":          "turned \ufffdgnp.exe",
		"isolated \u2066x\u2069":        "isolated \ufffdx\ufffd",
		"delete \x7f":                   "delete \ufffd",
		"another line \u2028 separator": "another line \ufffd separator",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	var out strings.Builder
	if _, err := Plainly(&out, true).Write([]byte(ANSI(Bad, "fail") + " \x1b[8mhidden\x1b[0m \x1b[2J")); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[31mfail\x1b[0m \ufffd[8mhidden\x1b[0m \ufffd[2J"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	if _, err := Plainly(
		&out,
		false,
	).Write(
		[]byte("a group named \x1b[32mok"),
	); err != nil ||
		strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
