package internal

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/apply"
	"github.com/zo365/zo365/internal/cli"
	"github.com/zo365/zo365/internal/doctor"
	"github.com/zo365/zo365/internal/msgraph"
	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/zoom"
)

func beliefs() map[string]tenant.Belief {
	all := map[string]tenant.Belief{}
	for _, table := range cli.Beliefs() {
		for _, b := range table.All {
			all[b.ID] = b
		}
	}
	return all
}

var certainties = []tenant.Certainty{
	tenant.Documented, tenant.Observed, tenant.Reported, tenant.Inferred, tenant.Conflict, tenant.Open,
}

// TestEveryBeliefHasAPage: what nobody wrote anywhere is no fact.
func TestEveryBeliefHasAPage(t *testing.T) {
	n := 0
	for _, table := range cli.Beliefs() {
		for _, b := range table.All {
			n++
			day, err := time.Parse(time.DateOnly, b.Looked)
			if !strings.HasPrefix(b.Page, "https://") || err != nil || day.After(time.Now()) ||
				b.About == "" || b.Value == "" || !slices.Contains(certainties, b.Certainty) {
				t.Errorf("%+v", b)
			}
		}
	}
	if all := beliefs(); n != len(all) || n < 60 {
		t.Errorf("%d beliefs, %d IDs", n, len(all))
	}
}

// TestChangesRestOnWhatIsKnown: no change of a service rests on what was inferred, is in
// conflict or is open, and none that takes something away on what is merely reported.
func TestChangesRestOnWhatIsKnown(t *testing.T) {
	known := beliefs()
	lists := map[string]map[string]tenant.Access{"msgraph": msgraph.Calls(), "zoom": zoom.Calls()}
	for _, action := range apply.Asking() {
		ids, takes := apply.RestsOn(action)
		if len(ids) == 0 {
			t.Errorf("%s rests on nothing that is written down", action)
		}
		for _, id := range ids {
			if b, ok := known[id]; !ok || !b.Certainty.Supports(takes) {
				t.Errorf("%s rests on %q, which is %q", action, id, b.Certainty)
			}
		}
		for _, call := range apply.Calls(action) {
			door, name, _ := strings.Cut(call, ".")
			if c := lists[door][name].Certainty; c != "" && !c.Supports(takes) {
				t.Errorf("%s makes the call %s, whose permission is %s", action, call, c)
			}
		}
	}
}

// TestThreeOpenFactsStayOpen until somebody finds a source: what they are is said where a
// person meets them.
func TestThreeOpenFactsStayOpen(t *testing.T) {
	known := beliefs()
	for _, id := range []string{"integration.app-id", "integration.permissions", "zoom.deep-links"} {
		if known[id].Certainty != tenant.Open {
			t.Errorf("%s is %s", id, known[id].Certainty)
		}
	}
	if said := (doctor.Choice{}).Absence(); !strings.Contains(said, "use-application") {
		t.Errorf("the open ID is not said: %s", said)
	}
}
