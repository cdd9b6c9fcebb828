package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/rest"
	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
)

// The flows as the store remembers them.
const (
	flowDevice  = "device code"
	flowBrowser = "browser"
	flowSecret  = "client secret"
)

// Tenant is the Microsoft tenant that is meant: --tenant, the ZO365_ variable,
// the file, the variable of other tools, the current sign-in.
func (d *Doors) Tenant() (string, error) {
	t := d.named()
	if t == "" {
		t = d.current("Microsoft", host(d.Hosts.Login)).Of
	}
	if t == "" {
		return "", &MissingError{What: "microsoft.tenant", Variable: "ZO365_MICROSOFT_TENANT", Path: d.opts.Path}
	}
	return t, nil
}

// named is the tenant that anything but the current sign-in names.
func (d *Doors) named() string {
	if d.opts.Tenant != "" {
		return d.opts.Tenant
	}
	return d.identity("ZO365_MICROSOFT_TENANT", d.opts.File.Microsoft.Tenant, "AZURE_TENANT_ID")
}

func (d *Doors) microsoft() (Found, error) {
	t, err := d.Tenant()
	if err != nil {
		return Found{Service: "Microsoft"}, err
	}
	f := Found{
		Service:   "Microsoft",
		Of:        t,
		host:      host(d.Hosts.Login),
		byCurrent: d.named() == "",
	}
	f.key = "microsoft/" + f.host + "/" + strings.ToLower(t)
	f.ClientID = d.identity("ZO365_MICROSOFT_CLIENT_ID", d.opts.File.Microsoft.ClientID, "AZURE_CLIENT_ID")
	if f.ClientID == "" {
		f.ClientID = signin.GraphCommandLineTools
	}
	return f, nil
}

// MicrosoftCredential is the sign-in that Graph would use, or a StopError. With
// auto a person's sign-in comes first, then what the environment has for an
// application.
func (d *Doors) MicrosoftCredential(ctx context.Context) (Found, error) {
	if err := d.agree(ctx); err != nil {
		return Found{Service: "Microsoft"}, err
	}
	f, err := d.microsoft()
	if err != nil {
		return f, err
	}
	method := Method(d.opts.Auth)
	if method == "" {
		method = "auto"
	}
	var unavailable error
	if method == ByPerson || method == "auto" {
		found, ok, err := d.stored(ctx, f, d.Hosts.MicrosoftSandbox)
		if ok {
			return found, nil
		}
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		unavailable = err
	}
	if method != ByPerson && (method != "auto" || d.usesEnvironment()) {
		if found, ok, err := d.application(f, method); ok || err != nil {
			if err == nil {
				err = d.ownClient(found)
			}
			return found, err
		}
	}
	return f, d.nobody(f.Service, method, unavailable)
}

func (d *Doors) entra(f Found) signin.Entra {
	return signin.Entra{
		Login:    d.Hosts.Login,
		Tenant:   f.Of,
		ClientID: f.ClientID,
		HTTP:     d.tokenClient(),
	}
}

// Graph returns a client for one command, whose token carries what the command
// needs, and the credential it uses.
func (d *Doors) Graph(ctx context.Context, command string) (*msgraph.Client, Found, error) {
	f, err := d.MicrosoftCredential(ctx)
	if err != nil {
		return nil, f, err
	}
	if d.opts.Debug != nil {
		_, _ = fmt.Fprintf(
			d.opts.Debug,
			"debug: signing in to Microsoft by %s: %s\n",
			f.Method,
			f.Why,
		) // a trace must not stop the work
	}
	renew, need := f.renew, []string(nil)
	if f.Person {
		need = d.opts.Scopes(command)
		renew = interaction(command, signin.RenewUser(vault{f.store, f.key}, d.entra(f), need, looks(command), d.opts.Warn))
	}
	s, err := d.session(f, renew, need)
	if err != nil {
		return nil, f, err
	}
	s.Challenge = func(string) error { return &PolicyError{} }
	if f.Person {
		s.Challenge = func(claims string) error {
			return &InteractionError{
				Command: command,
				Claims:  claims,
				Err:     errors.New("Conditional Access asks for more than this sign-in proved"),
			}
		}
	}
	if err := d.belongs(ctx, &f, nil); err != nil {
		return nil, f, err
	}
	return &msgraph.Client{
		HTTP:  d.apiClient(s.Transport(d.tokens), rest.NewPace(graphPace)),
		Base:  d.Hosts.Graph,
		Cloud: string(d.opts.File.Microsoft.Cloud),
	}, f, nil
}

// looks says whether a command goes on with fewer permissions than it could use: what
// it cannot see is a finding that names the permission.
func looks(command string) bool { return command == "doctor" }

// Login is one sign-in of a person.
type Login struct {
	// Browser chooses the browser instead of the device code.
	Browser bool
	// For are the commands whose permissions are asked for; what was consented
	// before is kept.
	For []string
	// Also are further permissions: optional ones, which no command needs by itself.
	Also []string
	// Claims answers a challenge.
	Claims string
	// Show shows a device code, Open an address.
	Show func(signin.DeviceCode)
	Open func(address string) error
}

// LoginMicrosoft signs a person in. It looks at the stores first: a sign-in that
// cannot be kept would be wasted.
func (d *Doors) LoginMicrosoft(ctx context.Context, l Login) (Found, error) {
	if err := d.agree(ctx); err != nil {
		return Found{Service: "Microsoft"}, err
	}
	f, err := d.microsoft()
	if err != nil {
		return f, err
	}
	if f.ClientID == signin.GraphCommandLineTools && d.opts.File.Microsoft.Cloud == profile.China {
		return f, &MissingError{
			What:     "microsoft.client_id",
			Variable: "ZO365_MICROSOFT_CLIENT_ID",
			Why:      noDefaultClient,
			Path:     d.opts.Path,
		}
	}
	s, err := d.storeFor(ctx, d.Hosts.MicrosoftSandbox)
	if err != nil {
		return f, err
	}
	scopes := d.opts.Scopes(l.For...)
	scopes = append(scopes, missingFrom(scopes, l.Also)...)
	if before, err := (vault{s, f.key}).Load(ctx); err == nil && before.ClientID == f.ClientID {
		scopes = append(scopes, missingFrom(scopes, before.Scopes)...)
	} else if err != nil && !errors.Is(err, secret.ErrNotFound) {
		d.opts.Warn(err)
	}
	e := d.entra(f)
	e.Claims = l.Claims
	var a signin.Access
	if f.Flow = flowDevice; l.Browser {
		f.Flow = flowBrowser
		a, err = e.Browser(ctx, scopes, l.Open)
	} else {
		a, err = e.Device(ctx, scopes, l.Show)
	}
	if err != nil {
		return f, err
	}
	f.Source, f.store, f.Person, f.Method, f.Account, f.Scopes = s.source, s, true, ByPerson, a.Account, scopes
	f.Why, f.SignedIn, f.root = "a sign-in is kept in the "+string(
		s.source,
	), time.Now().UTC().Truncate(
		time.Second,
	), secret.NewRoot()
	err = d.keep(
		ctx,
		f,
		s,
		signin.Credential{
			Refresh:   a.Refresh,
			ClientID:  f.ClientID,
			Flow:      f.Flow,
			Account:   a.Account,
			Scopes:    scopes,
			CacheRoot: f.root,
			SignedIn:  f.SignedIn,
		},
	)
	if err != nil {
		return f, err
	}
	return f, d.cache(f, a)
}

// noDefaultClient: https://learn.microsoft.com/powershell/microsoftgraph/authentication-commands
const noDefaultClient = "Microsoft Graph Command Line Tools, which zo365 signs in with otherwise, does not exist in " +
	"Azure China: register an application there that allows public client flows"

// missingFrom are the words of more that has does not hold.
func missingFrom(has, more []string) []string {
	held := map[string]bool{}
	for _, h := range has {
		held[h] = true
	}
	var rest []string
	for _, m := range more {
		if !held[m] {
			rest = append(rest, m)
		}
	}
	return rest
}

// cache keeps a fresh access token so that the next command need not renew.
func (d *Doors) cache(f Found, a signin.Access) error {
	file, err := sealed(f.cacheKey(), f.root)
	if err != nil {
		return err
	}
	if err := (tokenCache{file}).Save(a); err != nil {
		d.opts.Warn(err)
	}
	return nil
}

// CheckMicrosoft signs the application in once with what the environment has,
// and keeps nothing.
func (d *Doors) CheckMicrosoft(ctx context.Context) (Found, error) {
	f, err := d.MicrosoftCredential(ctx)
	if err != nil || f.Person {
		return f, err
	}
	_, err = f.renew(ctx)
	return f, err
}

// LogoutMicrosoft erases the person's sign-in on this machine; revoke ends it on
// Microsoft's side first.
func (d *Doors) LogoutMicrosoft(ctx context.Context, revoke bool) (Erased, error) {
	f, err := d.microsoft()
	if err != nil {
		return Erased{}, err
	}
	revoked := false
	if revoke {
		graph, found, err := d.Graph(ctx, "logout --revoke")
		if err != nil {
			return Erased{}, err
		}
		if found.Person {
			if err := graph.RevokeSessions(ctx); err != nil {
				return Erased{}, err
			}
			revoked = true
		}
	}
	e, err := d.erase(ctx, f, d.Hosts.MicrosoftSandbox)
	e.Revoked = revoked
	return e, err
}
