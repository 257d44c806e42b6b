package judge

import (
	"slices"
	"strings"
)

// rewriter makes JSON Schema 2020-12 of the schemas of a document, in one
// direction: what is only read is not required of requests, what is only
// written not of responses.
type rewriter struct {
	is30     bool
	way      direction
	document any
}

// object finds the schemas in an OpenAPI object.
func (w *rewriter) object(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			switch name {
			case "example", "examples", "links":
			case "schema":
				w.schema(child)
			case "schemas":
				for _, s := range members(child) {
					w.schema(s)
				}
			default:
				w.object(child)
			}
		}
	case []any:
		for _, item := range v {
			w.object(item)
		}
	}
}

func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func items(v any) []any {
	list, _ := v.([]any)
	return list
}

func (w *rewriter) schema(v any) {
	s := members(v)
	if s == nil {
		return
	}
	for _, name := range []string{"example", "examples", "default", "description", "title"} {
		delete(s, name)
	}
	for _, name := range []string{"properties", "patternProperties", "dependentSchemas"} {
		for _, child := range members(s[name]) {
			w.schema(child)
		}
	}
	for _, name := range []string{"items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "not", "if", "then", "else"} {
		w.schema(s[name])
	}
	for _, name := range []string{"prefixItems", "allOf", "anyOf", "oneOf"} {
		for _, child := range items(s[name]) {
			w.schema(child)
		}
	}
	w.requirements(s)
	w.discriminate(s)
	if w.is30 {
		exclusive(s, "minimum", "exclusiveMinimum")
		exclusive(s, "maximum", "exclusiveMaximum")
		nullable(s)
	}
}

// requirements leaves out what is not required in this direction.
func (w *rewriter) requirements(s map[string]any) {
	keyword := map[direction]string{sent: "readOnly", received: "writeOnly"}[w.way]
	required, properties := items(s["required"]), members(s["properties"])
	if required == nil || properties == nil {
		return
	}
	left := slices.DeleteFunc(slices.Clone(required), func(name any) bool {
		text, _ := name.(string)
		return w.says(properties[text], keyword, 0)
	})
	if s["required"] = left; len(left) == 0 {
		delete(s, "required")
	}
}

// says reports whether a schema, or one that it is made of, has a keyword set.
func (w *rewriter) says(v any, keyword string, depth int) bool {
	s := members(v)
	if s == nil || depth > 8 {
		return false
	}
	if s[keyword] == true {
		return true
	}
	if ref, ok := s["$ref"].(string); ok && w.says(w.component(ref), keyword, depth+1) {
		return true
	}
	return slices.ContainsFunc(items(s["allOf"]), func(part any) bool { return w.says(part, keyword, depth+1) })
}

func (w *rewriter) component(ref string) any {
	return members(members(members(w.document)["components"])["schemas"])[lastToken(ref)]
}

func lastToken(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// discriminate lets the value of a discriminator decide between the branches:
// the one that it names must fit, whatever else does.
func (w *rewriter) discriminate(s map[string]any) {
	d := members(s["discriminator"])
	property, _ := d["propertyName"].(string)
	branches := append(slices.Clone(items(s["oneOf"])), items(s["anyOf"])...)
	if property == "" || len(branches) == 0 || s["oneOf"] != nil && s["anyOf"] != nil {
		return
	}
	named := map[string]any{}
	for _, branch := range branches {
		ref, ok := members(branch)["$ref"].(string)
		if !ok {
			return // a branch without a name
		}
		named[lastToken(ref)] = branch
	}
	for name, ref := range members(d["mapping"]) {
		if text, ok := ref.(string); ok {
			named[name] = map[string]any{"$ref": text}
		}
	}
	conditions := slices.Clone(items(s["allOf"]))
	for name, branch := range named {
		conditions = append(conditions, map[string]any{
			"if":   map[string]any{"type": "object", "required": []any{property}, "properties": map[string]any{property: map[string]any{"enum": []any{name}}}},
			"then": branch,
		})
	}
	s["allOf"] = conditions
	if s["oneOf"] != nil {
		s["anyOf"] = s["oneOf"]
		delete(s, "oneOf")
	}
}

func exclusive(s map[string]any, limit, keyword string) {
	switch s[keyword] {
	case true:
		if s[limit] != nil {
			s[keyword] = s[limit]
			delete(s, limit)
			return
		}
		delete(s, keyword)
	case false:
		delete(s, keyword)
	}
}

// nullable adds null to the values that fit.
func nullable(s map[string]any) {
	may := s["nullable"] == true
	delete(s, "nullable")
	if !may {
		return
	}
	switch t := s["type"].(type) {
	case string:
		s["type"] = []any{t, "null"}
	case []any:
		if !slices.Contains(t, any("null")) {
			s["type"] = append(slices.Clone(t), "null")
		}
	}
	if enum := items(s["enum"]); enum != nil && !slices.Contains(enum, nil) {
		s["enum"] = append(slices.Clone(enum), nil)
	}
	if all := s["allOf"]; all != nil {
		delete(s, "allOf")
		s["oneOf"] = append(slices.Clone(items(s["oneOf"])), map[string]any{"allOf": all}, map[string]any{"type": "null"})
	}
}
