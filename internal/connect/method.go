package connect

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/zo365/zo365/internal/secret"
	"github.com/zo365/zo365/internal/signin"
	"github.com/zo365/zo365/internal/tenant"
)

// Method is how zo365 proves to Microsoft who it is.
type Method string

// The methods.
const (
	ByPerson      Method = "person"
	BySecret      Method = "secret"
	ByCertificate Method = "certificate"
	ByFederation  Method = "federated"
	ByManaged     Method = "managed-identity"
)

// Methods are the words of --auth; auto chooses among the others.
var Methods = []string{
	"auto",
	string(ByPerson),
	string(BySecret),
	string(ByCertificate),
	string(ByFederation),
	string(ByManaged),
}

// The variables of an application's credentials, the first that is set counts.
var (
	secretVariables      = []string{"ZO365_MICROSOFT_CLIENT_SECRET", "AZURE_CLIENT_SECRET"}
	certificateVariables = []string{"ZO365_MICROSOFT_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PATH"}
	passwordVariables    = []string{"ZO365_MICROSOFT_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_CERTIFICATE_PASSWORD"}
)

// application finds an application's credential in the environment: with auto
// the strongest first. ok is false when there is none.
func (d *Doors) application(f Found, method Method) (found Found, ok bool, err error) {
	wanted := func(m Method) bool { return method == m || method == "auto" }
	f.Source, f.Method = InEnvironment, method
	if path, name := d.fromEnvironment(certificateVariables...); wanted(ByCertificate) && name != "" {
		f.Method, f.Variable, f.Why = ByCertificate, name, name+" names a certificate"
		return d.withCertificate(f, path.Reveal())
	}
	if value, name := d.fromEnvironment(secretVariables...); wanted(BySecret) && name != "" {
		// The environment's own secret opens its own cache: whoever has the one may
		// have the other.
		f.Method, f.Variable, f.Why, f.secret, f.root = BySecret, name, name+" is set", value, value
		f.renew = func(ctx context.Context) (signin.Access, error) {
			return d.entra(f).AppSecret(ctx, value, d.Hosts.Graph)
		}
		return f, true, nil
	}
	if place, found := signin.FindFederation(d.opts.File.Microsoft.Cloud, d.opts.Getenv); wanted(ByFederation) && found {
		f.Method, f.Variable, f.Why = ByFederation, place.Name, "a federated token comes from "+place.Name
		f.renew = func(ctx context.Context) (signin.Access, error) {
			token, err := place.Token(ctx, d.tokenClient())
			if err != nil {
				return signin.Access{}, err
			}
			return d.entra(f).AppAssertion(ctx, token, d.Hosts.Graph)
		}
		return f, true, nil
	}
	if method == ByManaged || method == "auto" && signin.HasManagedIdentity(d.opts.Getenv) {
		f.Method, f.Why = ByManaged, "the machine has a managed identity"
		if method == ByManaged {
			f.Why = "--auth says so"
		}
		client := d.opts.Getenv("AZURE_CLIENT_ID") // a user-assigned identity
		f.renew = func(ctx context.Context) (signin.Access, error) {
			return signin.ManagedIdentity(ctx, d.localClient(), client, d.Hosts.Graph, d.opts.Getenv)
		}
		return f, true, nil
	}
	return f, false, nil
}

// withCertificate reads the certificate now, so that a wrong file is said before
// anything is asked.
func (d *Doors) withCertificate(f Found, path string) (Found, bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return f, false, fmt.Errorf("reading the certificate that %s names: %w", f.Variable, err)
	}
	password, _ := d.fromEnvironment(passwordVariables...)
	certificate, err := signin.ParseCertificate(data, password)
	if err != nil {
		return f, false, fmt.Errorf("the certificate %s: %w", path, err)
	}
	f.root, f.thumbprint = secret.New(string(data)), certificate.Thumbprint()
	f.renew = func(ctx context.Context) (signin.Access, error) {
		return d.entra(f).AppCertificate(ctx, certificate, d.Hosts.Graph)
	}
	return f, true, nil
}

// nobody says that there is no credential of the wanted kind.
func (d *Doors) nobody(service string, method Method, unavailable error) error {
	e := &NotSignedInError{
		Service:     service,
		Store:       unavailable,
		Method:      method,
		KeepsNone:   !d.keeps(),
		Environment: d.usesEnvironment(),
	}
	return &tenant.StopError{Reason: tenant.SignedOut, Service: service, Err: e}
}

// ownClient asks for the client ID of an application: Microsoft's own, which people sign in with,
// has no secret that anybody could know.
func (d *Doors) ownClient(f Found) error {
	if f.Method == ByManaged || f.ClientID != signin.GraphCommandLineTools {
		return nil
	}
	return &MissingError{
		What:     "microsoft.client_id",
		Variable: "ZO365_MICROSOFT_CLIENT_ID",
		Why:      f.Why + ", and an application signs in with its own client ID",
		Path:     d.opts.Path,
	}
}

// PolicyError says that Conditional Access asks an application for more than its token
// proved, which no sign-in of it can give.
type PolicyError struct{}

func (*PolicyError) Error() string {
	return "Conditional Access asks for more than the application's sign-in proved"
}

// InteractionError says that only a new sign-in of the person helps, and for
// which permissions.
type InteractionError struct {
	// Command is what needs the sign-in, for --for.
	Command string
	// Claims is the challenge to answer, if there is one.
	Claims string
	Err    error
}

func (e *InteractionError) Error() string { return e.Err.Error() }
func (e *InteractionError) Unwrap() error { return e.Err }

// interaction marks an error that a new sign-in can mend.
func interaction(
	command string,
	renew func(context.Context) (signin.Access, error),
) func(context.Context) (signin.Access, error) {
	return func(ctx context.Context) (signin.Access, error) {
		a, err := renew(ctx)
		var entra *signin.EntraError
		if errors.As(err, &entra) && entra.NeedsPerson() {
			return a, &InteractionError{Command: command, Claims: entra.Claims, Err: err}
		}
		return a, err
	}
}
