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

	"github.com/zo365/zo365/internal/journal"
	"github.com/zo365/zo365/internal/plan"
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

func (d directory) UsersByAddress(_ context.Context, address string) ([]tenant.User, error) {
	var all []tenant.User
	for _, u := range d.upns {
		if strings.EqualFold(u.UPN, address) || strings.EqualFold(u.Mail, address) {
			all = append(all, u)
		}
	}
	return all, nil
}

func (d directory) SetUPN(_ context.Context, id, upn string) error {
	u := d.upns[id]
	d.made = append(d.made, u.UPN+" > "+upn)
	u.UPN = upn
	d.upns[id] = u
	return nil
}

func email(from, to string) upn.Fix {
	return upn.Fix{
		Kind:      upn.ZoomEmail,
		Class:     upn.Mail,
		ZoomEmail: from,
		From:      from,
		To:        to,
	}
}

func TestEachChangeIsHeldAgainstWhatIsThere(t *testing.T) {
	tests := map[string]struct {
		fix  upn.Fix
		want Status
		why  string
	}{
		"nothing is in the way":        {email("a@x.com", "b@x.com"), StepDone, ""},
		"it is there already":          {email("old@x.com", "a@x.com"), StepAlready, ""},
		"only the letter case differs": {email("a@x.com", "A@x.com"), StepAlready, ""},
		"nobody has the email any more": {
			email("gone@x.com", "b@x.com"),
			StepFailed,
			"has nobody with the email gone@x.com",
		},
		"somebody else has the new one": {
			email("a@x.com", "other@x.com"),
			StepFailed,
			"somebody else has the email other@x.com",
		},
		"an administrator":          {email("admin@x.com", "b@x.com"), StepFailed, "an administrator (Admin)"},
		"the domain is not managed": {email("a@x.com", "a@y.com"), StepFailed, "y.com is not a managed domain"},
		"three times in 24 hours":   {email("often@x.com", "b@x.com"), StepFailed, "changed 3 times within 24 hours"},
		"a UPN": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "1",
				From:    "u@x.com",
				To:      "v@x.com",
			},
			StepDone,
			"",
		},
		"a UPN by itself": {upn.Fix{Kind: upn.EntraUPN, From: "u@x.com", To: "v@x.com"}, StepDone, ""},
		"a UPN that is right already": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "1",
				From:    "t@x.com",
				To:      "U@x.com",
			},
			StepAlready,
			"",
		},
		"a UPN that is another by now": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "1",
				From:    "t@x.com",
				To:      "v@x.com",
			},
			StepFailed,
			"the UPN is u@x.com now, not t@x.com",
		},
		"a synced account": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "2",
				From:    "s@x.com",
				To:      "v@x.com",
			},
			StepFailed,
			"on-premises directory",
		},
		"a Microsoft user who is not there": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "9",
				From:    "s@x.com",
				To:      "v@x.com",
			},
			StepFailed,
			"nobody with the ID 9",
		},
		"a UPN that somebody else has": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "1",
				From:    "u@x.com",
				To:      "taken@x.com",
			},
			StepFailed,
			"has the address taken@x.com",
		},
		"a UPN that is a Zoom user's email": {
			upn.Fix{
				Kind:    upn.EntraUPN,
				EntraID: "4",
				From:    "other@x.com",
				To:      "v@x.com",
			},
			StepFailed,
			"matches the Zoom user other@x.com",
		},
		"a Zoom email that is a UPN": {
			email("match@x.com", "b@x.com"),
			StepFailed,
			"match@x.com is a UPN in the tenant",
		},
		"on premises": {upn.Fix{Kind: upn.OnPremises, Command: "Set-ADUser"}, StepByHand, "Set-ADUser"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, dry := range []bool{true, false} {
				s := &services{
					emails: map[string]string{
						"a@x.com":     "1",
						"other@x.com": "2",
						"admin@x.com": "3",
						"often@x.com": "4",
						"match@x.com": "5",
					},
					roles: map[string]string{"1": "Member", "3": "Admin"},
					upns: map[string]tenant.User{
						"1": {ID: "1", UPN: "u@x.com"},
						"2": {ID: "2", UPN: "s@x.com", Synced: new(true)},
						"3": {ID: "3", UPN: "z@x.com", Mail: "taken@x.com"},
						"4": {ID: "4", UPN: "other@x.com"},
						"5": {ID: "5", UPN: "match@x.com"},
					},
				}
				var log []journal.Entry
				h := hands(s, &log)
				h.People.Dry = dry
				results, err := oneByOne(h).Do(t.Context(), Peoples([]upn.Fix{test.fix}))
				if err != nil {
					t.Fatal(err)
				}
				want, got := test.want, results[0]
				if dry && want == StepDone {
					want = StepWould
				}
				if got.Status != want || !strings.Contains(got.Why, test.why) || got.Why != "" && test.why == "" {
					t.Errorf("dry %v: %s %q, want %s %q", dry, got.Status, got.Why, want, test.why)
				}
				if changed := want == StepDone; (len(s.made) == 1) != changed || (len(log) == 2) != changed {
					t.Errorf("dry %v: %d changes, %d entries", dry, len(s.made), len(log))
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
		var log []journal.Entry
		run := oneByOne(hands(s, &log))
		// The network is gone: what became of the change is looked up, and it was not made.
		if _, err := run.Do(t.Context(), Peoples(fixes)); err == nil {
			t.Fatalf("%d: no error", stopAt)
		}
		s.stopAt = 0
		if _, err := run.Do(t.Context(), Peoples(fixes)); err != nil || len(s.made) != 5 {
			t.Errorf("%d: %v, %v", stopAt, s.made, err)
		}
		made := 0
		for _, e := range log {
			if e.Action == journal.ZoomEmailChanged {
				made++
			}
		}
		if made != 5 {
			t.Errorf("%d: %d changes in the journal", stopAt, made)
		}
	}
}

// hands work on both sides in memory and on a journal in memory.
func hands(s *services, log *[]journal.Entry) Hands {
	return Hands{
		Zoom:   s,
		Graph:  directory{s},
		People: People{ManagedDomains: map[string]bool{"x.com": true}, Recent: map[upn.Address]int{"often@x.com": 3}},
		Recorder: Recorder{Waiting: func(plan.Step) {}, Note: func(_ context.Context, entries ...journal.Entry) error {
			*log = append(*log, entries...)
			return nil
		}},
	}
}

func oneByOne(h Hands) Steps {
	return Steps{Hands: both{h, Person{}}, Parallel: 1, Each: func(StepResult) {}}
}

// What cannot be written down is not done, and nothing is done after it.
func TestNothingGoesUnrecorded(t *testing.T) {
	full := errors.New("the disk is full")
	for name, spoil := range map[string]func(*Hands){
		"the way back": func(h *Hands) { h.People.Before = func(upn.Fix) error { return full } },
		"the journal":  func(h *Hands) { h.Note = func(context.Context, ...journal.Entry) error { return full } },
	} {
		s := &services{emails: map[string]string{"a@x.com": "1", "b@x.com": "2"}, roles: map[string]string{}}
		h := hands(s, &[]journal.Entry{})
		spoil(&h)
		_, err := oneByOne(h).Do(t.Context(), Peoples([]upn.Fix{email("a@x.com", "c@x.com"), email("b@x.com", "d@x.com")}))
		if !errors.Is(err, full) || len(s.made) != 0 || !strings.Contains(err.Error(), "so it was not done") {
			t.Errorf("%s: %v, %v", name, err, s.made)
		}
	}
}

// A change that was made and cannot be written down is told apart, with what to write
// where.
func TestAMadeChangeThatCannotBeRecordedIsSaid(t *testing.T) {
	s := &services{emails: map[string]string{"a@x.com": "1", "b@x.com": "2"}, roles: map[string]string{}}
	h := hands(s, &[]journal.Entry{})
	notes := 0
	h.Note = func(context.Context, ...journal.Entry) error {
		if notes++; notes > 1 {
			return &journal.AppendError{
				Path:  "zo365.journal.jsonl",
				Lines: []byte("{}\n"),
				Err:   errors.New("no space left on device"),
			}
		}
		return nil
	}
	_, err := oneByOne(h).Do(t.Context(), Peoples([]upn.Fix{email("a@x.com", "c@x.com"), email("b@x.com", "d@x.com")}))
	var unwritten *UnrecordedError
	if !errors.As(err, &unwritten) || len(s.made) != 1 ||
		!strings.Contains(err.Error(), "the change was made and could not be recorded") {
		t.Fatalf("%v, %v", err, s.made)
	}
	if path, lines := unwritten.Lines(); path != "zo365.journal.jsonl" || string(lines) != "{}\n" {
		t.Errorf("%q, %q", path, lines)
	}
}

// An answer that was lost is looked up: what was made is recorded, also when the run was
// interrupted; what was not made stays open.
func TestALostAnswerIsLookedUp(t *testing.T) {
	lost := &tenant.StopError{Reason: tenant.Offline, Service: "Zoom", Err: errors.New("connection reset")}
	for name, test := range map[string]struct {
		made, interrupted bool
		last              journal.Action
		err               error
	}{
		"made":                     {true, false, journal.ZoomEmailChanged, nil},
		"made, and interrupted":    {true, true, journal.ZoomEmailChanged, context.Canceled},
		"not made":                 {false, false, journal.StepStarted, lost},
		"not made and interrupted": {false, true, journal.StepStarted, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			s := &services{emails: map[string]string{"a@x.com": "1"}, roles: map[string]string{}}
			var log []journal.Entry
			h := hands(s, &log)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h.Zoom = losing{s, func() error {
				if test.made {
					_ = s.ChangeEmail(ctx, "a@x.com", "c@x.com")
				}
				if test.interrupted {
					cancel()
					return ctx.Err()
				}
				return lost
			}}
			_, err := oneByOne(h).Do(ctx, Peoples([]upn.Fix{email("a@x.com", "c@x.com")}))
			if !errors.Is(err, test.err) || log[len(log)-1].Action != test.last {
				t.Errorf("%v, %+v", err, log)
			}
		})
	}
}

// losing loses the answers to changes.
type losing struct {
	*services
	lose func() error
}

func (l losing) ChangeEmail(context.Context, string, string) error { return l.lose() }

// Two changes of one account, or to one address, are refused as a list.
func TestAListChangesNobodyTwice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	for want, fixes := range map[string][]upn.Fix{
		"the same account is changed in line 2": {email("a@x.com", "b@x.com"), email("A@x.com", "c@x.com")},
		"gets the address b@x.com, too":         {email("a@x.com", "b@x.com"), email("c@x.com", "B@x.com")},
	} {
		if err := Write(file, Header{Target: tenant.Target{Tenant: "t"}}, fixes); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestListsAreReadAsWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list")
	fixes := []upn.Fix{
		email("a@x.com", "b@x.com"),
		{
			Kind:    upn.OnPremises,
			Class:   upn.Domain,
			From:    "c@x.com",
			To:      "d@x.com",
			Command: "x",
		},
	}
	if err := Write(file, Header{Made: time.Unix(0, 0).UTC(), Target: tenant.Target{Tenant: "t"}}, fixes); err != nil {
		t.Fatal(err)
	}
	l, err := Read(file)
	if err != nil || len(l.Fixes) != 2 || l.Fixes[1] != fixes[1] || l.Header.Target.Tenant != "t" || l.Fingerprint == "" {
		t.Errorf("%+v, %v", l, err)
	}
	header := `{"format":"zo365 upn fix","version":2,"made":"2026-11-25T00:00:00Z","target":{"tenant":"t","cloud":"","zoom_account":"","zoom_cloud":""}}` + "\n"
	change := `{"kind":"zoom-email","class":"mail","zoom_email":"a@x.com","entra_id":"","entra_upn":"","from":"a@x.com","to":"b@x.com"}` + "\n"
	trimmed := strings.TrimSuffix(change, "\n")
	for text, want := range map[string]string{
		"":        ":1: the list is empty",
		"hello\n": ":1: this is not a list",
		strings.Replace(header, `"version":2`, `"version":9`, 1):                 ":1: the list has version 9",
		header + change + change:                                                 ":3: the same change is in line 2",
		header + strings.Replace(change, `"to":"b@x.com"`, `"to":"b"`, 1):        `:2: to: "b" is not an address`,
		header + strings.Replace(change, "zoom-email", "delete", 1):              `:2: kind: "delete"`,
		header + strings.Replace(change, `"class":"mail"`, `"class":"guest"`, 1): ":2: class:",
		header + strings.Replace(change, `"from"`, `"form"`, 1):                  `:2: this is not a change: json: unknown field "form"`,
		header + trimmed + "{}\n":                                                ":2: this is not a change: something",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
