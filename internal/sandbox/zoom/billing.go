package zoom

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/zo365/zo365/internal/sandbox/world"
)

// planCodes are what Zoom's billing calls the plans that a scenario names; any other name
// is the code itself.
//
// https://developers.zoom.us/docs/api/references/manage-plans/
var planCodes = map[string]string{"Pro": "monthly", "Business": "business_monthly"}

// zoomPlan answers with the codes of Zoom's billing. A free account has no plan to show; the
// words of its refusal are ours.
//
// https://developers.zoom.us/docs/api/billing/#tag/billing/get/accounts/{accountId}/plans/usage
func (s *Service) zoomPlan(rec *world.Recorder, _ url.Values, _ []string) {
	plan := s.World.Scenario.Zoom.Plan
	if plan == "Basic" {
		Error(rec, http.StatusBadRequest, 200, "Only available for a paid account.")
		return
	}
	usage := map[string]any{}
	use := func(code string) map[string]any {
		return map[string]any{"type": code, "hosts": 1000, "usage": len(s.World.ZoomUsers)}
	}
	if plan != "" {
		usage["plan_base"] = use(cmp.Or(planCodes[plan], plan))
	}
	if bundle := s.World.Scenario.Zoom.Bundle; bundle != "" {
		usage["plan_zoom_one"] = []any{use(bundle)}
	}
	rec.JSON(http.StatusOK, usage)
}
