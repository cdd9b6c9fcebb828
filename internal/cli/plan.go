package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/atomicfile"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/workspace"
)

type planOptions struct {
	Facts    factsOptions
	Fleet    fleetOptions
	Unknown  unknownOptions
	Out      string
	Detailed bool
	Drift    bool
}

func newPlanCmd(env *Env) *cobra.Command {
	var opts planOptions
	cmd := &cobra.Command{
		Use:   "plan [FILE...]",
		Short: "Show what has to be done, and by whom",
		Long: `Hold the tenant file beside what is there and show the remedies of zo365 doctor's
findings as steps, in order: what Microsoft Graph can do, what Zoom's API can do,
what only a person can click in a portal (where, the control, the value, and what
zo365 looks for as proof), and what zo365 notes in the journal. Nothing is changed.

--out saves the plan as JSON (docs/plan.schema.json) for zo365 apply, with the
fingerprints of the facts that it was made from. It holds no secret.

--drift compares reality with what it was when everything was last as wanted, which
the journal knows: consent revoked, a permission added, a domain removed, a group
profile without its group.

Several tenant files, or -f, plan a fleet; then --out names a folder.

The plan also lists every finding that fails or warns and that no step mends, and marks
steps that cannot succeed before a failing check passes as blocked.

Exit codes: 2 with --detailed-exitcode when there is something to do, and with
--drift when something moved; 5 with --fail-on unknown when a check could not look
(--allow-unknown accepts it); otherwise 0.`,
		Example: strings.TrimPrefix(`
  zo365 plan
  zo365 plan --out plan.json && zo365 apply plan.json
  zo365 plan -o markdown > comment.md
  zo365 plan --drift -o json
  zo365 plan -f 'tenants/*.yaml' --detailed-exitcode --out plans`, "\n"),
		Annotations: map[string]string{moreOutputs: "markdown"},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Fleet.Files = append(opts.Fleet.Files, args...)
			return runPlan(cmd.Context(), env, opts)
		},
	}
	opts.Facts.flags(cmd)
	opts.Fleet.flags(cmd)
	opts.Unknown.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Out, "out", "", "save the plan to this file; a folder with several tenants")
	f.BoolVar(&opts.Detailed, "detailed-exitcode", false, "exit with 2 when there is something to do")
	f.BoolVar(
		&opts.Drift,
		"drift",
		false,
		"show what moved since everything was last as wanted; exit with 2 when something did",
	)
	cmd.AddCommand(newPlanShowCmd(env))
	return cmd
}

func runPlan(ctx context.Context, env *Env, opts planOptions) error {
	if err := opts.Unknown.check(); err != nil {
		return err
	}
	if opts.Drift && opts.Out != "" {
		return usagef("--drift makes no plan; leave --out away")
	}
	files, err := opts.Fleet.fleetFacts(env, opts.Facts)
	if err != nil {
		return err
	}
	if files != nil {
		return planFleet(ctx, env, opts, files)
	}
	env = opts.Fleet.only(env)
	w, err := env.judged(ctx, workspace.Look{Command: "doctor"}, opts.Facts)
	if err != nil {
		return err
	}
	if opts.Drift {
		return runDrift(env, w, opts)
	}
	p := w.Plan()
	env.sayUnseen(p)
	if opts.Out != "" {
		if err := savePlan(p, opts.Out); err != nil {
			return err
		}
		env.say("saved as %s; next: zo365 apply %s", opts.Out, opts.Out)
	}
	if err := env.show(render.PlanListing(p)); err != nil {
		return err
	}
	if err := opts.Unknown.unseen(w.Findings()); err != nil {
		return err
	}
	if opts.Detailed && !p.Empty() {
		return errDiffers
	}
	return nil
}

func planFleet(ctx context.Context, env *Env, opts planOptions, files []string) error {
	if opts.Out != "" {
		if err := os.MkdirAll(opts.Out, 0o755); err != nil {
			return fmt.Errorf("making the plans' folder: %w", err)
		}
	}
	return env.fleet(
		ctx,
		opts.Fleet,
		files,
		func(ctx context.Context, env *Env) (fleetResult, error) { return planOne(ctx, env, opts) },
	)
}

// errDiffers ends a command whose output has said that there are differences.
var errDiffers = errors.New("there are differences")

func savePlan(p plan.Plan, file string) error {
	text, err := p.Encode()
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	err = atomicfile.Write(file, text, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return hint(err, "make the folder first: mkdir -p "+shell.Word(filepath.Dir(file)))
	}
	return err
}

// planOne is the plan or the drift of one tenant of a fleet.
func planOne(ctx context.Context, env *Env, opts planOptions) (fleetResult, error) {
	w, err := env.judged(ctx, workspace.Look{Command: "doctor"}, opts.Facts)
	if err != nil {
		return fleetResult{}, err
	}
	unseen := opts.Unknown.unseen(w.Findings())
	if opts.Drift {
		l, moved, err := drift(w)
		if err != nil {
			return fleetResult{}, err
		}
		r := fleetResult{Words: driftWords(l, moved), Full: l.Value}
		switch {
		case unseen != nil:
			r.Code = exitPermission
		case moved > 0:
			r.Code = exitDiffers
		}
		return r, nil
	}
	p := w.Plan()
	env.sayUnseen(p)
	if opts.Out != "" {
		if err := savePlan(p, filepath.Join(opts.Out, env.name+".plan.json")); err != nil {
			return fleetResult{}, err
		}
	}
	r := fleetResult{Words: planWords(p), Full: p}
	switch {
	case unseen != nil:
		r.Code = exitPermission
	case opts.Detailed && !p.Empty():
		r.Code = exitDiffers
	}
	return r, nil
}

func planWords(p plan.Plan) string {
	words := "nothing to do"
	if !p.Empty() {
		n := p.Count()
		words = fmt.Sprintf("%d graph, %d zoom, %d portal, %d local", n["graph"], n["zoom"], n["portal"], n["local"])
	}
	if b := p.Blocked(); b != nil {
		words += ", blocked by " + b.Check
	}
	if len(p.Open) > 0 {
		words += fmt.Sprintf(", %d not mended by a step", len(p.Open))
	}
	if len(p.Unseen) > 0 {
		words += ", not seen: " + strings.Join(p.Unseen, ", ")
	}
	return words
}

func runDrift(env *Env, w *workspace.Workspace, opts planOptions) error {
	l, moved, err := drift(w)
	if err != nil {
		return err
	}
	if err := env.show(l); err != nil {
		return err
	}
	if unseen := l.Value.(render.Drift).Unseen; len(unseen) > 0 {
		env.say("warning: not compared, since it could not be seen: %s; zo365 doctor says why", strings.Join(unseen, ", "))
	}
	if err := opts.Unknown.unseen(w.Findings()); err != nil {
		return err
	}
	if moved > 0 {
		return errDiffers
	}
	return nil
}

func driftWords(l render.Listing, moved int) string {
	words := fmt.Sprintf("%d moved", moved)
	if unseen := l.Value.(render.Drift).Unseen; len(unseen) > 0 {
		words += ", not compared: " + strings.Join(unseen, ", ")
	}
	return words
}

func drift(w *workspace.Workspace) (render.Listing, int, error) {
	b, err := w.Baseline()
	if err != nil {
		return render.Listing{}, 0, err
	}
	if b == nil {
		return render.Listing{}, 0, hint(
			errors.New("the journal has no state to measure drift against"),
			"zo365 apply records it once everything is as wanted",
		)
	}
	moved, unseen := plan.Drift(*b, w.Input)
	return render.DriftListing(b.At, moved, unseen), len(moved), nil
}
