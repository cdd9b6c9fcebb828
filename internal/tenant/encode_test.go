package tenant

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

// Facts that are saved and read again say the same, also what could not be seen.
func TestFactsSurviveAFile(t *testing.T) {
	at := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	f := Facts{
		Organization: Reading[Organization]{
			Value:  Organization{ID: "1", DisplayName: "Contoso"},
			Source: "GET /organization",
			At:     at,
		},
		Domains: Reading[[]Domain]{
			Err: &NeedsError{
				Service: "Microsoft Graph",
				AnyOf:   []string{"Domain.Read.All"},
				Doing:   "listing domains",
				Err:     errors.New("403"),
			},
			Source: "GET /domains",
			At:     at,
		},
		ZoomPlan:   Reading[ZoomPlan]{Err: errors.New("no plan"), Source: "GET /plan", At: at},
		ZoomGroups: Reading[[]ZoomGroup]{Value: []ZoomGroup{}, At: at},
		MyZoom:     Reading[*ZoomUser]{At: at, Source: "GET /users/{userId}"},
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back Facts
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if back.ZoomPlan.Err == nil || back.ZoomPlan.Err.Error() != "no plan" || back.ZoomPlan.Seen() {
		t.Errorf("%+v", back.ZoomPlan)
	}
	var needs *NeedsError
	if !errors.As(back.Domains.Err, &needs) || needs.Error() != f.Domains.Err.Error() {
		t.Errorf("%v", back.Domains.Err)
	}
	if !back.MyZoom.Seen() || back.MyZoom.Value != nil || back.Me.Seen() || !back.ZoomGroups.Seen() {
		t.Errorf("%+v, %+v", back.MyZoom, back.Me)
	}
	again, err := json.Marshal(back)
	if err != nil || !reflect.DeepEqual(text, again) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
}

func TestAFactIsEitherSeenOrNot(t *testing.T) {
	for _, text := range []string{`{"at":"2026-11-25T04:00:00Z"}`, `{"value":[]}`, `{"value":[],"could_not_see":{"why":"x"},"at":"2026-11-25T04:00:00Z"}`, `7`} {
		var r Reading[[]Domain]
		if err := json.Unmarshal([]byte(text), &r); err == nil {
			t.Errorf("%s was read as %+v", text, r)
		}
	}
}
