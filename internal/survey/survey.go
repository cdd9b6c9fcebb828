// Package survey gathers facts from both services at once. It knows no wishes
// and no verdicts: what could not be read becomes a Reading that says why; only
// what makes every further question pointless ends the gathering.
package survey

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// Microsoft is what the survey asks of Graph.
type Microsoft interface {
	Organization(ctx context.Context) (tenant.Organization, error)
	Domains(ctx context.Context) ([]tenant.Domain, error)
	Me(ctx context.Context) (tenant.User, error)
	DirectoryRoles(ctx context.Context) ([]tenant.DirectoryRole, error)
}

// Applications is what the survey asks of Graph about Zoom's application.
type Applications interface {
	ServicePrincipal(ctx context.Context, appID string) (*tenant.ServicePrincipal, error)
	ServicePrincipalsNamed(ctx context.Context, prefix string) ([]tenant.ServicePrincipal, error)
	Grants(ctx context.Context, principalID string) ([]tenant.Grant, error)
}

// Zoom is what the survey asks of Zoom.
type Zoom interface {
	Domains(ctx context.Context) ([]tenant.ZoomDomain, error)
	User(ctx context.Context, key string) (*tenant.ZoomUser, error)
}

// Domains gathers the domains of both sides.
func Domains(ctx context.Context, ms Microsoft, zm Zoom) (tenant.Facts, error) {
	var f tenant.Facts
	err := together(ctx,
		read(&f.Domains, "GET /domains", ms.Domains),
		read(&f.ZoomDomains, "GET /accounts/me/managed_domains", zm.Domains),
	)
	return f, err
}

// Signer gathers what decides whether the signed-in person can authorize: the
// organization, who they are, their roles, their Zoom account, and the domains.
// zoomEmail, when not empty, names their Zoom account; otherwise it is looked
// for under their UPN, then their mail address.
func Signer(ctx context.Context, ms Microsoft, zm Zoom, zoomEmail string) (tenant.Facts, error) {
	var f tenant.Facts
	err := together(ctx,
		read(&f.Organization, "GET /organization", ms.Organization),
		read(&f.Domains, "GET /domains", ms.Domains),
		read(&f.ZoomDomains, "GET /accounts/me/managed_domains", zm.Domains),
		read(&f.Me, "GET /me", ms.Me),
		read(&f.Roles, "GET /me/transitiveMemberOf/microsoft.graph.directoryRole", ms.DirectoryRoles),
	)
	if err != nil {
		return f, err
	}
	err = together(ctx, read(&f.MyZoom, "GET /users/{userId}", func(ctx context.Context) (*tenant.ZoomUser, error) {
		if !f.Me.Seen() && zoomEmail == "" {
			return nil, errors.New("nobody is signed in to Microsoft")
		}
		return ZoomSide(ctx, zm, f.Me.Value, zoomEmail)
	}))
	return f, err
}

// ZoomSide finds a person's Zoom account; nil when there is none.
func ZoomSide(ctx context.Context, zm Zoom, u tenant.User, zoomEmail string) (*tenant.ZoomUser, error) {
	keys := []string{u.UPN, u.Mail}
	if zoomEmail != "" {
		keys = []string{zoomEmail}
	}
	for _, key := range keys {
		if key == "" {
			continue
		}
		if z, err := zm.User(ctx, key); z != nil || err != nil {
			return z, err
		}
	}
	return nil, nil
}

// Consent reads one application's service principal and grants. Principal is
// nil when the application is not in the tenant.
func Consent(ctx context.Context, apps Applications, appID string) (tenant.Consent, error) {
	p, err := apps.ServicePrincipal(ctx, appID)
	if err != nil || p == nil {
		return tenant.Consent{}, err
	}
	grants, err := apps.Grants(ctx, p.ID)
	return tenant.Consent{Principal: p, Grants: grants}, err
}

// ZoomConsents reads every application whose name begins with Zoom.
func ZoomConsents(ctx context.Context, apps Applications) ([]tenant.Consent, error) {
	principals, err := apps.ServicePrincipalsNamed(ctx, "Zoom")
	if err != nil {
		return nil, err
	}
	all := make([]tenant.Consent, len(principals))
	for i := range principals {
		grants, err := apps.Grants(ctx, principals[i].ID)
		if err != nil {
			return nil, err
		}
		all[i] = tenant.Consent{Principal: &principals[i], Grants: grants}
	}
	return all, nil
}

// read makes a task that fills one Reading. The task's error is one that ends
// the whole gathering.
func read[T any](into *tenant.Reading[T], source string, ask func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		value, err := ask(ctx)
		if tenant.Stops(err) || errors.Is(err, context.Canceled) {
			return err
		}
		*into = tenant.Reading[T]{Value: value, Err: err, Source: source, At: time.Now().UTC()}
		return nil
	}
}

// together runs the tasks at once. The first error that ends the gathering
// cancels the others.
func together(ctx context.Context, tasks ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for _, task := range tasks {
		wait.Go(func() {
			if err := task(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
