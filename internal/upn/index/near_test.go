package index

import (
	"math/rand/v2"
	"testing"
)

// Looking among common rests finds whom measuring every pair finds: names of few
// letters, so that there are many at every distance, and real ones.
func TestNearestByRests(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 65))
	name := func(letters string, least, most int) string {
		var text []rune
		for range least + random.IntN(most-least+1) {
			all := []rune(letters)
			text = append(text, all[random.IntN(len(all))])
		}
		return string(text)
	}
	for round := range 60 {
		letters, least, most := "ab", 1, 9
		if round%3 == 1 {
			letters, least, most = "abcdeäöü.", 3, 8
		}
		if round%3 == 2 {
			letters, least, most = "0123456789", 4, 5
		}
		n := &neighbours{}
		seen := map[string]bool{}
		for range 300 {
			text := name(letters, least, most)
			if seen[text] {
				continue // whoever is there twice is found by UPN
			}
			seen[text] = true
			one, _ := newNamed(uint32(len(seen)), []byte(text+"@contoso.com"))
			if len(seen)%2 == 0 {
				n.missing = append(n.missing, one)
			} else {
				n.free = append(n.free, one)
			}
		}
		same := func(a, b uint32) bool { return a == b }
		got := n.nearest(same) // which puts them in another order
		want := n.nearestOfFew(same)
		for i := range want {
			one := want[i].count == 1
			if one != (got[i].count == 1) || one && (got[i].who[0] != want[i].who[0] || got[i].distance != want[i].distance) {
				t.Fatalf("round %d: %q: got %+v, want %+v", round, n.missing[i].local, got[i], want[i])
			}
		}
	}
}
