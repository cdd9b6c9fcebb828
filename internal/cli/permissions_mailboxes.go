package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

type permissionsTestOptions struct {
	Users  []string
	Group  string
	From   string
	Probe  bool
	Pasted string
	// Scope tests everybody in the scopes of the profiles; App is another application than
	// Zoom's for people.
	Scope   bool
	App     string
	Unknown unknownOptions
}

func newPermissionsTestCmd(env *Env) *cobra.Command {
	var opts permissionsTestOptions
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Say whether Zoom can reach a mailbox, and by which grant",
		Long: `Say for one mailbox or many whether Zoom's application can reach it, by which grant
or role, and what the answer rests on:

  computed  from the grants in Entra, the roles and scopes in Exchange, and the access
            policies once somebody has read them (zo365 rbac script --inventory). Of a
            group only the direct members count, as Exchange counts.
  probed    with --probe: zo365's own application looks into the calendar. That says
            something of Zoom only where both hold the same.
  pasted    with --pasted FILE: the result of
            Test-ServicePrincipalAuthorization -Identity APP-ID -Resource UPN | ConvertTo-Json
            run by an Exchange administrator (- is standard input).

Where they do not agree it says so, and why that can be: Exchange goes by its roles as
they were for 30 minutes to 2 hours, and its own test does not.

Exit codes: 0 when every answer is known, 3 when a mailbox was not found or answers
disagree, 5 with --fail-on unknown when an answer is unknown.`,
		Example: strings.TrimPrefix(`
  zo365 permissions test --user adele.vance@contoso.com
  zo365 permissions test --group Sales -o csv
  zo365 permissions test --from people.txt
  zo365 permissions test --user adele.vance@contoso.com --pasted result.json`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPermissionsTest(cmd.Context(), env, opts) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&opts.Users, "user", nil, "UPN or object ID; may be repeated")
	f.StringVar(&opts.Group, "group", "", "all members of this Zoom group")
	f.StringVar(&opts.From, "from", "", "file with one address a line (- is standard input)")
	f.BoolVar(&opts.Probe, "probe", false, "look into the calendars as zo365's own application")
	f.StringVar(
		&opts.Pasted,
		"pasted",
		"",
		"file with the JSON of Test-ServicePrincipalAuthorization (- is standard input)",
	)
	f.BoolVar(&opts.Scope, "scope", false, "everybody in the scopes (groups and units) that the profiles want")
	f.StringVar(
		&opts.App,
		"application",
		"",
		"ID of another application than Zoom's for people, for example one for rooms",
	)
	opts.Unknown.flags(cmd)
	return cmd
}

func (o permissionsTestOptions) check() error {
	switch {
	case len(o.Users) == 0 && o.Group == "" && o.From == "" && !o.Scope:
		return usagef("name mailboxes with --user, --group, --from or --scope")
	case o.From == "-" && o.Pasted == "-":
		return usagef("--from and --pasted cannot both read standard input")
	case o.Pasted != "" && (len(o.Users) != 1 || o.Group != "" || o.From != "" || o.Scope):
		return usagef("--pasted is the test of one mailbox, which its result does not name: name it with one --user")
	}
	return o.Unknown.check()
}

func runPermissionsTest(ctx context.Context, env *Env, opts permissionsTestOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	var pasted []tenant.RoleTest
	if opts.Pasted != "" {
		var err error
		if pasted, err = env.pasted(opts.Pasted); err != nil {
			return err
		}
	}
	w, err := env.workspace(true)
	if err != nil {
		return err
	}
	w.Input.Allowed = opts.Unknown.Allowed
	if err := w.SignIn(ctx, workspace.Look{Command: "permissions test", Facts: permissionFacts}); err != nil {
		return err
	}
	if err := w.Input.Facts.Consents.Err; err != nil {
		return err
	}
	if opts.App != "" {
		w.Input = doctor.AboutApplication(w.Input, opts.App)
	}
	c := doctor.ZoomApplication(w.Input)
	switch {
	case c.Principal == nil && opts.App != "":
		return hint(fmt.Errorf("the tenant has no application %s that zo365 knows to reach mailboxes", opts.App),
			"zo365 permissions list --all -o json shows them")
	case c.Principal == nil:
		return noApplication(c)
	}
	users, err := env.testedUsers(ctx, w, opts)
	if err != nil {
		return err
	}
	out := render.MailboxTests{Application: c.Principal.DisplayName, AppID: c.Principal.AppID, At: atNow()}
	if out.Mailboxes, err = testMailboxes(ctx, w, users); err != nil {
		return err
	}
	if opts.Probe {
		if err := probe(ctx, env, w, c, out.Mailboxes); err != nil {
			return err
		}
	}
	comparePasted(out.Mailboxes, pasted)
	if opts.App == "" {
		for _, other := range doctor.RoomsApplications(w.Input) {
			env.say("note: %s reads rooms and was not looked at: --application %s", doctor.AppName(other), other.Principal.AppID)
		}
	}
	return env.showTests(out, opts, doctor.ReachOf(w.Input, c.Consent))
}

// showTests shows the answers and ends with the code that they deserve.
func (env *Env) showTests(out render.MailboxTests, opts permissionsTestOptions, app reach.Application) error {
	failed := false
	for _, t := range out.Mailboxes {
		failed = failed || t.Error != "" || len(t.Disagree) > 0
		switch reach.Answer(t.Reach) {
		case reach.Yes:
			out.In++
		case reach.No:
			out.Out++
		case reach.Unknown:
			out.Unknown++
		}
	}
	listing := render.MailboxTestsListing(out)
	listing.Width = env.tableWidth()
	if err := env.show(listing); err != nil {
		return err
	}
	if len(out.Mailboxes) > 1 {
		env.say("%d reached, %d not, %d unknown", out.In, out.Out, out.Unknown)
	}
	next := "zo365 permissions test --user UPN says for one mailbox what is missing"
	if app.PoliciesUnseen != "" {
		next = "zo365 rbac script --inventory --out inventory.ps1 reads the access policies, zo365 rbac confirm takes the result"
	}
	switch {
	case failed:
		return errCheckFailed
	case out.Unknown > 0 && opts.Unknown.FailOn == "unknown":
		return &hinted{
			err:  fmt.Errorf("whether Zoom reaches it is not known of %s", counted(out.Unknown, "mailbox")),
			hint: next,
			code: exitPermission,
		}
	case out.Unknown > 0:
		env.say("next: %s", next)
	}
	return nil
}

// noApplication says why there is nothing to test.
func noApplication(c doctor.Choice) error {
	if len(c.Unclear) > 0 {
		return hint(
			errors.New("it is not known which application is Zoom's"),
			"zo365 integration use-application APP-ID names it in the tenant file; zo365 permissions list shows them",
		)
	}
	return hint(errors.New(strings.ToLower(c.Absence()[:1])+c.Absence()[1:]), "zo365 authorize")
}

// testedUsers are who is named, each once.
func (env *Env) testedUsers(
	ctx context.Context,
	w *workspace.Workspace,
	opts permissionsTestOptions,
) ([]string, error) {
	users := slices.Clone(opts.Users)
	if opts.From != "" {
		list := opts.From
		if list != standardInput {
			list = "@" + list
		}
		listed, err := addressesOf(env, []string{list}, nil)
		if err != nil {
			return nil, err
		}
		users = append(users, listed...)
	}
	if opts.Scope {
		inScope, err := scopedUsers(w)
		if err != nil {
			return nil, err
		}
		users = append(users, inScope...)
	}
	if opts.Group != "" {
		known, err := w.Pair.Zoom.Groups(ctx)
		if err != nil {
			return nil, err
		}
		group, err := groupNamed(known, opts.Group)
		if err != nil {
			return nil, hint(err, "--scope tests the members of the groups in Entra that the profiles' mailbox_scope names")
		}
		members, err := w.Pair.Zoom.Members(ctx, group.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			users = append(users, m.Email)
		}
	}
	return distinct(users), nil
}

// scopedUsers are the members of the scopes that the profiles want.
func scopedUsers(w *workspace.Workspace) ([]string, error) {
	n := doctor.Narrow(w.Input, doctor.NarrowOptions{Cache: doctor.CacheLimit})
	if len(n.Wanted.Scopes) == 0 {
		return nil, hint(errors.New("no profile has a mailbox_scope"), n.Fix)
	}
	var users []string
	for i, m := range n.Members {
		if m == nil {
			return nil, hint(fmt.Errorf("whom %s matches is not listed", n.Wanted.Scopes[i]),
				"zo365 permissions test --from FILE tests a list")
		}
		for _, p := range m.People {
			users = append(users, p.UPN)
		}
	}
	if len(users) == 0 {
		return nil, hint(errors.New("nobody is in the scopes that the profiles want"), "zo365 rbac show")
	}
	return users, nil
}

// testMailboxes judges each mailbox; somebody who is not there is a row with its reason.
func testMailboxes(ctx context.Context, w *workspace.Workspace, users []string) ([]render.MailboxTest, error) {
	c := doctor.ZoomApplication(w.Input)
	app := doctor.ReachOf(w.Input, c.Consent)
	tests := make([]render.MailboxTest, len(users))
	g, ctx := errgroup.WithContext(ctx)
	const together = 8
	g.SetLimit(together)
	for i, user := range users {
		g.Go(func() error {
			owner, err := w.Pair.Graph.MailboxOwner(ctx, user)
			var needs *tenant.NeedsError
			switch {
			case tenant.Stops(err) || ctx.Err() != nil || errors.As(err, &needs):
				return errors.Join(err, ctx.Err())
			case err != nil:
				tests[i] = failedTest(user, err.Error())
			case owner == nil:
				tests[i] = failedTest(user, "the tenant has nobody with this UPN or ID")
			default:
				box := mailboxOf(*owner)
				tests[i] = render.NewMailboxTest(app.Judge(box))
				tests[i].Wanted = doctor.WantedMailbox(w.Input, box)
			}
			return nil
		})
	}
	return tests, g.Wait()
}

func failedTest(user, why string) render.MailboxTest {
	return render.MailboxTest{
		User:        user,
		Reach:       string(reach.Unknown),
		Calendar:    string(reach.Unknown),
		Permissions: []render.PermissionTest{},
		Ways:        []render.WayTest{},
		Pasted:      []render.PastedRow{},
		Disagree:    []string{},
		Error:       why,
	}
}

func mailboxOf(o tenant.MailboxOwner) reach.Mailbox {
	box := reach.Mailbox{ID: o.ID, UPN: o.UPN, Properties: o.Properties}
	if o.MailPlan != nil && !*o.MailPlan {
		box.Missing = "the person has no plan with a mailbox; a room or a shared mailbox needs none, so that it is not known whether there is one"
	}
	return box
}

// probe looks into the calendars as zo365's own application. That says something of Zoom's
// application where both hold the same.
func probe(
	ctx context.Context,
	env *Env,
	w *workspace.Workspace,
	zoom doctor.Choice,
	tests []render.MailboxTest,
) error {
	if w.Pair.Microsoft.Person {
		return usagef(
			"--probe looks as an application; a person's sign-in reaches their own mailbox only (ZO365_CREDENTIAL_STORE=env)",
		)
	}
	same, why, err := holdsTheSame(ctx, w, zoom)
	if err != nil {
		return err
	}
	if !same {
		env.say("note: what the probe shows is of zo365's own application: %s", why)
	}
	var users []string
	for _, t := range tests {
		if t.Error == "" {
			users = append(users, t.User)
		}
	}
	answers, err := w.Pair.Graph.Calendars(ctx, users)
	if err != nil {
		return err
	}
	for _, a := range answers {
		i := slices.IndexFunc(tests, func(t render.MailboxTest) bool { return t.User == a.User })
		p := probed(a.Err)
		p.Comparable = same
		tests[i].Probe = &p
		if same && p.Answer != string(reach.Unknown) && tests[i].Calendar != string(reach.Unknown) {
			agree := p.Answer == tests[i].Calendar
			tests[i].Agree = &agree
			if !agree {
				tests[i].Disagree = append(tests[i].Disagree, "the probe says "+p.Answer+
					" and the grants say "+tests[i].Calendar+": Exchange may go by its roles as they were for up to 2 hours")
			}
		}
	}
	return nil
}

func probed(err error) render.ProbeTest {
	switch {
	case err == nil:
		return render.ProbeTest{Answer: string(reach.Yes), Why: "the calendars were listed"}
	case errors.Is(err, msgraph.ErrMailboxScoped), errors.Is(err, msgraph.ErrCalendarDenied):
		return render.ProbeTest{Answer: string(reach.No), Why: err.Error()}
	}
	return render.ProbeTest{Answer: string(reach.Unknown), Why: err.Error()}
}

// holdsTheSame says whether zo365's own application reaches calendars by the same ways as Zoom's.
func holdsTheSame(ctx context.Context, w *workspace.Workspace, zoom doctor.Choice) (bool, string, error) {
	own, err := w.Pair.Graph.ServicePrincipal(ctx, w.Pair.Microsoft.ClientID)
	if err != nil || own == nil {
		return false, "it is not in the tenant", err
	}
	grants, err := w.Pair.Graph.Grants(ctx, own.ID)
	if err != nil {
		return false, "", err
	}
	roles, err := w.Pair.Graph.ExchangeRoles(ctx, own.ID)
	if err != nil {
		return false, "its roles in Exchange could not be seen", nil //nolint:nilerr // said instead
	}
	for _, p := range doctor.PoliciesOf(w.Input) {
		if p.For(own.AppID) != p.For(zoom.Principal.AppID) {
			return false, "an access policy is about one of the two applications only", nil
		}
	}
	ours := calendarWays(reach.Application{Grants: grants, Roles: roles})
	zooms := calendarWays(doctor.ReachOf(w.Input, zoom.Consent))
	if !slices.Equal(ours, zooms) {
		return false, fmt.Sprintf("it reaches calendars by %s, and Zoom's by %s", orNothing(ours), orNothing(zooms)), nil
	}
	return true, "", nil
}

func orNothing(ways []string) string {
	if len(ways) == 0 {
		return "nothing"
	}
	return strings.Join(ways, ", ")
}

// calendarWays are what opens calendars, whatever it allows there: reading is all that a probe does.
func calendarWays(a reach.Application) []string {
	var ways []string
	for _, g := range a.Grants {
		if reach.OpensCalendar(reach.Name(g.Permission)) {
			ways = append(ways, "a grant for every mailbox")
		}
	}
	for _, r := range a.Roles {
		if gives, _ := reach.RoleGives(r.Role); slices.ContainsFunc(gives, reach.OpensCalendar) {
			ways = append(ways, "a role in "+string(r.Kind)+" "+r.ScopeID+r.Filter)
		}
	}
	slices.Sort(ways)
	return slices.Compact(ways)
}

// pasted reads the result of Exchange's own test.
func (env *Env) pasted(file string) ([]tenant.RoleTest, error) {
	text, err := env.readInput(file)
	if err != nil {
		return nil, fmt.Errorf("reading the result of Test-ServicePrincipalAuthorization: %w", err)
	}
	tests, err := export.RoleTests(text)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %w", file, err),
			"Test-ServicePrincipalAuthorization -Identity APP-ID -Resource UPN | ConvertTo-Json")
	}
	if len(tests) == 0 {
		return nil, hint(fmt.Errorf("%s holds no row of Test-ServicePrincipalAuthorization", file),
			"Test-ServicePrincipalAuthorization -Identity APP-ID -Resource UPN | ConvertTo-Json")
	}
	return tests, nil
}

func (env *Env) readInput(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(env.In)
	}
	return os.ReadFile(file)
}

// comparePasted lays Exchange's own test beside what was computed of the roles. A row that names
// no mailbox is about the one mailbox that was asked for.
func comparePasted(tests []render.MailboxTest, pasted []tenant.RoleTest) {
	for i := range tests {
		for _, row := range pasted {
			if row.Mailbox != "" && !strings.EqualFold(row.Mailbox, tests[i].User) || row.Mailbox == "" && len(tests) > 1 {
				continue
			}
			shown := render.PastedRow{Role: row.Role, InScope: "not run"}
			if row.InScope != nil {
				shown.InScope = render.YesNo(*row.InScope)
			}
			tests[i].Pasted = append(tests[i].Pasted, shown)
		}
		for _, row := range anyScope(pasted) {
			compareRow(&tests[i], row, len(tests))
		}
	}
}

// anyScope has one row for each role of a mailbox: an application can hold a role in several
// scopes, each of which has a row, and is in scope where one of them says so.
func anyScope(rows []tenant.RoleTest) []tenant.RoleTest {
	var all []tenant.RoleTest
	for _, row := range rows {
		i := slices.IndexFunc(all, func(other tenant.RoleTest) bool {
			return other.Role == row.Role && strings.EqualFold(other.Mailbox, row.Mailbox)
		})
		switch {
		case row.InScope == nil:
		case i < 0:
			all = append(all, row)
		case *row.InScope:
			all[i].InScope = row.InScope
		}
	}
	return all
}

func compareRow(t *render.MailboxTest, row tenant.RoleTest, all int) {
	if row.InScope == nil || row.Mailbox != "" && !strings.EqualFold(row.Mailbox, t.User) || row.Mailbox == "" && all > 1 {
		return
	}
	want, known := reach.No, false
	for _, way := range t.Ways {
		if way.Kind == string(reach.Exchange) && way.Name == row.Role && way.Answer != string(reach.Unknown) {
			known = true
			if way.Answer == string(reach.Yes) {
				want = reach.Yes
			}
		}
	}
	says := reach.No
	if *row.InScope {
		says = reach.Yes
	}
	if !known && slices.ContainsFunc(t.Ways, func(way render.WayTest) bool {
		return way.Kind == string(reach.Exchange) && way.Name == row.Role
	}) {
		return // what zo365 could not compute is not compared
	}
	agree := says == want
	if t.Agree == nil || *t.Agree {
		t.Agree = &agree
	}
	if !agree {
		t.Disagree = append(t.Disagree, fmt.Sprintf(
			"Exchange's test says that the mailbox is in scope of %s: %s, and the roles that Graph shows say %s: "+
				"a role or a membership may have changed since the test, or Graph's readers lag behind",
			row.Role, render.YesNo(*row.InScope), want))
	}
}
