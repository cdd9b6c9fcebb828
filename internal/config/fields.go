package config

import (
	"reflect"
	"strings"
)

// fields are the keys of one struct with their places, inlined structs laid
// flat, in the order of the type.
type fields []field

type field struct {
	name  string
	value reflect.Value
}

func fieldsOf(v reflect.Value) fields {
	var all fields
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if options == "inline" {
			all = append(all, fieldsOf(v.Field(i))...)
			continue
		}
		all = append(all, field{name: name, value: v.Field(i)})
	}
	return all
}

func (f fields) find(name string) (reflect.Value, bool) {
	for _, one := range f {
		if one.name == name {
			return one.value, true
		}
	}
	return reflect.Value{}, false
}

func (f fields) names() []string {
	names := make([]string, len(f))
	for i, one := range f {
		names[i] = one.name
	}
	return names
}
