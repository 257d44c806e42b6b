package openapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// oneWay is a document in normal form for the requests, or the responses, that the
// library is to judge: in OpenAPI 3.1 it overlooks that what is only read is not required
// of requests, and what is only written not of responses. isSame reports whether both ways are alike.
func oneWay(normal []byte, is31, response bool) (document []byte, isSame bool) {
	flag := map[bool]string{false: `"readOnly"`, true: `"writeOnly"`}
	differs := is31 && (bytes.Contains(normal, []byte(flag[false])) || bytes.Contains(normal, []byte(flag[true])))
	if !differs {
		return normal, true
	}
	d := json.NewDecoder(bytes.NewReader(normal))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return normal, true
	}
	a := adapter{root: root, keyword: strings.Trim(flag[response], `"`)}
	a.walk(root)
	if document, err := json.Marshal(root); err == nil {
		return document, false
	}
	return normal, true
}

type adapter struct {
	root    any
	keyword string // of properties that go the other way alone
}

func (a adapter) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			a.walk(each)
		}
	case map[string]any:
		if required, is := v["required"].([]any); is && a.keyword != "" {
			v["required"] = slices.DeleteFunc(required, func(name any) bool {
				text, _ := name.(string)
				return a.isFlagged(v, text, 0)
			})
			if len(v["required"].([]any)) == 0 {
				delete(v, "required")
			}
		}
		for _, each := range v {
			a.walk(each)
		}
	}
}

// isFlagged reports whether a schema, or a part of it, declares a property as one that
// goes the other way alone.
func (a adapter) isFlagged(v any, property string, depth int) bool {
	schema := a.target(v)
	properties, _ := schema["properties"].(map[string]any)
	parts, _ := schema["allOf"].([]any)
	return depth < maxJoined && (a.has(properties[property], 0) ||
		slices.ContainsFunc(parts, func(part any) bool { return a.isFlagged(part, property, depth+1) }))
}

func (a adapter) has(v any, depth int) bool {
	schema := a.target(v)
	parts, _ := schema["allOf"].([]any)
	return depth < maxJoined && (schema[a.keyword] == true || slices.ContainsFunc(parts, func(part any) bool { return a.has(part, depth+1) }))
}

// target is a schema or the component that it refers to, which in normal form is none.
func (a adapter) target(v any) map[string]any {
	schema, _ := v.(map[string]any)
	ref, is := schema["$ref"].(string)
	if !is {
		return schema
	}
	var at any = a.root
	for _, name := range []string{"components", "schemas", lastToken(ref)} {
		within, _ := at.(map[string]any)
		at = within[name]
	}
	found, _ := at.(map[string]any)
	return found
}
