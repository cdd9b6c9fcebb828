package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

func newUPNCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upn",
		Short: "Compare Zoom emails with UPNs",
		Long: `Compare the emails of Zoom users with the UPNs of Microsoft users.

Why it matters: the UPN of the authorizing user must equal their Zoom email, and
Zoom finds a person's calendar by their email.`,
	}
	cmd.AddCommand(newUPNCheckCmd(env), newUPNReportCmd(env))
	return cmd
}

func newUPNCheckCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "check EMAIL...", Short: "Show the two sides of a person and what they mean",
		Long: `Look up one person or several in Zoom and in Microsoft 365, show both sides, say
what the difference means and what to do. It makes the few requests that each
person needs, never a listing of the directory. Exit code 3 on a mismatch.`,
		Example: "  zo365 upn check adele.vance@contoso.com\n  zo365 upn check a@contoso.com b@contoso.com -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runUPNCheck(cmd.Context(), env, args) },
	}
}

func runUPNCheck(ctx context.Context, env *Env, emails []string) error {
	for _, email := range emails {
		if !upn.Normal(email).Complete() {
			return usagef("%q is not an email address", email)
		}
	}
	both, err := env.signedIn(ctx, "upn check")
	if err != nil {
		return err
	}
	domains, err := both.graph.Domains(ctx)
	if tenant.Stops(err) {
		return err
	}
	if err != nil {
		env.warn(fmt.Errorf("which domains are verified is not known: %w", err))
	}
	out := render.Check{People: []render.CheckedPerson{}}
	ok := true
	for _, email := range emails {
		z, err := both.zoom.User(ctx, email)
		if err != nil {
			return err
		}
		people, err := peopleNear(ctx, both.graph, upn.Normal(email))
		if err != nil {
			return err
		}
		r := upn.NewIndex(people, domains).Match(email)
		ok = ok && r.OK() && z != nil
		out.People = append(out.People, checkedPerson(r, z))
	}
	if err := env.show(render.CheckListing(out)); err != nil {
		return err
	}
	for _, p := range out.People {
		env.sayPerson(p)
	}
	if !ok {
		return errCheckFailed
	}
	return nil
}

// peopleNear asks only for those who can matter to one address: who has it, who
// has its local part, and the deleted.
func peopleNear(ctx context.Context, graph *msgraph.Client, address upn.Address) ([]tenant.User, error) {
	people, err := graph.UsersByAddress(ctx, string(address))
	if err != nil || len(people) > 0 {
		return people, err
	}
	if people, err = graph.UsersByLocalPart(ctx, address.Local()); err != nil {
		return nil, err
	}
	deleted, err := graph.DeletedUsers(ctx, string(address))
	return append(people, deleted...), err
}

func checkedPerson(r upn.Result, z *tenant.ZoomUser) render.CheckedPerson {
	p := render.CheckedPerson{Person: render.NewPerson(r), InZoom: z != nil, Aliases: []string{}, Why: r.Why(), Remedies: append([]string{}, r.Remedies()...)}
	if z != nil {
		p.ZoomStatus = z.Status
	} else {
		p.Remedies = append([]string{"the Zoom account has nobody with this email: check the spelling, or invite them under User Management > Users"}, p.Remedies...)
	}
	if r.Entra != nil {
		p.EntraMail = r.Entra.Mail
		for _, a := range r.Entra.Proxies {
			if address := upn.Normal(a); address != "" {
				p.Aliases = append(p.Aliases, string(address))
			}
		}
	}
	return p
}

func (env *Env) sayPerson(p render.CheckedPerson) {
	env.say("\n%s: %s. %s", p.ZoomEmail, p.Class, p.Why)
	for _, remedy := range p.Remedies {
		env.say("  - %s", remedy)
	}
}

type upnReportOptions struct {
	ZoomExport, MicrosoftExport string
	AllowPartial                bool
	ExitZero                    bool
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

Exit code 3 when anybody does not match; --exit-zero ignores that.`,
		Example: strings.TrimPrefix(`
  zo365 upn report --zoom-export zoom_users.csv --microsoft-export users.csv
  zo365 upn report --zoom-export zoom_users.csv -o csv > report.csv`, "\n"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUPNReport(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringVar(&opts.ZoomExport, "zoom-export", "", "file with the Zoom users (CSV or JSON)")
	f.StringVar(&opts.MicrosoftExport, "microsoft-export", "", "file with the Microsoft users (CSV or JSON)")
	f.BoolVar(&opts.AllowPartial, "allow-partial", false, "accept JSON whose last page says that more pages follow")
	f.BoolVar(&opts.ExitZero, "exit-zero", false, "exit with 0 although somebody does not match")
	return cmd
}

func runUPNReport(ctx context.Context, env *Env, opts upnReportOptions) error {
	zoomUsers, err := zoomSide(ctx, env, opts)
	if err != nil {
		return err
	}
	people, domains, err := microsoftSide(ctx, env, opts)
	if err != nil {
		return err
	}
	for _, note := range append(zoomUsers.Notes, people.Notes...) {
		env.say("warning: %s", note)
	}
	c := upn.Compare(zoomUsers.People, upn.NewIndex(people.People, domains))
	if err := env.show(render.ReportListing(reportOf(c, zoomUsers.Partial || people.Partial))); err != nil {
		return err
	}
	env.saySummary(c)
	if !c.OK() && !opts.ExitZero {
		return errCheckFailed
	}
	return nil
}

func zoomSide(ctx context.Context, env *Env, opts upnReportOptions) (upn.Export[tenant.ZoomUser], error) {
	if opts.ZoomExport != "" {
		f, err := os.Open(opts.ZoomExport)
		if err != nil {
			return upn.Export[tenant.ZoomUser]{}, fmt.Errorf("reading the Zoom export: %w", err)
		}
		defer f.Close()
		return upn.ReadZoom(opts.ZoomExport, f, opts.AllowPartial)
	}
	doors, err := env.openDoors()
	if err != nil {
		return upn.Export[tenant.ZoomUser]{}, err
	}
	client, _, err := doors.Zoom(ctx)
	if err != nil {
		return upn.Export[tenant.ZoomUser]{}, err
	}
	var e upn.Export[tenant.ZoomUser]
	err = client.Users(ctx, func(page []tenant.ZoomUser) { e.People = append(e.People, page...) })
	return e, err
}

func microsoftSide(ctx context.Context, env *Env, opts upnReportOptions) (upn.Export[tenant.User], []tenant.Domain, error) {
	if opts.MicrosoftExport != "" {
		f, err := os.Open(opts.MicrosoftExport)
		if err != nil {
			return upn.Export[tenant.User]{}, nil, fmt.Errorf("reading the Microsoft export: %w", err)
		}
		defer f.Close()
		e, err := upn.ReadMicrosoft(opts.MicrosoftExport, f, opts.AllowPartial)
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
	domains, err := client.Domains(ctx)
	if tenant.Stops(err) {
		return e, nil, err
	}
	if err != nil {
		env.warn(fmt.Errorf("which domains are verified is not known: %w", err))
	}
	err = client.Users(ctx, func(page []tenant.User) { e.People = append(e.People, page...) })
	return e, domains, err
}

func reportOf(c upn.Comparison, partial bool) render.Report {
	out := render.Report{Partial: partial, Summary: map[string]int{}, People: []render.Person{}, NotInZoom: []string{}}
	for _, class := range upn.Classes {
		out.Summary[string(class)] = c.Count(class)
	}
	for _, r := range c.Results {
		out.People = append(out.People, render.NewPerson(r))
	}
	for _, u := range c.NotInZoom {
		out.NotInZoom = append(out.NotInZoom, u.UPN)
	}
	return out
}

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
}
