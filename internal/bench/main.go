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
		if err := offline(out, i == 0, n, *rounds, programs(*program, *rivals, *only, n <= *slow)); err != nil {
			return err
		}
	}
	return nil
}

// offline measures one size.
func offline(out io.Writer, first bool, n, rounds int, all []contender) error {
	dir, err := os.MkdirTemp("", "zo365-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	fmt.Fprintf(os.Stderr, "making %d people\n", n)
	t, err := generate(dir, n)
	if err != nil {
		return err
	}
	for i := range all {
		result := filepath.Join(dir, all[i].name+".csv")
		all[i].use(t, result)
		fmt.Fprintf(os.Stderr, "%s: once to warm up, and to judge its answers\n", all[i].name)
		if _, err := all[i].once(); err != nil {
			return err
		}
		verdict, err := judge(t.Answers, result, all[i].typos)
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
		all[i].verdict = verdict
	}
	for round := range rounds {
		for i := range all {
			cost, err := all[i].once()
			if err != nil {
				return err
			}
			all[i].costs = append(all[i].costs, cost)
			fmt.Fprintf(os.Stderr, "round %d: %-7s %s\n", round+1, all[i].name, cost)
		}
	}
	return table(out, first, n, all)
}
