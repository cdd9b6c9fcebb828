package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
	"github.com/zo365/zo365/internal/zoom"
)

type upnCheckOptions struct {
	upnSources
	Emails  []string
	Explain bool
	Redact  bool
	columnOptions
	// Out is a file for all, OutDir a folder with one for each person.
	Out, OutDir string
}

func newUPNCheckCmd(env *Env) *cobra.Command {
	var opts upnCheckOptions
	cmd := &cobra.Command{
		Use:   "check EMAIL|NAME|@FILE|-...",
		Short: "Show the two sides of a person and what they mean",
		Long: `Look up one person or several in Zoom and in Microsoft 365, show both sides, say
what the difference means and what to do. Live it makes the few requests that
each person needs, never a listing of the directory; each side may come from an
export instead.

@FILE and - (standard input) are lists of addresses, one a line. Part of a name serves where
one person has it on either side; live that reads everybody of Zoom, as upn find does, and
needs what upn find needs.

--explain, or -o markdown, writes the story for a ticket; -o html the same as a page.
--out writes one file for all, --out-dir one for each person. --redact replaces people by
pseudonyms that stay the same on this machine.

Exit code 3 on a mismatch.`,
		Example: strings.TrimPrefix(`
  zo365 upn check adele.vance@contoso.com
  zo365 upn check a@contoso.com b@contoso.com -o json
  zo365 upn check @people.txt --zoom-export zoom.csv --microsoft-export users.csv
  zo365 upn check a@contoso.com --explain --redact > ticket.md
  zo365 upn check @people.txt --for customer -o html --out-dir answers
  zo365 upn check a@contoso.com --zoom-export zoom.csv --microsoft-export users.csv`, "\n"),
		Args:        cobra.MinimumNArgs(1),
		Annotations: map[string]string{moreOutputs: "markdown html"},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Emails = args
			return runUPNCheck(cmd.Context(), env, opts)
		},
	}
	opts.flags(cmd)
	opts.audience(cmd)
	opts.columnFlags(cmd, render.CheckColumns())
	cmd.Flags().StringVar(&opts.Out, "out", "", "write the answer to this file")
	cmd.Flags().StringVar(&opts.OutDir, "out-dir", "", "write one file for each person to this folder")
	cmd.MarkFlagsMutuallyExclusive("out", "out-dir")
	cmd.Flags().BoolVar(&opts.Explain, "explain", false, "write the story for a ticket")
	cmd.Flags().BoolVar(&opts.Redact, "redact", false, "replace people by pseudonyms")
	return cmd
}

func runUPNCheck(ctx context.Context, env *Env, opts upnCheckOptions) error {
	err := errors.Join(opts.checkAudience(), opts.checkColumns(env, render.CheckColumns()))
	switch render.Format(env.settings.Output) { //nolint:exhaustive // the others have columns, or were refused
	case render.HTML, render.Markdown:
		if len(opts.Columns) > 0 {
			err = errors.Join(err, usagef("--columns: the text of upn check has no columns; use -o csv or table"))
		}
	}
	if err != nil {
		return err
	}
	if err := opts.checkFiles(opts.Out); err != nil { // before anybody is asked to sign in
		return err
	}
	opts.hide = opts.Redact
	finder := upnFindOptions{upnSources: opts.upnSources}
	named := func(text string) (string, error) { return finder.one(ctx, env, text) }
	if opts.Emails, err = addressesOf(env, opts.Emails, named); err != nil {
		return err
	}
	found, err := lookUp(ctx, env, opts)
	if err != nil {
		return err
	}
	hide, sources := func(r upn.Result) upn.Result { return r }, opts.words()
	if opts.Redact {
		names, err := pseudonyms(ctx)
		if err != nil {
			return err
		}
		hide, sources = names.Result, opts.anonymous()
	}
	out := render.Check{People: []render.CheckedPerson{}, At: time.Now(), Sources: sources}
	ok := true
	unknown := 0
	stories := []string{}
	for _, one := range found {
		z, r := one.zoom, hide(one.result)
		if one.err != nil {
			unknown++
			out.People = append(out.People, unknownPerson(r, one.err))
			stories = append(stories, r.ZoomEmail+" could not be looked up: "+one.err.Error()+"\n")
			continue
		}
		ok = ok && r.OK() && z != nil
		p := checkedPerson(r, z)
		if one.asked != "" && !opts.Redact {
			p.Asked = one.asked
			env.say("%s is in Zoom as %s", one.asked, r.ZoomEmail)
		}
		out.People = append(out.People, p)
		stories = append(stories, r.Story(z != nil, sources, time.Now()))
	}
	if opts.Explain && env.settings.Output == string(render.Table) {
		env.settings.Output = string(render.Markdown)
	}
	if err := opts.show(env, out, stories); err != nil {
		return err
	}
	switch {
	case unknown > 0:
		return fmt.Errorf("%d of %d people could not be looked up", unknown, len(found))
	case !ok:
		return errCheckFailed
	}
	return nil
}

// show writes the answer, whole or one file for each person.
func (o upnCheckOptions) show(env *Env, out render.Check, stories []string) error {
	markdown := env.settings.Output == string(render.Markdown)
	for i := range out.People {
		if o.Explain || markdown {
			out.People[i].Story = stories[i]
		}
	}
	switch {
	case o.OutDir != "":
		if err := os.MkdirAll(o.OutDir, 0o700); err != nil {
			return fmt.Errorf("making the folder of the answers: %w", err)
		}
		taken, files := names{}, make([]string, len(out.People))
		for i, p := range out.People {
			files[i] = filepath.Join(o.OutDir, taken.of(p.ZoomEmail, env.settings.Output))
		}
		if err := o.checkFiles(files...); err != nil { // before the first is written
			return err
		}
		for i, p := range out.People {
			one := out
			one.People = []render.CheckedPerson{p}
			if err := env.writeReport(o.chosen(render.CheckListing(one)), files[i]); err != nil {
				return err
			}
		}
	case o.Out != "":
		if err := env.writeReport(o.chosen(render.CheckListing(out)), o.Out); err != nil {
			return err
		}
	default:
		if err := env.show(o.fitted(env, render.CheckListing(out))); err != nil {
			return err
		}
	}
	if markdown {
		return nil
	}
	for _, p := range out.People {
		env.sayPerson(p)
	}
	return nil
}

// lookedUp is one person on both sides; zoom is nil when Zoom has nobody.
type lookedUp struct {
	zoom   *tenant.ZoomUser
	result upn.Result
	// asked is the address that was asked for, where Zoom has the person by another one.
	asked string
	// err is why this one person could not be looked up.
	err error
}

// lookUp finds each person on both sides, each live or from its file.
func lookUp(ctx context.Context, env *Env, opts upnCheckOptions) (found []lookedUp, err error) {
	files := newExports(env, opts.upnSources)
	defer func() { err = errors.Join(err, files.close(err)) }()
	var in sidesOfOne
	if len(opts.MicrosoftExport) > 0 {
		in, err = exportSides(opts, files)
	} else {
		in.microsoft, err = liveMicrosoft(ctx, env)
	}
	if err != nil {
		return nil, opts.orExport(err)
	}
	var asked *zoom.Client
	switch {
	case in.zoom != nil:
	case len(opts.ZoomExport) > 0:
		in.zoom, err = zoomExport(files)
	default:
		in.zoom, asked, err = liveZoom(ctx, env)
	}
	if err != nil {
		return nil, opts.orExport(err)
	}
	domains, err := zoomDomains(ctx, env, asked)
	if err != nil {
		return nil, err
	}
	found = make([]lookedUp, len(opts.Emails))
	for i, email := range opts.Emails {
		found[i], err = in.lookUp(email)
		switch {
		case err != nil && !ofOnePerson(err):
			return nil, err
		case err != nil:
			found[i] = lookedUp{err: err, result: upn.Result{ZoomEmail: email, Class: upn.Unknown}}
		default:
			found[i].complete(domains, upn.Audience(opts.For))
		}
	}
	return found, nil
}

// sidesOfOne look one person up.
type sidesOfOne struct {
	zoom      func(string) (*tenant.ZoomUser, error)
	microsoft func(string) (upn.Result, error)
	// joined: the Microsoft side knows already who of Zoom leads to the same person.
	joined bool
}

func (in sidesOfOne) lookUp(email string) (one lookedUp, err error) {
	if one.zoom, err = in.zoom(email); err == nil {
		one.result, err = in.microsoft(email)
	}
	if err == nil && one.zoom == nil && one.result.Entra != nil {
		if other, err := in.otherwise(email, one.result.Entra); err != nil || other.zoom != nil {
			other.asked = email
			return other, err
		}
	}
	if err == nil && !in.joined {
		err = freeOnly(&one.result, in.zoom)
	}
	return one, err
}

// otherwise looks in Zoom for somebody of Microsoft by their other addresses: whoever is there by
// one of them need not be invited. Without anybody there it is nobody.
func (in sidesOfOne) otherwise(email string, u *tenant.User) (lookedUp, error) {
	seen := map[upn.Address]bool{upn.Normal(email): true}
	for _, address := range append([]string{u.UPN, upn.HomeAddress(u.UPN), u.Mail}, u.Proxies...) {
		a := upn.Normal(address)
		if !a.Complete() || seen[a] || upn.IsGuest(address) {
			continue
		}
		seen[a] = true
		z, err := in.zoom(string(a))
		if err != nil {
			return lookedUp{}, err
		}
		if z == nil {
			continue
		}
		r, err := in.microsoft(z.Email)
		if err != nil {
			return lookedUp{}, err
		}
		if r.Entra != nil && upn.Normal(r.Entra.UPN) == upn.Normal(u.UPN) {
			one := lookedUp{zoom: z, result: r}
			if !in.joined {
				err = freeOnly(&one.result, in.zoom)
			}
			return one, err
		}
	}
	return lookedUp{}, nil
}

// complete adds what the Zoom side says of the person.
func (l *lookedUp) complete(zoomDomains map[string]bool, reader upn.Audience) {
	r := &l.result
	r.For = reader
	r.ForeignUPN = r.Entra != nil && zoomDomains != nil && !zoomDomains[upn.Normal(r.Entra.UPN).Domain()]
	if l.zoom == nil {
		return
	}
	r.Unclear = l.zoom.Status == tenant.UnclearStatus
	for _, status := range []struct {
		flag upn.Flag
		is   *bool
	}{{upn.Inactive, &r.Inactive}, {upn.Pending, &r.Pending}} {
		if *status.is = l.zoom.Status == string(status.flag); *status.is && !slices.Contains(r.Flags, status.flag) {
			r.Flags = append([]upn.Flag{status.flag}, r.Flags...)
		}
	}
}

// ofOnePerson says whether an error is about one person and says nothing of the next one:
// neither the run's own nor a permission that is missing for all.
func ofOnePerson(err error) bool {
	var needs *tenant.NeedsError
	return !tenant.Stops(err) && !errors.As(err, &needs) && !errors.Is(err, context.Canceled)
}

// freeOnly takes a suggestion back when the near person is in Zoom themselves, and says
// so where the person found is.
func freeOnly(r *upn.Result, inZoom func(string) (*tenant.ZoomUser, error)) error {
	if r.Entra != nil && (r.Class == upn.Mail || r.Class == upn.Alias || r.Class == upn.Domain) {
		other, err := inZoom(r.Entra.UPN)
		if other != nil && upn.Normal(other.Email) == upn.Normal(r.Entra.UPN) {
			r.Class, r.TakenBy = upn.Taken, other.Email
		}
		return err
	}
	if r.Suggestion == "" {
		return nil
	}
	near, err := inZoom(r.Suggestion)
	if near != nil {
		r.Class, r.Suggestion = upn.Missing, ""
	}
	return err
}

// zoomExport looks people up in the whole of an export.
func zoomExport(files *exports) (func(string) (*tenant.ZoomUser, error), error) {
	people := map[upn.Address]tenant.ZoomUser{}
	_, err := files.zoom(func(file string, r io.Reader, o export.Options) (export.Export, error) {
		return export.EachZoom(file, r, o, func(z tenant.ZoomUser) {
			if first, twice := people[upn.Normal(z.Email)]; twice {
				z = upn.SameUser(first, z)
			}
			people[upn.Normal(z.Email)] = z
		})
	})
	return inZoom(people), err
}

func inZoom(people map[upn.Address]tenant.ZoomUser) func(string) (*tenant.ZoomUser, error) {
	return func(email string) (*tenant.ZoomUser, error) {
		z, ok := people[upn.Normal(email)]
		if !ok {
			return nil, nil
		}
		return &z, nil
	}
}

func liveZoom(ctx context.Context, env *Env) (func(string) (*tenant.ZoomUser, error), *zoom.Client, error) {
	doors, err := env.openDoors()
	if err != nil {
		return nil, nil, err
	}
	client, _, err := doors.Zoom(ctx)
	return func(email string) (*tenant.ZoomUser, error) { return client.User(ctx, email) }, client, err
}

func liveMicrosoft(ctx context.Context, env *Env) (func(string) (upn.Result, error), error) {
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
		people, unread, err := env.peopleNear(ctx, graph, upn.Normal(email))
		return matchOne(email, people, unread, domains), err
	}, err
}

func matchOne(email string, people []tenant.User, unread upn.Unknowns, domains []tenant.Domain) upn.Result {
	m := index.Matcher{Unread: unread}
	m.AddZoom(email, "")
	for _, u := range people {
		m.AddMicrosoft(u)
	}
	return whole(m.Compare(domains).Result(0), people)
}

// whole puts back what a comparison does not keep of the person found: their
// mail and aliases.
func whole(r upn.Result, people []tenant.User) upn.Result {
	if r.Entra == nil {
		return r
	}
	i := slices.IndexFunc(people, func(u tenant.User) bool { return u.UPN == r.Entra.UPN && u.ID == r.Entra.ID })
	if i >= 0 { // what entries know together stands in the result
		u := *r.Entra
		u.Mail, u.Proxies, u.DisplayName = people[i].Mail, people[i].Proxies, people[i].DisplayName
		r.Entra = &u
	}
	return r
}

// exportSides look people up in exports, of which no more is compared than they need.
func exportSides(opts upnCheckOptions, files *exports) (in sidesOfOne, err error) {
	sides := index.Sides{
		Microsoft: func(keep func(*export.Person) bool) (people []tenant.User, unread upn.Unknowns, err error) {
			without, all := map[string]bool{}, []export.Export{}
			_, err = files.microsoft(func(file string, r io.Reader, o export.Options) (export.Export, error) {
				found, err := export.SomeMicrosoft(file, r, o, keep, func(u tenant.User) { people = append(people, u) })
				if found.Rows > 0 && !found.Columns.Known(export.Aliases) {
					without[file] = true
				}
				all = append(all, found)
				return found, err
			})
			if err != nil {
				return nil, 0, err
			}
			unread = index.Unread(all)
			if len(without) > 0 && len(without) < len(opts.MicrosoftExport) {
				known, err := everybodyHasAliases(files, without)
				if err != nil {
					return nil, 0, err
				}
				if known {
					unread &^= upn.UnknownAliases
				}
			}
			return people, unread, nil
		},
	}
	if len(opts.ZoomExport) > 0 {
		sides.Zoom = func(keep func(*export.Account) bool) (people []tenant.ZoomUser, err error) {
			_, err = files.zoom(func(file string, r io.Reader, o export.Options) (export.Export, error) {
				return export.SomeZoom(file, r, o, keep, func(z tenant.ZoomUser) { people = append(people, z) })
			})
			return people, err
		}
	}
	few, err := index.CompareFew(opts.Emails, sides)
	if err != nil {
		return in, err
	}
	in.microsoft = func(email string) (upn.Result, error) {
		r, _ := few.Find(email)
		r.ZoomEmail = email
		return whole(r, few.People), nil
	}
	if sides.Zoom != nil {
		in.zoom, in.joined = inZoom(few.Zoom), true
	}
	return in, nil
}

// everybodyHasAliases says whether everybody of the exports without aliases stands in one of
// the others too.
func everybodyHasAliases(files *exports, without map[string]bool) (bool, error) {
	known, all := map[upn.Address]bool{}, true
	for _, first := range []bool{true, false} {
		_, err := files.microsoft(func(file string, r io.Reader, o export.Options) (export.Export, error) {
			return export.EachMicrosoft(file, r, o, func(u tenant.User) {
				switch name := upn.Normal(u.UPN); {
				case first && !without[file]:
					known[name] = true
				case !first && without[file] && !u.Guest && !u.Deleted && !u.Resource:
					all = all && known[name]
				}
			})
		})
		if err != nil {
			return false, err
		}
	}
	return all, nil
}

// peopleNear asks only for those who can matter to one address: who has it, who
// has its local part, the deleted, and who has nearly its local part.
func (env *Env) peopleNear(
	ctx context.Context,
	graph *msgraph.Client,
	address upn.Address,
) (people []tenant.User, unread upn.Unknowns, err error) {
	asks := []func() ([]tenant.User, error){
		func() ([]tenant.User, error) { return graph.UsersByAddress(ctx, string(address)) },
		func() ([]tenant.User, error) { // a guest's UPN has the address at home
			return graph.UsersByLocalPart(ctx, address.Local()+"_"+address.Domain()+"#EXT#")
		},
		func() ([]tenant.User, error) { return graph.UsersByLocalPart(ctx, address.Local()) },
		func() ([]tenant.User, error) { return graph.DeletedUsers(ctx, string(address)) },
	}
	if plain := upn.WithoutTag(upn.Drawn(address.Local())); plain != address.Local() {
		asks = append(asks, func() ([]tenant.User, error) {
			return graph.UsersByAddress(ctx, plain+"@"+address.Domain())
		})
	}
	for _, ask := range asks {
		if people, err = ask(); err != nil || len(people) > 0 {
			return people, 0, err
		}
	}
	near, all, err := graph.UsersNear(ctx, address.Local(), address.Domain())
	if err == nil && !all {
		env.say("note: too many names begin or end like %s; a nearly equal one was not looked for among all of them", address)
		return nil, upn.UnknownPeople, nil
	}
	return near, 0, err
}

func checkedPerson(r upn.Result, z *tenant.ZoomUser) render.CheckedPerson {
	p := render.CheckedPerson{
		Person:   render.NewPerson(&r),
		InZoom:   z != nil,
		Aliases:  []string{},
		Why:      r.Why(),
		Remedies: append([]string{}, r.Remedies()...),
	}
	if z == nil {
		p.Why, p.Remedies = r.Without()
		p.Remedies = append([]string{}, p.Remedies...)
		p.Remedy = strings.Join(p.Remedies[:min(1, len(p.Remedies))], "")
	} else {
		p.ZoomStatus = z.Status
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

// unknownPerson is somebody who could not be looked up.
func unknownPerson(r upn.Result, err error) render.CheckedPerson {
	p := render.CheckedPerson{
		Person:   render.NewPerson(&r),
		Aliases:  []string{},
		Why:      err.Error(),
		Remedies: []string{"run the command again for this person alone, with --debug"},
	}
	if errors.Is(err, zoom.ErrElsewhere) {
		p.Remedies = []string{
			"invite them to this account, or ask them to switch: " + menu.ZoomUsers + " > Add Users",
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
