package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
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
		if rules.ZoomDomains, err = stated(env, err); err != nil {
			env.say("note: Zoom's managed domains are not known (%v); --apply asks for them", err)
		}
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

// stated are the domains that the tenant file states; without them there is the reason why they
// are not known.
func stated(env *Env, why error) (map[string]bool, error) {
	file, err := env.fileIfAny()
	if err != nil {
		return nil, err
	}
	domains, basis := doctor.AssociatedDomains(tenant.Reading[[]tenant.ZoomDomain]{Err: why}, file)
	if basis == "" {
		return nil, why
	}
	return verifiedNames(domains, basis), nil
}

// mayLater says whether a question can wait until --apply: nobody is signed in,
// nothing names the service, or a permission is missing.
func mayLater(err error) bool {
	var stop *tenant.StopError
	var missing *connect.MissingError
	var needs *tenant.NeedsError
	return errors.As(err, &missing) || errors.As(err, &needs) || errors.As(err, &stop) && stop.Reason == tenant.SignedOut
}

// managedDomains are the verified domains of the Zoom account.
func managedDomains(ctx context.Context, w *workspace.Workspace) (map[string]bool, error) {
	if w.Pair.Zoom == nil {
		if err := w.SignInZoom(ctx); err != nil {
			return nil, err
		}
	}
	domains, err := w.Pair.Zoom.Domains(ctx)
	domains, basis := doctor.AssociatedDomains(tenant.Reading[[]tenant.ZoomDomain]{
		Value:  domains,
		Err:    err,
		Source: "GET /accounts/me/managed_domains",
		At:     time.Now(),
	}, w.File)
	if basis == "" {
		return nil, err
	}
	return verifiedNames(domains, basis), nil
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
	if !list.NamesTarget() {
		return hint(
			fmt.Errorf("%s does not say whose people they are: nobody was signed in when it was made", opts.Apply),
			"make it again beside the tenant file, or signed in: zo365 upn fix --plan "+shell.Word(opts.Apply),
		)
	}
	if len(list.Fixes) > opts.MaxChanges {
		return hint(
			fmt.Errorf(
				"%s has %d changes, more than --max-changes %d; nothing was changed",
				opts.Apply,
				len(list.Fixes),
				opts.MaxChanges,
			),
			fmt.Sprintf("if that many are meant: zo365 upn fix --apply %s --max-changes %d", opts.Apply, len(list.Fixes)),
		)
	}
	w, release, err := fixWorkspace(ctx, env, opts, list)
	if err != nil {
		return err
	}
	defer release()
	p := plan.Of(plan.People, list.Header.Target, apply.Peoples(list.Fixes)...)
	if err := w.MayWrite(ctx, p); err != nil {
		if errors.As(err, new(*plan.WrongTargetError)) {
			return hint(err, "sign in to the target of the list, or make the list again")
		}
		return err
	}
	if opts.Yes {
		if err := w.CloseOpenPeople(ctx, p, env.settling(settleLimit)); err != nil {
			return err
		}
	}
	people, finish, err := peopleOf(ctx, w, opts, list)
	if err != nil {
		return err
	}
	results, err := w.Apply(ctx, p, workspace.Run{
		Parallel: 1,
		Settle:   settleLimit,
		Each:     func(apply.StepResult) {},
		Waiting:  env.sayWaiting(0, settleLimit),
		People:   people,
	})
	stopped := errors.Join(err, finish())
	outcomes := map[string]int{}
	shown := render.Applied{DryRun: people.Dry, Changes: []render.AppliedChange{}}
	for _, r := range results {
		if r.Person == nil || r.Status == apply.StepLeft || r.Status == "" || r.Err != nil && stopped != nil {
			continue // it did not come to it
		}
		c := render.AppliedChange{
			Kind:    string(r.Person.Kind),
			From:    r.Person.From,
			To:      r.Person.To,
			Outcome: outcomeWord(r.Status),
			Why:     r.Why,
		}
		outcomes[c.Outcome]++
		shown.Changes = append(shown.Changes, c)
	}
	if stopped != nil && len(shown.Changes) == 0 {
		return stopped // before the first: there is nothing to show, and nothing to go on with
	}
	if err := env.show(render.AppliedListing(shown)); err != nil {
		return err
	}
	return env.sayApplied(opts, len(shown.Changes), outcomes, stopped)
}

// outcomeWord is the word of the JSON for what became of a change.
func outcomeWord(s apply.Status) string {
	if s == apply.StepFailed {
		return "refused"
	}
	return string(s)
}

func (env *Env) sayApplied(opts upnFixOptions, all int, count map[string]int, stopped error) error {
	back := "the way back of what was done: zo365 upn fix --apply " + shell.Word(opts.Apply+".undo")
	if stopped != nil {
		env.say("changes made before this happened: %d; run the same command to go on", count["done"])
		if code, _ := judge(stopped); code == exitInterrupted {
			return stopped
		}
		return &hinted{err: stopped, code: exitResumable, hint: back}
	}
	said := fmt.Sprintf(
		"already there: %d, refused: %d, to be made by hand: %d",
		count["already"],
		count["refused"],
		count["by hand"],
	)
	if !opts.Yes {
		env.say("nothing was changed; would be done: %d, %s", count["would do"], said)
		if count["would do"] > 0 {
			env.say("to do it: zo365 upn fix --apply %s --yes", shell.Word(opts.Apply))
		}
		return nil
	}
	env.say("done: %d, %s", count["done"], said)
	switch {
	case count["refused"] > 0:
		return hint(
			fmt.Errorf("refused: %d of %d changes", count["refused"], all),
			"the list above says why; after mending it, run the same command",
		)
	case count["by hand"] > 0:
		return &hinted{
			err:  fmt.Errorf("changes that a person must make on premises: %d", count["by hand"]),
			code: exitPerson,
			hint: "run the PowerShell above, or the file that --plan wrote, where the ActiveDirectory module is",
		}
	}
	return nil
}

// fixWorkspace signs in to the services that the changes need.
func fixWorkspace(
	ctx context.Context,
	env *Env,
	opts upnFixOptions,
	list apply.List,
) (*workspace.Workspace, func(), error) {
	nothing := func() {}
	w, err := env.workspace(true)
	if err != nil {
		return nil, nothing, err
	}
	w.RecordBeside(opts.Apply)
	release := nothing
	if opts.Yes {
		if release, err = workspace.Alone(ctx, cmp.Or(w.Path, w.Journal()), env.say); err != nil {
			return nil, nothing, err
		}
	}
	needs := func(kind upn.FixKind) bool {
		return slices.ContainsFunc(list.Fixes, func(f upn.Fix) bool { return f.Kind == kind })
	}
	if needs(upn.EntraUPN) || list.Header.Target.Tenant != "" && needs(upn.ZoomEmail) {
		err = w.SignInMicrosoft(ctx, "upn fix")
		if err != nil && !needs(upn.EntraUPN) && mayLater(err) {
			err = nil // the list changes Zoom alone
		}
	}
	if err == nil && (needs(upn.ZoomEmail) || list.Header.Target.ZoomAccount != "" && needs(upn.EntraUPN)) {
		err = w.SignInZoom(ctx)
		if err != nil && !needs(upn.ZoomEmail) && mayLater(err) {
			err = nil
		}
	}
	if err == nil {
		err = w.Reread()
	}
	if err != nil {
		release()
		return nil, nothing, err
	}
	return w, release, nil
}

// peopleOf are the rules and memories that changes of addresses need, and the file that
// their way back is written to. finish closes it.
func peopleOf(
	ctx context.Context,
	w *workspace.Workspace,
	opts upnFixOptions,
	list apply.List,
) (apply.People, func() error, error) {
	people := apply.People{Dry: !opts.Yes, Fingerprint: list.Fingerprint, Back: list.Header.Undoes != ""}
	finish := func() error { return nil }
	if w.Pair.Zoom != nil {
		managed, err := managedDomains(ctx, w)
		if err != nil {
			return people, finish, err
		}
		people.ManagedDomains = managed
	}
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return people, finish, err
	}
	people.Recent = apply.RecentEmailChanges(entries, time.Now())
	if people.Dry {
		return people, finish, nil
	}
	undo, err := apply.OpenUndo(opts.Apply, list)
	if err != nil {
		return people, finish, hint(err, "it is the way back of another run: keep it, and give this list another name")
	}
	people.Before = undo.Add
	return people, undo.Close, nil
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
