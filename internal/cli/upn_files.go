package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/zo365/zo365/internal/render"
)

// names are those of the files that were made in one folder, as a file system that looks at
// neither case nor the form of a letter sees them.
type names map[string]bool

// of is the name of a person's file: their address, but for what no file system takes, and
// another one than those before it.
func (n names) of(address, format string) string {
	ending := map[string]string{string(render.Table): "txt", string(render.Markdown): "md"}[format]
	ending = cmp.Or(ending, format)
	name := norm.NFC.String(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, address))
	if beginning, _, _ := strings.Cut(name, "."); isDevice(beginning) {
		name = "_" + name
	}
	name = strings.ToValidUTF8(name[:min(len(name), longestName)], "")
	for i := 1; ; i++ {
		one := name
		if i > 1 {
			one = fmt.Sprintf("%s-%d", name, i)
		}
		if seen := strings.ToLower(one); !n[seen] {
			n[seen] = true
			return one + "." + ending
		}
	}
}

// longestName leaves room for the ending and for the name of the file while it is written:
// file systems take 255 bytes.
const longestName = 200

// isDevice says whether Windows takes a name for a device, whatever ending it has.
//
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func isDevice(name string) bool {
	name = strings.ToUpper(strings.TrimRight(name, " "))
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, name) {
		return true
	}
	number, isPort := strings.CutPrefix(name, "COM")
	if !isPort {
		number, isPort = strings.CutPrefix(name, "LPT")
	}
	digit := []rune(number)
	return isPort && len(digit) == 1 && strings.ContainsRune("0123456789¹²³", digit[0])
}
