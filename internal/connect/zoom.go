package connect

import (
	"context"
	"time"

	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/zoom"
)

func (d *Doors) zoom() (Found, error) {
	f := Found{Service: "Zoom", host: host(d.Hosts.ZoomLogin)}
	now := d.current("Zoom", f.host)
	f.Of = d.identity("ZO365_ZOOM_ACCOUNT_ID", d.opts.File.Zoom.AccountID, "ZOOM_ACCOUNT_ID")
	if f.Of == "" {
		f.Of, f.byCurrent = now.Of, true
	}
	if f.Of == "" {
		return f, &MissingError{What: "zoom.account_id", Variable: "ZO365_ZOOM_ACCOUNT_ID", Path: d.opts.Path}
	}
	f.ClientID = d.identity("ZO365_ZOOM_CLIENT_ID", d.opts.File.Zoom.ClientID, "ZOOM_CLIENT_ID")
	if f.ClientID == "" && now.Of == f.Of {
		f.ClientID = now.ClientID
	}
	if f.ClientID == "" {
		return f, &MissingError{What: "zoom.client_id", Variable: "ZO365_ZOOM_CLIENT_ID", Path: d.opts.Path}
	}
	f.key = "zoom/" + f.host + "/" + f.Of + "/" + f.ClientID
	return f, nil
}

// zoomSecrets are the variables that may hold the client secret.
var zoomSecrets = []string{"ZO365_ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET"}

// ZoomCredential is the sign-in that the Zoom client would use, or a StopError.
func (d *Doors) ZoomCredential(ctx context.Context) (Found, error) {
	if err := d.agree(ctx); err != nil {
		return Found{Service: "Zoom"}, err
	}
	f, err := d.zoom()
	if err != nil {
		return f, err
	}
	found, ok, unavailable := d.stored(ctx, f, d.Hosts.ZoomSandbox)
	if ok {
		found.Method = BySecret
		return found, nil
	}
	if ctx.Err() != nil {
		return f, ctx.Err()
	}
	if d.usesEnvironment() {
		if value, name := d.fromEnvironment(zoomSecrets...); name != "" {
			// The environment's own secret opens its own cache: whoever has the one
			// may have the other.
			f.Source, f.Method, f.Variable, f.Why, f.secret, f.root = InEnvironment, BySecret, name, name+" is set", value, value
			return f, nil
		}
	}
	return f, d.nobody(f.Service, "", unavailable)
}

func (d *Doors) zoomSignIn(f Found) signin.Zoom {
	return signin.Zoom{
		Login:     d.Hosts.ZoomLogin,
		AccountID: f.Of,
		ClientID:  f.ClientID,
		HTTP:      d.tokenClient(),
	}
}

// Zoom returns a client and the credential it uses.
func (d *Doors) Zoom(ctx context.Context) (*zoom.Client, Found, error) {
	f, err := d.ZoomCredential(ctx)
	if err != nil {
		return nil, f, err
	}
	s, err := d.zoomSession(f)
	if err != nil {
		return nil, f, err
	}
	if err := d.belongs(ctx, nil, &f); err != nil {
		return nil, f, err
	}
	pace := rest.NewPace(zoom.ProMedium)
	return &zoom.Client{
		HTTP: d.apiClient(zoom.Daily(s.Transport(d.tokens)), pace),
		Base: d.Hosts.ZoomAPI,
		Pace: pace,
	}, f, nil
}

func (d *Doors) zoomSession(f Found) (*signin.Session, error) {
	return d.session(
		f,
		func(ctx context.Context) (signin.Access, error) { return d.zoomSignIn(f).Account(ctx, f.secret) },
		nil,
	)
}

// ZoomSecretFromEnvironment returns the secret that the environment holds, with
// the variable's name; empty when there is none.
func (d *Doors) ZoomSecretFromEnvironment() (secret.Secret, string) {
	return d.fromEnvironment(zoomSecrets...)
}

// LoginZoom tries a client secret and keeps it when Zoom accepts it. With the
// store "env" nothing is kept.
func (d *Doors) LoginZoom(ctx context.Context, clientSecret secret.Secret) (Found, error) {
	if err := d.agree(ctx); err != nil {
		return Found{Service: "Zoom"}, err
	}
	f, err := d.zoom()
	if err != nil {
		return f, err
	}
	var s named
	if d.keeps() {
		if s, err = d.storeFor(ctx, d.Hosts.ZoomSandbox); err != nil {
			return f, err
		}
	}
	a, err := d.zoomSignIn(f).Account(ctx, clientSecret)
	if err != nil {
		return f, err
	}
	f.Method, f.Scopes, f.secret = BySecret, a.Scopes, clientSecret
	if !d.keeps() {
		f.Source = InEnvironment
		_, f.Variable = d.ZoomSecretFromEnvironment()
		f.root = clientSecret
		return f, d.cache(f, a)
	}
	f.Source, f.store, f.Flow, f.root, f.SignedIn = s.source, s, flowSecret, secret.NewRoot(), time.Now().UTC().Truncate(
		time.Second,
	)
	err = d.keep(
		ctx,
		f,
		s,
		signin.Credential{
			Refresh:   clientSecret,
			ClientID:  f.ClientID,
			Flow:      flowSecret,
			Scopes:    a.Scopes,
			CacheRoot: f.root,
			SignedIn:  f.SignedIn,
		},
	)
	if err != nil {
		return f, err
	}
	return f, d.cache(f, a)
}

// LogoutZoom erases the client secret on this machine; revoke ends the access
// token on Zoom's side first.
func (d *Doors) LogoutZoom(ctx context.Context, revoke bool) (Erased, error) {
	f, err := d.zoom()
	if err != nil {
		return Erased{}, err
	}
	revoked := false
	if revoke {
		if revoked, err = d.revokeZoom(ctx); err != nil {
			return Erased{}, err
		}
	}
	e, err := d.erase(ctx, f, d.Hosts.ZoomSandbox)
	e.Revoked = revoked
	return e, err
}

func (d *Doors) revokeZoom(ctx context.Context) (bool, error) {
	f, err := d.ZoomCredential(ctx)
	if err != nil {
		return false, err
	}
	s, err := d.zoomSession(f)
	if err != nil {
		return false, err
	}
	a, err := s.Access(ctx)
	if err != nil {
		return false, err
	}
	return true, d.zoomSignIn(f).Revoke(ctx, f.secret, a.Token)
}
