package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
)

type upnReportOptions struct {
	upnSources
	Group     string
	Classes   []string
	Out       string
	NotInZoom bool
	columnOptions
	Quiet    bool // the snapshot needs no word
	Fresh    bool
	Redact   bool
	ExitZero bool
	written  []string // files of the caller
	hashed   bool     // the report names the files by their SHA-256
}

func newUPNReportCmd(env *Env) *cobra.Command {
	var opts upnReportOptions
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Compare everybody, from exports or live",
		Long: `Compare all Zoom users with all Microsoft users. Each side comes from an export,
or live from the service where no export is named.

Microsoft exports: the Entra portal's "Download users", the Microsoft 365 admin
center's "Export users", Get-MgUser | Export-Csv, Graph JSON. Zoom exports: User
Management > Users > Export, or API JSON. They are recognised by their headers;
a plain CSV whose columns bear Graph's or Zoom's field names is read too.

-o html writes one page that needs no network: charts, and a table to search,
sort and page through. -o ndjson writes one JSON object a person, -o markdown a
text for a ticket. The file of --out is written whole or not at all. A table on a
terminal shows the first hundred people who do not match.

Live, the Microsoft side is read into a snapshot in the cache folder once; later
runs read only what changed since. A read that was interrupted goes on where it
stopped. One that comes up short of the service's own count is an error;
--allow-partial makes it a report that says it is partial. "zo365 cache clear"
erases the snapshot, --fresh reads everybody again.

--not-in-zoom adds the other direction: a line without a Zoom email and class,
with the flag "not-in-zoom", for each member whom no Zoom user matches.

--group limits the report to the members of a Zoom group; it then cannot say who
is not in Zoom. --class shows only some classes; the summary counts everybody who
was compared.

Exit code 3 when anybody does not match; --exit-zero ignores that.`,
		Example: strings.TrimPrefix(`
  zo365 upn report --zoom-export zoom_users.csv --microsoft-export users.csv
  zo365 upn report --zoom-export zoom_users.csv -o csv --out report.csv
  zo365 upn report -o html --out report.html
  zo365 upn report --class mail,alias,domain -o ndjson --redact`, "\n"),
		Args:        flagsOnly,
		Annotations: map[string]string{moreOutputs: "ndjson html markdown"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runUPNReport(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	opts.audience(cmd)
	opts.columnFlags(cmd, render.PersonColumns())
	f := cmd.Flags()
	f.StringVar(&opts.Group, "group", "", "only the members of this Zoom group")
	f.StringSliceVar(&opts.Classes, "class", nil, "only these classes: "+strings.Join(classWords(), ", "))
	f.StringVar(&opts.Out, "out", "", "write the report to this file")
	f.BoolVar(&opts.NotInZoom, "not-in-zoom", false, "add a line for each Microsoft user whom no Zoom user matches")
	f.BoolVar(&opts.Fresh, "fresh", false, "read everybody again instead of what changed since the last run")
	f.BoolVar(&opts.Redact, "redact", false, "replace people by pseudonyms")
	f.BoolVar(&opts.ExitZero, "exit-zero", false, "exit with 0 although somebody does not match")
	completeValues(cmd, "class", classWords())
	return cmd
}

func classWords() []string {
	words := make([]string, len(upn.Classes))
	for i, c := range upn.Classes {
		words[i] = string(c)
	}
	return words
}

func checkClasses(classes []string) error {
	for _, c := range classes {
		if !slices.Contains(classWords(), c) {
			return usagef("--class: %q is not a class; use %s", c, strings.Join(classWords(), ", "))
		}
	}
	return nil
}

func runUPNReport(ctx context.Context, env *Env, opts upnReportOptions) error {
	if err := errors.Join(
		checkClasses(opts.Classes),
		opts.checkAudience(),
		opts.checkColumns(env, render.PersonColumns()),
	); err != nil {
		return err
	}
	// What is kept of a million people has no pointers: collecting often costs
	// little and keeps the memory small.
	const often = 40
	debug.SetGCPercent(often)
	named := []render.Format{render.JSON, render.YAML, render.HTML, render.Markdown}
	opts.hide = opts.Redact
	opts.hashed = slices.Contains(named, render.Format(env.settings.Output))
	c, err := compareAll(ctx, env, opts)
	if err != nil {
		return err
	}
	if opts.Redact {
		names, err := pseudonyms(ctx)
		if err != nil {
			return err
		}
		c.redact(names)
	}
	others := 0
	if opts.Group == "" { // who is not in the group may still be in Zoom
		others = c.CountNotInZoom()
	}
	writing := env.progress()
	wanted := 0
	for _, class := range upn.Classes {
		if opts.wants(class) {
			wanted += c.Count(class)
		}
	}
	people := writing.begin("writing the report", false, int64(wanted))
	l := opts.listing(env, c, people)
	err = env.writeReport(l, opts.Out)
	writing.stop()
	if err != nil {
		return err
	}
	env.saySummary(c.Comparison, others)
	if !c.OK() && !opts.ExitZero {
		return errCheckFailed
	}
	return nil
}

// listing is the report, whose people are written one by one.
func (o upnReportOptions) listing(env *Env, c everybody, written *work) render.Listing {
	all := render.Compared{
		Report:    reportOf(c),
		Everybody: c,
		Wrote:     func(people int) { written.now.Add(int64(people)) },
		Wants:     o.wants,
		Columns:   o.Columns,
		For:       c.For,
		AsRows:    o.NotInZoom,
	}
	others := 0
	if o.Group == "" {
		all.Others = c.NotInZoom()
		if o.NotInZoom {
			others = c.CountNotInZoom()
		}
	}
	if env.Screen && o.Out == "" { // nobody reads a million lines there
		all.Most = shownOnTerminal
		if !o.Wide && len(o.Columns) == 0 {
			all.Width, all.Left = env.Width, env.sayLeft
		}
		people, who := others, "people"
		for _, class := range upn.Classes {
			if o.wants(class) {
				people += c.Count(class)
			}
		}
		if len(o.Classes) == 0 && people > shownOnTerminal {
			all.Wants = func(class upn.Class) bool { return class != upn.Match }
			people, who = people-c.Count(upn.Match), "people who do not match"
		}
		if people > shownOnTerminal {
			env.say("the first %d of %d %s; -o csv --out report.csv writes all", shownOnTerminal, people, who)
		}
	}
	return render.ComparedListing(all)
}

// shownOnTerminal is how many people a terminal shows.
const shownOnTerminal = 100

// wants says whether a class is to be shown.
func (o upnReportOptions) wants(class upn.Class) bool {
	return len(o.Classes) == 0 || slices.Contains(o.Classes, string(class))
}

// writeReport writes to standard output, or to a file that is whole or not
// there.
func (env *Env) writeReport(l render.Listing, file string) error {
	if file == "" {
		return env.show(l)
	}
	format := render.Format(env.settings.Output)
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return hint(fmt.Errorf("writing %s: %w", file, err), "make the folder first: mkdir -p "+filepath.Dir(file))
	}
	if err := atomicfile.Fill(file, 0o600, func(w io.Writer) error { return render.Write(w, format, l) }); err != nil {
		return err
	}
	env.say("wrote %s", file)
	return nil
}

// reportOf is a report without its people.
func reportOf(c everybody) render.Report {
	out := render.Report{
		Made:    time.Now().UTC().Truncate(time.Second),
		Tenant:  c.tenant,
		Sources: append([]render.Source{}, c.sources...),
		Partial: c.partial,
		Summary: map[string]int{},
		Domains: []render.DomainCount{},
	}
	for _, class := range upn.Classes {
		out.Summary[string(class)] = c.Count(class)
	}
	for _, d := range c.WorstDomains() {
		out.Domains = append(out.Domains, render.DomainCount(d))
	}
	return out
}

// sayTwice says how many rows of a side repeat somebody.
func (env *Env) sayTwice(side string, rows int) {
	switch {
	case rows == 1:
		env.say("warning: a row of the %s side repeats an address; each person counts once", side)
	case rows > 1:
		env.say("warning: %d rows of the %s side repeat an address; each person counts once", rows, side)
	}
}

// notInZoomDoubt is what is to be said where somebody may be in Zoom by an alias.
func notInZoomDoubt(c *index.Comparison) string {
	if c.Unread()&upn.UnknownAliases != 0 {
		return " by UPN or mail; some may be there by an alias, since not all aliases are known"
	}
	return ""
}

// saySummary counts the classes, names the worst domains and what to do first.
func (env *Env) saySummary(c *index.Comparison, others int) {
	zoom, microsoft := c.Twice()
	env.sayTwice("Zoom", zoom)
	env.sayTwice("Microsoft", microsoft)
	env.say("%d Zoom users:", c.Len())
	for _, class := range upn.Classes {
		if n := c.Count(class); n > 0 {
			env.say("  %-10s %d", class, n)
		}
	}
	if others > 0 {
		env.say("%d Microsoft users are not in Zoom%s", others, notInZoomDoubt(c))
	}
	const shown = 3
	if worst := c.WorstDomains(); len(worst) > 0 {
		env.say("most mismatches by domain of the Zoom email:")
		for _, d := range worst[:min(shown, len(worst))] {
			env.say("  %-30s %d of %d", d.Domain, d.Mismatches, d.People)
		}
	}
	if first := c.First(); first != "" {
		env.say("first: %s", first)
	}
}
