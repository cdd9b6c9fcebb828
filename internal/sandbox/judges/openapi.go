package judges

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Zoom is Zoom's own description of its API.
type Zoom struct{ document *openapi3.T }

// LoadZoom reads the description.
func LoadZoom(file string) (*Zoom, error) {
	document, err := openapi3.NewLoader().LoadFromFile(file)
	return &Zoom{document}, err
}

// Response checks an answer. known is false for an endpoint that the description
// does not have.
func (z *Zoom) Response(method, path string, status int, body any) (known bool, err error) {
	for pattern, item := range z.document.Paths.Map() {
		if !matches(pattern, strings.TrimPrefix(path, "/v2")) {
			continue
		}
		operation := item.GetOperation(method)
		if operation == nil {
			return true, fmt.Errorf("%s has no %s", pattern, method)
		}
		response := operation.Responses.Status(status)
		if response == nil {
			return true, fmt.Errorf("%s %s has no answer %d", method, pattern, status)
		}
		media := response.Value.Content.Get("application/json")
		if media == nil && body == nil {
			return true, nil
		}
		if media == nil {
			return true, fmt.Errorf("%s %s: the answer %d has no JSON", method, pattern, status)
		}
		if err := media.Schema.Value.VisitJSON(
			body,
			openapi3.VisitAsResponse(),
			openapi3.EnableFormatValidation(),
			openapi3.MultiErrors(),
		); err != nil {
			return true, err
		}
		return true, undeclared(media.Schema.Value, body, "")
	}
	return false, nil
}

func matches(pattern, path string) bool {
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		// A fixed word, such as /users/email, is an endpoint of its own.
		if !strings.HasPrefix(want[i], "{") && want[i] != got[i] {
			return false
		}
	}
	return true
}

// undeclared looks for properties that the schema does not have: JSON Schema
// alone would let them pass.
func undeclared(s *openapi3.Schema, value any, at string) error {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			property := find(s, name)
			if property == nil {
				return fmt.Errorf("%s.%s is not in the description", at, name)
			}
			if err := undeclared(property, inner, at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		for i, one := range v {
			if s.Items == nil {
				return fmt.Errorf("%s is no list", at)
			}
			if err := undeclared(s.Items.Value, one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func find(s *openapi3.Schema, name string) *openapi3.Schema {
	if p, ok := s.Properties[name]; ok {
		return p.Value
	}
	for _, part := range append(append([]*openapi3.SchemaRef{}, s.AllOf...), append(s.OneOf, s.AnyOf...)...) {
		if p := find(part.Value, name); p != nil {
			return p
		}
	}
	return nil
}

// ErrorForm checks Zoom's error form: a numeric code and a message; or, of a refused app
// alone, the form of its OAuth endpoints, which was reported from both.
func ErrorForm(status int, body any) error {
	object, _ := body.(map[string]any)
	code, isNumber := object["code"].(float64)
	message, isText := object["message"].(string)
	reason, _ := object["reason"].(string)
	if status == http.StatusUnauthorized && object["error"] == "invalid_client" && reason != "" && len(object) == 2 {
		return nil
	}
	if status < http.StatusBadRequest || !isNumber || code == 0 || !isText || message == "" {
		return fmt.Errorf("status %d with %v is not Zoom's error form", status, body)
	}
	return nil
}
