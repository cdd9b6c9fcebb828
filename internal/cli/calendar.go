package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
)

type calendarListOptions struct {
	Users []string
	Group string
}

func newCalendarCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Calendars in Microsoft 365",
		Long:  "Look at the calendars that the integration can use.",
	}
	var opts calendarListOptions
	list := &cobra.Command{
		Use:   "list",
		Short: "List calendars and which one Zoom uses",
		Long: `List the calendars of people, and which one Zoom uses: only the primary one. A
person whose calendars cannot be read is shown with the reason, and the exit code is
then 3.

Without --user and --group it lists your own. To see other people's calendars
sign in as an application with Calendars.ReadBasic.All (ZO365_CREDENTIAL_STORE=env):
a person's sign-in reaches their own mailbox only.`,
		Example: "  zo365 calendar list\n  zo365 calendar list --user adele.vance@contoso.com -o json\n  zo365 calendar list --group Sales",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCalendarList(cmd.Context(), env, opts) },
	}
	list.Flags().StringSliceVar(&opts.Users, "user", nil, "UPN or object ID; may be repeated")
	list.Flags().StringVar(&opts.Group, "group", "", "all members of this Zoom group")
	cmd.AddCommand(list)
	return cmd
}

func runCalendarList(ctx context.Context, env *Env, opts calendarListOptions) error {
	users, graph, err := calendarUsers(ctx, env, opts)
	if err != nil {
		return err
	}
	answers, err := graph.Calendars(ctx, users)
	if err != nil {
		return err
	}
	out := render.Calendars{Users: []render.UserCalendars{}}
	denied, failed := 0, 0
	for _, a := range answers {
		u := render.UserCalendars{User: a.User, Calendars: []render.Calendar{}, Error: calendarError(a.Err)}
		for _, c := range a.Calendars {
			u.Calendars = append(
				u.Calendars,
				render.Calendar{
					ID:         c.ID,
					Name:       c.Name,
					Primary:    c.Primary,
					UsedByZoom: c.Primary,
					Owner:      c.Owner,
					CanEdit:    c.CanEdit,
				},
			)
		}
		switch {
		case errors.Is(a.Err, msgraph.ErrCalendarDenied):
			denied++
		case a.Err != nil:
			failed++
		}
		out.Users = append(out.Users, u)
	}
	if err := env.show(render.CalendarListing(out)); err != nil {
		return err
	}
	if denied > 0 {
		return &tenant.NeedsError{
			Service: "Microsoft Graph",
			AnyOf:   []string{"Calendars.ReadBasic.All (application)"},
			Doing:   "reading other people's calendars",
			Err:     msgraph.ErrCalendarDenied,
		}
	}
	if failed > 0 {
		return errCheckFailed // each has its reason
	}
	return nil
}

// calendarUsers finds whose calendars are meant, each once.
func calendarUsers(ctx context.Context, env *Env, opts calendarListOptions) ([]string, *msgraph.Client, error) {
	doors, err := env.openDoors()
	if err != nil {
		return nil, nil, err
	}
	graph, as, err := doors.Graph(ctx, "calendar list")
	if err != nil {
		return nil, nil, err
	}
	users := opts.Users
	if opts.Group != "" {
		both, err := doors.Both(ctx, "calendar list")
		if err != nil {
			return nil, nil, err
		}
		known, err := both.Zoom.Groups(ctx)
		if err != nil {
			return nil, nil, err
		}
		group, err := groupNamed(known, opts.Group)
		if err != nil {
			return nil, nil, err
		}
		members, err := both.Zoom.Members(ctx, group.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range members {
			users = append(users, m.Email)
		}
	}
	if len(opts.Users) == 0 && opts.Group == "" {
		if !as.Person {
			return nil, nil, usagef(
				"an application is signed in and has no calendar of its own; name people with --user or --group",
			)
		}
		me, err := graph.Me(ctx)
		if err != nil {
			return nil, nil, err
		}
		users = []string{me.UPN}
	}
	return distinct(users), graph, nil
}

func distinct(names []string) []string {
	seen := map[string]bool{}
	var once []string
	for _, n := range names {
		if key := strings.ToLower(strings.TrimSpace(n)); key != "" && !seen[key] {
			seen[key] = true
			once = append(once, strings.TrimSpace(n))
		}
	}
	return once
}

// calendarError gives a person's problem its stable code.
func calendarError(err error) *render.CalendarError {
	code := "error"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, msgraph.ErrNoMailbox):
		code = "no-mailbox"
	case errors.Is(err, msgraph.ErrNoUser):
		code = "no-user"
	case errors.Is(err, msgraph.ErrCalendarDenied):
		code = "denied"
	case errors.Is(err, msgraph.ErrMailboxScoped):
		code = "scoped"
	}
	return &render.CalendarError{Code: code, Message: err.Error()}
}
