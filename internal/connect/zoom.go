package connect

import (
	"context"
	"time"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/zoom"
)

func (d *Doors) zoom() (Found, error) {
	f := Found{Service: "Zoom", Of: d.identity("ZO365_ZOOM_ACCOUNT_ID", d.opts.File.Zoom.AccountID, "ZOOM_ACCOUNT_ID")}
	if f.Of == "" {
		return f, &MissingError{What: "zoom.account_id", Variable: "ZO365_ZOOM_ACCOUNT_ID"}
	}
	f.ClientID = d.identity("ZO365_ZOOM_CLIENT_ID", d.opts.File.Zoom.ClientID, "ZOOM_CLIENT_ID")
	if f.ClientID == "" {
		return f, &MissingError{What: "zoom.client_id", Variable: "ZO365_ZOOM_CLIENT_ID"}
	}
	f.key = "zoom/" + host(d.Hosts.ZoomLogin) + "/" + f.Of + "/" + f.ClientID
	return f, nil
}

// zoomSecrets are the variables that may hold the client secret.
var zoomSecrets = []string{"ZO365_ZOOM_CLIENT_SECRET", "ZOOM_CLIENT_SECRET"}

// ZoomCredential is the sign-in that the Zoom client would use, or a StopError.
func (d *Doors) ZoomCredential(ctx context.Context) (Found, error) {
	f, err := d.zoom()
	if err != nil {
		return f, err
	}
	return d.find(ctx, f, d.Hosts.ZoomSandbox, zoomSecrets...)
}

func (d *Doors) zoomSignIn(f Found) signin.Zoom {
	return signin.Zoom{Login: d.Hosts.ZoomLogin, AccountID: f.Of, ClientID: f.ClientID, HTTP: d.tokenClient()}
}

// Zoom returns a client and the credential it uses.
func (d *Doors) Zoom(ctx context.Context) (*zoom.Client, Found, error) {
	f, err := d.ZoomCredential(ctx)
	if err != nil {
		return nil, f, err
	}
	s, err := d.session(f, func(ctx context.Context) (signin.Access, error) { return d.zoomSignIn(f).Account(ctx, f.secret) })
	if err != nil {
		return nil, f, err
	}
	return &zoom.Client{HTTP: d.apiClient(s), Base: d.Hosts.ZoomAPI}, f, nil
}

// ZoomSecretFromEnvironment returns the secret that the environment holds, with
// the variable's name; empty when there is none.
func (d *Doors) ZoomSecretFromEnvironment() (secret.Secret, string) {
	return d.fromEnvironment(zoomSecrets...)
}

// LoginZoom tries a client secret and keeps it when Zoom accepts it. With the
// store "env" nothing is kept.
func (d *Doors) LoginZoom(ctx context.Context, clientSecret secret.Secret) (Found, error) {
	f, err := d.zoom()
	if err != nil {
		return f, err
	}
	keyring := d.keyring(d.Hosts.ZoomSandbox)
	if d.usesKeyring() {
		if err := keyring.Available(ctx); err != nil {
			return f, err
		}
	}
	a, err := d.zoomSignIn(f).Account(ctx, clientSecret)
	if err != nil {
		return f, err
	}
	f.Scopes, f.secret = a.Scopes, clientSecret
	if !d.usesKeyring() {
		f.Source = InEnvironment
		_, f.Variable = d.ZoomSecretFromEnvironment()
		f.root = clientSecret
		return f, d.cache(f, a)
	}
	f.Source, f.Flow, f.root, f.SignedIn = InKeyring, flowSecret, secret.NewRoot(), time.Now().UTC().Truncate(time.Second)
	unlock, err := lock(ctx)
	if err != nil {
		return f, err
	}
	defer unlock()
	err = vault{keyring, f.key}.Save(ctx, signin.Credential{Refresh: clientSecret, ClientID: f.ClientID, Flow: flowSecret, Scopes: a.Scopes, CacheRoot: f.root, SignedIn: f.SignedIn})
	if err != nil {
		return f, err
	}
	return f, d.cache(f, a)
}

// LogoutZoom erases the client secret on this machine.
func (d *Doors) LogoutZoom(ctx context.Context) (Erased, error) {
	f, err := d.zoom()
	if err != nil {
		return Erased{}, err
	}
	return d.erase(ctx, f, d.Hosts.ZoomSandbox)
}
