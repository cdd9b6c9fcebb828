package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zo365/zo365/internal/reach"
)

// MailboxTests is the JSON of permissions test.
type MailboxTests struct {
	Application string        `json:"application"`
	AppID       string        `json:"app_id"`
	Mailboxes   []MailboxTest `json:"mailboxes"`
	// In, Out and Unknown count them.
	In      int       `json:"reached"`
	Out     int       `json:"not_reached"`
	Unknown int       `json:"unknown"`
	At      time.Time `json:"at"`
}

// MailboxTest is whether Zoom can reach one mailbox.
type MailboxTest struct {
	User string `json:"user"`
	// Reach is yes, no or unknown: anything in the mailbox; Calendar is the calendar alone.
	Reach    string `json:"reach"`
	Calendar string `json:"calendar"`
	// Wanted says whether a profile's mailbox_scope has the mailbox; empty where none is set.
	Wanted      string           `json:"wanted"`
	Permissions []PermissionTest `json:"permissions"`
	Ways        []WayTest        `json:"ways"`
	// Probe and Pasted are what a look and Exchange's own test said; null where there was none.
	Probe  *ProbeTest  `json:"probe"`
	Pasted []PastedRow `json:"pasted"`
	// Agree is null where nothing was compared.
	Agree    *bool    `json:"agree"`
	Disagree []string `json:"disagree"`
	Error    string   `json:"error"`
}

// PermissionTest is the answer for one permission.
type PermissionTest struct {
	Name   string `json:"name"`
	Answer string `json:"answer"`
}

// WayTest is one grant or role and where it leads.
type WayTest struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Scope  string   `json:"scope"`
	Gives  []string `json:"gives"`
	Answer string   `json:"answer"`
	Why    string   `json:"why"`
}

// ProbeTest is a look into the mailbox by zo365's own application.
type ProbeTest struct {
	Answer string `json:"answer"`
	Why    string `json:"why"`
	// Comparable says whether that application holds the same as Zoom's.
	Comparable bool `json:"comparable"`
}

// PastedRow is a row of Test-ServicePrincipalAuthorization.
type PastedRow struct {
	Role    string `json:"role"`
	InScope string `json:"in_scope"`
}

// NewMailboxTest is a verdict as it is shown.
func NewMailboxTest(v reach.Verdict) MailboxTest {
	t := MailboxTest{
		User:        v.Mailbox.UPN,
		Reach:       string(v.Any),
		Calendar:    string(v.Calendar),
		Permissions: []PermissionTest{},
		Ways:        []WayTest{},
		Pasted:      []PastedRow{},
		Disagree:    []string{},
	}
	for _, p := range v.Permissions {
		t.Permissions = append(t.Permissions, PermissionTest{Name: p.Name, Answer: string(p.Answer)})
	}
	for _, w := range v.Ways {
		t.Ways = append(t.Ways, WayTest{
			Kind:   string(w.Kind),
			Name:   w.Name,
			Scope:  w.Scope,
			Gives:  append([]string{}, w.Gives...),
			Answer: string(w.Answer),
			Why:    w.Why,
		})
	}
	return t
}

// MailboxTestsListing shows who is reached and who is not; one mailbox is shown with its ways.
func MailboxTestsListing(m MailboxTests) Listing {
	l := Listing{
		Value:     m,
		Columns:   []string{"user", "reach", "calendar", "wanted", "by", "probe", "agree", "error"},
		Important: []string{"user", "reach", "calendar", "by", "wanted", "agree", "probe", "error"},
		Empty:     "Nobody was named.",
	}
	for _, t := range m.Mailboxes {
		var by []string
		for _, w := range t.Ways {
			if w.Answer == string(reach.Yes) {
				by = append(by, w.Name)
			}
		}
		probe, agree := "", ""
		if t.Probe != nil {
			probe = t.Probe.Answer
		}
		if t.Agree != nil {
			agree = YesNo(*t.Agree)
		}
		l.Rows = append(l.Rows, []string{
			t.User, t.Reach, t.Calendar, t.Wanted, strings.Join(by, ", "), probe, agree, t.Error,
		})
	}
	if len(m.Mailboxes) == 1 {
		l.Text = func(w io.Writer, _ Paint) error { return mailboxText(w, m.Application, m.Mailboxes[0]) }
	}
	return l
}

func mailboxText(w io.Writer, app string, t MailboxTest) error {
	var b strings.Builder
	if t.Error != "" {
		fmt.Fprintf(&b, "%s: %s\n", visible(t.User), visible(t.Error))
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(&b, "%s and the mailbox of %s\n", visible(app), visible(t.User))
	fmt.Fprintf(&b, "  reaches it:      %s\n  the calendar:    %s\n", t.Reach, t.Calendar)
	if t.Wanted != "" {
		fmt.Fprintf(&b, "  wanted:          %s\n", t.Wanted)
	}
	for _, one := range t.Ways {
		name := one.Name
		if one.Scope != "" {
			name += " in " + one.Scope
		}
		fmt.Fprintf(&b, "  %-8s %s: %s\n", one.Answer, visible(name), visible(one.Why))
	}
	if len(t.Ways) == 0 {
		b.WriteString("  no grant and no role leads into mailboxes\n")
	}
	if t.Probe != nil {
		fmt.Fprintf(&b, "  probed:          %s, %s\n", t.Probe.Answer, visible(t.Probe.Why))
	}
	for _, p := range t.Pasted {
		fmt.Fprintf(&b, "  Exchange's test: %s in scope: %s\n", visible(p.Role), p.InScope)
	}
	for _, d := range t.Disagree {
		fmt.Fprintf(&b, "  disagree:        %s\n", visible(d))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
