package index

// firstLetters is into how many shards the rests of a length are divided by their
// first letter.
const firstLetters = 64

// shards are people by the length of their local part and by one of its first
// three letters: the first is that of most rests, the second that of the rests
// without the first, the third that of the rest without both.
type shards [maxLocal + maxTypo + 1][maxTypo + 1][firstLetters][]uint32

func shardsOf(all []named) *shards {
	by := new(shards)
	for i, one := range all {
		at := 0
		for _, r := range one.local {
			if at > maxTypo {
				break
			}
			list := &by[one.letters][at][r%firstLetters]
			*list = append(*list, uint32(i))
			at++
		}
		if one.letters <= maxTypo { // nothing stays without all of them
			list := &by[at][at][0]
			*list = append(*list, uint32(i))
		}
	}
	return by
}

// each goes through the rests of a shard: who has them, how many letters they
// leave out, and how many of those are the first.
func (by *shards) each(length, letter int, do func(who []uint32, leftOut, first int)) {
	for leftOut := range maxTypo + 1 {
		for first := range leftOut + 1 {
			if who := by[length+leftOut][first][letter]; len(who) > 0 {
				do(who, leftOut, first)
			}
		}
	}
}

// has says whether a shard has rests.
func (by *shards) has(length, letter int) (some bool) {
	by.each(length, letter, func([]uint32, int, int) { some = true })
	return some
}
