package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

// services are both sides in memory.
type services struct {
	emails map[string]string // ID by email
	roles  map[string]string
	upns   map[string]tenant.User // by ID
	stopAt int                    // the change at which the network is gone
	made   []string
}

func (s *services) User(_ context.Context, key string) (*tenant.ZoomUser, error) {
	id, ok := s.emails[strings.ToLower(key)]
	if !ok {
		return nil, nil
	}
	return &tenant.ZoomUser{ID: id, Email: key, Role: s.roles[id]}, nil
}

func (s *services) ChangeEmail(_ context.Context, from, to string) error {
	if s.stopAt > 0 && len(s.made)+1 == s.stopAt {
		return &tenant.StopError{Reason: tenant.Offline, Service: "Zoom", Err: errors.New("no network")}
	}
	s.made = append(s.made, from+" > "+to)
	s.emails[strings.ToLower(to)] = s.emails[strings.ToLower(from)]
	delete(s.emails, strings.ToLower(from))
	return nil
}

type directory struct{ *services }

func (d directory) User(_ context.Context, key string) (*tenant.User, error) {
	for _, u := range d.upns {
		if u.ID == key || u.UPN == key {
			return &u, nil
		}
	}
	return nil, nil
}

func (d directory) SetUPN(_ context.Context, id, upn string) error {
	u := d.upns[id]
	d.made = append(d.made, u.UPN+" > "+upn)
	u.UPN = upn
	d.upns[id] = u
	return nil
}

func email(from, to string) upn.Fix {
	return upn.Fix{Kind: upn.ZoomEmail, Class: upn.Mail, ZoomEmail: from, From: from, To: to}
}

func TestEachChangeIsHeldAgainstWhatIsThere(t *testing.T) {
	tests := map[string]struct {
		fix  upn.Fix
		want Outcome
		why  string
	}{
		"nothing is in the way":             {email("a@x.com", "b@x.com"), Done, ""},
		"it is there already":               {email("old@x.com", "a@x.com"), Already, ""},
		"only the letter case differs":      {email("a@x.com", "A@x.com"), Already, ""},
		"nobody has the email any more":     {email("gone@x.com", "b@x.com"), Refused, "has nobody with the email gone@x.com"},
		"somebody else has the new one":     {email("a@x.com", "other@x.com"), Refused, "somebody else has the email other@x.com"},
		"an administrator":                  {email("admin@x.com", "b@x.com"), Refused, "an administrator (Admin)"},
		"the domain is not managed":         {email("a@x.com", "a@y.com"), Refused, "y.com is not a managed domain"},
		"three times in 24 hours":           {email("often@x.com", "b@x.com"), Refused, "changed 3 times within 24 hours"},
		"a UPN":                             {upn.Fix{Kind: upn.EntraUPN, EntraID: "1", From: "u@x.com", To: "v@x.com"}, Done, ""},
		"a UPN by itself":                   {upn.Fix{Kind: upn.EntraUPN, From: "u@x.com", To: "v@x.com"}, Done, ""},
		"a UPN that is right already":       {upn.Fix{Kind: upn.EntraUPN, EntraID: "1", From: "t@x.com", To: "U@x.com"}, Already, ""},
		"a UPN that is another by now":      {upn.Fix{Kind: upn.EntraUPN, EntraID: "1", From: "t@x.com", To: "v@x.com"}, Refused, "the UPN is u@x.com now, not t@x.com"},
		"a synced account":                  {upn.Fix{Kind: upn.EntraUPN, EntraID: "2", From: "s@x.com", To: "v@x.com"}, Refused, "on-premises directory"},
		"a Microsoft user who is not there": {upn.Fix{Kind: upn.EntraUPN, EntraID: "9", From: "s@x.com", To: "v@x.com"}, Refused, "nobody with the ID 9"},
		"on premises":                       {upn.Fix{Kind: upn.OnPremises, Command: "Set-ADUser"}, ByHand, "Set-ADUser"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, dry := range []bool{true, false} {
				s := &services{
					emails: map[string]string{"a@x.com": "1", "other@x.com": "2", "admin@x.com": "3", "often@x.com": "4"}, roles: map[string]string{"1": "Member", "3": "Admin"},
					upns: map[string]tenant.User{"1": {ID: "1", UPN: "u@x.com"}, "2": {ID: "2", UPN: "s@x.com", Synced: true}},
				}
				written := 0
				note := func(upn.Fix) error { written++; return nil }
				var got []Result
				run := Run{Zoom: s, Graph: directory{s}, ManagedDomains: map[string]bool{"x.com": true}, RecentChanges: map[upn.Address]int{"often@x.com": 3}, Dry: dry, Before: note, After: note, Each: func(r Result) { got = append(got, r) }}
				if err := run.Do(t.Context(), []upn.Fix{test.fix}); err != nil {
					t.Fatal(err)
				}
				want := test.want
				if dry && want == Done {
					want = WouldDo
				}
				if got[0].Outcome != want || !strings.Contains(got[0].Why, test.why) || got[0].Why != "" && test.why == "" {
					t.Errorf("dry %v: %s %q, want %s %q", dry, got[0].Outcome, got[0].Why, want, test.why)
				}
				if changed := want == Done; (len(s.made) == 1) != changed || (written == 2) != changed {
					t.Errorf("dry %v: %d changes, %d notes", dry, len(s.made), written)
				}
			}
		})
	}
}

// A run that stops anywhere and is run again makes each change once.
func TestARunGoesOn(t *testing.T) {
	for stopAt := 1; stopAt <= 4; stopAt++ {
		s := &services{emails: map[string]string{}, roles: map[string]string{}, stopAt: stopAt}
		var fixes []upn.Fix
		for i := range 5 {
			from := fmt.Sprintf("%d@x.com", i)
			s.emails[from] = from
			fixes = append(fixes, email(from, fmt.Sprintf("new%d@x.com", i)))
		}
		note := func(upn.Fix) error { return nil }
		run := Run{Zoom: s, Before: note, After: note, Each: func(Result) {}}
		if err := run.Do(t.Context(), fixes); !tenant.Stops(err) {
			t.Fatalf("%d: %v", stopAt, err)
		}
		s.stopAt = 0
		if err := run.Do(t.Context(), fixes); err != nil || len(s.made) != 5 {
			t.Errorf("%d: %v, %v", stopAt, s.made, err)
		}
	}
}

// What cannot be written down is not done, and nothing is done after it.
func TestNothingGoesUnrecorded(t *testing.T) {
	s := &services{emails: map[string]string{"a@x.com": "1", "b@x.com": "2"}, roles: map[string]string{}}
	full := errors.New("the disk is full")
	run := Run{Zoom: s, Before: func(upn.Fix) error { return full }, Each: func(Result) {}}
	if err := run.Do(t.Context(), []upn.Fix{email("a@x.com", "c@x.com"), email("b@x.com", "d@x.com")}); !errors.Is(err, full) || len(s.made) != 0 {
		t.Errorf("%v, %v", err, s.made)
	}
}

func TestListsAreReadAsWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	fixes := []upn.Fix{email("a@x.com", "b@x.com"), {Kind: upn.OnPremises, Class: upn.Domain, From: "c@x.com", To: "d@x.com", Command: "x"}}
	if err := Write(file, Header{Made: time.Unix(0, 0).UTC(), Tenant: "t"}, fixes); err != nil {
		t.Fatal(err)
	}
	l, err := Read(file)
	if err != nil || len(l.Fixes) != 2 || l.Fixes[1] != fixes[1] || l.Header.Tenant != "t" || l.Fingerprint == "" {
		t.Errorf("%+v, %v", l, err)
	}
	header := `{"format":"zo365 upn fix","version":1,"made":"2026-11-25T00:00:00Z"}` + "\n"
	change := `{"kind":"zoom-email","class":"mail","zoom_email":"a@x.com","entra_id":"","entra_upn":"","from":"a@x.com","to":"b@x.com"}` + "\n"
	for text, want := range map[string]string{
		"":                                   ":1: the list is empty",
		"hello\n":                            ":1: this is not a list",
		strings.Replace(header, "1", "9", 1): ":1: the list has version 9",
		header + change + change:             ":3: the same change is in line 2",
		header + strings.Replace(change, `"to":"b@x.com"`, `"to":"b"`, 1):        `:2: to: "b" is not an address`,
		header + strings.Replace(change, "zoom-email", "delete", 1):              `:2: kind: "delete"`,
		header + strings.Replace(change, `"class":"mail"`, `"class":"guest"`, 1): ":2: class:",
		header + strings.Replace(change, `"from"`, `"form"`, 1):                  `:2: this is not a change: json: unknown field "form"`,
		header + strings.TrimSuffix(change, "\n") + "{}\n":                       ":2: this is not a change: something stands behind it",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
