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

// ReplaceSettings gives a scope exactly these settings; what is not among them is
// inherited again. As in SetSettings, every state in between is valid.
func (d *Document) ReplaceSettings(group string, exactly []Setting) error {
	wanted := map[string]string{}
	for _, s := range exactly {
		wanted[s.Key] = s.Value
	}
	const setupBy = "setup_by"
	turns := []func(key string) bool{
		func(key string) bool { return key == setupBy && wanted[key] != string(profile.Admin) },
		func(key string) bool { return key != setupBy },
		func(key string) bool { return key == setupBy },
	}
	for _, turn := range turns {
		for _, key := range profile.Keys {
			if !turn(key) {
				continue
			}
			if err := d.replaceSetting(group, key, wanted[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Document) replaceSetting(group, key, value string) error {
	if value == "" {
		return d.UnsetSetting(group, key)
	}
	has := d.File.Account
	if g, ok := d.File.Find(group); ok && group != "" {
		has = g.Settings
	}
	if has.Get(key) == value {
		return nil
	}
	return d.SetSetting(group, key, value)
}
