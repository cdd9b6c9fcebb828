package apply

import (
	"testing"
	"time"

	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/tenant"
)

// A grant is a step's when it was made in the time in which the step can have made it; an
// undo means that one only, also where an older version did not record its ID.
func TestWhoseGrant(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	for name, test := range map[string]struct {
		made  time.Time
		ahead time.Duration
		ours  bool
	}{
		"right after it was begun":           {at(0), 0, true},
		"by a call that was repeated":        {at(9), 0, true},
		"within what clocks differ by":       {at(0).Add(-30 * time.Second), 0, true},
		"before it was begun":                {at(-2), 0, false},
		"long after":                         {at(11), 0, false},
		"the service's clock is ahead":       {at(30), 30 * time.Minute, true},
		"before it, where that clock is off": {at(20), 30 * time.Minute, false},
	} {
		h := Hands{ServiceTime: func(t time.Time) time.Time { return t.Add(test.ahead) }}
		if got := h.madeBy(tenant.Grant{ID: "1", At: test.made}, at(0)); got != test.ours {
			t.Errorf("%s: %v, want %v", name, got, test.ours)
		}
	}
	if (Hands{}).madeBy(tenant.Grant{At: at(0)}, at(0)) {
		t.Error("a grant without an ID is nobody's")
	}
	all := []tenant.Grant{{ID: "old", At: at(-60)}, {ID: "ours", At: at(-3)}, {ID: "new", At: at(5)}}
	recorded := at(0)
	for name, test := range map[string]struct {
		step plan.Step
		want string
	}{
		"the one that the entry names":           {plan.Step{Assignment: "new"}, "new"},
		"the one that was made when it was said": {plan.Step{Made: &recorded}, "ours"},
	} {
		got := (Hands{}).meant(all, test.step)
		if len(got) != 1 || got[0].ID != test.want {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
	if got := (Hands{}).meant(all, plan.Step{}); len(got) != 3 {
		t.Errorf("without either: %+v", got)
	}
}
