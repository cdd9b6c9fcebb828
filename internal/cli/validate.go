package cli

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/render"
)

func newValidateCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [FILE...]",
		Short: "Check tenant files and saved plans, without asking anybody",
		Long: `Check whether tenant files and saved plans can be read: unknown keys, values that are not
allowed, combinations that Zoom refuses, a plan that was edited into something else. No
request is made. Without a file it is the tenant file that other commands would take.

Exit codes: 1 when a file is not valid.`,
		Example: "  zo365 validate\n  zo365 validate tenants/*.yaml\n  zo365 validate plan.json -o json",
		RunE:    func(_ *cobra.Command, args []string) error { return runValidate(env, args) },
	}
}

func runValidate(env *Env, files []string) error {
	if len(files) == 0 {
		doc, err := env.document()
		if err != nil {
			return err
		}
		files = []string{doc.Path}
	}
	out := render.Validation{Files: []render.Validated{}}
	valid := true
	for _, file := range files {
		one := validated(file)
		valid = valid && one.Valid
		out.Files = append(out.Files, one)
	}
	if err := env.show(render.ValidationListing(out)); err != nil {
		return err
	}
	if !valid {
		return hint(
			errors.New("not every file is valid"),
			"docs/zo365.schema.json and docs/plan.schema.json describe the files",
		)
	}
	return nil
}

// validated is one file, by what it is.
func validated(file string) render.Validated {
	one := render.Validated{File: file, Kind: "tenant file", Problems: []string{}}
	text, err := os.ReadFile(file)
	if err == nil && isPlan(text) {
		one.Kind = "plan"
		_, err = plan.Decode(file, text)
	} else if err == nil {
		var doc *config.Document
		if doc, err = config.Load(file); err == nil {
			for _, w := range doc.Warnings {
				one.Problems = append(one.Problems, "warning: "+w.String())
			}
		}
	}
	if one.Valid = err == nil; !one.Valid {
		one.Problems = strings.Split(err.Error(), "\n")
	}
	return one
}

// isPlan says whether a text means to be a saved plan, broken or not.
func isPlan(text []byte) bool {
	trimmed := strings.TrimSpace(string(text))
	return strings.HasPrefix(trimmed, "{") && strings.Contains(trimmed, `"`+plan.Format+`"`)
}

func newPlanShowCmd(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Long: `Show what a saved plan would do, as zo365 plan shows a new one: for which tenant and
account it is, its steps, and what is in their way. No request is made.`,
		Example:     "  zo365 plan show plan.json\n  zo365 plan show plan.json -o markdown",
		Args:        one("a saved plan"),
		Annotations: map[string]string{moreOutputs: "markdown"},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := env.readInput(args[0])
			if err != nil {
				return hint(err, "zo365 plan --out FILE saves one")
			}
			p, err := plan.Decode(args[0], text)
			if err != nil {
				return hint(err, "make a new one: zo365 plan --out FILE")
			}
			env.say("for the tenant %s and the Zoom account %s, made %s", p.Target.Tenant, p.Target.ZoomAccount,
				p.At.UTC().Format("2006-01-02 15:04 MST"))
			return env.show(render.PlanListing(p))
		},
	}
}
