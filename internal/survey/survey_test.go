package survey

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
)

// services answers as both Graph and Zoom; an error stands for its fact.
type services struct {
	domains, zoomDomains, roles error
	zoomUsers                   map[string]*tenant.ZoomUser
	asked                       []string
}

func (s *services) Organization(context.Context) (tenant.Organization, error) {
	return tenant.Organization{ID: "t"}, nil
}

func (s *services) Domains(context.Context) ([]tenant.Domain, error) {
	return []tenant.Domain{{Name: "c.com"}}, s.domains
}

func (s *services) Me(context.Context) (tenant.User, error) {
	return tenant.User{UPN: "a@c.com", Mail: "mail@c.com"}, nil
}

func (s *services) User(context.Context, string) (*tenant.User, error) { return nil, nil }

func (s *services) DirectoryRoles(context.Context) ([]tenant.DirectoryRole, error) {
	return nil, s.roles
}

type zoomServices struct{ *services }

func (z zoomServices) Account(context.Context) (tenant.ZoomAccount, error) {
	return tenant.ZoomAccount{ID: "z"}, nil
}

func (z zoomServices) Plan(context.Context) (tenant.ZoomPlan, error) { return tenant.ZoomPlan{}, nil }

func (z zoomServices) AccountRoles(context.Context) ([]tenant.ZoomRole, error) { return nil, nil }

func (z zoomServices) Domains(ctx context.Context) ([]tenant.ZoomDomain, error) {
	if z.zoomDomains == nil && z.domains != nil && tenant.Stops(z.domains) {
		<-ctx.Done() // a run that stops must not wait for the others
	}
	return nil, z.zoomDomains
}

func (z zoomServices) User(_ context.Context, key string) (*tenant.ZoomUser, error) {
	z.asked = append(z.asked, key)
	return z.zoomUsers[key], nil
}

func (z zoomServices) UsersPage(context.Context, string, int) ([]tenant.ZoomUser, int, error) {
	return nil, 0, nil
}

func gather(t *testing.T, s *services, w Want) (tenant.Facts, error) {
	t.Helper()
	w.SignedIn.Person = true
	return Gather(t.Context(), Sources{
		Microsoft: s,
		Account:   zoomServices{s},
		People:    zoomServices{s}, // and nobody else is asked
		Mailboxes: struct{ Mailboxes }{},
		Groups:    noGroups{},
		Clocks:    func() []tenant.Clock { return nil },
	}, w)
}

var domains = []tenant.Fact{tenant.FactDomains, tenant.FactZoomDomains}

func TestAFactThatCannotBeReadIsAValue(t *testing.T) {
	s := &services{domains: &tenant.NeedsError{AnyOf: []string{"Domain.Read.All"}}}
	f, err := gather(t, s, Want{Facts: domains})
	var needs *tenant.NeedsError
	if err != nil || f.Domains.Seen() || !errors.As(f.Domains.Err, &needs) || f.Domains.Source != "GET /domains" ||
		f.Domains.At.IsZero() ||
		!f.ZoomDomains.Seen() {
		t.Errorf("%+v, %v", f, err)
	}
	if f.Organization.Seen() || f.Me.Seen() {
		t.Error("more was read than was asked for")
	}
}

func TestARunThatCannotGoOnStopsAtOnce(t *testing.T) {
	s := &services{domains: &tenant.StopError{Reason: tenant.SignedOut, Err: errors.New("signed out")}}
	var stop *tenant.StopError
	if _, err := gather(t, s, Want{Facts: domains}); !errors.As(err, &stop) {
		t.Errorf("%v", err)
	}
}

func TestTheSignersZoomAccountIsFoundByUPNThenMail(t *testing.T) {
	want := Want{Facts: []tenant.Fact{tenant.FactMe, tenant.FactRoles, tenant.FactMyZoom}}
	s := &services{roles: errors.New("no"), zoomUsers: map[string]*tenant.ZoomUser{"mail@c.com": {Email: "mail@c.com"}}}
	f, err := gather(t, s, want)
	if err != nil || f.MyZoom.Value == nil || f.MyZoom.Value.Email != "mail@c.com" || f.Roles.Seen() {
		t.Errorf("%+v, %v", f, err)
	}
	s = &services{zoomUsers: map[string]*tenant.ZoomUser{"other@c.com": {Email: "other@c.com"}}}
	named := want
	named.ZoomEmail = "other@c.com"
	if f, err = gather(t, s, named); err != nil || f.MyZoom.Value == nil || len(s.asked) != 1 {
		t.Errorf("%+v, %v, asked %v", f.MyZoom, err, s.asked)
	}
	s = &services{}
	if f, err = gather(t, s, want); err != nil || !f.MyZoom.Seen() || f.MyZoom.Value != nil {
		t.Errorf("%+v, %v", f.MyZoom, err)
	}
}

// apps are applications in a tenant by object ID.
type apps map[string]tenant.Consent

func (a apps) ServicePrincipal(_ context.Context, appID string) (*tenant.ServicePrincipal, error) {
	for _, c := range a {
		if c.Principal.AppID == appID {
			return c.Principal, nil
		}
	}
	return nil, nil
}

func (a apps) ServicePrincipalsNamed(_ context.Context, prefix string) ([]tenant.ServicePrincipal, error) {
	var all []tenant.ServicePrincipal
	for _, c := range a {
		if strings.HasPrefix(c.Principal.DisplayName, prefix) {
			all = append(all, *c.Principal)
		}
	}
	return all, nil
}

func (a apps) Holders(_ context.Context, api string) ([]tenant.ServicePrincipal, error) {
	var all []tenant.ServicePrincipal
	for _, c := range a {
		for _, g := range c.Grants {
			if g.Permission.Resource == api && g.Permission.ReachesMailboxes() {
				all = append(all, *c.Principal)
			}
		}
	}
	return all, nil
}

func (a apps) Grants(_ context.Context, id string) ([]tenant.Grant, error) { return a[id].Grants, nil }

// Every application that matters is read once, whatever it is found by.
func TestApplicationsAreFoundByNameByIDAndByReach(t *testing.T) {
	one := func(id, name string, permissions ...tenant.Permission) tenant.Consent {
		c := tenant.Consent{Principal: &tenant.ServicePrincipal{ID: id, AppID: "app " + id, DisplayName: name}}
		for _, p := range permissions {
			c.Grants = append(c.Grants, tenant.Grant{Permission: p})
		}
		return c
	}
	all := apps{
		"1": one("1", "Zoom", tenant.GraphPermission("Calendars.ReadWrite"), tenant.GraphPermission("Contacts.Read")),
		"2": one("2", "Backup", tenant.Permission{Resource: tenant.ExchangeAPI, Name: "full_access_as_app"}),
		"3": one("3", "Named in the file"),
		"4": one("4", "Nobody", tenant.GraphPermission("User.Read.All")),
	}
	got, err := consents(t.Context(), all, []string{"app 3", "app 9"})
	var ids []string
	for _, c := range got {
		ids = append(ids, c.Principal.ID)
	}
	if err != nil || strings.Join(ids, " ") != "1 2 3" || len(got[0].Grants) != 2 {
		t.Errorf("%v, %v", ids, err)
	}
}

// noGroups is nobody to ask.
type noGroups struct{}

func (noGroups) Groups(context.Context) ([]tenant.ZoomGroup, error) { panic("asked") }

func (noGroups) Members(context.Context, string) ([]tenant.ZoomUser, error) { panic("asked") }

// someGroups are two, one of which cannot be listed.
type someGroups struct{ err error }

func (someGroups) Groups(context.Context) ([]tenant.ZoomGroup, error) {
	return []tenant.ZoomGroup{{ID: "1", Name: "Sales"}, {ID: "2", Name: "Support"}}, nil
}

func (g someGroups) Members(_ context.Context, id string) ([]tenant.ZoomUser, error) {
	if id == "1" {
		return nil, g.err
	}
	return []tenant.ZoomUser{{Email: "b@c.com"}}, nil
}

// One group's trouble is a row with its reason; a missing scope is the whole fact's, and what
// ends a run ends it.
func TestOneGroupThatCannotBeListed(t *testing.T) {
	want := Want{Facts: []tenant.Fact{tenant.FactZoomGroups, tenant.FactZoomMembers}}
	read := func(err error) (tenant.Facts, error) {
		s := &services{}
		return Gather(t.Context(), Sources{
			Microsoft: s,
			Account:   zoomServices{s},
			People:    zoomServices{s},
			Mailboxes: struct{ Mailboxes }{},
			Groups:    someGroups{err},
			Clocks:    func() []tenant.Clock { return nil },
		}, want)
	}
	f, err := read(errors.New("Zoom answered 500"))
	if err != nil || !f.ZoomMembers.Seen() || len(f.ZoomMembers.Value) != 2 ||
		f.ZoomMembers.Value[0].Unseen != "Zoom answered 500" || len(f.ZoomMembers.Value[1].Emails) != 1 {
		t.Errorf("%+v, %v", f.ZoomMembers, err)
	}
	if f, err = read(&tenant.NeedsError{Service: "Zoom", AnyOf: []string{"scope"}}); err != nil || f.ZoomMembers.Seen() {
		t.Errorf("%+v, %v", f.ZoomMembers, err)
	}
	if _, err = read(&tenant.StopError{Reason: tenant.Offline, Err: errors.New("gone")}); !tenant.Stops(err) {
		t.Errorf("%v", err)
	}
}
