// Package workspace owns one run: the tenant file, the journal, the sign-ins and the
// facts of one pinned target. A command opens it, makes a plan, shows it, asks, applies
// it and shows the result.
package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
)

// Settings are what a run was started with.
type Settings struct {
	// Config is --config, Tenant --tenant.
	Config, Tenant string
	Getenv         func(string) string
	// Doors prepares the clients for a tenant file.
	Doors func(file profile.File) (*connect.Doors, error)
	// Say is told what a person should know.
	Say func(format string, args ...any)
	// Actor is who runs this.
	Actor string
}

// Workspace is one run on one target.
type Workspace struct {
	// Path is the tenant file; empty when there is none.
	Path string
	File profile.File
	// State is what the journal says of now.
	State journal.State
	// Input is what judgements rest on: File, facts, record.
	Input doctor.Input
	// Basis says how each half of the target is known: "microsoft" and "zoom".
	Basis map[string]tenant.Half
	// Doors and Pair are the services; the pair is zero when the facts come from a file.
	Doors *connect.Doors
	Pair  connect.Pair
	// Live says that the facts were read from the services.
	Live bool

	settings Settings
	portals  plan.Portals
	// mismatch says that the services answered for another target than the file names.
	mismatch string
	want     Look
	// beside is the journal where there is no tenant file.
	beside string
}

// Look says what is to be seen.
type Look struct {
	// Command is the one whose permissions the sign-in carries.
	Command string
	// Facts are those to read; nil is all.
	Facts []tenant.Fact
	// ZoomEmail names the authorizing person's Zoom account; By is their UPN, when it is
	// not who is signed in.
	ZoomEmail, By string
	// EveryGroup reads the members of groups without a profile, too.
	EveryGroup bool
}

// Open reads the tenant file and the journal. Nobody signs in. Without a file it is an
// error, unless optional says that facts alone will do.
func Open(s Settings, optional bool) (*Workspace, error) {
	w := &Workspace{
		settings: s,
		Basis:    map[string]tenant.Half{"microsoft": tenant.HalfUnknown, "zoom": tenant.HalfUnknown},
	}
	doc, err := document(s)
	var missing *config.NotFoundError
	switch {
	case err == nil:
		w.Path, w.File = doc.Path, doc.File
	case optional && errors.As(err, &missing) && s.Config == "" && s.Getenv("ZO365_CONFIG") == "":
	default:
		return nil, err
	}
	w.Input.File = w.File
	if err := w.Reread(); err != nil {
		return nil, err
	}
	if w.Doors, err = s.Doors(w.File); err != nil {
		return nil, err
	}
	w.portals = plan.Portals{Zoom: w.Doors.Hosts.ZoomPortal, Entra: w.Doors.Hosts.EntraPortal}
	w.state(tenant.Target{})
	return w, nil
}

// document reads the tenant file; warnings are said.
func document(s Settings) (*config.Document, error) {
	path, err := config.Find(s.Config, s.Getenv)
	if err != nil {
		return nil, err
	}
	doc, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	for _, warning := range doc.Warnings {
		s.Say("warning: %s", warning)
	}
	return doc, nil
}

// Journal is the file that the run is recorded in: the one beside the tenant file.
func (w *Workspace) Journal() string {
	if w.beside != "" {
		return w.beside
	}
	return journal.Path(w.Path)
}

// RecordBeside records beside a list where there is no tenant file: there and back is
// one history.
func (w *Workspace) RecordBeside(list string) {
	if w.Path != "" {
		return
	}
	for strings.HasSuffix(list, ".undo") {
		list = strings.TrimSuffix(list, ".undo")
	}
	w.beside = list + ".journal.jsonl"
}

// Portals are the addresses of the web portals.
func (w *Workspace) Portals() plan.Portals { return w.portals }

// Reload reads the tenant file and the journal again, after the wait for another run.
func (w *Workspace) Reload() error {
	if w.Path != "" {
		doc, err := config.Load(w.Path)
		if err != nil {
			return err
		}
		w.File, w.Input.File = doc.File, doc.File
	}
	return w.Reread()
}

// Unchanged says whether the tenant file is as it was read; a person may have edited it while they
// were asked.
func (w *Workspace) Unchanged() error {
	if w.Path == "" {
		return nil
	}
	doc, err := config.Load(w.Path)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(doc.File, w.File) {
		return fmt.Errorf("%s was changed meanwhile, and the plan is of what it wanted before; nothing was done", w.Path)
	}
	return nil
}

// Reread takes the record from the journal again, after something was written.
func (w *Workspace) Reread() error {
	if w.Path == "" && w.beside == "" {
		return nil
	}
	entries, torn, err := journal.Read(w.Journal())
	for _, t := range torn {
		w.settings.Say("warning: %s:%d is not a whole entry: %v", w.Journal(), t.Line, t.Err)
	}
	if err != nil {
		return err
	}
	pinned := w.Input.Record.Pinned
	w.State = journal.Fold(entries)
	w.Input.Record = recordOf(w.State)
	if w.Input.Record.Pinned.Empty() {
		w.Input.Record.Pinned = pinned
	}
	return nil
}

// recordOf is what the journal says, in doctor's words.
func recordOf(s journal.State) doctor.Record {
	r := doctor.Record{
		Portal:     map[string]map[string]doctor.Confirmed{},
		Authorized: map[string]doctor.Authorized{},
		Pinned:     s.Pinned,
		Granted:    s.Granted,
		Exchange:   s.Exchange,
		Tested:     s.Tested,
	}
	for scope, steps := range s.Portal {
		r.Portal[scope] = map[string]doctor.Confirmed{}
		for step, c := range steps {
			r.Portal[scope][step] = doctor.Confirmed{
				Choose: c.Choose,
				By:     c.By,
				At:     c.At,
				Proved: c.Proved,
			}
		}
	}
	for scope, a := range s.Authorizations {
		r.Authorized[scope] = authorized(a)
	}
	// A step that was begun and has no end: its application is the one to look at.
	for _, open := range s.Open {
		if r.Pinned.Empty() && open.Application != nil {
			r.Pinned = *open.Application
		}
	}
	return r
}

// SignIn opens both services and reads the facts.
func (w *Workspace) SignIn(ctx context.Context, look Look) error {
	var err error
	if w.Pair, err = w.Doors.Both(ctx, look.Command); err != nil {
		return err
	}
	w.Live, w.want = true, look
	return w.Look(ctx)
}

// Saved takes the facts from a file: nobody signs in.
func (w *Workspace) Saved(ctx context.Context, f tenant.FactsFile) {
	w.Input.Facts, w.Input.Now = f.Facts, factsTime(f.Facts)
	w.Input.Target = f.Target
	w.settings.Say("judging facts of %s", w.Input.Now.UTC().Format(time.RFC3339))
	w.compareWithFile(ctx)
}

// factsTime is when saved facts were gathered: they are judged as of then.
func factsTime(f tenant.Facts) time.Time {
	if !f.Clocks.At.IsZero() {
		return f.Clocks.At
	}
	return f.SignedIn.At
}

// Look gathers the facts, once more after something changed, and establishes the target
// from what the services answer.
func (w *Workspace) Look(ctx context.Context) error {
	facts, err := survey.Gather(ctx, w.sources(), w.wanted(w.want.Facts))
	if err != nil {
		return err
	}
	first := w.Input.Now.IsZero()
	w.Input.Facts, w.Input.Now, w.Input.By = facts, time.Now().UTC(), w.want.By
	w.establish(ctx, first)
	return nil
}

// SignInMicrosoft opens Microsoft alone and establishes that half of the target.
func (w *Workspace) SignInMicrosoft(ctx context.Context, command string) error {
	graph, as, err := w.Doors.Graph(ctx, command)
	if err != nil {
		return err
	}
	w.Live, w.Pair.Graph, w.Pair.Microsoft = true, graph, as
	o, err := graph.Organization(ctx)
	w.Input.Facts.Organization = tenant.Reading[tenant.Organization]{
		Value:  o,
		Err:    err,
		Source: "GET /organization",
		At:     time.Now().UTC(),
	}
	if tenant.Stops(err) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	w.establish(ctx, true)
	return nil
}

// SignInZoom opens Zoom alone and establishes that half of the target.
func (w *Workspace) SignInZoom(ctx context.Context) error {
	client, as, err := w.Doors.Zoom(ctx)
	if err != nil {
		return err
	}
	w.Live, w.Pair.Zoom, w.Pair.Account = true, client, as
	a, err := client.Account(ctx)
	w.Input.Facts.ZoomAccount = tenant.Reading[tenant.ZoomAccount]{
		Value:  a,
		Err:    err,
		Source: "GET /users/me",
		At:     time.Now().UTC(),
	}
	if tenant.Stops(err) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	w.establish(ctx, true)
	return nil
}

// Registered is the client ID of the registration that was made last.
func (w *Workspace) Registered() (string, error) {
	entries, _, err := journal.Read(w.Journal())
	if err != nil {
		return "", err
	}
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Action != journal.RegistrationCreated {
			continue
		}
		var made struct {
			ClientID string `json:"client_id"`
		}
		err := json.Unmarshal(entries[i].After, &made)
		return made.ClientID, err
	}
	return "", errors.New("the journal has no registration")
}

func (w *Workspace) sources() survey.Sources {
	return survey.Sources{
		Microsoft:    w.Pair.Graph,
		Applications: w.Pair.Graph,
		Activity:     w.Pair.Graph,
		Mailboxes:    w.Pair.Graph,
		Scoping:      w.Pair.Graph,
		Elsewhere:    w.Pair.Graph,
		Account:      w.Pair.Zoom,
		People:       w.Pair.Zoom,
		Groups:       w.Pair.Zoom,
		Clocks:       w.Doors.Clocks,
	}
}

func (w *Workspace) wanted(facts []tenant.Fact) survey.Want {
	as := tenant.SignIn{
		Person: w.Pair.Microsoft.Person,
		Name:   w.Pair.Microsoft.ClientID,
		By:     string(w.Pair.Microsoft.Method),
	}
	if as.Person {
		as.Name = w.Pair.Microsoft.Account.Username
	}
	if facts != nil {
		facts = append([]tenant.Fact{tenant.FactOrganization, tenant.FactZoomAccount}, facts...)
	}
	want := survey.Want{
		Facts:     facts,
		SignedIn:  as,
		OwnAppID:  w.Pair.Microsoft.ClientID,
		InUse:     w.Pair.Microsoft.InUse,
		By:        w.want.By,
		ZoomEmail: w.want.ZoomEmail,
		// What people may consent to takes a permission of its own, and matters to few.
		PeopleConsent: len(doctor.PeopleConsent(w.File)) > 0,
		Scopes:        scopeKeys(w.Input),
		Narrowed:      len(scopesWanted(w.Input.File)) > 0,
	}
	for _, id := range []string{w.File.Microsoft.ZoomAppID, w.Input.Record.Pinned.AppID} {
		if id != "" {
			want.AppIDs = append(want.AppIDs, id)
		}
	}
	if !w.want.EveryGroup {
		// Members matter of the groups that have a profile; an account can have thousands.
		want.MembersOf = func(group string) bool {
			_, ok := w.File.Find(group)
			return ok
		}
	}
	return want
}

// scopeKeys are the groups and units that limits are made of: those that the tenant file names,
// and those of access policies that somebody read in Exchange.
func scopesWanted(f profile.File) []profile.MailboxScope {
	all := slices.Clone(doctor.MailboxesWanted(f).Scopes)
	if m := f.Rooms.MailboxScope; !m.Empty() && !slices.Contains(all, m) {
		all = append(all, m)
	}
	return all
}

func scopeKeys(in doctor.Input) []survey.ScopeKey {
	var keys []survey.ScopeKey
	for _, m := range scopesWanted(in.File) {
		switch {
		case m.Group != "":
			keys = append(keys, survey.ScopeKey{Kind: tenant.ScopeGroup, Key: m.Group})
		case m.Unit != "":
			keys = append(keys, survey.ScopeKey{Kind: tenant.ScopeUnit, Key: m.Unit})
		}
	}
	for _, p := range doctor.PoliciesOf(in) {
		key := p.GroupID
		if key == "" {
			key = p.Group
		}
		keys = append(keys, survey.ScopeKey{Kind: tenant.ScopeGroup, Key: key})
	}
	return keys
}

// Everybody adds the applications of every publisher that reach mailboxes without an application
// permission.
func (w *Workspace) Everybody(ctx context.Context) error {
	return survey.More(ctx, w.sources(), &w.Input.Facts)
}

// Findings are doctor's.
func (w *Workspace) Findings() []doctor.Finding { return doctor.Examine(w.Input) }

// Plan is the plan for everything that the file wants.
func (w *Workspace) Plan() plan.Plan { return plan.Make(w.Input, w.Findings(), w.portals) }

// Memory is the folder in which this machine remembers how far it wrote journals.
func Memory() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "zo365", "journals")
}

// Recorder writes to the run's journal.
func (w *Workspace) Recorder() apply.Recorder {
	r := apply.NewRecorder(w.Journal(), Memory(), w.settings.Actor)
	r.Target, r.Basis = w.Input.Target, w.Basis
	open := slices.Clone(w.State.Open) // as it is now: this run's own steps are not among them
	r.Open = func(step string) (time.Time, bool) {
		i := slices.IndexFunc(open, func(e journal.Entry) bool { return e.Step == step })
		if i < 0 {
			return time.Time{}, false
		}
		return open[i].At, true
	}
	return r
}

// FactsFile wraps the facts with whose they are.
func (w *Workspace) FactsFile() tenant.FactsFile {
	return tenant.NewFactsFile(w.Input.Target, w.Input.Facts)
}

// Need returns why a fact that a command cannot do without could not be read.
func Need(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// errNoTarget says that a service was not seen, so that nothing is written to it.
func errNoTarget(half string, err error) error {
	return fmt.Errorf("whose %s this is could not be seen, so nothing is changed there: %w", half, err)
}
