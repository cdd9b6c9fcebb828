package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

type doctorOptions struct {
	Facts factsOptions
	Fleet fleetOptions
	Only  []string
	// All shows also what passed and what does not apply.
	All bool

	Unknown unknownOptions
}

func newDoctorCmd(env *Env) *cobra.Command {
	var opts doctorOptions
	var checks strings.Builder
	for _, c := range doctor.Codes() {
		fmt.Fprintf(&checks, "    %-20s %s\n", c[0], c[1])
	}
	cmd := &cobra.Command{
		Use:   "doctor [FILE...]",
		Short: "Check every requirement and limit of the integration",
		Long: `Hold the tenant file and the journal beside what Microsoft and Zoom show, and check
every requirement and limit of Zoom's article. Each finding says what was seen and
where, why it matters, and the command that fixes it; zo365 plan shows the fixes that
zo365 apply can make.

Problems come first, each with why it matters and its fix; what passed is counted in one
line, and shown with --all. A check that could not look is "unknown" and names the missing permission; one that
does not apply is "skipped". Neither is "ok". Findings can be muted in the tenant file, with a reason and a last day.

Checks:

` + checks.String() + `
-o junit and -o sarif are for pipelines. Several tenant files, or -f, check a fleet.

Exit codes: 3 when a finding that is not muted fails; 5 with --fail-on unknown when
nothing fails and a check could not look (--allow-unknown accepts it).`,
		Example: strings.TrimPrefix(`
  zo365 doctor
  zo365 doctor --check domain-match,signer-upn -o json
  zo365 doctor -o sarif > doctor.sarif
  zo365 doctor -f 'tenants/*.yaml' --log-dir logs
  zo365 doctor --facts facts.json`, "\n"),
		Annotations: map[string]string{moreOutputs: "junit sarif"},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Fleet.Files = append(opts.Fleet.Files, args...)
			return runDoctor(cmd.Context(), env, opts)
		},
	}
	opts.Facts.flags(cmd)
	opts.Fleet.flags(cmd)
	opts.Unknown.flags(cmd)
	cmd.Flags().StringSliceVar(&opts.Only, "check", nil, "these checks only, by code")
	cmd.Flags().BoolVar(&opts.All, "all", false, "show also the checks that passed or do not apply")
	return cmd
}

func runDoctor(ctx context.Context, env *Env, opts doctorOptions) error {
	if err := opts.Unknown.check(); err != nil {
		return err
	}
	for _, code := range opts.Only {
		if !slices.ContainsFunc(doctor.Codes(), func(c [2]string) bool { return c[0] == code }) {
			return usagef("there is no check %q; zo365 doctor --help lists them", code)
		}
	}
	files, err := opts.Fleet.fleetFacts(env, opts.Facts)
	if err != nil {
		return err
	}
	if files != nil {
		return doctorFleet(ctx, env, opts, files)
	}
	env = opts.Fleet.only(env)
	w, all, err := examine(ctx, env, opts)
	if err != nil {
		return err
	}
	people := render.DoctorView{All: opts.All || len(opts.Only) > 0, Width: env.tableWidth()}
	if err := env.show(render.DoctorListing(all, w.Path, people)); err != nil {
		return err
	}
	value := render.NewDoctor(all)
	env.say("%s", severities(value.Counts))
	if !value.OK {
		return errCheckFailed
	}
	return opts.Unknown.unseen(all)
}

func doctorFleet(ctx context.Context, env *Env, opts doctorOptions, files []string) error {
	return env.fleet(ctx, opts.Fleet, files, func(ctx context.Context, env *Env) (fleetResult, error) {
		_, all, err := examine(ctx, env, opts)
		if err != nil {
			return fleetResult{}, err
		}
		value := render.NewDoctor(all)
		r := fleetResult{Words: severities(value.Counts), Full: value}
		switch {
		case !value.OK:
			r.Code = exitCheckFailed
		case opts.Unknown.unseen(all) != nil:
			r.Code = exitPermission
		}
		return r, nil
	})
}

// examine looks at what the checks need, no more, and runs them.
func examine(ctx context.Context, env *Env, opts doctorOptions) (*workspace.Workspace, []doctor.Finding, error) {
	look := workspace.Look{Command: "doctor"}
	if len(opts.Only) > 0 {
		look.Facts = doctor.FactsFor(opts.Only)
	}
	w, err := env.judged(ctx, look, opts.Facts)
	if err != nil {
		return nil, nil, err
	}
	all := w.Findings()
	if len(opts.Only) > 0 {
		all = slices.DeleteFunc(all, func(f doctor.Finding) bool { return !slices.Contains(opts.Only, f.Code) })
	}
	return w, all, nil
}

// severities counts in words.
func severities(n render.SeverityCounts) string {
	var parts []string
	for _, one := range []struct {
		n    int
		word string
	}{
		{n.Fail, "fail"},
		{n.Unknown, "unknown"},
		{n.Warn, "warn"},
		{n.Muted, "muted"},
		{n.Info, "info"},
		{n.OK, "ok"},
		{n.Skipped, "skipped"},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.word))
		}
	}
	return strings.Join(parts, ", ")
}
