package cli

import (
	"reflect"
	"testing"
	"time"

	"github.com/zo365/zo365/internal/render"
)

func TestEventsBetweenTwoLooks(t *testing.T) {
	person := func(email, class, upn string) render.Person {
		return render.Person{ZoomEmail: email, Class: class, EntraUPN: upn}
	}
	at := time.Date(2026, 11, 25, 1, 2, 3, 4, time.UTC)
	before := map[string]render.Person{
		"a": person("a", "mail", "x"),
		"b": person("b", "mail", "x"),
		"c": person("c", "missing", ""),
	}
	now := map[string]render.Person{
		"a": person("a", "mail", "x"),
		"b": person("b", "alias", "x"),
		"d": person("d", "typo", ""),
	}
	if got := eventsBetween(nil, now, at); len(got) != 0 {
		t.Errorf("the first look has news: %v", got)
	}
	var got [][]string
	for _, e := range eventsBetween(before, now, at) {
		got = append(got, []string{e.ZoomEmail, e.Event, e.Was, e.Class, e.At.Format(time.RFC3339)})
	}
	const stamp = "2026-11-25T01:02:03Z"
	want := [][]string{
		{"b", "changed", "mail", "alias", stamp},
		{"c", "settled", "missing", "missing", stamp},
		{"d", "new", "", "typo", stamp},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
