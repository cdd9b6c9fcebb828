package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
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
		story := r.Story(z != nil, sources, time.Now())
		if p.Asked != "" {
			story += "\nAsked for as " + p.Asked + ", by which Zoom does not have them.\n"
		}
		stories = append(stories, story)
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
