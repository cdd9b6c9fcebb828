package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	Group    string
	Classes  []string
	Out      string
	Redact   bool
	ExitZero bool
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
	zoomUsers, err := zoomSide(ctx, env, opts)
	if err != nil {
		return err
	}
	people, domains, err := microsoftSide(ctx, env, opts)
	if err != nil {
		return err
	}
	c := upn.Compare(zoomUsers.People, upn.NewIndex(people.People, domains))
	if opts.Group != "" {
		c.NotInZoom = nil // who is not in the group may still be in Zoom
	}
	if opts.Redact {
		if c, err = redacted(ctx, c); err != nil {
			return err
		}
	}
	report := reportOf(c, opts.Classes)
	report.Partial = zoomUsers.Partial || people.Partial
	if err := env.writeReport(render.ReportListing(report), opts.Out); err != nil {
		return err
	}
	env.saySummary(c)
	if !c.OK() && !opts.ExitZero {
		return errCheckFailed
	}
	return nil
}

// writeReport writes to standard output, or to a file that is whole or not
// there.
func (env *Env) writeReport(l render.Listing, file string) error {
	if file == "" {
		return env.show(l)
	}
	var text bytes.Buffer
	if err := render.Write(&text, render.Format(env.settings.Output), l); err != nil {
		return err
	}
	if err := atomicfile.Write(file, text.Bytes(), 0o600); err != nil {
		return err
	}
	env.say("wrote %s", file)
	return nil
}

func redacted(ctx context.Context, c upn.Comparison) (upn.Comparison, error) {
	names, err := pseudonyms(ctx)
	if err != nil {
		return c, err
	}
	for i, r := range c.Results {
		c.Results[i] = names.Result(r)
	}
	for i, u := range c.NotInZoom {
		c.NotInZoom[i] = names.User(u)
	}
	return c, nil
}

// zoomSide is the Zoom side: a file or everybody live, and of them the members
// of the group that was named.
func zoomSide(ctx context.Context, env *Env, opts upnReportOptions) (upn.Export[tenant.ZoomUser], error) {
	var e upn.Export[tenant.ZoomUser]
	var err error
	if opts.ZoomExport != "" {
		if e, err = opts.readZoom(env); err != nil || opts.Group == "" {
			return e, err
		}
	}
	doors, err := env.openDoors()
	if err != nil {
		return e, err
	}
	client, _, err := doors.Zoom(ctx)
	if err != nil {
		return e, err
	}
	if opts.Group == "" {
		err = client.Users(ctx, func(page []tenant.ZoomUser) { e.People = append(e.People, page...) })
		return e, err
	}
	group, err := clients{zoom: client}.group(ctx, opts.Group)
	if err != nil {
		return e, err
	}
	members, err := client.Members(ctx, group.ID)
	if err != nil || opts.ZoomExport == "" {
		e.People = members
		return e, err
	}
	in := map[upn.Address]bool{}
	for _, m := range members {
		in[upn.Normal(m.Email)] = true
	}
	e.People = slices.DeleteFunc(e.People, func(z tenant.ZoomUser) bool { return !in[upn.Normal(z.Email)] })
	return e, nil
}

func microsoftSide(ctx context.Context, env *Env, opts upnReportOptions) (upn.Export[tenant.User], []tenant.Domain, error) {
	if opts.MicrosoftExport != "" {
		e, err := opts.readMicrosoft(env)
		return e, nil, err
	}
	var e upn.Export[tenant.User]
	doors, err := env.openDoors()
	if err != nil {
		return e, nil, err
	}
	client, _, err := doors.Graph(ctx, "upn report")
	if err != nil {
		return e, nil, err
	}
	domains, err := domainsOf(ctx, env, client)
	if err != nil {
		return e, nil, err
	}
	if err := client.Users(ctx, func(page []tenant.User) { e.People = append(e.People, page...) }); err != nil {
		return e, nil, err
	}
	deleted, err := deletedOf(ctx, env, client)
	e.People = append(e.People, deleted...)
	return e, domains, err
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

func reportOf(c upn.Comparison, classes []string) render.Report {
	out := render.Report{Summary: map[string]int{}, Domains: []render.DomainCount{}, People: []render.Person{}, NotInZoom: []string{}}
	for _, class := range upn.Classes {
		out.Summary[string(class)] = c.Count(class)
	}
	for _, d := range c.WorstDomains() {
		out.Domains = append(out.Domains, render.DomainCount(d))
	}
	for _, r := range c.Results {
		if len(classes) == 0 || slices.Contains(classes, string(r.Class)) {
			out.People = append(out.People, render.NewPerson(r))
		}
	}
	for _, u := range c.NotInZoom {
		out.NotInZoom = append(out.NotInZoom, u.UPN)
	}
	return out
}

// saySummary counts the classes, names the worst domains and what to do first.
func (env *Env) saySummary(c upn.Comparison) {
	env.say("%d Zoom users:", len(c.Results))
	for _, class := range upn.Classes {
		if n := c.Count(class); n > 0 {
			env.say("  %-10s %d", class, n)
		}
	}
	if len(c.NotInZoom) > 0 {
		env.say("%d Microsoft users are not in Zoom", len(c.NotInZoom))
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
