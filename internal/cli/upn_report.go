package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

type upnReportOptions struct {
	upnSources
	Group     string
	Classes   []string
	Out       string
	NotInZoom bool
	Redact    bool
	ExitZero  bool
}

func newUPNReportCmd(env *Env) *cobra.Command {
	var opts upnReportOptions
	cmd := &cobra.Command{
		Use: "report", Short: "Compare everybody, from exports or live",
		Long: `Compare all Zoom users with all Microsoft users. Each side comes from an export,
or live from the service where no export is named.

Microsoft exports: the Entra portal's "Download users", the Microsoft 365 admin
center's "Export users", Get-MgUser | Export-Csv, Graph JSON. Zoom exports: User
Management > Users > Export, or API JSON. They are recognised by their headers;
a plain CSV whose columns bear Graph's or Zoom's field names is read too.

-o html writes one page that needs no network: charts, and a table to search,
sort and page through. -o ndjson writes one JSON object a person. The file of
--out is written whole or not at all.

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
		Annotations: map[string]string{moreOutputs: "ndjson html"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runUPNReport(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Group, "group", "", "only the members of this Zoom group")
	f.StringSliceVar(&opts.Classes, "class", nil, "only these classes: "+strings.Join(classWords(), ", "))
	f.StringVar(&opts.Out, "out", "", "write the report to this file")
	f.BoolVar(&opts.NotInZoom, "not-in-zoom", false, "add a line for each Microsoft user whom no Zoom user matches")
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

func runUPNReport(ctx context.Context, env *Env, opts upnReportOptions) error {
	for _, c := range opts.Classes {
		if !slices.Contains(classWords(), c) {
			return usagef("--class: %q is not a class; use %s", c, strings.Join(classWords(), ", "))
		}
	}
	// What is kept of a million people has no pointers: collecting often costs
	// little and keeps the memory small.
	const often = 40
	debug.SetGCPercent(often)
	c, partial, err := compareAll(ctx, env, opts)
	if err != nil {
		return err
	}
	if opts.Redact {
		names, err := pseudonyms(ctx)
		if err != nil {
			return err
		}
		c.Redact(names)
	}
	others := 0
	if opts.Group == "" { // who is not in the group may still be in Zoom
		others = c.CountNotInZoom()
	}
	if err := env.writeReport(opts.listing(env, c, partial), opts.Out); err != nil {
		return err
	}
	env.saySummary(c, others)
	if !c.OK() && !opts.ExitZero {
		return errCheckFailed
	}
	return nil
}

// listing is the report as the output format needs it: CSV and NDJSON person by
// person, the others whole.
func (o upnReportOptions) listing(env *Env, c *upn.Comparison, partial bool) render.Listing {
	format := render.Format(env.settings.Output)
	byPerson := format == render.CSV || format == render.NDJSON
	var others []tenant.User
	if o.Group == "" && (o.NotInZoom || !byPerson) {
		others = c.NotInZoom()
	}
	rows := []render.Person{}
	if o.NotInZoom {
		for _, u := range others {
			rows = append(rows, render.NewOther(u))
		}
	}
	if byPerson {
		return render.PeopleListing(c, o.wants, rows)
	}
	report := reportOf(c, o.wants, others)
	report.People = append(report.People, rows...)
	report.Partial = partial
	return render.ReportListing(report)
}

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
	if err := atomicfile.Fill(file, 0o600, func(w io.Writer) error { return render.Write(w, format, l) }); err != nil {
		return err
	}
	env.say("wrote %s", file)
	return nil
}

// compareAll reads both sides, each from its file or live, and compares
// everybody.
func compareAll(ctx context.Context, env *Env, opts upnReportOptions) (c *upn.Comparison, partial bool, err error) {
	var m upn.Matcher
	zoomExport, err := readZoomSide(ctx, env, opts, &m)
	if err != nil {
		return nil, false, err
	}
	export, domains, err := readMicrosoftSide(ctx, env, opts, &m)
	if err != nil {
		return nil, false, err
	}
	return m.Compare(domains), zoomExport.Partial || export.Partial, nil
}

// readZoomSide adds the Zoom side: a file or everybody live, and of them the
// members of the group that was named.
func readZoomSide(ctx context.Context, env *Env, opts upnReportOptions, m *upn.Matcher) (upn.Export, error) {
	if opts.ZoomExport != "" && opts.Group == "" {
		return opts.readZoom(env, m.ReadZoom)
	}
	doors, err := env.openDoors()
	if err != nil {
		return upn.Export{}, err
	}
	client, _, err := doors.Zoom(ctx)
	if err != nil {
		return upn.Export{}, err
	}
	if opts.Group == "" {
		return upn.Export{}, client.Users(ctx, func(page []tenant.ZoomUser) { addZoom(m, page) })
	}
	group, err := clients{zoom: client}.group(ctx, opts.Group)
	if err != nil {
		return upn.Export{}, err
	}
	members, err := client.Members(ctx, group.ID)
	if err != nil || opts.ZoomExport == "" {
		addZoom(m, members)
		return upn.Export{}, err
	}
	in := map[upn.Address]bool{}
	for _, z := range members {
		in[upn.Normal(z.Email)] = true
	}
	m.Keep = func(a upn.Address) bool { return in[a] }
	return opts.readZoom(env, m.ReadZoom)
}

func addZoom(m *upn.Matcher, people []tenant.ZoomUser) {
	for _, z := range people {
		m.AddZoom(z.Email)
	}
}

func readMicrosoftSide(ctx context.Context, env *Env, opts upnReportOptions, m *upn.Matcher) (upn.Export, []tenant.Domain, error) {
	if opts.MicrosoftExport != "" {
		e, err := opts.readMicrosoft(env, m.ReadMicrosoft)
		return e, nil, err
	}
	doors, err := env.openDoors()
	if err != nil {
		return upn.Export{}, nil, err
	}
	client, _, err := doors.Graph(ctx, "upn report")
	if err != nil {
		return upn.Export{}, nil, err
	}
	domains, err := domainsOf(ctx, env, client)
	if err != nil {
		return upn.Export{}, nil, err
	}
	add := func(page []tenant.User) {
		for _, u := range page {
			m.AddMicrosoft(u)
		}
	}
	if err := client.Users(ctx, add); err != nil {
		return upn.Export{}, nil, err
	}
	deleted, err := deletedOf(ctx, env, client)
	add(deleted)
	return upn.Export{}, domains, err
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

func reportOf(c *upn.Comparison, wants func(upn.Class) bool, others []tenant.User) render.Report {
	out := render.Report{Summary: map[string]int{}, Domains: []render.DomainCount{}, People: []render.Person{}, NotInZoom: []string{}}
	for _, class := range upn.Classes {
		out.Summary[string(class)] = c.Count(class)
	}
	for _, d := range c.WorstDomains() {
		out.Domains = append(out.Domains, render.DomainCount(d))
	}
	for r := range c.Results(0, c.Len()) {
		if wants(r.Class) {
			p := render.NewPerson(r)
			p.EntraID = strings.Clone(p.EntraID) // the next result takes its place
			out.People = append(out.People, p)
		}
	}
	for _, u := range others {
		out.NotInZoom = append(out.NotInZoom, u.UPN)
	}
	return out
}

// saySummary counts the classes, names the worst domains and what to do first.
func (env *Env) saySummary(c *upn.Comparison, others int) {
	env.say("%d Zoom users:", c.Len())
	for _, class := range upn.Classes {
		if n := c.Count(class); n > 0 {
			env.say("  %-10s %d", class, n)
		}
	}
	if others > 0 {
		env.say("%d Microsoft users are not in Zoom", others)
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
