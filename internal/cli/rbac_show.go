package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

func newRBACShowCmd(env *Env) *cobra.Command {
	var opts rbacOptions
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show which mailboxes Zoom is narrowed to, and what is still to do",
		Long: `Show what the profiles want, which grants and roles Zoom's application holds, who is in
the scopes, when the roles were tested and until when Exchange's cache has to be waited
for, and what somebody read in Exchange Online PowerShell. Nothing is changed.`,
		Example: "  zo365 rbac show\n  zo365 rbac show -o json",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACShow(cmd.Context(), env, opts) },
	}
	opts.flags(cmd)
	return cmd
}

func runRBACShow(ctx context.Context, env *Env, opts rbacOptions) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	n, p, err := env.narrowing(ctx, w, "rbac show", opts)
	if err != nil {
		return err
	}
	return env.show(render.NarrowingListing(narrowingShown(w, n, p, opts)))
}

func narrowingShown(w *workspace.Workspace, n doctor.Narrowing, p plan.Plan, opts rbacOptions) render.Narrowing {
	in := w.Input
	c := doctor.ZoomApplication(in)
	if opts.Rooms && in.About == "" { // none was chosen
		c = doctor.Choice{}
	}
	out := render.Narrowing{
		State:    "narrowed",
		Wanted:   []render.WantedScope{},
		Grants:   []string{},
		Roles:    []string{},
		Policies: []string{},
		Open:     append([]string{}, n.Open...),
		Problem:  n.Problem,
		Next:     n.Fix,
	}
	for i, m := range n.Wanted.Scopes {
		one := render.WantedScope{Scope: m.String()}
		if i < len(n.Members) && n.Members[i] != nil {
			people := len(n.Members[i].People)
			one.Mailboxes, one.Nested = &people, append([]string{}, n.Members[i].Groups...)
		}
		out.Wanted = append(out.Wanted, one)
	}
	if c.Principal != nil {
		out.Application, out.AppID = c.Principal.DisplayName, c.Principal.AppID
		for _, g := range c.Grants {
			if g.Permission.ReachesMailboxes() {
				out.Grants = append(out.Grants, g.Permission.Label())
			}
		}
		app := doctor.ReachOf(in, c.Consent)
		for _, r := range app.Roles {
			out.Roles = append(out.Roles, doctor.RoleLabel(in, r))
		}
		out.PoliciesKnown = app.PoliciesUnseen == "" && in.Record.Exchange != nil
		for _, p := range app.Policies {
			if p.For(c.Principal.AppID) {
				out.Policies = append(out.Policies, p.Right+" "+p.Group)
			}
		}
		if since, ok := in.Record.Tested[doctor.Fingerprint(app.Roles)]; ok {
			until := since.Add(opts.Cache)
			out.TestedAt, out.CacheUntil = &since, &until
		}
	}
	if e := in.Record.Exchange; e != nil {
		out.ReadBy, out.ReadAt = e.By, &e.At
	}
	blocked := p.Blocked()
	switch {
	case len(n.Wanted.Scopes) == 0:
		out.State = "not wanted"
	case n.Problem != "":
		out.State = "not possible"
	case blocked != nil:
		out.State, out.Problem, out.Next = "blocked", blocked.Why, blocked.Fix
	case out.CacheUntil != nil && takes(n) && time.Now().Before(*out.CacheUntil):
		out.State, out.Next = "waiting", "zo365 rbac apply"+opts.roomsFlags()+" after "+out.CacheUntil.UTC().Format(
			time.RFC3339,
		)
	case len(n.Wide) > 0:
		out.State, out.Problem, out.Next = "wider", strings.Join(n.Wide, "; "), "zo365 permissions list"
	case !p.Empty():
		out.State, out.Next = "to do", "zo365 rbac plan"+opts.roomsFlags()
	}
	return out
}
