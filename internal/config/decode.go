package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zo365/zo365/internal/profile"
)

// decoder fills profile types from YAML nodes and keeps every problem with its
// position. It follows the types' yaml tags, so a new setting needs no code
// here.
type decoder struct {
	path     string
	nodes    map[string]*yaml.Node
	problems []Problem
}

// enumerated is a string type with a closed list of values.
type enumerated interface{ Values() []string }

func (d *decoder) add(n *yaml.Node, field, value, message string, allowed []string) {
	p := Problem{
		Path:    d.path,
		Line:    n.Line,
		Column:  n.Column,
		Field:   field,
		Value:   value,
		Message: message,
		Allowed: allowed,
	}
	if value != "" {
		p.Suggest = nearest(value, allowed)
	}
	d.problems = append(d.problems, p)
}

func (d *decoder) file(root *yaml.Node, f *profile.File) {
	d.value(root, reflect.ValueOf(f).Elem(), "")
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.nodes[field] = n
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, field)
	case reflect.Slice:
		d.list(n, v, field)
	case reflect.Pointer:
		if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
			on := strings.EqualFold(n.Value, "true")
			v.Set(reflect.ValueOf(&on))
			return
		}
		d.add(n, field, n.Value, describe(n)+" is not allowed here", []string{"true", "false"})
	case reflect.Int:
		number, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			d.add(n, field, "", describe(n)+" is not a number", nil)
			return
		}
		v.SetInt(int64(number))
	case reflect.String:
		d.text(n, v, field)
	default:
		panic("the tenant file's types have no " + v.Kind().String())
	}
}

func (d *decoder) text(n *yaml.Node, v reflect.Value, field string) {
	var allowed []string
	if e, ok := v.Interface().(enumerated); ok {
		allowed = e.Values()
	}
	_, isDate := v.Interface().(profile.Date)
	if isDate && n.Tag == "!!timestamp" {
		v.SetString(n.Value)
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		message := describe(n) + " is not a text"
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" && allowed == nil {
			message += `; put it in quotes: "` + n.Value + `"`
		}
		d.add(n, field, "", message, allowed)
		return
	}
	if allowed != nil && !contains(allowed, n.Value) {
		d.add(n, field, n.Value, fmt.Sprintf("%q is not allowed", n.Value), allowed)
		return
	}
	v.SetString(n.Value)
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // "account:" with nothing under it: everything is unset
	}
	if n.Kind != yaml.MappingNode {
		d.add(n, field, "", describe(n)+" stands where keys and values belong", nil)
		return
	}
	fields := fieldsOf(v)
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		target, known := fields.find(key.Value)
		if !known {
			d.unknown(key, field, fields.names())
			continue
		}
		if line, twice := seen[key.Value]; twice {
			d.add(
				key,
				join(field, key.Value),
				"",
				fmt.Sprintf("this key stands here a second time; the first is in line %d", line),
				nil,
			)
			continue
		}
		seen[key.Value] = key.Line
		d.value(value, target, join(field, key.Value))
	}
}

func (d *decoder) unknown(key *yaml.Node, field string, names []string) {
	d.problems = append(d.problems, Problem{
		Path:    d.path,
		Line:    key.Line,
		Column:  key.Column,
		Field:   join(field, key.Value),
		Value:   key.Value,
		Message: "unknown key",
		Allowed: names,
		Suggest: nearest(key.Value, names),
	})
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, field string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(n, field, "", describe(n)+" stands where a list belongs", nil)
		return
	}
	for i, item := range n.Content {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, fmt.Sprintf("%s[%s]", field, itemName(item, i)))
		v.Set(reflect.Append(v, element))
	}
}

// itemName is a group's name where it has one, else its number.
func itemName(item *yaml.Node, i int) string {
	for k := 0; k+1 < len(item.Content); k += 2 {
		if item.Content[k].Value == "name" && item.Content[k+1].Value != "" {
			return item.Content[k+1].Value
		}
	}
	return strconv.Itoa(i)
}

// meaning checks what the types alone cannot say.
func (d *decoder) meaning(f profile.File, root *yaml.Node) {
	if f.Version != profile.Version {
		at, ok := d.nodes["version"]
		message := fmt.Sprintf("version %d is not known to this zo365", f.Version)
		if !ok {
			at, message = root, "the version is missing"
		}
		d.add(at, "version", "", message, []string{strconv.Itoa(profile.Version)})
	}
	for i, g := range f.Groups {
		item := d.nodes["groups"].Content[i]
		if strings.TrimSpace(g.Name) == "" {
			d.add(item, fmt.Sprintf("groups[%d].name", i), "", "a group needs a name", nil)
			continue
		}
		for j, earlier := range f.Groups[:i] {
			if profile.SameName(earlier.Name, g.Name) {
				d.add(
					item,
					"groups["+g.Name+"].name",
					"",
					fmt.Sprintf("this group has a profile already, in line %d", d.nodes["groups"].Content[j].Line),
					nil,
				)
			}
		}
	}
	d.mutes(f)
	d.services(f)
	for _, p := range profile.Check(f) {
		d.problems = append(d.problems, d.place(p, root))
	}
}

// services checks what names the tenant and the account's domains.
func (d *decoder) services(f profile.File) {
	if strings.Contains(f.Microsoft.Tenant, "://") {
		d.add(
			d.nodes["microsoft.tenant"],
			"microsoft.tenant",
			"",
			"this is an address; write the domain or the ID alone",
			nil,
		)
	}
	for i, name := range f.Zoom.AssociatedDomains {
		field := fmt.Sprintf("zoom.associated_domains[%d]", i)
		if !domainName.MatchString(name) || strings.Contains(name, "..") {
			d.add(
				d.nodes["zoom.associated_domains"].Content[i],
				field,
				"",
				fmt.Sprintf("%q is not a domain; write for example contoso.com", name),
				nil,
			)
		}
	}
}

// domainName is a name with at least one dot, in letters of any script.
var domainName = regexp.MustCompile(`^[\pL\pN]([\pL\pN.-]*[\pL\pN])?\.[\pL\pN-]*[\pL\pN]$`)

// mutes checks that each has a code, a reason and a day.
func (d *decoder) mutes(f profile.File) {
	for i, m := range f.Muted {
		item, field := d.nodes["muted"].Content[i], fmt.Sprintf("muted[%d].", i)
		if strings.TrimSpace(m.Check) == "" {
			d.add(item, field+"check", "", "the code of the check is missing; zo365 doctor shows it", nil)
		}
		if strings.TrimSpace(m.Reason) == "" {
			d.add(item, field+"reason", "", "a finding is muted with a reason only", nil)
		}
		if _, err := time.Parse(time.DateOnly, string(m.Until)); err != nil {
			d.add(item, field+"until", "", fmt.Sprintf("%q is not a day; write for example 2027-03-31", m.Until), nil)
		}
	}
}

// place finds the line of a combination problem: the scope's own key, else the
// scope, else the file.
func (d *decoder) place(p profile.Problem, root *yaml.Node) Problem {
	scope := "account"
	if p.Group != "" {
		scope = "groups[" + p.Group + "]"
	}
	full := scope + "." + p.Field
	if where, _, found := strings.Cut(p.Field, "."); found { // it names its place itself
		scope, full = where, p.Field
	}
	at := root
	for _, field := range []string{full, scope} {
		if n, ok := d.nodes[field]; ok {
			at = n
			break
		}
	}
	return Problem{
		Path:    d.path,
		Line:    at.Line,
		Column:  at.Column,
		Field:   full,
		Value:   p.Value,
		Message: p.Message,
		Allowed: nil,
		Warning: p.Severity == profile.Warned,
	}
}

func describe(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		return "a mapping"
	}
	if n.Kind == yaml.SequenceNode {
		return "a list"
	}
	if n.Tag == "!!null" {
		return "an empty value"
	}
	return strconv.Quote(n.Value)
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

func contains(list []string, word string) bool {
	for _, l := range list {
		if l == word {
			return true
		}
	}
	return false
}
