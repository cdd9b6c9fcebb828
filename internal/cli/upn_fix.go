package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
	"github.com/zo365/zo365/internal/workspace"
)

type upnFixOptions struct {
	upnReportOptions
	Plan, Apply string
	Prefer      string
	Include     []string
	MaxChanges  int
	Yes         bool
}

func newUPNFixCmd(env *Env) *cobra.Command {
	var opts upnFixOptions
	cmd := &cobra.Command{
		Use:   "fix (--plan FILE | --apply FILE)",
		Short: "Make Zoom emails and UPNs equal",
		Long: `Make the Zoom emails and the UPNs of the classes mail, alias and domain equal.

--plan compares both sides as upn report does and writes a list of changes, a JSON
object a line, to be read and cut. A Zoom email becomes the UPN where the UPN's
domain is managed by the Zoom account, else the UPN becomes the Zoom email where
that domain is verified in Entra; --prefer microsoft turns this round. People whose
account comes from an on-premises directory get PowerShell, in FILE.ps1. Typos,
guests and ambiguous, deleted and missing people are left alone, unless --include
names them: --include EMAIL takes a typo's suggestion, --include EMAIL=UPN any UPN.
Nobody who matches is changed, and nobody whose address leads to such a person (the
class taken). Of two changes to one address or of one account, neither is made.

--apply FILE shows what it would do; with --yes it does it. Each change is held
against what is there now and against Zoom's rules: a managed domain, no
administrator, three changes in 24 hours. More changes than --max-changes stop the
run before the first. Each change has an entry in the journal, and its way back in
FILE.undo, which --apply takes as well. Running it again goes on where it stopped.

Exit codes of --apply: 0 everything is done, or a dry run; 1 a change was refused;
6 stopped early, run it again; 7 changes remain that a person must make on
premises.`,
		Example: strings.TrimPrefix(`
  zo365 upn fix --plan fixes.jsonl
  zo365 upn fix --apply fixes.jsonl
  zo365 upn fix --apply fixes.jsonl --yes
  zo365 upn fix --apply fixes.jsonl.undo --yes`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{
				"group",
				"class",
				"prefer",
				"include",
				"zoom-export",
				"microsoft-export",
				"allow-partial",
				"strict",
				"rejects",
				"allow-rejects",
				"include-rooms",
			} {
				if opts.Apply != "" && cmd.Flags().Changed(name) {
					return usagef("--%s chooses what --plan lists; --apply makes the changes of the list as they stand", name)
				}
			}
			return runUPNFix(cmd.Context(), env, opts)
		},
	}
	opts.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Plan, "plan", "", "write the list of changes to this file")
	f.StringVar(&opts.Apply, "apply", "", "make the changes of this file; a dry run without --yes")
	f.BoolVarP(&opts.Yes, "yes", "y", false, "with --apply: really change")
	f.StringVar(&opts.Group, "group", "", "only the members of this Zoom group")
	f.StringSliceVar(&opts.Classes, "class", nil, "only these classes: "+strings.Join(classWords(), ", "))
	f.StringVar(&opts.Prefer, "prefer", "zoom", "what to change where both can be: zoom or microsoft")
	f.StringArrayVar(&opts.Include, "include", nil, "change this person whatever their class: EMAIL or EMAIL=UPN")
	f.IntVar(&opts.MaxChanges, "max-changes", 100, "stop before the first when there are more")
	completeValues(cmd, "class", classWords())
	completeValues(cmd, "prefer", []string{"zoom", "microsoft"})
	return cmd
}

func runUPNFix(ctx context.Context, env *Env, opts upnFixOptions) error {
	if err := checkClasses(opts.Classes); err != nil {
		return err
	}
	if (opts.Plan == "") == (opts.Apply == "") {
		return usagef("give either --plan FILE, to make a list of changes, or --apply FILE, to make them")
	}
	if opts.Prefer != "zoom" && opts.Prefer != "microsoft" {
		return usagef("--prefer: %q is neither zoom nor microsoft", opts.Prefer)
	}
	if opts.Apply != "" {
		return applyFixes(ctx, env, opts)
	}
	return planFixes(ctx, env, opts)
}

// planFixes compares both sides and writes the list.
func planFixes(ctx context.Context, env *Env, opts upnFixOptions) error {
	listed := map[upn.Address]string{}
	for _, one := range opts.Include {
		email, target, _ := strings.Cut(one, "=")
		if !upn.Normal(email).Complete() || target != "" && !upn.Normal(target).Complete() {
			return usagef("--include: %q is neither EMAIL nor EMAIL=UPN", one)
		}
		listed[upn.Normal(email)] = target
	}
	opts.written = []string{opts.Plan, opts.Plan + ".ps1", opts.Plan + ".undo"}
	c, err := compareAll(ctx, env, opts.upnReportOptions)
	if err != nil {
		return err
	}
	rules := upn.FixRules{MicrosoftFirst: opts.Prefer == "microsoft", Listed: listed}
	header := apply.Header{Made: time.Now().UTC().Truncate(time.Second)}
	if err := fixRules(ctx, env, &rules, &header); err != nil {
		return err
	}
	fixes, unfixed := index.FixAll(c.Comparison, rules)
	fixes = slices.DeleteFunc(fixes, func(f upn.Fix) bool { return !opts.wants(f.Class) })
	unfixed = slices.DeleteFunc(unfixed, func(u upn.Unfixed) bool { return !opts.wants(u.Class) })
	if err := apply.Write(opts.Plan, header, fixes); err != nil {
		return err
	}
	scripted, err := apply.WriteScript(opts.Plan, fixes)
	if err != nil {
		return err
	}
	if scripted != "" {
		env.say("wrote the changes for on-premises accounts to %s", scripted)
	}
	if err := env.show(render.FixListing(fixes, unfixed)); err != nil {
		return err
	}
	if c.partial {
		env.say("warning: a side was not complete; so is the list")
	}
	env.say("wrote %s to %s; left alone: %d", counted(len(fixes), "change"), opts.Plan, len(unfixed))
	for email := range listed {
		if _, there := c.Find(string(email)); !there {
			env.say("warning: --include %s: Zoom has nobody with this email", email)
		}
	}
	switch {
	case len(fixes) == 0:
	case !apply.List{Header: header, Fixes: fixes}.NamesTarget():
		env.say(
			"it cannot be applied as it is, since nobody was signed in who could say whose people these are: sign in beside a tenant file, then: zo365 upn fix --plan %s%s",
			shell.Word(opts.Plan),
			opts.flagWords(),
		)
	default:
		env.say("read it, then: zo365 upn fix --apply %s", shell.Word(opts.Plan))
	}
	return nil
}

// fixRules asks which domains may be changed to. A service that nobody is signed
// in to is not asked: --apply asks it before it changes anything.
func fixRules(ctx context.Context, env *Env, rules *upn.FixRules, header *apply.Header) error {
	w, err := env.workspace(true)
	if err != nil {
		return err
	}
	if rules.ZoomDomains, err = managedDomains(ctx, w); err != nil {
		if !mayLater(err) {
			return err
		}
		env.say("note: Zoom's managed domains are not known (%v); --apply asks for them", err)
	}
	var domains []tenant.Domain
	if err = w.SignInMicrosoft(ctx, "upn report"); err == nil {
		domains, err = w.Pair.Graph.Domains(ctx)
	}
	header.Target = w.Input.Target
	if err != nil {
		if !mayLater(err) {
			return err
		}
		env.say("note: the tenant's verified domains are not known (%v); Graph refuses others at --apply", err)
		return nil
	}
	rules.EntraDomains = map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			rules.EntraDomains[d.Name] = true
		}
	}
	return nil
}

// mayLater says whether a question can wait until --apply: nobody is signed in,
// nothing names the service, or a permission is missing.
func mayLater(err error) bool {
	var stop *tenant.StopError
	var missing *connect.MissingError
	var needs *tenant.NeedsError
	return errors.As(err, &missing) || errors.As(err, &needs) || errors.As(err, &stop) && stop.Reason == tenant.SignedOut
}

// managedDomains are the verified domains of the Zoom account, or those that the tenant file
// states where Zoom cannot be asked.
func managedDomains(ctx context.Context, w *workspace.Workspace) (map[string]bool, error) {
	seen := tenant.Reading[[]tenant.ZoomDomain]{Source: "GET /accounts/me/managed_domains", At: time.Now()}
	var err error
	if w.Pair.Zoom == nil {
		err = w.SignInZoom(ctx)
	}
	switch {
	case err == nil:
		seen.Value, err = w.Pair.Zoom.Domains(ctx)
		seen.Err = err
	case mayLater(err):
		seen.Err = &tenant.NeedsError{} // nobody can be asked, as where a scope is missing
	default:
		return nil, err
	}
	domains, basis := doctor.AssociatedDomains(seen, w.File)
	if basis == "" {
		return nil, err
	}
	return verifiedNames(domains, basis), nil
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
