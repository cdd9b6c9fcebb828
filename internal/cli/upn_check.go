package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

type upnCheckOptions struct {
	upnSources
	Emails  []string
	Explain bool
	Redact  bool
}

func newUPNCheckCmd(env *Env) *cobra.Command {
	var opts upnCheckOptions
	cmd := &cobra.Command{
		Use: "check EMAIL...", Short: "Show the two sides of a person and what they mean",
		Long: `Look up one person or several in Zoom and in Microsoft 365, show both sides, say
what the difference means and what to do. Live it makes the few requests that
each person needs, never a listing of the directory; each side may come from an
export instead.

--explain writes the story for a ticket, in Markdown. --redact replaces people by
pseudonyms that stay the same on this machine.

Exit code 3 on a mismatch.`,
		Example: strings.TrimPrefix(`
  zo365 upn check adele.vance@contoso.com
  zo365 upn check a@contoso.com b@contoso.com -o json
  zo365 upn check a@contoso.com --explain --redact > ticket.md
  zo365 upn check a@contoso.com --zoom-export zoom.csv --microsoft-export users.csv`, "\n"),
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Emails = args
			return runUPNCheck(cmd.Context(), env, opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&opts.Explain, "explain", false, "write the story for a ticket")
	cmd.Flags().BoolVar(&opts.Redact, "redact", false, "replace people by pseudonyms")
	return cmd
}

func runUPNCheck(ctx context.Context, env *Env, opts upnCheckOptions) error {
	for _, email := range opts.Emails {
		if !upn.Normal(email).Complete() {
			return usagef("%q is not an email address", email)
		}
	}
	look, err := newLookup(ctx, env, opts.upnSources)
	if err != nil {
		return err
	}
	hide := func(r upn.Result) upn.Result { return r }
	if opts.Redact {
		names, err := pseudonyms(ctx)
		if err != nil {
			return err
		}
		hide = names.Result
	}
	out := render.Check{People: []render.CheckedPerson{}}
	ok := true
	stories := []string{}
	for _, email := range opts.Emails {
		z, r, err := look(email)
		if err != nil {
			return err
		}
		ok = ok && r.OK() && z != nil
		r = hide(r)
		out.People = append(out.People, checkedPerson(r, z))
		stories = append(stories, r.Story(z != nil, opts.words(), time.Now()))
	}
	if opts.Explain && env.settings.Output == string(render.Table) {
		if _, err := io.WriteString(env.Out, strings.Join(stories, "\n")); err != nil {
			return err
		}
	} else if err := showCheck(env, out, opts.Explain, stories); err != nil {
		return err
	}
	if !ok {
		return errCheckFailed
	}
	return nil
}

func showCheck(env *Env, out render.Check, explain bool, stories []string) error {
	for i := range out.People {
		if explain {
			out.People[i].Story = stories[i]
		}
	}
	if err := env.show(render.CheckListing(out)); err != nil {
		return err
	}
	for _, p := range out.People {
		env.sayPerson(p)
	}
	return nil
}

// lookup finds one person on both sides.
type lookup func(email string) (*tenant.ZoomUser, upn.Result, error)

// newLookup prepares both sides, each live or from its file.
func newLookup(ctx context.Context, env *Env, s upnSources) (lookup, error) {
	if s.ZoomExport != "" && s.MicrosoftExport != "" {
		return exportLookup(env, s)
	}
	zoomSide, err := zoomLookup(ctx, env, s)
	if err != nil {
		return nil, err
	}
	microsoftSide, err := microsoftLookup(ctx, env, s)
	if err != nil {
		return nil, err
	}
	return func(email string) (*tenant.ZoomUser, upn.Result, error) {
		z, err := zoomSide(email)
		if err != nil {
			return nil, upn.Result{}, err
		}
		r, err := microsoftSide(email)
		return z, r, err
	}, nil
}

// exportLookup compares everybody in the two files, since a typo is one only
// when the near person is nobody else's match.
func exportLookup(env *Env, s upnSources) (lookup, error) {
	zoomUsers, err := s.readZoom(env)
	if err != nil {
		return nil, err
	}
	people, err := s.readMicrosoft(env)
	if err != nil {
		return nil, err
	}
	ix := upn.NewIndex(people.People, nil)
	results := map[upn.Address]upn.Result{}
	for _, r := range upn.Compare(zoomUsers.People, ix).Results {
		results[upn.Normal(r.ZoomEmail)] = r
	}
	return func(email string) (*tenant.ZoomUser, upn.Result, error) {
		z := zoomUserOf(zoomUsers.People, email)
		if r, ok := results[upn.Normal(email)]; ok {
			return z, r, nil
		}
		return z, ix.Match(email), nil
	}, nil
}

func zoomUserOf(people []tenant.ZoomUser, email string) *tenant.ZoomUser {
	i := slices.IndexFunc(people, func(z tenant.ZoomUser) bool { return upn.Normal(z.Email) == upn.Normal(email) })
	if i < 0 {
		return nil
	}
	return &people[i]
}

func zoomLookup(ctx context.Context, env *Env, s upnSources) (func(string) (*tenant.ZoomUser, error), error) {
	if s.ZoomExport != "" {
		e, err := s.readZoom(env)
		return func(email string) (*tenant.ZoomUser, error) { return zoomUserOf(e.People, email), nil }, err
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, err
	}
	client, _, err := doors.Zoom(ctx)
	return func(email string) (*tenant.ZoomUser, error) { return client.User(ctx, email) }, err
}

func microsoftLookup(ctx context.Context, env *Env, s upnSources) (func(string) (upn.Result, error), error) {
	if s.MicrosoftExport != "" {
		e, err := s.readMicrosoft(env)
		ix := upn.NewIndex(e.People, nil)
		return func(email string) (upn.Result, error) { return ix.Match(email), nil }, err
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, err
	}
	graph, _, err := doors.Graph(ctx, "upn check")
	if err != nil {
		return nil, err
	}
	domains, err := domainsOf(ctx, env, graph)
	return func(email string) (upn.Result, error) {
		people, err := peopleNear(ctx, graph, upn.Normal(email))
		return upn.NewIndex(people, domains).Match(email), err
	}, err
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
