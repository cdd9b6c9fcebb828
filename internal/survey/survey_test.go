package survey

import (
	"context"
	"errors"
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

func (s *services) DirectoryRoles(context.Context) ([]tenant.DirectoryRole, error) {
	return nil, s.roles
}

type zoomServices struct{ *services }

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

func TestAFactThatCannotBeReadIsAValue(t *testing.T) {
	s := &services{domains: &tenant.NeedsError{AnyOf: []string{"Domain.Read.All"}}}
	f, err := Domains(t.Context(), s, zoomServices{s})
	var needs *tenant.NeedsError
	if err != nil || f.Domains.Seen() || !errors.As(f.Domains.Err, &needs) || f.Domains.Source != "GET /domains" || f.Domains.At.IsZero() || !f.ZoomDomains.Seen() {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestARunThatCannotGoOnStopsAtOnce(t *testing.T) {
	s := &services{domains: &tenant.StopError{Reason: tenant.SignedOut, Err: errors.New("signed out")}}
	var stop *tenant.StopError
	if _, err := Domains(t.Context(), s, zoomServices{s}); !errors.As(err, &stop) {
		t.Errorf("%v", err)
	}
}

func TestTheSignersZoomAccountIsFoundByUPNThenMail(t *testing.T) {
	s := &services{roles: errors.New("no"), zoomUsers: map[string]*tenant.ZoomUser{"mail@c.com": {Email: "mail@c.com"}}}
	f, err := Signer(t.Context(), s, zoomServices{s}, "")
	if err != nil || f.MyZoom.Value == nil || f.MyZoom.Value.Email != "mail@c.com" || f.Roles.Seen() {
		t.Errorf("%+v, %v", f, err)
	}
	s = &services{zoomUsers: map[string]*tenant.ZoomUser{"other@c.com": {Email: "other@c.com"}}}
	if f, err = Signer(t.Context(), s, zoomServices{s}, "other@c.com"); err != nil || f.MyZoom.Value == nil || len(s.asked) != 1 {
		t.Errorf("%+v, %v, asked %v", f.MyZoom, err, s.asked)
	}
	s = &services{}
	if f, err = Signer(t.Context(), s, zoomServices{s}, ""); err != nil || !f.MyZoom.Seen() || f.MyZoom.Value != nil {
		t.Errorf("%+v, %v", f.MyZoom, err)
	}
}
