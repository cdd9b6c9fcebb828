package connect

import (
	"context"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
)

// The flows as the store remembers them.
const (
	flowDevice  = "device code"
	flowBrowser = "browser"
	flowSecret  = "client secret"
)

// Tenant is the Microsoft tenant that is meant.
func (d *Doors) Tenant() (string, error) {
	t := d.identity("ZO365_MICROSOFT_TENANT", d.opts.File.Microsoft.Tenant, "AZURE_TENANT_ID")
	if t == "" {
		return "", &MissingError{What: "microsoft.tenant", Variable: "ZO365_MICROSOFT_TENANT"}
	}
	return t, nil
}

func (d *Doors) microsoft() (Found, error) {
	t, err := d.Tenant()
	if err != nil {
		return Found{}, err
	}
	f := Found{Service: "Microsoft", Of: t, key: "microsoft/" + host(d.Hosts.Login) + "/" + strings.ToLower(t)}
	f.ClientID = d.identity("ZO365_MICROSOFT_CLIENT_ID", d.opts.File.Microsoft.ClientID, "AZURE_CLIENT_ID")
	if f.ClientID == "" {
		f.ClientID = signin.GraphCommandLineTools
	}
	return f, nil
}

// MicrosoftCredential is the sign-in that Graph would use, or a StopError.
func (d *Doors) MicrosoftCredential(ctx context.Context) (Found, error) {
	f, err := d.microsoft()
	if err != nil {
		return f, err
	}
	return d.find(ctx, f, d.Hosts.MicrosoftSandbox, "ZO365_MICROSOFT_CLIENT_SECRET", "AZURE_CLIENT_SECRET")
}

func (d *Doors) entra(f Found) signin.Entra {
	return signin.Entra{Login: d.Hosts.Login, Tenant: f.Of, ClientID: f.ClientID, HTTP: d.tokenClient()}
}

// Graph returns a client and the credential it uses.
func (d *Doors) Graph(ctx context.Context) (*msgraph.Client, Found, error) {
	f, err := d.MicrosoftCredential(ctx)
	if err != nil {
		return nil, f, err
	}
	renew := func(ctx context.Context) (signin.Access, error) {
		return d.entra(f).AppSecret(ctx, f.secret, d.Hosts.Graph)
	}
	if f.Person {
		renew = signin.RenewUser(vault{d.keyring(d.Hosts.MicrosoftSandbox), f.key}, d.entra(f), d.opts.Warn)
	}
	s, err := d.session(f, renew)
	if err != nil {
		return nil, f, err
	}
	return &msgraph.Client{HTTP: d.apiClient(s), Base: d.Hosts.Graph}, f, nil
}

// LoginDevice signs a person in with a device code.
func (d *Doors) LoginDevice(ctx context.Context, show func(signin.DeviceCode)) (Found, error) {
	return d.login(ctx, flowDevice, func(ctx context.Context, e signin.Entra) (signin.Access, error) {
		return e.Device(ctx, signin.DelegatedScopes(), show)
	})
}

// LoginBrowser signs a person in with the browser.
func (d *Doors) LoginBrowser(ctx context.Context, open func(address string) error) (Found, error) {
	return d.login(ctx, flowBrowser, func(ctx context.Context, e signin.Entra) (signin.Access, error) {
		return e.Browser(ctx, signin.DelegatedScopes(), open)
	})
}

// login looks at the keyring before anybody is asked to sign in: a sign-in that
// cannot be kept would be wasted.
func (d *Doors) login(ctx context.Context, flow string, run func(context.Context, signin.Entra) (signin.Access, error)) (Found, error) {
	f, err := d.microsoft()
	if err != nil {
		return f, err
	}
	keyring := d.keyring(d.Hosts.MicrosoftSandbox)
	if err := keyring.Available(ctx); err != nil {
		return f, err
	}
	a, err := run(ctx, d.entra(f))
	if err != nil {
		return f, err
	}
	f.Source, f.Person, f.Flow, f.Account, f.Scopes, f.SignedIn = InKeyring, true, flow, a.Account, a.Scopes, time.Now().UTC().Truncate(time.Second)
	f.root = secret.NewRoot()
	unlock, err := lock(ctx)
	if err != nil {
		return f, err
	}
	defer unlock()
	err = vault{keyring, f.key}.Save(ctx, signin.Credential{
		Refresh: a.Refresh, ClientID: f.ClientID, Flow: flow, Account: a.Account, Scopes: signin.DelegatedScopes(), CacheRoot: f.root, SignedIn: f.SignedIn,
	})
	if err != nil {
		return f, err
	}
	return f, d.cache(f, a)
}

// cache keeps a fresh access token so that the next command need not renew.
func (d *Doors) cache(f Found, a signin.Access) error {
	file, err := sealed(f.key+"/"+string(f.Source), f.root)
	if err != nil {
		return err
	}
	if err := (tokenCache{file}).Save(a); err != nil {
		d.opts.Warn(err)
	}
	return nil
}

// CheckMicrosoftEnvironment signs the application in with the environment's
// secret and keeps nothing.
func (d *Doors) CheckMicrosoftEnvironment(ctx context.Context) (Found, error) {
	f, err := d.MicrosoftCredential(ctx)
	if err != nil {
		return f, err
	}
	_, err = d.entra(f).AppSecret(ctx, f.secret, d.Hosts.Graph)
	return f, err
}

// LogoutMicrosoft erases the person's sign-in on this machine.
func (d *Doors) LogoutMicrosoft(ctx context.Context) (Erased, error) {
	f, err := d.microsoft()
	if err != nil {
		return Erased{}, err
	}
	return d.erase(ctx, f, d.Hosts.MicrosoftSandbox)
}
