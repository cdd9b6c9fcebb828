package world

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	givenNames = []string{
		"Ada",
		"Ben",
		"Carla",
		"Diego",
		"Emily",
		"Farid",
		"Grace",
		"Henrietta",
		"Ivan",
		"Johanna",
		"Kenji",
		"Lidia",
		"Miriam",
		"Nestor",
		"Olga",
		"Patti",
		"Quentin",
		"Raul",
		"Sara",
		"Tomas",
		"Ursula",
		"Viktor",
		"Wanda",
		"Xiao",
		"Yara",
		"Zoltan",
	}
	surnames = []string{
		"Adams",
		"Berg",
		"Castro",
		"Dahl",
		"Eriksen",
		"Fischer",
		"Garcia",
		"Holt",
		"Ito",
		"Jansen",
		"Kowal",
		"Larsen",
		"Meyer",
		"Novak",
		"Okafor",
		"Petrov",
		"Quist",
		"Rossi",
		"Silva",
		"Tanaka",
		"Ueda",
		"Vargas",
		"Weber",
		"Xu",
		"Yilmaz",
		"Zeller",
	}
)

// generate makes people who match on both sides, the same ones for the same
// seed.
func generate(random *rand.Rand, n int, domain string) []Person {
	people := make([]Person, n)
	used := map[string]int{}
	for i := range people {
		given, surname := givenNames[random.IntN(len(givenNames))], surnames[random.IntN(len(surnames))]
		local := strings.ToLower(given + "." + surname)
		used[local]++
		if used[local] > 1 {
			local += fmt.Sprint(used[local])
		}
		people[i] = Person{Name: given + " " + surname, UPN: local + "@" + domain}
	}
	return people
}
