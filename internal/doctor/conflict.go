package doctor

import (
	"slices"
	"strings"

	"github.com/zo365/zo365/internal/shell"

	"github.com/zo365/zo365/internal/profile"
	"github.com/zo365/zo365/internal/tenant"
)

// conflict is two groups whose settings differ and who is in both.
type conflict struct {
	a, b string
	// keys are the settings that differ.
	keys   []string
	people []string
}

// conflicts are in the order of the file's groups.
func conflicts(in Input) []conflict {
	members := map[string]map[string]bool{}
	for _, g := range in.Facts.ZoomMembers.Value {
		set := map[string]bool{}
		for _, e := range g.Emails {
			set[strings.ToLower(e)] = true
		}
		members[strings.ToLower(strings.TrimSpace(g.Group))] = set
	}
	var all []conflict
	for i, a := range in.File.Groups {
		for _, b := range in.File.Groups[i+1:] {
			keys := differing(in.File, a.Name, b.Name)
			if len(keys) == 0 {
				continue
			}
			c := conflict{a: a.Name, b: b.Name, keys: keys}
			for email := range members[strings.ToLower(strings.TrimSpace(a.Name))] {
				if members[strings.ToLower(strings.TrimSpace(b.Name))][email] {
					c.people = append(c.people, email)
				}
			}
			slices.Sort(c.people)
			if len(c.people) > 0 {
				all = append(all, c)
			}
		}
	}
	return all
}

func differing(f profile.File, a, b string) []string {
	one, _ := f.Effective(a) // both have a profile
	two, _ := f.Effective(b)
	var keys []string
	for _, key := range profile.PortalKeys {
		if one.Settings().Get(key) != two.Settings().Get(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// alignCommand gives the second group the settings of the first.
func alignCommand(in Input, c conflict) string {
	one, _ := in.File.Effective(c.a) // it has a profile
	command := "zo365 group set " + shell.Word(c.b)
	for _, key := range c.keys {
		command += " --" + strings.ReplaceAll(key, "_", "-") + " " + one.Settings().Get(key)
	}
	return command
}

// groupNamed finds Zoom's group of a name.
func groupNamed(in Input, name string) (tenant.ZoomGroup, bool) {
	for _, g := range in.Facts.ZoomGroups.Value {
		if profile.SameName(g.Name, name) {
			return g, true
		}
	}
	return tenant.ZoomGroup{}, false
}
