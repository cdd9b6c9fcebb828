package config

import "github.com/zo365/zo365/internal/profile"

// Setting is one key of a profile with the value it is to have.
type Setting struct{ Key, Value string }

// SetSettings sets several settings of the account (group "") or of a group.
// Every state in between must be valid too, so an admin's set-up is given up
// first and taken up last.
func (d *Document) SetSettings(group string, all []Setting) error {
	if group != "" {
		if err := d.AddGroup(group); err != nil {
			return err
		}
	}
	first := func(s Setting) bool { return s.Key == "setup_by" && s.Value != string(profile.Admin) }
	last := func(s Setting) bool { return s.Key == "setup_by" && s.Value == string(profile.Admin) }
	for _, turn := range []func(Setting) bool{first, func(s Setting) bool { return !first(s) && !last(s) }, last} {
		for _, s := range all {
			if !turn(s) {
				continue
			}
			if err := d.SetSetting(group, s.Key, s.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Differing are the settings that a scope does not have yet: for a group those
// whose effective value differs, since the rest is inherited; for the account
// those that the file does not say.
func (d *Document) Differing(group string, wanted []Setting) []Setting {
	effective, _ := d.File.Effective(group) // a group without a profile has the account's settings
	has := effective.Settings()
	if group == "" {
		has = d.File.Account
	}
	var differ []Setting
	for _, w := range wanted {
		if has.Get(w.Key) != w.Value {
			differ = append(differ, w)
		}
	}
	return differ
}
