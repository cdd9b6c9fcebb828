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

// rests is how many rests a shard has.
func (by *shards) rests(length, letter int) int {
	n := 0
	by.each(
		length,
		letter,
		func(who []uint32, leftOut, first int) { n += len(who) * restsOf(length+leftOut, leftOut, first) },
	)
	return n
}

// restsOf is how many rests a local part has without so many letters, of which so
// many are the first and the next is not.
func restsOf(letters, leftOut, first int) int {
	rest, other := letters-1-first, leftOut-first // the letter behind the first ones stays
	switch other {
	case 0:
		return 1
	case 1:
		return rest
	}
	return rest * (rest - 1) / 2
}
