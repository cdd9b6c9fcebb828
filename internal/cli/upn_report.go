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
	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/snapshot"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
	"github.com/zo365/zo365/internal/zoom"
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

// redact replaces everybody by pseudonyms, and what names the customer otherwise.
func (e *everybody) redact(names upn.Pseudonyms) {
	e.Redact(names)
	e.tenant = names.Tenant(e.tenant)
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

// compareAll reads both sides, each from its file or live, and compares
// everybody. Where both are not files they are read at the same time.
func compareAll(ctx context.Context, env *Env, opts upnReportOptions) (all everybody, err error) {
	if err := opts.checkFiles(append(opts.written, opts.Out)...); err != nil { // before anybody is asked to sign in
		return all, err
	}
	file, err := env.fileIfAny()
	if err != nil {
		return all, err
	}
	all.tenant = file.Microsoft.Tenant
	files := newExports(env, opts.upnSources)
	files.hashed = opts.hashed
	defer func() { err = errors.Join(err, files.close(err)) }()
	var m index.Matcher
	readZoom, client, err := zoomSide(ctx, env, opts, files, &m)
	if err != nil {
		return all, opts.orExport(err)
	}
	prepare, err := microsoftSide(ctx, env, opts, files)
	if err != nil {
		return all, opts.orExport(err)
	}
	var both errgroup.Group
	var zoomPartial bool
	var add peopleAdder
	var domains []tenant.Domain
	both.Go(func() (err error) { zoomPartial, err = readZoom(); return err })
	both.Go(func() (err error) { add, domains, err = prepare(); return err })
	if err := both.Wait(); err != nil {
		return all, opts.orExport(err)
	}
	partial, err := add(&m) // everybody of Zoom is known by now
	comparing := files.progress.begin("comparing", false, 0)
	all.Comparison, all.partial = m.Compare(domains), partial || zoomPartial
	comparing.end()
	if err == nil {
		all.ZoomDomains, err = zoomDomains(ctx, env, client)
	}
	all.For = upn.Audience(opts.For)
	now := time.Now().UTC().Truncate(time.Second)
	if client != nil {
		all.sources = append(all.sources, render.Source{
			Side:    "Zoom",
			Name:    "Zoom's API",
			Dated:   now,
			Unknown: []string{},
		})
	}
	slices.SortStableFunc(files.found, func(a, b render.Source) int { return strings.Compare(b.Side, a.Side) })
	all.sources = append(all.sources, files.found...)
	if len(opts.MicrosoftExport) == 0 {
		all.sources = append(
			all.sources,
			render.Source{
				Side:    "Microsoft",
				Name:    "Microsoft Graph",
				Dated:   now,
				Unknown: []string{},
			},
		)
	}
	return all, err
}

// everybody is a comparison with where it comes from.
type everybody struct {
	*index.Comparison
	partial bool
	sources []render.Source
	// tenant is as the tenant file names it.
	tenant string
}

// zoomSide prepares reading the Zoom side: a file or everybody live, and of them
// the members of the group that was named. client is nil where Zoom is not asked.
func zoomSide(
	ctx context.Context,
	env *Env,
	opts upnReportOptions,
	files *exports,
	m *index.Matcher,
) (read func() (partial bool, err error), client *zoom.Client, err error) {
	file := func() (bool, error) { return files.zoom(m.ReadZoom) }
	if len(opts.ZoomExport) > 0 && opts.Group == "" {
		return file, nil, nil
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, nil, err
	}
	var found connect.Found
	client, found, err = doors.Zoom(ctx)
	if err != nil {
		return nil, nil, err
	}
	if opts.Group == "" {
		dir, err := doors.Snapshots(found)
		folder := snapshot.Folder{
			Dir:     dir,
			Partial: opts.AllowPartial,
			Say:     env.say,
			Came:    files.progress.came(),
		}
		return func() (bool, error) { return folder.Zoom(ctx, client, m.AddZoom) }, client, err
	}
	return func() (bool, error) {
		known, err := client.Groups(ctx)
		if err != nil {
			return false, err
		}
		group, err := groupNamed(known, opts.Group)
		if err != nil {
			return false, err
		}
		members, err := client.Members(ctx, group.ID)
		if err != nil || len(opts.ZoomExport) == 0 {
			for _, z := range members {
				m.AddZoom(z.Email, z.Status)
			}
			return false, err
		}
		in := map[upn.Address]bool{}
		for _, z := range members {
			in[upn.Normal(z.Email)] = true
		}
		m.Keep = func(a upn.Address) bool { return in[a] }
		return file()
	}, client, nil
}

// peopleAdder adds the Microsoft side to a Matcher.
type peopleAdder = func(*index.Matcher) (partial bool, err error)

// microsoftSide prepares the Microsoft side: live, the snapshot is brought up to
// date first, and then added as a file is.
func microsoftSide(
	ctx context.Context,
	env *Env,
	opts upnReportOptions,
	files *exports,
) (func() (peopleAdder, []tenant.Domain, error), error) {
	if len(opts.MicrosoftExport) > 0 {
		return func() (peopleAdder, []tenant.Domain, error) {
			return func(m *index.Matcher) (bool, error) { return files.microsoft(m.ReadMicrosoft) }, nil, nil
		}, nil
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, err
	}
	client, found, err := doors.Graph(ctx, "upn report")
	if err != nil {
		return nil, err
	}
	dir, err := doors.Snapshots(found)
	if err != nil {
		return nil, err
	}
	id, err := doors.TenantID(ctx, found.Of)
	if err != nil {
		return nil, err
	}
	folder := snapshot.Folder{
		Dir:     dir,
		Target:  tenant.Target{Tenant: id},
		Partial: opts.AllowPartial,
		Say:     env.say,
		Came:    files.progress.came(),
	}
	return func() (peopleAdder, []tenant.Domain, error) {
		domains, err := domainsOf(ctx, env, client)
		if err != nil {
			return nil, nil, err
		}
		taken, err := folder.Microsoft(ctx, client, opts.Fresh)
		if err != nil {
			return nil, nil, err
		}
		if !taken.Fresh && !opts.Quiet {
			env.say(
				"the snapshot of %s is up to date: %d people changed",
				taken.Since.Local().Format("2006-01-02 15:04"),
				taken.Changed,
			)
		}
		deleted, err := deletedOf(ctx, env, client)
		return func(m *index.Matcher) (bool, error) {
			if err := addSnapshot(m, taken.File); err != nil {
				return false, err
			}
			for _, u := range deleted {
				m.AddMicrosoft(u)
			}
			return taken.Partial, nil
		}, domains, err
	}, err
}

func addSnapshot(m *index.Matcher, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("reading the snapshot: %w", err)
	}
	defer f.Close()
	_, err = m.ReadMicrosoft(file, f, export.Options{AllowPartial: true})
	return err
}

// deletedOf reads the soft-deleted people. Without the permission nobody can be
// found among them, and that is said.
func deletedOf(ctx context.Context, env *Env, client *msgraph.Client) ([]tenant.User, error) {
	deleted, err := client.DeletedUsers(ctx, "")
	if tenant.Stops(err) || errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		env.warn(fmt.Errorf("who was deleted is not known: %w", err))
	}
	return deleted, nil
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
