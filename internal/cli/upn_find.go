package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/zoom"
)

type upnFindOptions struct {
	upnSources
	columnOptions
	Words []string
	Limit int
}

func newUPNFindCmd(env *Env) *cobra.Command {
	var opts upnFindOptions
	cmd := &cobra.Command{
		Use:   "find TEXT...",
		Short: "List who is meant by part of a name or an address",
		Long: `List the people of Zoom and of Microsoft 365 whose name or address has the text, or
each of several words, in capitals or small letters.

In exports, and among the people whom Zoom lists, a word is found wherever it stands.
Microsoft Graph finds the beginnings of names and addresses only.

Exit code 3 when nobody is found.`,
		Example: strings.TrimPrefix(`
  zo365 upn find vance
  zo365 upn find adele van -o json
  zo365 upn find vance --zoom-export zoom.csv --microsoft-export users.csv`, "\n"),
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Words = strings.Fields(strings.ToLower(strings.Join(args, " ")))
			return runUPNFind(cmd.Context(), env, opts)
		},
	}
	opts.flags(cmd)
	opts.columnFlags(cmd, render.FoundListing(render.Found{}).Columns)
	const enough = 100
	cmd.Flags().IntVar(&opts.Limit, "limit", enough, "show at most so many of each side")
	return cmd
}

func runUPNFind(ctx context.Context, env *Env, opts upnFindOptions) (err error) {
	switch {
	case len(opts.Words) == 0:
		return usagef("no text is given")
	case opts.Limit < 1:
		return usagef("--limit: %d shows nobody", opts.Limit)
	}
	if err := errors.Join(
		opts.checkColumns(env, render.FoundListing(render.Found{}).Columns),
		opts.checkFiles(),
	); err != nil {
		return err
	}
	out, err := opts.find(ctx, env)
	if err != nil {
		return err
	}
	if err := env.show(opts.fitted(env, render.FoundListing(out))); err != nil {
		return err
	}
	if out.More {
		env.say("there are more; give more of the name, or --limit")
	}
	if len(out.People) == 0 {
		env.say("nobody of %s has %q in a name or an address", opts.words(), strings.Join(opts.Words, " "))
		return errCheckFailed
	}
	env.say("both sides of one of them: zo365 upn check %s%s", shell.Word(out.People[0].Address), opts.flagWords())
	return nil
}

// find looks on both sides.
func (o upnFindOptions) find(ctx context.Context, env *Env) (out render.Found, err error) {
	files := newExports(env, o.upnSources)
	defer func() { err = errors.Join(err, files.close(err)) }()
	out.People = []render.FoundPerson{}
	for _, side := range []func(context.Context, *Env, *exports) ([]render.FoundPerson, bool, error){
		o.zoom, o.microsoft,
	} {
		people, more, err := side(ctx, env, files)
		if err != nil {
			return out, o.orExport(err)
		}
		slices.SortStableFunc(people, func(a, b render.FoundPerson) int { return strings.Compare(a.Address, b.Address) })
		out.More = out.More || more || len(people) > o.Limit
		out.People = append(out.People, people[:min(len(people), o.Limit)]...)
	}
	return out, nil
}

// one is the address of the one person whom a part of a name means: no more than one of each
// side has it. Whom it means otherwise is not guessed.
func (o upnFindOptions) one(ctx context.Context, env *Env, text string) (string, error) {
	o.Words = strings.Fields(strings.ToLower(text))
	const enough = 10
	o.Limit = enough
	found, err := o.find(ctx, env)
	if err != nil {
		return "", err
	}
	sides, names := map[string]int{}, []string{}
	for _, p := range found.People {
		sides[p.Side]++
		names = append(names, fmt.Sprintf("%s (%s)", p.Address, p.Side))
	}
	switch {
	case len(names) == 0:
		return "", usagef("%q is no address, and nobody of %s has it in a name or an address", text, o.words())
	case found.More, sides["Zoom"] > 1, sides["Microsoft"] > 1:
		list := strings.Join(names, ", ")
		if found.More {
			list += " and more"
		}
		return "", usagef("%q may mean several people: %s; give the address of one", text, list)
	}
	env.say("%s is %s", text, strings.Join(names, " and "))
	return found.People[0].Address, nil
}

// zoom are the people of Zoom who have every word.
func (o upnFindOptions) zoom(
	ctx context.Context,
	env *Env,
	files *exports,
) (found []render.FoundPerson, more bool, err error) {
	add := func(z tenant.ZoomUser) {
		if where := o.where(z.DisplayName, z.Email, "", nil); where != "" {
			found = append(found, render.FoundPerson{
				Side:    "Zoom",
				Name:    z.DisplayName,
				Address: z.Email,
				Aliases: []string{},
				Status:  z.Status,
				FoundIn: where,
			})
		}
	}
	if len(o.ZoomExport) > 0 {
		_, err = files.zoom(func(file string, r io.Reader, opts export.Options) (export.Export, error) {
			return export.SomeZoom(file, r, opts, func(a *export.Account) bool {
				return o.mayHave(a.Name, a.First, a.Last, a.Email)
			}, add)
		})
		return found, false, err
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, false, err
	}
	client, _, err := doors.Zoom(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, status := range zoom.Statuses {
		err = client.UsersOf(ctx, status, func(people []tenant.ZoomUser) {
			for _, z := range people {
				add(z)
			}
		})
		if err != nil {
			return nil, false, err
		}
	}
	return found, false, nil
}

// microsoft are the people of the tenant who have every word.
func (o upnFindOptions) microsoft(
	ctx context.Context,
	env *Env,
	files *exports,
) (found []render.FoundPerson, more bool, err error) {
	add := func(u tenant.User) {
		aliases := []string{}
		for _, proxy := range u.Proxies {
			if a := upn.Normal(proxy); a != "" {
				aliases = append(aliases, string(a))
			}
		}
		if where := o.where(u.DisplayName, u.UPN, u.Mail, aliases); where != "" {
			found = append(found, render.FoundPerson{
				Side:    "Microsoft",
				Name:    u.DisplayName,
				Address: u.UPN,
				Mail:    u.Mail,
				Aliases: aliases,
				Status:  statusInEntra(u),
				FoundIn: where,
			})
		}
	}
	if len(o.MicrosoftExport) > 0 {
		_, err = files.microsoft(func(file string, r io.Reader, opts export.Options) (export.Export, error) {
			return export.SomeMicrosoft(file, r, opts, func(p *export.Person) bool {
				return o.mayHave(append(p.Proxies, p.Name, p.UPN, p.Mail)...)
			}, add)
		})
		return found, false, err
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, false, err
	}
	graph, _, err := doors.Graph(ctx, "upn find")
	if err != nil {
		return nil, false, err
	}
	people, all, err := graph.UsersWith(ctx, o.Words)
	for _, u := range people {
		add(u)
	}
	return found, !all, err
}

// statusInEntra is what keeps a Microsoft user from being a usual member.
func statusInEntra(u tenant.User) string {
	switch {
	case u.Deleted:
		return "deleted"
	case u.Enabled != nil && !*u.Enabled:
		return string(upn.Disabled)
	case u.Guest:
		return string(upn.Guest)
	}
	return ""
}

// where says what of a person has every word, the first that has one; empty is nobody who is
// meant.
func (o upnFindOptions) where(name, address, mail string, aliases []string) (first string) {
	places := []struct{ place, text string }{
		{"name", name},
		{"address", address},
		{"mail", mail},
		{"alias", strings.Join(aliases, " ")},
	}
	for _, word := range o.Words {
		i := slices.IndexFunc(places, func(p struct{ place, text string }) bool {
			return strings.Contains(strings.ToLower(p.text), word)
		})
		if i < 0 {
			return ""
		}
		if first == "" {
			first = places[i].place
		}
	}
	return first
}

var lowered = sync.Pool{New: func() any { return new([]byte) }}

// mayHave says whether some texts together have every word.
func (o upnFindOptions) mayHave(texts ...[]byte) bool {
	room := lowered.Get().(*[]byte)
	defer lowered.Put(room)
	all := (*room)[:0]
	for _, text := range texts {
		all = append(append(all, text...), '\n')
	}
	*room = all
	small := bytes.ToLower(all)
	for _, word := range o.Words {
		if !bytes.Contains(small, []byte(word)) {
			return false
		}
	}
	return true
}
