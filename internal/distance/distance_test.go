package distance

import (
	"math/rand/v2"
	"testing"
)

// What two texts have in common at their ends does not matter.
func TestDistanceWithoutCommonEnds(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 65))
	text := func() []rune {
		var all []rune
		for range random.IntN(8) {
			all = append(all, rune('a'+random.IntN(3)))
		}
		return all
	}
	for range 200_000 {
		a, b := text(), text()
		if got, want := Of(string(a), string(b), 100), distanceOfRest(a, b); got != want {
			t.Fatalf("%q %q: %d, want %d", string(a), string(b), got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"joni", "joni"}:     0,
		{"joni", "jony"}:     1,
		{"joni", "join"}:     1,
		{"joni", "jon"}:      1,
		{"jon", "joni"}:      1,
		{"joni", "oj"}:       3,
		{"ab", "ba"}:         1,
		{"abcd", "badc"}:     2,
		{"ca", "abc"}:        2,
		{"äö", "öxä"}:        2,
		{"abcdef", "badcfe"}: 3,
		{"a", ""}:            1,
		{"ä", "a"}:           1,
		{"", "ab"}:           2,
	} {
		if got := Of(pair[0], pair[1], 3); got != want {
			t.Errorf("%q: %d, want %d", pair, got, want)
		}
	}
}
