package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// contender is a program with what it has cost so far.
type contender struct {
	name string
	// use makes the command for a tenant.
	command func(t tenant, out string) []string
	// typos says whether it finds them; the others call them missing.
	typos   bool
	args    []string
	stdout  string // where standard output goes, if that is the report
	verdict string
	costs   []cost
}

// cost is what one run took.
type cost struct {
	Wall, CPU time.Duration
	// Memory is the peak resident set in bytes.
	Memory int64
}

func (c cost) String() string {
	return fmt.Sprintf("%6.2f s  %6.2f s CPU  %5d MB", c.Wall.Seconds(), c.CPU.Seconds(), c.Memory>>20)
}

func programs(zo365, rivals, only string, slowToo bool) []contender {
	all := []contender{
		{name: "zo365", typos: true, command: func(t tenant, out string) []string {
			return report(zo365, t, "csv", out)
		}},
		{name: "duckdb", command: func(t tenant, out string) []string {
			return []string{"node", filepath.Join(rivals, "duckdb.mjs"), t.Zoom, t.Microsoft, out}
		}},
		{name: "polars", command: func(t tenant, out string) []string {
			return []string{"node", filepath.Join(rivals, "frames.mjs"), t.Zoom, t.Microsoft, out}
		}},
		{name: "pandas", command: func(t tenant, out string) []string {
			return []string{"/usr/bin/python3", filepath.Join(rivals, "frames.py"), t.Zoom, t.Microsoft, out}
		}},
	}
	if slowToo {
		all = append(all, contender{name: "python", command: func(t tenant, out string) []string {
			return []string{"python3", filepath.Join(rivals, "plain.py"), t.Zoom, t.Microsoft, out}
		}}, contender{name: "miller", command: func(t tenant, out string) []string {
			return []string{
				"mlr",
				"--icsv",
				"--ocsv",
				"--from",
				t.Microsoft,
				"--from",
				t.Zoom,
				"put",
				"-q",
				"-S",
				"-f",
				filepath.Join(rivals, "miller.mlr"),
				">" + out,
			}
		}})
	}
	if only == "" {
		return all
	}
	return slices.DeleteFunc(all, func(c contender) bool { return !slices.Contains(strings.Split(only, ","), c.name) })
}

// report is the command that compares everybody.
func report(zo365 string, t tenant, format, out string) []string {
	return []string{
		zo365,
		"upn",
		"report",
		"--zoom-export",
		t.Zoom,
		"--microsoft-export",
		t.Microsoft,
		"-o",
		format,
		"--out",
		out,
		"--exit-zero",
	}
}

// formatTable writes the medians, and what each takes in proportion to the first.
func formatTable(out io.Writer, header bool, n int, all []contender) error {
	if header {
		if _, err := fmt.Fprintln(
			out,
			"| people | what | wall s | CPU s | peak MB | to the first: wall, memory | size |\n|---|---|---|---|---|---|---|",
		); err != nil {
			return err
		}
	}
	own := make([]float64, len(measures))
	for i, of := range measures {
		own[i] = median(all[0].costs, of)
	}
	for _, c := range all {
		values := make([]float64, len(measures))
		for i, of := range measures {
			values[i] = median(c.costs, of)
		}
		if _, err := fmt.Fprintf(
			out,
			"| %d | %s | %.2f | %.2f | %.0f | %.2f, %.2f | %s |\n",
			n,
			c.name,
			values[0],
			values[1],
			values[2],
			values[0]/own[0],
			values[2]/own[2],
			c.verdict,
		); err != nil {
			return err
		}
	}
	return nil
}

// use prepares the command; a last word that begins with ">" is where standard
// output goes.
func (c *contender) use(t tenant, out string) {
	c.args = c.command(t, out)
	if file, ok := strings.CutPrefix(c.args[len(c.args)-1], ">"); ok {
		c.args, c.stdout = c.args[:len(c.args)-1], file
	}
}

// once runs the program as the child of a small process: Linux counts what the
// parent had in memory at the start as the child's peak.
//
// https://man7.org/linux/man-pages/man2/getrusage.2.html
func (c *contender) once() (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	cmd := exec.Command(self, append([]string{measureOne, c.stdout}, c.args...)...) //nolint:noctx // it ends by itself
	var said strings.Builder
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", c.name, err, said.String())
	}
	var one cost
	return one, json.Unmarshal(text, &one)
}

// measureOne is the first argument of that small process: behind it come the
// file for standard output, or nothing, and the command.
const measureOne = "measure-one"

func measure(out io.Writer, stdout string, args []string) error {
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx,gosec // it ends by itself, and is one of the contenders
	cmd.Stderr = os.Stderr
	if stdout != "" {
		f, err := os.Create(stdout)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdout = f
	}
	start := time.Now()
	if err := cmd.Run(); err != nil {
		var missing *exec.Error
		if errors.As(err, &missing) {
			return fmt.Errorf("%s is missing: %w; make bench installs it", args[0], err)
		}
		return err
	}
	wall := time.Since(start)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("this system does not say what a program cost")
	}
	return json.NewEncoder(
		out,
	).Encode(
		cost{Wall: wall, CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Memory: usage.Maxrss << 10},
	)
}

func median(costs []cost, of func(cost) float64) float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}

var measures = []func(cost) float64{
	func(c cost) float64 { return c.Wall.Seconds() },
	func(c cost) float64 { return c.CPU.Seconds() },
	func(c cost) float64 { return float64(c.Memory) / (1 << 20) },
}

// table writes the medians, and what zo365 takes of each in proportion.
func table(out io.Writer, header bool, n int, all []contender) error {
	if header {
		if _, err := fmt.Fprintln(
			out,
			"| people | program | wall s | CPU s | peak MB | zo365 to it: wall, CPU, memory | answers |\n|---|---|---|---|---|---|---|",
		); err != nil {
			return err
		}
	}
	own := make([]float64, len(measures))
	for i, of := range measures {
		own[i] = median(all[0].costs, of)
	}
	for _, c := range all {
		values := make([]float64, len(measures))
		for i, of := range measures {
			values[i] = median(c.costs, of)
		}
		ratio := "-"
		if c.name != all[0].name {
			ratio = fmt.Sprintf("%.2f, %.2f, %.2f", own[0]/values[0], own[1]/values[1], own[2]/values[2])
		}
		if _, err := fmt.Fprintf(
			out,
			"| %d | %s | %.2f | %.2f | %.0f | %s | %s |\n",
			n,
			c.name,
			values[0],
			values[1],
			values[2],
			ratio,
			c.verdict,
		); err != nil {
			return err
		}
	}
	return nil
}
