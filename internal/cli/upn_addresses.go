package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/zo365/zo365/internal/upn"
)

// addressesOf are the addresses that arguments name: one each, those of a file with @FILE, and
// those of standard input with -; there a line has one. Twice the same is asked for once. named
// is asked whom a part of a name means; a list has addresses only.
func addressesOf(env *Env, args []string, named func(text string) (string, error)) ([]string, error) {
	var all []string
	seen := map[upn.Address]bool{}
	add := func(where, text string) error {
		ok, within := upn.OneAddress(text)
		switch {
		case within != "":
			return usagef("%s%q is not one address alone; did you mean %s?", where, text, within)
		case !ok:
			return usagef("%s%q is not one email address", where, text)
		}
		if a := upn.Normal(text); !seen[a] {
			seen[a] = true
			all = append(all, upn.Trim(text))
		}
		return nil
	}
	for _, arg := range args {
		file, isFile := strings.CutPrefix(arg, "@")
		switch {
		case arg == standardInput:
			if err := eachLine("standard input", env.In, add); err != nil {
				return nil, err
			}
		case isFile:
			f, err := os.Open(file)
			if err != nil {
				return nil, fmt.Errorf("reading the addresses: %w", err)
			}
			err = eachLine(file, f, add)
			_ = f.Close() // nothing was written
			if err != nil {
				return nil, err
			}
		default:
			if isName(arg) {
				who, err := named(arg)
				if err != nil {
					return nil, err
				}
				arg = who
			}
			if err := add("", arg); err != nil {
				return nil, err
			}
		}
	}
	if len(all) == 0 {
		return nil, usagef("no address is given: the list is empty")
	}
	return all, nil
}

// eachLine hands on what a list has in each line that is not empty.
func eachLine(name string, r io.Reader, add func(where, text string) error) error {
	// Windows PowerShell writes UTF-16.
	lines := bufio.NewScanner(transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder())))
	for n := 1; lines.Scan(); n++ {
		text := upn.Trim(lines.Text())
		if text == "" || text[0] == '#' || n == 1 && strings.EqualFold(text, "email") {
			continue
		}
		if err := add(fmt.Sprintf("%s:%d: ", name, n), text); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the addresses of %s: %w", name, err)
	}
	return nil
}

// isName says whether a text is part of a name: no address, nor anything like one.
func isName(text string) bool {
	return upn.Trim(text) != "" && !strings.ContainsAny(text, "@<>,;")
}
