package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/reach"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

func newPermissionsCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "permissions",
		Short: "Show and trim who can reach which mailbox",
		Long: `Show which applications can reach calendars, mail, contacts and mailbox settings of
this tenant, by which grants and roles; say whether Zoom can reach one mailbox; and
take away what Zoom's application does not need.

What zo365 itself needs to be allowed is another list: zo365 auth permissions.`,
	}
	cmd.AddCommand(
		newPermissionsListCmd(env),
		newPermissionsExplainCmd(env),
		newPermissionsTestCmd(env),
		newPermissionsTrimCmd(env),
	)
	return cmd
}

// permissionFacts are what permissions and rbac look at.
var permissionFacts = append(slices.Clone(doctor.ApplicationFacts), tenant.FactScopes)

type permissionsListOptions struct {
	All bool
}

func newPermissionsListCmd(env *Env) *cobra.Command {
	var opts permissionsListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the applications that can reach mailboxes, and by which permissions",
		Long: `List Zoom's applications (for people, its two for conference rooms, any other) with
everything that they hold: application permissions by API and role, delegated grants
for everybody and for single people, roles in Exchange Online with their scopes; who
consented and when, the last sign-in, when their credentials end. For each permission:
what it allows in one sentence, and whether this integration needs it.

With --all, every publisher's application that holds an application permission to reach
mailboxes. Application access policies are shown once somebody has read them
in Exchange (zo365 rbac script --inventory): no API shows them.

The certainty says what a need rests on: documented, reported, inferred or open. Zoom's
own list of permissions is a picture, so that most needs are not documented.`,
		Example:     "  zo365 permissions list\n  zo365 permissions list --all -o csv\n  zo365 permissions list -o html > permissions.html",
		Args:        flagsOnly,
		Annotations: map[string]string{moreOutputs: "html markdown"},
		RunE:        func(cmd *cobra.Command, _ []string) error { return runPermissionsList(cmd.Context(), env, opts) },
	}
	cmd.Flags().BoolVar(&opts.All, "all", false, "applications of every publisher")
	return cmd
}

func runPermissionsList(ctx context.Context, env *Env, opts permissionsListOptions) error {
	w, err := env.live(ctx, true, workspace.Look{
		Command: "permissions list",
		Facts:   append(slices.Clone(permissionFacts), tenant.FactDelegated, tenant.FactEvents, tenant.FactSignIns),
	})
	if err != nil {
		return err
	}
	if err := w.Input.Facts.Consents.Err; err != nil {
		return err
	}
	if opts.All {
		if err := w.Everybody(ctx); err != nil {
			return err
		}
	}
	f := w.Input.Facts
	out := render.NewHoldings(doctor.Holdings(w.Input, opts.All), f.Consents.At)
	out.PoliciesKnown = w.Input.Record.Exchange != nil && w.Input.Record.Exchange.Policies != nil
	for _, one := range []struct {
		what string
		err  error
	}{
		{"roles in Exchange", f.Exchange.Err},
		{"scopes in Exchange", f.Scopes.Err},
		{"delegated grants", f.Delegated.Err},
		{"consent events", f.Events.Err},
		{"sign-ins", f.SignIns.Err},
	} {
		if one.err != nil && !errors.Is(one.err, tenant.ErrNotInCloud) {
			out.Unseen = append(out.Unseen, one.what+": "+one.err.Error())
			env.say("warning: could not see the %s: %v", one.what, one.err)
		}
	}
	listing := render.HoldingsListing(out)
	listing.Width = env.tableWidth()
	return env.show(listing)
}

// tableWidth is what a table fits into: the terminal, or all that it needs.
func (env *Env) tableWidth() int {
	if !env.Screen {
		return 0
	}
	return env.Width
}

func newPermissionsExplainCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [NAME]",
		Short: "Explain what a permission or a role in Exchange lets an application do",
		Long: `Say in a sentence what a permission of Microsoft Graph, of Office 365 Exchange Online, or
a role in Exchange lets an application do, which role in Exchange narrows it, and
whether this integration needs it by the tenant file. Without a name, list all that
zo365 knows. Needs no network and no sign-in.`,
		Example: "  zo365 permissions explain Calendars.ReadWrite\n  zo365 permissions explain 'Application Exchange Full Access'\n  zo365 permissions explain -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return runPermissionsExplain(env, args)
		},
	}
}

func runPermissionsExplain(env *Env, args []string) error {
	w, err := env.workspace(true)
	if err != nil {
		return err
	}
	names := reach.Explained()
	if len(args) == 1 {
		names = []string{strings.TrimSpace(args[0])}
	}
	all := make([]render.PermissionMeaning, len(names))
	for i, name := range names {
		all[i] = explained(w.Input, name)
	}
	if m := all[0]; len(args) == 1 && m.Certainty == "" {
		return hint(
			fmt.Errorf("zo365 does not know a permission %q", args[0]),
			"zo365 permissions explain lists those that it knows; Microsoft's page: "+m.Source,
		)
	}
	return env.show(render.PermissionMeanings(all))
}

const (
	permissionsReference = "https://learn.microsoft.com/graph/permissions-reference"
	rolesReference       = "https://learn.microsoft.com/exchange/permissions-exo/application-rbac"
)

// explained says what is known of a permission or a role; without a certainty, nothing is.
func explained(in doctor.Input, name string) render.PermissionMeaning {
	m := render.PermissionMeaning{Name: name, Gives: []string{}, Source: permissionsReference}
	for _, known := range reach.Explained() {
		if strings.EqualFold(known, name) {
			m.Name = known
		}
	}
	if gives, known := reach.RoleGives(m.Name); known {
		m.Gives, m.Mailboxes, m.Role, m.Source = gives, true, m.Name, rolesReference
		for _, p := range gives {
			m.Allows = strings.TrimSpace(m.Allows + " " + reach.Allows(strings.TrimPrefix(p, "exchange:")))
		}
		m.Narrowed = "the role's own scope"
		need, certainty, why := doctor.NeedOf(in, gives[0])
		m.Need, m.Certainty, m.Why = string(need), string(certainty), why
		return m
	}
	if !slices.Contains(reach.Explained(), m.Name) {
		return m
	}
	full := m.Name
	if full == reach.EWS {
		full = "exchange:" + full
	}
	m.Gives = []string{m.Name}
	m.Allows, m.Mailboxes = reach.Allows(m.Name), tenant.Permission{Name: m.Name}.ReachesMailboxes()
	m.Role = reach.RoleFor(full)
	switch {
	case m.Role != "":
		m.Narrowed = `the role "` + m.Role + `" with a scope, once the grant in Entra is gone (zo365 rbac)`
	case m.Mailboxes:
		m.Narrowed = "nothing: Exchange has no role for it"
	default:
		m.Narrowed = "nothing to narrow: it opens no mailbox"
	}
	need, certainty, why := doctor.NeedOf(in, full)
	m.Need, m.Certainty, m.Why = string(need), string(certainty), why
	return m
}

// atNow is now, as answers show it.
func atNow() time.Time { return time.Now().UTC().Truncate(time.Second) }
