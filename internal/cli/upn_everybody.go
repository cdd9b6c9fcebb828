package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/zo365/zo365/internal/connect"
	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/render"
	"github.com/zo365/zo365/internal/snapshot"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
	"github.com/zo365/zo365/internal/zoom"
)

// redact replaces everybody by pseudonyms, and what names the customer otherwise.
func (e *everybody) redact(names upn.Pseudonyms) {
	e.Redact(names)
	e.tenant = names.Tenant(e.tenant)
}

// compareAll reads both sides, each from its file or live, and compares
// everybody. Where both are not files they are read at the same time.
func compareAll(ctx context.Context, env *Env, opts upnReportOptions) (all everybody, err error) {
	if err := opts.checkFiles(append(opts.written, opts.Out)...); err != nil { // before anybody is asked to sign in
		return all, err
	}
	file, err := env.fileIfAny()
	if err != nil {
		return all, err
	}
	all.tenant = file.Microsoft.Tenant
	files := newExports(env, opts.upnSources)
	files.hashed = opts.hashed
	defer func() { err = errors.Join(err, files.close(err)) }()
	var m index.Matcher
	readZoom, client, err := zoomSide(ctx, env, opts, files, &m)
	if err != nil {
		return all, opts.orExport(err)
	}
	prepare, err := microsoftSide(ctx, env, opts, files)
	if err != nil {
		return all, opts.orExport(err)
	}
	var both errgroup.Group
	var zoomPartial bool
	var add peopleAdder
	var domains []tenant.Domain
	both.Go(func() (err error) { zoomPartial, err = readZoom(); return err })
	both.Go(func() (err error) { add, domains, err = prepare(); return err })
	if err := both.Wait(); err != nil {
		return all, opts.orExport(err)
	}
	partial, err := add(&m) // everybody of Zoom is known by now
	comparing := files.progress.begin("comparing", false, 0)
	all.Comparison, all.partial = m.Compare(domains), partial || zoomPartial
	comparing.end()
	if err == nil {
		all.ZoomDomains, err = zoomDomains(ctx, env, client)
	}
	all.For = upn.Audience(opts.For)
	now := time.Now().UTC().Truncate(time.Second)
	if client != nil {
		all.sources = append(all.sources, render.Source{
			Side:    "Zoom",
			Name:    "Zoom's API",
			Dated:   now,
			Unknown: []string{},
		})
	}
	slices.SortStableFunc(files.found, func(a, b render.Source) int { return strings.Compare(b.Side, a.Side) })
	all.sources = append(all.sources, files.found...)
	if len(opts.MicrosoftExport) == 0 {
		all.sources = append(
			all.sources,
			render.Source{
				Side:    "Microsoft",
				Name:    "Microsoft Graph",
				Dated:   now,
				Unknown: []string{},
			},
		)
	}
	return all, err
}

// everybody is a comparison with where it comes from.
type everybody struct {
	*index.Comparison
	partial bool
	sources []render.Source
	// tenant is as the tenant file names it.
	tenant string
}

// zoomSide prepares reading the Zoom side: a file or everybody live, and of them
// the members of the group that was named. client is nil where Zoom is not asked.
func zoomSide(
	ctx context.Context,
	env *Env,
	opts upnReportOptions,
	files *exports,
	m *index.Matcher,
) (read func() (partial bool, err error), client *zoom.Client, err error) {
	file := func() (bool, error) { return files.zoom(m.ReadZoom) }
	if len(opts.ZoomExport) > 0 && opts.Group == "" {
		return file, nil, nil
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, nil, err
	}
	var found connect.Found
	client, found, err = doors.Zoom(ctx)
	if err != nil {
		return nil, nil, err
	}
	if opts.Group == "" {
		dir, err := doors.Snapshots(found)
		folder := snapshot.Folder{
			Dir:     dir,
			Partial: opts.AllowPartial,
			Say:     env.say,
			Came:    files.progress.came(),
		}
		return func() (bool, error) { return folder.Zoom(ctx, client, m.AddZoom) }, client, err
	}
	return func() (bool, error) {
		known, err := client.Groups(ctx)
		if err != nil {
			return false, err
		}
		group, err := groupNamed(known, opts.Group)
		if err != nil {
			return false, err
		}
		members, err := client.Members(ctx, group.ID)
		if err != nil || len(opts.ZoomExport) == 0 {
			for _, z := range members {
				m.AddZoom(z.Email, z.Status)
			}
			return false, err
		}
		in := map[upn.Address]bool{}
		for _, z := range members {
			in[upn.Normal(z.Email)] = true
		}
		m.Keep = func(a upn.Address) bool { return in[a] }
		return file()
	}, client, nil
}

// peopleAdder adds the Microsoft side to a Matcher.
type peopleAdder = func(*index.Matcher) (partial bool, err error)

// microsoftSide prepares the Microsoft side: live, the snapshot is brought up to
// date first, and then added as a file is.
func microsoftSide(
	ctx context.Context,
	env *Env,
	opts upnReportOptions,
	files *exports,
) (func() (peopleAdder, []tenant.Domain, error), error) {
	if len(opts.MicrosoftExport) > 0 {
		return func() (peopleAdder, []tenant.Domain, error) {
			return func(m *index.Matcher) (bool, error) { return files.microsoft(m.ReadMicrosoft) }, nil, nil
		}, nil
	}
	doors, err := env.openDoors()
	if err != nil {
		return nil, err
	}
	client, found, err := doors.Graph(ctx, "upn report")
	if err != nil {
		return nil, err
	}
	dir, err := doors.Snapshots(found)
	if err != nil {
		return nil, err
	}
	id, err := doors.TenantID(ctx, found.Of)
	if err != nil {
		return nil, err
	}
	folder := snapshot.Folder{
		Dir:     dir,
		Target:  tenant.Target{Tenant: id},
		Partial: opts.AllowPartial,
		Say:     env.say,
		Came:    files.progress.came(),
	}
	return func() (peopleAdder, []tenant.Domain, error) {
		domains, err := domainsOf(ctx, env, client)
		if err != nil {
			return nil, nil, err
		}
		taken, err := folder.Microsoft(ctx, client, opts.Fresh)
		if err != nil {
			return nil, nil, err
		}
		if !taken.Fresh && !opts.Quiet {
			env.say(
				"the snapshot of %s is up to date: %d people changed",
				taken.Since.Local().Format("2006-01-02 15:04"),
				taken.Changed,
			)
		}
		deleted, err := deletedOf(ctx, env, client)
		return func(m *index.Matcher) (bool, error) {
			if err := addSnapshot(m, taken.File); err != nil {
				return false, err
			}
			for _, u := range deleted {
				m.AddMicrosoft(u)
			}
			if taken.Partial {
				m.Unread |= upn.UnknownPeople
			}
			return taken.Partial, nil
		}, domains, err
	}, err
}

func addSnapshot(m *index.Matcher, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("reading the snapshot: %w", err)
	}
	defer f.Close()
	_, err = m.ReadMicrosoft(file, f, export.Options{AllowPartial: true})
	return err
}

// deletedOf reads the soft-deleted people. Without the permission nobody can be
// found among them, and that is said.
func deletedOf(ctx context.Context, env *Env, client *msgraph.Client) ([]tenant.User, error) {
	deleted, err := client.DeletedUsers(ctx, "")
	if tenant.Stops(err) || errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		env.warn(fmt.Errorf("who was deleted is not known: %w", err))
	}
	return deleted, nil
}
