package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

type rbacScriptOptions struct {
	rbac      rbacOptions
	Inventory bool
	Out       string
}

func newRBACScriptCmd(env *Env) *cobra.Command {
	var opts rbacScriptOptions
	cmd := &cobra.Command{
		Use:   "script",
		Short: "Write the plan as a script for Exchange Online PowerShell",
		Long: `Write the plan as a PowerShell script, for those who want to read it and run it
themselves, and for what no API can do: making Exchange know the application
(New-ServicePrincipal), and reading and removing application access policies. It can be
run again, knows -WhatIf, refuses another tenant, and tests mailboxes in and out of scope
at its end. Its result is a JSON file that zo365 rbac confirm takes as evidence.

--inventory writes a script that only reads.`,
		Example: strings.TrimPrefix(`
  zo365 rbac script --inventory --out inventory.ps1
  zo365 rbac script --out narrow.ps1`, "\n"),
		Args: flagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRBACScript(cmd.Context(), env, opts) },
	}
	opts.rbac.flags(cmd)
	cmd.Flags().BoolVar(
		&opts.Inventory,
		"inventory",
		false,
		"read only: roles, scopes, access policies, the setting for EWS",
	)
	cmd.Flags().StringVar(&opts.Out, "out", "", "write to this file instead of standard output")
	return cmd
}

func runRBACScript(ctx context.Context, env *Env, opts rbacScriptOptions) error {
	w, err := env.workspace(false)
	if err != nil {
		return err
	}
	opts.rbac.script = true
	n, p, err := env.narrowing(ctx, w, "rbac script", opts.rbac)
	if err != nil {
		return err
	}
	if opts.rbac.Rooms && w.Input.About == "" { // none was chosen
		return problemOf(w, n)
	}
	c := doctor.ZoomApplication(w.Input)
	switch {
	case c.Principal == nil:
		return noApplication(c)
	case w.Basis["microsoft"] != tenant.HalfSeen:
		return errors.New("the tenant was not seen, so that no script can be made for it")
	}
	s := render.Script{
		Plan:      p,
		App:       c.Application(),
		Name:      c.Principal.DisplayName,
		Inventory: opts.Inventory,
	}
	s.Plan.Target = w.Input.Target
	if !opts.Inventory {
		env.sayOpen(n)
		if err := problemOf(w, n); err != nil {
			return err
		}
		if b := p.Blocked(); b != nil {
			return hint(&blockedError{*b}, b.Fix)
		}
		s.In, s.Out = samples(w, n, opts.rbac.Test)
		if len(s.In) == 0 && takes(n) {
			s.Plan = s.Plan.Without(slices.DeleteFunc(slices.Clone(s.Plan.Steps), func(one plan.Step) bool {
				taking := []doctor.Action{doctor.RevokePermission, doctor.RemoveRole, doctor.RemovePolicy}
				return !slices.Contains(taking, doctor.Action(one.Action))
			}))
			env.say("note: the script removes nothing, since it tests no mailbox in scope; name one with --test UPN")
		}
		if len(s.Out) == 0 && len(s.In) > 0 {
			env.say("note: the script tests no mailbox that is out of scope; name one with --test UPN")
		}
	}
	text, err := s.PowerShell()
	if err != nil {
		return err
	}
	if opts.Out == "" {
		_, err := env.Out.Write(text)
		return err
	}
	if !strings.EqualFold(filepath.Ext(opts.Out), ".ps1") {
		return usagef("--out %s: name a file that ends in .ps1", opts.Out)
	}
	if err := atomicfile.Write(opts.Out, text, 0o600); err != nil {
		return err
	}
	env.say(
		"saved as %s; run it in Exchange Online PowerShell, then: zo365 rbac confirm --from zo365-exchange-result.json",
		opts.Out,
	)
	return nil
}

// samples are a few mailboxes in scope and those out of it that are known, to test; named are
// those that somebody named.
func samples(w *workspace.Workspace, n doctor.Narrowing, named []string) (in, out []string) {
	const most = 5
	inScope := map[string]bool{}
	for _, m := range n.Members {
		if m == nil {
			return named, nil // whom a filter matches is for Exchange to say
		}
		for _, p := range m.People {
			inScope[strings.ToLower(p.UPN)] = true
			if len(in) < most {
				in = append(in, p.UPN)
			}
		}
	}
	if me := w.Input.Facts.Me; me.Seen() && me.Value.UPN != "" {
		named = append(slices.Clone(named), me.Value.UPN)
	}
	for _, upn := range distinct(named) {
		switch {
		case !inScope[strings.ToLower(upn)]:
			out = append(out, upn)
		case !slices.ContainsFunc(in, func(one string) bool { return strings.EqualFold(one, upn) }):
			in = append(in, upn)
		}
	}
	return in, out
}

type rbacConfirmOptions struct {
	From, By string
}

func newRBACConfirmCmd(env *Env) *cobra.Command {
	var opts rbacConfirmOptions
	cmd := &cobra.Command{
		Use:   "confirm",
		Short: "Take the result of a script as evidence",
		Long: `Read the result of a script of zo365 rbac script and keep it in the journal, with who
handed it over and when the script ran: roles and scopes, access policies (which no API
shows), tests of mailboxes, and the organization's setting for Exchange Web Services.`,
		Example: "  zo365 rbac confirm --from zo365-exchange-result.json --by admin@contoso.com",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRBACConfirm(cmd.Context(), env, opts) },
	}
	cmd.Flags().StringVar(&opts.From, "from", "", "the result (- is standard input)")
	cmd.Flags().StringVar(&opts.By, "by", "", "UPN of who ran the script; default: who runs zo365")
	return cmd
}

func runRBACConfirm(ctx context.Context, env *Env, opts rbacConfirmOptions) error {
	if opts.From == "" {
		return usagef("name the result with --from FILE")
	}
	text, err := env.readInput(opts.From)
	if err != nil {
		return fmt.Errorf("reading the result: %w", err)
	}
	e, tenantID, err := export.ExchangeResult(text)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", opts.From, err), "zo365 rbac script --inventory writes the script that makes it")
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
	if err := w.Reload(); err != nil {
		return err
	}
	if err := w.SameTarget(ctx, tenant.Target{Tenant: tenantID}); err != nil {
		return hint(err, otherTarget)
	}
	if e.At.After(time.Now().Add(time.Hour)) {
		return fmt.Errorf("%s: at: %s is in the future", opts.From, e.At.Format(time.RFC3339))
	}
	if old := w.State.Exchange; old != nil && old.At.After(e.At) {
		return hint(fmt.Errorf("%s is of %s, and the journal knows a newer one of %s",
			opts.From, e.At.Format(time.RFC3339), old.At.Format(time.RFC3339)), "run the script again")
	}
	e.By = opts.By
	if e.By == "" {
		e.By = env.actor()
	}
	entry, err := apply.EvidenceEntry(e)
	if err != nil {
		return err
	}
	if err := w.Recorder().Entry(ctx, entry); err != nil {
		return err
	}
	env.say("recorded; next: zo365 rbac show")
	return env.show(render.EvidenceListing(e))
}
