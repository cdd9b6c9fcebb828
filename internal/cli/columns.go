package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/render"
)

// columnOptions choose the columns of a table.
type columnOptions struct {
	Columns []string
	Wide    bool
}

func (o *columnOptions) columnFlags(cmd *cobra.Command, all []string) {
	f := cmd.Flags()
	f.StringSliceVar(&o.Columns, "columns", nil, "only these columns, in this order: "+strings.Join(all, ", "))
	f.BoolVar(&o.Wide, "wide", false, "all columns, although the terminal is too narrow for them")
	cmd.MarkFlagsMutuallyExclusive("columns", "wide")
	completeValues(cmd, "columns", all)
}

// checkColumns says that a column is none, or that the format has no columns.
func (o columnOptions) checkColumns(env *Env, all []string) error {
	for _, name := range o.Columns {
		if !slices.Contains(all, name) {
			return usagef("--columns: %q is not a column; use %s", name, strings.Join(all, ", "))
		}
	}
	switch render.Format(env.settings.Output) {
	case render.JSON, render.YAML, render.NDJSON:
		if len(o.Columns) > 0 {
			return usagef("--columns: -o %s has no columns; use -o csv, table, markdown or html", env.settings.Output)
		}
	case render.Table, render.CSV, render.HTML, render.Markdown, render.JUnit, render.SARIF:
	}
	return nil
}

// chosen is a listing with the columns that were chosen.
func (o columnOptions) chosen(l render.Listing) render.Listing {
	l.Chosen = o.Columns
	return l
}

// fitted is a listing with the columns that were chosen and that the terminal has room for.
func (o columnOptions) fitted(env *Env, l render.Listing) render.Listing {
	l = o.chosen(l)
	if env.Screen && !o.Wide && len(o.Columns) == 0 { // whoever chose columns wants them
		l.Width, l.Left = env.Width, env.sayLeft
	}
	return l
}

// sayLeft says which columns a terminal had no room for.
func (env *Env) sayLeft(columns []string) {
	env.say("no room for %s; --wide shows all, --columns the ones that you choose", strings.Join(columns, ", "))
}
