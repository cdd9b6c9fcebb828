// Command bench measures zo365 beside other ways to compare two exports: DuckDB,
// Python's csv module and Miller. It makes the tenants, runs the programs in
// turns, holds every output against the answers and writes medians and ratios.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const defaultSizes = "10000,100000,1000000"

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run(out io.Writer, args []string) error {
	if len(args) > 2 && args[0] == measureOne {
		return measure(out, args[1], args[2:])
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := f.String("people", defaultSizes, "how many people, separated by commas")
	rounds := f.Int("rounds", 5, "how often each program runs")
	program := f.String("zo365", "bin/zo365", "the program to measure")
	rivals := f.String("rivals", "internal/bench/rivals", "the folder of the other programs")
	only := f.String("only", "", "only these programs, separated by commas")
	slow := f.Int("slow", 100_000, "the most people for the programs that take minutes")
	live := f.Bool("live", false, "measure live reading instead, against a sandbox")
	asJSON := f.Bool("json", false, "measure JSON as the input instead, a person a line")
	formats := f.Bool("formats", false, "measure the output formats of zo365 instead")
	one := f.Bool("one", false, "measure looking one person up instead")
	core := f.Bool("core", false, "give each program one core")
	generateIn := f.String("generate", "", "only write the tenant of the first size into this folder")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *live {
		return runLive(out, *program, *sizes, *rounds)
	}
	for i, text := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-people: %q is no number of people", text)
		}
		if *generateIn != "" {
			_, err := generate(*generateIn, n)
			return err
		}
		b := bench{
			out:    out,
			first:  i == 0,
			people: n,
			rounds: *rounds,
			core:   *core,
		}
		switch {
		case *formats:
			err = b.formats(*program)
		case *one:
			err = b.onePerson(*program)
		default:
			err = b.offline(programs(*program, *rivals, *only, n <= *slow && !*asJSON), *asJSON)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bench measures one size.
type bench struct {
	out    io.Writer
	first  bool
	people int
	rounds int
	// core gives each program one core.
	core bool
}

// tenant makes the files, which the caller throws away.
func (b bench) tenant(asJSON bool) (t tenant, dir string, err error) {
	if dir, err = os.MkdirTemp("", "zo365-bench"); err != nil {
		return t, dir, err
	}
	fmt.Fprintf(os.Stderr, "making %d people\n", b.people)
	if t, err = generate(dir, b.people); err == nil && asJSON {
		err = t.toJSON()
	}
	return t, dir, err
}

// offline measures the comparison of two exports.
func (b bench) offline(all []contender, asJSON bool) error {
	t, dir, err := b.tenant(asJSON)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err != nil {
		return err
	}
	for i := range all {
		result := filepath.Join(dir, all[i].name+".csv")
		all[i].use(t, result)
		fmt.Fprintf(os.Stderr, "%s: once to warm up, and to judge its answers\n", all[i].name)
		if err := b.warm(&all[i]); err != nil {
			return err
		}
		verdict, err := judge(t.Answers, result, all[i].typos)
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
		all[i].verdict = verdict
	}
	if err := b.measure(all); err != nil {
		return err
	}
	return table(b.out, b.first, b.people, all)
}

// warm runs a program once.
func (b bench) warm(c *contender) error {
	if b.core {
		c.args = append([]string{"taskset", "-c", "0"}, c.args...)
	}
	_, err := c.once()
	return err
}

// measure runs the programs in turns.
func (b bench) measure(all []contender) error {
	for round := range b.rounds {
		for i := range all {
			cost, err := all[i].once()
			if err != nil {
				return err
			}
			all[i].costs = append(all[i].costs, cost)
			fmt.Fprintf(os.Stderr, "round %d: %-8s %s\n", round+1, all[i].name, cost)
		}
	}
	return nil
}

// formats measures what each output format costs beside CSV.
func (b bench) formats(zo365 string) error {
	t, dir, err := b.tenant(false)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err != nil {
		return err
	}
	var all []contender
	for _, format := range []string{"csv", "ndjson", "json", "yaml", "markdown", "table", "html"} {
		c := contender{name: format, command: func(t tenant, out string) []string { return report(zo365, t, format, out) }}
		result := filepath.Join(dir, "report."+format)
		c.use(t, result)
		if err := b.warm(&c); err != nil {
			return err
		}
		info, err := os.Stat(result)
		if err != nil {
			return err
		}
		c.verdict = fmt.Sprintf("%d MB", info.Size()/1_000_000)
		all = append(all, c)
	}
	if err := b.measure(all); err != nil {
		return err
	}
	return formatTable(b.out, b.first, b.people, all)
}

// onePerson measures looking somebody up who matches, somebody nobody knows, and somebody whose
// name is nearly right.
func (b bench) onePerson(zo365 string) error {
	t, dir, err := b.tenant(false)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err != nil {
		return err
	}
	var all []contender
	for i := 0; len(all) < len(sought) && i < b.people; i++ {
		a := place(i, b.people).answer
		if a.class != sought[len(all)] {
			continue
		}
		c := contender{
			name: a.class,
			// The program ends with 3 where somebody does not match.
			args: []string{
				"sh", "-c", `"$0" upn check "$1" --zoom-export "$2" --microsoft-export "$3" -o csv > /dev/null || [ $? -eq 3 ]`,
				zo365, a.email, t.Zoom, t.Microsoft,
			},
		}
		if err := b.warm(&c); err != nil {
			return err
		}
		all = append(all, c)
	}
	if err := b.measure(all); err != nil {
		return err
	}
	return formatTable(b.out, b.first, b.people, all)
}

// sought are the classes of the people who are looked up.
var sought = []string{"match", "missing", "typo"}
