package main

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/zo365/zo365/internal/plan"
	"github.com/zo365/zo365/internal/profile"
)

// schemaID is where editors find the schema of the current release.
const schemaID = "https://raw.githubusercontent.com/zo365/zo365/main/docs/zo365.schema.json"

// tenantSchema describes the tenant file from the types that read it.
func tenantSchema() ([]byte, error) {
	reflector := jsonschema.Reflector{
		DoNotReference:             true,
		RequiredFromJSONSchemaTags: true,
		Mapper:                     enumerated,
		FieldNameTag:               "yaml",
	}
	schema := reflector.Reflect(&profile.File{})
	schema.ID = schemaID
	schema.Title = "zo365 tenant file"
	schema.Description = "The wanted state of one tenant's Zoom and Office 365 calendar integration."
	schema.Required = []string{"version"}
	for section := schema.Properties.Oldest(); section != nil; section = section.Next() {
		orNull(section.Value)
	}
	if groups, ok := schema.Properties.Get("groups"); ok {
		groups.Items.Required = []string{"name"}
	}
	if muted, ok := schema.Properties.Get("muted"); ok {
		muted.Items.Required = []string{"check", "reason", "until"}
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

// orNull lets a section be empty: "zoom:" with only comments under it.
func orNull(s *jsonschema.Schema) {
	if s.Type == "object" || s.Type == "array" {
		s.Extras = map[string]any{"type": []string{s.Type, "null"}}
		s.Type = ""
	}
}

// enumerated gives the types with a closed list of words their list.
func enumerated(t reflect.Type) *jsonschema.Schema {
	words, ok := reflect.Zero(t).Interface().(interface{ Values() []string })
	if !ok {
		return nil
	}
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range words.Values() {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// planSchema describes a saved plan from the types that write and read it.
func planSchema() ([]byte, error) {
	schema := (&jsonschema.Reflector{DoNotReference: true}).Reflect(&plan.Plan{})
	schema.ID = "https://raw.githubusercontent.com/zo365/zo365/main/docs/plan.schema.json"
	schema.Title = "zo365 plan"
	schema.Description = "What zo365 apply does: the remedies of zo365 doctor's findings, in order."
	lists := []*jsonschema.Schema{schema}
	if steps, ok := schema.Properties.Get("steps"); ok {
		lists = append(lists, steps.Items)
	}
	for _, one := range lists {
		for _, name := range []string{"application", "permission", "page", "blocked"} {
			if part, ok := one.Properties.Get(name); ok {
				orNull(part)
			}
		}
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}
