package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/config"
	"github.com/zo365/zo365/internal/menu"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

func newGroupCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Group profiles",
		Long: `List, show, set and remove group profiles. A group inherits from the account what
its profile does not set. Names are checked against Zoom when you are signed in;
a warning says so when you are not.`,
	}
	cmd.AddCommand(newGroupListCmd(env), newGroupShowCmd(env), newGroupSetCmd(env), newGroupUnsetCmd(env))
	return cmd
}

func newGroupListCmd(env *Env) *cobra.Command {
	var from factsOptions
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List Zoom's groups beside the file's profiles",
		Long:    "List the groups of the Zoom account beside the group profiles of the tenant file.",
		Example: "  zo365 group list\n  zo365 group list -o csv\n  zo365 group list --facts facts.json",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runGroupList(cmd.Context(), env, from) },
	}
	from.fileFlag(cmd)
	return cmd
}

// knownGroups are Zoom's, live or from a file of facts.
func (env *Env) knownGroups(
	ctx context.Context,
	file profile.File,
	from factsOptions,
) (groups []tenant.ZoomGroup, looked bool, err error) {
	if from.File == "" {
		return env.zoomGroups(ctx, file)
	}
	saved, err := from.saved(env)
	if err != nil {
		return nil, false, err
	}
	facts := saved.Facts
	if !facts.ZoomGroups.Seen() {
		env.say("warning: group names are not checked against Zoom: %v", facts.ZoomGroups.Err)
	}
	return facts.ZoomGroups.Value, facts.ZoomGroups.Seen(), nil
}

func runGroupList(ctx context.Context, env *Env, from factsOptions) error {
	doc, err := env.document()
	if err != nil {
		return err
	}
	known, looked, err := env.knownGroups(ctx, doc.File, from)
	if err != nil {
		return err
	}
	out := render.Groups{Groups: []render.Group{}, CheckedAgainstZoom: looked}
	for _, g := range known {
		out.Groups = append(out.Groups, groupOf(doc.File, g.Name, known, looked))
	}
	for _, g := range doc.File.Groups {
		if !slices.ContainsFunc(known, func(z tenant.ZoomGroup) bool { return profile.SameName(z.Name, g.Name) }) {
			out.Groups = append(out.Groups, groupOf(doc.File, g.Name, known, looked))
		}
	}
	slices.SortFunc(
		out.Groups,
		func(a, b render.Group) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) },
	)
	return env.show(render.GroupListing(out))
}

// zoomGroups lists Zoom's groups; looked is false, with a warning, when nobody is
// signed in.
func (env *Env) zoomGroups(ctx context.Context, file profile.File) (groups []tenant.ZoomGroup, looked bool, err error) {
	doors, err := env.doors(file)
	if err != nil {
		return nil, false, err
	}
	client, _, err := doors.Zoom(ctx)
	if err == nil {
		groups, err = client.Groups(ctx)
	}
	var stop *tenant.StopError
	switch {
	case err == nil:
		return groups, true, nil
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case errors.As(err, &stop) && stop.Reason == tenant.OutOfPatience:
		return nil, false, err
	}
	env.say("warning: group names are not checked against Zoom: %v", err)
	return nil, false, nil
}

func groupOf(f profile.File, name string, known []tenant.ZoomGroup, looked bool) render.Group {
	g := render.Group{Name: name}
	g.Effective, _ = f.Effective(name) // a group without a profile inherits
	if own, ok := f.Find(name); ok {
		g.Profile = &own.Settings
	}
	if looked {
		in := false
		for _, z := range known {
			if profile.SameName(z.Name, name) {
				in, g.Members = true, &z.Members
			}
		}
		g.InZoom = &in
	}
	return g
}

func newGroupShowCmd(env *Env) *cobra.Command {
	var from factsOptions
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show one group's settings and where each comes from",
		Long:    "Show the effective settings of one group, and for each whether it is the group's own or the account's.",
		Example: "  zo365 group show Sales",
		Args:    one("a group"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runGroupShow(cmd.Context(), env, from, args[0]) },
	}
	from.fileFlag(cmd)
	return cmd
}

func runGroupShow(ctx context.Context, env *Env, from factsOptions, name string) error {
	doc, err := env.document()
	if err != nil {
		return err
	}
	known, looked, err := env.knownGroups(ctx, doc.File, from)
	if err != nil {
		return err
	}
	g := groupOf(doc.File, name, known, looked)
	if g.Profile == nil && (g.InZoom == nil || !*g.InZoom) {
		return unknownGroup(name, known, looked)
	}
	return env.show(render.OneGroupListing(g))
}

type groupSetOptions struct {
	Name    string
	Values  map[string]*string
	NoCheck bool
	Yes     bool
}

func newGroupSetCmd(env *Env) *cobra.Command {
	opts := groupSetOptions{Values: map[string]*string{}}
	cmd := &cobra.Command{
		Use:     "set NAME",
		Short:   "Set settings of a group",
		Long:    "Set settings in a group's profile; the profile is made when there is none. What is not set is inherited from the account.",
		Example: "  zo365 group set Sales --setup-by users\n  zo365 group set Engineering --enabled false --yes",
		Args:    one("a group"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Name = args[0]
			return runGroupSet(cmd.Context(), env, opts)
		},
	}
	for _, key := range profile.Keys {
		flag := strings.ReplaceAll(key, "_", "-")
		usage := strings.Join(profile.Allowed(key), " or ")
		if usage == "" {
			usage = mailboxScopeUsage
		}
		opts.Values[key] = cmd.Flags().String(flag, "", usage)
		completeValues(cmd, flag, profile.Allowed(key))
	}
	cmd.Flags().BoolVar(&opts.NoCheck, "no-check", false, "do not check the name against Zoom")
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	return cmd
}

const mailboxScopeUsage = "which mailboxes Zoom may reach: group:NAME, administrative_unit:NAME, recipient_filter:FILTER, or none"

func runGroupSet(ctx context.Context, env *Env, opts groupSetOptions) error {
	var wanted []config.Setting
	for _, key := range profile.Keys {
		if value := *opts.Values[key]; value != "" {
			wanted = append(wanted, config.Setting{Key: key, Value: value})
		}
	}
	if len(wanted) == 0 {
		return usagef("%v; name at least one setting, for example --setup-by users", errNoProfileChange)
	}
	doc, err := env.document()
	if err != nil {
		return err
	}
	name := opts.Name
	if g, ok := doc.File.Find(name); ok {
		name = g.Name
	}
	if !opts.NoCheck {
		known, looked, err := env.zoomGroups(ctx, doc.File)
		if err != nil {
			return err
		}
		if looked && !slices.ContainsFunc(known, func(z tenant.ZoomGroup) bool { return profile.SameName(z.Name, name) }) {
			return unknownGroup(name, known, looked)
		}
	}
	out, err := env.change(ctx, profileChange{
		Change: workspace.Change{
			Group: name,
			Edit:  func(doc *config.Document) error { return doc.SetSettings(name, wanted) },
		},
		Yes:      opts.Yes,
		Question: "Change the profile of the group " + name + "?",
	})
	if err != nil {
		return settingError(err)
	}
	return env.show(render.ChangeListing(out))
}

type groupUnsetOptions struct {
	Name string
	Keys []string
	Yes  bool
}

func newGroupUnsetCmd(env *Env) *cobra.Command {
	var opts groupUnsetOptions
	cmd := &cobra.Command{
		Use:     "unset NAME [SETTING...]",
		Short:   "Let a group inherit again",
		Long:    "Remove the named settings from a group's profile, so that it inherits them from the account; without a setting the whole profile is removed.",
		Example: "  zo365 group unset Sales setup_by\n  zo365 group unset Sales --yes",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Name, opts.Keys = args[0], args[1:]
			return runGroupUnset(cmd.Context(), env, opts)
		},
	}
	cmd.Flags().BoolVarP(&opts.Yes, "yes", "y", false, "do not ask")
	return cmd
}

func runGroupUnset(ctx context.Context, env *Env, opts groupUnsetOptions) error {
	for i, key := range opts.Keys {
		opts.Keys[i] = strings.ReplaceAll(key, "-", "_")
		if !slices.Contains(profile.Keys, opts.Keys[i]) {
			return usagef("%q is not a setting; use %s", key, strings.Join(profile.Keys, ", "))
		}
	}
	doc, err := env.document()
	if err != nil {
		return err
	}
	g, ok := doc.File.Find(opts.Name)
	if !ok {
		return &profile.NoGroupError{Name: opts.Name}
	}
	out, err := env.change(ctx, profileChange{
		Yes:      opts.Yes,
		Question: "Change the profile of the group " + g.Name + "?",
		Change: workspace.Change{Group: g.Name, Edit: func(doc *config.Document) error {
			if len(opts.Keys) == 0 {
				return doc.RemoveGroup(g.Name)
			}
			for _, key := range opts.Keys {
				if err := doc.UnsetSetting(g.Name, key); err != nil {
					return err
				}
			}
			return nil
		}},
	})
	if err != nil {
		return settingError(err)
	}
	return env.show(render.ChangeListing(out))
}

// groupNamed finds a group among Zoom's.
func groupNamed(known []tenant.ZoomGroup, name string) (tenant.ZoomGroup, error) {
	for _, g := range known {
		if profile.SameName(g.Name, name) {
			return g, nil
		}
	}
	return tenant.ZoomGroup{}, unknownGroup(name, known, true)
}

func unknownGroup(name string, known []tenant.ZoomGroup, looked bool) error {
	if !looked {
		return &profile.NoGroupError{Name: name}
	}
	names := make([]string, len(known))
	for i, g := range known {
		names[i] = g.Name
	}
	next := "the Zoom account has no groups; make one under " + menu.ZoomGroups
	if len(names) > 0 {
		next = "Zoom has: " + strings.Join(names, ", ")
	}
	return hint(fmt.Errorf("the Zoom account has no group %q", name), next)
}

// settingError makes a value that a setting does not take a wrong usage.
func settingError(err error) error {
	var value *profile.ValueError
	if errors.As(err, &value) {
		return usagef("%v", value)
	}
	return err
}
