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
	"slices"
)

// Each entry names its parents: the hashes of the lines that nothing followed when it
// was written. In a journal that one machine writes that is the line before; after two
// branches were merged it is the last line of each. So a line that was changed, taken
// out or put in shows, and two branches of a journal make one that verifies
// (docs/journal.md).

// first is the parent of the first line of a journal.
const first = "first"

// idLength is how much of a line's hash names it: 48 bits, enough for a person to
// type and for a journal never to have twice.
const idLength = 12

// longestLine bounds a line, in bytes.
const longestLine = 16 << 20

func hashLine(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// eachLine reads the lines that are not empty, with the byte at which each begins; err
// says that one is no entry.
func eachLine(r io.Reader, each func(n int, at int64, line []byte, e *Entry, err error)) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	at := int64(0)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if len(text) > longestLine {
			return fmt.Errorf("line %d is longer than %d bytes", n, longestLine)
		}
		line := bytes.TrimRight(text, "\r\n")
		if len(bytes.TrimSpace(line)) > 0 {
			var e Entry
			bad := json.Unmarshal(line, &e)
			e.ID = hashLine(line)[:idLength]
			each(n, at, line, &e, bad)
		}
		at += int64(len(text))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Fault is a line that does not follow.
type Fault struct {
	Line int
	Why  string
}

// Chain is what a check of a journal found.
type Chain struct {
	// Entries are all that are whole; Unchained those before the first hash, which
	// an older version wrote.
	Entries, Unchained int
	// Broken are the lines that do not follow from what they name.
	Broken []Fault
	Torn   []Torn
	// Ends are the lines that no later line names: one, or one for each branch that was
	// merged and not written to since.
	Ends []int
	// Merges are the lines that join branches.
	Merges []int
	// Cut says that a line which somebody remembers as the last is not there; Vouched who
	// remembers: nobody's memory leaves the end unverified.
	Cut     bool
	Vouched []string
}

// OK says whether every line follows and no end was cut off. A torn line is no break: a
// power cut leaves one, and the next entry follows from the last whole line.
func (c Chain) OK() bool { return len(c.Broken) == 0 && !c.Cut }

// Verify follows the chain from the first line to the last. A missing journal has
// nothing to be wrong, unless somebody remembers a line of it. remembered are hashes of
// lines that must be there, by who remembers them.
func Verify(path string, remembered map[string]string) (Chain, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return check{}.end(remembered), nil
	}
	if err != nil {
		return Chain{}, fmt.Errorf("opening the journal: %w", err)
	}
	defer f.Close()
	c := newCheck()
	if err := eachLine(f, c.line); err != nil {
		return Chain{}, fmt.Errorf("reading the journal: %w", err)
	}
	if c.newer != nil {
		return Chain{}, c.newer
	}
	return c.end(remembered), nil
}

// check walks through a journal.
type check struct {
	chain Chain
	// lines are the line numbers by hash, ends the hashes that nothing names yet, ended
	// where each line's bytes end in its own branch.
	lines map[string]int
	ends  []string
	ended map[string]int64
	// written tells a copied line: a writer numbers its entries.
	written map[string]int
	last    string
	begun   bool
	newer   error
}

func newCheck() *check {
	return &check{
		lines:   map[string]int{},
		ended:   map[string]int64{},
		written: map[string]int{},
		last:    first,
	}
}

func (c *check) line(n int, _ int64, line []byte, e *Entry, err error) {
	if err != nil {
		c.chain.Torn = append(c.chain.Torn, Torn{Line: n, Err: err})
		return
	}
	if e.V > Version && c.newer == nil {
		c.newer = &NewerError{Line: n, Version: e.V}
	}
	c.chain.Entries++
	hash := hashLine(line)
	wrong := func(format string, args ...any) {
		c.chain.Broken = append(c.chain.Broken, Fault{Line: n, Why: fmt.Sprintf(format, args...)})
	}
	switch {
	case c.lines[hash] > 0:
		wrong("it is line %d once more", c.lines[hash])
		return
	case e.V < 2 && e.Previous == "" && !c.begun:
		c.chain.Unchained++
	case e.V < 2 && e.Previous != c.last:
		wrong("it does not follow from the line before")
	case e.V >= 2:
		c.follows(n, e, wrong)
	default:
		c.begun = true
	}
	c.lines[hash], c.ended[hash], c.last = n, e.Offset+int64(len(line))+1, hash
	c.ends = slices.DeleteFunc(c.ends, func(h string) bool { return h == e.Previous || slices.Contains(e.Parents, h) })
	if e.V < 2 && e.Previous == "" {
		c.ends = nil // lines without a hash follow each other
	}
	c.ends = append(c.ends, hash)
}

// follows checks an entry of today's form.
func (c *check) follows(n int, e *Entry, wrong func(string, ...any)) {
	c.begun = true
	if len(e.Parents) == 0 {
		wrong("its hash was taken out")
		return
	}
	for _, p := range e.Parents {
		switch at, ok := c.lines[p]; {
		case p == first:
		case !ok:
			wrong("the line that it follows from is not there before it, or was changed")
		case len(e.Parents) == 1 && at > 0 && c.ended[p] > e.Offset:
			wrong("it was written where line %d stands", at)
		}
	}
	if len(e.Parents) > 1 {
		c.chain.Merges = append(c.chain.Merges, n)
	}
	key := fmt.Sprintf("%s/%d", e.Writer, e.Seq)
	if before := c.written[key]; before > 0 && e.Writer != "" {
		wrong("its writer gave the same number to line %d", before)
	}
	c.written[key] = n
}

func (c check) end(remembered map[string]string) Chain {
	for _, h := range c.ends {
		c.chain.Ends = append(c.chain.Ends, c.lines[h])
	}
	for who, hash := range remembered {
		if hash == "" {
			continue
		}
		c.chain.Vouched = append(c.chain.Vouched, who)
		if c.lines[hash] == 0 {
			c.chain.Cut = true
		}
	}
	slices.Sort(c.chain.Vouched)
	return c.chain
}

// NewerError says that a newer version of zo365 wrote a line.
type NewerError struct{ Line, Version int }

func (e *NewerError) Error() string {
	return fmt.Sprintf(
		"line %d of the journal has format %d, and this zo365 reads up to %d: a newer zo365 wrote it",
		e.Line,
		e.Version,
		Version,
	)
}

// LastHash is the hash of the last whole line of a text, for whoever remembers it; empty
// when there is none.
func LastHash(r io.Reader) (string, error) {
	last := ""
	err := eachLine(r, func(_ int, _ int64, line []byte, _ *Entry, err error) {
		if err == nil {
			last = hashLine(line)
		}
	})
	return last, err
}
