package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/workspace"
)

func newMigrateCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Leave what is being switched off",
		Long:  "Show what still uses an interface that is being switched off, and the way out in an order that keeps calendars working.",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "ews",
		Short: "Show what still uses Exchange Web Services, and the way to Microsoft Graph",
		Long: `Show the profiles, applications, roles and delegated grants that still use Exchange Web
Services, whether each works today, when it ends, and what to do in which order, so that
calendars go on working. Nothing is changed.

Exchange Online is switching it off tenant by tenant since 2026-10-01, for good starting
2027-04-01. The organization's own setting (EwsEnabled and its list of applications) is shown
once somebody has read it in Exchange: zo365 rbac script --inventory, then
zo365 rbac confirm. Exchange on premises is not affected.

Exit codes: 0 when nothing uses it, 3 when something does, 5 when applications could not
be seen.`,
		Example: "  zo365 migrate ews\n  zo365 migrate ews -o json",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runMigrateEWS(cmd.Context(), env) },
	})
	return cmd
}

func runMigrateEWS(ctx context.Context, env *Env) error {
	w, err := env.live(ctx, false, workspace.Look{
		Command: "migrate ews",
		Facts:   append(slices.Clone(permissionFacts), tenant.FactDelegated),
	})
	if err != nil {
		return err
	}
	f := w.Input.Facts
	if err := f.Consents.Err; err != nil {
		return err
	}
	var unseen []string
	for what, err := range map[string]error{"roles in Exchange": f.Exchange.Err, "delegated grants": f.Delegated.Err} {
		if err != nil {
			unseen = append(unseen, what+": "+err.Error())
		}
	}
	slices.Sort(unseen)
	for _, one := range unseen {
		env.say("warning: could not see the %s", one)
	}
	way := doctor.EWS(w.Input)
	if err := env.show(render.EWSListing(render.NewEWSMigration(way, unseen))); err != nil {
		return err
	}
	switch {
	case len(way.Uses) > 0:
		return errCheckFailed
	case len(unseen) > 0:
		return &hinted{
			err:  errors.New("whether anything uses Exchange Web Services is not known: " + strings.Join(unseen, "; ")),
			hint: "zo365 auth permissions 'migrate ews' lists what it needs",
			code: exitPermission,
		}
	}
	return nil
}

func newRoomsCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rooms",
		Short: "Conference rooms and which of Zoom's applications reads them",
		Long:  "Look at the calendars of conference rooms that Zoom Rooms uses.",
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List conference rooms with the application that reads each",
		Long: `Lay the calendar services and resources of Zoom Rooms beside the tenant's conference rooms
and Zoom's two applications for rooms in Entra: which room is read by which application with
which permission, which would be out of reach once people's mailboxes are narrowed
(mailbox_scope), and which is reached by Exchange Web Services only.

Zoom's API does not say how a calendar service signs in, and Microsoft Graph lists the rooms
of the global cloud that are in the address list.

Exit codes: 0, or 3 when a room of Zoom is not reached, would break, or uses Exchange Web
Services only.`,
		Example: "  zo365 rooms list\n  zo365 rooms list -o csv",
		Args:    flagsOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRoomsList(cmd.Context(), env) },
	})
	return cmd
}

func runRoomsList(ctx context.Context, env *Env) error {
	w, err := env.live(ctx, true, workspace.Look{Command: "rooms list", Facts: permissionFacts})
	if err != nil {
		return err
	}
	if err := w.Input.Facts.Consents.Err; err != nil {
		return err
	}
	facts := doctor.RoomFacts{Owners: map[string]tenant.MailboxOwner{}}
	var unseen []string
	if facts.Services, err = w.Pair.Zoom.RoomServices(ctx); err != nil {
		return err
	}
	for _, s := range facts.Services {
		if s.Unseen != "" {
			unseen = append(unseen, s.Name+": "+s.Unseen)
		}
	}
	facts.Rooms, err = w.Pair.Graph.Rooms(ctx)
	var needs *tenant.NeedsError
	switch {
	case tenant.Stops(err) || ctx.Err() != nil:
		return errors.Join(err, ctx.Err())
	case errors.As(err, &needs), errors.Is(err, tenant.ErrNotInCloud):
		facts.RoomsUnseen = err.Error()
		unseen = append(unseen, "the tenant's rooms: "+err.Error())
	case err != nil:
		return err
	}
	if err := roomOwners(ctx, w, &facts); err != nil {
		return err
	}
	for _, one := range unseen {
		env.say("warning: could not see %s", one)
	}
	rows := doctor.Rooms(w.Input, facts)
	listing := render.RoomsListing(render.NewRooms(rows, unseen))
	listing.Width = env.tableWidth()
	if err := env.show(listing); err != nil {
		return err
	}
	for _, r := range rows {
		if r.InZoom && (r.Reached == "no" || r.Breaks == "yes" || r.EWS == "yes") {
			return errCheckFailed
		}
	}
	return nil
}

// roomOwners reads the rooms' mailboxes, whose IDs scopes are about.
func roomOwners(ctx context.Context, w *workspace.Workspace, facts *doctor.RoomFacts) error {
	var addresses []string
	for _, s := range facts.Services {
		for _, r := range s.Resources {
			addresses = append(addresses, r.Email)
		}
	}
	for _, r := range facts.Rooms {
		addresses = append(addresses, r.Address)
	}
	for _, address := range distinct(addresses) {
		owner, err := w.Pair.Graph.MailboxOwner(ctx, address)
		var needs *tenant.NeedsError
		if tenant.Stops(err) || ctx.Err() != nil || errors.As(err, &needs) {
			return errors.Join(err, ctx.Err())
		}
		if err == nil && owner != nil { // one that cannot be read is unknown
			facts.Owners[strings.ToLower(address)] = *owner
		}
	}
	return nil
}
