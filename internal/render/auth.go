package render

import (
	"strings"
	"time"
)

// SignIns is the JSON of auth status.
type SignIns struct {
	// SignedIn is true when both services have a usable credential.
	SignedIn bool     `json:"signed_in"`
	Services []SignIn `json:"services"`
}

// SignIn is one service's credential, without the secret.
type SignIn struct {
	Service  string `json:"service"`
	SignedIn bool   `json:"signed_in"`
	// As is the person's name, or the application's client ID.
	As string `json:"as"`
	// Kind is person or application.
	Kind string `json:"kind"`
	// Method is how zo365 proves who it is, Why the reason for the choice.
	Method string `json:"method"`
	Why    string `json:"why"`
	// Flow is how it came here: device code, browser, client secret.
	Flow string `json:"flow"`
	// Store is keyring or environment; Variable is set for the latter.
	Store    string `json:"store"`
	Variable string `json:"variable"`
	// Of is the tenant or the Zoom account.
	Of   string     `json:"of"`
	Host string     `json:"host"`
	At   *time.Time `json:"at"`
	// Problem says why there is no credential.
	Problem string `json:"problem"`
}

// SignInListing shows the credentials.
func SignInListing(s SignIns) Listing {
	l := Listing{
		Value:   s,
		Columns: []string{"service", "signed_in", "as", "kind", "method", "why", "of", "host", "problem"},
	}
	for _, one := range s.Services {
		l.Rows = append(
			l.Rows,
			[]string{one.Service, YesNo(one.SignedIn), one.As, one.Kind, one.Method, one.Why, one.Of, one.Host, one.Problem},
		)
	}
	return l
}

// Logout is the JSON of logout.
type Logout struct {
	Erased []Erased `json:"erased"`
}

// Erased says what was removed for one service.
type Erased struct {
	Service    string `json:"service"`
	Credential bool   `json:"credential"`
	// From are the stores that had it.
	From        []string `json:"from"`
	CachedToken bool     `json:"cached_token"`
	// Revoked is true when the service ended the sign-in on its side.
	Revoked bool `json:"revoked"`
}

// LogoutListing shows what was erased.
func LogoutListing(o Logout) Listing {
	l := Listing{Value: o, Columns: []string{"service", "credential_erased", "from", "cached_token_erased", "revoked"}}
	for _, e := range o.Erased {
		l.Rows = append(
			l.Rows,
			[]string{e.Service, YesNo(e.Credential), strings.Join(e.From, " "), YesNo(e.CachedToken), YesNo(e.Revoked)},
		)
	}
	return l
}

// Initialized is the JSON of init.
type Initialized struct {
	Path string `json:"path"`
	// Unset are the keys that nobody gave a value for.
	Unset []string `json:"unset"`
}

// InitializedListing shows the new file.
func InitializedListing(i Initialized) Listing {
	return Listing{Value: i, Columns: []string{"path", "unset"}, Rows: [][]string{{i.Path, strings.Join(i.Unset, " ")}}}
}

// Version is the JSON of version.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// VersionListing shows the version.
func VersionListing(v Version) Listing {
	return Listing{
		Value:   v,
		Columns: []string{"version", "commit", "go", "os", "arch"},
		Rows:    [][]string{{v.Version, v.Commit, v.Go, v.OS, v.Arch}},
	}
}

// listing says for each setting whether it is the group's own.
func (g Group) listing() [][]string {
	own := ""
	if g.Profile != nil {
		own = settingsLine(*g.Profile)
	}
	rows := [][]string{{"name", g.Name}, {"profile", own}}
	e := g.Effective.Settings()
	for _, key := range []string{"enabled", "default_service", "authorize_with", "setup_by", "mail_read"} {
		from := "account"
		if g.Profile != nil && g.Profile.Get(key) != "" {
			from = "group"
		}
		rows = append(rows, []string{key, e.Get(key) + " (" + from + ")"})
	}
	return rows
}

// OneGroupListing shows one group, where each setting comes from.
func OneGroupListing(g Group) Listing {
	return Listing{Value: g, Columns: []string{"field", "value"}, Rows: g.listing()}
}

// Accounts is the JSON of auth list and auth switch.
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// Account is a sign-in of this machine.
type Account struct {
	Service  string    `json:"service"`
	Of       string    `json:"of"`
	As       string    `json:"as"`
	ClientID string    `json:"client_id"`
	Store    string    `json:"store"`
	Host     string    `json:"host"`
	At       time.Time `json:"at"`
	Current  bool      `json:"current"`
}

// AccountListing shows sign-ins.
func AccountListing(a Accounts) Listing {
	l := Listing{
		Value:   a,
		Columns: []string{"current", "service", "of", "as", "store", "host"},
		Empty:   "Nobody is signed in on this machine.",
	}
	for _, one := range a.Accounts {
		l.Rows = append(l.Rows, []string{YesNo(one.Current), one.Service, one.Of, one.As, one.Store, one.Host})
	}
	return l
}

// Permissions is the JSON of auth permissions.
type Permissions struct {
	Commands []CommandPermissions `json:"commands"`
}

// CommandPermissions are what one command needs.
type CommandPermissions struct {
	Command     string       `json:"command"`
	Delegated   []Permission `json:"delegated"`
	Application []Permission `json:"application"`
	Zoom        []Permission `json:"zoom"`
}

// Permission is one permission with its reason.
type Permission struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	// Optional: only what the reason says needs it, and the rest goes on without.
	Optional bool `json:"optional"`
}

// PermissionListing shows permissions.
func PermissionListing(p Permissions) Listing {
	l := Listing{Value: p, Columns: []string{"command", "kind", "permission", "why"}}
	for _, c := range p.Commands {
		for _, kind := range []struct {
			name string
			all  []Permission
		}{{"delegated", c.Delegated}, {"application", c.Application}, {"zoom scope", c.Zoom}} {
			for _, one := range kind.all {
				why := one.Why
				if one.Optional {
					why = "optional: " + why
				}
				l.Rows = append(l.Rows, []string{c.Command, kind.name, one.Name, why})
			}
		}
	}
	return l
}

// App is the JSON of auth app create.
type App struct {
	ClientID    string   `json:"client_id"`
	DisplayName string   `json:"display_name"`
	Permissions []string `json:"permissions"`
}

// AppListing shows the new registration.
func AppListing(a App) Listing {
	return Listing{
		Value:   a,
		Columns: []string{"client_id", "display_name", "permissions"},
		Rows:    [][]string{{a.ClientID, a.DisplayName, strings.Join(a.Permissions, " ")}},
	}
}
