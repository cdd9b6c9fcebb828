package render

import (
	"reflect"
	"strings"
	"testing"

	"github.com/zo365/zo365/internal/tenant"
	"github.com/zo365/zo365/internal/upn"
)

func TestATableFitsTheTerminal(t *testing.T) {
	columns, widths := []string{"a", "b", "c"}, []int{10, 20, 5}
	for _, tt := range []struct {
		width     int
		important []string
		want      []int
	}{
		{0, []string{"a", "b", "c"}, []int{0, 1, 2}},
		{39, []string{"a", "b", "c"}, []int{0, 1, 2}},
		{38, []string{"a", "b", "c"}, []int{0, 1}},
		{20, []string{"a", "b", "c"}, []int{0, 2}}, // what fits is shown, although something before does not
		{20, []string{"b", "a", "c"}, []int{1}},
		{3, []string{"b", "a", "c"}, []int{1}}, // something is always shown
		{80, []string{"b", "x"}, []int{1}},
	} {
		if got := fit(columns, widths, tt.important, tt.width); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%d %v: %v, want %v", tt.width, tt.important, got, tt.want)
		}
	}
}

// Every list that has an order of importance names all of its columns in it.
func TestImportanceNamesEveryColumn(t *testing.T) {
	for name, l := range map[string]Listing{
		"report": {Columns: personColumns, Important: importance},
		"check":  CheckListing(Check{}),
		"find":   FoundListing(Found{}),
	} {
		if len(l.Important) != len(l.Columns) {
			t.Errorf("%s: %d of %d columns", name, len(l.Important), len(l.Columns))
		}
		for _, at := range placesOf(l.Columns, l.Important) {
			if at < 0 {
				t.Errorf("%s: %v names no column", name, l.Important)
			}
		}
	}
}

func TestTheReportFitsTheTerminal(t *testing.T) {
	adele := upn.Result{
		ZoomEmail: "adele@contoso.com",
		Class:     upn.Mail,
		MatchedOn: "adele@contoso.com",
		Entra:     &tenant.User{UPN: "adele.vance@contoso.com", ID: "1"},
	}
	var left []string
	text := written(t, Table, ComparedListing(Compared{
		Everybody: handful{adele},
		Wants:     everybody,
		Width:     60,
		Left:      func(columns []string) { left = columns },
	}))
	for line := range strings.Lines(text) {
		if len(strings.TrimRight(line, "\n")) > 60 {
			t.Errorf("too long: %q", line)
		}
	}
	if want := "ZOOM EMAIL         CLASS  FLAGS  ENTRA UPN"; !strings.HasPrefix(text, want) {
		t.Errorf("got %q, want %q", text, want)
	}
	if strings.Join(left, " ") != "entra_id matched_on suggestion remedy" {
		t.Errorf("left: %v", left)
	}
}
