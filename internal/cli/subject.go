package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/survey"
	"github.com/zo365/zo365/internal/tenant"
)

// factsOptions say where facts come from: live, or from a saved file.
type factsOptions struct {
	File      string
	ZoomEmail string
}

func (o *factsOptions) flags(cmd *cobra.Command) {
	o.fileFlag(cmd)
	cmd.Flags().StringVar(&o.ZoomEmail, "zoom-email", "", "the signed-in person's Zoom email, when it is neither their UPN nor their mail address")
}

// fileFlag is for commands that look at nobody in particular.
func (o *factsOptions) fileFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.File, "facts", "", "take the facts from a file of zo365 facts -o json (- is standard input) instead of asking")
}

// saved reads the facts file.
func (o factsOptions) saved(env *Env) (tenant.Facts, error) {
	var text []byte
	var err error
	if o.File == "-" {
		text, err = io.ReadAll(env.In)
	} else {
		text, err = os.ReadFile(o.File)
	}
	if err != nil {
		return tenant.Facts{}, fmt.Errorf("reading the facts: %w", err)
	}
	f, err := tenant.DecodeFacts(text)
	if err != nil {
		return f, hint(fmt.Errorf("%s: %w", o.File, err), "zo365 facts -o json makes such a file")
	}
	return f, nil
}

// subject is one tenant as a run sees it: what is wanted, what is recorded, what is
// there.
type subject struct {
	// path is the tenant file; empty when there is none.
	path  string
	state journal.State
	input doctor.Input
	// both are the services; zero when the facts come from a file.
	both    clients
	portals plan.Portals
	live    bool
	opts    factsOptions
}

// subject reads the tenant file and the journal, and gathers the facts. With facts
// from a file nobody signs in.
func (env *Env) subject(ctx context.Context, command string, opts factsOptions) (*subject, error) {
	s := &subject{opts: opts}
	doc, err := env.document()
	var missing *config.NotFoundError
	switch {
	case err == nil:
		s.path, s.input.File = doc.Path, doc.File
	case opts.File != "" && errors.As(err, &missing) && env.flags.config == "" && env.Getenv("ZO365_CONFIG") == "":
		env.say("warning: there is no tenant file: nothing is wanted, so only the facts themselves are judged")
	default:
		return nil, err
	}
	if s.path != "" {
		if s.state, err = env.state(s.path); err != nil {
			return nil, err
		}
	}
	if s.input.Record, err = recordOf(s.state); err != nil {
		return nil, err
	}
	doors, err := env.doors(s.input.File)
	if err != nil {
		return nil, err
	}
	s.portals = plan.Portals{Zoom: doors.Hosts.ZoomPortal, Entra: doors.Hosts.EntraPortal}
	if opts.File != "" {
		s.input.Facts, err = opts.saved(env)
		s.input.Now = factsTime(s.input.Facts)
		if err == nil {
			env.say("judging facts of %s", s.input.Now.UTC().Format(time.RFC3339))
		}
		return s, err
	}
	if s.both, err = env.enter(ctx, command, s.input.File, doors); err != nil {
		return nil, err
	}
	s.live = true
	return s, s.look(ctx)
}

// look gathers the facts once more.
func (s *subject) look(ctx context.Context) error {
	// Members matter of the groups that have a profile; an account can have thousands.
	facts, err := s.both.facts(ctx, s.opts.ZoomEmail, func(group string) bool {
		_, ok := s.input.File.Find(group)
		return ok
	})
	s.input.Facts, s.input.Now = facts, time.Now().UTC()
	return err
}

// reread takes the record from the journal again, after something was written.
func (s *subject) reread(env *Env) error {
	state, err := env.state(s.path)
	if err != nil {
		return err
	}
	s.state = state
	s.input.Record, err = recordOf(state)
	return err
}

// findings are doctor's.
func (s *subject) findings() []doctor.Finding { return doctor.Examine(s.input) }

func (s *subject) plan() plan.Plan { return plan.Make(s.input, s.findings(), s.portals) }

// pin keeps to the application that the plan is about: while its permissions go, it
// could not be told from others any more.
func (s *subject) pin() {
	if c := doctor.ZoomConsent(s.input); c.Principal != nil {
		s.input.Record.Principal = c.Principal.ID
	}
}

// facts gathers everything observable with what is signed in.
func (c clients) facts(ctx context.Context, zoomEmail string, membersOf func(string) bool) (tenant.Facts, error) {
	as := tenant.SignIn{Person: c.as.Person, Name: c.as.ClientID, By: string(c.as.Method)}
	if c.as.Person {
		as.Name = c.as.Account.Username
	}
	return survey.All(ctx, survey.Sources{
		Microsoft: c.graph, Applications: c.graph, Activity: c.graph, Mailboxes: c.graph,
		Zoom: c.zoom, Account: c.zoom, Groups: c.zoom, ZoomPages: c.zoom, Clocks: c.doors.Clocks,
	}, survey.Want{SignedIn: as, OwnAppID: c.as.ClientID, ZoomAppID: c.file.Microsoft.ZoomAppID, ZoomEmail: zoomEmail, MembersOf: membersOf})
}

// enter signs in to both services through doors that are there already.
func (env *Env) enter(ctx context.Context, command string, file profile.File, doors *connect.Doors) (clients, error) {
	c := clients{file: file, doors: doors}
	var err error
	if c.graph, c.as, err = doors.Graph(ctx, command); err != nil {
		return c, err
	}
	c.zoom, _, err = doors.Zoom(ctx)
	return c, err
}

// recordOf is what the journal says, in doctor's words.
func recordOf(s journal.State) (doctor.Record, error) {
	r := doctor.Record{Portal: map[string]map[string]doctor.Confirmed{}, Authorized: map[string]doctor.Authorized{}}
	for scope, steps := range s.Portal {
		r.Portal[scope] = map[string]doctor.Confirmed{}
		for step, c := range steps {
			r.Portal[scope][step] = doctor.Confirmed{Choose: c.Choose, By: c.By, At: c.At}
		}
	}
	for scope := range s.Authorizations {
		a, err := authorizationOf(s, scope)
		if err != nil {
			return r, err
		}
		one := doctor.Authorized{Match: a.AuthorizedBy.Match, Granted: a.Granted, At: s.Authorizations[scope].At}
		if a.AuthorizedBy.UPN != nil {
			one.UPN = *a.AuthorizedBy.UPN
		}
		if a.AuthorizedBy.ZoomEmail != nil {
			one.ZoomEmail = *a.AuthorizedBy.ZoomEmail
		}
		if a.ServicePrincipal != nil {
			one.PrincipalID = a.ServicePrincipal.ID
		}
		r.Authorized[scope] = one
	}
	r.Principal = s.Principal
	return r, nil
}

// factsTime is when saved facts were gathered: they are judged as of then.
func factsTime(f tenant.Facts) time.Time {
	if !f.Clocks.At.IsZero() {
		return f.Clocks.At
	}
	return f.SignedIn.At
}
