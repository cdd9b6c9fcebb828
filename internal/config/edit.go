package config

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/profile"
)

// LayoutError says that a change could not be made in place without touching
// more than it should. Nothing was written.
type LayoutError struct {
	Path  string
	Line  int
	Field string
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf(
		"%s:%d: %s cannot be changed in this layout without rewriting the lines around it; nothing was written, change it by hand",
		e.Path,
		e.Line,
		e.Field,
	)
}

// SetSetting sets one setting of the account (group "") or of a group, whose
// profile is created when there is none.
func (d *Document) SetSetting(group, key, value string) error {
	if key == "mailbox_scope" && value == profile.NoScope {
		return d.UnsetSetting(group, key)
	}
	want := d.File.Clone()
	target := &want.Account
	path := []string{"account"}
	if group != "" {
		i := indexOf(want.Groups, group)
		if i < 0 {
			if err := d.addGroup(group); err != nil {
				return err
			}
			want, i = d.File.Clone(), len(d.File.Groups)-1
		}
		target, path = &want.Groups[i].Settings, []string{"groups", want.Groups[i].Name}
	}
	if err := target.Set(key, value); err != nil {
		return err
	}
	return d.change(want, func(e *editor) error { return e.set(path, key, value) })
}

// UnsetSetting removes one setting, so that it is inherited again.
func (d *Document) UnsetSetting(group, key string) error {
	want := d.File.Clone()
	target, path := &want.Account, []string{"account"}
	if group != "" {
		i := indexOf(want.Groups, group)
		if i < 0 {
			return &profile.NoGroupError{Name: group}
		}
		target, path = &want.Groups[i].Settings, []string{"groups", want.Groups[i].Name}
	}
	if target.Get(key) == "" {
		return nil
	}
	target.Unset(key)
	return d.change(want, func(e *editor) error { return e.unset(path, key) })
}

// AddGroup adds an empty profile for a group; it inherits everything.
func (d *Document) AddGroup(name string) error {
	if indexOf(d.File.Groups, name) >= 0 {
		return nil
	}
	return d.addGroup(name)
}

func (d *Document) addGroup(name string) error {
	want := d.File.Clone()
	want.Groups = append(want.Groups, profile.Group{Name: name})
	return d.change(want, func(e *editor) error { return e.addGroup(name) })
}

// RemoveGroup removes a group's profile.
func (d *Document) RemoveGroup(name string) error {
	want := d.File.Clone()
	i := indexOf(want.Groups, name)
	if i < 0 {
		return &profile.NoGroupError{Name: name}
	}
	want.Groups = append(want.Groups[:i], want.Groups[i+1:]...)
	return d.change(want, func(e *editor) error { return e.removeGroup(i) })
}

// SetMicrosoft sets one key of the microsoft section; an empty value takes it away.
func (d *Document) SetMicrosoft(key, value string) error {
	want := d.File.Clone()
	target, known := fieldsOf(reflect.ValueOf(&want.Microsoft).Elem()).find(key)
	if !known || target.Kind() != reflect.String {
		return fmt.Errorf("microsoft.%s is not a text setting", key)
	}
	target.SetString(value)
	if value == "" {
		return d.change(want, func(e *editor) error { return e.unset([]string{"microsoft"}, key) })
	}
	return d.change(want, func(e *editor) error { return e.set([]string{"microsoft"}, key, value) })
}

// change runs one edit on the text and takes it only if the new text says
// exactly what was wanted.
func (d *Document) change(want profile.File, edit func(*editor) error) error {
	e := &editor{path: d.Path, text: d.text, root: d.root}
	if err := edit(e); err != nil {
		return err
	}
	next, err := Parse(d.Path, e.text)
	if err != nil {
		if invalid := (*InvalidError)(nil); asInvalid(err, &invalid) && sameMeaning(e.text, want) {
			return err // the edit is as asked, and what was asked is refused
		}
		return &LayoutError{Path: d.Path, Line: e.line, Field: e.field}
	}
	if !equal(next.File, want) {
		return &LayoutError{Path: d.Path, Line: e.line, Field: e.field}
	}
	*d = *next
	return nil
}

// sameMeaning reads the text without judging combinations.
func sameMeaning(text []byte, want profile.File) bool {
	var top yaml.Node
	if yaml.Unmarshal(text, &top) != nil || len(top.Content) == 0 {
		return false
	}
	d := decoder{nodes: map[string]*yaml.Node{}}
	var got profile.File
	d.file(top.Content[0], &got)
	return len(d.problems) == 0 && equal(got, want)
}

func equal(a, b profile.File) bool {
	a, b = a.Clone(), b.Clone()
	if len(a.Groups) == 0 {
		a.Groups = nil
	}
	if len(b.Groups) == 0 {
		b.Groups = nil
	}
	return reflect.DeepEqual(a, b)
}

func indexOf(groups []profile.Group, name string) int {
	for i, g := range groups {
		if profile.SameName(g.Name, name) {
			return i
		}
	}
	return -1
}

// Text is the file as it would be written.
func (d *Document) Text() []byte { return d.text }
