package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Each entry holds the hash of the line before it, so that a line that was
// changed, taken out or put in afterwards shows. Whoever can write the whole file
// can make a new chain: what holds the journal, git for one, holds that.

// first is what the first line of a journal has in place of a hash.
const first = "first"

// idLength is how much of a line's hash names it: 48 bits, enough for a person to
// type and for a journal never to have twice.
const idLength = 12

// longestLine bounds a line.
const longestLine = 16 << 20

func hashLine(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// chained encodes entries as lines, each with the hash of the one before it.
func chained(previous string, entries []Entry) ([]byte, error) {
	var lines bytes.Buffer
	encode := json.NewEncoder(&lines)
	encode.SetEscapeHTML(false)
	for _, e := range entries {
		e.V = Version
		e.At = e.At.UTC()
		e.Previous = previous
		from := lines.Len()
		if err := encode.Encode(e); err != nil {
			return nil, fmt.Errorf("encoding a journal entry: %w", err)
		}
		previous = hashLine(bytes.TrimSuffix(lines.Bytes()[from:], []byte{'\n'}))
	}
	return lines.Bytes(), nil
}

// lastHash is the hash of the last whole line.
func lastHash(r io.Reader) (string, error) {
	previous := first
	err := eachLine(r, func(_ int, line []byte, _ *Entry, err error) {
		if err == nil {
			previous = hashLine(line)
		}
	})
	return previous, err
}

// eachLine reads the lines that are not empty; err says that one is no entry.
func eachLine(r io.Reader, each func(n int, line []byte, e *Entry, err error)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var e Entry
		err := json.Unmarshal(lines.Bytes(), &e)
		e.ID = hashLine(lines.Bytes())[:idLength]
		each(n, lines.Bytes(), &e, err)
	}
	return lines.Err()
}

// Chain is what a check of a journal found.
type Chain struct {
	// Entries are all that are whole; Unchained those before the first hash, which
	// an older version wrote.
	Entries, Unchained int
	// Broken are the lines whose hash is not that of the line before.
	Broken []int
	Torn   []Torn
}

// OK says whether every line follows from the one before. A torn line is no break:
// a power cut leaves one, and the next entry follows from the last whole line.
func (c Chain) OK() bool { return len(c.Broken) == 0 }

// Verify follows the chain from the first line to the last. A missing journal has
// nothing to be wrong.
func Verify(path string) (Chain, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Chain{}, nil
	}
	if err != nil {
		return Chain{}, fmt.Errorf("opening the journal: %w", err)
	}
	defer f.Close()
	var c Chain
	previous, begun := first, false
	err = eachLine(f, func(n int, line []byte, e *Entry, err error) {
		if err != nil {
			c.Torn = append(c.Torn, Torn{Line: n, Err: err})
			return
		}
		c.Entries++
		switch {
		case e.Previous == "" && !begun:
			c.Unchained++
		case e.Previous != previous:
			c.Broken = append(c.Broken, n)
			begun = true
		default:
			begun = true
		}
		previous = hashLine(line)
	})
	return c, err
}
