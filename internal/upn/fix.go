package upn

import (
	"fmt"
	"strings"

	"github.com/zo365/zo365/internal/shell"
)

// FixKind is how a change is made.
type FixKind string

// The kinds of changes.
const (
	// ZoomEmail: the Zoom user gets another email, through Zoom's API.
	ZoomEmail FixKind = "zoom-email"
	// EntraUPN: the Microsoft user gets another UPN, through Graph.
	EntraUPN FixKind = "entra-upn"
	// OnPremises: the UPN is changed where the account comes from, by a person.
	OnPremises FixKind = "on-premises"
)

// Fix is one change that makes a Zoom email and a UPN equal.
type Fix struct {
	Kind  FixKind `json:"kind"`
	Class Class   `json:"class"`
	// ZoomEmail is the person's as the report has it.
	ZoomEmail string `json:"zoom_email"`
	// EntraID and EntraUPN are the Microsoft user's; the ID may be empty when an
	// export did not have it.
	EntraID  string `json:"entra_id"`
	EntraUPN string `json:"entra_upn"`
	// From and To are the address that changes.
	From string `json:"from"`
	To   string `json:"to"`
	// Listed: somebody named this person, which the classes typo, ambiguous and
	// guest need.
	Listed bool `json:"listed,omitempty"`
	// Command is PowerShell, with OnPremises.
	Command string `json:"command,omitempty"`
}

// Key tells one change from another.
func (f Fix) Key() string {
	return string(f.Kind) + " " + string(Normal(f.From)) + " " + string(Normal(f.To))
}

// Undo is the change back.
func (f Fix) Undo() Fix {
	f.From, f.To = f.To, f.From
	switch f.Kind {
	case ZoomEmail:
		f.ZoomEmail = f.From
	case EntraUPN:
		f.EntraUPN = f.From
	case OnPremises:
		f.Command = onPremises(f.From, f.To)
	}
	return f
}

// Unfixed is somebody for whom no change is made, and why.
type Unfixed struct {
	ZoomEmail string `json:"zoom_email"`
	Class     Class  `json:"class"`
	Why       string `json:"why"`
}

// FixRules say what may be changed.
type FixRules struct {
	// MicrosoftFirst changes UPNs where both sides could be changed; the default
	// changes Zoom emails.
	MicrosoftFirst bool
	// ZoomDomains are the account's managed domains, EntraDomains the tenant's
	// verified ones; nil is not known, and everything passes until it is.
	ZoomDomains, EntraDomains map[string]bool
	// Listed are the people who are changed although their class does not say
	// what is right, with their UPN, which may be empty for a typo's suggestion.
	Listed map[Address]string
}

// Fix decides about one result. Exactly one of the outcomes is set, or none when
// nothing has to be done.
func (rules FixRules) Fix(r *Result) (*Fix, *Unfixed) {
	unfixed := func(format string, args ...any) (*Fix, *Unfixed) {
		return nil, &Unfixed{ZoomEmail: r.ZoomEmail, Class: r.Class, Why: fmt.Sprintf(format, args...)}
	}
	target, listed := rules.Listed[Normal(r.ZoomEmail)]
	switch r.Class {
	case Match:
		return nil, nil
	case Unknown:
		return unfixed("the person could not be looked up")
	case Taken:
		if !listed || target == "" {
			return unfixed(
				"%s is found, who matches the Zoom user %s; if somebody else is meant: --include %s",
				r.Entra.UPN,
				r.TakenBy,
				shell.Word(r.ZoomEmail+"=UPN"),
			)
		}
		return rules.listed(r, target)
	case Typo, Ambiguous, Guest, Deleted, Unresolved, Missing:
		if !listed {
			return unfixed("the class %s does not say who is meant; name the person with --include", r.Class)
		}
		if target == "" && r.Class == Typo {
			target = r.Suggestion
		}
		if target == "" {
			return unfixed("it is not known who is meant; name the UPN: --include %s", shell.Word(r.ZoomEmail+"=UPN"))
		}
		return rules.listed(r, target)
	case Mail, Alias, Domain:
	}
	if r.Class == Domain && r.Unread != 0 && !listed {
		return unfixed("it is not known whether %s is somebody else's address; name the person with --include", r.ZoomEmail)
	}
	if r.stranger() && !listed {
		return unfixed(
			"only the name before the @ is the same as that of %s, and %s is not known to be a domain of the tenant; name the person with --include",
			r.Entra.UPN,
			Normal(r.ZoomEmail).Domain(),
		)
	}
	if r.Unclear && !listed {
		return unfixed("whether the Zoom user is active is not known; name the person with --include")
	}
	if (r.Inactive || r.Pending) && !listed {
		return unfixed("the Zoom user is %s; activate them first, or name the person with --include", r.status())
	}
	if r.Entra.Resource && !listed {
		return unfixed("%s is a room, a shared mailbox or a service's account; name it with --include", r.Entra.UPN)
	}
	f := Fix{
		Class:     r.Class,
		ZoomEmail: r.ZoomEmail,
		EntraID:   strings.Clone(r.Entra.ID),
		EntraUPN:  r.Entra.UPN,
		Listed:    listed,
	}
	toZoom := allows(rules.ZoomDomains, r.Entra.UPN) && !IsInitialDomain(Normal(r.Entra.UPN).Domain())
	toEntra := allows(rules.EntraDomains, r.ZoomEmail)
	refused := Refused(r.ZoomEmail)
	if toEntra && refused != "" && !toZoom {
		return unfixed("Entra takes no UPN like %s: %s", r.ZoomEmail, refused)
	}
	unsure := toEntra && rules.EntraDomains == nil && r.UnsureDomain
	if unsure && refused == "" && !toZoom {
		return unfixed("whether %s is verified in the tenant is not known", Normal(r.ZoomEmail).Domain())
	}
	toEntra = toEntra && refused == "" && !unsure
	switch {
	case toZoom && (!rules.MicrosoftFirst || !toEntra):
		f.Kind, f.From, f.To = ZoomEmail, r.ZoomEmail, r.Entra.UPN
	case toEntra && r.Entra.OnPremises():
		f.Kind, f.From, f.To = OnPremises, r.Entra.UPN, r.ZoomEmail
		f.Command = onPremises(f.From, f.To)
	case toEntra:
		f.Kind, f.From, f.To = EntraUPN, r.Entra.UPN, r.ZoomEmail
	default:
		return unfixed(
			"%s is not a managed domain of the Zoom account, and %s is not verified in the tenant",
			Normal(r.Entra.UPN).Domain(),
			Normal(r.ZoomEmail).Domain(),
		)
	}
	return &f, nil
}

// listed is the change to a UPN that somebody named.
func (rules FixRules) listed(r *Result, target string) (*Fix, *Unfixed) {
	if !allows(rules.ZoomDomains, target) {
		return nil, &Unfixed{r.ZoomEmail, r.Class, Normal(target).Domain() + " is not a managed domain of the Zoom account"}
	}
	return &Fix{
		Kind:      ZoomEmail,
		Class:     r.Class,
		ZoomEmail: r.ZoomEmail,
		EntraUPN:  target,
		From:      r.ZoomEmail,
		To:        target,
		Listed:    true,
	}, nil
}

func allows(domains map[string]bool, address string) bool {
	return domains == nil || domains[Normal(address).Domain()]
}

// onPremises is the change in Active Directory, which the next synchronization
// brings to Entra.
//
// https://learn.microsoft.com/powershell/module/activedirectory/set-aduser
func onPremises(from, to string) string {
	return "Get-ADUser -Filter " + shell.PowerShell(
		"UserPrincipalName -eq "+shell.PowerShell(from),
	) + " | Set-ADUser -UserPrincipalName " + shell.PowerShell(
		to,
	)
}

// Script is PowerShell for the changes that a person makes on premises; empty without any.
func Script(fixes []Fix) string {
	var b strings.Builder
	for _, f := range fixes {
		if f.Kind == OnPremises {
			b.WriteString(f.Command + "\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return shell.ByteOrder + "# Made by zo365 upn fix. Run it where the ActiveDirectory module is.\n" + b.String()
}
