package cli

import (
	"context"
	"io"
	"slices"

	"github.com/zo365/zo365/internal/export"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/upn/index"
	"github.com/zo365/zo365/internal/zoom"
)

// zoomExport looks people up in the whole of an export.
func zoomExport(files *exports) (func(string) (*tenant.ZoomUser, error), error) {
	people := map[upn.Address]tenant.ZoomUser{}
	_, err := files.zoom(func(file string, r io.Reader, o export.Options) (export.Export, error) {
		return export.EachZoom(file, r, o, func(z tenant.ZoomUser) {
			if first, twice := people[upn.Normal(z.Email)]; twice {
				z = upn.SameUser(first, z)
			}
			people[upn.Normal(z.Email)] = z
		})
	})
	return inZoom(people), err
}

func inZoom(people map[upn.Address]tenant.ZoomUser) func(string) (*tenant.ZoomUser, error) {
	return func(email string) (*tenant.ZoomUser, error) {
		z, ok := people[upn.Normal(email)]
		if !ok {
			return nil, nil
		}
		return &z, nil
	}
}

func liveZoom(ctx context.Context, env *Env) (func(string) (*tenant.ZoomUser, error), *zoom.Client, error) {
	doors, err := env.openDoors()
	if err != nil {
		return nil, nil, err
	}
	client, _, err := doors.Zoom(ctx)
	return func(email string) (*tenant.ZoomUser, error) { return client.User(ctx, email) }, client, err
}

func liveMicrosoft(ctx context.Context, env *Env) (func(string) (upn.Result, error), error) {
	doors, err := env.openDoors()
	if err != nil {
		return nil, err
	}
	graph, _, err := doors.Graph(ctx, "upn check")
	if err != nil {
		return nil, err
	}
	domains, err := domainsOf(ctx, env, graph)
	return func(email string) (upn.Result, error) {
		people, unread, err := env.peopleNear(ctx, graph, upn.Normal(email))
		return matchOne(email, people, unread, domains), err
	}, err
}

func matchOne(email string, people []tenant.User, unread upn.Unknowns, domains []tenant.Domain) upn.Result {
	m := index.Matcher{Unread: unread}
	m.AddZoom(email, "")
	for _, u := range people {
		m.AddMicrosoft(u)
	}
	return whole(m.Compare(domains).Result(0), people)
}

// whole puts back what a comparison does not keep of the person found: their
// mail and aliases.
func whole(r upn.Result, people []tenant.User) upn.Result {
	if r.Entra == nil {
		return r
	}
	i := slices.IndexFunc(people, func(u tenant.User) bool { return u.UPN == r.Entra.UPN && u.ID == r.Entra.ID })
	if i >= 0 { // what entries know together stands in the result
		u := *r.Entra
		u.Mail, u.Proxies, u.DisplayName = people[i].Mail, people[i].Proxies, people[i].DisplayName
		r.Entra = &u
	}
	return r
}

// exportSides look people up in exports, of which no more is compared than they need.
func exportSides(opts upnCheckOptions, files *exports) (in sidesOfOne, err error) {
	sides := index.Sides{
		Microsoft: func(keep func(*export.Person) bool) (people []tenant.User, unread upn.Unknowns, err error) {
			without, all := map[string]bool{}, []export.Export{}
			_, err = files.microsoft(func(file string, r io.Reader, o export.Options) (export.Export, error) {
				found, err := export.SomeMicrosoft(file, r, o, keep, func(u tenant.User) { people = append(people, u) })
				if found.Rows > 0 && !found.Columns.Known(export.Aliases) {
					without[file] = true
				}
				all = append(all, found)
				return found, err
			})
			if err != nil {
				return nil, 0, err
			}
			unread = index.Unread(all)
			if len(without) > 0 && len(without) < len(opts.MicrosoftExport) {
				known, err := everybodyHasAliases(files, without)
				if err != nil {
					return nil, 0, err
				}
				if known {
					unread &^= upn.UnknownAliases
				}
			}
			return people, unread, nil
		},
	}
	if len(opts.ZoomExport) > 0 {
		sides.Zoom = func(keep func(*export.Account) bool) (people []tenant.ZoomUser, err error) {
			_, err = files.zoom(func(file string, r io.Reader, o export.Options) (export.Export, error) {
				return export.SomeZoom(file, r, o, keep, func(z tenant.ZoomUser) { people = append(people, z) })
			})
			return people, err
		}
	}
	few, err := index.CompareFew(opts.Emails, sides)
	if err != nil {
		return in, err
	}
	in.microsoft = func(email string) (upn.Result, error) {
		r, _ := few.Find(email)
		r.ZoomEmail = email
		return whole(r, few.People), nil
	}
	if sides.Zoom != nil {
		in.zoom, in.joined = inZoom(few.Zoom), true
	}
	return in, nil
}

// everybodyHasAliases says whether everybody of the exports without aliases stands in one of
// the others too.
func everybodyHasAliases(files *exports, without map[string]bool) (bool, error) {
	known, all := map[upn.Address]bool{}, true
	for _, first := range []bool{true, false} {
		_, err := files.microsoft(func(file string, r io.Reader, o export.Options) (export.Export, error) {
			return export.EachMicrosoft(file, r, o, func(u tenant.User) {
				switch name := upn.Normal(u.UPN); {
				case first && !without[file]:
					known[name] = true
				case !first && without[file] && !u.Guest && !u.Deleted && !u.Resource:
					all = all && known[name]
				}
			})
		})
		if err != nil {
			return false, err
		}
	}
	return all, nil
}

// peopleNear asks only for those who can matter to one address: who has it, who
// has its local part, the deleted, and who has nearly its local part.
func (env *Env) peopleNear(
	ctx context.Context,
	graph *msgraph.Client,
	address upn.Address,
) (people []tenant.User, unread upn.Unknowns, err error) {
	asks := []func() ([]tenant.User, error){
		func() ([]tenant.User, error) { return graph.UsersByAddress(ctx, string(address)) },
		func() ([]tenant.User, error) { // a guest's UPN has the address at home
			return graph.UsersByLocalPart(ctx, address.Local()+"_"+address.Domain()+"#EXT#")
		},
		func() ([]tenant.User, error) { return graph.UsersByLocalPart(ctx, address.Local()) },
		func() ([]tenant.User, error) { return graph.DeletedUsers(ctx, string(address)) },
	}
	if plain := upn.WithoutTag(upn.Drawn(address.Local())); plain != address.Local() {
		asks = append(asks, func() ([]tenant.User, error) {
			return graph.UsersByAddress(ctx, plain+"@"+address.Domain())
		})
	}
	for _, ask := range asks {
		if people, err = ask(); err != nil || len(people) > 0 {
			return people, 0, err
		}
	}
	near, all, err := graph.UsersNear(ctx, address.Local(), address.Domain())
	if err == nil && !all {
		env.say("note: too many names begin or end like %s; a nearly equal one was not looked for among all of them", address)
		return nil, upn.UnknownPeople, nil
	}
	return near, 0, err
}
