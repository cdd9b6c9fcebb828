package authorize

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

func seen[T any](v T) tenant.Reading[T] { return tenant.Reading[T]{Value: v, At: time.Unix(1, 0)} }

func unseen[T any](err error) tenant.Reading[T] {
	return tenant.Reading[T]{Err: err, At: time.Unix(1, 0)}
}

var admin = []tenant.DirectoryRole{{TemplateID: "62e90394-69f5-4237-9190-012177145e10", Name: "Global Administrator"}}

func ready() tenant.Facts {
	return tenant.Facts{
		Me: seen(tenant.User{UPN: "a@c.com"}), Roles: seen(admin), MyZoom: seen(&tenant.ZoomUser{Email: "A@c.com"}),
		Domains: seen([]tenant.Domain{{Name: "c.com", Verified: true}}), ZoomDomains: seen([]tenant.ZoomDomain{{Name: "c.com", Verified: true}}),
	}
}

func TestCheck(t *testing.T) {
	needs := &tenant.NeedsError{Service: "Microsoft Graph", AnyOf: []string{"RoleManagement.Read.Directory"}, Doing: "reading roles"}
	tests := map[string]struct {
		change func(*tenant.Facts)
		want   Want
		refuse string
		needs  bool
	}{
		"everything is ready":                         {func(*tenant.Facts) {}, Want{}, "", false},
		"roles that cannot be read are left to Entra": {func(f *tenant.Facts) { f.Roles = unseen[[]tenant.DirectoryRole](needs) }, Want{}, "", false},
		"no role":                         {func(f *tenant.Facts) { f.Roles = seen([]tenant.DirectoryRole(nil)) }, Want{}, "has no directory role", true},
		"another UPN":                     {func(f *tenant.Facts) { f.MyZoom = seen(&tenant.ZoomUser{Email: "b@c.com"}) }, Want{}, "the UPN is a@c.com, the Zoom email b@c.com", false},
		"another UPN, Mail.Read approved": {func(f *tenant.Facts) { f.MyZoom = seen(&tenant.ZoomUser{Email: "b@c.com"}) }, Want{MailRead: true}, "", false},
		"nobody in Zoom":                  {func(f *tenant.Facts) { f.MyZoom = seen[*tenant.ZoomUser](nil) }, Want{MailRead: true}, "has no Zoom account", false},
		"no domain":                       {func(f *tenant.Facts) { f.Domains = seen([]tenant.Domain(nil)) }, Want{}, "no associated domain", false},
		"domains that cannot be read":     {func(f *tenant.Facts) { f.Domains = unseen[[]tenant.Domain](needs) }, Want{}, "unknown: reading roles needs", true},
		"an application, nobody named":    {func(f *tenant.Facts) { f.Me = unseen[tenant.User](errors.New("app-only")) }, Want{}, "", false},
		"an application, somebody named":  {func(f *tenant.Facts) { f.Me = unseen[tenant.User](errors.New("app-only")) }, Want{By: "x@c.com"}, "the UPN is x@c.com", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := ready()
			test.change(&f)
			err := Check(f, test.want).Refused()
			if test.refuse == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var refusal *Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.refuse) || (refusal.Needs != "") != test.needs {
				t.Errorf("got %v, needs %+v", err, refusal)
			}
		})
	}
}

func consent(permissions ...string) tenant.Consent {
	c := tenant.Consent{Principal: &tenant.ServicePrincipal{ID: "sp"}}
	for _, p := range permissions {
		c.Grants = append(c.Grants, tenant.Grant{Permission: p})
	}
	return c
}

// TestWatch runs in virtual time: what Entra shows changes as time goes by.
func TestWatch(t *testing.T) {
	tests := map[string]struct {
		look   func(time.Duration) tenant.Consent
		events func(start time.Time, since time.Duration) ([]tenant.ConsentEvent, error)
		fresh  bool
		limit  time.Duration
		err    string
		most   time.Duration
	}{
		"the application comes first, its permissions later": {
			look: func(d time.Duration) tenant.Consent {
				switch {
				case d < 20*time.Second:
					return tenant.Consent{}
				case d < 30*time.Second:
					return consent("Contacts.Read")
				}
				return consent("Contacts.Read", "Calendars.ReadWrite")
			},
			limit: time.Minute, most: 36 * time.Second,
		},
		"nobody comes":               {look: func(time.Duration) tenant.Consent { return tenant.Consent{} }, limit: time.Minute, err: "nobody has accepted", most: time.Minute},
		"a limit of zero looks once": {look: func(time.Duration) tenant.Consent { return consent("Contacts.Read") }, err: "missing Calendars.ReadWrite"},
		"declined": {
			look: func(time.Duration) tenant.Consent { return tenant.Consent{} },
			events: func(start time.Time, d time.Duration) ([]tenant.ConsentEvent, error) {
				if d < 5*time.Second {
					return nil, nil
				}
				return []tenant.ConsentEvent{{At: start.Add(4 * time.Second), UPN: "a@c.com", Failed: true, Reason: "no"}}, nil
			},
			limit: time.Minute, err: "the consent was declined by a@c.com: no", most: 12 * time.Second,
		},
		"the audit log cannot be read": {
			look:   func(time.Duration) tenant.Consent { return consent("Calendars.ReadWrite") },
			events: func(time.Time, time.Duration) ([]tenant.ConsentEvent, error) { return nil, &tenant.NeedsError{} },
			limit:  time.Minute,
		},
		"a renewed consent shows in the audit log": {
			look: func(time.Duration) tenant.Consent { return consent("Calendars.ReadWrite") },
			events: func(start time.Time, d time.Duration) ([]tenant.ConsentEvent, error) {
				if d < 8*time.Second {
					return []tenant.ConsentEvent{{At: start.Add(-time.Hour), PrincipalID: "sp", UPN: "old@c.com"}}, nil
				}
				return []tenant.ConsentEvent{{At: start.Add(7 * time.Second), PrincipalID: "sp", UPN: "a@c.com"}}, nil
			},
			fresh: true, limit: time.Minute, most: 14 * time.Second,
		},
		"another application's consent does not count": {
			look: func(time.Duration) tenant.Consent { return consent("Calendars.ReadWrite") },
			events: func(start time.Time, _ time.Duration) ([]tenant.ConsentEvent, error) {
				return []tenant.ConsentEvent{{At: start.Add(time.Second), PrincipalID: "other"}}, nil
			},
			fresh: true, limit: 20 * time.Second, err: "no new consent showed", most: 20 * time.Second,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := Watch{
					Look:  func(context.Context) (tenant.Consent, error) { return test.look(time.Since(start)), nil },
					Start: start, Fresh: test.fresh, Limit: test.limit,
				}
				if test.events != nil {
					w.Events = func(context.Context, time.Time) ([]tenant.ConsentEvent, error) {
						return test.events(start, time.Since(start))
					}
				}
				_, check, err := w.Run(t.Context())
				if took := time.Since(start); took > test.most {
					t.Errorf("took %s, at most %s", took, test.most)
				}
				switch {
				case test.err == "" && (err != nil || !check.Complete()):
					t.Errorf("got %+v, %v", check, err)
				case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
					t.Errorf("got %v, want %s", err, test.err)
				}
			})
		})
	}
}

func TestWatchEndsOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		w := Watch{Look: func(context.Context) (tenant.Consent, error) { return tenant.Consent{}, nil }, Start: time.Now(), Limit: time.Hour}
		if _, _, err := w.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFinder(t *testing.T) {
	zoom := tenant.Consent{Principal: &tenant.ServicePrincipal{AppID: "z", DisplayName: "Zoom", Publisher: "Zoom"}, Grants: []tenant.Grant{{Permission: "Calendars.ReadWrite"}}}
	f := Finder{All: func(context.Context) ([]tenant.Consent, error) { return []tenant.Consent{zoom, zoom}, nil }}
	var several *SeveralError
	if _, err := f.Look(t.Context()); !errors.As(err, &several) || !strings.Contains(err.Error(), "Zoom (z)") {
		t.Errorf("got %v", err)
	}
	f.AppID, f.One = "named", func(_ context.Context, id string) (tenant.Consent, error) {
		return tenant.Consent{Principal: &tenant.ServicePrincipal{AppID: id}}, nil
	}
	if c, err := f.Look(t.Context()); err != nil || c.Principal.AppID != "named" {
		t.Errorf("got %+v, %v", c, err)
	}
}

type revoker struct{ gone []string }

func (r *revoker) Revoke(_ context.Context, _, id string) error {
	if id == "stuck" {
		return errors.New("stuck")
	}
	r.gone = append(r.gone, id)
	return nil
}

func TestRevokeSaysWhatIsGoneWhenItStops(t *testing.T) {
	c := tenant.Consent{Principal: &tenant.ServicePrincipal{ID: "sp"}, Grants: []tenant.Grant{{ID: "1", Permission: "A"}, {ID: "stuck", Permission: "B"}, {ID: "3", Permission: "C"}}}
	gone, err := Revoke(t.Context(), &revoker{}, c)
	if err == nil || len(gone) != 1 || gone[0] != "A" {
		t.Errorf("got %v, %v", gone, err)
	}
}
