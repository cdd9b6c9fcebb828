package doctor

import (
	"testing"
	"time"

	"github.com/zo365/zo365/internal/tenant"
)

// TestAWordIsAboutAConsentThatWasThere: nobody can have seen what came later.
func TestAWordIsAboutAConsentThatWasThere(t *testing.T) {
	given := func(in *Input, at time.Time) {
		c := in.Facts.Consents.Value
		for i := range c[0].Grants {
			c[0].Grants[i].At = at
		}
	}
	for name, test := range map[string]struct {
		change func(*Input)
		stands bool
	}{
		"given before":               {func(in *Input) { given(in, today.Add(-time.Hour)) }, true},
		"given after":                {func(in *Input) { given(in, today.Add(time.Hour)) }, false},
		"not known when":             {func(in *Input) { given(in, time.Time{}) }, true},
		"in the same second":         {func(in *Input) { given(in, today.Add(200*time.Millisecond)) }, true},
		"the services' clock ahead":  {func(in *Input) { given(in, today.Add(4*time.Minute)); ahead(in, 300) }, true},
		"the services' clock behind": {func(in *Input) { given(in, today.Add(-4*time.Minute)); ahead(in, -300) }, false},
		"seconds, and the proof was seen": {func(in *Input) {
			given(in, today.Add(10*time.Second))
			word := in.Record.Portal["account"][StepSave]
			word.Proved = true
			in.Record.Portal["account"][StepSave] = word
		}, true},
		"seconds, and nobody looked": {func(in *Input) { given(in, today.Add(10*time.Second)) }, false},
		"zo365 granted it later": {func(in *Input) {
			given(in, today.Add(time.Hour))
			in.Record.Granted = []tenant.Permission{tenant.GraphPermission("Calendars.ReadWrite")}
		}, true},
		"the consents are not seen": {func(in *Input) {
			given(in, today.Add(time.Hour))
			in.Facts.Consents = tenant.Reading[[]tenant.Consent]{}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			in := healthy()
			test.change(&in)
			if _, stands := standing(in, "account")[StepSave]; stands != test.stands {
				t.Errorf("stands: %t", stands)
			}
			if said := confirmed(in, "account"); (said.Truth == Yes) != test.stands {
				t.Errorf("confirmed: %+v", said)
			}
		})
	}
}

func ahead(in *Input, seconds int) {
	in.Facts.Clocks = saw([]tenant.Clock{{Host: "graph.microsoft.com", AheadSeconds: seconds}})
}
