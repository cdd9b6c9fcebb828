package cli

import (
	"slices"
	"testing"

	"github.com/zo365/zo365/internal/render"
)

func TestFleetNames(t *testing.T) {
	for name, test := range map[string]struct{ files, want []string }{
		"files of one folder": {[]string{"tenants/a.yaml", "tenants/b.yml"}, []string{"a", "b"}},
		"a folder for each tenant": {
			[]string{"tenants/a/zo365.yaml", "tenants/b/zo365.yaml", "/c/zo365.yaml"},
			[]string{"tenants-a-zo365", "tenants-b-zo365", "c-zo365"},
		},
		"beside this folder": {[]string{"../a/zo365.yaml", "./zo365.yaml"}, []string{"a-zo365", "zo365"}},
	} {
		if got := fleetNames(test.files); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestWorstCode(t *testing.T) {
	for name, test := range map[string]struct {
		codes []int
		want  int
	}{
		"nobody":                          {nil, exitDone},
		"all done":                        {[]int{0, 0}, exitDone},
		"a difference":                    {[]int{0, 2, 0}, exitDiffers},
		"a person's step above that":      {[]int{2, 7}, exitPerson},
		"a failed check above that":       {[]int{2, 7, 3}, exitCheckFailed},
		"a missing permission below that": {[]int{3, 5, 6}, exitCheckFailed},
		"a missing permission above both": {[]int{7, 5, 6}, exitPermission},
		"an error above all":              {[]int{4, 5, 1, 64}, exitError},
	} {
		var lines []render.FleetTenant
		for _, c := range test.codes {
			lines = append(lines, render.FleetTenant{ExitCode: c})
		}
		if got := worstCode(lines); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
