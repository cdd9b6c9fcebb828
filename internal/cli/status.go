package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newStatusCmd(env *Env) *cobra.Command {
	var opts factsOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the whole integration on one screen",
		Long: `Show the account and each group on one screen: what the profiles want, whether Entra
shows the consent, whether a person confirmed Zoom's portal, whether Zoom uses it, which
mailboxes Zoom is narrowed to, who has to do something and since when, what is wrong, and
the command to run next. Both services are asked; nothing is changed.

zo365 integration status shows what is recorded without asking anybody.`,
		Example:     "  zo365 status\n  zo365 status -o json\n  zo365 status -o html > status.html",
		Args:        flagsOnly,
		Annotations: map[string]string{moreOutputs: "html"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	return cmd
}

func runStatus(ctx context.Context, env *Env, opts factsOptions) error {
	w, err := env.judged(ctx, workspace.Look{Command: "status"}, opts)
	if err != nil {
		return err
	}
	return env.show(render.OverviewListing(overview(w)))
}

// overview puts together what doctor, plan and the journal know.
func overview(w *workspace.Workspace) render.Overview {
	in, all := w.Input, w.Findings()
	o := render.Overview{
		Tenant: render.OverviewTenant{
			Microsoft:   in.Target.Tenant,
			Name:        in.Facts.Organization.Value.DisplayName,
			Zoom:        in.Target.ZoomAccount,
			ZoomAccount: in.Facts.ZoomAccount.Value.Owner,
			File:        w.Path,
		},
		Scopes:   []render.OverviewScope{},
		Waiting:  []render.Waiting{},
		Problems: render.NewProblems(all),
		Counts:   render.NewDoctor(all).Counts,
		At:       in.Now.UTC().Truncate(time.Second),
	}
	switch c := doctor.ZoomApplication(in); {
	case c.Principal != nil:
		o.Application = &render.OverviewApp{Name: c.Principal.DisplayName, AppID: c.Principal.AppID}
	case len(c.Unclear) > 0:
		o.ApplicationWhy = "it is not known which application is Zoom's"
	case !in.Facts.Consents.Seen():
		o.ApplicationWhy = "the tenant's applications could not be seen"
	case len(c.Lesser) > 0:
		o.ApplicationWhy = "no application of Zoom holds a calendar permission"
	default:
		o.ApplicationWhy = "not in the tenant"
	}
	account, _ := w.File.Effective("")
	o.Scopes = append(o.Scopes, render.NewOverviewScope(
		profile.AccountScope, account, doctor.ConnectionOf(in, all, profile.AccountScope),
	))
	for _, g := range w.File.Groups {
		effective, _ := w.File.Effective(g.Name) // it has a profile
		scope := profile.Scope(g.Name)
		o.Scopes = append(o.Scopes, render.NewOverviewScope(scope, effective, doctor.ConnectionOf(in, all, scope)))
	}
	narrow := doctor.Narrow(in, doctor.NarrowOptions{Cache: doctor.CacheLimit})
	way := plan.ForSteps(plan.Narrow, in, all, w.Portals(), narrow.Steps)
	shown := narrowingShown(w, narrow, way, rbacOptions{Cache: doctor.CacheLimit})
	o.Mailboxes = render.OverviewMailboxes{State: shown.State, Problem: shown.Problem, Wanted: []string{}}
	for _, m := range narrow.Wanted.Scopes {
		o.Mailboxes.Wanted = append(o.Mailboxes.Wanted, m.String())
	}
	o.Waiting = append(waitingFor(w, w.Plan()), waitingForScope(o.Mailboxes, shown)...)
	o.Next = nextOf(o)
	return o
}

// waitingFor are the steps of a plan by who does them.
func waitingFor(w *workspace.Workspace, p plan.Plan) []render.Waiting {
	who := []struct{ kind, words, next string }{
		{string(doctor.Graph), "zo365, by Microsoft Graph", "zo365 apply"},
		{string(doctor.Zoom), "zo365, by Zoom's API", "zo365 apply"},
		{string(doctor.Portal), "a person in a portal", "zo365 apply"},
		{string(doctor.Exchange), "a person in Exchange Online PowerShell", "zo365 rbac script"},
	}
	waiting := []render.Waiting{}
	for _, one := range who {
		var names []string
		for _, s := range p.Steps {
			if s.Kind == one.kind {
				what := render.StepWords(s)
				if s.Page == nil { // a control's name says enough
					what += ": " + s.After
				}
				names = append(names, what)
			}
		}
		if len(names) == 0 {
			continue
		}
		what := render.Waiting{For: one.words, What: fewWords(names), Next: one.next}
		if one.kind == string(doctor.Portal) {
			what.Since = consentedSince(w)
		}
		waiting = append(waiting, what)
	}
	return waiting
}

// consentedSince is when the consent was recorded that the portal's steps belong to; nil where
// there is none.
func consentedSince(w *workspace.Workspace) *time.Time {
	if a, ok := w.Input.Record.Authorized[profile.AccountScope]; ok {
		at := a.At.UTC()
		return &at
	}
	return nil
}

func fewWords(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(names[:shown], "; "), len(names)-shown)
}

// waitingForScope is what the mailboxes' scope waits for.
func waitingForScope(m render.OverviewMailboxes, shown render.Narrowing) []render.Waiting {
	one := render.Waiting{For: "zo365", Next: shown.Next}
	switch m.State {
	case "waiting":
		one.For, one.What = "Exchange's cache", "the roles are given and tested; the grants in Entra go once it has caught up"
		one.Since, one.Until, one.Next = shown.TestedAt, shown.CacheUntil, "zo365 rbac apply"
	case "to do":
		one.What = "Zoom is not narrowed to " + strings.Join(m.Wanted, " and ") + " yet"
	case "blocked", "wider":
		one.For, one.What = "a person", "Zoom is not narrowed to "+strings.Join(m.Wanted, " and ")+": "+shown.Problem
	default:
		return nil
	}
	return []render.Waiting{one}
}

// nextOf is the one command to run next: the fix of the worst problem, else what waits, else the
// nightly look.
func nextOf(o render.Overview) string {
	for _, p := range o.Problems {
		if p.Severity == string(doctor.Fail) && p.Fix != "" {
			return p.Fix
		}
	}
	if len(o.Waiting) > 0 {
		return o.Waiting[0].Next
	}
	for _, p := range o.Problems {
		if p.Fix != "" {
			return p.Fix
		}
	}
	return "zo365 plan --drift, nightly"
}
