// Package judges holds the sandbox against what nobody here wrote: Microsoft's
// and Zoom's official SDKs, strict OAuth and OpenID clients, and the published
// contracts of both services.
package judges

import (
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// CSDL is Microsoft Graph's metadata: types by qualified name, and the entity
// sets and singletons that paths begin with.
type CSDL struct {
	types map[string]structured
	enums map[string]bool
	roots map[string]string // name to type, a set's as Collection(type)
	// actions are the names of bound actions, with what they return.
	actions map[string]string
	// delta has what the delta function returns, by what it is bound to.
	delta map[string]string
}

// structured is an entity or complex type.
type structured struct {
	base       string
	open       bool
	properties map[string]string
	navigation map[string]string
}

// LoadCSDL reads a gzipped metadata document.
func LoadCSDL(file string) (*CSDL, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	type named struct {
		Name       string `xml:"Name,attr"`
		Type       string `xml:"Type,attr"`
		EntityType string `xml:"EntityType,attr"`
		BaseType   string `xml:"BaseType,attr"`
		OpenType   bool   `xml:"OpenType,attr"`
		Properties []struct {
			Name string `xml:"Name,attr"`
			Type string `xml:"Type,attr"`
		} `xml:"Property"`
		Navigation []struct {
			Name string `xml:"Name,attr"`
			Type string `xml:"Type,attr"`
		} `xml:"NavigationProperty"`
	}
	var document struct {
		Schemas []struct {
			Namespace string  `xml:"Namespace,attr"`
			Alias     string  `xml:"Alias,attr"`
			Enums     []named `xml:"EnumType"`
			Actions   []struct {
				Name       string `xml:"Name,attr"`
				ReturnType struct {
					Type string `xml:"Type,attr"`
				} `xml:"ReturnType"`
			} `xml:"Action"`
			Functions []struct {
				Name       string `xml:"Name,attr"`
				Parameters []struct {
					Type string `xml:"Type,attr"`
				} `xml:"Parameter"`
				ReturnType struct {
					Type string `xml:"Type,attr"`
				} `xml:"ReturnType"`
			} `xml:"Function"`
			Entities  []named `xml:"EntityType"`
			Complexes []named `xml:"ComplexType"`
			Container struct {
				Sets       []named `xml:"EntitySet"`
				Singletons []named `xml:"Singleton"`
			} `xml:"EntityContainer"`
		} `xml:"DataServices>Schema"`
	}
	if err := xml.NewDecoder(text).Decode(&document); err != nil {
		return nil, err
	}
	c := &CSDL{
		types:   map[string]structured{},
		enums:   map[string]bool{},
		roots:   map[string]string{},
		actions: map[string]string{},
		delta:   map[string]string{},
	}
	for _, s := range document.Schemas {
		for _, e := range s.Enums {
			c.enums[s.Namespace+"."+e.Name] = true
		}
		for _, a := range s.Actions {
			c.actions[a.Name] = full(a.ReturnType.Type)
		}
		for _, f := range s.Functions {
			if f.Name == "delta" && len(f.Parameters) == 1 {
				c.delta[full(f.Parameters[0].Type)] = full(f.ReturnType.Type)
			}
		}
		for _, n := range append(s.Entities, s.Complexes...) {
			t := structured{
				base:       full(n.BaseType),
				open:       n.OpenType,
				properties: map[string]string{},
				navigation: map[string]string{},
			}
			for _, p := range n.Properties {
				t.properties[p.Name] = full(p.Type)
			}
			for _, p := range n.Navigation {
				t.navigation[p.Name] = full(p.Type)
			}
			c.types[s.Namespace+"."+n.Name] = t
		}
		for _, set := range s.Container.Sets {
			c.roots[set.Name] = "Collection(" + full(set.EntityType) + ")"
		}
		for _, one := range s.Container.Singletons {
			c.roots[one.Name] = full(one.Type)
		}
	}
	if len(c.types) == 0 || len(c.roots) == 0 {
		return nil, errors.New("the metadata has no types")
	}
	return c, nil
}

// full writes the alias out: graph.user is microsoft.graph.user.
func full(name string) string {
	if rest, ok := strings.CutPrefix(name, "Collection(graph."); ok {
		return "Collection(microsoft.graph." + rest
	}
	if rest, ok := strings.CutPrefix(name, "graph."); ok {
		return "microsoft.graph." + rest
	}
	return name
}

func element(name string) (string, bool) {
	if rest, ok := strings.CutPrefix(name, "Collection("); ok {
		return strings.TrimSuffix(rest, ")"), true
	}
	return name, false
}

func (c *CSDL) property(kind, name string) (string, bool) {
	for kind != "" {
		if p, ok := c.types[kind].properties[name]; ok {
			return p, true
		}
		kind = c.types[kind].base
	}
	return "", false
}

func (c *CSDL) navigationOf(kind, name string) (string, bool) {
	for kind != "" {
		if p, ok := c.types[kind].navigation[name]; ok {
			return p, true
		}
		kind = c.types[kind].base
	}
	return "", false
}

// Resolve finds the type that a path below /v1.0 answers with. A path that the
// metadata does not know is an error.
func (c *CSDL) Resolve(path string) (string, error) {
	var segments []string
	for _, s := range strings.Split(strings.Trim(path, "/"), "/") {
		text, err := url.PathUnescape(strings.TrimSuffix(s, "()")) // a function without parameters
		if err != nil {
			return "", err
		}
		if name, key, found := strings.Cut(text, "("); found {
			segments = append(segments, name, "("+key)
		} else {
			segments = append(segments, text)
		}
	}
	kind, ok := c.roots[segments[0]]
	if !ok {
		return "", fmt.Errorf("%s: no entity set or singleton %q", path, segments[0])
	}
	for _, s := range segments[1:] {
		item, many := element(kind)
		switch {
		case s == "$count" && many:
			kind = "Edm.Int32"
		case strings.HasPrefix(s, "microsoft.graph."):
			if _, ok := c.types[s]; !ok {
				return "", fmt.Errorf("%s: no type %q", path, s)
			}
			kind = "Collection(" + s + ")"
		case s == "delta" && c.delta[kind] != "":
			kind = c.delta[kind]
		case many:
			kind = item // a key
		case c.actions[s] != "":
			kind = c.actions[s]
		default:
			next, ok := c.navigationOf(kind, s)
			if !ok {
				if next, ok = c.property(kind, s); !ok {
					return "", fmt.Errorf("%s: %s has no %q", path, kind, s)
				}
			}
			kind = next
		}
	}
	return kind, nil
}

// ofDerived says whether a type that is derived from a directory object has a property: Graph
// takes their names in $select of a collection of directory objects, as for a group's members
// (userPrincipalName in https://learn.microsoft.com/graph/api/resources/group#relationships).
func (c *CSDL) ofDerived(kind, name string) bool {
	if kind != "microsoft.graph.directoryObject" {
		return false
	}
	for _, t := range c.types {
		if t.base != kind {
			continue
		}
		if _, ok := t.properties[name]; ok {
			return true
		}
	}
	return false
}

// derives says whether a type is another, or derived from it.
func (c *CSDL) derives(kind, from string) bool {
	for kind != "" {
		if kind == from {
			return true
		}
		kind = c.types[kind].base
	}
	return false
}

// isDictionary says whether a type has properties of any name. That many entity types are open,
// too, is no licence: what the metadata does not name of them, nobody has documented.
func (c *CSDL) isDictionary(kind string) bool {
	for t, ok := c.types[kind]; ok; t, ok = c.types[t.base] {
		if t.base == "microsoft.graph.Dictionary" {
			return true
		}
	}
	return false
}

// Request checks a request's path and query options.
func (c *CSDL) Request(path string, query url.Values) (string, error) {
	kind, err := c.Resolve(path)
	if err != nil {
		return "", err
	}
	item, _ := element(kind)
	for _, name := range strings.Split(query.Get("$select"), ",") {
		if name == "" {
			continue
		}
		if _, ok := c.property(item, name); !ok && !c.ofDerived(item, name) {
			return "", fmt.Errorf("%s: $select: %s has no property %q", path, item, name)
		}
	}
	for _, name := range strings.Split(query.Get("$expand"), ",") {
		if name == "" {
			continue
		}
		if _, ok := c.navigationOf(item, name); !ok {
			return "", fmt.Errorf("%s: $expand: %s has no navigation property %q", path, item, name)
		}
	}
	for _, name := range filterNames(query.Get("$filter")) {
		first, rest, _ := strings.Cut(name, "/")
		t, ok := c.property(item, first)
		if !ok {
			return "", fmt.Errorf("%s: $filter: %s has no property %q", path, item, first)
		}
		if rest != "" && rest != "any" && rest != "$count" {
			inner, _ := element(t)
			if _, ok := c.property(inner, rest); !ok {
				return "", fmt.Errorf("%s: $filter: %s has no property %q", path, inner, rest)
			}
		}
	}
	return kind, nil
}

var (
	literals = regexp.MustCompile(`'(?:[^']|'')*'|\d{4}-\d{2}-\d{2}T[\d:.]+Z`)
	lambda   = regexp.MustCompile(`/any\((\w+):`)
	word     = regexp.MustCompile(`[A-Za-z_$][\w/$]*`)
)

// filterNames are the property names in a filter, without literals, operators,
// functions and bound variables.
func filterNames(filter string) []string {
	filter = literals.ReplaceAllString(filter, " ")
	bound := []string{
		"eq",
		"ne",
		"ge",
		"gt",
		"le",
		"lt",
		"and",
		"or",
		"not",
		"in",
		"true",
		"false",
		"null",
		"startswith",
		"endswith",
		"startsWith",
		"endsWith",
	}
	for _, m := range lambda.FindAllStringSubmatch(filter, -1) {
		bound = append(bound, m[1])
	}
	var names []string
	for _, w := range word.FindAllString(filter, -1) {
		first, _, _ := strings.Cut(w, "/")
		if !slices.Contains(bound, w) && !slices.Contains(bound, first) {
			names = append(names, w)
		}
	}
	return names
}

// Response checks an answer's properties and their types.
func (c *CSDL) Response(kind string, body any) error {
	object, ok := body.(map[string]any)
	if !ok {
		return fmt.Errorf("the answer is no object")
	}
	context, ok := object["@odata.context"].(string)
	if !ok || !strings.Contains(context, "/$metadata#") {
		return fmt.Errorf("@odata.context is %v", object["@odata.context"])
	}
	item, many := element(kind)
	if ok, simple := primitive(kind, object["value"]); simple {
		if !ok {
			return fmt.Errorf("%v is no %s", object["value"], kind)
		}
		return nil
	}
	if !many {
		return c.value(kind, object, "")
	}
	list, ok := object["value"].([]any)
	if !ok {
		return errors.New("the answer has no value list")
	}
	for _, name := range []string{"@odata.nextLink", "@odata.deltaLink"} {
		if next, has := object[name]; has {
			if text, ok := next.(string); !ok || !strings.HasPrefix(text, "https://") {
				return fmt.Errorf("%s %v is not absolute", name, next)
			}
		}
	}
	for name := range object {
		if !slices.Contains(
			[]string{"value", "@odata.context", "@odata.nextLink", "@odata.deltaLink", "@odata.count"},
			name,
		) {
			return fmt.Errorf("a collection has no %q", name)
		}
	}
	for i, one := range list {
		if err := c.value(item, one, fmt.Sprintf("value[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *CSDL) value(kind string, value any, at string) error {
	if value == nil {
		return nil
	}
	if item, many := element(kind); many {
		list, ok := value.([]any)
		if !ok {
			return fmt.Errorf("%s: %v is no list", at, value)
		}
		for i, one := range list {
			if err := c.value(item, one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if ok, known := primitive(kind, value); known {
		if !ok {
			return fmt.Errorf("%s: %v is no %s", at, value, kind)
		}
		return nil
	}
	if c.enums[kind] {
		if _, ok := value.(string); !ok {
			return fmt.Errorf("%s: %v is no member of %s", at, value, kind)
		}
		return nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %v is no %s", at, value, kind)
	}
	// An item of a collection of several types says its own.
	if own, said := object["@odata.type"].(string); said {
		if own = strings.TrimPrefix(own, "#"); !c.derives(own, kind) {
			return fmt.Errorf("%s: %s is no %s", at, own, kind)
		}
		kind = own
	}
	for name, inner := range object {
		if strings.HasPrefix(name, "@") {
			continue
		}
		t, ok := c.property(kind, name)
		if !ok {
			if t, ok = c.navigationOf(kind, name); !ok {
				if c.isDictionary(kind) {
					continue
				}
				return fmt.Errorf("%s: %s has no property %q", at, kind, name)
			}
		}
		if err := c.value(t, inner, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

func primitive(kind string, value any) (ok, known bool) {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	_, isBool := value.(bool)
	switch kind {
	case "Edm.String":
		return isText, true
	case "Edm.Boolean":
		return isBool, true
	case "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Byte":
		return isNumber && number == float64(int64(number)), true
	case "Edm.Double", "Edm.Single", "Edm.Decimal":
		return isNumber, true
	case "Edm.Guid":
		return isText && guid.MatchString(text), true
	case "Edm.DateTimeOffset":
		_, err := time.Parse(time.RFC3339Nano, text)
		return isText && err == nil, true
	case "Edm.Date", "Edm.Duration", "Edm.TimeOfDay", "Edm.Binary", "Edm.Stream":
		return isText, true
	}
	return false, false
}
