package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newPortalCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "portal",
		Short: "What a person does in Zoom's portal, and who confirmed it",
		Long: `Zoom's public API has no call for the Mail & Calendar settings, so a person sets them
and says so; the journal keeps who and when. A confirmation is of a value: when the
profile changes, it is pending again. This needs no network and no sign-in.`,
	}
	cmd.AddCommand(newPortalListCmd(env), newPortalConfirmCmd(env), newPortalChecklistCmd(env))
	return cmd
}

func newPortalListCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the controls, what is wanted of them, and who confirmed it",
		Args:    flagsOnly,
		Long:    "List the controls of Zoom's portal that the tenant file decides, for the account and each group that sets something.",
		Example: "  zo365 portal list\n  zo365 portal list -o json",
		RunE: func(*cobra.Command, []string) error {
			w, err := env.workspace(false)
			if err != nil {
				return err
			}
			return env.show(render.PortalListing(controls(w)))
		},
	}
}

// controls are those of every scope of the tenant file.
func controls(w *workspace.Workspace) []render.PortalControl {
	all := []render.PortalControl{}
	for _, group := range doctor.PortalScopes(w.File) {
		effective, _ := w.File.Effective(group) // it has a profile
		scope := profile.Scope(group)
		confirmed := portalSteps(effective, w.State.Portal[scope])
		for i, s := range doctor.PortalSteps(effective) {
			all = append(all, render.PortalControl{
				Step:        render.StepName(scope, s),
				Scope:       scope,
				Menu:        doctor.PortalPath(group),
				Address:     w.Portals().Zoom + doctor.PortalPage(group, ""), // which needs no network
				Control:     s.Control,
				Choose:      s.Choose,
				ConfirmedBy: confirmed[i].ConfirmedBy,
				At:          confirmed[i].At,
			})
		}
	}
	return all
}

type portalConfirmOptions struct {
	Steps []string
	All   bool
	By    string
	Yes   bool
}

func newPortalConfirmCmd(env *Env) *cobra.Command {
	var opts portalConfirmOptions
	cmd := &cobra.Command{
		Use:   "confirm [STEP...]",
		Short: "Say that controls show what is wanted",
		Long: `Record that somebody saw, or set, controls of Zoom's portal to the wanted values. A
STEP is named as zo365 portal list shows it, and is said anew where somebody said so
before; --all confirms everything pending. Authorize and Save can be confirmed once
there is a consent: a word that is older than the consent does not count.
Whoever says so is named with --by, else ZO365_ACTOR or the system's user.`,
		Example: "  zo365 portal confirm account/setup-by account/authorize-and-save --by megan@contoso.com\n  zo365 portal confirm --all --by megan@contoso.com --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Steps = args
			return runPortalConfirm(cmd.Context(), env, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.All, "all", false, "everything that is pending")
	cmd.Flags().StringVar(&opts.By, "by", "", "UPN of who says so")
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	return cmd
}

func runPortalConfirm(ctx context.Context, env *Env, opts portalConfirmOptions) error {
	if opts.All == (len(opts.Steps) > 0) {
		return usagef("name steps, or --all; zo365 portal list shows them")
	}
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	release, err := workspace.Alone(ctx, w.Path, env.say)
	if err != nil {
		return err
	}
	defer release()
	if err := w.Reread(); err != nil {
		return err
	}
	all := controls(w)
	var chosen []render.PortalControl
	for _, c := range all {
		// What is named is said anew: an older word may be about an older consent.
		if slices.Contains(opts.Steps, c.Step) || opts.All && c.ConfirmedBy == nil {
			chosen = append(chosen, c)
		}
	}
	for _, name := range opts.Steps {
		if !slices.ContainsFunc(all, func(c render.PortalControl) bool { return c.Step == name }) {
			return hint(usagef("there is no step %q", name), "zo365 portal list")
		}
	}
	if len(chosen) == 0 {
		env.say("nothing of it is pending")
		return env.show(render.PortalListing(all))
	}
	who := opts.By
	if who == "" && opts.Yes && !env.interactive() {
		if who = signedInPerson(ctx, w); who == "" {
			return usagef("--yes says that a person saw it, and nobody is named; --by names them")
		}
	}
	if who == "" {
		who = env.actor()
	}
	for _, c := range chosen {
		env.say("  %s: %s: %s", c.Scope, c.Control, c.Choose)
	}
	if err := env.confirm(ctx, fmt.Sprintf("Does Zoom's portal show this, %s?", who), opts.Yes); err != nil {
		return err
	}
	if err := env.local(ctx, w, confirmations(w, chosen, who, opts.Yes)); err != nil {
		return err
	}
	if err := w.Reread(); err != nil {
		return err
	}
	return env.show(render.PortalListing(controls(w)))
}

// signedInPerson is the person whose sign-in is kept; empty when an application is
// signed in, or nobody. No request is made.
func signedInPerson(ctx context.Context, w *workspace.Workspace) string {
	found, err := w.Doors.MicrosoftCredential(ctx)
	if err != nil || !found.Person {
		return ""
	}
	return found.Account.Username
}

// confirmations are the steps that write a person's word down.
func confirmations(w *workspace.Workspace, chosen []render.PortalControl, who string, yes bool) []plan.Step {
	how := apply.Asked
	if yes {
		how = "--yes"
	}
	var steps []plan.Step
	for _, c := range chosen {
		code := strings.TrimPrefix(c.Step, c.Scope+"/")
		word, err := json.Marshal(apply.Word{By: who, Answer: how, Choose: c.Choose})
		if err != nil {
			panic(err) // plain values
		}
		s := plan.Step{
			ID:     "confirm/" + c.Step,
			Kind:   string(doctor.Local),
			Action: string(doctor.ConfirmPortal),
			Scope:  c.Scope,
			Target: code,
			Before: "not confirmed",
			After:  string(word),
		}
		// The application whose consent is recorded is the one that the person means.
		if a, ok := w.State.Authorizations[c.Scope]; ok && code == doctor.StepSave && !a.Application.Empty() {
			s.Application = &a.Application
		}
		steps = append(steps, s)
	}
	return steps
}

func newPortalChecklistCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "checklist [PLAN.json]",
		Short: "Write what is pending as a Markdown checklist for a ticket",
		Args:  cobra.MaximumNArgs(1),
		Long: `Write what is pending in Zoom's portal as Markdown: the pages, the controls, the values.
With a saved plan its other pages are there too: domains, the Zoom plan, credentials.`,
		Example: "  zo365 portal checklist > ticket.md\n  zo365 plan --out plan.json && zo365 portal checklist plan.json",
		RunE: func(_ *cobra.Command, args []string) error {
			name, all, err := env.checklist(args)
			if err != nil {
				return err
			}
			_, err = io.WriteString(env.Out, render.Checklist(name, all))
			return err
		},
	}
}

// checklist is what is pending by the journal, or the portal steps of a saved plan.
func (env *Env) checklist(args []string) (string, []render.PortalControl, error) {
	if len(args) == 0 {
		w, err := env.workspace(false)
		if err != nil {
			return "", nil, err
		}
		return tenantName(w.Path), controls(w), nil
	}
	p, err := readPlan(args[0])
	if err != nil {
		return "", nil, err
	}
	var all []render.PortalControl
	for _, s := range p.Steps {
		if s.Page != nil {
			all = append(
				all,
				render.PortalControl{
					Step:    strings.TrimPrefix(s.ID, "portal/"),
					Scope:   s.Scope,
					Menu:    s.Page.Menu,
					Address: s.Page.Address,
					Control: s.Page.Control,
					Choose:  s.Page.Choose,
				},
			)
		}
	}
	return p.Target.Tenant, all, nil
}
