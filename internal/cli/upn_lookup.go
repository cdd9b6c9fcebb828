package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
	"github.com/zo365/zo365/internal/zoom"
)

// lookedUp is one person on both sides; zoom is nil when Zoom has nobody.
type lookedUp struct {
	zoom   *tenant.ZoomUser
	result upn.Result
	// asked is the address that was asked for, where Zoom has the person by another one.
	asked string
	// err is why this one person could not be looked up.
	err error
}

// lookUp finds each person on both sides, each live or from its file.
func lookUp(ctx context.Context, env *Env, opts upnCheckOptions) (found []lookedUp, err error) {
	files := newExports(env, opts.upnSources)
	defer func() { err = errors.Join(err, files.close(err)) }()
	var in sidesOfOne
	if len(opts.MicrosoftExport) > 0 {
		in, err = exportSides(opts, files)
	} else {
		in.microsoft, err = liveMicrosoft(ctx, env)
	}
	if err != nil {
		return nil, opts.orExport(err)
	}
	var asked *zoom.Client
	switch {
	case in.zoom != nil:
	case len(opts.ZoomExport) > 0:
		in.zoom, err = zoomExport(files)
	default:
		in.zoom, asked, err = liveZoom(ctx, env)
	}
	if err != nil {
		return nil, opts.orExport(err)
	}
	domains, err := zoomDomains(ctx, env, asked)
	if err != nil {
		return nil, err
	}
	found = make([]lookedUp, len(opts.Emails))
	for i, email := range opts.Emails {
		found[i], err = in.lookUp(email)
		switch {
		case err != nil && !ofOnePerson(err):
			return nil, err
		case err != nil:
			found[i] = lookedUp{err: err, result: upn.Result{ZoomEmail: email, Class: upn.Unknown}}
		default:
			found[i].complete(domains, upn.Audience(opts.For))
		}
	}
	return found, nil
}

// sidesOfOne look one person up.
type sidesOfOne struct {
	zoom      func(string) (*tenant.ZoomUser, error)
	microsoft func(string) (upn.Result, error)
	// joined: the Microsoft side knows already who of Zoom leads to the same person.
	joined bool
}

func (in sidesOfOne) lookUp(email string) (one lookedUp, err error) {
	if one.zoom, err = in.zoom(email); err == nil {
		one.result, err = in.microsoft(email)
	}
	if err == nil && one.zoom == nil && one.result.Entra != nil {
		if other, err := in.otherwise(email, one.result.Entra); err != nil || other.zoom != nil {
			other.asked = email
			return other, err
		}
	}
	if err == nil && !in.joined {
		err = freeOnly(&one.result, in.zoom)
	}
	return one, err
}

// otherwise looks in Zoom for somebody of Microsoft by their other addresses: whoever is there by
// one of them need not be invited. Without anybody there it is nobody.
func (in sidesOfOne) otherwise(email string, u *tenant.User) (lookedUp, error) {
	seen := map[upn.Address]bool{upn.Normal(email): true}
	for _, address := range append([]string{u.UPN, upn.HomeAddress(u.UPN), u.Mail}, u.Proxies...) {
		a := upn.Normal(address)
		if !a.Complete() || seen[a] || upn.IsGuest(address) {
			continue
		}
		seen[a] = true
		z, err := in.zoom(string(a))
		if err != nil {
			return lookedUp{}, err
		}
		if z == nil {
			continue
		}
		r, err := in.microsoft(z.Email)
		if err != nil {
			return lookedUp{}, err
		}
		if r.Entra != nil && upn.Normal(r.Entra.UPN) == upn.Normal(u.UPN) {
			one := lookedUp{zoom: z, result: r}
			if !in.joined {
				err = freeOnly(&one.result, in.zoom)
			}
			return one, err
		}
	}
	return lookedUp{}, nil
}

// complete adds what the Zoom side says of the person.
func (l *lookedUp) complete(zoomDomains map[string]bool, reader upn.Audience) {
	r := &l.result
	r.For = reader
	r.ForeignUPN = r.Entra != nil && zoomDomains != nil && !zoomDomains[upn.Normal(r.Entra.UPN).Domain()]
	if l.zoom == nil {
		return
	}
	r.Unclear = l.zoom.Status == tenant.UnclearStatus
	for _, status := range []struct {
		flag upn.Flag
		is   *bool
	}{{upn.Inactive, &r.Inactive}, {upn.Pending, &r.Pending}} {
		if *status.is = l.zoom.Status == string(status.flag); *status.is && !slices.Contains(r.Flags, status.flag) {
			r.Flags = append([]upn.Flag{status.flag}, r.Flags...)
		}
	}
}

// ofOnePerson says whether an error is about one person and says nothing of the next one:
// neither the run's own nor a permission that is missing for all.
func ofOnePerson(err error) bool {
	var needs *tenant.NeedsError
	return !tenant.Stops(err) && !errors.As(err, &needs) && !errors.Is(err, context.Canceled)
}

// freeOnly takes a suggestion back when the near person is in Zoom themselves, and says
// so where the person found is.
func freeOnly(r *upn.Result, inZoom func(string) (*tenant.ZoomUser, error)) error {
	if r.Entra != nil && (r.Class == upn.Mail || r.Class == upn.Alias || r.Class == upn.Domain) {
		other, err := inZoom(r.Entra.UPN)
		if other != nil && upn.Normal(other.Email) == upn.Normal(r.Entra.UPN) {
			r.Class, r.TakenBy = upn.Taken, other.Email
		}
		return err
	}
	if r.Suggestion == "" {
		return nil
	}
	near, err := inZoom(r.Suggestion)
	if near != nil {
		r.Class, r.Suggestion = upn.Missing, ""
	}
	return err
}
