package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/tenant"
)

// proPlans are the codes of Zoom's billing for Pro, which the others name in themselves.
//
// https://developers.zoom.us/docs/api/references/manage-plans/
var proPlans = []string{"trial", "monthly", "yearly", "plan_pro_three_years"}

// PlanName is a paid plan in words with Zoom's code for it; empty where the code is not
// known. Basic has no code: such an account does not answer.
func PlanName(p tenant.ZoomPlan) string {
	code := strings.ToLower(p.Type)
	var name string
	switch {
	case OnPro(p):
		name = "Pro"
	case strings.HasPrefix(code, "business_"):
		name = "Business"
	case strings.HasPrefix(code, "edu"):
		name = "Education"
	case len(paid(p.Bundles)) > 0:
		return "a bundle (" + strings.Join(paid(p.Bundles), ", ") + ")"
	default:
		return ""
	}
	return name + " (" + p.Type + ")"
}

// OnPro says whether the plan is Pro.
func OnPro(p tenant.ZoomPlan) bool {
	return slices.Contains(proPlans, strings.ToLower(p.Type))
}

// paid are the bundles whose codes do not speak of something free.
func paid(bundles []string) []string {
	return slices.DeleteFunc(slices.Clone(bundles), func(code string) bool {
		code = strings.ToLower(code)
		return strings.Contains(code, "basic") || strings.Contains(code, "free")
	})
}
