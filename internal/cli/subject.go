package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

// factsOptions say where facts come from: live, or from a saved file.
type factsOptions struct {
	File      string
	ZoomEmail string
}

func (o *factsOptions) flags(cmd *cobra.Command) {
	o.fileFlag(cmd)
	o.emailFlag(cmd)
}

func (o *factsOptions) emailFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(
		&o.ZoomEmail,
		"zoom-email",
		"",
		"the authorizing person's Zoom email, when it is neither their UPN nor their mail address",
	)
}

// fileFlag is for commands that look at nobody in particular.
func (o *factsOptions) fileFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(
		&o.File,
		"facts",
		"",
		"take the facts from a file of zo365 facts -o json (- is standard input) instead of asking",
	)
}

// saved reads the facts file.
func (o factsOptions) saved(env *Env) (tenant.FactsFile, error) {
	var text []byte
	var err error
	if o.File == "-" {
		text, err = io.ReadAll(env.In)
	} else {
		text, err = os.ReadFile(o.File)
	}
	if err != nil {
		return tenant.FactsFile{}, fmt.Errorf("reading the facts: %w", err)
	}
	f, err := tenant.DecodeFacts(text)
	if err != nil {
		return f, hint(fmt.Errorf("%s: %w", o.File, err), "zo365 facts -o json makes such a file")
	}
	return f, nil
}

// workspace opens the tenant file and the journal of this run; optional accepts that
// there is no file.
func (env *Env) workspace(optional bool) (*workspace.Workspace, error) {
	return workspace.Open(workspace.Settings{
		Config: env.flags.config,
		Tenant: env.flags.tenant,
		Getenv: env.Getenv,
		Doors:  env.doors,
		Say:    env.say,
		Actor:  env.actor(),
	}, optional)
}

// live is a workspace that is signed in and has looked.
func (env *Env) live(ctx context.Context, optional bool, look workspace.Look) (*workspace.Workspace, error) {
	w, err := env.workspace(optional)
	if err != nil {
		return nil, err
	}
	return w, w.SignIn(ctx, look)
}

// judged is a workspace with facts, live or from a file, for commands that judge.
func (env *Env) judged(ctx context.Context, look workspace.Look, opts factsOptions) (*workspace.Workspace, error) {
	look.ZoomEmail = opts.ZoomEmail
	if opts.File == "" {
		return env.live(ctx, false, look)
	}
	w, err := env.workspace(true)
	if err != nil {
		return nil, err
	}
	if w.Path == "" {
		env.say("warning: there is no tenant file: nothing is wanted, so only the facts themselves are judged")
	}
	saved, err := opts.saved(env)
	if err != nil {
		return nil, err
	}
	w.Saved(ctx, saved)
	return w, nil
}

// unknownOptions say what becomes of checks that could not look.
type unknownOptions struct {
	Allowed []string
	FailOn  string
}

func (o *unknownOptions) flags(cmd *cobra.Command) {
	o.allowFlag(cmd)
	cmd.Flags().StringVar(
		&o.FailOn,
		"fail-on",
		"fail",
		"exit with 5 when a check could not look (unknown), or only with 3 when one fails (fail)",
	)
	completeValues(cmd, "fail-on", []string{"fail", "unknown"})
}

func (o *unknownOptions) allowFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&o.Allowed, "allow-unknown", nil, "accept that these checks could not look, by code")
}

func (o unknownOptions) check() error {
	for _, code := range o.Allowed {
		if !slices.ContainsFunc(doctor.Codes(), func(c [2]string) bool { return c[0] == code }) {
			return usagef("--allow-unknown: there is no check %q; zo365 doctor --help lists them", code)
		}
	}
	if o.FailOn != "" && o.FailOn != "fail" && o.FailOn != "unknown" {
		return usagef("--fail-on: %q is neither fail nor unknown", o.FailOn)
	}
	return nil
}

// blindError says that checks could not look, where that matters.
type blindError struct {
	codes []string
	needs []string
}

func (e *blindError) Error() string {
	return "could not see what these checks look at: " + strings.Join(e.codes, ", ")
}

// blind is the error of checks that could not look and were not accepted; nil when there
// are none.
func blind(all []doctor.Finding, codes []string) error {
	if len(codes) == 0 {
		return nil
	}
	e := &blindError{codes: codes}
	for _, f := range all {
		if f.Severity == doctor.Unknown && slices.Contains(codes, f.Code) && f.Fix != "" && !slices.Contains(e.needs, f.Fix) {
			e.needs = append(e.needs, f.Fix)
		}
	}
	return e
}

// unseen is the error under --fail-on unknown.
func (o unknownOptions) unseen(all []doctor.Finding) error {
	if o.FailOn != "unknown" {
		return nil
	}
	return blind(
		all,
		slices.DeleteFunc(doctor.Unseen(all), func(code string) bool { return slices.Contains(o.Allowed, code) }),
	)
}
