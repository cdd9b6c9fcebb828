package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
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
		Use: "fix (--plan FILE | --apply FILE)", Short: "Make Zoom emails and UPNs equal",
		Long: `Make the Zoom emails and the UPNs of the classes mail, alias and domain equal.

--plan compares both sides as upn report does and writes a list of changes, a JSON
object a line, to be read and cut. A Zoom email becomes the UPN where the UPN's
domain is managed by the Zoom account, else the UPN becomes the Zoom email where
that domain is verified in Entra; --prefer microsoft turns this round. People whose
account comes from an on-premises directory get PowerShell, in FILE.ps1. Typos,
guests and ambiguous, deleted and missing people are left alone, unless --include
names them: --include EMAIL takes a typo's suggestion, --include EMAIL=UPN any UPN.

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
			for _, name := range []string{"group", "class", "prefer", "include", "zoom-export", "microsoft-export", "allow-partial"} {
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
	c, partial, err := compareAll(ctx, env, opts.upnReportOptions)
	if err != nil {
		return err
	}
	rules := upn.FixRules{MicrosoftFirst: opts.Prefer == "microsoft", Listed: listed}
	header := apply.Header{Made: time.Now().UTC().Truncate(time.Second)}
	if err := fixRules(ctx, env, &rules, &header); err != nil {
		return err
	}
	fixes, unfixed := upn.FixAll(c, rules)
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
	if partial {
		env.say("warning: a side was not complete; so is the list")
	}
	env.say("wrote %d changes to %s; %d people are left alone", len(fixes), opts.Plan, len(unfixed))
	if len(fixes) > 0 {
		env.say("read it, then: zo365 upn fix --apply %s", opts.Plan)
	}
	return nil
}

// fixRules asks which domains may be changed to. A service that nobody is signed
// in to is not asked: --apply asks it before it changes anything.
func fixRules(ctx context.Context, env *Env, rules *upn.FixRules, header *apply.Header) error {
	doors, err := env.openDoors()
	if err != nil {
		return err
	}
	if rules.ZoomDomains, err = managedDomains(ctx, doors, header); err != nil {
		if !mayLater(err) {
			return err
		}
		env.say("note: Zoom's managed domains are not known (%v); --apply asks for them", err)
	}
	graph, found, err := doors.Graph(ctx, "upn report")
	var domains []tenant.Domain
	if err == nil {
		header.Tenant = found.Of
		domains, err = graph.Domains(ctx)
	}
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

func managedDomains(ctx context.Context, doors *connect.Doors, header *apply.Header) (map[string]bool, error) {
	client, found, err := doors.Zoom(ctx)
	if err != nil {
		return nil, err
	}
	if header != nil {
		header.Account = found.Of
	}
	domains, err := client.Domains(ctx)
	if err != nil {
		return nil, err
	}
	managed := map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			managed[d.Name] = true
		}
	}
	return managed, nil
}

// applyFixes makes the changes of a list.
func applyFixes(ctx context.Context, env *Env, opts upnFixOptions) error {
	list, err := apply.Read(opts.Apply)
	if errors.Is(err, os.ErrNotExist) {
		return hint(err, "make one: zo365 upn fix --plan "+opts.Apply)
	}
	if err != nil {
		return err
	}
	if len(list.Fixes) > opts.MaxChanges {
		return hint(fmt.Errorf("%s has %d changes, more than --max-changes %d; nothing was changed", opts.Apply, len(list.Fixes), opts.MaxChanges),
			fmt.Sprintf("if that many are meant: zo365 upn fix --apply %s --max-changes %d", opts.Apply, len(list.Fixes)))
	}
	run, finish, err := prepareFixes(ctx, env, opts, list)
	if err != nil {
		return err
	}
	var results []apply.Result
	run.Each = func(r apply.Result) { results = append(results, r) }
	stopped := errors.Join(run.Do(ctx, list.Fixes), finish())
	shown := render.Applied{DryRun: run.Dry, Changes: []render.AppliedChange{}}
	for _, r := range results {
		shown.Changes = append(shown.Changes, render.AppliedChange{Kind: string(r.Kind), From: r.From, To: r.To, Outcome: string(r.Outcome), Why: r.Why})
	}
	if err := env.show(render.AppliedListing(shown)); err != nil {
		return err
	}
	return env.sayApplied(opts, results, stopped)
}

func (env *Env) sayApplied(opts upnFixOptions, results []apply.Result, stopped error) error {
	count := map[apply.Outcome]int{}
	for _, r := range results {
		count[r.Outcome]++
	}
	if stopped != nil {
		env.say("%d changes were made before this happened; run the same command to go on", count[apply.Done])
		return &hinted{err: stopped, code: exitResumable, hint: "the way back of what was done: zo365 upn fix --apply " + opts.Apply + ".undo"}
	}
	if !opts.Yes {
		env.say("nothing was changed: %d would be done, %d are there already, %d would be refused, %d must be done by hand", count[apply.WouldDo], count[apply.Already], count[apply.Refused], count[apply.ByHand])
		if count[apply.WouldDo] > 0 {
			env.say("to do it: zo365 upn fix --apply %s --yes", opts.Apply)
		}
		return nil
	}
	env.say("%d done, %d were there already, %d refused, %d must be done by hand", count[apply.Done], count[apply.Already], count[apply.Refused], count[apply.ByHand])
	switch {
	case count[apply.Refused] > 0:
		return hint(fmt.Errorf("%d of %d changes were refused", count[apply.Refused], len(results)), "the list above says why; after mending it, run the same command")
	case count[apply.ByHand] > 0:
		return &hinted{err: fmt.Errorf("%d changes must be made on premises by a person", count[apply.ByHand]), code: exitPerson, hint: "run the PowerShell above, or the file that --plan wrote, where the ActiveDirectory module is"}
	}
	return nil
}

// prepareFixes opens the doors that the changes need, and the files that they are
// written down in. finish closes those.
func prepareFixes(ctx context.Context, env *Env, opts upnFixOptions, list apply.List) (run apply.Run, finish func() error, err error) {
	run.Dry = !opts.Yes
	finish = func() error { return nil }
	doors, err := env.openDoors()
	if err != nil {
		return run, finish, err
	}
	needs := func(kind upn.FixKind) bool {
		return slices.ContainsFunc(list.Fixes, func(f upn.Fix) bool { return f.Kind == kind })
	}
	if needs(upn.ZoomEmail) {
		client, found, err := doors.Zoom(ctx)
		if err != nil {
			return run, finish, err
		}
		if err := sameAs("the Zoom account", list.Header.Account, found.Of); err != nil {
			return run, finish, err
		}
		run.Zoom = client
		if run.ManagedDomains, err = managedDomains(ctx, doors, nil); err != nil {
			return run, finish, err
		}
	}
	if needs(upn.EntraUPN) {
		client, found, err := doors.Graph(ctx, "upn fix")
		if err != nil {
			return run, finish, err
		}
		if err := sameAs("the tenant", list.Header.Tenant, found.Of); err != nil {
			return run, finish, err
		}
		run.Graph = client
	}
	record, err := env.fixJournal(opts.Apply)
	if err != nil {
		return run, finish, err
	}
	entries, _, err := journal.Read(record)
	if err != nil {
		return run, finish, err
	}
	run.RecentChanges = apply.RecentEmailChanges(entries, time.Now())
	if run.Dry {
		return run, finish, nil
	}
	undo, err := apply.OpenUndo(opts.Apply, list)
	if err != nil {
		return run, finish, hint(err, "if it belongs to another run, move it away and run the same command")
	}
	run.Before = undo.Add
	run.After = func(f upn.Fix) error {
		return journal.Append(ctx, record, journal.Entry{
			At: time.Now(), Actor: env.actor(), Action: fixAction(f.Kind), Scope: profile.AccountScope, Tenant: list.Header.Tenant,
			Before: asJSON(f.From), After: asJSON(f.To), Evidence: asJSON(map[string]string{"list": list.Fingerprint, "class": string(f.Class), "zoom_email": f.ZoomEmail}),
		})
	}
	return run, undo.Close, nil
}

// sameAs refuses a list that was made for somebody else.
func sameAs(what, meant, now string) error {
	if meant == "" || strings.EqualFold(meant, now) {
		return nil
	}
	return hint(fmt.Errorf("the list is for %s %s, and the sign-in is of %s; nothing was changed", what, meant, now), "sign in to the other, or make the list again")
}

func fixAction(kind upn.FixKind) journal.Action {
	if kind == upn.EntraUPN {
		return journal.UPNChanged
	}
	return journal.ZoomEmailChanged
}

// fixJournal is the journal beside the tenant file, or beside the list where there
// is none.
func (env *Env) fixJournal(list string) (string, error) {
	file, err := env.fileIfAny()
	if err != nil {
		return "", err
	}
	if path, err := env.path(); err == nil && file.Version != 0 {
		return journal.Path(path), nil
	}
	for strings.HasSuffix(list, ".undo") { // there and back is one history
		list = strings.TrimSuffix(list, ".undo")
	}
	return list + ".journal.jsonl", nil
}
