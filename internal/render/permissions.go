package render

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/tenant"
)

// Holdings is the JSON of permissions list.
type Holdings struct {
	Applications []PermissionsApp `json:"applications"`
	// PoliciesKnown says whether somebody read the access policies, which no API shows.
	PoliciesKnown bool `json:"access_policies_known"`
	// Unseen are the facts that could not be read, with the reason.
	Unseen []string  `json:"could_not_see"`
	At     time.Time `json:"at"`
}

// PermissionsApp is one application with what it holds.
type PermissionsApp struct {
	Name        string           `json:"name"`
	AppID       string           `json:"app_id"`
	PrincipalID string           `json:"principal_id"`
	Purpose     string           `json:"purpose"`
	Basis       string           `json:"basis"`
	Publisher   string           `json:"verified_publisher"`
	Enabled     bool             `json:"enabled"`
	ConsentedBy string           `json:"consented_by"`
	ConsentedAt *time.Time       `json:"consented_at"`
	LastSignIn  *time.Time       `json:"last_sign_in"`
	Ends        []time.Time      `json:"credentials_end"`
	Policies    []string         `json:"access_policies"`
	Permissions []HeldPermission `json:"permissions"`
}

// HeldPermission is one permission.
type HeldPermission struct {
	Kind      string     `json:"kind"`
	Name      string     `json:"name"`
	Tick      string     `json:"trim_name"`
	Resource  string     `json:"resource"`
	For       string     `json:"for"`
	Allows    string     `json:"allows"`
	Mailboxes bool       `json:"reaches_mailboxes"`
	Need      string     `json:"need"`
	Certainty string     `json:"certainty"`
	Why       string     `json:"why"`
	At        *time.Time `json:"at"`
}

// NewHoldings are holdings as they are shown.
func NewHoldings(all []doctor.Holding, at time.Time) Holdings {
	p := Holdings{Applications: []PermissionsApp{}, Unseen: []string{}, At: at.UTC().Truncate(time.Second)}
	for _, h := range all {
		c := h.Consent.Principal
		one := PermissionsApp{
			Name:        c.DisplayName,
			AppID:       c.AppID,
			PrincipalID: c.ID,
			Purpose:     string(h.Purpose),
			Basis:       h.Basis,
			Publisher:   c.Publisher,
			Enabled:     c.Enabled,
			ConsentedBy: h.ConsentedBy,
			ConsentedAt: timeOrNull(h.ConsentedAt),
			LastSignIn:  timeOrNull(h.LastSignIn),
			Ends:        append([]time.Time{}, c.Ends...),
			Policies:    append([]string{}, h.Policies...),
			Permissions: []HeldPermission{},
		}
		for _, x := range h.All {
			one.Permissions = append(one.Permissions, HeldPermission{
				Kind:      string(x.Kind),
				Name:      x.Name,
				Tick:      doctor.TickName(x),
				Resource:  x.Resource,
				For:       x.For,
				Allows:    x.Allows,
				Mailboxes: x.Mailboxes,
				Need:      string(x.Need),
				Certainty: string(x.Certainty),
				Why:       x.Why,
				At:        timeOrNull(x.At),
			})
		}
		p.Applications = append(p.Applications, one)
	}
	return p
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// HoldingsListing shows who can reach mailboxes.
func HoldingsListing(p Holdings) Listing {
	l := Listing{
		Value:   p,
		Columns: []string{"application", "app_id", "purpose", "kind", "permission", "for", "need", "certainty", "allows"},
		Important: []string{
			"application", "permission", "for", "need", "app_id", "kind", "certainty", "purpose", "allows",
		},
		Empty:   "No application of Zoom reaches calendars, mail, contacts or mailbox settings.",
		Page:    func(w io.Writer) error { return permissionsTemplate.Execute(w, p) },
		Reports: map[Format]func() ([]byte, error){Markdown: func() ([]byte, error) { return []byte(p.markdown()), nil }},
	}
	for _, a := range p.Applications {
		if len(a.Permissions) == 0 {
			l.Rows = append(l.Rows, []string{a.Name, a.AppID, a.Purpose, "", "none", "nobody", "", "", ""})
		}
		for _, x := range a.Permissions {
			l.Rows = append(
				l.Rows,
				[]string{a.Name, a.AppID, a.Purpose, x.Kind, heldName(x), x.For, x.Need, x.Certainty, x.Allows},
			)
		}
	}
	return l
}

func purposeWords(purpose string) string {
	switch doctor.Purpose(purpose) {
	case doctor.ForPeople:
		return "Zoom's application for people"
	case doctor.ForRooms:
		return "Zoom's application for conference rooms"
	case doctor.OtherOfZoom:
		return "another application of Zoom"
	case doctor.OfOthers:
	}
	return "an application of another publisher"
}

func heldName(x HeldPermission) string {
	if x.Resource == doctor.APIName(tenant.ExchangeAPI) {
		return x.Name + " of " + x.Resource
	}
	return x.Name
}

//go:embed permissions.html
var permissionsPage string

var permissionsTemplate = template.Must(template.New("permissions").Funcs(template.FuncMap{
	"held":    heldName,
	"purpose": purposeWords,
	"capital": func(text string) string {
		if text == "" {
			return ""
		}
		return strings.ToUpper(text[:1]) + text[1:]
	},
	"day": func(t *time.Time) string {
		if t == nil {
			return "not known"
		}
		return t.Format(time.DateOnly)
	},
	"days": func(all []time.Time) string {
		var days []string
		for _, t := range all {
			days = append(days, t.UTC().Format(time.DateOnly))
		}
		return strings.Join(days, ", ")
	},
	"join": func(all []string) string { return strings.Join(all, "; ") },
}).Parse(permissionsPage))

func (p Holdings) markdown() string {
	var b strings.Builder
	b.WriteString("# Who can reach mailboxes\n\n")
	fmt.Fprintf(&b, "Read on %s.\n", p.At.Format(time.RFC3339))
	for _, a := range p.Applications {
		fmt.Fprintf(&b, "\n## %s (%s)\n\n", plainText(a.Name), a.AppID)
		fmt.Fprintf(&b, "This is %s; verified publisher: %s; sign-in enabled: %s.\n\n",
			purposeWords(a.Purpose), plainText(orDash(a.Publisher)), YesNo(a.Enabled))
		b.WriteString("| permission | kind | for | need | certainty | what it allows |\n|---|---|---|---|---|---|\n")
		for _, x := range a.Permissions {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", plainText(heldName(x)), x.Kind, plainText(x.For),
				x.Need, x.Certainty, plainText(x.Allows))
		}
	}
	if !p.PoliciesKnown {
		b.WriteString("\nApplication access policies are not known: no API shows them.\n")
	}
	for _, u := range p.Unseen {
		b.WriteString("\nCould not see " + plainText(u) + "\n")
	}
	return b.String()
}

func orDash(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// PermissionMeaning is the JSON of permissions explain.
type PermissionMeaning struct {
	Name      string   `json:"name"`
	Allows    string   `json:"allows"`
	Mailboxes bool     `json:"reaches_mailboxes"`
	Role      string   `json:"exchange_role"`
	Gives     []string `json:"gives"`
	Narrowed  string   `json:"narrowed_by"`
	Need      string   `json:"need"`
	Certainty string   `json:"certainty"`
	Why       string   `json:"why"`
	Source    string   `json:"source"`
}

// PermissionMeanings is a list of them.
func PermissionMeanings(all []PermissionMeaning) Listing {
	l := Listing{
		Value:   map[string]any{"permissions": all},
		Columns: []string{"name", "allows", "exchange_role", "need", "certainty"},
	}
	for _, m := range all {
		l.Rows = append(l.Rows, []string{m.Name, m.Allows, m.Role, m.Need, m.Certainty})
	}
	if len(all) == 1 {
		m := all[0]
		l.Text = func(w io.Writer, _ Paint) error {
			_, err := fmt.Fprintf(w, "%s\n  allows:    %s\n  narrowed:  %s\n  need:      %s (%s): %s\n  source:    %s\n",
				m.Name, m.Allows, m.Narrowed, m.Need, m.Certainty, m.Why, m.Source)
			return err
		}
	}
	return l
}
